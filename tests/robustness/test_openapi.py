"""What /openapi.json promises, schemathesis tries to break: no 5xx, no undeclared status, bodies as declared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.main import create_app
from app.settings import Settings
from app.storage import people, tokens
from tests.conftest import PEOPLE, Clock, World, closing_database
from tests.diagrams_in_text import single_task
from tests.robustness.server import Server

# No connection is made for this: it only tells the interface.
schema = schemathesis.openapi.from_dict(create_app(Settings(database_url="postgresql://nowhere/none")).openapi())

# Undeclared parameters without a value never reach the server and would count as accepted; test_bad_input.py sends
# some that do.
schema.config.generation.update(allow_extra_parameters=False, with_security_parameters=False)

Case = schemathesis.Case[Any]

FORM = b'{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}'

PROMISES: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: cursors, sort fields and the values of a form are narrower than OpenAPI can say
NOT_PROMISED: list[CheckFunction] = [positive_data_acceptance]


@pytest.fixture(scope="module")
def office(shared_world: World) -> Iterator[Server]:
    """A server, and `semua`, who has every role there is and so gets furthest."""
    roles = sorted({role for held in PEOPLE.values() for role in held})
    with closing_database(shared_world.settings) as database, database.transaction() as session:
        user_id = people.add(session, "semua", "Semua", roles, now=Clock().now)
        token = tokens.issue(session, user_id, now=Clock().now).secret
    # Each example is repeated with credentials that are wrong, to see it refused.
    patient = shared_world.settings.model_copy(
        update={"failed_authentications_per_minute": 10_000, "approval_required": True}
    )
    with Server(patient, shared_world.tokens | {"semua": token}) as server:
        yield server


@pytest.fixture
def definition_id(request: pytest.FixtureRequest, office: Server) -> str:
    """A version that waits for approval and nobody else speaks of, where the path names one."""
    if "{definition_id}" not in request.node.name:
        return str(UUID(int=0))
    files = {"satu.bpmn": single_task(f"k{uuid4().hex}", form="isi.json"), "isi.json": FORM}
    deployed = office.as_("perancang").deploy(files)
    assert deployed.status_code == 201, deployed.text
    return str(deployed.json()["process_definitions"][0]["id"])


@pytest.fixture
def existing(office: Server, definition_id: str) -> dict[str, str]:
    """Things that a path can name."""
    everybody = office.as_("semua")
    instance = everybody.start()
    (task,) = instance["user_tasks"]
    now = datetime.now(UTC)
    times = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(days=1)).isoformat()}
    letter = {"principal": "anggota2", "deputy": "orang_luar", "letter": "1"} | times
    return {
        # Somebody as whom nobody calls here: they may well lose their roles, or be deactivated.
        "username": "anggota3",
        "role": "Tim",
        "position_id": everybody.post("/positions", {"name": str(uuid4()), "unit": "Bidang"}).json()["id"],
        "token_id": everybody.post("/tokens", {"name": "skrip"}).json()["id"],
        "substitution_id": everybody.post("/substitutions", letter).json()["id"],
        "definition_id": definition_id,
        "instance_id": instance["id"],
        "task_id": task["id"],
        "name": "isi.json",
        "stream": "access",
    }


bounded = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@schema.parametrize()
@bounded
@pytest.mark.parametrize("shared_world", ["sqlite"], indirect=True)
def test_every_answer_is_declared(case: Case, office: Server, existing: dict[str, str]) -> None:
    check_answers(case, office, existing)


@schema.parametrize()
@settings(bounded, max_examples=2, phases=[Phase.generate])
@pytest.mark.parametrize("shared_world", ["postgresql"], indirect=True)
def test_every_answer_is_declared_with_the_other_database(case: Case, office: Server, existing: dict[str, str]) -> None:
    check_answers(case, office, existing)


def check_answers(case: Case, office: Server, existing: dict[str, str]) -> None:
    """Send the case as it is, and then about things that exist: as everybody in one, and as a stranger."""
    everybody = {"Authorization": f"Bearer {office.token_of('semua')}"}
    stranger = {"Authorization": f"Bearer {office.token_of('orang_luar')}"}
    case.call_and_validate(base_url=office.address, headers=everybody, excluded_checks=NOT_PROMISED)
    if case.path_parameters:
        case.path_parameters |= {name: existing[name] for name in case.path_parameters}
        for caller in (everybody, stranger):
            case.call_and_validate(base_url=office.address, headers=caller, checks=PROMISES)
