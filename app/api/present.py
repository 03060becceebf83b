"""Records of the storage as the bodies that clients rely on."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.api import schemas
from app.engine.definitions import Definition
from app.queries.preview_migration import MigrationPreview
from app.storage import process_definitions, user_tasks
from app.storage.events import Event
from app.storage.migrated_instances import MovedTask
from app.storage.process_instances import ProcessInstance
from app.storage.user_tasks import UserTask


def user_task(task: UserTask, definition: Definition) -> schemas.UserTask:
    """A user task with the quality standard that the diagram states."""
    fields = {name: getattr(task, name) for name in schemas.UserTask.model_fields if name != "quality"}
    quality = schemas.Quality.model_validate(definition.user_tasks[task.element_id].quality)
    return schemas.UserTask(**fields, quality=quality)


def user_task_list(session: Session, tasks: Sequence[UserTask]) -> list[schemas.UserTask]:
    """User tasks of any instances."""
    parsed = process_definitions.parsed_of_instances(session, {task.process_instance_id for task in tasks})
    former = {task.process_definition_id for task in tasks if task.process_definition_id is not None}
    parsed |= {id_: process_definitions.parsed(session, process_definitions.get(session, id_)) for id_ in former}
    return [user_task(task, parsed[task.process_definition_id or task.process_instance_id]) for task in tasks]


def process_instance(
    instance: ProcessInstance, open_tasks: Sequence[UserTask], definition: Definition
) -> schemas.ProcessInstance:
    """An instance with its open user tasks."""
    return schemas.ProcessInstance(
        id=instance.id,
        process_definition_id=instance.process_definition_id,
        process_definition_key=instance.key,
        version=instance.version,
        business_key=instance.business_key,
        status=instance.status,
        variables=dict(instance.variables),
        started_by=instance.started_by,
        started_at=instance.started_at,
        ended_at=instance.ended_at,
        user_tasks=[user_task(task, definition) for task in open_tasks],
    )


def process_instance_now(session: Session, instance: ProcessInstance) -> schemas.ProcessInstance:
    """An instance with the user tasks that are open in this transaction."""
    definition = process_definitions.parsed(session, instance)
    return process_instance(instance, user_tasks.open_of(session, instance.id), definition)


def event(record: Event) -> schemas.Event:
    """An event; its hashes in hexadecimal."""
    fields = {name: getattr(record, name) for name in schemas.Event.model_fields}
    return schemas.Event(**fields | {"hash": record.hash.hex(), "previous_hash": record.previous_hash.hex()})


def migration_preview(preview: MigrationPreview) -> schemas.MigrationPreview:
    """What a migration would do."""
    return schemas.MigrationPreview(
        migratable=preview.migratable,
        obstacles=[schemas.Obstacle.model_validate(obstacle) for obstacle in preview.obstacles],
        mapping=dict(preview.mapping),
        user_tasks=[_moved(task) for task in preview.user_tasks],
    )


def _moved(task: MovedTask) -> schemas.MovedUserTask:
    before, after = (schemas.UserTaskStanding.model_validate(each) for each in (task.before, task.after))
    return schemas.MovedUserTask(id=task.before.id, before=before, after=after)
