"""Examine uploaded files: would they deploy, and as what?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy.orm import Session

from app.engine.checks import Report
from app.engine.isolation import check_in_isolation, read_process_keys
from app.errors import DiagramRefused, Problem, ProcessDefinitionNotFound
from app.storage import deployments, process_definitions, role_holders
from app.storage.database import Database
from app.storage.deployments import Candidate
from app.storage.process_definitions import ProcessDefinition

_DIAGRAM_ENDINGS = {".bpmn", ".xml"}


@dataclass(frozen=True, slots=True)
class Examined:
    """An upload without problems."""

    candidates: tuple[Candidate, ...]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """What is there of a process: its newest version with its forms, unless it was deleted."""

    newest: ProcessDefinition | None
    #: of the newest version; empty where there is none
    xml: bytes
    forms: Mapping[str, bytes]
    #: the highest number that a version of it ever had
    last_version: int


def read_stored(session: Session, key: str) -> Stored | None:
    """What is stored of a process; None where it is new."""
    last_version = deployments.last_version(session, key)
    try:
        newest = process_definitions.newest(session, key)
    except ProcessDefinitionNotFound:
        return Stored(None, b"", {}, last_version) if last_version else None
    xml, forms = process_definitions.xml_of(session, newest.id), process_definitions.forms_of(session, newest.id)
    return Stored(newest, xml, forms, last_version)


def stored_in(database: Database) -> Callable[[str], Stored | None]:
    """Looks each process up in a short transaction of its own."""

    def stored(key: str) -> Stored | None:
        with database.reading() as session:
            return read_stored(session, key)

    return stored


def holders_in(database: Database, *, demo: bool) -> Mapping[str, frozenset[str]]:
    """The active holders of each role, looked up in a short transaction of its own; those of the demo if it is on."""
    with database.reading() as session:
        return role_holders.active(session, demo=demo)


def examine_upload(
    files: Mapping[str, bytes],
    stored: Callable[[str], Stored | None],
    holders: Mapping[str, frozenset[str]] | None = None,
) -> Examined:
    """Check every diagram with its forms. Forms that the upload leaves out are those of the newest version.

    Checking takes its time, so no transaction is open meanwhile.

    Args:
        files: by base name
        stored: gives what is stored of a process by its key
        holders: usernames of the active holders of each role; without them no lane is asked who holds it

    Raises:
        DiagramRefused: with every problem of every file.
    """
    diagrams = {name: content for name, content in files.items() if _ending(name) in _DIAGRAM_ENDINGS}
    uploaded_forms = {name: content for name, content in files.items() if _ending(name) == ".json"}
    problems = list(_unusable(files, diagrams, uploaded_forms))
    warnings: list[Problem] = []
    candidates: list[Candidate] = []
    for file_name, xml in diagrams.items():
        versions = {key: version for key in read_process_keys(xml) if (version := stored(key)) is not None}
        forms = {name: form for version in versions.values() for name, form in version.forms.items()} | uploaded_forms
        previous = {key: version.xml for key, version in versions.items() if version.newest is not None}
        report = check_in_isolation(file_name, xml, forms, holders, previous)
        problems += report.problems
        warnings += report.warnings
        candidates += _candidates(report, file_name, xml, forms, versions)
    problems += _repeated_keys(candidates)
    if problems:
        raise DiagramRefused(problems)
    return Examined(tuple(candidates), (*warnings, *_unused_forms(uploaded_forms, candidates)))


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _unusable(files: Mapping[str, bytes], *usable: Mapping[str, bytes]) -> list[Problem]:
    unknown = [name for name in files if not any(name in kind for kind in usable)]
    problems = [
        Problem("unknown_file_type", f"{name} is neither a diagram nor a form.", "Upload .bpmn and .json.", file=name)
        for name in unknown
    ]
    if not problems and not usable[0]:
        hint = "Upload the .bpmn file together with its forms."
        problems.append(Problem("no_diagram", "There is no diagram among the files.", hint))
    return problems


def _candidates(
    report: Report,
    file_name: str,
    xml: bytes,
    forms: Mapping[str, bytes],
    versions: Mapping[str, Stored],
) -> list[Candidate]:
    if report.problems:
        return []
    return [
        Candidate(
            key=key,
            name=report.names[key],
            file_name=file_name,
            xml=xml,
            forms={name: forms[name] for name in report.form_names[key]},
            newest=versions[key].newest if key in versions else None,
            last_version=versions[key].last_version if key in versions else 0,
        )
        for key in report.process_keys
    ]


def _repeated_keys(candidates: list[Candidate]) -> list[Problem]:
    counts = Counter(candidate.key for candidate in candidates)
    return [
        Problem(
            "process_key_repeated",
            f'The process id "{candidate.key}" stands in more than one of the uploaded files.',
            "Upload each process once.",
            element_id=candidate.key,
            file=candidate.file_name,
        )
        for candidate in candidates
        if counts[candidate.key] > 1
    ]


def _unused_forms(uploaded: Mapping[str, bytes], candidates: list[Candidate]) -> list[Problem]:
    used = {name for candidate in candidates for name in candidate.forms}
    return [
        Problem(
            "form_unused",
            f"No user task uses the form {name}.",
            "Name it in the property formJsonSchemaFilename of a user task, or leave it out.",
            file=name,
        )
        for name in uploaded
        if name not in used
    ]
