"""Start a process instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app import permissions
from app.engine import process
from app.engine.definitions import Definition
from app.errors import Forbidden
from app.permissions import Actor, Ground, Operation, Performer
from app.storage import definition_status, lane_owners, performers, process_definitions, process_instances, tokens
from app.storage.events import NewEvent
from app.storage.process_instances import ProcessInstance
from app.storage.user_tasks import UserTask


@dataclass(frozen=True, slots=True)
class Started:
    """A new instance and what waits in it."""

    process_instance: ProcessInstance
    open_user_tasks: list[UserTask]


def start_process_instance(
    session: Session,
    process_definition: UUID | str,
    actor: Actor,
    *,
    business_key: str | None,
    variables: Mapping[str, Any],
    on_behalf_of: str | None = None,
    now: datetime,
) -> Started:
    """Start an instance of a version (by id) or of the newest approved version (by key) and run it to its first rest.

    Raises:
        ProcessDefinitionNotFound, ProcessDefinitionNotApproved, Forbidden, NotStandingIn, PrincipalAmbiguous,
        FormRefused, ProcessStuck
    """
    version = definition_status.hold_startable(session, process_definition)
    definition = process_definitions.parsed(session, version)
    actor = tokens.renew(session, actor, now=now)
    performer = _performer(session, definition, actor, on_behalf_of, now)
    definition.start_form.accept(variables)

    step = process.start(definition, variables, now)
    lane_owners.require_active_people(session, step, variables)

    instance = process_instances.add(session, version, business_key, actor, now)
    payload = {
        "process_definition_key": version.key,
        "version": version.version,
        "process_definition_sha256": version.sha256,
        "business_key": business_key,
        "variables": variables,
        "changes": step.changes_as_json(),
        "flows": list(step.flows),
    }
    cause = NewEvent("process_instance_started", payload)
    saved, tasks = process_instances.save_step(
        session, instance, definition, step, [], cause, performer=performer, now=now
    )
    return Started(saved, tasks.open)


def _performer(
    session: Session, definition: Definition, actor: Actor, on_behalf_of: str | None, now: datetime
) -> Performer:
    def holds_first_lane(_: str, roles: frozenset[str]) -> bool:
        return bool(definition.starter_roles & roles)

    is_first = any(holds_first_lane(person.username, person.roles) for person in actor.persons)
    relations = {Ground.FIRST_PERFORMER} if is_first else set()
    if not permissions.is_allowed(Operation.START, actor, relations):
        permissions.require_scope([Operation.START], actor)
        lanes = " or ".join(sorted(definition.starter_roles))
        raise Forbidden(f"Only a starter, or who holds the lane of the first user task, may start this: {lanes}.")
    if on_behalf_of is None and permissions.is_allowed(Operation.START, actor):
        return Performer(actor)
    return performers.choose(session, actor, holds_first_lane, named=on_behalf_of, now=now)
