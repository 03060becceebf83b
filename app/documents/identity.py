"""The identity block of an SOP sheet as officials read it (PermenPANRB 35/2012)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.engine.sop_sheet import SopSheet

#: what stands where the diagram says nothing
NOT_STATED = "–"

#: as officials write dates
MONTHS = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)
_DATES = ("tanggal_pembuatan", "tanggal_revisi", "tanggal_efektif", "tanggal_pengesahan")
_SECTIONS = {
    "dasar_hukum": "Dasar Hukum",
    "kualifikasi_pelaksana": "Kualifikasi Pelaksana",
    "keterkaitan": "Keterkaitan",
    "peralatan": "Peralatan/Perlengkapan",
    "peringatan": "Peringatan",
    "pencatatan": "Pencatatan dan Pendataan",
}


@dataclass(frozen=True, slots=True)
class Section:
    """One field of the lower part: a heading and its points."""

    heading: str
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdentityBlock:
    """What stands above the flow table."""

    title: str
    unit: str
    number: str
    #: caption and date in words, such as ("Tanggal Revisi", "4 Juli 2024")
    dates: tuple[tuple[str, str], ...]
    approved_by: str
    approver_position: str
    #: in pairs, left and right
    sections: tuple[Section, ...]


def read_identity(sheet: SopSheet) -> IdentityBlock:
    """The block of a sheet, `NOT_STATED` where the diagram says nothing."""
    stated = {name: text for name, value in sheet.identity.items() if (text := " ".join(value.split()))}
    return IdentityBlock(
        title=stated.get("nama_sop", sheet.name),
        unit=stated.get("unit", NOT_STATED),
        number=stated.get("nomor_sop", NOT_STATED),
        dates=tuple((name.replace("_", " ").title(), _date_text(stated.get(name))) for name in _DATES),
        approved_by=stated.get("disahkan_oleh", NOT_STATED),
        approver_position=stated.get("jabatan_pengesah", ""),
        sections=tuple(Section(heading, _items(sheet.identity.get(name, ""))) for name, heading in _SECTIONS.items()),
    )


def date_of(identity: Mapping[str, str]) -> date | None:
    """The day on which the sheet was approved, else took effect, was revised or made; None where none is stated."""
    dates = (_date(identity.get(name, "")) for name in reversed(_DATES))
    return next((each for each in dates if each is not None), None)


def _items(text: str) -> tuple[str, ...]:
    return tuple(item for line in text.splitlines() if (item := " ".join(line.split())))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _date_text(text: str | None) -> str:
    """A date in words; what is no date as its author wrote it."""
    day = _date(text or "")
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}" if day else text or NOT_STATED
