"""Comparisons: what one version of a process says otherwise than another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app import permissions
from app.api import problems
from app.api.comparison_schemas import (
    Comparison,
    Diff,
    Difference,
    ProcessPreview,
    SheetDiff,
    SheetDifference,
    SheetTotal,
    TouchedInstances,
    VersionReference,
)
from app.api.dependencies import Read, shown
from app.api.route import asks, authenticated_router
from app.engine import diff
from app.permissions import Operation
from app.queries import preview_deployment
from app.queries.compare_versions import compare_versions

router = authenticated_router("/process-definitions", "process definitions")


@router.get(
    "/{definition_id}/diff",
    responses=problems.declared(404),
    response_model=Comparison,
    openapi_extra=asks(Operation.READ_DEFINITION),
)
def compare_process_definitions(
    definition_id: UUID,
    reading: Read,
    to: Annotated[
        UUID | None,
        Query(
            description="Compare with this version of the same process. Without it, the version before it is compared"
            " with this one; of the first version everything is new.",
            examples=[None],
        ),
    ] = None,
) -> Response:
    """What differs between two versions, element by element, by id."""
    permissions.require(Operation.READ_DEFINITION, reading.actor)
    compared = compare_versions(reading.database, definition_id, to)
    found = diff_of(compared.differences)
    return shown(
        Comparison(
            from_=None if compared.old is None else VersionReference.model_validate(compared.old),
            to=VersionReference.model_validate(compared.new),
            layout_only=found.layout_only,
            differences=found.differences,
        )
    )


def diff_of(differences: Sequence[diff.Difference]) -> Diff:
    """Differences as clients get them."""
    shown_as = [Difference.model_validate(difference) for difference in differences]
    return Diff(layout_only=diff.is_layout_only(differences), differences=shown_as)


def preview_of(preview: preview_deployment.ProcessPreview) -> ProcessPreview:
    """A preview as clients get it."""
    return ProcessPreview(
        key=preview.key,
        replaces=None if preview.replaces is None else VersionReference.model_validate(preview.replaces),
        diff=diff_of(preview.differences),
        process_instances=TouchedInstances.model_validate(preview.instances),
        sop_sheet=SheetDiff(
            rows=[SheetDifference.model_validate(row) for row in preview.sheet_differences],
            total=SheetTotal(old=preview.old_total, new=preview.new_total),
        ),
    )
