"""Setting documents with typst: words reach it as data alone, never as markup, and give the same bytes everywhere.

Its fonts are those inside the library (Libertinus Serif, and DejaVu Sans Mono for what that lacks), so that no
machine's own fonts can change a page.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

import typst

Words = dict[str, Any]

#: letters that stay together of a word that is too long for its column
_PIECE = 9
_SOFT_HYPHEN, _ZERO_WIDTH_SPACE = "\u00ad", "\u200b"
#: what may lack a glyph: all but blocks that the fonts have whole, such as Latin, Cyrillic, Hebrew, Arabic and arrows
UNSURE = re.compile(
    "[^\n -~\u00a0-\u0377\u03a3-\u0484\u05d0-\u05ea\u0621-\u063a\u0640-\u0655\u1e00-\u1f15\u2000-\u2040"
    "\u20a0-\u20bf\u2190-\u23ff\u2460-\u25ff]"
)
_NO_GLYPH = "could not be displayed"


def breakable(text: str, longest: int) -> str:
    """The text, with places where a word may be broken that has more letters than this."""
    return re.sub(rf"\S{{{longest + 1},}}", lambda word: _broken(word[0]), text)


def _broken(word: str) -> str:
    """A long word with the places where it may be broken: with a hyphen where it is a word indeed, else without."""
    is_word = word.strip(".,;:()\"'").isalpha()
    pieces = (word[place : place + _PIECE] for place in range(0, len(word), _PIECE))
    return (_SOFT_HYPHEN if is_word else _ZERO_WIDTH_SPACE).join(pieces)


def queried(template: str, name: str, words: Words) -> Any:
    """What a template tells of itself under the label `<measured>`. Args: `name` of the input that holds the words."""
    inputs = {name: json.dumps(words)}
    return json.loads(
        typst.query(_template(template), "<measured>", "value", one=True, font_paths=_fonts(), sys_inputs=inputs)
    )


def archivable(template: str, name: str, words: Words) -> bytes:
    """A PDF/A-2b, tagged. What no font has a glyph for is drawn as an empty square."""
    text = json.dumps(words, ensure_ascii=False)
    try:
        return _compiled(template, name, text)
    except typst.TypstError as error:
        if _NO_GLYPH not in str(error):
            raise
        return _compiled(template, name, UNSURE.sub("□", text))


def _compiled(template: str, name: str, words: str) -> bytes:
    return typst.compile(_template(template), font_paths=_fonts(), sys_inputs={name: words}, pdf_standards="a-2b")


@cache
def _template(name: str) -> bytes:
    return files("app.documents").joinpath("templates", name).read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)
