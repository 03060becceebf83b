"""The SOP sheet over HTTP: in the form that is asked for, and always that of the version that is asked about."""

from __future__ import annotations

import re

import pytest

from tests.engine.checks.drawing import END, START, drawing, element, in_lane, path, user_task
from tests.sop import SOP_FOLDER, As, read_folder

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

TASK = "<bpmn:flowNodeRef>pembentukan_tim</bpmn:flowNodeRef>"


def sheet_path(as_: As) -> str:
    [newest] = as_("perancang").get("/process-definitions", latest="true").json()["items"]
    return f"/process-definitions/{newest['id']}/sop-sheet"


def test_the_sheet_of_the_sop_has_its_six_rows_and_total(as_: As) -> None:
    sheet = as_("auditor").get(sheet_path(as_)).json()
    assert [row["lane"] for row in sheet["rows"]] == [
        "Kepala Badan",
        "Sekretaris",
        "Tim",
        "Ketua Tim Kerja Sekretariat",
        "Sekretaris",
        "Kepala Badan",
    ]
    assert (sheet["total"], sheet["total_text"]) == ("P47DT13M", "47 hari 13 menit")
    assert sheet["findings"] == []


def test_a_task_moved_to_another_lane_stands_in_another_column_of_the_new_version(as_: As) -> None:
    files = read_folder(SOP_FOLDER)
    diagram = files["penjenjangan-kinerja.bpmn"].decode()
    assert TASK in diagram
    moved = diagram.replace(TASK, "").replace('name="Tim">', f'name="Tim">{TASK}')
    before = sheet_path(as_)
    assert as_("perancang").deploy(files | {"penjenjangan-kinerja.bpmn": moved.encode()}).status_code == 201
    after = sheet_path(as_)
    assert as_("kepala").get(after).json()["rows"][1]["lane"] == "Tim"
    assert as_("kepala").get(before).json()["rows"][1]["lane"] == "Sekretaris"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("application/pdf", "application/pdf"),
        ("application/*;q=0.2, application/pdf;q=0.1, text/html;q=0.1", "application/json"),
        ("text/html;q=0, application/pdf;q=0.5", "application/pdf"),
    ],
)
def test_the_form_is_the_one_that_the_client_likes_best(as_: As, accept: str, media_type: str) -> None:
    response = as_("kepala").request("GET", sheet_path(as_), {"Accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"] == media_type
    assert response.headers["vary"] == "Accept"


def test_a_form_that_there_is_not_is_refused(as_: As) -> None:
    response = as_("kepala").request("GET", sheet_path(as_), {"Accept": "image/png"})
    assert (response.status_code, response.json()["type"]) == (406, "urn:jenjang:problem:not_acceptable")


def test_the_page_may_use_its_own_style_and_nothing_else(as_: As) -> None:
    response = as_("kepala").request("GET", sheet_path(as_), {"Accept": "text/html"})
    policy = response.headers["content-security-policy"]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        policy,
    )
    assert " style=" not in response.text
    assert "<script" not in response.text


def test_a_sheet_too_wide_for_paper_is_told_as_a_conflict_and_can_be_had_otherwise(as_: As) -> None:
    names = [f"t{number}" for number in range(13)]
    lanes = "".join(in_lane(f"lane_{name}", f"Bidang {name}", name) for name in names)
    tasks = "".join(user_task(name) for name in names)
    xml = drawing(lanes + START + tasks + END + path("mulai", *names, "selesai"))
    deployed = as_("perancang").deploy({"lebar.bpmn": xml}).json()
    sheet = f"/process-definitions/{deployed['process_definitions'][0]['id']}/sop-sheet"
    refused = as_("kepala").request("GET", sheet, {"Accept": "application/pdf"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:jenjang:problem:sop_sheet_too_wide")
    assert as_("kepala").request("GET", sheet, {"Accept": "text/html"}).status_code == 200


def test_a_sheet_with_more_arrows_than_fit_on_paper_is_told_as_a_conflict(as_: As) -> None:
    tasks = [f"t{number}" for number in range(60)]
    gateways = element("parallelGateway", "bagi") + element("parallelGateway", "kumpul")
    ways = "".join(path("bagi", task, "kumpul") for task in tasks) + path("mulai", "bagi") + path("kumpul", "selesai")
    xml = drawing(START + gateways + "".join(map(user_task, tasks)) + END + ways)
    deployed = as_("perancang").deploy({"banyak.bpmn": xml}).json()
    sheet = f"/process-definitions/{deployed['process_definitions'][0]['id']}/sop-sheet"
    refused = as_("kepala").request("GET", sheet, {"Accept": "application/pdf"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:jenjang:problem:sop_sheet_too_large")
