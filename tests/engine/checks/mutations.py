"""What may happen to a diagram on its way: elements dropped, doubled and moved, bytes flipped, cut and repeated."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable

from hypothesis import strategies as st
from lxml import etree

Mutation = Callable[[etree._Element, random.Random], None]
TextMutation = Callable[[bytearray, random.Random], None]

#: values that an attribute or a text could not have been meant to have
ODD_VALUES = [
    "",
    " ",
    "Start",
    "-1",
    "${x}",
    "\u2028",
    "R/PT1S",
    "P1D",
    "import os",
    "((((",
    "9" * 400,
    "True",
    "\U0001f600",
]
#: what a text editor, a bad connection or an enemy could put between two letters
ODD_BYTES = [
    b"<",
    b">",
    b"&",
    b'"',
    b"\0",
    b"\xff",
    b"]]>",
    b"<!--",
    b"<?",
    b"&lol;",
    b"&#0;",
    b"<!DOCTYPE a>",
    b"\r",
    b" " * 999,
]


def _any(root: etree._Element, chance: random.Random) -> etree._Element:
    return chance.choice(list(root.iter("{*}*")))


def _drop(root: etree._Element, chance: random.Random) -> None:
    victim = _any(root, chance)
    if (parent := victim.getparent()) is not None:
        parent.remove(victim)


def _double(root: etree._Element, chance: random.Random) -> None:
    victim = _any(root, chance)
    if (parent := victim.getparent()) is not None:
        parent.append(copy.deepcopy(victim))


def _move(root: etree._Element, chance: random.Random) -> None:
    target, victim = _any(root, chance), _any(root, chance)
    if victim not in (root, target) and victim not in target.iterancestors():
        target.append(victim)


def _rename(root: etree._Element, chance: random.Random) -> None:
    _any(root, chance).tag = _any(root, chance).tag


def _drop_attribute(root: etree._Element, chance: random.Random) -> None:
    attributes = _any(root, chance).attrib
    if attributes:
        del attributes[chance.choice(list(attributes))]


def _swap_value(root: etree._Element, chance: random.Random) -> None:
    victim, other = _any(root, chance).attrib, _any(root, chance).attrib
    if victim and other:
        victim[chance.choice(list(victim))] = chance.choice([*other.values(), *ODD_VALUES])


def _swap_text(root: etree._Element, chance: random.Random) -> None:
    _any(root, chance).text = chance.choice(ODD_VALUES)


def _slice(xml: bytearray, chance: random.Random) -> slice:
    start = chance.randrange(len(xml) + 1)
    return slice(start, start + chance.choice([1, 10, 100, 1_000]))


def _flip(xml: bytearray, chance: random.Random) -> None:
    if xml:
        xml[chance.randrange(len(xml))] = chance.randrange(256)


def _cut(xml: bytearray, chance: random.Random) -> None:
    del xml[chance.randrange(len(xml) + 1) :]


def _leave_out(xml: bytearray, chance: random.Random) -> None:
    del xml[_slice(xml, chance)]


def _repeat(xml: bytearray, chance: random.Random) -> None:
    repeated = xml[_slice(xml, chance)]
    place = chance.randrange(len(xml) + 1)
    xml[place:place] = repeated * chance.choice([1, 2, 20])


def _insert(xml: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(xml) + 1)
    xml[place:place] = chance.choice(ODD_BYTES)


MUTATIONS: list[Mutation] = [_drop, _double, _move, _rename, _drop_attribute, _swap_value, _swap_text]
TEXT_MUTATIONS: list[TextMutation] = [_flip, _cut, _leave_out, _repeat, _insert]


@st.composite
def redrawn(draw: st.DrawFn, xml: bytes) -> bytes:
    """The diagram with some of its elements changed; well-formed."""
    mutations = draw(st.lists(st.sampled_from(MUTATIONS), min_size=1, max_size=6))
    chance = draw(st.randoms(use_true_random=False))
    root = etree.fromstring(xml)
    for mutate in mutations:
        mutate(root, chance)
    return etree.tostring(root)


@st.composite
def damaged(draw: st.DrawFn, xml: bytes) -> bytes:
    """The file with some of its bytes changed; seldom well-formed."""
    mutations = draw(st.lists(st.sampled_from(TEXT_MUTATIONS), min_size=1, max_size=4))
    chance = draw(st.randoms(use_true_random=False))
    content = bytearray(xml)
    for mutate in mutations:
        mutate(content, chance)
    return bytes(content)
