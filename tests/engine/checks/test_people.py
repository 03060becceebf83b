"""People: lanes that nobody holds, four eyes that may leave nobody."""

from __future__ import annotations

import pytest

from app.engine.checks import Report, check_diagram
from app.engine.checks.people import Holders
from app.errors import Problem
from tests.engine.checks.drawing import END, START, drawing, element, extended, path, user_task, with_properties


def lane(identifier: str, name: str, *members: str) -> str:
    references = "".join(f"<bpmn:flowNodeRef>{member}</bpmn:flowNodeRef>" for member in members)
    return element("lane", identifier, references, f'name="{name}"')


def script(text: str) -> str:
    return extended(f"<spiffworkflow:postScript>{text}</spiffworkflow:postScript>")


def office(pisah_tugas: str = "susun", post_script: str = "catatan = 1") -> bytes:
    """The Tim drafts and reviews, the Sekretaris examines."""
    lanes = lane("tim", "Tim", "susun", "ulas") + lane("sekretaris", "Sekretaris", "periksa")
    lanes += lane("arsip", "Arsip", "mulai")
    inside = user_task("susun", script(post_script)) + user_task("ulas")
    inside += user_task("periksa", with_properties(pisah_tugas=pisah_tugas))
    flows = path("mulai", "susun", "ulas", "periksa", "selesai")
    return drawing(element("laneSet", "jalur", lanes) + START + inside + END + flows)


def held(**people: str) -> Holders:
    return {role: frozenset(names.split()) for role, names in people.items()}


def warnings(xml: bytes, holders: Holders | None) -> list[tuple[str, str | None]]:
    found = check_diagram("proses.bpmn", xml, {}, holders)
    assert found.problems == ()
    return [(warning.code, warning.element_id) for warning in about_people(found)]


def about_people(found: Report) -> list[Problem]:
    """The warnings without that these diagrams are not drawn."""
    return [warning for warning in found.warnings if warning.code != "drawing_missing"]


def test_nothing_is_asked_where_nobody_is_known() -> None:
    assert warnings(office(), None) == []


def test_each_lane_that_holds_user_tasks_wants_a_holder() -> None:
    assert warnings(office(), {}) == [("lane_without_holder", "tim"), ("lane_without_holder", "sekretaris")]
    assert warnings(office(), held(Tim="siti", Sekretaris="budi")) == []
    [warning] = about_people(check_diagram("proses.bpmn", office(), {}, held(Sekretaris="budi")))
    assert warning.reason == 'No active user holds the role "Tim": nobody can do the tasks of lane "Tim".'


@pytest.mark.parametrize(
    "assigned", ['{"Tim": anggota}', '({"Sekretaris": anggota,\n"Tim": anggota})', '{"Tim":\nanggota}']
)
def test_a_lane_of_which_a_script_names_the_people_needs_no_holder(assigned: str) -> None:
    named = office(post_script=f'anggota = ["siti"]\nlane_owners = {assigned}')
    assert warnings(named, held(Sekretaris="budi")) == []


def test_a_script_that_names_people_for_no_lane_is_refused_at_its_line() -> None:
    named = office(post_script='lane_owners = {"Tim": ["siti"], "tim": [], "Arsip": []}')
    [problem] = check_diagram("proses.bpmn", named, {}, None).problems
    assert (problem.code, problem.element_id) == ("lane_owners_unknown_lane", "susun")
    assert problem.reason == (
        'User task "susun": a script names people for the lane "tim", but no task can lie in a lane of that name.'
    )
    assert problem.hint.endswith("There are: Arsip, Sekretaris, Tim.")
    assert "postScript" in named.decode().splitlines()[problem.line - 1]


def test_a_lane_that_is_divided_is_none_to_name_people_for() -> None:
    inner = element("childLaneSet", "bagian", lane("tim", "Tim", "isi"))
    lanes = element("laneSet", "jalur", element("lane", "bidang", inner, 'name="Bidang"'))
    body = START + user_task("isi", script('lane_owners = {"Bidang": [], "Tim": []}')) + END
    problems = check_diagram("proses.bpmn", drawing(lanes + body + path("mulai", "isi", "selesai")), {}).problems
    assert ["Bidang" in problem.reason for problem in problems] == [True]


@pytest.mark.parametrize("name", ["lane_owners = ditunjuk", "tim = ditunjuk"])
def test_a_script_that_does_not_say_which_lanes_it_names_excuses_none(name: str) -> None:
    named = office(post_script=f'ditunjuk = {{"Tim": ["siti"]}}\n{name}')
    assert warnings(named, held(Sekretaris="budi")) == [("lane_without_holder", "tim")]


@pytest.mark.parametrize(
    ("pisah_tugas", "tim", "sekretaris", "somebody"),
    [
        ("susun", "siti", "budi", True),
        ("susun", "siti budi", "budi", False),
        ("susun", "siti budi", "budi tono", True),
        ("susun,ulas", "siti budi tono", "budi tono", False),
        ("susun,ulas", "siti budi", "budi tono", True),
        ("susun,ulas", "siti budi tono", "siti budi tono", True),
    ],
)
def test_four_eyes_leave_somebody_whoever_did_the_other_tasks(
    pisah_tugas: str, tim: str, sekretaris: str, somebody: bool
) -> None:
    found = warnings(office(pisah_tugas), held(Tim=tim, Sekretaris=sekretaris))
    assert found == ([] if somebody else [("four_eyes_leaves_nobody", "periksa")])


def test_a_long_list_of_elements_is_not_followed_to_its_end() -> None:
    names = [f"t{number}" for number in range(200)]
    inside = "".join(map(user_task, names)) + user_task("periksa", with_properties(pisah_tugas=",".join(names)))
    xml = drawing(START + inside + END + path("mulai", *names, "periksa", "selesai"))
    crowd = frozenset(f"orang{number}" for number in range(60))
    assert {code for code, _ in warnings(xml, {"administrator": crowd})} == {"user_task_without_lane"}


def test_whom_a_script_will_name_is_not_known() -> None:
    named = office(post_script='lane_owners = {"Tim": ["budi"]}')
    assert warnings(named, held(Tim="budi", Sekretaris="budi")) == []
