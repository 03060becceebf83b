"""SOP sheets made of a line or two, for tests of how they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from app.engine.sop_rows import Mark
from app.engine.sop_sheet import Connector, Row, SopSheet, read_sheet
from tests.sop import SOP_FOLDER

SOP = read_sheet("penjenjangan_kinerja", (SOP_FOLDER / "penjenjangan-kinerja.bpmn").read_bytes())


def sheet(
    lanes: Sequence[int],
    connectors: Sequence[tuple[int, int] | tuple[int, int, str]],
    *,
    description: str = "Melaksanakan kegiatan.",
    columns: int | None = None,
) -> SopSheet:
    """Rows in these lanes, given by their index, and arrows between rows, given by their numbers."""
    names = tuple(f"Pelaksana {index}" for index in range(columns or max(lanes) + 1))
    exits = [source for source, *_ in connectors]
    rows = [_row(number, names[lane], exits.count(number) > 1, description) for number, lane in enumerate(lanes, 1)]
    arrows = tuple(Connector(source, target, label[0] if label else None) for source, target, *label in connectors)
    total = timedelta(days=len(rows))
    return SopSheet("proses", "Uji", {}, names, tuple(rows), arrows, total, f"{total.days} hari", ())


def _row(number: int, lane: str, is_decision: bool, description: str) -> Row:
    mark: Mark = "diamond" if is_decision else "box"
    day = timedelta(days=1)
    return Row(number, description, lane, mark, None, "Surat", day, "1 hari", "Disposisi", None, (f"e{number}",))
