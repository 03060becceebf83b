"""The SOP sheet of a process, read from its diagram alone (PermenPANRB 35/2012).

How a diagram is read as a sheet: lane → column; activity → row, told by its documentation; activities of one
`baris_sop` → one row; the decision behind an activity → that row's diamond; a loop → an arrow back. A row has one
mark, so that the start and the end are the capsule of the first and last activity where that has no diamond, and
lines of their own where it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from lxml.etree import _Element

from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import bpmn, children, kind, properties
from app.engine.checks.readable import read_diagram
from app.engine.checks.sop_sheet import ACTIVITIES, activities, scopes_of, sheet_problems, told
from app.engine.checks.vocabulary import BOUNDS
from app.engine.quality import duration_text, is_duration, span_text, standard_time, sum_of
from app.engine.sop_flow import SopFlow, name_of
from app.engine.sop_rows import Arrow, Group, Mark, group_rows
from app.errors import Problem, ProcessDefinitionNotFound

#: the column of work that lies in no lane
NO_LANE = "(tanpa lane)"

_SHAPE = "{http://www.omg.org/spec/BPMN/20100524/DI}BPMNShape"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the flow table."""

    #: from 1, without gaps, whatever `baris_sop` counts
    number: int
    #: the uraian prosedur
    description: str
    #: the column in which the mark stands
    lane: str
    mark: Mark
    #: what stands inside a capsule: "Mulai", "Selesai"
    caption: str | None
    kelengkapan: str | None
    #: calendar time; None where the diagram states none
    waktu: timedelta | None
    #: as the sheet says it: "1 bulan"
    waktu_text: str
    output: str | None
    keterangan: str | None
    #: ids of the elements that the row stands for, in reading order
    elements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Connector:
    """An arrow from one row's mark to another's."""

    #: numbers of rows
    source: int
    target: int
    #: of a decision's exit: "Ya", "Tidak"
    label: str | None

    @property
    def is_backward(self) -> bool:
        """Whether it leads back, as a loop does."""
        return self.target <= self.source


@dataclass(frozen=True, slots=True)
class SopSheet:
    """Identity block and flow table of one process."""

    key: str
    name: str
    #: the process's properties as the designer wrote them; those of the block are `IDENTITY`
    identity: Mapping[str, str]
    #: the columns of actors, in the order in which the diagram shows its lanes
    lanes: tuple[str, ...]
    rows: tuple[Row, ...]
    #: by source and target
    connectors: tuple[Connector, ...]
    #: of the rows; a week is 7, a month 30 calendar days
    total: timedelta
    #: "47 hari 13 menit"
    total_text: str
    #: what the sheet cannot show, or lacks; asked whether or not the process is meant as a sheet
    findings: tuple[Problem, ...]


def read_sheet(key: str, xml: bytes) -> SopSheet:
    """The sheet of the executable process with this id.

    Raises:
        NotReadable: the bytes are no diagram
        ProcessDefinitionNotFound: it has no such process
    """
    diagram = Diagram("", xml, read_diagram("", xml), {})
    process = next((each for each in diagram.processes if each.get("id") == key), None)
    if process is None:
        raise ProcessDefinitionNotFound(f"The diagram has no executable process {key}.")
    groups, arrows = group_rows(SopFlow(scopes_of(diagram, process)))
    rows = tuple(map(_row, count(1), groups, _lanes_of_rows(diagram, groups)))
    total = sum_of(row.waktu for row in rows if row.waktu is not None)
    return SopSheet(
        key=key,
        name=name_of(process) or key,
        identity=properties(process),
        lanes=tuple(_lanes(diagram, process, rows)) or (NO_LANE,),
        rows=rows,
        connectors=_connectors(groups, arrows),
        total=total,
        total_text=span_text(total),
        findings=tuple(sheet_problems(diagram, process)),
    )


