"""The vocabulary of the history: every type of event there is, and what its payload holds.

Nothing else may be written down: a test holds this against the code, against what the tests cause, and against
docs/history-events.md, which explains each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class EventType:
    """What a type of event stands for."""

    #: in one line
    meaning: str
    #: the members that its payload always has
    members: frozenset[str] = frozenset()
    #: those that it has besides, where there is something to say
    optional: frozenset[str] = frozenset()


def _type(meaning: str, members: str = "", *, optional: str = "") -> EventType:
    return EventType(meaning, frozenset(members.split()), frozenset(optional.split()))


_RAN = "changes flows"
_STATUS = "from to reason"
_VERSION = "key version sha256 fingerprint"

#: what happens in a process instance: the stream of that instance
OF_INSTANCES: Mapping[str, EventType] = MappingProxyType(
    {
        "process_instance_started": _type(
            "Somebody started the instance.",
            f"process_definition_key version process_definition_sha256 business_key variables {_RAN}",
        ),
        "process_instance_suspended": _type("An administrator stopped all work on it for a time.", _STATUS),
        "process_instance_resumed": _type("An administrator let the work go on.", _STATUS),
        "process_instance_cancelled": _type("An administrator ended it for good.", f"{_STATUS} timing"),
        "process_instance_completed": _type("It reached its end.", "timing"),
        "process_instance_failed": _type(
            "It ended at an error event that nothing catches.", "error_code error_name timing"
        ),
        "process_instance_migrated": _type(
            "An administrator moved it to another version of its process.", f"from to mapping {_RAN}"
        ),
        "user_task_opened": _type("A user task waits for a person from now on.", "candidates"),
        "user_task_returned": _type(
            "A decision sent the work back to an element, which opens for one more round.",
            "from_element_id from_element_name from_user_task_id decision note",
        ),
        "user_task_claimed": _type("Somebody took the user task.", "assignee former_assignee"),
        "user_task_assigned": _type("Somebody gave the user task to somebody.", "assignee former_assignee reason"),
        "user_task_released": _type("The user task went back to its candidates.", "former_assignee", optional="reason"),
        "user_task_candidates_changed": _type("Other people than before may do the open user task.", "old new"),
        "user_task_moved": _type("A migration gave the open user task another element, name or role.", "old new"),
        "user_task_draft_saved": _type("Somebody kept an unfinished form.", "old new"),
        "user_task_commented": _type("Somebody wrote a comment.", "comment_id comment"),
        "user_task_completed": _type(
            "Somebody completed the user task, and the process ran on.",
            f"variables comment timing {_RAN}",
            optional="approval",
        ),
        "user_task_cancelled": _type("The user task was taken away before anybody did it.", optional="reason"),
        "gateway_decided": _type("A gateway chose between its flows.", "flows variables"),
        "timer_fired": _type("A timer ran out."),
    }
)

#: what happens to people, what they may do, and the versions of processes: the stream `administration`
OF_ADMINISTRATION: Mapping[str, EventType] = MappingProxyType(
    {
        "process_definition_proposed": _type("Somebody deployed a version.", _VERSION),
        "process_definition_approved": _type("A second person let the version be started.", f"{_VERSION} reason"),
        "process_definition_rejected": _type("It was settled that it never will be.", f"{_VERSION} reason"),
        "process_definition_retired": _type("No new instance runs on the version from now on.", f"{_VERSION} reason"),
        "process_definition_reinstated": _type("New instances may run on it again.", f"{_VERSION} reason"),
        "process_definition_deleted": _type("A version on which nothing ever ran was deleted.", f"{_VERSION} reason"),
        "user_added": _type("A person was added.", "name position roles active"),
        "user_changed": _type("Something of a person was changed.", optional="name position email nip"),
        "user_activated": _type("A person is let in again."),
        "user_deactivated": _type("A person is let in no more."),
        "role_granted": _type("A person holds a role from now on.", "role"),
        "role_revoked": _type("A person holds a role no longer.", "role"),
        "position_added": _type("A position was added.", "name unit"),
        "position_changed": _type("A position has another name or unit.", "old new"),
        "token_issued": _type("A token was made.", "token_id scopes expires_at"),
        "token_revoked": _type("A token was made useless.", "token_id"),
        "substitution_made": _type(
            "Somebody may act in another's name for a time.", "substitution_id deputy letter starts_at ends_at"
        ),
        "substitution_revoked": _type("They may no longer.", "substitution_id deputy letter"),
    }
)

#: who read what, and what was refused to whom: the stream `access`
OF_ACCESS: Mapping[str, EventType] = MappingProxyType(
    {
        "history_read": _type(
            "An auditor read instances, their history, or of people.", "path query process_instance_ids"
        ),
        "history_exported": _type("Somebody took the history out.", "path query format"),
        "attempt_refused": _type(
            "Somebody tried what they may not do, or what was not theirs to do then.",
            "method path operations code on_behalf_of user_task_id element_id",
        ),
    }
)
