"""The bodies that tell what was changed: deployments with their previews, and comparisons of two versions."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.api.schemas import Answer, DiagramProblem, ProcessDefinitionSummary
from app.engine.diff import KINDS

_KINDS = " ".join(f"`{kind}`: {meaning}" for kind, meaning in KINDS.items())


class Difference(Answer):
    """One thing that the newer version says otherwise."""

    kind: str = Field(description=_KINDS, json_schema_extra={"enum": list(KINDS)})
    element_id: str | None = Field(description="null for a form")
    element_type: str | None = Field(description="BPMN's local name, such as `userTask`; null for a form")
    name: str | None = Field(description="Of the element, or the file name of the form.")
    property: str | None = Field(
        description="Which property, script, setting or field (by JSON Pointer); null where there is only one."
    )
    old: str | None = Field(description="null where there was nothing")
    new: str | None = Field(description="null where nothing is left")
    line: int | None = Field(description="In the newer diagram; null for what is gone, and for forms.")
    used_by: list[str] = Field(description="Of a form: ids of the elements whose form it is or was.")


class Diff(BaseModel):
    """All that differs, in the newer diagram's order; what is gone comes after it, and then the forms."""

    layout_only: bool = Field(description="There are differences, and all of them are in the drawing.")
    differences: list[Difference]


class VersionReference(Answer):
    """One version of a process."""

    id: UUID
    version: int


class Comparison(Diff):
    """Two versions of one process compared."""

    from_: VersionReference | None = Field(serialization_alias="from", description="null: there was no version before")
    to: VersionReference


class Obstacle(Answer):
    """Why an instance cannot be moved to the new version."""

    element_id: str = Field(description="Where it stands, in the diagram of its own version.")
    code: str
    reason: str


class TouchedInstance(Answer):
    """A running instance of the process."""

    id: UUID
    version: int
    element_ids: list[str] = Field(description="Where it waits.")
    migratable: bool | None = Field(
        description="null: it stands in one of too many ways to try them all, or in one that takes too long to judge."
    )
    obstacles: list[Obstacle]


class WaitingElement(Answer):
    """An element, and how many instances wait at it; one can wait at several."""

    element_id: str
    element_name: str | None
    version: int
    count: int
    migratable: int = Field(description="How many of them could be moved to the new version.")


class TouchedInstances(Answer):
    """The running instances (active or suspended) of all versions of the process."""

    total: int
    examined: int = Field(description="Of how many `waiting` and `items` tell: of 5,000 at most, the newest.")
    waiting: list[WaitingElement]
    items: list[TouchedInstance] = Field(description="At most 200, those that cannot be moved first.")
    truncated: bool = Field(description="Whether there are more than `items` lists.")


class SheetDifference(Answer):
    """A row of the SOP sheet that came or went, or one column of it that changed."""

    number: int = Field(description="In the new sheet; of a row that went, in the old one.")
    change: Literal["added", "removed", "changed"]
    column: str | None = Field(
        description="`description`, `lane`, `mark`, `kelengkapan`, `waktu`, `output`, `keterangan`, or `exits`: where "
        "its arrows lead. null for a whole row, of which `old` or `new` is the description."
    )
    old: str | None
    new: str | None


class SheetTotal(BaseModel):
    """The total time of the SOP sheet."""

    old: str | None = Field(description="null: there was no version before")
    new: str = Field(examples=["47 hari 13 menit"])


class SheetDiff(BaseModel):
    """How the SOP sheet changes."""

    rows: list[SheetDifference]
    total: SheetTotal


class ProcessPreview(BaseModel):
    """What the deployment of one process would change."""

    key: str
    replaces: VersionReference | None = Field(description="The newest version; null where there is none.")
    diff: Diff
    process_instances: TouchedInstances
    sop_sheet: SheetDiff


class RestoredExtension(Answer):
    """Something that an element had lost, and that `restore_extensions=true` put back into the stored diagram."""

    file: str
    element_id: str
    name: str = Field(description="Of a property; else `preScript`, `postScript`, `instructionsForEndUser`, `lane` …")
    value: str


class Deployment(BaseModel):
    """What a deployment made, or would make."""

    id: UUID | None = Field(description="null in a dry run")
    process_definitions: list[ProcessDefinitionSummary]
    warnings: list[DiagramProblem]
    restored: list[RestoredExtension]
    preview: list[ProcessPreview] | None = Field(
        None, description="One of each process, in a dry run.", exclude_if=lambda value: value is None
    )
