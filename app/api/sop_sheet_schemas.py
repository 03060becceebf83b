"""The SOP sheet as clients get it."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from app.api.schemas import Answer, DiagramProblem


class SopRow(Answer):
    """One line of the flow table."""

    number: int
    description: str = Field(description="The uraian prosedur.")
    lane: str = Field(description="The column in which the mark stands.")
    mark: Literal["capsule", "box", "diamond"]
    caption: str | None = Field(description="What stands inside a capsule.")
    kelengkapan: str | None
    waktu: timedelta | None = Field(description="Calendar time; a week is 7, a month 30 days.")
    waktu_text: str = Field(description="As the sheet says it.", examples=["1 bulan"])
    output: str | None
    keterangan: str | None
    elements: list[str] = Field(description="Ids of the elements that the row stands for.")


class SopConnector(Answer):
    """An arrow from one row's mark to another's."""

    source: int = Field(description="Number of the row that it leaves.")
    target: int
    label: str | None = Field(examples=["Tidak"])
    is_backward: bool


class SopSheet(Answer):
    """Identity block and flow table of a process (PermenPANRB 35/2012)."""

    key: str
    name: str
    identity: dict[str, str] = Field(description="What the diagram states of the process, such as `nomor_sop`.")
    lanes: list[str]
    rows: list[SopRow]
    connectors: list[SopConnector]
    total: timedelta
    total_text: str = Field(examples=["47 hari 13 menit"])
    findings: list[DiagramProblem] = Field(description="What the sheet cannot show, or lacks.")
