"""What the marks and arrows of a flow table say to those who hear the page."""

from __future__ import annotations

from app.engine.sop_sheet import SopSheet

#: characters of an exit's name beside its mark
MAX_LABEL = 24

_NAMES = {"capsule": "Kapsul", "box": "Kegiatan", "diamond": "Keputusan"}


def mark_texts(sheet: SopSheet) -> tuple[str, ...]:
    """For each row its mark, its actor and where it leads, such as "Keputusan: Sekretaris. Tidak: ke nomor 4"."""
    texts = []
    for row in sheet.rows:
        exits = [
            f"{connector.label or 'Lanjut'}: ke nomor {connector.target}"
            for connector in sheet.connectors
            if connector.source == row.number
        ]
        texts.append(". ".join([f"{row.caption or _NAMES[row.mark]}: {row.lane}", *filter(None, ["; ".join(exits)])]))
    return tuple(texts)


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning with an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
