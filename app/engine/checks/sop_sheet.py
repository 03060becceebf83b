"""The SOP sheet (PermenPANRB 35/2012): can its five symbols and its columns show this diagram?

Asked only of processes that are meant as a sheet: those with an identity block or a mutu baku. All are warnings, as a
process runs without a sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lxml.etree import _Element

from app.engine.checks.diagram import Diagram, Scope
from app.engine.checks.elements import has, kind, properties
from app.engine.checks.vocabulary import SUBPROCESSES
from app.errors import Problem

#: the identity block, in the order of the sheet
IDENTITY = (
    "unit",
    "nomor_sop",
    "tanggal_pembuatan",
    "tanggal_revisi",
    "tanggal_efektif",
    "tanggal_pengesahan",
    "disahkan_oleh",
    "jabatan_pengesah",
    "nama_sop",
    "dasar_hukum",
    "kualifikasi_pelaksana",
    "keterkaitan",
    "peralatan",
    "peringatan",
    "pencatatan",
)
QUALITY = ("kelengkapan", "waktu", "output", "keterangan", "baris_sop")
#: elements that are a line of work; a script is not: nobody does it
ACTIVITIES = frozenset(
    {"task", "userTask", "manualTask", "sendTask", "receiveTask", "serviceTask", "businessRuleTask", "callActivity"}
)
#: gateways that a diamond shows
DECISIONS = frozenset({"exclusiveGateway", "inclusiveGateway"})
#: columns of actors that an A4 page has room for
MAX_LANES = 12

_WITHOUT_SYMBOL = SUBPROCESSES | {
    "callActivity",
    "inclusiveGateway",
    "eventBasedGateway",
    "boundaryEvent",
    "intermediateCatchEvent",
    "intermediateThrowEvent",
}
_REPEATED = ("multiInstanceLoopCharacteristics", "standardLoopCharacteristics")
_ROW = re.compile(r"0{0,6}([1-9]\d{0,3})", re.ASCII)


def check_sop_sheet(diagram: Diagram) -> Iterator[Problem]:
    """Warn: the sheet would show less than the diagram says."""
    for process in diagram.processes:
        if is_meant_as_sheet(process):
            yield from sheet_problems(diagram, process)


def is_meant_as_sheet(process: _Element) -> bool:
    """Whether a process has an identity block or a mutu baku; most diagrams are drawn for other ends."""
    return not properties(process).keys().isdisjoint(IDENTITY) or any(
        not properties(node).keys().isdisjoint(QUALITY) for node in activities(process)
    )


def sheet_problems(diagram: Diagram, process: _Element) -> Iterator[Problem]:
    """What one process has that its sheet cannot show, or lacks that it should."""
    yield from _check_rows(diagram, process)
    yield from _check_decisions(diagram, process)
    yield from _check_symbols(diagram, process)
    lanes = {diagram.lane_of(node) for node in activities(process)}
    if len(lanes) > MAX_LANES:
        yield diagram.problem("sop_too_many_lanes", process, count=len(lanes), limit=MAX_LANES)


def activities(process: _Element) -> tuple[_Element, ...]:
    """The activities of a process, those of its sub-processes included, in document order."""
    return tuple(node for node in process.iter() if kind(node) in ACTIVITIES)


def scopes_of(diagram: Diagram, process: _Element) -> tuple[Scope, ...]:
    """The graphs of a process and of the sub-processes inside it, from the outside."""
    inside = set(process.iter())
    return tuple(scope for scope in diagram.scopes if scope.element in inside)


def row_of(node: _Element) -> int | None:
    """The row of the sheet that an element asks for (`baris_sop`)."""
    matched = _ROW.fullmatch(properties(node).get("baris_sop", ""))
    return int(matched[1]) if matched else None


def told(tasks: Sequence[_Element]) -> Sequence[_Element]:
    """Of the activities that share a row, those that the row tells.

    These are the ones with a standard time of their own: work without one in the same row is what the row orders
    ("… dan memerintahkan untuk mendistribusikan"), and its uraian says so already. Without any, all are told.
    """
    return [task for task in tasks if properties(task).get("waktu")] or tasks


def _check_rows(diagram: Diagram, process: _Element) -> Iterator[Problem]:
    rows: dict[int | _Element, list[_Element]] = {}
    for node in activities(process):
        rows.setdefault(row_of(node) or node, []).append(node)
    for tasks in rows.values():
        first, *others = told(tasks)
        if not properties(first).get("waktu"):
            yield diagram.problem("sop_duration_missing", first)
        actor = diagram.lane_of(first)
        for other in others:
            if (lane := diagram.lane_of(other)) != actor:
                yield diagram.problem("sop_row_with_two_actors", other, row=row_of(other), lane=lane, actor=actor)


def _check_decisions(diagram: Diagram, process: _Element) -> Iterator[Problem]:
    for scope in scopes_of(diagram, process):
        for gateway in scope.of("exclusiveGateway"):
            exits = scope.outgoing[gateway]
            named = {name for flow in exits if (name := flow.element.get("name", "").strip())}
            if len(exits) > 2 or (len(exits) == 2 and len(named) < 2):
                yield diagram.problem("sop_decision_unclear", gateway)


def _check_symbols(diagram: Diagram, process: _Element) -> Iterator[Problem]:
    for scope in scopes_of(diagram, process):
        for node in scope.nodes:
            splits_rows = kind(node) == "parallelGateway" and not _lies_within_a_row(scope, node)
            if kind(node) in _WITHOUT_SYMBOL or splits_rows or has(node, *_REPEATED):
                yield diagram.problem("sop_symbol_missing", node)


def _lies_within_a_row(scope: Scope, gateway: _Element) -> bool:
    """Whether all work round a gateway is told by one row, in which it needs no symbol."""
    around = [flow.source for flow in scope.incoming[gateway]] + [flow.target for flow in scope.outgoing[gateway]]
    rows = {row_of(node) for node in around if kind(node) in ACTIVITIES}
    return len(rows) == 1 and None not in rows
