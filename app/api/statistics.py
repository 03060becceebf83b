"""Statistics of the history: how long work takes, and how often it is done again."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Query, Response

from app import permissions
from app.api import problems
from app.api.dependencies import Moment, Read, shown
from app.api.filter_parameters import Count, Identifier
from app.api.route import asks, authenticated_router
from app.api.statistics_schemas import ElementStatistics, InstanceStatistics, Late, Rounds, Spread, Statistics
from app.permissions import Operation
from app.queries.read_statistics import MeasuredElement, MeasuredVersion, read_statistics
from app.storage.aggregates import TIME_ZONE
from app.storage.statistics import Wanted

router = authenticated_router("/history", "history")

_YEAR = timedelta(days=366)


@router.get(
    "/statistics",
    responses=problems.declared(403),
    response_model=Statistics,
    openapi_extra=asks(Operation.READ_STATISTICS),
)
def tell_statistics(
    reading: Read,
    process_definition_key: Identifier = None,
    version: Count = None,
    element_id: Identifier = None,
    occurred_after: Annotated[
        Moment | None, Query(description="Without it, the 366 days before `occurred_before` are looked at.")
    ] = None,
    occurred_before: Annotated[Moment | None, Query(description="Without it, now.")] = None,
    per: Annotated[Literal["month"] | None, Query(description="Tell each calendar month (WIB) by itself.")] = None,
) -> Response:
    """User tasks that were completed, by version and element, and instances that started and ended, by version.

    Times are whole seconds of calendar time; percentiles lie between two of them in proportion. An answer that takes
    the database longer than half a minute is given up (503): ask for a shorter period, or one process.
    """
    permissions.require(Operation.READ_STATISTICS, reading.actor)
    before = occurred_before or reading.now
    wanted = Wanted(
        occurred_after=occurred_after or _a_year_before(before),
        occurred_before=before,
        process_definition_key=process_definition_key,
        version=version,
        element_id=element_id,
        per_month=per == "month",
    )
    found = reading.ask(lambda session: read_statistics(session, wanted))
    reading.record()
    return shown(
        Statistics(
            occurred_after=wanted.occurred_after,
            occurred_before=wanted.occurred_before,
            time_zone=TIME_ZONE,
            elements=[_element(each) for each in found.elements],
            process_instances=[_version(each) for each in found.versions],
            truncated=found.truncated,
        )
    )


def _a_year_before(moment: datetime) -> datetime:
    try:
        return moment - _YEAR
    except OverflowError:
        return datetime.min.replace(tzinfo=moment.tzinfo)


def _element(measured: MeasuredElement) -> ElementStatistics:
    figures = measured.figures
    share = round(figures.late / figures.limited, 4) if figures.limited else None
    return ElementStatistics(
        **_of_version(measured),
        element_id=figures.element_id,
        element_name=measured.name,
        count=figures.count,
        waiting_seconds=Spread(median=figures.waiting_median, p90=figures.waiting_p90),
        working_seconds=Spread(median=figures.working_median, p90=figures.working_p90),
        total_seconds=Spread(median=figures.total_median, p90=figures.total_p90),
        standard_time=measured.standard_time,
        standard_seconds=measured.standard_seconds,
        late=Late(count=figures.late, of=figures.limited, share=share),
        rounds=Rounds(mean=round(figures.rounds_mean, 4), median=figures.rounds_median, max=figures.rounds_max),
    )


def _version(measured: MeasuredVersion) -> InstanceStatistics:
    figures = asdict(measured.figures)
    counts = {name: figures[name] for name in ("started", "completed", "cancelled", "failed")}
    duration = Spread(median=figures["duration_median"], p90=figures["duration_p90"])
    return InstanceStatistics(**_of_version(measured), **counts, duration_seconds=duration)


def _of_version(measured: MeasuredElement | MeasuredVersion) -> dict[str, Any]:
    version = measured.version
    return {
        "process_definition_key": version.key,
        "version": version.version,
        "process_definition_id": version.id,
        "month": measured.figures.month,
    }
