"""Which elements of a diagram share a row of its SOP sheet, in which order, and which row leads to which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Literal, NamedTuple

from lxml.etree import _Element

from app.engine.checks.elements import kind
from app.engine.checks.sop_sheet import ACTIVITIES, DECISIONS, row_of
from app.engine.sop_flow import SopFlow

Mark = Literal["capsule", "box", "diamond"]


@dataclass(eq=False, slots=True)
class Group:
    """The elements of one row, in reading order."""

    elements: list[_Element] = field(default_factory=list)
    mark: Mark = "box"
    #: what stands inside a capsule
    caption: str | None = None


class Arrow(NamedTuple):
    """A way from one row to another, or back to an earlier element of the same."""

    source: Group
    target: Group
    label: str | None


class Link(NamedTuple):
    """A way from one element that stands in a row to the next that does."""

    source: _Element
    target: _Element
    label: str | None


def group_rows(flow: SopFlow) -> tuple[list[Group], list[Arrow]]:
    """The rows of a process in the order of its sheet, and the arrows between them."""
    group_of = _grouped(flow)
    links = [link for node in group_of for link in _links(flow, node, group_of)]
    _fold_starts(flow, group_of, links)
    _fold_ends(flow, group_of, links)
    arrows = [
        Arrow(group_of[link.source], group_of[link.target], link.label)
        for link in links
        if group_of[link.source] is not group_of[link.target] or _leads_back(flow, link)
    ]
    return _ordered(flow, group_of), arrows


def _leads_back(flow: SopFlow, link: Link) -> bool:
    return flow.reading_order[link.target] <= flow.reading_order[link.source]


def _grouped(flow: SopFlow) -> dict[_Element, Group]:
    """The group of each element that stands in a row, in reading order; a start and an end have one of their own."""
    numbered: dict[int, Group] = {}
    group_of: dict[_Element, Group] = {}
    for node in flow.reading_order:
        group = _group_for(flow, node, group_of, numbered)
        if group is not None:
            group_of[node] = group
            group.elements.append(node)
    return group_of


def _group_for(
    flow: SopFlow, node: _Element, group_of: Mapping[_Element, Group], numbered: dict[int, Group]
) -> Group | None:
    if node in flow.starts or node in flow.ends:
        return Group(mark="capsule", caption="Mulai" if node in flow.starts else "Selesai")
    is_decision = kind(node) in DECISIONS and len(flow.ways[node]) > 1
    if not is_decision and kind(node) not in ACTIVITIES:
        return None
    row = row_of(node)
    decided_by = _decided_by(flow, node) if is_decision and row is None else None
    # one that no start reaches may be read before what it decides by
    if decided_by is not None and decided_by in group_of:
        group = group_of[decided_by]
    else:
        group = Group() if row is None else numbered.setdefault(row, Group())
    if is_decision:
        group.mark = "diamond"
    return group


def _decided_by(flow: SopFlow, gateway: _Element) -> _Element | None:
    """The activity whose outcome a gateway decides by: the one right before it, which nothing else follows."""
    node = gateway
    while len(flow.before[node]) == 1:
        [node] = flow.before[node]
        if not flow.is_left_once(node):
            return None
        if kind(node) in ACTIVITIES:
            return node
    return None


def _links(flow: SopFlow, source: _Element, group_of: Mapping[_Element, Group]) -> Iterator[Link]:
    """The next elements that stand in a row, past those that do not; each with the first name on its way."""
    seen: set[_Element] = set()
    todo = [(way.target, way.label) for way in reversed(flow.ways[source])]
    while todo:
        node, label = todo.pop()
        if node in group_of:
            yield Link(source, node, label)
        elif node not in seen:
            seen.add(node)
            todo += [(way.target, label or way.label) for way in reversed(flow.ways[node])]


def _fold_starts(flow: SopFlow, group_of: dict[_Element, Group], links: list[Link]) -> None:
    """Let the first activity bear the capsule of the start that leads to it alone."""
    for start in flow.starts:
        following = {group_of[link.target] for link in links if link.source is start}
        if len(following) == 1:
            _give_capsule(start, following.pop(), group_of)


def _fold_ends(flow: SopFlow, group_of: dict[_Element, Group], links: list[Link]) -> None:
    """Let the last activity bear the capsule of the end to which it alone leads, and which alone follows it."""
    for end in flow.ends:
        preceding = {group_of[link.source] for link in links if link.target is end}
        if len(preceding) == 1:
            last = preceding.pop()
            inside = {group_of[end], last}
            if all(group_of[link.target] in inside for link in links if group_of[link.source] is last):
                _give_capsule(end, last, group_of)


def _give_capsule(event: _Element, group: Group, group_of: dict[_Element, Group]) -> None:
    if group.mark == "box":
        own, group_of[event] = group_of[event], group
        group.mark, group.caption = own.mark, own.caption


def _ordered(flow: SopFlow, group_of: Mapping[_Element, Group]) -> list[Group]:
    """By `baris_sop`; a row without one stands behind the row before it on its way, an end of its own at the bottom."""
    places: dict[Group, tuple[float, int]] = {}
    latest = 0
    for node, group in group_of.items():
        latest = row_of(node) or latest
        if group not in places:
            places[group] = (inf if group.elements == [node] and node in flow.ends else latest, len(places))
    return sorted(places, key=places.__getitem__)
