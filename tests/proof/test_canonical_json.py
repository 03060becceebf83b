"""Hashes of events stand on canonical JSON: the fast way must write what the standard's own way writes."""

from __future__ import annotations

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from app.proof import canonical_json

numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | numbers | st.text()
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(values)
def test_every_value_is_written_as_rfc_8785_says(value: object) -> None:
    assert canonical_json.dumps(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(values)
def test_what_a_database_keeps_as_json_comes_to_the_same(value: object) -> None:
    kept = orjson.dumps({"kept": value})
    assert canonical_json.of_text(kept) == (orjson.loads(kept), rfc8785.dumps({"kept": value}))  # type: ignore[dict-item]
    assert canonical_json.of_text(orjson.dumps(value))[1] == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("digits", ["9007199254740992", "10000000000000000", "1" + "0" * 30, "-1" + "0" * 300])
def test_a_large_number_that_a_database_keeps_digit_by_digit_is_the_same_number(digits: str) -> None:
    assert canonical_json.of_text(f'[{digits},""]')[1] == rfc8785.dumps([float(digits), ""])


@pytest.mark.parametrize("value", [1.0, 1e21, 1e-7, -0.0, {"\U00010000": 1, "\uffff": 2}, '\u007f\u2028\x1f"\\/'])
def test_what_encoders_disagree_on_is_written_as_rfc_8785_says(value: object) -> None:
    assert canonical_json.dumps({"value": value}) == rfc8785.dumps({"value": value})  # type: ignore[dict-item]


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), "\ud800", {1: "one"}])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises((rfc8785.CanonicalizationError, TypeError)):
        canonical_json.dumps({"value": value})
