"""Made-up instances of the SOP's shape, with their events, as the text that COPY reads.

What would be random bytes in each row comes from lists that are used over and over, of lengths without a common factor:
to draw anew for each of very many events would take longer than all else.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from uuid import UUID

_ELEMENTS = (
    *("perintah_penyusunan", "pembentukan_tim", "rapat_koordinasi", "penyusunan_konsep", "pemeriksaan_konsep"),
    *("penetapan", "distribusi_bidang", "unggah_esr", "unggah_situs_bappeda"),
)
_DRAFTING, _EXAMINING = "penyusunan_konsep", "pemeriksaan_konsep"
ACTORS = tuple(f"pegawai{number:02}" for number in range(1, 41))
RARE_ACTORS = tuple(f"tamu{number:03}" for number in range(1, 501))
_ROLES = ("Kepala Badan", "Sekretaris", "Ketua Tim Kerja Sekretariat", "Tim")
FIRST, LAST = datetime(2021, 1, 1, tzinfo=UTC), datetime(2026, 6, 30, tzinfo=UTC)
_SENT_BACK, _CLAIMED, _LATE, _IN_ANOTHERS_NAME, _BY_A_GUEST = 0.35, 0.25, 0.15, 0.02, 0.001
_CANCELLED, _STILL_ACTIVE = 0.25, 0.20
_LETTER = "800/1201/2025"
_FIELDS, _FIELD_WEIGHTS = ("Sekretariat", "Ekonomi", "Fisik", "Arsip"), (70, 20, 9.9, 0.1)
#: as COPY has it
_NULL = "\\N"
_OF_NO_TASK = _NO_FIGURES = "\t".join([_NULL] * 4)
_DAY = 86_400

EVENT_COLUMNS = (
    *("process_instance_id", "sequence", "occurred_at", "type", "element_id", "element_name", "round"),
    *("user_task_id", "actor", "on_behalf_of", "basis", "request_id", "process_definition_id", "version"),
    *("payload", "payload_salt", "state_after", "decision", "waiting_seconds", "duration_seconds", "late"),
    *("format", "hash", "previous_hash"),
)
INSTANCE_COLUMNS = (
    *("id", "process_definition_id", "business_key", "status", "state", "revision", "variables", "started_by"),
    *("started_at", "ended_at", "highest_round", "late", "duration_seconds", "last_sequence", "last_event_at"),
    "last_hash",
)
PARTICIPANT_COLUMNS = ("process_instance_id", "basis", "name")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a made-up process."""

    id: UUID
    number: int
    #: behind the ids of its elements
    suffix: str


class Days:
    """The events of each day, and how its moments are written."""

    def __init__(self) -> None:
        # What began on the last day goes on for a while.
        count = (LAST - FIRST).days + 1000
        self.events: list[list[str]] = [[] for _ in range(count)]
        self._dates = [str((FIRST + timedelta(days=number)).date()) for number in range(count)]
        self._times = [str(timedelta(seconds=second)).rjust(8, "0") for second in range(_DAY)]
        self._told = 0

    def moment(self, second: int, fraction: str) -> str:
        """So many seconds behind the first."""
        day, of_day = divmod(second, _DAY)
        return f"{self._dates[day]} {self._times[of_day]}{fraction}"

    def over(self, second: int | None) -> list[str]:
        """The events of all days before this moment that were not told yet, day by day. None: all that there are."""
        until = len(self.events) if second is None else second // _DAY
        lines = [line for day in range(self._told, until) for line in self.events[day]]
        self.events[self._told : until] = [[] for _ in range(self._told, until)]
        self._told = until
        return lines


class Chance:
    """What is drawn very often, from lists made once."""

    def __init__(self) -> None:
        self.random = random.Random(2025)  # noqa: S311 - no secret
        often = self.random.choices(ACTORS, [1 / rank for rank in range(1, len(ACTORS) + 1)], k=200_000)
        self._names = iter(n if self.happens(1 - _BY_A_GUEST) else self.random.choice(RARE_ACTORS) for n in often)
        self.spans = cycle([int(self.random.expovariate(1 / 100_000)) for _ in range(9_973)])
        #: who acted, with all names among it
        self.persons = cycle([self._person() for _ in range(99_991)])
        self.seals = cycle([f"\\\\x{self.hex(32)}\t\\\\x{self.hex(128)}" for _ in range(65_521)])
        self.hashes = cycle([f"\\\\x{self.hex(64)}\t\\\\x{self.hex(64)}" for _ in range(32_749)])
        self.ids = cycle([f"7{self.hex(3)}-8{self.hex(3)}-{self.hex(12)}" for _ in range(104_729)])

    def happens(self, share: float) -> bool:
        """Whether something does that is so often so."""
        return self.random.random() < share

    def hex(self, digits: int) -> str:
        """Random digits."""
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def _person(self) -> tuple[str, tuple[str, ...]]:
        actor, request = next(self._names), self.hex(32)
        if not self.happens(_IN_ANOTHERS_NAME):
            return f"{actor}\t{_NULL}\t{_NULL}\t{request}", (actor,)
        principal = next(self._names)
        return f"{actor}\t{principal}\t{_LETTER}\t{request}", (actor, principal)


