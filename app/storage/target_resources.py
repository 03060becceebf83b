"""The thing that a request is about, by the parameters of its path: is it there, and of which instance is it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Select, bindparam, select
from sqlalchemy.orm import Session

from app.storage import tables

_instance, _task, _token, _substitution = (
    table.c for table in (tables.process_instance, tables.user_task, tables.token, tables.substitution)
)
_WANTED: BindParameter[UUID] = bindparam("wanted")

#: Parameter of a path → the query for what it names. Only what not everybody may know of.
_BY_PARAMETER: Mapping[str, Select[Any]] = {
    "instance_id": select(_instance.id, _instance.id.label("process_instance_id")).where(_instance.id == _WANTED),
    "task_id": select(_task.id, _task.process_instance_id, _task.element_id, _task.id.label("user_task_id")).where(
        _task.id == _WANTED
    ),
    "token_id": select(_token.id).where(_token.id == _WANTED),
    "substitution_id": select(_substitution.id).where(_substitution.id == _WANTED),
}


@dataclass(frozen=True, slots=True)
class TargetResource:
    """What is known of a thing."""

    id: UUID | None = None
    #: the instance that it is, or to which it belongs
    process_instance_id: UUID | None = None
    user_task_id: UUID | None = None
    element_id: str | None = None


def find(session: Session, named: Mapping[str, str]) -> TargetResource | None:
    """What the parameters of a path name; None where it is not there, or is nothing that is hidden from anybody."""
    for parameter, query in _BY_PARAMETER.items():
        if parameter in named and (wanted := _uuid(named[parameter])) is not None:
            row = session.execute(query, {"wanted": wanted}).mappings().one_or_none()
            return None if row is None else TargetResource(**row)
    return None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
