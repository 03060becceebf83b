"""Find the running instances that a new version touches: where they wait, and which could be moved to it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from app.engine import definitions
from app.engine.definitions import Definition
from app.engine.frontier import Frontier, read_frontier
from app.engine.markings import Budget
from app.engine.migration import UNDECIDED, find_obstacles
from app.errors import Obstacle
from app.storage import running_instances, version_files
from app.storage.database import Database
from app.storage.process_definitions import Pinned
from app.storage.running_instances import RunningInstance

#: instances that are looked into, the newest; each is read and unpacked
MAX_EXAMINED = 5_000
#: ways to stand that are tried against the new version
MAX_SHAPES = 50
#: instances that are listed
MAX_LISTED = 200


@dataclass(frozen=True, slots=True)
class TouchedInstance:
    """One running instance; of whom it is and what it knows is not told."""

    id: UUID
    #: that it runs
    version: int
    #: where it waits
    element_ids: tuple[str, ...]
    #: None: it stands in a way that was not tried, or that took too long to judge
    migratable: bool | None
    obstacles: tuple[Obstacle, ...]


@dataclass(frozen=True, slots=True)
class WaitingElement:
    """An element of a version, and the instances that wait at it; one can wait at several."""

    element_id: str
    element_name: str | None
    version: int
    count: int
    #: how many of them could be moved
    migratable: int


@dataclass(frozen=True, slots=True)
class TouchedInstances:
    """The running instances of a process, of all its versions."""

    total: int
    #: of how many the rest tells
    examined: int
    waiting: tuple[WaitingElement, ...]
    #: those that cannot be moved first, and then the newest
    items: tuple[TouchedInstance, ...]

    @property
    def truncated(self) -> bool:
        """Whether there are more than are listed."""
        return self.total > len(self.items)


def find_touched_instances(database: Database, key: str, new: Definition, now: datetime) -> TouchedInstances:
    """Ask each running instance of a process whether it could be moved to a new version of it.

    Instances that stand in the same places are asked once for all: one of them is moved, and nothing of it kept. All
    together may take no longer than the hardest single one. No transaction is open meanwhile.
    """
    with database.reading() as session:
        total = running_instances.count(session, key)
        instances = running_instances.newest(session, key, MAX_EXAMINED)
    versions = {each.process_definition_id: _parsed(database, each) for each in _one_of_each_version(instances)}
    obstacles: dict[Hashable, tuple[Obstacle, ...]] = {}
    budget, touched = Budget(), []
    for instance in instances:
        old = versions[instance.process_definition_id]
        frontier = read_frontier(old, instance.state)
        shape = (instance.process_definition_id, frontier.shape)
        if shape not in obstacles and len(obstacles) < MAX_SHAPES:
            obstacles[shape] = find_obstacles(old, new, instance.state, {}, now, budget)
        touched.append(_touched(instance, frontier, obstacles.get(shape)))
    names = {instance.version: versions[instance.process_definition_id].element_names for instance in instances}
    listed = sorted(touched, key=lambda each: each.migratable is not False)[:MAX_LISTED]
    return TouchedInstances(total, len(instances), _waiting(touched, names), tuple(listed))


def _one_of_each_version(instances: Iterable[RunningInstance]) -> Iterable[RunningInstance]:
    return {instance.process_definition_id: instance for instance in instances}.values()


def _parsed(database: Database, pinned: Pinned) -> Definition:
    return definitions.cached(pinned.key, pinned.fingerprint, partial(_files, database, pinned.process_definition_id))


def _files(database: Database, definition_id: UUID) -> tuple[bytes, Mapping[str, bytes]]:
    with database.reading() as session:
        files = version_files.files_of(session, definition_id)
    return files.xml, files.forms


def _touched(instance: RunningInstance, frontier: Frontier, obstacles: tuple[Obstacle, ...] | None) -> TouchedInstance:
    is_unknown = obstacles is None or any(obstacle.code == UNDECIDED for obstacle in obstacles)
    migratable = None if is_unknown else not obstacles
    return TouchedInstance(instance.id, instance.version, frontier.element_ids, migratable, obstacles or ())


def _waiting(touched: Iterable[TouchedInstance], names: Mapping[int, Mapping[str, str]]) -> tuple[WaitingElement, ...]:
    """By version, the newest first, and then by how many wait there."""
    found: dict[tuple[int, str], list[TouchedInstance]] = {}
    for instance in touched:
        for element_id in instance.element_ids:
            found.setdefault((instance.version, element_id), []).append(instance)
    elements = [
        WaitingElement(
            element_id,
            names[version].get(element_id) or None,
            version,
            len(waiting),
            sum(each.migratable is True for each in waiting),
        )
        for (version, element_id), waiting in found.items()
    ]
    return tuple(sorted(elements, key=lambda each: (-each.version, -each.count, each.element_id)))
