"""The dossier: archivable, always the same, and of any instance within bounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pikepdf
import pytest

from app.documents import dossier_pdf
from app.documents.dossier import DETAILS, STEPS, DossierNotes, Told
from app.documents.dossier_pdf import draw_dossier, render_dossier
from app.documents.evidence import EvidenceEvent
from app.engine.isolation import Isolation
from app.errors import EvidenceTooLarge

START = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
LONG = "Isi pokok konsep rancangan. " * 700
#: what a template would run, if it came to it as markup
MARKUP = '#panic("x") *tebal* $x$ <label> @ref \\ // `` ] ) "'


def words_of(rounds: int, text: str) -> dict[str, Any]:
    """Of an instance that was sent back so many times."""
    notes = DossierNotes(lambda version, element_id: {"ringkasan": "Ringkasan"})
    sequence = 0
    for number in range(1, rounds + 1):
        approval = {"kind": "paraf", "username": "ketua", "name": text[:200], "content_sha256": "ab" * 32}
        completed = {
            "variables": {"ringkasan": text, "x" * 300: [1, {"a": text}]},
            "comment": text,
            "approval": approval,
        }
        for type_, payload in (("user_task_completed", completed), ("user_task_returned", {"note": text})):
            sequence += 1
            told = {"sequence": sequence, "type": type_, "element_id": "x", "element_name": text[:200], "round": number}
            told |= {"actor": "ketua", "on_behalf_of": "kepala", "basis": text[:200]}
            event = EvidenceEvent(told, payload, b"", bytes(32), bytes(32), bytes(32), None)
            notes.add(event, Told(START + timedelta(days=number), text, text, 3600, late=True, version=1))
    lists = {name: getattr(notes, name).words() for name in ("steps", "returns", "approvals", "others", "details")}
    title = {"title": text[:300], "footer": text[:70], "unit": text[:300], "id": "01a2221c-e9c4-75e0-8156-8aaf15ecf51a"}
    facts = {"facts": [("Nama SOP", text[:300])], "proof": [("Kepala rantai", notes.head)]}
    return title | {"date": {"year": 2026, "month": 7, "day": 1}} | facts | lists


@pytest.fixture(scope="module")
def largest() -> bytes:
    return render_dossier(words_of(500, LONG))


def test_five_hundred_rounds_of_long_texts_fill_a_bounded_number_of_pages(largest: bytes) -> None:
    with pikepdf.open(BytesIO(largest)) as document:
        assert len(document.pages) < 150


def test_of_a_long_list_the_ends_are_told_and_how_many_lie_between() -> None:
    words = words_of(500, "Isi.")
    for name, most in (("steps", STEPS), ("details", DETAILS)):
        told = words[name]
        assert len(told["first"]) == len(told["last"]) == most
        assert told["left_out"] == 500 - 2 * most
        assert [told["first"][0]["number"], told["last"][-1]["number"]] == [1, 500]


def test_a_long_text_is_cut_where_the_rest_is_said_to_be() -> None:
    [(_, shown), *_] = words_of(1, LONG)["details"]["first"][0]["values"]
    assert shown.endswith("… (19.600 karakter; selengkapnya dalam events.jsonl)")
    assert len(shown) < 2_000


def test_the_same_words_give_the_same_bytes() -> None:
    assert render_dossier(words_of(3, LONG)) == render_dossier(words_of(3, LONG))


def test_it_says_that_it_is_pdf_a_2b(largest: bytes) -> None:
    with pikepdf.open(BytesIO(largest)) as document, document.open_metadata() as metadata:
        assert metadata.pdfa_status == "2B"
        assert bool(document.Root.MarkInfo.Marked)


@pytest.mark.parametrize("text", [MARKUP, "", "\u0378\U0001d11e\u4e00", "x" * 20_000, "\n\n"])
def test_whatever_people_write_is_drawn_as_words(text: str) -> None:
    assert render_dossier(words_of(2, text)).startswith(b"%PDF-")


def test_what_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dossier_pdf, "drawer", Isolation(seconds=0.001))
    with pytest.raises(EvidenceTooLarge, match="took longer"):
        draw_dossier(words_of(500, LONG))
