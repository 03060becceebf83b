"""As whom the command line acts."""

from __future__ import annotations

from app.permissions import OPERATOR_ID, Actor, Ground
from app.storage import person_fields

#: whoever may run the command on the machine itself; no account, and nobody can have its name
OPERATOR = Actor(OPERATOR_ID, person_fields.OPERATOR, frozenset({str(Ground.ADMINISTRATOR)}))
