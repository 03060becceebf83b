"""What keeps the work from going on, for whoever looks after an installation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from app.engine import checks
from app.permissions import Ground
from app.storage import people, process_definitions, role_holders, user_tasks
from app.storage.process_definitions import APPROVED, PROPOSED

#: those of the checks of a diagram that depend on who there is
_ABOUT_PEOPLE = {"lane_without_holder", "four_eyes_leaves_nobody"}

Holders = Mapping[str, frozenset[str]]


def find_obstacles(session: Session, *, demo: bool) -> Iterator[str]:
    """Plain sentences, the gravest first; none where all is well.

    Args: `demo` whether the people of the demo are let in
    """
    holders = role_holders.active(session, demo=demo)
    everybody = people.all_of(session)
    if not holders.get(Ground.ADMINISTRATOR):
        yield "Nobody who is let in is an administrator: `jenjang user add` or `jenjang role grant` makes one."
    if demo:
        yield "JENJANG_DEMO is set: whoever knows a token of the demo is let in. Never where real work is done."
    elif present := sorted(person.username for person in everybody if person.is_demo and person.active):
        yield f"People of the demo are here, though not let in: {', '.join(present)}."
    yield from _of_diagrams(session, holders)
    yield from _of_open_tasks(session, holders, {person.username for person in everybody if person.active})


def _of_diagrams(session: Session, holders: Holders) -> Iterator[str]:
    current = process_definitions.current_of_each(session)
    startable = {version.key for version in current if version.status == APPROVED}
    for version in current:
        if version.status == PROPOSED and version.key not in startable:
            yield (
                f"{version.key}, version {version.version}: It waits for approval by somebody else than "
                f"{version.deployed_by}; nobody can start the process before."
            )
        xml = process_definitions.xml_of(session, version.id)
        forms = process_definitions.forms_of(session, version.id)
        report = checks.check_diagram(version.file_name, xml, forms, holders)
        for problem in report.warnings:
            if problem.code in _ABOUT_PEOPLE:
                yield f"{version.key}, version {version.version}: {problem.reason}"


def _of_open_tasks(session: Session, holders: Holders, active: set[str]) -> Iterator[str]:
    stranded = Counter(
        f"{task.name} ({task.element_id}), for {', '.join(task.candidates) if task.candidates else task.role}"
        for task in user_tasks.all_open(session)
        if not (holders.get(task.role, set()) if task.candidates is None else active.intersection(task.candidates))
    )
    for task, count in sorted(stranded.items()):
        yield f"{count} open user task(s) that nobody can do: {task}."
