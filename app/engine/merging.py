"""How the variables of parallel branches become one set again.

Each branch works on its own copy. Where branches meet, SpiffWorkflow lets the last one overwrite everything, so that
a value changed in branch a reverts when b, which still has the old one, ends last; and it merges lists item by item.
Here the data at the split is the base, and each branch contributes only what it *changed*, in the order in which the
branches ended. A value is replaced whole, never changed in place: so branches may share values they did not change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from SpiffWorkflow.task import Task

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delta:
    """What differs between two sets of variables."""

    updated: Data
    removed: tuple[str, ...]

    @classmethod
    def between(cls, base: Mapping[str, Any], data: Mapping[str, Any]) -> Delta:
        """What turns `base` into `data`."""
        updated = {name: value for name, value in data.items() if name not in base or not same(base[name], value)}
        return cls(updated, tuple(name for name in base if name not in data))

    def apply(self, base: Mapping[str, Any]) -> Data:
        """`base` with the changes made; `base` itself is left alone."""
        data = {**base, **self.updated}
        for name in self.removed:
            data.pop(name, None)
        return data


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same. Python finds 1, 1.0 and True equal; JSON does not."""
    return one is other or (one == other and _canonical(one) == _canonical(other))


def _canonical(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def merged(base: Mapping[str, Any], branches: Iterable[Mapping[str, Any]]) -> Data:
    """`base` with the changes of each branch, a later branch over an earlier one."""
    data = dict(base)
    for branch in branches:
        data = Delta.between(base, branch).apply(data)
    return data


def merged_branches(tips: Sequence[Task], data_of: Callable[[Task], Data]) -> Data:
    """The variables of a process as seen from all its branches at once.

    `tips` are tasks where branches stand. Splits may be nested: the branches of an inner split are merged over its
    own data first, and the result counts as one branch of the outer split, which ended when its last tip did.
    """
    return _merged_from(0, [(_lineage(tip), tip) for tip in tips], data_of)


def _merged_from(depth: int, lines: list[tuple[list[Task], Task]], data_of: Callable[[Task], Data]) -> Data:
    if len(lines) == 1:
        return data_of(lines[0][1])
    fork = depth
    while len({line[fork].id if fork < len(line) else None for line, _ in lines}) == 1:
        fork += 1
    branches: dict[Any, list[tuple[list[Task], Task]]] = {}
    for line, tip in lines:
        # a tip that others descend from (a repeating timer) is the split itself and changes nothing
        if fork < len(line):
            branches.setdefault(line[fork].id, []).append((line, tip))
    in_order = sorted(branches.values(), key=lambda branch: max(tip.last_state_change for _, tip in branch))
    return merged(lines[0][0][fork - 1].data, [_merged_from(fork, branch, data_of) for branch in in_order])


def _lineage(task: Task) -> list[Task]:
    """From the root of the tree down to the task."""
    line = [task]
    while (parent := line[-1].parent) is not None:
        line.append(parent)
    return line[::-1]
