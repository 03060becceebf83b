from __future__ import annotations

from datetime import timedelta

import pytest

from app.engine import process
from app.errors import ProcessStuck
from tests.engine.runtime.diagrams import NOW, Play, drawn, flow


def timer(kind: str, text: str) -> str:
    return f"<bpmn:timerEventDefinition><bpmn:{kind}>{text}</bpmn:{kind}></bpmn:timerEventDefinition>"


def waiting(kind: str, text: str) -> Play:
    body = f'<bpmn:startEvent id="mulai"/><bpmn:intermediateCatchEvent id="tunggu">{timer(kind, text)}'
    body += '</bpmn:intermediateCatchEvent><bpmn:userTask id="lanjut"/>'
    return Play(drawn(body + flow("mulai", "tunggu") + flow("tunggu", "lanjut")))


@pytest.mark.parametrize(
    ("kind", "text", "hours"),
    [
        ("timeDuration", "PT1H", 1),
        ("timeDuration", '"PT1H"', 1),
        ("timeDuration", "P1D", 24),
        ("timeDate", "2026-07-04T03:00:00Z", 2),
        # without a zone it is Western Indonesia Time, seven hours ahead of UTC
        ("timeDate", "2026-07-04T10:00:00", 2),
        ("timeDate", "2026-07-05", 16),
    ],
)
def test_a_timer_is_due_to_the_moment_it_names(kind: str, text: str, hours: int) -> None:
    play = waiting(kind, text)
    assert play.step.next_due_at == NOW + timedelta(hours=hours)
    assert play.wait(hours=hours - 0.001).events == ()
    step = play.wait(hours=0.001)
    assert [(event.type, event.element_id) for event in step.events] == [("timer_fired", "tunggu")]
    assert (play.open, step.next_due_at) == (["lanjut"], None)


def test_a_timer_for_the_past_passes_at_once() -> None:
    play = waiting("timeDate", "2020-01-01")
    assert play.open == ["lanjut"]
    assert play.step.events[0].type == "timer_fired"


@pytest.mark.parametrize("text", ["besok", '"besok"', "x", "PT", '"R/besok"'])
def test_a_timer_that_is_no_time_stops_the_process_at_its_element(text: str) -> None:
    with pytest.raises(ProcessStuck) as stuck:
        waiting("timeDuration", text)
    assert stuck.value.element_id == "tunggu"


def test_an_overdue_deadline_does_not_eat_the_completion_of_its_task() -> None:
    play = Play("deadline")
    play.now += timedelta(days=30)
    step = play.complete("kerjakan", ulang=False)
    assert [event.type for event in step.events] == ["gateway_decided", "process_instance_completed"]


def test_a_deadline_takes_its_task_away_and_opens_the_next_round_anew() -> None:
    play = Play("deadline")
    first = play.task("kerjakan")
    assert [event.element_id for event in play.wait(hours=1).events] == ["lewat_waktu"]
    assert play.open == ["eskalasi"]
    with pytest.raises(ProcessStuck) as stuck:
        process.complete_user_task(play.definition, play.step.state, first.element_task_id, {}, play.now)
    assert stuck.value.code == "user_task_not_ready"
    play.complete("eskalasi", ulang=True)
    assert play.task("kerjakan").round == 2
    assert play.step.next_due_at == play.now + timedelta(hours=1)


def test_reminders_leave_the_task_open_and_stop_when_they_are_used_up() -> None:
    play = Play("reminders")
    fired = []
    while (due := play.step.next_due_at) is not None:
        play.wait(hours=(due - play.now) / timedelta(hours=1))
        fired += [event.element_id for event in play.step.events]
    assert fired == ["sekali", "berulang", "berulang", "berulang"]
    assert play.open == ["kerjakan", "ingatkan", "tegur", "tegur", "tegur"]
    play.complete("kerjakan")
    assert play.open == ["ingatkan", "tegur", "tegur", "tegur", "lanjut"]


def test_a_repeating_timer_that_missed_many_of_its_times_fires_once_a_call() -> None:
    play = Play("reminders")
    play.wait(hours=1000)
    assert play.open == ["kerjakan", "ingatkan", "tegur"]
    assert play.step.next_due_at is not None
    assert play.step.next_due_at < play.now


def test_an_event_gateway_goes_on_with_the_first_event() -> None:
    play = Play("event_gateway")
    assert play.complete("kirim").open_user_tasks == ()
    assert [event.element_id for event in play.wait(hours=1).events] == ["batas"]
    assert play.open == ["telepon"]


def test_an_error_goes_to_the_boundary_event_of_its_own_subprocess_only() -> None:
    play = Play("caught_error")
    play.complete("kanan_1", b=True)
    assert play.open == ["kiri_1", "kanan_pulih"]


def test_an_error_that_nothing_catches_fails_the_instance_and_tells_its_code() -> None:
    play = Play("uncaught_error")
    step = play.complete("kiri_1", x=3)
    assert (step.status, step.open_user_tasks, step.next_due_at, step.variables["x"]) == ("failed", (), None, 3)
    (event,) = step.events
    assert (event.type, event.element_id) == ("process_instance_failed", "kiri_gagal")
    assert event.payload == {"error_code": "E-7", "error_name": "Ditolak"}


def test_a_terminate_end_event_closes_the_other_branches() -> None:
    step = Play("terminate").complete("b")
    assert (step.status, step.open_user_tasks) == ("completed", ())


def test_what_a_repeating_timer_opened_outlives_the_activity_and_the_timer() -> None:
    play = Play("endless_reminder", a=False)
    play.wait(hours=1)
    play.wait(hours=1)
    play.complete("tegur", x="ditegur")
    play.complete("kerjakan")
    assert (play.open, play.step.next_due_at) == (["tegur"], None)
    step = play.complete("tegur")
    assert (step.status, step.variables["x"]) == ("completed", "ditegur")


def test_a_deadline_takes_away_the_activity_and_leaves_what_its_reminders_opened() -> None:
    play = Play("endless_reminder")
    play.wait(hours=1)
    play.wait(hours=1)
    play.wait(hours=1)
    assert play.open == ["tegur", "tegur", "tegur", "alihkan"]
    assert play.step.next_due_at is None


def test_a_deadline_over_several_instances_takes_all_of_them_away_and_keeps_what_they_entered() -> None:
    play = Play("multi_instance_deadline", n=3)
    play.complete("ukur_1", x=7)
    play.wait(hours=1)
    assert play.open == ["ukur_1", "ukur_1", "ukur_2"]
    play.complete("ukur_1")
    play.wait(hours=2)
    assert (play.open, play.step.next_due_at, play.step.variables["x"]) == (["susulan"], None, 7)
    assert play.complete("susulan").status == "completed"
