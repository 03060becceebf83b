"""Moments as people read them."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(moment: datetime) -> str:
    """A moment in UTC, as it stands in the words of an answer."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
