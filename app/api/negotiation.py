"""Which of several representations a client wants (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.errors import NotAcceptable

_QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII)


def preferred(accept: str, offered: Sequence[str]) -> str:
    """The offered media type that an Accept header likes best; of equals the first, as without any header.

    Raises:
        NotAcceptable
    """
    ranges = dict(map(_parsed, accept.split(","))) if accept.strip() else {"*/*": 1.0}
    liked = {media_type: _quality(media_type, ranges) for media_type in offered}
    best = max(liked, key=liked.__getitem__)
    if liked[best] == 0:
        raise NotAcceptable(f"This can be had as {', '.join(offered)}.")
    return best


def _parsed(part: str) -> tuple[str, float]:
    media_range, *parameters = (each.strip().lower() for each in part.split(";"))
    qualities = [float(found[1]) for each in parameters if (found := _QUALITY.fullmatch(each))]
    return media_range, qualities[0] if qualities else 1.0


def _quality(media_type: str, ranges: dict[str, float]) -> float:
    """By the most specific range that names the type."""
    kind = media_type.partition("/")[0]
    named = (ranges[each] for each in (media_type, f"{kind}/*", "*/*") if each in ranges)
    return next(named, 0.0)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header likes gzip no less than the bare bytes; not without any header."""
    codings = dict(map(_parsed, accept_encoding.split(",")))
    gzip = codings.get("gzip", codings.get("*", 0.0))
    return gzip > 0 and gzip >= codings.get("identity", 0.0)
