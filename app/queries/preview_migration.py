"""What moving a process instance to another version would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.engine import migration
from app.errors import MigrationRefused, Obstacle, ProcessDefinitionNotApproved, ProcessStuck
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
from app.storage.migrated_instances import MovedTask
from app.storage.process_definitions import APPROVED


@dataclass(frozen=True, slots=True)
class MigrationPreview:
    """Whether an instance can be moved, and what becomes of it."""

    #: why it cannot be; empty: it can
    obstacles: tuple[Obstacle, ...]
    #: every element of the instance's version that has a counterpart → the id of that
    mapping: Mapping[str, str]
    #: the user tasks that stay open
    user_tasks: list[MovedTask]

    @property
    def migratable(self) -> bool:
        """Whether it can be moved."""
        return not self.obstacles


def preview_migration(
    session: Session,
    instance_id: UUID,
    target_id: UUID,
    mapping: Mapping[str, str],
    actor: Actor,
    *,
    if_match: IfMatch,
    now: datetime,
) -> MigrationPreview:
    """Ask what `migrate_process_instance` would do, for whoever may do it. Nothing is locked or written.

    Raises:
        ProcessDefinitionNotFound, ProcessDefinitionNotApproved, ProcessInstanceNotFound, Forbidden, Stale,
        ProcessInstanceNotActive, NothingToMigrate, ParameterRefused, MappingRefused
    """
    instance = process_instances.get(session, instance_id)
    access.require_right(session, instance, actor, Operation.MIGRATE)
    target = process_definitions.get(session, target_id)
    definition_status.require(session, target, APPROVED, ProcessDefinitionNotApproved)
    access.require_fresh(if_match, str(instance.revision))
    migrated_instances.require_movable(session, instance, target)
    old, new = process_definitions.parsed(session, instance), process_definitions.parsed(session, target)
    aligned = migration.align(old, new, mapping)
    try:
        step = migration.migrate(old, new, instance.state, mapping, max(now, instance.last_event_at))
    except MigrationRefused as refused:
        return MigrationPreview(refused.obstacles, aligned, [])
    except ProcessStuck as stuck:
        return MigrationPreview((Obstacle(stuck.element_id, stuck.code, stuck.detail),), aligned, [])
    open_tasks = user_tasks.open_of(session, instance.id)
    return MigrationPreview((), aligned, migrated_instances.moved_tasks(session, open_tasks, step.open_user_tasks, new))
