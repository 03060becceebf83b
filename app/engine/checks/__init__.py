"""What is asked of a diagram before it is deployed, so that no process runs wrongly without a word.

A check is a function from the diagram to the problems it finds. To add one, write it in the file of its family, put
it into `PIPELINE`, its code into the catalog and an entry into docs/diagram-problems.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lxml.etree import _Element

from app.engine.checks import (
    approvals,
    calls,
    constructs,
    document,
    engine,
    events,
    expressions,
    flows,
    foreign,
    identity,
    interchange,
    kept_extensions,
    loops,
    parallel,
    people,
    references,
    sop_sheet,
    timers,
    user_tasks,
)
from app.engine.checks.calls import called_processes
from app.engine.checks.catalog import CATALOG, REFUSALS, WARNINGS
from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import form_name
from app.engine.checks.readable import NotReadable, read_diagram
from app.errors import Problem

__all__ = ["CATALOG", "REFUSALS", "WARNINGS", "Diagram", "Report", "broken_off", "check_diagram", "process_keys"]

Check = Callable[[Diagram], Iterable[Problem]]

#: every check, in order
PIPELINE: tuple[Check, ...] = (
    document.check_xinclude,
    document.check_size,
    document.check_text_lengths,
    document.check_executable_process,
    document.check_data_stores,
    identity.check_ids_present,
    identity.check_ids_unique,
    identity.check_id_form,
    references.check_flow_ends,
    references.check_boundary_events_attached,
    references.check_default_flows,
    references.check_event_references,
    references.check_lanes,
    constructs.check_kinds,
    constructs.check_children,
    constructs.check_places,
    constructs.check_repeated_children,
    constructs.check_settings,
    constructs.check_event_subprocesses,
    constructs.check_data_flow,
    foreign.check_foreign_extensions,
    events.check_event_definitions,
    events.check_subprocess_starts,
    events.check_cancellations,
    events.check_boundary_events,
    events.check_caught_once,
    timers.check_timers,
    events.check_event_gateways,
    events.check_delivery,
    flows.check_start_events,
    flows.check_reachable,
    flows.check_ways_out,
    flows.check_splits,
    flows.check_conditions,
    loops.check_cycles,
    loops.check_cycles_have_gateways,
    loops.check_standard_loops,
    loops.check_multi_instances,
    calls.check_called_processes,
    calls.check_recursion,
    calls.check_size_written_out,
    expressions.check_expressions,
    expressions.check_needed_texts,
    expressions.check_languages,
    expressions.check_item_names,
    expressions.check_variables_set,
    user_tasks.check_properties,
    user_tasks.check_forms,
    user_tasks.check_quality,
    user_tasks.check_roles,
    approvals.check_approvals,
    approvals.check_four_eyes,
    people.check_lanes_named,
    people.check_lanes_held,
    people.check_four_eyes_leave_somebody,
    sop_sheet.check_sop_sheet,
    kept_extensions.check_extensions_kept,
    interchange.check_coordinates,
    interchange.check_drawn,
    parallel.check_parallel_branches,
    engine.check_engine_runs_it,
)

#: after these, whatever was refused so far makes the rest meaningless
STOPS = frozenset({document.check_executable_process, parallel.check_parallel_branches})


@dataclass(frozen=True, slots=True)
class Report:
    """What the checks found in one file."""

    #: what must be mended before the diagram can be deployed, by line
    problems: tuple[Problem, ...] = ()
    #: what the designer should know, by line
    warnings: tuple[Problem, ...] = ()
    #: ids of the executable processes, in document order
    process_keys: tuple[str, ...] = ()
    #: names of the executable processes, by key
    names: Mapping[str, str] = field(default_factory=dict)
    #: file names of the forms of each process, those of the processes that it calls included; by key
    form_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def process_keys(xml: bytes) -> tuple[str, ...]:
    """Ids of the executable processes, as far as they can be read; none of a file that `check_diagram` refuses."""
    try:
        diagram = Diagram("", xml, read_diagram("", xml), {})
    except NotReadable:
        return ()
    return tuple(key for process in diagram.processes if (key := process.get("id")))


def check_diagram(
    file: str,
    xml: bytes,
    forms: Mapping[str, bytes],
    holders: Mapping[str, frozenset[str]] | None = None,
    previous: Mapping[str, bytes] | None = None,
) -> Report:
    """Ask everything of an uploaded diagram; never raises, whatever the bytes.

    Args:
        file: base name of the upload
        forms: content of each form by its file name
        holders: usernames of the active holders of each role; without them nothing is asked of the lanes' people
        previous: the diagram of the newest version of each process that has one, by key
    """
    try:
        diagram = Diagram(file, xml, read_diagram(file, xml), forms, holders, previous or {})
    except NotReadable as unreadable:
        return Report(problems=(unreadable.problem,))
    found = sorted(_found(diagram), key=lambda problem: problem.line)
    processes = {key: process for process in diagram.processes if (key := process.get("id"))}
    return Report(
        problems=tuple(problem for problem in found if problem.code in REFUSALS),
        warnings=tuple(problem for problem in found if problem.code in WARNINGS),
        process_keys=tuple(processes),
        names={key: process.get("name") or key for key, process in processes.items()},
        form_names={key: tuple(_form_names(diagram, process)) for key, process in processes.items()},
    )


def broken_off(file: str, why: str) -> Problem:
    """What is told of a file whose checks were broken off from outside; `why` goes on from "they …"."""
    entry = CATALOG["checks_broken_off"]
    return Problem("checks_broken_off", entry.reason.format(why=why), entry.hint, file=file)


def _found(diagram: Diagram) -> Iterable[Problem]:
    found: dict[Problem, None] = {}
    for check in PIPELINE:
        found.update(dict.fromkeys(check(diagram)))
        if check in STOPS and any(problem.code in REFUSALS for problem in found):
            break
    return found


def _form_names(diagram: Diagram, process: _Element) -> Iterator[str]:
    named = {
        name
        for used in (process, *called_processes(diagram, process))
        for element in used.iter("{*}*")
        if (name := form_name(element))
    }
    return iter(sorted(named))
