"""Bad input of every kind gets its refusal as problem details, and changes nothing."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import func, select, text
from starlette.testclient import TestClient

from app.storage import tables
from app.storage.database import Database
from tests.conftest import World
from tests.sop import SOP_FOLDER, SOP_KEY, As, read_folder, values_for

MIB = 1024 * 1024
NOWHERE = "01890000-0000-7000-8000-000000000000"
NOW = "2026-07-01T01:00:00+00:00"


@pytest.fixture
def world(shared_world: World) -> World:
    """One database for all: what is refused leaves nothing behind."""
    return shared_world


@pytest.fixture
def task(as_: As) -> dict[str, Any]:
    return dict(as_("kepala").start()["user_tasks"][0])


@pytest.fixture
def nothing_changes(task: dict[str, Any], database: Database) -> Iterator[None]:
    """Whatever the test sends, every table stays as it is, but for the count of attempts with bad credentials."""
    before = contents(database)
    yield
    assert contents(database) == before


def contents(database: Database) -> dict[str, Any]:
    with database.reading() as session:
        counts = {
            table.name: session.scalar(select(func.count()).select_from(table))
            for table in tables.metadata.sorted_tables
            if table is not tables.failed_authentication
        }
        instance, task = tables.process_instance.c, tables.user_task.c
        revisions = session.execute(select(instance.id, instance.revision, instance.status)).all()
        tasks = session.execute(select(task.id, task.revision, task.state)).all()
    return counts | {"revisions": revisions, "tasks": tasks}


def assert_refused(response: Response, status: int, code: str | None = None) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem.keys() >= {"type", "title", "status", "detail", "instance", "errors"}
    assert problem["status"] == status
    if code is not None:
        assert problem["type"] == f"urn:jenjang:problem:{code}"
    told = json.dumps(problem)
    assert not any(word in told for word in ("Traceback", "sqlalchemy", "psycopg", "sqlite3", "SpiffWorkflow"))
    return problem


def nested(depth: int) -> bytes:
    return b'{"variables":' + b"[" * depth + b"]" * depth + b"}"


#: what stands in the body of a completion → the pointer of the value that cannot be carried
UNREADABLE = {
    "empty": (b"", None),
    "truncated": (b'{"variables": {"tahun": 20', None),
    "two_documents": (b'{"variables": {}} {}', None),
    "no_utf8": (b'{"variables": {"perihal": "\xff"}}', None),
    "byte_order_mark": (b'\xef\xbb\xbf{"variables": {}}', None),
    "utf16": ('{"variables": {}}'.encode("utf-16"), None),
    "nul": (b'{"variables": {"perihal": "a\\u0000b"}}', "/variables/perihal"),
    "raw_nul": (b'{"variables": {"perihal": "a\x00b"}}', None),
    "nul_in_name": (b'{"variables": {"a\\u0000b": 1}}', "/variables"),
    "lone_surrogate": (b'{"variables": {"perihal": "\\ud800"}}', "/variables/perihal"),
    "lone_surrogate_in_name": (b'{"variables": {"\\udfff": 1}}', "/variables"),
    "nan": (b'{"variables": {"tahun": NaN}}', None),
    "infinity": (b'{"variables": {"tahun": -Infinity}}', None),
    "overflowing_float": (b'{"variables": {"tahun": 1e999}}', None),
    "big_integer": (b'{"variables": {"tahun": 9007199254740992}}', "/variables/tahun"),
    "big_negative_integer": (b'{"variables": {"tahun": -9007199254740992}}', "/variables/tahun"),
    "big_float": (b'{"variables": {"tahun": 1e16}}', "/variables/tahun"),
    "endless_integer": (b'{"variables": {"tahun": ' + b"9" * 5000 + b"}}", None),
    "repeated_name": (b'{"variables": {"tahun": 2025, "tahun": 2026}}', None),
    "repeated_outer_name": (b'{"variables": {}, "variables": {}}', None),
    "too_deep": (nested(40), None),
    "far_too_deep": (nested(100_000), None),
    "gzip": (gzip.compress(b'{"variables": {}}'), None),
    "gzip_bomb": (gzip.compress(b'{"variables": {"perihal": "' + b"a" * 50 * MIB + b'"}}'), None),
}


@pytest.mark.usefixtures("nothing_changes")
def test_a_body_that_not_every_program_reads_alike_is_400(as_: As, task: dict[str, Any]) -> None:
    path = f"/user-tasks/{task['id']}/completion"
    for name, (body, pointer) in UNREADABLE.items():
        headers = {"Content-Type": "application/json"} | ({"Content-Encoding": "gzip"} if "gzip" in name else {})
        response = as_("kepala").request("POST", path, content=body, headers=headers)
        problem = assert_refused(response, 400)
        if pointer is not None:
            assert [error["pointer"] for error in problem["errors"]] == [pointer], name


#: (method, path below the task, body) → status
MISSHAPEN: list[tuple[str, str, Any]] = [
    ("POST", "/completion", []),
    ("POST", "/completion", "teks"),
    ("POST", "/completion", 1),
    ("POST", "/completion", {}),
    ("POST", "/completion", {"variables": []}),
    ("POST", "/completion", {"variables": None}),
    ("POST", "/completion", {"variables": {}, "asing": 1}),
    ("POST", "/completion", {"variables": {}, "comment": 1}),
    ("POST", "/completion", {"variables": {}, "comment": " "}),
    ("POST", "/completion", {"variables": {}, "comment": "x" * 10_001}),
    ("POST", "/completion", {"variables": {"asing": 1}}),
    ("POST", "/completion", {"variables": {"lane_owners": {"Kepala Badan": ["kepala"]}}}),
    ("POST", "/completion", {"variables": {"typename": "x"}}),
    ("POST", "/assignment", {"assignee": ""}),
    ("POST", "/assignment", {"assignee": "x" * 65}),
    ("POST", "/assignment", {"assignee": 1}),
    ("POST", "/assignment", []),
    ("PUT", "/draft", {}),
    ("PUT", "/draft", {"variables": {"asing": 1}}),
    ("PUT", "/draft", {"variables": {"lane_owners": {}}}),
    ("POST", "/comments", {}),
    ("POST", "/comments", {"text": ""}),
    ("POST", "/comments", {"text": "\t \n"}),
    ("POST", "/comments", {"text": ["a"]}),
    ("POST", "/comments", {"text": "a", "author": "kepala"}),
]


@pytest.mark.usefixtures("nothing_changes")
def test_a_body_of_another_shape_is_422_with_the_place(as_: As, task: dict[str, Any]) -> None:
    for method, part, body in MISSHAPEN:
        response = as_("kepala").request(method, f"/user-tasks/{task['id']}{part}", json=body)
        problem = assert_refused(response, 422)
        assert problem["errors"], (method, part, body)


STARTS: list[dict[str, Any]] = [
    {},
    {"process_definition_key": ""},
    {"process_definition_key": "x" * 256},
    {"process_definition_key": SOP_KEY, "process_definition_id": NOWHERE},
    {"process_definition_id": "bukan-uuid"},
    {"process_definition_key": SOP_KEY, "business_key": ""},
    {"process_definition_key": SOP_KEY, "business_key": "x" * 256},
    {"process_definition_key": SOP_KEY, "variables": []},
    {"process_definition_key": SOP_KEY, "variables": {"tahun": 2026}},
    {"process_definition_key": SOP_KEY, "variables": {"lane_owners": {"Tim": ["kepala"]}}},
    {"process_definition_key": SOP_KEY, "started_by": "admin"},
]


@pytest.mark.usefixtures("nothing_changes")
def test_a_start_of_another_shape_is_422(as_: As) -> None:
    for body in STARTS:
        assert_refused(as_("kepala").post("/process-instances", body), 422)


@pytest.mark.usefixtures("nothing_changes")
def test_a_json_body_of_more_than_1_mib_is_413(as_: As, task: dict[str, Any]) -> None:
    path = f"/user-tasks/{task['id']}/comments"
    filler = "a" * (MIB - len('{"text":""}') + 1)
    headers = {"Content-Type": "application/json"}
    too_large = as_("kepala").request("POST", path, content=f'{{"text":"{filler}"}}'.encode(), headers=headers)
    assert_refused(too_large, 413)

    def chunks() -> Iterator[bytes]:
        yield b'{"text":"'
        for _ in range(17):
            yield b"a" * (MIB // 16)
        yield b'"}'

    assert_refused(as_("kepala").request("POST", path, content=chunks(), headers=headers), 413)
    just_fits = as_("kepala").request("POST", path, content=f'{{"text":"{filler[1:]}"}}'.encode(), headers=headers)
    assert_refused(just_fits, 422)


@pytest.mark.usefixtures("nothing_changes")
def test_another_content_type_than_json_is_415(as_: As, task: dict[str, Any]) -> None:
    path = f"/user-tasks/{task['id']}/completion"
    for content_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "json",
    ):
        headers = {"Content-Type": content_type}
        response = as_("kepala").request("POST", path, content=b'{"variables": {}}', headers=headers)
        assert_refused(response, 415, "unsupported_media_type")


def cursor_of(*place: Any) -> str:
    """A cursor that no list gave."""
    return base64.urlsafe_b64encode(json.dumps(list(place)).encode()).decode()


#: (path, parameters) of which the first is refused by its name
PARAMETERS: list[tuple[str, dict[str, str]]] = [
    ("/user-tasks", {"limit": "201"}),
    ("/user-tasks", {"limit": "0"}),
    ("/user-tasks", {"limit": "-1"}),
    ("/user-tasks", {"limit": "9" * 400}),
    ("/user-tasks", {"limit": "١٢"}),
    ("/user-tasks", {"cursor": "x"}),
    ("/user-tasks", {"cursor": cursor_of(None)}),
    ("/user-tasks", {"cursor": cursor_of([])}),
    ("/user-tasks", {"cursor": cursor_of("created_at", NOW)}),
    ("/user-tasks", {"cursor": cursor_of("created_at", NOW, "bukan-uuid")}),
    ("/user-tasks", {"cursor": cursor_of("created_at", "0001-01-01T00:00:00+14:00", NOWHERE)}),
    ("/user-tasks", {"cursor": cursor_of("created_at", 1, NOWHERE)}),
    ("/user-tasks", {"cursor": cursor_of("created_at", None, NOWHERE)}),
    ("/user-tasks", {"cursor": cursor_of("name", "a\0", NOWHERE), "sort": "name"}),
    ("/user-tasks", {"cursor": cursor_of("round", 2**31, NOWHERE), "sort": "round"}),
    ("/user-tasks", {"cursor": cursor_of("round", True, NOWHERE), "sort": "round"}),
    ("/user-tasks", {"cursor": cursor_of("round", 1.5, NOWHERE), "sort": "round"}),
    ("/user-tasks", {"cursor": "ä"}),
    ("/user-tasks", {"cursor": "a" * 2001}),
    ("/user-tasks", {"sort": "draft"}),
    ("/user-tasks", {"sort": "-"}),
    ("/user-tasks", {"sort": "name,name"}),
    ("/user-tasks", {"state": "closed"}),
    ("/user-tasks", {"candidate": "kepala"}),
    ("/user-tasks", {"process_instance_id": "1"}),
    ("/user-tasks", {"due_before": "kemarin"}),
    ("/user-tasks", {"due_before": "2026-07-01T01:00:00"}),
    ("/user-tasks", {"due_before": "2026"}),
    ("/user-tasks", {"include_total": "mungkin"}),
    ("/user-tasks", {"asing": "1"}),
    ("/user-tasks", {"role": "Tim\0"}),
    ("/user-tasks", {"role": "x" * 201}),
    ("/user-tasks", {"assignee": "\0"}),
    ("/user-tasks", {"element_id": "\0"}),
    ("/process-instances", {"status": "open"}),
    ("/process-instances", {"variable": "tahun"}),
    ("/process-instances", {"variable": ":2025"}),
    ("/process-instances", {"variable": "a b:1"}),
    ("/process-instances", {"variable": "tahun:\0"}),
    ("/process-instances", {"started_after": "2026-13-01T00:00:00Z"}),
    ("/process-instances", {"business_key": "\0"}),
    ("/process-instances", {"started_by": "\0"}),
    ("/process-instances", {"process_definition_key": "\0"}),
    ("/process-definitions", {"key": "\0"}),
    ("/process-definitions", {"latest": "2"}),
]


@pytest.mark.usefixtures("nothing_changes")
def test_a_wrong_parameter_is_422_by_its_name(as_: As) -> None:
    for path, parameters in PARAMETERS:
        problem = assert_refused(as_("admin").get(path, **parameters), 422, "parameter_refused")
        assert next(iter(parameters)) in problem["errors"][0]["pointer"], (path, parameters)


@pytest.mark.usefixtures("nothing_changes")
def test_odd_but_readable_parameters_are_answered(as_: As) -> None:
    """Far dates, other offsets, numbers that no column holds: nothing is found, and nothing fails."""
    for path, parameters in [
        ("/process-instances", {"started_after": "0001-01-01T00:00:00+14:00"}),
        ("/process-instances", {"started_before": "9999-12-31T23:59:59-14:00"}),
        ("/user-tasks", {"due_before": "9999-12-31T23:59:59-23:59"}),
        ("/user-tasks", {"due_before": "0001-01-01T00:00:00+23:59"}),
        ("/process-instances", {"variable": "tahun:18446744073709551615"}),
        ("/process-instances", {"variable": "tahun:-9223372036854775809"}),
        ("/process-instances", {"variable": "tahun:1e308"}),
        ("/process-instances", {"variable": "tahun:" + "9" * 500}),
        ("/user-tasks", {"cursor": cursor_of("round", 2**31 - 1, NOWHERE), "sort": "round"}),
        ("/process-instances", {"variable": "tahun:'; DROP TABLE event; --"}),
        ("/process-instances", {"business_key": "%' OR 1=1 --"}),
    ]:
        assert as_("admin").get(path, **parameters).status_code == 200, (path, parameters)


@pytest.mark.usefixtures("nothing_changes")
def test_what_has_no_uuid_is_422_and_what_is_not_there_404(as_: As) -> None:
    person = as_("admin")
    things = ("/process-instances", "/user-tasks", "/process-definitions", "/history/process-instances")
    for thing in things:
        tail = "/events" if thing.startswith("/history") else ""
        for wrong in ("1", "bukan-uuid", NOWHERE[:-1], NOWHERE + "0", "%00", "..%2f..%2fetc%2fpasswd"):
            response = person.get(f"{thing}/{wrong}{tail}")
            assert_refused(response, 404 if "%2f" in wrong else 422)
        assert_refused(person.get(f"{thing}/{NOWHERE}{tail}"), 404)
    for part in ("/completion", "/assignment", "/comments"):
        body = {"/completion": {"variables": {}}, "/comments": {"text": "a"}}.get(part)
        assert_refused(person.post(f"/user-tasks/{NOWHERE}{part}", body), 404, "user_task_not_found")
    (definition,) = person.get("/process-definitions", latest=True).json()["items"]
    for name, status in {"tidak-ada.json": 404, "%2e%2e%2fpenetapan.json": 404, "x" * 3000: 404, "%00": 422}.items():
        assert_refused(person.get(f"/process-definitions/{definition['id']}/forms/{name}"), status)


def test_an_unknown_path_is_404(http: TestClient) -> None:
    for path in ("/", "/api", "/api/v1", "/api/v1/", "/api/v1/user-task", "/api/v2/user-tasks", "/%00", "/\u202e"):
        assert_refused(http.get(path), 404, "not_found")


#: (method, path) → the methods that it knows
UNKNOWN_METHODS = {
    ("PUT", "/api/v1/process-instances"): "GET, POST",
    ("OPTIONS", f"/api/v1/user-tasks/{NOWHERE}/assignment"): "DELETE, POST",
    ("PATCH", f"/api/v1/user-tasks/{NOWHERE}"): "GET",
    ("PATCH", f"/api/v1/process-definitions/{NOWHERE}"): "DELETE, GET",
    ("GET", "/api/v1/deployments"): "POST",
    ("POST", "/health/live"): "GET",
    ("BREW", "/api/v1/user-tasks"): "GET",
}


def test_a_method_that_a_path_does_not_know_is_405_and_says_which_it_does(http: TestClient) -> None:
    for (method, path), allowed in UNKNOWN_METHODS.items():
        response = http.request(method, path)
        assert_refused(response, 405, "method_not_allowed")
        assert response.headers["allow"] == allowed


#: Authorization headers that let nobody in
STRANGERS = {
    "none": None,
    "empty": "",
    "no_scheme": "{token}",
    "other_scheme": "Basic {token}",
    "no_token": "Bearer",
    "blank_token": "Bearer  ",
    "unknown": "Bearer jjg_unknown",
    "truncated": "Bearer {token:.20}",
    "two_tokens": "Bearer {token} {token}",
    "long": "Bearer " + "x" * 8000,
    "quoted": "Bearer '{token}'",
}


@pytest.mark.usefixtures("nothing_changes")
def test_who_shows_no_valid_token_is_401_everywhere(http: TestClient, world: World, task: dict[str, Any]) -> None:
    for name, header in STRANGERS.items():
        headers = {} if header is None else {"Authorization": header.format(token=world.tokens["kepala"])}
        for method, path in [("GET", "/api/v1/user-tasks"), ("POST", f"/api/v1/user-tasks/{task['id']}/completion")]:
            response = http.request(method, path, headers=headers)
            shows_a_token = header is not None and header.startswith("Bearer") and header.split()[1:] != []
            assert_refused(response, 401, "invalid_token" if shows_a_token else "unauthenticated")
            challenge = 'Bearer error="invalid_token"' if shows_a_token else "Bearer"
            assert response.headers["www-authenticate"] == challenge, name


def test_a_token_in_bytes_that_are_no_text_is_401(http: TestClient) -> None:
    for token in (b"\xff\xfe", b"jjg_\xc3\xa4", b"\x80"):
        assert_refused(http.get("/api/v1/user-tasks", headers=[(b"Authorization", b"Bearer " + token)]), 401)


def test_a_deactivated_person_is_401_at_once(as_: As, database: Database) -> None:
    assert as_("anggota3").get("/user-tasks").status_code == 200
    with database.transaction() as session:
        session.execute(text("UPDATE user_account SET active = false WHERE username = 'anggota3'"))
    assert_refused(as_("anggota3").get("/user-tasks"), 401, "invalid_token")


@pytest.mark.usefixtures("nothing_changes")
def test_a_validator_that_matches_nothing_is_412(as_: As, task: dict[str, Any]) -> None:
    values = values_for(as_("kepala"), task)
    for if_match in ("7", '"x"', 'W/"1"', '"999999999999999999999"', '""', '"1', "'1'", ",", " "):
        assert_refused(as_("kepala").complete(task, values, If_Match=if_match), 412, "stale")


def test_a_validator_that_matches_lets_the_write_through(as_: As, task: dict[str, Any]) -> None:
    claim, draft = f"/user-tasks/{task['id']}/assignment", f"/user-tasks/{task['id']}/draft"
    assert as_("kepala").post(claim, If_Match="*").status_code == 200
    saved = as_("kepala").request("PUT", draft, json={"variables": {}}, headers={"If-Match": '"7", "2"'})
    assert saved.status_code == 200
    values = values_for(as_("kepala"), task)
    assert as_("kepala").complete(task, values, If_Match='"3"').status_code == 200


@pytest.mark.usefixtures("nothing_changes")
def test_an_upload_that_is_no_upload_is_refused(as_: As) -> None:
    def upload(**options: Any) -> Response:
        return as_("perancang").request("POST", "/deployments", **options)

    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    diagram = read_folder(SOP_FOLDER)["penjenjangan-kinerja.bpmn"]
    assert_refused(upload(), 422)
    assert_refused(upload(content=b"", headers=multipart), 422)
    assert_refused(upload(content=b"--x--\r\n", headers=multipart), 422)
    assert_refused(upload(files=[("berkas", ("p.bpmn", diagram))]), 422)
    assert_refused(upload(json={"file": "x"}), 415)
    assert_refused(upload(data={"file": "teks"}), 415)
    assert_refused(upload(content=b"kacau", headers=multipart), 400)
    assert_refused(upload(content=b"x", headers={"Content-Type": "multipart/form-data"}), 400)
    assert_refused(upload(files=[("file", ("", diagram))]), 400)
    assert_refused(upload(files=[("file", (f"{n}.bpmn", b"")) for n in range(101)]), 400)


@pytest.mark.usefixtures("nothing_changes")
def test_a_file_that_is_neither_diagram_nor_form_is_refused(as_: As) -> None:
    for name in ("p.exe", ".bpmn.", "p", "..", "../..", "x" * 255, "ä.txt"):
        assert_refused(as_("perancang").deploy({name: b"<x/>"}), 422, "diagram_refused")
    for nameless in ("C:\\", "/", "p\u202e.bpmn", "x" * 251 + ".json", "x" * 5000 + ".json"):
        assert_refused(as_("perancang").deploy({nameless: b"<x/>"}), 400)


@pytest.mark.usefixtures("nothing_changes")
def test_a_file_name_that_is_no_text_is_400(as_: As) -> None:
    diagram = read_folder(SOP_FOLDER)["penjenjangan-kinerja.bpmn"]
    for name in (b"p\0.bpmn", b"p\x7f.bpmn", b"\x01"):
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\n'
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        content = head + diagram + b"\n\r\n--x--\r\n"
        response = as_("perancang").request("POST", "/deployments", content=content, headers=headers)
        assert_refused(response, 400)


def test_a_path_in_a_file_name_means_nothing(as_: As) -> None:
    upload = read_folder(SOP_FOLDER)
    upload["../../../tmp/jahat.bpmn"] = upload.pop("penjenjangan-kinerja.bpmn") + b"\n"
    assert as_("perancang").deploy(upload).status_code == 201
    (definition,) = as_("perancang").get("/process-definitions", latest=True).json()["items"]
    assert definition["file_name"] == "jahat.bpmn"


@pytest.mark.usefixtures("nothing_changes")
def test_an_upload_of_more_than_10_mib_is_413(as_: As) -> None:
    assert_refused(as_("perancang").deploy({"p.bpmn": b" " * (10 * MIB + 1)}), 413)
    assert_refused(as_("perancang").deploy({f"{n}.bpmn": b" " * (4 * MIB) for n in range(3)}), 413)


#: uploads that try to make the reader work without end, or read what is not theirs
HOSTILE = {
    "billion_laughs": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><definitions>&b;</definitions>',
    "external_entity": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><definitions>&a;</definitions>',
    "parameter_entity": b'<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:1/x"> %a;]><definitions/>',
    "xinclude": b'<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></x>',
    "gzip": gzip.compress(b"<definitions/>"),
    "nul": b"<definitions>\0</definitions>",
    "deep": b"<a>" * 100_000,
    "utf7": b'<?xml version="1.0" encoding="utf-7"?><definitions/>',
    "unknown_encoding": b'<?xml version="1.0" encoding="tidak-ada"?><definitions/>',
    "many_attributes": b"<a " + b" ".join(b'a%d=""' % number for number in range(50_000)) + b"/>",
    "long_text": b"<a>" + b"x" * (9 * MIB) + b"</a>",
}


@pytest.mark.usefixtures("nothing_changes")
def test_a_hostile_diagram_is_refused_as_a_diagram(as_: As) -> None:
    for content in HOSTILE.values():
        problem = assert_refused(as_("perancang").deploy({"p.bpmn": content}), 422, "diagram_refused")
        assert "root:" not in json.dumps(problem)


@pytest.mark.usefixtures("nothing_changes")
def test_a_broken_form_is_refused_with_its_diagram(as_: As) -> None:
    outside = b'{"type": "object", "$ref": "file:///etc/passwd"}'
    for form in (b"", b"{", b"[]", b"\0", b"[" * 100_000, b'{"type": 1}', outside):
        upload = read_folder(SOP_FOLDER) | {"penetapan.json": form}
        assert_refused(as_("perancang").deploy(upload), 422, "diagram_refused")


LONG = b"x" * 300


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'id="penjenjangan_kinerja"', b'id="' + LONG + b'"'),
        (b'id="penetapan"', b'id="' + LONG + b'"'),
        (b'name="Kepala Badan"', b'name="' + LONG + b'"'),
    ],
)
def test_a_name_that_no_column_holds_is_refused_with_its_diagram(as_: As, old: bytes, new: bytes) -> None:
    upload = read_folder(SOP_FOLDER)
    diagram = upload["penjenjangan-kinerja.bpmn"]
    assert old in diagram
    for attribute in (b'bpmnElement="%s"', b'processRef="%s"', b'sourceRef="%s"', b'targetRef="%s"', b">%s<"):
        if old.startswith(b"id="):
            diagram = diagram.replace(attribute % old[4:-1], attribute % LONG)
    upload["penjenjangan-kinerja.bpmn"] = diagram.replace(old, new)
    assert_refused(as_("perancang").deploy(upload), 422, "diagram_refused")
