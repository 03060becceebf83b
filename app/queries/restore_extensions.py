"""Restore what uploaded diagrams lost against the newest versions of their processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.engine.isolation import read_process_keys, restore_in_isolation
from app.queries.examine_upload import Examined, Stored, examine_upload


@dataclass(frozen=True, slots=True)
class RestoredExtension:
    """Something that was put back into one of the files."""

    file: str
    element_id: str
    #: a property's name, `postScript`, `lane` …
    name: str
    value: str


def examine_restored(
    files: Mapping[str, bytes], stored: Callable[[str], Stored | None], holders: Mapping[str, frozenset[str]]
) -> tuple[Examined, tuple[RestoredExtension, ...]]:
    """As `examine_upload`, of the files with what they lost put back.

    Only of what is sound as it was uploaded: a refusal names lines of the file that the designer has.

    Raises:
        DiagramRefused
    """
    examined = examine_upload(files, stored, holders)
    mended, restored = restore_extensions(files, stored)
    return (examine_upload(mended, stored, holders) if restored else examined), restored


def restore_extensions(
    files: Mapping[str, bytes], stored: Callable[[str], Stored | None]
) -> tuple[dict[str, bytes], tuple[RestoredExtension, ...]]:
    """The files, mended where anything was lost; what cannot be read stays as it is, for the checks to refuse."""
    mended, restored = dict(files), []
    for name, content in files.items():
        versions = {key: version for key in read_process_keys(content) if (version := stored(key)) is not None}
        previous = {key: version.xml for key, version in versions.items() if version.newest is not None}
        if previous:
            mended[name], found = restore_in_isolation(content, previous)
            restored += [RestoredExtension(name, each.element_id, each.name, each.value) for each in found]
    return mended, tuple(restored)
