"""How each database spells the ids and moments that its rows hold, as `app.storage.proof_rows` reads them."""

from __future__ import annotations

from app.proof.spelling import Sealed, Spelling


def of_sqlite() -> Spelling:
    """Ids are kept without dashes, moments without their zone, which is UTC; payloads as `database` writes JSON."""
    return Spelling(Sealed(_with_dashes), Sealed(_with_zone), payloads_as_sealed=True)


def of_postgresql() -> Spelling:
    """The server writes both as they are sealed; of a payload it keeps the values, and not the text."""
    return Spelling(Sealed(_as_it_is), Sealed(_as_it_is), payloads_as_sealed=False)


def _with_dashes(plain: str | None) -> str | None:
    # What is no id stays as it is, and is found: nothing was sealed with it.
    if type(plain) is not str or len(plain) != 32:
        return plain
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"


def _with_zone(kept: str | None) -> str | None:
    # A moment of another shape than the service writes must not look like one.
    return f"{kept.replace('T', '?').replace(' ', 'T')}+00:00" if type(kept) is str else kept


def _as_it_is(kept: str | None) -> str | None:
    return kept
