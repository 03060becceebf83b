"""Whatever happens to a diagram on its way, the checks answer with a report."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from app.engine.checks import CATALOG, check_diagram
from tests.engine.checks.drawing import END, START, drawing, element, path, user_task, when, with_form, with_properties
from tests.engine.checks.faulty_diagrams import FORM

REVIEW = with_properties(waktu="P3D", pisah_tugas="isi", persetujuan="paraf")
ORIGINAL = drawing(
    element("laneSet", "jalur", element("lane", "tim", "<bpmn:flowNodeRef>isi</bpmn:flowNodeRef>", 'name="Tim"'))
    + START
    + user_task("isi", with_form("isi.json"))
    + element("exclusiveGateway", "pilih", attributes='default="pilih_selesai"')
    + element("subProcess", "tahap", START.replace("mulai", "awal") + user_task("ulas", REVIEW)
              + END.replace("selesai", "akhir") + path("awal", "ulas", "akhir"))
    + element("boundaryEvent", "ingat", "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration>"
              "</bpmn:timerEventDefinition>", 'attachedToRef="tahap" cancelActivity="false"')
    + user_task("tanya", "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
                "</bpmn:multiInstanceLoopCharacteristics>")
    + element("receiveTask", "terima", attributes='messageRef="surat"')
    + END
    + path("mulai", "isi", "pilih", "selesai") + path("tahap", "terima", "isi") + path("ingat", "tanya")
    + f'<bpmn:sequenceFlow id="lagi" sourceRef="pilih" targetRef="tahap">{when("catatan == 1")}</bpmn:sequenceFlow>',
    top='<bpmn:message id="surat" name="surat"/>',
)  # fmt: skip

Mutation = Callable[[etree._Element, random.Random], None]


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
        victim[chance.choice(list(victim))] = chance.choice([*other.values(), "", " ", "Start", "-1", "${x}", "\u2028"])


def _swap_text(root: etree._Element, chance: random.Random) -> None:
    _any(root, chance).text = chance.choice(
        ["", " ", "R/PT1S", "P1D", "import os", "((((", "9" * 400, "True", "\U0001f600"]
    )


MUTATIONS: list[Mutation] = [_drop, _double, _move, _rename, _drop_attribute, _swap_value, _swap_text]


def _assert_reported(xml: bytes) -> None:
    found = check_diagram("mutasi.bpmn", xml, {"isi.json": FORM}, {"administrator": frozenset({"siti"})})
    for problem in (*found.problems, *found.warnings):
        assert problem.code in CATALOG
        assert problem.line >= 1


def test_the_original_is_accepted() -> None:
    assert check_diagram("asli.bpmn", ORIGINAL, {"isi.json": FORM}).problems == ()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(MUTATIONS), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_a_mutated_diagram_ends_in_a_report(mutations: list[Mutation], chance: random.Random) -> None:
    root = etree.fromstring(ORIGINAL)
    for mutate in mutations:
        mutate(root, chance)
    _assert_reported(etree.tostring(root))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(ORIGINAL) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_flipped_bytes_end_in_a_report(flips: list[tuple[int, int]]) -> None:
    xml = bytearray(ORIGINAL)
    for position, byte in flips:
        xml[position] = byte
    _assert_reported(bytes(xml))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_report(content: bytes) -> None:
    _assert_reported(content)
