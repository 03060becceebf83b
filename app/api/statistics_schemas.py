"""The body that tells how long work takes."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, Field

from app.api.schemas import Instant


class Spread(BaseModel):
    """Seconds; null where nothing is known."""

    median: float | None
    p90: float | None = Field(description="Nine of ten took no longer.")


class Late(BaseModel):
    """How often the standard time was not kept."""

    count: int
    of: int = Field(description="Completions of which the standard time is a limit: one of a day or longer.")
    share: float | None = Field(description="null where there are none of these")


class Rounds(BaseModel):
    """How often instances came to the element: the highest round that each completed."""

    mean: float
    median: float
    max: int


class _OfVersion(BaseModel):
    """Of which version, and when."""

    process_definition_key: str
    version: int
    process_definition_id: UUID
    month: str | None = Field(description="Such as `2026-07`; null for the whole period.")


class ElementStatistics(_OfVersion):
    """The completions of one user task."""

    element_id: str
    element_name: str | None
    count: int
    waiting_seconds: Spread = Field(description="From the opening until somebody took it.")
    working_seconds: Spread = Field(description="From then on until its completion.")
    total_seconds: Spread
    standard_time: str | None = Field(description="Mutu baku, as the version states it: an ISO 8601 duration.")
    standard_seconds: float | None = Field(description="The same in seconds of calendar time.")
    late: Late
    rounds: Rounds


class InstanceStatistics(_OfVersion):
    """The instances of one version: what started, and what ended, within the period."""

    started: int
    completed: int
    cancelled: int
    failed: int
    duration_seconds: Spread = Field(description="Of those completed, from their start.")


class Statistics(BaseModel):
    """How long work takes."""

    occurred_after: Instant
    occurred_before: Instant
    time_zone: str = Field(description="In which months begin.", examples=["Asia/Jakarta"])
    elements: list[ElementStatistics]
    process_instances: list[InstanceStatistics]
    truncated: bool = Field(description="Whether there is more than the 5,000 entries told: ask for less at once.")
