"""What a modeler drops from an element is noticed against the version before, and put back as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from app.engine.checks import check_diagram
from app.engine.diff import Files, compare
from app.engine.extensions import restore
from tests.engine.checks.drawing import END, START, around, drawing, element, extended, in_lane, path, with_properties
from tests.engine.checks.drawing import user_task as task
from tests.sop import SOP_FOLDER, SOP_KEY

SOP = (SOP_FOLDER / "penjenjangan-kinerja.bpmn").read_text()
SCRIPT = "<spiffworkflow:postScript>hasil = 1</spiffworkflow:postScript>"
#: in the line of an element that has lost everything
EXTENSIONS = re.compile(r"\s*<bpmn:extensionElements>.*?</bpmn:extensionElements>", re.DOTALL)


def losses(old: bytes, new: bytes, key: str = "proses") -> dict[str | None, str]:
    """By element, what the warning says."""
    warnings = check_diagram("proses.bpmn", new, {}, previous={key: old}).warnings
    return {warning.element_id: warning.reason for warning in warnings if warning.code == "extension_lost"}


def put_back(old: bytes, new: bytes, key: str = "proses") -> tuple[bytes, list[tuple[str, str, str]]]:
    mended, restored = restore(new, {key: old})
    return mended, [(each.element_id, each.name, each.value) for each in restored]


def test_properties_scripts_and_instructions_that_went_are_named_with_their_values() -> None:
    properties = with_properties(waktu="P3D", pisah_tugas="susun").removesuffix("</bpmn:extensionElements>")
    instructions = "<spiffworkflow:instructionsForEndUser>Baca.</spiffworkflow:instructionsForEndUser>"
    before = around(task("isi", f"{properties}{SCRIPT}{instructions}</bpmn:extensionElements>"))
    assert losses(before, around(element("manualTask", "isi"))) == {
        "isi": 'Manual task "isi" has lost what the version before says of it: '
        'waktu "P3D", pisah_tugas "susun", postScript "hasil = 1", instructionsForEndUser "Baca.".'
    }


def test_one_property_removed_on_purpose_is_told_as_well_and_a_changed_one_is_not() -> None:
    before = around(task("isi", with_properties(waktu="P3D", output="Surat")))
    assert 'output "Surat"' in losses(before, around(task("isi", with_properties(waktu="P5D"))))["isi"]
    assert losses(before, around(task("isi", with_properties(waktu="P5D", output="Berita acara")))) == {}


def test_an_element_that_was_removed_has_lost_nothing() -> None:
    before = around(task("isi", with_properties(waktu="P3D"), 'name="Isi"'))
    assert losses(before, drawing(START + END + path("mulai", "selesai"))) == {}
    assert losses(before, around(task("lain", "", 'name="Lain"'), "lain")) == {}


def test_a_paste_is_known_by_its_name_and_a_new_task_with_extensions_of_its_own_is_not_taken_for_one() -> None:
    before = around(task("isi", with_properties(waktu="P3D"), 'name="Isi"'))
    assert set(losses(before, around(task("Activity_1", "", 'name="Isi"'), "Activity_1"))) == {"Activity_1"}
    other = around(task("Activity_1", with_properties(output="Surat"), 'name="Isi"'), "Activity_1")
    assert losses(before, other) == {}


def test_a_new_task_elsewhere_is_no_paste_though_it_has_the_name_of_one_that_was_removed() -> None:
    def lanes(first: str, second: str) -> str:
        return in_lane("tim", "Tim", first, "isi") + in_lane("kabid", "Kabid", second)

    cut = task("paraf", with_properties(waktu="P1D"), 'name="Paraf"')
    before = drawing(lanes("paraf", "tinjau") + START + cut + task("isi") + task("tinjau") + END
                     + path("mulai", "paraf", "isi", "tinjau", "selesai"))  # fmt: skip
    elsewhere = drawing(
        in_lane("tim", "Tim", "isi") + in_lane("kabid", "Kabid", "tinjau", "baru")
        + START + task("isi") + task("tinjau") + task("lalu") + task("baru", "", 'name="Paraf"')
        + element("endEvent", "tamat") + path("mulai", "isi", "tinjau", "lalu", "baru", "tamat")
    )  # fmt: skip
    assert losses(before, elsewhere) == {}


def test_four_eyes_that_are_put_back_name_a_pasted_task_by_its_new_id() -> None:
    def review(first: str, second: str, first_inside: str = "", second_inside: str = "") -> bytes:
        named = task(first, first_inside, 'name="Susun"') + task(second, second_inside, 'name="Periksa"')
        return drawing(START + named + END + path("mulai", first, second, "selesai"))

    before = review("susun", "periksa", with_properties(waktu="P3D"), with_properties(pisah_tugas="susun"))
    mended, restored = put_back(before, review("Activity_1", "Activity_2"))
    assert restored == [("Activity_1", "waktu", "P3D"), ("Activity_2", "pisah_tugas", "Activity_1")]
    assert b'value="Activity_1"' in mended


def test_four_eyes_with_a_task_that_is_gone_are_not_put_back() -> None:
    before = drawing(START + task("susun") + task("periksa", with_properties(pisah_tugas="susun", waktu="P1D")) + END
                     + path("mulai", "susun", "periksa", "selesai"))  # fmt: skip
    mended, restored = put_back(before, around(task("periksa"), "periksa"))
    assert restored == [("periksa", "waktu", "P1D")]
    assert "pisah_tugas" in losses(before, mended)["periksa"]


def test_a_copy_beside_its_original_has_lost_nothing() -> None:
    original = task("isi", with_properties(waktu="P3D"), 'name="Isi"')
    copied = drawing(
        START + original + task("salinan", "", 'name="Isi"') + END + path("mulai", "isi", "salinan", "selesai")
    )
    assert losses(around(original), copied) == {}


def test_of_pastes_of_one_name_each_is_told_by_its_neighbours() -> None:
    def three(first: str, second: str, **waktu: str) -> bytes:
        named = [
            task(each, with_properties(waktu=waktu[each]) if each in waktu else "", 'name="Periksa"')
            for each in (first, second)
        ]
        return drawing(
            START + named[1] + named[0] + task("antara") + END + path("mulai", first, "antara", second, "selesai")
        )

    mended, restored = put_back(three("a", "b", a="P1D", b="P2D"), three("x", "y"))
    assert restored == [("y", "waktu", "P2D"), ("x", "waktu", "P1D")]
    assert losses(three("a", "b", a="P1D", b="P2D"), mended) == {}


def test_a_lane_that_went_is_told_and_a_move_to_another_lane_is_not() -> None:
    two = in_lane("tim", "Tim", "isi") + in_lane("kabid", "Kabid", "lain")
    moved = in_lane("tim", "Tim") + in_lane("kabid", "Kabid", "lain", "isi")
    rest = START + task("isi") + task("lain") + END + path("mulai", "isi", "lain", "selesai")
    before = drawing(two + rest)
    assert losses(before, drawing(moved + rest)) == {}
    assert 'lane "Tim"' in losses(before, drawing(in_lane("kabid", "Kabid", "lain") + rest))["isi"]
    within = drawing(in_lane("tim", "Tim", "sub") + START + element("subProcess", "sub", task("isi")) + END)
    assert losses(drawing(in_lane("tim", "Tim", "isi") + rest), within) == {}


def test_what_was_lost_is_put_back_where_bpmn_wants_it_and_comments_stay() -> None:
    documentation = "<bpmn:documentation>Isi.</bpmn:documentation>"
    before = around(task("isi", documentation + extended(SCRIPT + "<camunda:x y='1'/>")))
    after = around(task("isi", "<!-- catatan -->" + documentation + element("incoming", "i")))
    mended, restored = put_back(before, after)
    assert restored == [("isi", "postScript", "hasil = 1"), ("isi", "x", "")]
    node = next(etree.fromstring(mended).iter("{*}userTask"))
    names = [etree.QName(child).localname for child in node.iterchildren("{*}*")]
    assert names == ["documentation", "extensionElements", "incoming"]
    assert b"<!-- catatan -->" in mended
    assert compare("proses", Files(before, {}), Files(mended, {})) == ()


def test_of_extensions_of_one_kind_each_is_put_back() -> None:
    both = "<camunda:in source='a'/><camunda:in source='b'/>"
    before = around(task("isi", extended(both)))
    mended, _ = put_back(before, around(task("isi")))
    assert compare("proses", Files(before, {}), Files(mended, {})) == ()


def test_what_only_user_tasks_have_is_not_put_on_anything_else() -> None:
    before = around(task("isi", with_properties(waktu="P1D", persetujuan="paraf", pisah_tugas="lain")))
    _, restored = put_back(before, around(element("scriptTask", "isi")))
    assert restored == [("isi", "waktu", "P1D")]


def test_a_lost_lane_comes_back_with_its_members_and_its_place_in_the_drawing() -> None:
    without = re.sub(r"<bpmn:laneSet.*?</bpmn:laneSet>", "", SOP, flags=re.DOTALL)
    without = re.sub(r'<bpmndi:BPMNShape id="lane_.*?</bpmndi:BPMNShape>', "", without, flags=re.DOTALL)
    mended, restored = put_back(SOP.encode(), without.encode(), SOP_KEY)
    assert {name for _, name, _ in restored} == {"lane"}
    assert compare(SOP_KEY, Files(SOP.encode(), {}), Files(mended, {})) == ()


def test_a_diagram_that_lost_nothing_keeps_its_very_bytes() -> None:
    assert restore(SOP.encode(), {SOP_KEY: SOP.encode()}) == (SOP.encode(), ())
    assert restore(SOP.encode(), {}) == (SOP.encode(), ())


def test_a_file_in_another_encoding_is_mended_too() -> None:
    stripped = EXTENSIONS.sub("", SOP).replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    mended, restored = put_back(SOP.encode(), stripped, SOP_KEY)
    assert restored
    assert losses(SOP.encode(), mended, SOP_KEY) == {}


TASKS = re.findall(r'<bpmn:userTask id="(\w+)"', SOP)


def without_extensions(identifier: str, xml: str) -> str:
    return re.sub(
        rf'(<bpmn:userTask id="{identifier}".*?)<bpmn:extensionElements>.*?</bpmn:extensionElements>',
        r"\1", xml, count=1, flags=re.DOTALL,
    )  # fmt: skip


def pasted(identifier: str, xml: str) -> str:
    return re.sub(rf'\b{identifier}\b(?=["<])', f"Activity_{identifier}", without_extensions(identifier, xml))


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(st.sampled_from(TASKS), st.sampled_from([without_extensions, pasted])))
def test_whatever_tasks_were_stripped_or_pasted_get_all_of_it_back(edits: Mapping[str, object]) -> None:
    damaged = SOP
    for identifier, edit in edits.items():
        assert callable(edit)
        damaged = edit(identifier, damaged)
    mended, _ = put_back(SOP.encode(), damaged.encode(), SOP_KEY)
    expected = {f"Activity_{each}" if edit is pasted else each for each, edit in edits.items()}
    assert set(losses(SOP.encode(), damaged.encode(), SOP_KEY)) == expected
    assert losses(SOP.encode(), mended, SOP_KEY) == {}
    told = compare(SOP_KEY, Files(SOP.encode(), {}), Files(mended, {}))
    assert not [each for each in told if each.kind == "property_changed" and each.property != "pisah_tugas"]
    assert put_back(mended, damaged.encode(), SOP_KEY)[0] == mended
