"""Mutu baku: the quality standard that an SOP sheet states for each activity (PermenPANRB 35/2012)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

#: calendar days; the SOP's own total (47 days 13 minutes) is right only so: a standard time is a span, not an instant
_UNITS = {
    "years": timedelta(days=365),
    "months": timedelta(days=30),
    "weeks": timedelta(days=7),
    "days": timedelta(days=1),
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
    "seconds": timedelta(seconds=1),
}
_UNIT_NAMES = {
    "years": "tahun",
    "months": "bulan",
    "weeks": "minggu",
    "days": "hari",
    "hours": "jam",
    "minutes": "menit",
    "seconds": "detik",
}
_NUMBER = r"(?P<{}>\d{{1,5}}(?:[.,]\d{{1,3}})?){}"
_DURATION = re.compile(
    "P(?=[0-9T])"
    + "".join(f"(?:{_NUMBER.format(unit, letter)})?" for unit, letter in zip(_UNITS, "YMWD", strict=False))
    + "(?:T(?=[0-9])"
    + "".join(f"(?:{_NUMBER.format(unit, letter)})?" for unit, letter in zip(list(_UNITS)[4:], "HMS", strict=True))
    + ")?",
    re.ASCII,
)


class DurationMalformed(ValueError):
    """The text is not an ISO 8601 duration such as P3D, P1W or PT10M."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What the SOP sheet says of one activity; None where it says nothing."""

    #: what is needed to begin
    kelengkapan: str | None = None
    #: the standard time, an ISO 8601 duration
    waktu: str | None = None
    #: what comes out
    output: str | None = None
    #: remarks
    keterangan: str | None = None
    #: row of the sheet, from "1"; activities with the same row fold into it
    baris_sop: str | None = None


def standard_time(waktu: str) -> timedelta:
    """Read an ISO 8601 duration as calendar time: a week is 7, a month 30, a year 365 days.

    Raises:
        DurationMalformed
    """
    matched = _DURATION.fullmatch(waktu)
    if matched is None:
        raise DurationMalformed(waktu)
    amounts = ((unit, number) for unit, number in matched.groupdict().items() if number)
    return sum((_UNITS[unit] * float(number.replace(",", ".")) for unit, number in amounts), timedelta())


def is_duration(text: str) -> bool:
    """Whether a text is a standard time."""
    return _DURATION.fullmatch(text) is not None


def total(qualities: Iterable[Quality]) -> timedelta:
    """Sum the standard times of the activities that have one."""
    return sum_of(standard_time(quality.waktu) for quality in qualities if quality.waktu)


def sum_of(spans: Iterable[timedelta]) -> timedelta:
    """Add up spans; what is longer than a timedelta can hold (2.7 million years) is that long."""
    try:
        return sum(spans, timedelta())
    except OverflowError:
        return timedelta.max


def duration_text(waktu: str) -> str:
    """A standard time as the sheet says it, in the units its author chose: P1M is "1 bulan", not "30 hari".

    Raises:
        DurationMalformed
    """
    matched = _DURATION.fullmatch(waktu)
    if matched is None:
        raise DurationMalformed(waktu)
    return " ".join(f"{_amount(number)} {_UNIT_NAMES[unit]}" for unit, number in matched.groupdict().items() if number)


def span_text(span: timedelta) -> str:
    """A sum as the sheet says it: in days and parts of days, such as "47 hari 13 menit"."""
    hours, seconds = divmod(span.seconds, 3600)
    parts = {"days": span.days, "hours": hours, "minutes": seconds // 60, "seconds": seconds % 60}
    said = [f"{number} {_UNIT_NAMES[unit]}" for unit, number in parts.items() if number]
    return " ".join(said) or f"0 {_UNIT_NAMES['minutes']}"


def _amount(number: str) -> str:
    whole, comma, fraction = number.replace(".", ",").partition(",")
    return f"{int(whole)}{comma}{fraction}"
