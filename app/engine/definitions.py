"""From the bytes of a diagram and its forms to a `Definition` that threads can share."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException

from app.engine.flow_order import flow_order
from app.engine.forms import Form
from app.engine.parser import DiagramParser
from app.engine.user_task_elements import (
    ADMINISTRATOR,
    BPMN,
    UserTaskElement,
    first_user_tasks,
    read_form,
    read_lanes,
    read_properties,
    read_roles,
    read_user_tasks,
)

__all__ = [
    "ADMINISTRATOR",
    "Definition",
    "DefinitionUnreadable",
    "UserTaskElement",
    "cached",
    "fingerprint",
    "parse",
    "read_xml",
]

#: definitions
CACHE_SIZE = 128

#: attributes that are qualified names, as BPMN's schema has it
_QUALIFIED = etree.XPath(
    "//@messageRef | //@signalRef | //@errorRef | //@escalationRef | //@calledElement | //@attachedToRef"
)

Forms = Mapping[str, bytes]


class DefinitionUnreadable(Exception):
    """The diagram cannot be read; `reason` says why, in the words of whoever found out."""

    def __init__(self, reason: str, element_id: str | None = None, line: int = 1) -> None:
        self.reason = reason
        self.element_id = element_id
        self.line = line
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Definition:
    """A process as it can be run. Shared by threads; nothing in it ever changes."""

    key: str
    name: str
    fingerprint: str
    #: lanes that hold user tasks, in the diagram's order; `administrator` last if a task is in none
    roles: tuple[str, ...]
    #: names of the lanes that tasks can lie in, whether any does
    lanes: frozenset[str]
    #: roles of the user tasks that can be the first; `administrator` where there is none
    starter_roles: frozenset[str]
    #: by element id, those of subprocesses included
    user_tasks: Mapping[str, UserTaskElement]
    start_form: Form
    #: the SOP's identity block
    identity: Mapping[str, str]
    #: by element id
    element_names: Mapping[str, str]
    #: the place of each element along the flow, by its id
    order: Mapping[str, int] = field(repr=False)
    spec: Any = field(repr=False)
    subprocess_specs: Mapping[str, Any] = field(repr=False)

    def leads_back(self, source: str, target: str) -> bool:
        """Whether what leads from one element to another leads back to it: it comes earlier, or is the same."""
        unknown = len(self.order)
        return self.order.get(target, unknown) <= self.order.get(source, -1)

    @property
    def specs(self) -> tuple[Any, ...]:
        """The specification of the process and those of its subprocesses."""
        return (self.spec, *self.subprocess_specs.values())


def read_xml(xml: bytes) -> etree._Element:
    """Parse XML from a stranger: nothing is fetched, expanded or allowed to grow.

    Comments and processing instructions are left out, so that they cannot cut a text in two.

    Raises:
        DefinitionUnreadable
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise DefinitionUnreadable("This is no well-formed XML.", line=line) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise DefinitionUnreadable("A document type declaration (DOCTYPE) is not allowed.")
    _localise(root)
    return root


def _localise(root: etree._Element) -> None:
    """Drop from references the prefix of the file's own namespace, which some modelers write and nobody here reads."""
    own = root.get("targetNamespace")
    references: Any = _QUALIFIED(root)
    for reference in references:
        prefix, colon, local_name = reference.partition(":")
        if colon and own and reference.getparent().nsmap.get(prefix) == own:
            reference.getparent().set(reference.attrname, local_name)


def fingerprint(xml: bytes, forms: Forms) -> str:
    """What tells one version of a diagram and its forms from any other: SHA-256, in hexadecimal."""
    digest = hashlib.sha256(hashlib.sha256(xml).digest())
    for name, content in sorted(forms.items()):
        digest.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(content).digest())
    return digest.hexdigest()


def parse(key: str, xml: bytes, forms: Forms) -> Definition:
    """Parse one process of a diagram that the checks have passed.

    Raises:
        DefinitionUnreadable: what SpiffWorkflow says, as it is: for the checks to translate
    """
    root = _mended(read_xml(xml))
    parser = DiagramParser()
    try:
        parser.add_bpmn_xml(root)
        spec = parser.get_spec(key)
        subprocess_specs = parser.get_subprocess_specs(key)
    except ValidationException as error:
        element = getattr(error, "id", None)
        raise DefinitionUnreadable(str(error), element) from error
    except Exception as error:
        raise DefinitionUnreadable(str(error)) from error
    return _definition(root, forms, fingerprint(xml, forms), spec, subprocess_specs)


def _mended(root: etree._Element) -> etree._Element:
    """Mend what SpiffWorkflow would drop without a word."""
    for node in root.iter(f"{BPMN}flowNodeRef"):
        node.text = (node.text or "").strip()
    for number, node in enumerate(root.iter(f"{BPMN}sequenceFlow"), start=1):
        node.set("id", node.get("id") or f"sequenceFlow_{number}")
    return root


def _definition(root: etree._Element, forms: Forms, digest: str, spec: Any, subprocess_specs: Any) -> Definition:
    process = next(node for node in root.iter(f"{BPMN}process") if node.get("id") == spec.name)
    start = process.find(f"{BPMN}startEvent")
    user_tasks = read_user_tasks(root, (spec, *subprocess_specs.values()), forms)
    starters = {user_tasks[element].role for element in first_user_tasks(spec, subprocess_specs)}
    names = {node.get("id", ""): node.get("name", "") for node in root.iterfind(".//*[@id][@name]")}
    return Definition(
        key=spec.name,
        name=spec.description,
        fingerprint=digest,
        roles=read_roles(root, user_tasks),
        lanes=read_lanes(root) | {task.role for task in user_tasks.values()} - {ADMINISTRATOR},
        starter_roles=frozenset(starters or {ADMINISTRATOR}),
        user_tasks=MappingProxyType(user_tasks),
        start_form=read_form({} if start is None else read_properties(start), forms),
        identity=MappingProxyType(read_properties(process)),
        element_names=MappingProxyType(names),
        order=MappingProxyType(flow_order(spec, subprocess_specs)),
        spec=spec,
        subprocess_specs=MappingProxyType(subprocess_specs),
    )


class _Cache:
    """The definitions used last, each parsed once even if several threads ask for it at the same time."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, str], Future[Definition]] = OrderedDict()

    def get(self, key: tuple[str, str], make: Callable[[], Definition]) -> Definition:
        with self._lock:
            entry = self._entries.get(key)
            if mine := entry is None:
                entry = self._entries[key] = Future()
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        if mine:
            self._fill(key, entry, make)
        return entry.result()

    def _fill(self, key: tuple[str, str], entry: Future[Definition], make: Callable[[], Definition]) -> None:
        try:
            entry.set_result(make())
        except BaseException as error:
            # the next one who asks tries again
            with self._lock:
                self._entries.pop(key, None)
            entry.set_exception(error)


_cache = _Cache(CACHE_SIZE)


def cached(key: str, fingerprint: str, load: Callable[[], tuple[bytes, Forms]]) -> Definition:
    """The definition with this key and fingerprint; `load` gives the bytes if it has to be parsed.

    Raises:
        DefinitionUnreadable
    """
    return _cache.get((key, fingerprint), lambda: parse(key, *load()))
