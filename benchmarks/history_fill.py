"""A history as an office of many years has it, made up and written by COPY: whole instances, without the engine.

What is sealed is random bytes, so nothing of it can be verified: it is there to be searched.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from app.storage.database import Database

#: (share of the instances, versions); the elements of all but the first have ids of their own
_PROCESSES = ((0.70, 4), (0.15, 3), (0.08, 2), (0.04, 2), (0.025, 1), (0.005, 1))
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
_OF_NO_TASK = "\t".join([_NULL] * 4)

EVENT_COLUMNS = (
    *("process_instance_id", "sequence", "occurred_at", "type", "element_id", "element_name", "round"),
    *("user_task_id", "actor", "on_behalf_of", "basis", "request_id", "process_definition_id", "version"),
    *("payload", "payload_salt", "state_after", "decision", "waiting_seconds", "duration_seconds", "late"),
    *("format", "hash", "previous_hash"),
)
_INSTANCE_COLUMNS = (
    *("id", "process_definition_id", "business_key", "status", "state", "revision", "variables", "started_by"),
    *("started_at", "ended_at", "highest_round", "late", "duration_seconds", "last_sequence", "last_event_at"),
    "last_hash",
)
_PARTICIPANT_COLUMNS = ("process_instance_id", "basis", "name")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a made-up process."""

    id: UUID
    number: int
    #: behind the ids of its elements
    suffix: str


@dataclass(frozen=True, slots=True)
class Filled:
    """How much was written."""

    instances: int
    events: int


def fill(database: Database, instances: int, tell: Callable[[str], None]) -> Filled:
    """Fill a PostgreSQL, then index and analyse it as if it had grown over the years."""
    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        # As the owner of a copy restored from a dump would: nobody waits for the disk, nothing is checked twice.
        for setting in ("fsync = off", "max_wal_size = '4GB'"):
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '1GB'")
        indexes = _drop_indexes(connection)
        events = _copy(connection, _versions(connection), instances, tell)
        for definition in indexes:
            tell(definition.partition(" USING")[0])
            connection.execute(definition)
        for setting in ("fsync", "max_wal_size"):
            connection.execute(f"ALTER SYSTEM RESET {setting}")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    return Filled(instances, events)


def _drop_indexes(connection: psycopg.Connection[Any]) -> list[str]:
    """Take off the indexes that only searches need. Returns: what makes them again."""
    rows = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('event', 'process_instance', 'participant')"
        " AND indexname LIKE 'ix_%'"
    ).fetchall()
    for name, _ in rows:
        connection.execute(f"DROP INDEX {name}")
    return [definition for _, definition in rows]


def _versions(connection: psycopg.Connection[Any]) -> list[list[Version]]:
    """The versions of each process: copies of the deployed one under other keys, which is what is searched by."""
    found = []
    for index, (_, count) in enumerate(_PROCESSES):
        key = f"proses_{index + 1}"
        connection.execute("INSERT INTO process (key, last_version) VALUES (%s, %s)", (key, count))
        of_process = []
        for number in range(1, count + 1):
            version = Version(UUID(int=(index << 64) + number), number, f"_{index + 1}" if index else "")
            connection.execute(
                "INSERT INTO process_definition SELECT %s, deployment_id, %s, %s, name, file_name, sha256, fingerprint,"
                " xml, status, reviewed_by, reviewed_at, review_reason FROM process_definition LIMIT 1",
                (version.id, key, number),
            )
            of_process.append(version)
        found.append(of_process)
    return found


