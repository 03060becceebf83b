from __future__ import annotations

import contextlib
import json
from typing import Any

import orjson
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine import clock
from app.engine.codec import MAX_BYTES, StateUnreadable, decode, encode
from app.engine.variables import variables_of
from app.errors import ProcessStuck
from tests.engine.runtime.diagrams import NOW, Play, load

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    # a lone surrogate is no text, and is refused at the door
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("typename_ké.", max_size=8), inner, max_size=4),
    max_leaves=12,
)


def written(content: Any) -> bytes:
    return zstandard.ZstdCompressor().compress(orjson.dumps(content))


def read(state: bytes) -> Any:
    return orjson.loads(zstandard.ZstdDecompressor().decompress(state))


@settings(max_examples=60, deadline=None)
@given(variables=st.dictionaries(st.text("abx_é typename", min_size=1), json_values, max_size=5))
def test_every_json_value_comes_back_as_it_went(variables: dict[str, Any]) -> None:
    definition = load("parallel_branches")
    play = Play("parallel_branches", **variables)
    with clock.at(NOW):
        process = decode(definition, play.step.state)
        assert orjson.dumps(variables_of(process)) == orjson.dumps(dict(play.step.variables))
        assert read(encode(process)) == read(play.step.state)


@pytest.mark.parametrize(
    "state",
    [b"", b"x", b"\x28\xb5\x2f\xfd", b"PK\x03\x04" * 9, written("x"), written([]), written({}), written({"format": 1})],
)
def test_bytes_that_are_no_state_are_called_so(state: bytes) -> None:
    with pytest.raises(StateUnreadable):
        decode(load("review_loop"), state)


def test_damaged_bytes_are_noticed_or_mean_the_same() -> None:
    definition, state = load("review_loop"), Play("review_loop").step.state
    for place in range(len(state)):
        flipped = state[:place] + bytes([state[place] ^ 0x10]) + state[place + 1 :]
        # a few bits of a frame mean nothing
        with contextlib.suppress(StateUnreadable):
            assert read(encode(decode(definition, flipped))) == read(state)
        with pytest.raises(StateUnreadable):
            decode(definition, state[:place])


def test_a_format_of_the_future_is_refused_by_its_number() -> None:
    with pytest.raises(StateUnreadable, match="format 2"):
        decode(load("review_loop"), written(read(Play("review_loop").step.state) | {"format": 2}))


def test_a_state_that_claims_a_monstrous_size_is_not_unpacked() -> None:
    bomb = zstandard.ZstdCompressor().compress(b" " * (MAX_BYTES + 1))
    assert len(bomb) < 1000
    with pytest.raises(StateUnreadable):
        decode(load("review_loop"), bomb)


def test_the_state_of_another_process_is_refused() -> None:
    with pytest.raises(StateUnreadable, match="parallel_branches"):
        decode(load("parallel_branches"), Play("review_loop").step.state)


def test_the_state_holds_no_diagram_no_history_and_no_prediction() -> None:
    play = Play("review_loop", x=1)
    play.complete("tulis")
    play.complete("periksa", ulang=True)
    rows = read(play.step.state)["process"]["tasks"]
    assert [row["e"] for row in rows] == ["Start", "disetujui", "tulis"]
    assert "d" not in rows[0]


@pytest.mark.parametrize("value", [["x" * 1000] * 1100, json.loads("[" * 300 + "]" * 300)], ids=["large", "deep"])
def test_variables_beyond_bounds_are_refused_and_nothing_is_lost(value: Any) -> None:
    play = Play("review_loop")
    with pytest.raises(ProcessStuck) as stuck:
        play.complete("tulis", x=value)
    assert stuck.value.code == "state_too_large"
    assert play.complete("tulis", x="kecil").status == "active"


def test_the_id_of_an_open_user_task_stays_the_same() -> None:
    play = Play("parallel_branches")
    before = play.task("b1").element_task_id
    play.complete("a1")
    play.complete("a2")
    assert play.task("b1").element_task_id == before
