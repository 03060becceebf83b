#!/usr/bin/env python3
"""Memeriksa paket bukti satu proses, tanpa jaringan dan tanpa Jenjang (checks an evidence package, offline).

    python3 -I verify.py [PAKET.zip | FOLDER] [--key KUNCI.json]      (default: folder berkas ini / its own folder)

Kode keluar (exit code): 0 semuanya cocok, 1 ada yang tidak cocok. Python 3.9 ke atas, hanya pustaka baku (standard
library only). Dihitung ulang menurut RFC 8785 (JSON), RFC 9162 (Merkle), RFC 8032 (Ed25519), RFC 7638 (key id).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

Point = tuple[int, int, int]
MOST_FILES, MOST_BYTES = 500_000, 2 * 1024**3
ALWAYS = {"README.txt", "comments.json", "definitions.json", "dossier.pdf", "events.jsonl", "hashes.txt", "path.json"}
ALWAYS |= {"checkpoint.json", "public-keys.json", "values.json", "verify.py"}
COMMANDS = {"process_instance_started", "user_task_completed", "process_instance_migrated"}
ABOUT = ["sequence", "occurred_at", "type", "element_id", "element_name", "round", "user_task_id", "actor"]
ABOUT += ["on_behalf_of"]
#: what the hash of an event covers, by its format
SEALED = {1: {*ABOUT, "format", "process_instance_id", "basis", "state_sha256", "payload_sha256", "previous_hash"}}
SEALED[2] = SEALED[1] | {"channel", "request_id", "process_definition_id", "version"}
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, -1, P), pow(2, (P - 1) // 4, P)


class Broken(Exception):
    """Ada yang tidak cocok dalam paket (something in the package does not hold)."""


def require(holds: bool, place: str, reason: str) -> None:
    if not holds:
        raise Broken(f"{place}: {reason}")


def attempt(place: str, do: Callable[..., Any], *given: Any) -> Any:
    """Say what cannot even be read, instead of showing a traceback."""
    try:
        return do(*given)
    except Broken:
        raise
    except Exception as error:
        raise Broken(f"{place}: tidak dapat dibaca (malformed: {type(error).__name__})") from error


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def parse(data: bytes) -> Any:
    # Long integers are doubles to RFC 8785, which writes those of up to 21 digits without an exponent.
    integer: Callable[[str], Any] = lambda digits: int(digits) if len(digits) < 16 else float(digits)
    return json.loads(data.decode("utf-8"), parse_int=integer)


def canonical(value: Any) -> bytes:
    """As RFC 8785 writes it."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return b"{" + b",".join(canonical(name) + b":" + canonical(value[name]) for name in names) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical, value)) + b"]"
    return (number(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)).encode("utf-8")


def number(value: float) -> str:
    """As ECMAScript writes a number (ECMA-262, Number::toString)."""
    sign, figures, exponent = Decimal(repr(value)).as_tuple()
    place = len(figures) + int(exponent)  # an error for infinity and NaN, which JSON has not
    digits, minus = "".join(map(str, figures)).rstrip("0"), "-" * sign
    if not digits:
        return "0"
    if 0 < place <= 21:
        return minus + digits[:place].ljust(place, "0") + "." * (len(digits) > place) + digits[place:]
    if -6 < place <= 0:
        return f"{minus}0.{'0' * -place}{digits}"
    return f"{minus}{digits[0]}{'.' * (len(digits) > 1)}{digits[1:]}e{place - 1:+d}"


def add(one: Point, other: Point) -> Point:
    """Of points of Curve25519 in Edwards' form, as X/Z and Y/Z."""
    (x, y, z), (u, v, w) = one, other
    both, xu, yv = z * w % P, x * u % P, y * v % P
    minus, plus = both * both - D * xu * yv, both * both + D * xu * yv
    return both * minus * ((x + y) * (u + v) - xu - yv) % P, both * plus * (yv + xu) % P, minus * plus % P


def times(factor: int, point: Point) -> Point:
    rest = times(factor >> 1, add(point, point)) if factor else (0, 1, 1)
    return add(rest, point) if factor & 1 else rest