def _row(number: int, group: Group, lane: str) -> Row:
    tasks = _told(group)
    times = [text for task in tasks if is_duration(text := properties(task).get("waktu", ""))]
    waktu = sum_of(map(standard_time, times)) if times else None
    return Row(
        number=number,
        description=_joined(_uraian(task) or _unnamed(task, group) for task in tasks) or "",
        lane=lane,
        mark=group.mark,
        caption=group.caption,
        kelengkapan=_stated("kelengkapan", tasks),
        waktu=waktu,
        waktu_text=duration_text(times[0]) if len(times) == 1 else span_text(waktu) if waktu is not None else "",
        output=_stated("output", tasks),
        keterangan=_stated("keterangan", tasks),
        elements=tuple(node.get("id", "") for node in group.elements),
    )


def _told(group: Group) -> Sequence[_Element]:
    """The elements whose words a row repeats; without an activity, the event or the gateway that it is."""
    return told([node for node in group.elements if kind(node) in ACTIVITIES]) or group.elements[:1]


def _uraian(node: _Element) -> str | None:
    """The documentation, of which the name is the short form."""
    return _joined("".join(map(str, each.itertext())) for each in children(node, "documentation")) or name_of(node)


def _unnamed(node: _Element, group: Group) -> str | None:
    return node.get("id") if kind(node) in ACTIVITIES else group.caption or node.get("id")


def _stated(name: str, tasks: Iterable[_Element]) -> str | None:
    return _joined(properties(task).get(name) for task in tasks)


def _joined(texts: Iterable[str | None]) -> str | None:
    """Texts below each other, without what is empty or was said before."""
    lines = (" ".join(line.split()) for text in texts for line in (text or "").splitlines())
    return "\n".join(dict.fromkeys(line for line in lines if line)) or None


def _lane(diagram: Diagram, node: _Element) -> str:
    return " ".join((diagram.lane_of(node) or "").split()) or NO_LANE


def _lanes_of_rows(diagram: Diagram, groups: Iterable[Group]) -> Iterator[str]:
    """Events and gateways that lie in no lane stand with the work before them; those at the top with the first."""
    firsts = [_told(group)[0] for group in groups]
    at_hand = next((_lane(diagram, node) for node in firsts if kind(node) in ACTIVITIES), NO_LANE)
    for node in firsts:
        if kind(node) in ACTIVITIES or diagram.lane_of(node):
            at_hand = _lane(diagram, node)
        yield at_hand


def _lanes(diagram: Diagram, process: _Element, rows: Iterable[Row]) -> Iterator[str]:
    """The lanes in which somebody works, from the top (or left) of the drawing to its bottom."""
    held = {row.lane for row in rows} | {_lane(diagram, node) for node in activities(process)}
    corners = {shape.get("bpmnElement"): _corner(shape) for shape in diagram.root.iter(_SHAPE)}
    lanes = list(process.iter(bpmn("lane")))
    if all(lane.get("id") in corners for lane in lanes):
        lanes.sort(key=lambda lane: corners[lane.get("id")])
    names = dict.fromkeys(" ".join(lane.get("name", "").split()) for lane in lanes)
    yield from (name for name in (*names, NO_LANE) if name in held)


def _corner(shape: _Element) -> tuple[float, float]:
    bounds = next(shape.iter(BOUNDS), shape)
    try:
        return float(bounds.get("y", "0")), float(bounds.get("x", "0"))
    except ValueError:
        return 0.0, 0.0


def _connectors(groups: list[Group], arrows: list[Arrow]) -> tuple[Connector, ...]:
    """One arrow for each pair of rows; two exits of a decision that lead to the same row share it."""
    number = {group: place for place, group in enumerate(groups, start=1)}
    labels: dict[tuple[int, int], dict[str, None]] = {}
    for arrow in arrows:
        named = labels.setdefault((number[arrow.source], number[arrow.target]), {})
        if arrow.label:
            named[arrow.label] = None
    return tuple(Connector(*ends, " / ".join(named) or None) for ends, named in sorted(labels.items()))
