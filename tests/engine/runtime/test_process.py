from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine import process
from app.engine.checks import check_diagram
from app.errors import ProcessStuck
from tests.engine.runtime.diagrams import DIAGRAMS, NOW, Play, drawn, flow
from tests.engine.runtime.sop import example_values, play_sop

LANES = (
    '<bpmn:laneSet><bpmn:lane name="Tim"><bpmn:flowNodeRef>\n kerja </bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>'
    '<bpmn:startEvent id="mulai"/><bpmn:userTask id="bentuk"><bpmn:extensionElements><spiffworkflow:postScript>'
    "lane_owners = x</spiffworkflow:postScript></bpmn:extensionElements></bpmn:userTask>"
    '<bpmn:userTask id="kerja"/>' + flow("mulai", "bentuk") + flow("bentuk", "kerja")
)


def test_the_sop_runs_from_the_order_to_the_last_receipt() -> None:
    play = play_sop()
    path = []
    rejected = False
    while play.step.status == "active":
        element = play.open[0]
        values = example_values(play.definition, element)
        if element == "pemeriksaan_konsep":
            values |= {"keputusan": "ya"} if rejected else {"keputusan": "tidak", "catatan": "Lengkapi indikator."}
            rejected = True
        path.append((element, play.task(element).round))
        play.complete(element, **values)
    assert path == [
        ("perintah_penyusunan", 1),
        ("pembentukan_tim", 1),
        ("rapat_koordinasi", 1),
        ("penyusunan_konsep", 1),
        ("pemeriksaan_konsep", 1),
        ("penyusunan_konsep", 2),
        ("pemeriksaan_konsep", 2),
        ("penetapan", 1),
        ("distribusi_bidang", 1),
        ("unggah_esr", 1),
        ("unggah_situs_bappeda", 1),
    ]
    assert play.step.events[-1].type == "process_instance_completed"


def test_the_team_of_the_sop_are_exactly_the_people_named_in_step_two() -> None:
    play = play_sop()
    play.complete("perintah_penyusunan")
    play.complete("pembentukan_tim", anggota_tim=["wati", "budi", "wati"])
    assert play.task("rapat_koordinasi").candidates == ("wati", "budi")
    play.complete("rapat_koordinasi")
    assert play.task("penyusunan_konsep").candidates is None


@pytest.mark.parametrize("owners", ["siti", ["siti"], {"Tim": "siti"}, {"Tim": []}, {"Tim": [""]}, {"Tim": [1]}, None])
def test_lane_owners_that_name_nobody_are_refused(owners: Any) -> None:
    play = Play(drawn(LANES))
    with pytest.raises(ProcessStuck) as stuck:
        play.complete("bentuk", x=owners)
    assert (stuck.value.code, stuck.value.element_id) == ("lane_owners_malformed", "bentuk")


@pytest.mark.parametrize("lane", ["tim", "administrator", ""])
def test_lane_owners_of_a_lane_that_is_not_there_are_refused(lane: str) -> None:
    play = Play(drawn(LANES))
    with pytest.raises(ProcessStuck) as stuck:
        play.complete("bentuk", x={"Tim": ["siti"], lane: ["budi"]})
    assert (stuck.value.code, stuck.value.element_id) == ("lane_owners_unknown_lane", "bentuk")
    assert f'"{lane}"' in stuck.value.detail


def test_lane_owners_that_stay_as_they_are_are_not_asked_again() -> None:
    old = Play(drawn(LANES))
    old.complete("bentuk", x={"Tim": ["siti"]})
    renamed = Play(drawn(LANES.replace('name="Tim"', 'name="Tim Penyusun"')))
    renamed.step = old.step
    assert renamed.complete("kerja").status == "completed"


def test_a_lane_is_found_though_white_space_stands_round_the_reference() -> None:
    play = Play(drawn(LANES))
    assert play.definition.user_tasks["kerja"].role == "Tim"
    assert play.complete("bentuk", x={"Tim": ["siti"]}).open_user_tasks[0].candidates == ("siti",)


def test_submitted_values_replace_variables_and_the_step_tells_old_and_new() -> None:
    play = Play("review_loop", x={"a": [1, 2], "b": 1})
    step = play.complete("tulis", x={"a": [3]}, y=None)
    assert step.variables["x"] == {"a": [3]}
    assert step.changes_as_json() == {
        "x": {"old": {"a": [1, 2], "b": 1}, "new": {"a": [3]}},
        "y": {"old": None, "new": None},
    }


def test_a_task_that_is_not_open_cannot_be_completed() -> None:
    play = Play("review_loop")
    state, task = play.step.state, play.task("tulis").element_task_id
    play.complete("tulis")
    for tried in (task, uuid4(), UUID(int=0)):
        with pytest.raises(ProcessStuck) as stuck:
            process.complete_user_task(play.definition, play.step.state, tried, {}, NOW)
        assert stuck.value.code == "user_task_not_ready"
    assert process.complete_user_task(play.definition, state, task, {}, NOW).status == "active"


def test_a_finished_process_has_its_variables_and_nothing_to_do() -> None:
    play = Play("review_loop", x=7)
    play.complete("tulis")
    play.complete("periksa")
    again = process.fire_timers(play.definition, play.step.state, NOW)
    assert (again.status, again.variables["x"], again.open_user_tasks) == ("completed", 7, ())


def test_a_cycle_without_rest_is_stopped() -> None:
    with pytest.raises(ProcessStuck) as stuck:
        Play("no_rest")
    assert stuck.value.code == "too_many_steps"


def test_scripts_run_before_and_after_and_a_called_process_gets_the_variables() -> None:
    play = Play("scripts", x=1)
    assert play.step.variables["x"] == 2
    play.complete("isi")
    assert (play.open, play.step.variables["x"], play.step.variables["y"]) == (["d_1"], 4, [2, 2])
    assert play.complete("d_1", x=9).variables["x"] == 9


def test_a_script_that_fails_names_its_element_and_what_is_missing() -> None:
    body = '<bpmn:startEvent id="m"/><bpmn:userTask id="u"/><bpmn:scriptTask id="s" name="Hitung">'
    body += "<bpmn:script>y = x + tidak_ada</bpmn:script></bpmn:scriptTask>"
    play = Play(drawn(body + flow("m", "u") + flow("u", "s")))
    with pytest.raises(ProcessStuck) as stuck:
        play.complete("u")
    assert (stuck.value.code, stuck.value.element_id) == ("expression_failed", "s")
    assert "tidak_ada" in stuck.value.detail


def test_a_process_that_only_a_message_starts_is_not_started_by_people() -> None:
    body = '<bpmn:startEvent id="m"><bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration>'
    body += '</bpmn:timerEventDefinition></bpmn:startEvent><bpmn:userTask id="u"/>'
    with pytest.raises(ProcessStuck) as stuck:
        Play(drawn(body + flow("m", "u")))
    assert stuck.value.code == "no_start_event"


@pytest.mark.parametrize("path", sorted(DIAGRAMS.glob("*.bpmn")), ids=lambda path: path.stem)
def test_every_diagram_of_the_tests_can_be_deployed_and_started(path: Path) -> None:
    problems = check_diagram(path.name, path.read_bytes(), {}).problems
    if path.stem == "no_rest":
        assert [problem.element_id for problem in problems] == ["putar"]
    else:
        assert problems == ()
        assert Play(path.stem).open
