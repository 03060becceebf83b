"""The page of an SOP sheet: whole in itself, readable aloud, and deaf to what a designer writes."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from playwright.sync_api import sync_playwright

from app.documents.sop_sheet_html import render_html
from tests.designer.modeler import CHROMIUM
from tests.documents.sheets import SOP, sheet


def test_the_page_of_the_sop_shows_its_rows_and_total() -> None:
    html = render_html(SOP).html
    assert '<html lang="id">' in html
    assert "47 hari 13 menit" in html
    assert len(re.findall(r'<th class="uraian" scope="row">', html)) == 6
    for caption in ("Mulai", "Selesai", "Tidak", "Ya", "4 Juli 2024", "Kepala DP3AP2KB Kota Tangerang"):
        assert f">{caption}<" in html


def test_every_mark_says_what_it_is_and_where_it_leads() -> None:
    titles = re.findall(r"<title>(.*?)</title>", render_html(SOP).html)[1:]
    assert titles[4] == "Keputusan: Sekretaris. Tidak: ke nomor 4; Ya: ke nomor 6"
    assert titles[0] == "Mulai: Kepala Badan. Lanjut: ke nomor 2"


def test_what_a_designer_writes_is_text() -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{ 7 * 7 }}</style>"
    identity = dict.fromkeys(["nama_sop", "unit", "dasar_hukum", "disahkan_oleh"], hostile)
    page = render_html(replace(sheet([0, 1], [(1, 2, hostile)], description=hostile), identity=identity))
    assert "<script" not in page.html
    assert "<img" not in page.html
    assert "&lt;script&gt;" in page.html
    assert "49" not in page.html


def test_the_page_needs_nothing_and_its_policy_names_its_style() -> None:
    page = render_html(SOP)
    [style] = re.findall(r"<style>(.*?)</style>", page.html, re.DOTALL)
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.content_security_policy
    assert not re.search(r"(src|href|url\(|@import|style=)", page.html)


def test_the_drawings_are_well_formed() -> None:
    for drawing in re.findall(r'<svg class="(?:arrows|mark)".*?</svg>\s*(?:</svg>)?', render_html(SOP).html, re.DOTALL):
        ElementTree.fromstring(drawing)  # noqa: S314 - our own


@pytest.mark.skipif(CHROMIUM is None, reason="Where words stand is asked of a browser: install Debian's chromium.")
def test_the_exits_of_a_decision_are_named_within_its_column_however_narrow() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        page = browser.new_page(viewport={"width": 600, "height": 800})
        page.set_content(render_html(SOP).html)
        places = page.evaluate("""[...document.querySelectorAll(".label")].map(label => [
            label.closest("td").getBoundingClientRect(), label.getBoundingClientRect()
        ].map(({ left, right }) => [left, right]))""")
        browser.close()
    assert len(places) == 2
    for (left, right), (begin, end) in places:
        assert left < begin < end < right


def test_forty_lanes_and_long_words_have_a_page() -> None:
    page = render_html(sheet(list(range(40)), [(1, 40, "Ya" * 5_000)], description="x" * 10_000))
    assert page.html.count('scope="col">Pelaksana ') == 40
