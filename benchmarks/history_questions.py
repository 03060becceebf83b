"""What auditors ask of a long history: each question with the values that it is asked with in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from app.storage.event_search import EventFilter
from app.storage.process_instance_search import ProcessInstanceFilter
from benchmarks.history_rows import ACTORS, FIRST, LAST, RARE_ACTORS

F = TypeVar("F", EventFilter, ProcessInstanceFilter)

_SOP, _RARE_PROCESS = "proses_1", "proses_6"
_ELEMENTS = ("penetapan", "pemeriksaan_konsep", "unggah_esr", "penetapan_3", "penetapan_6")
_TYPES = ("user_task_completed", "process_instance_cancelled")
#: what a fifth has, of which none is at work now
_OF_LONG_AGO = (("tahun", "2021"),)
#: amid the years that are filled
_AMID = datetime(2022, 1, 15, tzinfo=UTC)
_MONTHS = tuple(_AMID + timedelta(days=31 * number) for number in range(15))


@dataclass(frozen=True, slots=True)
class Question(Generic[F]):
    """One way to ask."""

    name: str
    asked: Sequence[F]
    sort: str | None = None
    #: what makes a question begin amid the answer
    amid: dict[str, Any] = field(default_factory=dict)

    def deep(self, wanted: F) -> F:
        """The same, of the later half alone: the cursor of its first page leads deep into the whole."""
        return replace(wanted, **self.amid)


def _year(number: int, instances: int) -> int:
    """In which the instance of this number started."""
    return (FIRST + (LAST - FIRST) / instances * number).year


def of_events(instances: int) -> list[Question[EventFilter]]:
    """Questions about events of all instances. Args: `instances` that there are."""
    month = {"occurred_after": _AMID, "occurred_before": _AMID + timedelta(days=31)}
    some = range(0, instances, max(1, instances // 20))
    asked: dict[str, list[dict[str, Any]]] = {
        "nothing": [{}],
        "period": [{"occurred_after": start, "occurred_before": start + timedelta(days=31)} for start in _MONTHS],
        "actor": [{"actor": name} for name in ACTORS[::4]],
        "actor, rare": [{"actor": name} for name in RARE_ACTORS[::50]],
        "actor, period": [{"actor": name} | month for name in (*ACTORS[::8], *RARE_ACTORS[::100])],
        "element": [{"element_id": name} for name in _ELEMENTS],
        "element, period": [{"element_id": name} | month for name in _ELEMENTS],
        "type": [{"types": (name,)} for name in ("user_task_completed", "process_instance_cancelled")],
        "types": [{"types": ("user_task_claimed", "process_instance_cancelled", "process_instance_failed")}],
        "definition": [{"process_definition_key": key} for key in (_SOP, "proses_3", _RARE_PROCESS)],
        "definition, version": [{"process_definition_key": _SOP, "version": version} for version in (1, 4)],
        "definition, type": [
            {"process_definition_key": key, "types": (type_,)}
            for key in (_SOP, _RARE_PROCESS)
            for type_ in ("user_task_completed", "process_instance_cancelled", "process_instance_failed")
        ],
        "decision": [{"decision": name} for name in ("ya", "tidak", "Dikembalikan", "lain")],
        "decision, period": [{"decision": name} | month for name in ("ya", "tidak", "lain")],
        "late": [{"late": True}, {"late": False}],
        "late, definition": [{"late": True, "process_definition_key": key} for key in (_SOP, _RARE_PROCESS)],
        "late, element": [{"late": True, "element_id": name} for name in _ELEMENTS],
        "round ≥ n": [{"round_at_least": number} for number in (2, 3, 5, 8, 12)],
        "round ≥ n, element": [{"round_at_least": number, "element_id": "penyusunan_konsep"} for number in (2, 5, 9)],
        "duration": [{"duration_at_least": days * 86400} for days in (1, 5, 10, 15, 40)],
        "duration, definition": [
            {"duration_at_least": days * 86400, "process_definition_key": key}
            for days in (1, 10)
            for key in (_SOP, _RARE_PROCESS)
        ],
        "business key": [{"business_key": f"jenjang-{number:07}"} for number in some],
        "variable, of one instance": [{"variables": (("nomor_surat", f"{n}/{_year(n, instances)}"),)} for n in some],
        "variable, of a fifth": [{"variables": (("tahun", str(year)),)} for year in (2021, 2023, 2025)],
        "variable, of a thousandth": [{"variables": (("bidang", "Arsip"),)}],
        "variables, two": [{"variables": (*_OF_LONG_AGO, ("bidang", "Fisik"))}],
        "variable, type": [{"variables": _OF_LONG_AGO, "types": (name,)} for name in _TYPES],
        "variable, element": [{"variables": _OF_LONG_AGO, "element_id": name} for name in _ELEMENTS],
        "variable, definition": [
            {"variables": _OF_LONG_AGO, "process_definition_key": key} for key in (_SOP, "proses_3", _RARE_PROCESS)
        ],
        "variable, actor": [{"variables": _OF_LONG_AGO, "actor": name} for name in (*ACTORS[::8], RARE_ACTORS[50])],
        "variable, decision": [{"variables": _OF_LONG_AGO, "decision": name} for name in ("ya", "tidak")],
        "variable, late": [{"variables": _OF_LONG_AGO, "late": True}],
    }
    amid = {"occurred_before": _AMID + timedelta(days=15)}
    questions = [Question(n, [EventFilter(**each) for each in a], amid=amid) for n, a in asked.items()]
    # Where hardly any instance that has it is still at work.
    ends = {"occurred_before": _AMID + timedelta(days=45)}
    questions.append(Question("variable, at its end", [EventFilter(variables=_OF_LONG_AGO)], amid=ends))
    period = EventFilter(occurred_before=LAST)
    questions.append(Question("period, long", [period, replace(period, element_id="penetapan")], amid=amid))
    sorted_by_duration = Question(
        "sorted by duration", [EventFilter()], "-duration_seconds", {"duration_at_most": 90_000}
    )
    return [*questions, sorted_by_duration, Question("sorted by round", [EventFilter(round_at_least=2)], "-round")]


def of_instances(instances: int) -> list[Question[ProcessInstanceFilter]]:
    """Questions about instances. Args: `instances` that there are."""
    some = range(0, instances, max(1, instances // 20))
    asked: dict[str, list[dict[str, Any]]] = {
        "nothing": [{}],
        "period": [{"started_after": start, "started_before": start + timedelta(days=31)} for start in _MONTHS],
        "ended in a period": [{"ended_after": start, "ended_before": start + timedelta(days=31)} for start in _MONTHS],
        "actor": [{"actor": name} for name in ACTORS[::4]],
        "actor, rare": [{"actor": name} for name in RARE_ACTORS[::50]],
        "element": [{"element_id": name} for name in _ELEMENTS],
        "definition": [{"process_definition_key": key} for key in (_SOP, "proses_3", _RARE_PROCESS)],
        "definition, version": [{"process_definition_key": _SOP, "version": version} for version in (1, 4)],
        "decision": [{"decision": name} for name in ("ya", "tidak", "Dikembalikan", "lain")],
        "late": [{"late": True}, {"late": False}],
        "late, definition": [{"late": True, "process_definition_key": key} for key in (_SOP, _RARE_PROCESS)],
        "round ≥ n": [{"round_at_least": number} for number in (2, 3, 5, 8, 12)],
        "duration": [{"duration_at_least": days * 86400} for days in (10, 30, 60, 90)],
        "business key": [{"business_key": f"jenjang-{number:07}"} for number in some],
        "variable, of one instance": [{"variables": (("nomor_surat", f"{n}/{_year(n, instances)}"),)} for n in some],
        "variable, of a fifth": [{"variables": (("tahun", str(year)),)} for year in (2021, 2023, 2025)],
        "variable, of a thousandth": [{"variables": (("bidang", "Arsip"),)}],
        "variables, two": [{"variables": (*_OF_LONG_AGO, ("bidang", "Fisik"))}],
        "variable, status": [{"variables": _OF_LONG_AGO, "status": status} for status in ("active", "completed")],
        "variable, element": [{"variables": _OF_LONG_AGO, "element_id": name} for name in _ELEMENTS[:3]],
        "variable, definition": [
            {"variables": _OF_LONG_AGO, "process_definition_key": key} for key in (_SOP, "proses_3")
        ],
        "variable, actor": [{"variables": _OF_LONG_AGO, "actor": name} for name in ACTORS[::8]],
        "variable, late": [{"variables": _OF_LONG_AGO, "late": True}],
    }
    amid = {"started_before": _AMID + timedelta(days=15)}
    questions = [Question(n, [ProcessInstanceFilter(**each) for each in a], amid=amid) for n, a in asked.items()]
    begins = {"started_before": FIRST + timedelta(days=3)}
    questions.append(Question("variable, at its end", [ProcessInstanceFilter(variables=_OF_LONG_AGO)], amid=begins))
    questions.append(Question("period, long", [ProcessInstanceFilter(started_before=LAST)], amid=amid))
    longest = Question(
        "sorted by duration", [ProcessInstanceFilter()], "-duration_seconds", {"duration_at_most": 900_000}
    )
    return [*questions, longest]
