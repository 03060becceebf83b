"""Moments, spans and judgements as officials read them, in Bahasa Indonesia."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from app.documents.identity import MONTHS
from app.engine.quality import duration_text, is_duration, span_text

#: Waktu Indonesia Barat, the time of the office
WIB = timezone(timedelta(hours=7), "WIB")
NONE = "–"
STATUS = {
    "active": "berjalan",
    "suspended": "dihentikan sementara",
    "completed": "selesai",
    "cancelled": "dibatalkan",
    "failed": "gagal",
}


def moment_text(moment: datetime | None) -> str:
    """Such as "4 Juli 2024 08.15.22 WIB"."""
    if moment is None:
        return NONE
    try:
        there = moment.astimezone(WIB)
    except OverflowError:
        there = moment.astimezone(UTC)
    return f"{there.day} {MONTHS[there.month - 1]} {there.year} {there:%H.%M.%S} {there.tzname()}"


def span_of(seconds: int | None) -> str:
    """How long something took, in days and parts of days."""
    return NONE if seconds is None else span_text(timedelta(seconds=seconds))


def round_text(number: int | None) -> str:
    """The number of a round."""
    return NONE if number is None else str(number)


def lateness(late: bool | None, standard_time: str | None) -> str:
    """Late or not, against which standard time."""
    if late is None:
        return NONE
    limit = f" (mutu baku {duration_text(standard_time)})" if standard_time and is_duration(standard_time) else ""
    return f"{'terlambat' if late else 'tepat waktu'}{limit}"


def stood_in(on_behalf_of: str | None, basis: str | None) -> str:
    """In whose name, by which letter; empty where somebody acts in their own."""
    if on_behalf_of is None:
        return ""
    return f"mewakili {on_behalf_of}" + (f", surat {basis}" if basis else "")
