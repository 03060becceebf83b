"""What two sets of values differ in, field by field."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.value_changes import FieldChange, changes_between

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, 1.0, 0.5]) | st.sampled_from("ab~/é"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b~/", "", "0"]), inner),
    max_leaves=8,
)
forms = st.dictionaries(st.sampled_from(["judul", "paraf", "tim"]), json_values)


def applied(old: dict[str, Any], changes: Sequence[FieldChange]) -> Any:
    """The old values with the changes made, one after the other, by RFC 6901 and nothing else."""
    values = copy.deepcopy(old)
    for change in changes:
        pointer = change.field if change.field.startswith("/") else f"/{change.field}"
        *path, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        place: Any = values
        for step in path:
            place = place[int(step)] if isinstance(place, list) else place[step]
        _make(place, int(last) if isinstance(place, list) else last, change)
    return values


def _make(place: Any, key: Any, change: FieldChange) -> None:
    match change.kind:
        case "removed":
            assert json.dumps(place.pop(key)) == json.dumps(change.old)
        case "added" if isinstance(place, list):
            assert len(place) == key
            place.append(change.new)
        case "added":
            assert key not in place
            place[key] = change.new
        case "changed":
            assert json.dumps(place[key]) == json.dumps(change.old) != json.dumps(change.new)
            place[key] = change.new


@settings(max_examples=60, deadline=None)
@given(forms, forms)
def test_the_changes_made_to_the_old_values_give_the_new_ones(old: dict[str, Any], new: dict[str, Any]) -> None:
    changes = changes_between(old, new)
    made = applied(old, changes)
    assert json.dumps(made, sort_keys=True) == json.dumps(new, sort_keys=True)
    assert len({change.field for change in changes}) == len(changes)


@settings(max_examples=20, deadline=None)
@given(forms)
def test_what_is_the_same_has_not_changed(values: dict[str, Any]) -> None:
    assert changes_between(values, json.loads(json.dumps(values))) == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": True}, [("a", "changed", 1, True)]),
        ({"a": None}, {}, [("a", "removed", None, None)]),
        ({}, {"a": None}, [("a", "added", None, None)]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3, 4]}}, [("/a/b/1", "changed", 2, 3), ("/a/b/2", "added", None, 4)]),
        ({"a": [1, 2, 3]}, {"a": [1]}, [("/a/2", "removed", 3, None), ("/a/1", "removed", 2, None)]),
        ({"a": {"b": 1}}, {"a": [1]}, [("a", "changed", {"b": 1}, [1])]),
        ({"b": 1, "a": 1}, {"a": 2, "b": 2}, [("a", "changed", 1, 2), ("b", "changed", 1, 2)]),
    ],
)
def test_a_change_names_the_innermost_field(old: dict[str, Any], new: dict[str, Any], expected: list[Any]) -> None:
    told = [(change.field, change.kind, change.old, change.new) for change in changes_between(old, new)]
    assert [json.dumps(each) for each in told] == [json.dumps(each) for each in expected]
