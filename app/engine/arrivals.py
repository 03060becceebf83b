"""By which of its flows a token has come to a join, once the diagram around it has changed."""

from __future__ import annotations

from typing import Any

from app.engine.alignment import Mapped


def flow_into(counterpart: Any, join: Any, source: Any, names: Mapped) -> str | None:
    """The element of the new version by which a token that came to a join from `source` has come.

    Where elements were put in or taken out between the two, it is the only flow that is new and lies on that way.
    """
    same = names.get(source.name)
    if same in counterpart._inputs:
        return same
    known = {names.get(name) for name in join._inputs}
    added = {spec.name: spec for spec in counterpart.inputs if spec.name not in known}
    back = {new: join._wf_spec.task_specs[old] for old, new in names.items()}
    found = [
        name
        for name, spec in added.items()
        if (same is not None and _leads(counterpart._wf_spec.task_specs[same], spec, counterpart))
        or (name in back and _leads(back[name], source, join))
    ]
    return found[0] if len(found) == 1 else None


def _leads(start: Any, goal: Any, join: Any) -> bool:
    """Whether flows lead from one element to another without passing the join."""
    seen, todo = {join.name}, [start]
    while todo:
        spec = todo.pop()
        if spec is goal:
            return True
        todo += [output for output in spec.outputs if output.name not in seen]
        seen.update(output.name for output in spec.outputs)
    return False