def _copy(
    connection: psycopg.Connection[Any], versions: list[list[Version]], count: int, tell: Callable[[str], None]
) -> int:
    """Write instances in the order in which they started, and events in that in which they happened, day by day."""
    chance = _Chance()
    step = (LAST - FIRST) / count
    weights = [share for share, _ in _PROCESSES]
    days: defaultdict[int, list[str]] = defaultdict(list)
    instances: list[str] = []
    participants: list[str] = []
    written = 0
    for number in range(count):
        started = FIRST + step * number
        (of_process,) = chance.random.choices(versions, weights)
        version = of_process[min(len(of_process) - 1, number * len(of_process) // count)]
        made = _Instance(chance, number, version, started)
        for day, line in made.events():
            days[day].append(line)
        instances.append(made.row())
        participants.extend(made.participants())
        if number % 20_000 == 19_999 or number == count - 1:
            over = [day for day in days if day < started.toordinal() or number == count - 1]
            lines = [line for day in sorted(over) for line in days.pop(day)]
            _write(connection, "process_instance", _INSTANCE_COLUMNS, instances)
            _write(connection, "participant", _PARTICIPANT_COLUMNS, participants)
            _write(connection, "event", EVENT_COLUMNS, lines)
            written += len(lines)
            instances, participants = [], []
            tell(f"{number + 1} instances, {written} events")
    return written


def _write(connection: psycopg.Connection[Any], table: str, columns: Sequence[str], lines: list[str]) -> None:
    with connection.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for start in range(0, len(lines), 1000):
            copy.write("".join(lines[start : start + 1000]))


class _Chance:
    """What is drawn very often, from pools made once."""

    def __init__(self) -> None:
        self.random = random.Random(2025)  # noqa: S311 - no secret
        self._hex = f"{self.random.getrandbits(4_000_000):x}"
        self._last = len(self._hex) - 512
        self._spans = [int(self.random.expovariate(1 / 100_000)) for _ in range(10_000)]
        often = self.random.choices(ACTORS, [1 / rank for rank in range(1, len(ACTORS) + 1)], k=100_000)
        self._actors = [name if self.happens(1 - _BY_A_GUEST) else self.random.choice(RARE_ACTORS) for name in often]

    def happens(self, share: float) -> bool:
        """Whether something does that is so often so."""
        return self.random.random() < share

    def span(self) -> int:
        """Seconds."""
        return self._spans[int(self.random.random() * 10_000)]

    def actor(self) -> str:
        """Somebody, some much more often than others."""
        return self._actors[int(self.random.random() * 100_000)]

    def hex(self, digits: int) -> str:
        """Random digits."""
        start = int(self.random.random() * self._last)
        return self._hex[start : start + digits]

    def uuid(self, moment: datetime) -> str:
        """A version 7: the time, and chance."""
        time, digits = f"{int(moment.timestamp() * 1000):012x}", self.hex(18)
        return f"{time[:8]}-{time[8:]}-7{digits[:3]}-8{digits[3:6]}-{digits[6:]}"


class _Instance:
    """One instance of the SOP's shape, from its start to where it stands."""

    def __init__(self, chance: _Chance, number: int, version: Version, started: datetime) -> None:
        self._chance = chance
        self._number = number
        self._version = version
        self._now = self._started = started
        self._id = chance.uuid(started)
        self._business_key = f"jenjang-{number:07}"
        self._hash = chance.hex(64)
        self._sequence = 0
        self._actors: set[str] = set()
        self._late = False
        self._round = 1
        self._status = "active"

    def events(self) -> Iterator[tuple[int, str]]:
        """Its events, each with the day on which it happened."""
        rounds = 1
        while self._chance.happens(_SENT_BACK):
            rounds += 1
        loop = [(element, round_) for round_ in range(1, rounds + 1) for element in (_DRAFTING, _EXAMINING)]
        path = [*((e, 1) for e in _ELEMENTS[:3]), *loop, *((e, 1) for e in _ELEMENTS[5:])]
        fate = self._chance.random.random()
        ends_early = fate < _CANCELLED + _STILL_ACTIVE
        stop = int(self._chance.random.random() * len(path)) if ends_early else len(path)
        yield self._event("process_instance_started", f'{{"business_key": "{self._business_key}"}}')
        for element, round_ in path[:stop]:
            yield from self._user_task(element, round_, sent_back=element == _EXAMINING and round_ < rounds)
        if not ends_early or fate < _CANCELLED:
            self._status = "cancelled" if ends_early else "completed"
            taken = int((self._now - self._started).total_seconds())
            yield self._event(f"process_instance_{self._status}", '{"timing": {}}', duration=taken)

    def _user_task(self, element: str, round_: int, *, sent_back: bool) -> Iterator[tuple[int, str]]:
        chance = self._chance
        self._round = max(self._round, round_)
        name = element.replace("_", " ")
        about = f"{element}{self._version.suffix}\t{name}\t{round_}\t{chance.uuid(self._now)}"
        yield self._event("user_task_opened", '{"candidates": null}', about)
        late, waiting = chance.happens(_LATE), chance.span() // 3
        working = chance.span() + (600_000 if late else 0)
        self._now += timedelta(seconds=waiting)
        if chance.happens(_CLAIMED):
            yield self._event("user_task_claimed", '{"assignee": "x"}', about)
        self._now += timedelta(seconds=working)
        self._late |= late
        decision = ("tidak" if sent_back else "ya") if element == _EXAMINING else _NULL
        figures = f"{decision}\t{waiting}\t{waiting + working}\t{'t' if late else 'f'}"
        told = f'{{"variables": {{"nomor": {self._number}}}, "comment": null, "flows": ["f1", "f2"], "timing": {{}}}}'
        yield self._event("user_task_completed", told, about, figures)
        if decision != _NULL:
            way = "Dikembalikan" if sent_back else "Disetujui"
            gateway = f"keputusan{self._version.suffix}\tDisetujui?\t{_NULL}\t{_NULL}"
            told = f'{{"flows": [{{"id": "f3", "name": "{way}"}}]}}'
            yield self._event("gateway_decided", told, gateway, f"{way}\t{_NULL}\t{_NULL}\t{_NULL}")

    def _event(
        self, type_: str, payload: str, about: str = _OF_NO_TASK, figures: str = "", *, duration: int | None = None
    ) -> tuple[int, str]:
        chance = self._chance
        self._sequence += 1
        actor, person = chance.actor(), f"{_NULL}\t{_NULL}"
        self._actors.add(actor)
        if chance.happens(_IN_ANOTHERS_NAME):
            principal = chance.actor()
            self._actors.add(principal)
            person = f"{principal}\t{_LETTER}"
        before, self._hash = self._hash, chance.hex(64)
        figures = figures or f"{_NULL}\t{_NULL}\t{_NULL if duration is None else duration}\t{_NULL}"
        return self._now.toordinal(), (
            f"{self._id}\t{self._sequence}\t{self._now}\t{type_}\t{about}\t{actor}\t{person}\t{chance.hex(32)}"
            f"\t{self._version.id}\t{self._version.number}\t{payload}\t\\\\x{chance.hex(32)}\t\\\\x{chance.hex(128)}"
            f"\t{figures}\t2\t\\\\x{self._hash}\t\\\\x{before}\n"
        )

    def row(self) -> str:
        """The instance itself, once its events are told."""
        ended, year = self._status != "active", self._started.year
        (field,) = self._chance.random.choices(_FIELDS, _FIELD_WEIGHTS)
        variables = f'{{"tahun": {year}, "nomor_surat": "{self._number}/{year}", "bidang": "{field}"}}'
        taken = int((self._now - self._started).total_seconds()) if ended else _NULL
        return (
            f"{self._id}\t{self._version.id}\t{self._business_key}\t{self._status}\t\\\\x{self._chance.hex(400)}"
            f"\t{self._sequence}\t{variables}\t{min(self._actors)}\t{self._started}\t{self._now if ended else _NULL}"
            f"\t{self._round}\t{'t' if self._late else 'f'}\t{taken}\t{self._sequence}\t{self._now}"
            f"\t\\\\x{self._hash}\n"
        )

    def participants(self) -> Iterator[str]:
        """Who may take part, and who did."""
        yield from (f"{self._id}\trole\t{role}\n" for role in _ROLES)
        yield from (f"{self._id}\tacted\t{name}\n" for name in self._actors)