class Instance:
    """One instance, from its start to where it stands; its events are added to those of the days."""

    def __init__(self, chance: Chance, days: Days, number: int, version: Version, started: timedelta) -> None:
        self._chance, self._days, self._number, self._version = chance, days, number, version
        self._began = self._now = int(started.total_seconds())
        self._fraction = f".{started.microseconds:06}+00"
        time = f"{int((FIRST + started).timestamp() * 1000):012x}"
        self._time = f"{time[:8]}-{time[8:]}-"
        # The number makes it unique whatever was drawn.
        self._id = f"{self._time}7{chance.hex(3)}-8{chance.hex(3)}-{number:012x}"
        self._of_version = f"{version.id}\t{version.number}"
        self._sequence = 0
        self._names: set[str] = set()
        self._late = False
        self._round = 1
        self._status = "active"
        self._live()

    def _live(self) -> None:
        rounds = 1
        while self._chance.happens(_SENT_BACK):
            rounds += 1
        loop = [(element, round_) for round_ in range(1, rounds + 1) for element in (_DRAFTING, _EXAMINING)]
        path = [*((e, 1) for e in _ELEMENTS[:3]), *loop, *((e, 1) for e in _ELEMENTS[5:])]
        fate = self._chance.random.random()
        ends_early = fate < _CANCELLED + _STILL_ACTIVE
        stop = int(self._chance.random.random() * len(path)) if ends_early else len(path)
        self._add("process_instance_started", f'{{"business_key": "jenjang-{self._number:07}"}}')
        for element, round_ in path[:stop]:
            self._user_task(element, round_, sent_back=element == _EXAMINING and round_ < rounds)
        if not ends_early or fate < _CANCELLED:
            self._status = "cancelled" if ends_early else "completed"
            figures = f"{_NULL}\t{_NULL}\t{self._now - self._began}\t{_NULL}"
            self._add(f"process_instance_{self._status}", '{"timing": {}}', figures=figures)

    def _user_task(self, element: str, round_: int, *, sent_back: bool) -> None:
        chance = self._chance
        self._round = max(self._round, round_)
        about = (
            f"{element}{self._version.suffix}\t{element.replace('_', ' ')}\t{round_}\t{self._time}{next(chance.ids)}"
        )
        self._add("user_task_opened", '{"candidates": null}', about)
        late, waiting = chance.happens(_LATE), next(chance.spans) // 3
        working = next(chance.spans) + (600_000 if late else 0)
        self._now += waiting
        if chance.happens(_CLAIMED):
            self._add("user_task_claimed", '{"assignee": "x"}', about)
        self._now += working
        self._late |= late
        decision = ("tidak" if sent_back else "ya") if element == _EXAMINING else _NULL
        figures = f"{decision}\t{waiting}\t{waiting + working}\t{'t' if late else 'f'}"
        told = f'{{"variables": {{"nomor": {self._number}}}, "comment": null, "flows": ["f1", "f2"], "timing": {{}}}}'
        self._add("user_task_completed", told, about, figures)
        if decision != _NULL:
            way = "Dikembalikan" if sent_back else "Disetujui"
            gateway = f"keputusan{self._version.suffix}\tDisetujui?\t{_NULL}\t{_NULL}"
            told = f'{{"flows": [{{"id": "f3", "name": "{way}"}}]}}'
            self._add("gateway_decided", told, gateway, f"{way}\t{_NULL}\t{_NULL}\t{_NULL}")

    def _add(self, type_: str, payload: str, about: str = _OF_NO_TASK, figures: str = _NO_FIGURES) -> None:
        chance = self._chance
        self._sequence += 1
        person, names = next(chance.persons)
        self._names.update(names)
        self._days.events[self._now // _DAY].append(
            f"{self._id}\t{self._sequence}\t{self._days.moment(self._now, self._fraction)}\t{type_}\t{about}\t{person}"
            f"\t{self._of_version}\t{payload}\t{next(chance.seals)}\t{figures}\t2\t{next(chance.hashes)}\n"
        )

    def row(self) -> str:
        """The instance itself, once its events are told."""
        ended, started = self._status != "active", self._days.moment(self._began, self._fraction)
        year = started[:4]
        (field,) = self._chance.random.choices(_FIELDS, _FIELD_WEIGHTS)
        variables = f'{{"tahun": {year}, "nomor_surat": "{self._number}/{year}", "bidang": "{field}"}}'
        now = self._days.moment(self._now, self._fraction)
        return (
            f"{self._id}\t{self._version.id}\tjenjang-{self._number:07}\t{self._status}\t\\\\x{self._chance.hex(400)}"
            f"\t{self._sequence}\t{variables}\t{min(self._names)}\t{started}\t{now if ended else _NULL}"
            f"\t{self._round}\t{'t' if self._late else 'f'}\t{self._now - self._began if ended else _NULL}"
            f"\t{self._sequence}\t{now}\t\\\\x{self._chance.hex(64)}\n"
        )

    def participants(self) -> Iterator[str]:
        """Who may take part, and who did."""
        yield from (f"{self._id}\trole\t{role}\n" for role in _ROLES)
        yield from (f"{self._id}\tacted\t{name}\n" for name in self._names)
