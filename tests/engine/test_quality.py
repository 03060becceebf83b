"""Mutu baku: standard times as an SOP sheet counts them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.engine.quality import DurationMalformed, Quality, duration_text, span_text, standard_time, total


@pytest.mark.parametrize(
    ("waktu", "span"),
    [
        ("PT3M", timedelta(minutes=3)),
        ("P3D", timedelta(days=3)),
        ("P1W", timedelta(days=7)),
        ("P1M", timedelta(days=30)),
        ("P1Y", timedelta(days=365)),
        ("PT1H30M", timedelta(minutes=90)),
        ("P1DT12H", timedelta(hours=36)),
        ("PT1,5H", timedelta(minutes=90)),
        ("PT45S", timedelta(seconds=45)),
    ],
)
def test_a_duration_is_read_as_calendar_time(waktu: str, span: timedelta) -> None:
    assert standard_time(waktu) == span


@pytest.mark.parametrize(
    "waktu", ["", "P", "PT", "P1DT", "3 hari", "1D", "p1d", " P1D", "P-1D", "P1D2W", "P\u0661D", "P1e9D"]
)
def test_anything_else_is_no_duration(waktu: str) -> None:
    with pytest.raises(DurationMalformed):
        standard_time(waktu)


def test_the_standard_times_of_the_sop_add_up_to_47_days_13_minutes() -> None:
    sheet = [Quality(waktu=waktu) for waktu in ("PT3M", "P3D", "P1W", "P1M", "P1W", "PT10M", None)]
    assert total(sheet) == timedelta(days=47, minutes=13)


@pytest.mark.parametrize(
    ("waktu", "said"),
    [
        ("P1M", "1 bulan"),
        ("P1W", "1 minggu"),
        ("PT03M", "3 menit"),
        ("P1DT12H", "1 hari 12 jam"),
        ("PT1.5H", "1,5 jam"),
    ],
)
def test_a_duration_is_said_in_the_units_of_its_author(waktu: str, said: str) -> None:
    assert duration_text(waktu) == said


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(days=47, minutes=13), "47 hari 13 menit"),
        (timedelta(hours=25, seconds=5), "1 hari 1 jam 5 detik"),
        (timedelta(), "0 menit"),
    ],
)
def test_a_sum_is_said_in_days_and_parts_of_days(span: timedelta, said: str) -> None:
    assert span_text(span) == said
