"""An office in which much has happened: processes, versions, people, rounds, late work, some in another's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.testclient import TestClient

from app.main import create_app
from app.storage.database import Database
from tests.conftest import Clock, World, closing_database
from tests.diagrams_in_text import single_task
from tests.sop import As, Client, advance, advance_through
from tests.standing_in import stand_in

_TO_EXAMINATION = ("perintah_penyusunan", "pembentukan_tim", "rapat_koordinasi", "penyusunan_konsep")


@dataclass(frozen=True)
class BusyOffice:
    """What has happened, told by the lists of each instance alone."""

    as_: As
    database: Database
    clock: Clock
    instances: list[dict[str, Any]]
    #: of all instances, in the order in which they are listed: newest first
    events: list[dict[str, Any]]


def events_in_order(as_: As, instances: list[dict[str, Any]]) -> list[dict[str, Any]]:
    events = [event for instance in instances for event in as_("admin").events(instance["id"])]
    return sorted(events, key=place, reverse=True)


def place(event: dict[str, Any]) -> tuple[datetime, str, int]:
    return datetime.fromisoformat(event["occurred_at"]), event["process_instance_id"], event["sequence"]


def open_office(world: World) -> Iterator[BusyOffice]:
    clock = Clock()
    with closing_database(world.settings) as database:
        application = create_app(world.settings, clock=clock)
        with TestClient(application, raise_server_exceptions=False) as http:
            as_: As = lambda username: Client(http, world.tokens[username], username)  # noqa: E731 - as the fixture
            started = list(_work(as_, database, clock))
            instances = [as_("admin").instance(each["id"]) for each in started]
            yield BusyOffice(as_, database, clock, instances, events_in_order(as_, instances))


def _work(as_: As, database: Database, clock: Clock) -> Iterator[dict[str, Any]]:
    slow = _walker(as_, clock, days=4)
    quick = _walker(as_, clock, hours=1)
    yield slow(as_("kepala").start(business_key="satu"), 2, to_the_end=True)
    yield quick(as_("kepala").start(business_key="dua"), 3, to_the_end=False)
    yield quick(as_("kepala").start(business_key="tiga"), 1, to_the_end=True)
    fourth = as_("kepala").start(business_key="empat")
    as_("admin").post(f"/process-instances/{fourth['id']}/cancellation", {"reason": "Salah mulai."})
    yield fourth
    for script in ("", "tahun = 2031"):
        files = {"kecil.bpmn": single_task("kecil", script=script)}
        assert as_("perancang").deploy(files).status_code == 201
        small = as_("anggota2").start("kecil")
        clock.advance(minutes=7)
        (task,) = small["user_tasks"]
        stand_in(database, "orang_luar", "anggota3", clock.now)
        assert as_("orang_luar").post(f"/user-tasks/{task['id']}/assignment").status_code == 200
        assert as_("orang_luar").complete(task, {}).status_code == 200
        clock.advance(days=40)
        yield small
    yield as_("anggota1").start("kecil", business_key="satu")
    clock.advance(minutes=1)


def _walker(as_: As, clock: Clock, **step: float) -> Callable[..., dict[str, Any]]:
    """Who goes through the SOP in steps of that long."""

    def walk(instance: dict[str, Any], rounds: int, *, to_the_end: bool) -> dict[str, Any]:
        clock.advance(**step)
        instance = advance(as_, instance, "perintah_penyusunan", tahun=2025 + rounds)
        for element in _TO_EXAMINATION[1:]:
            clock.advance(**step)
            instance = advance(as_, instance, element)
        for _ in range(rounds - 1):
            clock.advance(**step)
            instance = advance(as_, instance, "pemeriksaan_konsep", keputusan="tidak")
            clock.advance(**step)
            instance = advance(as_, instance, "penyusunan_konsep")
        if not to_the_end:
            return instance
        instance = advance(as_, instance, "pemeriksaan_konsep")
        clock.advance(**step)
        return advance_through(as_, instance, ("penetapan", "distribusi_bidang", "unggah_esr", "unggah_situs_bappeda"))

    return walk
