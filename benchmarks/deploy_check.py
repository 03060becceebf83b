"""How long a designer waits: a diagram is uploaded, checked in its own process, and the answer is back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import floor
from benchmarks.connection import HOST, Connection
from benchmarks.databases import Prepared
from benchmarks.office import Office
from benchmarks.report import Effort, median, percentile
from benchmarks.server import Server

_SOP = Path(__file__).parents[1] / "bpmn" / "penjenjangan-kinerja" / "penjenjangan-kinerja.bpmn"
_BOUNDARY = "batas"
#: a draft that is examined until it is good: three flow nodes, drawn
_REVIEW = """
<exclusiveGateway id="ulang_{0}"/><userTask id="susun_{0}" name="Susun bagian {0}"/>
<exclusiveGateway id="baik_{0}" default="lanjut_{0}"/>
<sequenceFlow id="mulai_{0}" sourceRef="ulang_{0}" targetRef="susun_{0}"/>
<sequenceFlow id="periksa_{0}" sourceRef="susun_{0}" targetRef="baik_{0}"/>
<sequenceFlow id="kembali_{0}" sourceRef="baik_{0}" targetRef="ulang_{0}">
<conditionExpression>keputusan == "tidak"</conditionExpression></sequenceFlow>
<sequenceFlow id="lanjut_{0}" sourceRef="baik_{0}" targetRef="{1}"/>"""
_SHAPE = '<d:BPMNShape bpmnElement="{}"><c:Bounds x="1" y="1" width="100" height="80"/></d:BPMNShape>'
_FILE = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
xmlns:d="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:c="http://www.omg.org/spec/DD/20100524/DC">
<process id="ulasan" isExecutable="true"><startEvent id="mulai"/><endEvent id="selesai"/>
<sequenceFlow id="awal" sourceRef="mulai" targetRef="ulang_0"/>{}</process>
<d:BPMNDiagram><d:BPMNPlane>{}</d:BPMNPlane></d:BPMNDiagram></definitions>"""


def measure(server: Server, prepared: Prepared, effort: Effort) -> dict[str, Any]:
    """Dry runs of the SOP and of the largest diagrams, in turns with the floor."""
    files = {"sop": _SOP.read_bytes(), "large": _reviews(79)}
    seconds: dict[str, list[float]] = {name: [] for name in [*files, "floor"]}
    office, connection = Office(server.port, prepared.tokens), Connection(server.port)
    requests = {name: _upload(prepared.tokens["perancang"], xml) for name, xml in files.items()}
    requests["floor"] = office.floor(floor.PATH)
    # The process of the checks may still be on its way up.
    for request in requests.values():
        connection.send(request)
    for _ in range(effort.samples * 10):
        for name, request in requests.items():
            began = time.perf_counter()
            connection.send(request)
            seconds[name].append(time.perf_counter() - began)
    office.close()
    connection.close()
    return {name: _told(seconds[name], len(files.get(name, b""))) for name in seconds}


def _reviews(count: int) -> bytes:
    """A diagram of so many drafts, one after the other; the checks allow 250 flow nodes."""
    following = [*(f"ulang_{number}" for number in range(1, count)), "selesai"]
    steps = "".join(_REVIEW.format(number, then) for number, then in enumerate(following))
    nodes = [f"{kind}_{number}" for number in range(count) for kind in ("ulang", "susun", "baik")]
    return _FILE.format(steps, "".join(_SHAPE.format(node) for node in ["mulai", *nodes, "selesai"])).encode()


def _upload(token: str, xml: bytes) -> bytes:
    """A dry run, as the bytes on the wire."""
    disposition = 'Content-Disposition: form-data; name="file"; filename="proses.bpmn"'
    body = f"--{_BOUNDARY}\r\n{disposition}\r\n\r\n".encode() + xml + f"\r\n--{_BOUNDARY}--\r\n".encode()
    head = (
        f"POST /api/v1/deployments?dry_run=true HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _told(seconds: list[float], size: int) -> Mapping[str, float]:
    taken = [each * 1000 for each in seconds]
    return {"bytes": size, "milliseconds_p50": median(taken), "milliseconds_p99": percentile(taken, 99)}
