"""The public keys that sign checkpoints, as the server has them."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request

from app.errors import Conflict, Unavailable
from app.proof import audit_keys
from app.proof.audit_keys import PublicKey


def published_keys(request: Request) -> Mapping[str, PublicKey]:
    """Those of every checkpoint, by key id; none where no key was made yet.

    Raises:
        Unavailable: they cannot be read.
    """
    try:
        return audit_keys.public(request.app.state.settings.audit_dir)
    except (Conflict, OSError) as error:
        raise Unavailable("The public keys that sign checkpoints cannot be read on the server.") from error
