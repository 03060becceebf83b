"""The dossier of an instance as a PDF/A-2b, tagged, A4: what happened, for people to read. The same words give the
same bytes.
"""

from __future__ import annotations

from typing import Any

from app.documents.typesetting import Words, archivable, breakable
from app.engine.isolation import BrokenOff, Isolation
from app.errors import EvidenceTooLarge

#: letters without a space that a column has room for
_COLUMN = 16

# Not the process that draws sheets: a dossier takes longer, and designers would wait for it.
drawer = Isolation(seconds=30.0, memory=1024 * 1024 * 1024, places=8, waiting=30.0)


def draw_dossier(words: Words) -> bytes:
    """The dossier, drawn in a process that can be killed: what people wrote decides how long that takes.

    Raises:
        EvidenceTooLarge: it cannot be drawn within the limits. Busy: too much is being drawn.
    """
    try:
        return drawer.run(render_dossier, words)
    except BrokenOff as error:
        raise EvidenceTooLarge(f"The drawing of the dossier was broken off: it {error.why}.") from error


def render_dossier(words: Words) -> bytes:
    """The dossier, paginated."""
    return archivable("dossier.typ", "dossier", _settable(words))


def _settable(value: Any) -> Any:
    """The same, with texts that can be broken into lines."""
    match value:
        case str():
            return breakable(value, _COLUMN)
        case dict():
            return {key: _settable(each) for key, each in value.items()}
        case list() | tuple():
            return [_settable(each) for each in value]
    return value
