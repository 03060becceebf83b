"""Which fields of forms stand for documents: the SHA-256 of a file, and beside it the address where the file lies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
#: as forms ask for one
_PATTERN = "^[0-9a-f]{64}$"
#: the word in a field's name
_HASH = "hash"


@dataclass(frozen=True, slots=True, order=True)
class DocumentField:
    """A field that holds the hash of a document."""

    name: str
    #: the field of the same form that holds its address; empty where there is none
    uri_name: str = ""


@dataclass(frozen=True, slots=True)
class LinkedDocument:
    """A document that somebody's form tells of."""

    #: in hexadecimal; whoever has the same file has the same document
    sha256: str
    #: of the field that holds the hash
    field_name: str
    uri: str | None


def document_fields(schema: Mapping[str, Any]) -> frozenset[DocumentField]:
    """The fields of a form that hold hashes of documents, each with the field of the address that goes with it.

    A field holds a hash where its name has the word `hash` or its pattern is that of a SHA-256. The address that goes
    with it has the format `uri` and the same words in its name, but one; or it is the only one beside an only hash.
    """
    properties = dict(_properties(schema))
    hashes = sorted(name for name, asked in properties.items() if _is_hash(name, asked))
    uris = sorted(name for name, asked in properties.items() if asked.get("format") == "uri")
    only = uris[0] if len(uris) == len(hashes) == 1 else ""
    return frozenset(DocumentField(name, _address_of(name, uris) or only) for name in hashes)


def linked_documents(payload: Mapping[str, Any], fields: Iterable[DocumentField]) -> Iterator[LinkedDocument]:
    """The documents of an event: those entered, and those shown to who approved them."""
    shown = (payload.get("approval") or {}).get("shown") or {}
    told = set()
    for values in (payload.get("variables") or {}, shown):
        for field in fields:
            sha256, uri = values.get(field.name), values.get(field.uri_name)
            if isinstance(sha256, str) and _SHA256.fullmatch(sha256) and (sha256, field.name) not in told:
                told.add((sha256, field.name))
                yield LinkedDocument(sha256, field.name, uri if isinstance(uri, str) and uri else None)


def _properties(part: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every property that a schema speaks of, however deep; last, as the schema itself says it."""
    if isinstance(part, list):
        for item in part:
            yield from _properties(item)
    if isinstance(part, dict):
        for inner in part.values():
            yield from _properties(inner)
        found = part.get("properties")
        for name, asked in found.items() if isinstance(found, dict) else ():
            if isinstance(asked, dict):
                yield name, asked


def _is_hash(name: str, asked: Mapping[str, Any]) -> bool:
    return _HASH in name.split("_") or asked.get("pattern") == _PATTERN


def _address_of(name: str, uris: Iterable[str]) -> str | None:
    words = [word for word in name.split("_") if word != _HASH]
    for uri in uris:
        rest = uri.split("_")
        if words and len(rest) == len(words) + 1 and set(words) <= set(rest):
            return uri
    return None
