"""One office whose history is exported: instances with rejections, standing in, a cancellation, and odd characters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.storage.database import Database
from tests.conftest import Clock, World, closing_database, make_world
from tests.sop import PERFORMERS, Client, task_of, values_for
from tests.standing_in import stand_in

FORMULA = "=cmd|' /C calc'!A0"
#: what is hard to carry, for one format or another
ODD = "\u0001]]>&amp;\"'<b>\u202e\U0001f600\ufffe\tsatu\r\ndua\u2028"
UNIT = 'Subbagian "Program" & Data'

_BEGINNING = ("perintah_penyusunan", "pembentukan_tim", "rapat_koordinasi")
_FOLLOW_UP = ("unggah_esr", "distribusi_bidang", "unggah_situs_bappeda")


@dataclass
class Office:
    """A database with a history, and who asks for it."""

    world: World
    http: TestClient
    clock: Clock
    database: Database
    #: completed with two rejections, and by a deputy
    rejected: str = ""
    #: completed, with the same business key, nothing claimed
    plain: str = ""
    #: taken, given back, taken again
    running: str = ""
    #: taken, then cancelled
    cancelled: str = ""

    def as_(self, username: str) -> Client:
        return Client(self.http, self.world.tokens[username], username)

    def export(self, format_: str, **wanted: Any) -> bytes:
        response = self.as_("auditor").get("/history/export", format=format_, **wanted)
        assert response.status_code == 200, response.text
        return response.content

    def events(self, **wanted: Any) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.export("jsonl", **wanted).splitlines()]

    def everything(self) -> list[dict[str, Any]]:
        """What the interface tells of each instance, in the order of an export."""
        ids = sorted([self.rejected, self.plain, self.running, self.cancelled])
        return [event for instance_id in ids for event in self.as_("auditor").events(instance_id)]

    def claim(self, instance_id: str, element_id: str) -> str:
        person = self.as_(PERFORMERS[element_id])
        task = task_of(self.as_("admin").instance(instance_id), element_id)
        self.clock.advance(minutes=7)
        assert person.post(f"/user-tasks/{task['id']}/assignment").status_code == 200
        return str(task["id"])

    def complete(
        self, instance_id: str, element_id: str, *, by: str = "", comment: str | None = None, **v: Any
    ) -> None:
        person = self.as_(by or PERFORMERS[element_id])
        task = task_of(self.as_("admin").instance(instance_id), element_id)
        self.clock.advance(hours=5)
        variables = values_for(person, task) | v
        if v.get("keputusan") == "tidak":
            del variables["paraf_pemeriksaan"]
        body = {"variables": variables, "comment": comment}
        response = person.post(f"/user-tasks/{task['id']}/completion", body)
        assert response.status_code == 200, response.text


def _play(office: Office) -> None:
    as_, kepala = office.as_, office.as_("kepala")
    position = as_("admin").post("/positions", {"name": "Ketua Tim", "unit": UNIT}).json()["id"]
    assert as_("admin").request("PATCH", "/users/ketua", json={"position_id": position}).status_code == 200
    office.rejected = kepala.start(business_key="2025")["id"]
    for element_id in _BEGINNING:
        office.claim(office.rejected, element_id)
        office.complete(office.rejected, element_id)
    for note in (ODD, FORMULA):
        office.claim(office.rejected, "penyusunan_konsep")
        office.clock.advance(days=40)
        office.complete(office.rejected, "penyusunan_konsep", comment="+1")
        office.complete(office.rejected, "pemeriksaan_konsep", keputusan="tidak", catatan=note)
    for element_id in ("penyusunan_konsep", "pemeriksaan_konsep"):
        office.complete(office.rejected, element_id, comment=f"\ufeff {FORMULA}")
    stand_in(office.database, "sekretaris", "kepala", office.clock.now)
    office.complete(office.rejected, "penetapan", by="sekretaris")
    for element_id in _FOLLOW_UP:
        office.complete(office.rejected, element_id)
    office.plain = kepala.start(business_key="2025")["id"]
    elements = ("penyusunan_konsep", "pemeriksaan_konsep", "penetapan")
    for element_id in (*_BEGINNING, *elements, *reversed(_FOLLOW_UP)):
        office.complete(office.plain, element_id)
    office.running = kepala.start(business_key=ODD)["id"]
    task = office.claim(office.running, "perintah_penyusunan")
    office.clock.advance(minutes=1)
    assert kepala.request("DELETE", f"/user-tasks/{task}/assignment").status_code == 200
    office.claim(office.running, "perintah_penyusunan")
    office.cancelled = kepala.start(business_key=FORMULA)["id"]
    office.claim(office.cancelled, "perintah_penyusunan")
    reason = {"reason": "＝1+1"}
    assert as_("admin").post(f"/process-instances/{office.cancelled}/cancellation", reason).status_code == 200


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    """Played once for all tests, which only read."""
    clock = Clock()
    with (
        make_world(request, request.param) as world,
        closing_database(world.settings) as database,
        TestClient(create_app(world.settings, clock=clock), raise_server_exceptions=False) as http,
    ):
        made = Office(world, http, clock, database)
        _play(made)
        yield made
