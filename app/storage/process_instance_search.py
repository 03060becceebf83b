"""Lists of process instances."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, true
from sqlalchemy.orm import Session

from app.permissions import Actor
from app.storage import json_search, keyset, participants, process_instances, tables
from app.storage.process_instances import ProcessInstance

_instance = tables.process_instance.c
_definition = tables.process_definition.c


@dataclass(frozen=True, slots=True)
class ProcessInstanceFilter:
    """Which instances are wanted; what is None does not matter."""

    status: str | None = None
    process_definition_key: str | None = None
    business_key: str | None = None
    started_by: str | None = None
    started_after: datetime | None = None
    started_before: datetime | None = None
    #: (name, value as text), all of which must hold
    variables: tuple[tuple[str, str], ...] = ()


def search(
    session: Session, page: keyset.Page, wanted: ProcessInstanceFilter, visible_to: Actor | None
) -> keyset.Slice[ProcessInstance]:
    """Instances, newest first; only those that `visible_to` may know of (None: all)."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    return keyset.fetch(
        session,
        _filtered(wanted, visible_to, sqlite=sqlite),
        page,
        sortable={
            "started_at": _instance.started_at,
            "status": _instance.status,
            "started_by": _instance.started_by,
            "business_key": func.coalesce(_instance.business_key, ""),
            "process_definition_key": _definition.key,
        },
        default_sort="-started_at",
        identity=_instance.id,
        build=lambda row: ProcessInstance(**row),
    )


def _filtered(wanted: ProcessInstanceFilter, visible_to: Actor | None, *, sqlite: bool) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [true()]
    for name in ("status", "business_key", "started_by"):
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(_instance[name] == value)
    if wanted.process_definition_key is not None:
        conditions.append(_definition.key == wanted.process_definition_key)
    if wanted.started_after is not None:
        conditions.append(_instance.started_at > wanted.started_after)
    if wanted.started_before is not None:
        conditions.append(_instance.started_at < wanted.started_before)
    for name, text in wanted.variables:
        conditions.append(json_search.variable_is(_instance.variables, name, text, sqlite=sqlite))
    if visible_to is not None:
        conditions.append(participants.may_know(_instance.id, visible_to))
    return process_instances.SELECT.where(and_(*conditions))
