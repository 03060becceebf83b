"""Looking into JSON columns, in either database's words."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Boolean, ColumnElement, any_, bindparam, cast, false, func, or_
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from app.engine.strict_json import MAX_SAFE_INTEGER


class array_has(FunctionElement[bool]):  # noqa: N801 - reads as the SQL function it stands for
    """Whether a JSON array holds a text: `array_has(column, text)`."""

    type = Boolean()
    inherit_cache = True


@compiles(array_has, "sqlite")
def _array_has_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    column, text = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value = {text})"  # noqa: S608 - both are compiled clauses


@compiles(array_has, "postgresql")
def _array_has_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    column, text = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{column} @> jsonb_build_array(CAST({text} AS text))"


def variable_is(column: ColumnElement[Any], name: str, text: str, *, sqlite: bool) -> ColumnElement[bool]:
    """Whether the JSON object has this value under the name: the text itself, or the number or truth it spells."""
    meant = [text, *_scalar(text)]
    if not sqlite:
        # Not with OR: one walk through an index finds any of these, together with what else it knows.
        return column.op("@>")(any_(array([cast(bindparam(None, {name: value}, JSONB), JSONB) for value in meant])))
    path = '$."' + name + '"'
    kind, value_there = func.json_type(column, path), func.json_extract(column, path)
    alternatives: list[ColumnElement[bool]] = [(kind == "text") & (value_there == text)]
    for value in meant[1:]:
        if isinstance(value, bool):
            alternatives.append(kind == ("true" if value else "false"))
        else:
            alternatives.append(kind.in_(["integer", "real"]) & (value_there == value))
    return or_(false(), *alternatives)


def _scalar(text: str) -> list[bool | int | float]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return []
    # No variable holds a number beyond these, and SQLite cannot even be asked for one.
    return [value] if isinstance(value, bool | int | float) and abs(value) <= MAX_SAFE_INTEGER else []
