"""What a verification finds wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: of a finding that is about no single stream
CHECKPOINTS: Final = "checkpoints"
DEFINITIONS: Final = "process_definitions"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written."""

    #: `administration`, `access`, the id of a process instance, or what else is proven: `checkpoints`,
    #: `process_definitions`
    stream: str
    #: of the event, or number of the checkpoint; None where the whole is meant
    sequence: int | None
    code: str
    reason: str
