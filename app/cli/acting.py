"""As whom the command line acts."""

from __future__ import annotations

from uuid import UUID

from app.permissions import Actor, Ground
from app.storage import person_fields

#: whoever may run the command on the machine itself; no account, and nobody can have its name
OPERATOR = Actor(UUID(int=0), person_fields.OPERATOR, frozenset({str(Ground.ADMINISTRATOR)}))
