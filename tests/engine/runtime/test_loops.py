from __future__ import annotations

from typing import Any

import pytest

from app.errors import ProcessStuck
from tests.engine.runtime.diagrams import Play


def test_each_instance_of_a_multi_instance_task_is_an_open_task_with_a_round_of_its_own() -> None:
    play = Play("multi_instance_parallel", daftar=["siti", "budi", "wati"])
    step = play.complete("undang")
    assert [(task.element_id, task.round) for task in step.open_user_tasks] == [
        ("jawab", 1),
        ("jawab", 2),
        ("jawab", 3),
    ]


def test_answers_are_collected_in_the_order_of_the_list_whoever_answers_first() -> None:
    play = Play("multi_instance_parallel")
    play.complete("undang")
    assert play.complete("jawab", number=1, nilai="b").variables["jawaban"] == ["b"]
    assert play.complete("jawab", nilai="a").variables["jawaban"] == ["a", "b"]
    assert play.open == ["simpulkan"]
    assert "nilai" not in play.step.variables
    assert "nama" not in play.step.variables


def test_a_later_round_begins_with_an_empty_collection() -> None:
    play = Play("multi_instance_parallel")
    play.complete("undang")
    play.complete("jawab", nilai="a")
    play.complete("jawab", nilai="b")
    play.complete("simpulkan", ulang=True)
    assert play.step.variables["jawaban"] == []
    play.complete("jawab", nilai="c")
    assert play.step.variables["jawaban"] == ["c"]


def test_an_instance_does_not_take_back_what_another_changed() -> None:
    play = Play("multi_instance_subprocess", n=2, x=1, y=1)
    play.complete("ukur_1", x=2)
    play.complete("ukur_1", y=3)
    play.complete("ukur_2")
    play.complete("ukur_2")
    assert play.open == ["simpulkan"]
    assert (play.step.variables["x"], play.step.variables["y"]) == (2, 3)


def test_instances_in_sequence_go_on_from_each_others_variables() -> None:
    play = Play("multi_instance_early_end", daftar=["siti", "budi"])
    play.complete("setujui", nilai=1)
    assert play.open == ["urut"]
    assert play.step.variables["setuju"] == [1]
    play.complete("urut", x=2)
    assert (play.open, play.step.variables["x"]) == (["urut"], 2)
    play.complete("urut")
    assert (play.open, play.step.variables["x"]) == (["simpulkan"], 2)


def test_no_instances_at_all_pass_straight_on() -> None:
    assert Play("multi_instance_subprocess", n=0).open == ["simpulkan"]
    play = Play("multi_instance_parallel", daftar=[])
    assert play.complete("undang").variables["jawaban"] == []
    assert play.open == ["simpulkan"]


@pytest.mark.parametrize("count", [101, -1, 1.5, True, "3", None, [1]])
def test_a_senseless_number_of_instances_is_refused(count: Any) -> None:
    with pytest.raises(ProcessStuck) as stuck:
        Play("multi_instance_subprocess", n=count)
    assert (stuck.value.code, stuck.value.element_id) == ("instances_malformed", "ukur")


@pytest.mark.parametrize("diagram", ["multi_instance_parallel", "multi_instance_sequential"])
@pytest.mark.parametrize("collection", [["siti", None], "siti", 3, ["x"] * 101])
def test_a_senseless_collection_is_refused(diagram: str, collection: Any) -> None:
    play = Play(diagram)
    with pytest.raises(ProcessStuck) as stuck:
        play.complete("undang", daftar=collection)
    assert stuck.value.element_id == "jawab"


def test_an_answer_that_is_missing_is_named() -> None:
    play = Play("multi_instance_sequential")
    play.complete("undang")
    with pytest.raises(ProcessStuck) as stuck:
        play.complete("jawab")
    assert (stuck.value.code, stuck.value.element_id) == ("variable_missing", "jawab")


def test_a_standard_loop_repeats_while_its_condition_holds() -> None:
    play = Play("standard_loop", ulang=True)
    play.complete("isi", x=2)
    play.complete("isi", x=3)
    step = play.complete("isi", ulang=False)
    assert (play.open, step.variables["x"]) == (["simpulkan"], 3)


def test_an_item_hides_a_process_variable_of_its_name_and_leaves_it_alone() -> None:
    for diagram in ("multi_instance_parallel", "multi_instance_sequential"):
        play = Play(diagram, nama="di luar", nilai="di luar")
        play.complete("undang")
        play.complete("jawab", nilai="a")
        play.complete("jawab", nilai="b")
        variables = play.step.variables
        assert (variables["nama"], variables["nilai"], variables["jawaban"]) == ("di luar", "di luar", ["a", "b"])
    play = Play("multi_instance_early_end", nama="di luar", daftar=["siti"])
    play.complete("setujui", nilai=1)
    assert play.complete("urut", x=2).variables["nama"] == "di luar"
