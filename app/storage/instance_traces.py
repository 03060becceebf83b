"""What process instances leave in other tables, by which they are looked for: who acted in them, at which element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from app.storage import tables

#: instances
_FEW = 3_000
#: of each instance some
_FEW_EVENTS = 10_000

_instance = tables.process_instance.c
_participant = tables.participant.c
_event = tables.event.c


@dataclass(frozen=True, slots=True)
class Trace:
    """Rows that tell which instances are meant."""

    #: the column that names the instance
    named: ColumnElement[Any]
    #: what must hold of a row of its table
    condition: ColumnElement[bool]
    #: So many of these rows are all fetched and their instances sorted. Where there are more, instances are walked
    #: along in the order in which they started, and each is asked whether it has one, which soon finds enough.
    few: int
    #: which events tell when the last of these rows was written, in one of these ways
    events: Sequence[ColumnElement[bool]]

    def found(self, session: Session, before: datetime | None) -> tuple[ColumnElement[bool], bool]:
        """The condition under which an instance has left such a trace, and whether all instances are walked along.

        Args: `before`: a moment before which they are to have started, anyway.
        """
        rows = select(self.named).where(self.condition).limit(self.few + 1).subquery()
        if (session.scalar(select(func.count()).select_from(rows)) or 0) <= self.few:
            # The limit keeps PostgreSQL from asking instance by instance all the same.
            return _instance.id.in_(select(self.named).where(self.condition).limit(self.few)), False
        # What was given up long ago is not looked for among what has started since.
        last = [session.scalar(select(func.max(_event.occurred_at)).where(which)) for which in self.events]
        until = max((moment for moment in last if moment is not None), default=None)
        # Of two bounds PostgreSQL might begin at the later.
        until = min(filter(None, [until, before]), default=None)
        bound = true() if until is None else _instance.started_at <= until
        # As a scalar, which PostgreSQL does not turn into a join that begins with all such rows.
        left = select(true()).where(self.named == _instance.id, self.condition).limit(1).scalar_subquery()
        return and_(bound, left), True


def left_by(actor: str | None, element_id: str | None, decision: str | None) -> list[Trace]:
    """Those of whoever acted, of what has happened at an element, of a decision; None: does not matter."""
    found: list[Trace] = []
    if actor is not None:
        acted = and_(_participant.basis == "acted", _participant.name == actor)
        by_them = [_event.actor == actor, _event.on_behalf_of == actor]
        found.append(Trace(_participant.process_instance_id, acted, _FEW, by_them))
    for column, value in ((_event.element_id, element_id), (_event.decision, decision)):
        if value is not None:
            found.append(Trace(_event.process_instance_id, column == value, _FEW_EVENTS, [column == value]))
    return found