def point_of(data: bytes) -> Point:
    """RFC 8032, 5.1.3; what is no point, or not written in its one way, is refused."""
    odd, y = divmod(int.from_bytes(data, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    x = root if root * root % P == square else root * ROOT % P
    if len(data) != 32 or y >= P or x * x % P != square or (x == 0 and odd):
        raise ValueError("not a point")
    return (x if x % 2 == odd else P - x), y, 1


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """RFC 8032, 5.1.7; keys of small order, which sign everything, are refused."""
    public, s = point_of(key), int.from_bytes(signature[32:], "little")
    factor = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    x, y, z = times(s, point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little")))
    u, v, w = add(point_of(signature[:32]), times(factor, public))
    equal = (x * w - u * z) % P == 0 == (y * w - v * z) % P
    return equal and len(signature) == 64 and s < ORDER and times(8, public)[0] != 0


def read_keys(data: bytes) -> dict[str, bytes]:
    """The keys of a JWK set, or of one JWK, by their thumbprints (RFC 7638)."""
    keys, found = parse(data), {}
    for key in keys.get("keys", [keys]):
        thumbprint = hashlib.sha256(canonical({"crv": "Ed25519", "kty": "OKP", "x": key["x"]})).digest()
        found[base64.urlsafe_b64encode(thumbprint).decode().rstrip("=")] = base64.urlsafe_b64decode(key["x"] + "=")
    return found


class Package:
    """A package, as a zip or as the folder that it was unpacked to."""

    def __init__(self, path: str) -> None:
        self.events: list[dict[str, Any]] = []
        self.expected = set(ALWAYS)
        if Path(path).is_dir():
            found = [file for file in Path(path).rglob("[!.]*") if file.is_file() and file.suffix != ".zip"]
            self.files: dict[str, Any] = {file.relative_to(path).as_posix(): file.read_bytes for file in found}
            sizes = [file.stat().st_size for file in found]
        else:
            archive = zipfile.ZipFile(path)
            members = [member for member in archive.infolist() if not member.filename.endswith("/")]
            # ZipFile.read gives no more bytes than the member declares, and checks its CRC.
            self.files = {member.filename: partial(archive.read, member) for member in members}
            sizes = [member.file_size for member in members]
        fits = len(self.files) == len(sizes) <= MOST_FILES and sum(sizes) <= MOST_BYTES
        require(fits, ascii(path), "nama ganda, atau terlalu besar (duplicate names, or too large)")
        for name in self.files:
            inside = not {"", ".", ".."} & set(name.split("/")) and not set(name) & set("\\:\0\n")
            require(inside, ascii(name), "nama berkas terlarang (forbidden file name)")

    def read(self, name: str) -> bytes:
        require(name in self.files, ascii(name), "tidak ada (missing)")
        return bytes(attempt(ascii(name), self.files[name]))

    def check_hashes(self) -> None:
        """hashes.txt lists every other file, and only these, with its SHA-256."""
        listed = self.read("hashes.txt").decode("utf-8").split("\n")
        expected = [f"{sha256(self.read(name))}  {name}" for name in sorted(self.files) if name != "hashes.txt"] + [""]
        place = ascii(min((line[66:] for line in set(listed) ^ set(expected)), default="hashes.txt"))
        require(listed == expected, place, "tidak sesuai dengan hashes.txt (altered, missing or additional)")

    def check_events(self) -> None:
        """Each event's hash covers what it says, the digest of its payload, and the hash of the event before it."""
        lines = self.read("events.jsonl").split(b"\n")
        require(lines.pop() == b"" and lines != [], "events.jsonl", "kosong atau terpotong (empty or truncated)")
        for position, line in enumerate(lines, start=1):
            place = f"events.jsonl, kejadian (event) {position}"
            self.events.append(attempt(place, self.check_event, line, position, place))

    def check_event(self, line: bytes, position: int, place: str) -> dict[str, Any]:
        event: dict[str, Any] = parse(line)
        sealed, state = SEALED[event["format"]], f"states/{position:06d}.state"
        whole = set(event) == sealed | {"payload", "payload_salt", "hash", "state_removed"} and canonical(event) == line
        require(whole, place, "bagiannya kurang atau lebih (missing or additional members)")
        require(event["sequence"] == position, place, "nomornya tidak urut (out of sequence)")
        before = self.events[-1] if self.events else {**event, "hash": event["previous_hash"]}
        linked = all(event[a] == before[b] for a, b in (("previous_hash", "hash"), ("process_instance_id",) * 2))
        require(linked, place, "tidak menyambung pada kejadian sebelumnya (chain broken)")
        if event["payload"] is not None:
            salted = bytes.fromhex(event["payload_salt"]) + canonical(event["payload"])
            require(sha256(salted) == event["payload_sha256"], place, "muatannya diubah (payload altered)")
        told = {name: event[name] for name in sealed}
        require(sha256(canonical(told)) == event["hash"], place, "isinya diubah (event altered)")
        if event["state_sha256"] and not event["state_removed"]:
            require(sha256(self.read(state)) == event["state_sha256"], state, "diubah (state altered)")
            self.expected.add(state)
        return event

    def check_definitions(self) -> None:
        """The chain begins at the fingerprint of a diagram with its forms, and migrations name those of others."""
        place = "definitions.json"
        versions = {(each["id"], each["version"]): each["fingerprint"] for each in parse(self.read(place))}
        for each in parse(self.read(place)):
            xml = hashlib.sha256(self.read(each["diagram"]))
            parts = hashlib.sha256(xml.digest())
            for form in sorted(each["forms"], key=lambda form: str(form["name"])):
                parts.update(bytes.fromhex(sha256(form["name"].encode()) + sha256(self.read(form["file"]))))
            same = (parts.hexdigest(), xml.hexdigest()) == (each["fingerprint"], each["sha256"])
            require(same, f"definitions/{each['version']}", "diagram atau formulirnya diubah (altered)")
            self.expected |= {each["diagram"], *(form["file"] for form in each["forms"])}
        stray = sorted(set(self.files) - self.expected)
        require(stray == [], ascii(stray[:1]), "bukan bagian paket ini (not part of this package)")
        moves = [event["payload"] for event in self.events if event["type"] == "process_instance_migrated"]
        told = {(m["to"]["id"], m["to"]["version"]): m["to"]["fingerprint"] for m in moves if m is not None}
        ran = {(event["process_definition_id"], event["version"]) for event in self.events if event["format"] > 1}
        require(told.items() <= versions.items() and ran <= versions.keys(), place, "versi lain (other versions)")
        proven, kept = {self.events[0]["previous_hash"], *told.values()}, set(versions.values())
        begun = proven <= kept and (kept <= proven or None in moves)
        require(begun, place, "rantai tidak bermula dari berkas SOP ini (the chain begins elsewhere)")

    def check_derived(self) -> None:
        """values.json, path.json and comments.json say what follows from the events, and nothing else."""
        after, path, comments, complete = [], [], [], True
        values: dict[str, tuple[int, Any]] = {}
        for event in self.events:
            payload, about, now = event["payload"] or {}, {name: event[name] for name in ABOUT}, event["sequence"]
            if payload.get("comment") is not None:
                comments.append({**about, "text": payload["comment"]})
            if "changes" in payload or (event["payload"] is None and event["type"] in COMMANDS):
                complete = complete and event["payload"] is not None
                path.append({**about, "flows": payload.get("flows")})
                values |= {name: (now, change["new"]) for name, change in payload.get("changes", {}).items()}
                # A long value that did not change is told by the event in which it last did.
                old = {name: since for name, (since, v) in values.items() if since < now and len(canonical(v)) > 200}
                told = {name: value for name, (_, value) in values.items() if name not in old}
                after.append({**about, "complete": complete, "variables": told, "unchanged_since": old})
        after.append({"complete": complete, "final": {name: value for name, (_, value) in values.items()}})
        for name, expected in (("values.json", after), ("path.json", path), ("comments.json", comments)):
            same = self.read(name) == b"[" + b",\n".join(map(canonical, expected)) + b"]\n"
            require(same, name, "tidak sesuai dengan kejadian (not what follows from the events)")

    def check_checkpoint(self, key_file: str | None) -> tuple[dict[str, Any], int]:
        """The head of the instance stands under the root that was signed."""
        told, place = parse(self.read("checkpoint.json")), "checkpoint.json"
        statement, head = told["statement"], told["head"]
        keys = read_keys(Path(key_file).read_bytes() if key_file else self.read("public-keys.json"))
        key = keys.get(statement["key_id"], b"")
        require(key != b"", ascii(key_file or "public-keys.json"), "tidak memuat kunci checkpoint (has no such key)")
        signed = is_signed(key, bytes.fromhex(told["signature"]), canonical(statement))
        require(signed and statement["type"] == "jenjang.checkpoint", place, "tanda tangannya salah (bad signature)")
        require(head["sequence"] <= len(self.events), "events.jsonl", "kejadian terakhir hilang (cut off at the end)")
        last = self.events[head["sequence"] - 1]
        ended = {"stream": last["process_instance_id"], "sequence": last["sequence"], "hash": last["hash"]}
        require(canonical(ended) == canonical(head), place, "menandatangani rantai lain (another chain was signed)")
        reached = sha256(b"\0" + canonical(head))
        for step in told["path"]:
            pair = (step["hash"], reached) if step["side"] == "left" else (reached, step["hash"])
            reached = sha256(b"\1" + bytes.fromhex("".join(pair)))
        require(reached == statement["root"], place, "jalur Merkle tidak sampai ke akar (path does not reach the root)")
        return statement, last["sequence"]


def check(path: str, key_file: str | None) -> list[str]:
    """Everything; gives what is to be printed."""
    package: Package = attempt(ascii(path), Package, path)
    for part in (package.check_hashes, package.check_events, package.check_definitions, package.check_derived):
        attempt(part.__name__.replace("check_", ""), part)
    events = package.events
    count, removed = len(events), [e["sequence"] for e in events if e["payload"] is None or e["state_removed"]]
    proven = [f"SAH (VALID): {count} kejadian terbukti berantai utuh ({count} events proven as one chain)."]
    proven += [f"  proses (instance) {events[0]['process_instance_id']!a}, kepala rantai (head) {events[-1]['hash']}"]
    left = ["apa yang terjadi sesudah kejadian terakhir (what happened after the last event)"]
    left += ["dossier.pdf, README.txt: ringkasan, hanya dicocokkan dengan hashes.txt (summaries, only hashed)"]
    if removed:
        left += [f"muatan atau status kejadian {removed} dihapus, tinggal sidik jarinya (redacted: digests only)"]
    if "checkpoint.json" in package.files:
        statement, last = attempt("checkpoint.json", package.check_checkpoint, key_file)
        proven += [
            f"  kejadian 1-{last} di bawah checkpoint {statement['number']!a}, {statement['created_at']!a} (signed)"
        ]
        proven += [f"  akar (root) {statement['root']!a}, kunci (key id) {statement['key_id']!a}"]
        if last < count:
            left += [f"kejadian {last + 1}-{count} sesudah checkpoint itu: hanya berantai (only chained)"]
        if not key_file:
            left += ["kunci dalam paket tidak lebih terpercaya daripada paketnya (the key is as good as its source):"]
            left += ["  bandingkan key id dengan https://SERVER/.well-known/jenjang-audit-key, atau pakai --key"]
    else:
        left += ["tidak ada checkpoint: yang menguasai basis data dapat menulis ulang semuanya (no checkpoint)"]
    return [*proven, "TIDAK DIBUKTIKAN (NOT PROVEN):", *(f"  {each}" for each in left)]


def main() -> int:
    options = argparse.ArgumentParser(description="Memeriksa paket bukti (checks an evidence package).")
    options.add_argument("path", metavar="PAKET", nargs="?", default=str(Path(__file__).resolve().parent))
    options.add_argument("--key", metavar="KUNCI.json", help="JWK (set) dari sumber tepercaya (that you trust)")
    given = options.parse_args()
    try:
        print("\n".join(check(given.path, given.key)))
    except Broken as broken:
        print(f"TIDAK SAH (NOT VALID): {broken}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
