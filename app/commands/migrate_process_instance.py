"""Move a running process instance to another version of its process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.engine import migration
from app.permissions import Actor, Operation
from app.storage import (
    access,
    definition_status,
    migrated_instances,
    process_definitions,
    process_instances,
    user_tasks,
)
from app.storage.access import IfMatch
from app.storage.process_instances import ProcessInstance


def migrate_process_instance(
    session: Session,
    instance_id: UUID,
    target_id: UUID,
    mapping: Mapping[str, str],
    actor: Actor,
    *,
    if_match: IfMatch,
    now: datetime,
) -> ProcessInstance:
    """Let an active or suspended instance go on in an approved version, from where it stands.

    Args: `mapping` ids of elements of its version → ids of the target's, where `align` would not find them.
    Raises:
        ProcessDefinitionNotFound, ProcessDefinitionNotApproved, ProcessInstanceNotFound, Forbidden, Stale,
        ProcessInstanceNotActive, NothingToMigrate, ParameterRefused, MappingRefused, MigrationRefused, ProcessStuck
    """
    access.require_right(session, process_instances.get(session, instance_id), actor, Operation.MIGRATE)
    # The version first, then the instance, then the people: whoever starts or deletes versions keeps to this order.
    target = definition_status.hold_startable(session, target_id)
    instance = process_instances.load_for_update(session, instance_id)
    open_tasks = user_tasks.open_of(session, instance.id)
    holders = {name for task in open_tasks for name in (task.assignee, task.on_behalf_of) if name is not None}
    locked = access.judge(session, instance, actor, Operation.MIGRATE, also=holders, if_match=if_match, now=now)
    migrated_instances.require_movable(session, instance, target)
    old, new = process_definitions.parsed(session, instance), process_definitions.parsed(session, target)

    aligned = migration.align(old, new, mapping)
    step = migration.migrate(old, new, instance.state, mapping, locked.now)

    return migrated_instances.save(
        session, instance, open_tasks, target, new, step, aligned, performer=locked.performer, now=locked.now
    )
