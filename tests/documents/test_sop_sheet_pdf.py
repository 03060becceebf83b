"""The PDF of an SOP sheet: archivable, accessible, always the same, and of any diagram within bounds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import unicodedata
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
import typst

from app.documents import typesetting
from app.documents.pages import columns_for
from app.documents.sop_sheet_pdf import MAX_POINTS, render_pdf
from app.engine.checks import process_keys
from app.engine.checks.sop_sheet import MAX_LANES
from app.engine.sop_sheet import NO_LANE, read_sheet
from app.errors import SopSheetTooWide
from tests.documents.sheets import SOP, sheet

PDFTOTEXT = shutil.which("pdftotext")
#: millimetres left of the table
_MARGIN = 12.0
DIAGRAMS = sorted((Path(__file__).parents[1] / "diagrams").glob("*.bpmn"))


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return render_pdf(SOP)


def opened(pdf: bytes) -> pikepdf.Pdf:
    return pikepdf.open(BytesIO(pdf))


def test_the_pdf_says_that_it_is_pdf_a_2b(pdf: bytes) -> None:
    with opened(pdf) as document, document.open_metadata() as metadata:
        assert metadata.pdfa_status == "2B"
        assert metadata["dc:title"] == "SOP Penjenjangan Kinerja"
        assert "/OutputIntents" in document.Root


def test_the_pdf_is_tagged_in_indonesian_with_words_for_every_mark(pdf: bytes) -> None:
    with opened(pdf) as document:
        assert bool(document.Root.MarkInfo.Marked)
        assert str(document.Root.Lang) == "id"
        elements = [each for each in document.objects if isinstance(each, pikepdf.Dictionary) and "/S" in each]
        assert "/StructTreeRoot" in document.Root
        assert {"/Table", "/TH", "/TD", "/Figure", "/H1"} <= {str(each.S) for each in elements}
        heard = {str(each.Alt) for each in elements if "/Alt" in each}
        assert "Keputusan: Sekretaris. Tidak: ke nomor 4; Ya: ke nomor 6" in heard


def test_the_pages_are_a4_in_landscape_with_every_font_inside(pdf: bytes) -> None:
    with opened(pdf) as document:
        assert len(document.pages) == 2
        for page in document.pages:
            assert [round(float(side)) for side in page.mediabox] == [0, 0, 842, 595]
            for font in page.resources.Font.values():
                assert "/FontFile" in "".join(font.DescendantFonts[0].FontDescriptor.keys())


def test_the_same_sheet_gives_the_same_bytes(pdf: bytes) -> None:
    assert render_pdf(SOP) == pdf


def test_the_date_of_the_document_is_that_of_its_approval(pdf: bytes) -> None:
    with opened(pdf) as document:
        assert str(document.docinfo.CreationDate).startswith("D:20240704")


def test_the_total_stands_in_the_text_of_the_page(pdf: bytes) -> None:
    assert "47 hari 13 menit" in spoken(pdf)


@pytest.mark.skipif(PDFTOTEXT is None, reason="Where words stand is asked of pdftotext: install poppler-utils.")
@pytest.mark.parametrize("exit_name", ["Ya", "Tidak"])
def test_the_exits_of_a_decision_are_named_within_its_column(pdf: bytes, tmp_path: Path, exit_name: str) -> None:
    (tmp_path / "sheet.pdf").write_bytes(pdf)
    page = subprocess.run(
        [str(PDFTOTEXT), "-bbox", "-f", "2", "sheet.pdf", "-"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    [place] = re.findall(rf'xMin="([0-9.]+)" yMin="[0-9.]+" xMax="([0-9.]+)" yMax="[0-9.]+">{exit_name}<', page.stdout)
    begin, end = (float(points) / 72 * 25.4 for points in place)
    columns = columns_for(len(SOP.lanes))
    border = _MARGIN + columns.first_lane + SOP.lanes.index("Sekretaris") * columns.lane
    assert border < begin < end < border + columns.lane


def test_what_a_designer_writes_is_no_markup() -> None:
    hostile = '#panic("a") $x$ *tebal* = Judul \\ `kode` @rujukan <label> "kutip"'
    text = spoken(render_pdf(sheet([0], [], description=hostile)))
    assert '#panic("a") $x$ *tebal* = Judul \\ `kode` @rujukan <label> "kutip"'.replace(" ", "") in text.replace(
        " ", ""
    )


@pytest.mark.parametrize(
    "description",
    [
        "x" * 10_000,
        "kata " * 2_000,
        "شكرا جزيلا",
        "שלום",
        "😀 日本語 ꦲ",
        "\u202eterbalik",
        "a\u0301\u200d\ufe0f",
        "\ue000\ufffd\x85",
    ],
)
def test_no_text_is_too_strange_to_be_set(description: str) -> None:
    render_pdf(sheet([0, 1], [(1, 2, description)], description=description))


def test_an_identity_block_without_end_is_cut() -> None:
    endless = replace(SOP, identity={"dasar_hukum": "Undang-Undang\n" * 20_000, "nama_sop": "S" * 10_000})
    with opened(render_pdf(endless)) as document:
        assert len(document.pages) < MAX_POINTS / 10


def test_more_lanes_than_fit_are_refused_and_as_many_as_fit_are_not() -> None:
    render_pdf(sheet([MAX_LANES - 1], []))
    with pytest.raises(SopSheetTooWide, match="13 columns of actors; a page has room for 12"):
        render_pdf(sheet([MAX_LANES], []))


def test_a_sheet_without_rows_has_its_identity_block() -> None:
    render_pdf(replace(SOP, rows=(), connectors=(), lanes=(NO_LANE,)))


def test_all_that_counts_as_sure_to_have_a_glyph_has_one() -> None:
    unsure = typesetting.UNSURE
    sure = "".join(
        character
        for character in map(chr, range(0x20, 0x2800))
        if not unsure.match(character) and unicodedata.category(character) != "Cn"
    )
    source = """
        #set document(date: datetime(year: 2024, month: 7, day: 4))
        #set text(font: ("Libertinus Serif", "DejaVu Sans Mono"))
        #for each in json(bytes(sys.inputs.sure)).codepoints() [#each ]
    """
    fonts = typst.Fonts(include_system_fonts=False)
    inputs = {"sure": json.dumps(sure)}
    assert typst.compile(source.encode(), font_paths=fonts, sys_inputs=inputs, pdf_standards="a-2b")


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda path: path.stem)
def test_every_diagram_can_be_set(diagram: Path) -> None:
    xml = diagram.read_bytes()
    for key in process_keys(xml):
        assert render_pdf(read_sheet(key, xml)).startswith(b"%PDF-1.7")


def spoken(pdf: bytes) -> str:
    """The text of a PDF, read through its fonts' maps to Unicode."""
    with opened(pdf) as document:
        return " ".join(_text_of(page) for page in document.pages)


def _text_of(page: pikepdf.Page) -> str:
    maps = {name: _unicode_of(font) for name, font in page.resources.Font.items()}
    words, letters = [], {}
    for instruction in pikepdf.parse_content_stream(page):
        operands, operator = instruction.operands, instruction.operator
        if str(operator) == "Tf":
            letters = maps[str(operands[0])]
        elif str(operator) in ("Tj", "TJ"):
            parts = operands[0] if str(operator) == "TJ" else [operands[0]]
            codes = b"".join(bytes(part) for part in parts if isinstance(part, pikepdf.String))
            words.append("".join(letters.get(codes[place : place + 2], "") for place in range(0, len(codes), 2)))
    return "".join(words)


def _unicode_of(font: pikepdf.Object) -> dict[bytes, str]:
    table = font.ToUnicode.read_bytes().decode()
    return {
        bytes.fromhex(code): bytes.fromhex(text).decode("utf-16-be")
        for code, text in re.findall(r"^<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>$", table, re.MULTILINE)
    }
