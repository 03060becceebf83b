"""What the stream `access` tells of a query by which somebody read, or took out what is there."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

#: characters of a value that are kept for ever; no endpoint finds anything by longer ones
_MAX_VALUE = 255
#: of those, any number may be asked for at once; their values are words of ours
_REPEATABLE = "type"


def told_query(query: str) -> str:
    """What was asked, of bounded length: each parameter once, the last time, as the endpoint understood it.

    Nothing here can ever be erased. So cursors, which tell nothing, are left out, and of `variable=name:value` the
    value, which may be what somebody wrote about a person: only the name is kept.
    """
    parameters = parse_qsl(query, keep_blank_values=True)
    told = {name: value[:_MAX_VALUE] for name, value in parameters if name not in {"cursor", "variable", _REPEATABLE}}
    types = sorted({value[:_MAX_VALUE] for name, value in parameters if name == _REPEATABLE})
    variables = sorted({value.partition(":")[0] for name, value in parameters if name == "variable"})
    several = [(_REPEATABLE, type_) for type_ in types] + [("variable", name) for name in variables]
    return urlencode([*told.items(), *several])
