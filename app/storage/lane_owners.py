"""`lane_owners`: the process variable by which a diagram names the people of a lane in one instance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.engine.step import Step
from app.errors import FieldError, FormRefused, json_pointer
from app.storage import people


def require_active_people(session: Session, step: Step, submitted: Mapping[str, Any]) -> None:
    """Refuse a step that hands a lane to somebody who is not an active user.

    Raises:
        FormRefused: at the submitted value that names them.
    """
    if "lane_owners" not in step.changes:
        return
    named = {name for names in step.variables.get("lane_owners", {}).values() for name in names}
    unknown = people.unknown_or_inactive(session, named)
    if unknown:
        places = dict(_texts(submitted, ["variables"]))
        raise FormRefused(
            errors=[
                FieldError(pointer, "unknown_user", f"{text} bukan pengguna aktif.")
                for pointer, text in places.items()
                if text in unknown
            ]
            or [FieldError("/variables", "unknown_user", f"Bukan pengguna aktif: {', '.join(sorted(unknown))}.")]
        )


def _texts(value: Any, steps: list[str | int]) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield json_pointer(steps), value
        case list():
            for index, item in enumerate(value):
                yield from _texts(item, [*steps, index])
        case dict():
            for key, item in value.items():
                yield from _texts(item, [*steps, key])
