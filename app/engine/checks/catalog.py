"""Every problem that a check can name: its code, what is wrong and what to do about it.

`{what}` is the element as its designer knows it. docs/diagram-problems.md explains each code with an example.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Entry(NamedTuple):
    """The words of one problem; both are templates."""

    reason: str
    hint: str


#: problems with which a diagram is not deployed
REFUSALS: Mapping[str, Entry] = {
    # the file
    "file_empty": Entry("The file is empty.", "Save the diagram in the modeler and upload it again."),
    "file_too_large": Entry("The file is larger than {limit}.", "Split the process into smaller ones."),
    "file_not_xml": Entry("The file is {found}, not a BPMN diagram.", "Upload the .bpmn file that the modeler saves."),
    "xml_malformed": Entry(
        "The file is not well-formed XML: reading stopped at this line.",
        "Open the file in the modeler, repair it there and save it again.",
    ),
    "xml_excessive": Entry(
        "The file is nested deeper, or has a longer text, than any diagram needs.",
        "Draw the process with fewer levels.",
    ),
    "doctype_not_allowed": Entry(
        "The file has a document type declaration (DOCTYPE).", "Delete the line that begins with <!DOCTYPE."
    ),
    "xinclude_not_allowed": Entry(
        "The file includes another file (XInclude).", "Write the content into the diagram itself."
    ),
    "not_bpmn": Entry(
        "The outermost element is not a BPMN 2.0 <definitions>.",
        "Upload a BPMN 2.0 diagram; its namespace is http://www.omg.org/spec/BPMN/20100524/MODEL.",
    ),
    "too_many_elements": Entry(
        "{what} has more than {limit}.", "Split it: move parts into sub-processes or processes of their own."
    ),
    "nested_too_deeply": Entry(
        "{what} lies more than {limit} sub-processes deep.", "Draw the process with fewer levels."
    ),
    "name_too_long": Entry(
        "{what} has a name of more than {limit} characters.", "Choose a short name; the documentation tells the rest."
    ),
    "text_too_long": Entry(
        "{what} has a text of more than {limit} characters.",
        "Keep what is needed to do the work, and say where the whole text is found.",
    ),
    "no_executable_process": Entry(
        "No process in this file is executable.",
        'Select the process (or the participant, where there is a pool) and tick "Executable" in the properties panel.',
    ),
    "bounds_malformed": Entry(
        "The position or size of a figure is not a number.", "Move the figure in the modeler and save again."
    ),
    "checks_broken_off": Entry(
        "The checks of this file were broken off: they {why}.",
        "Make the diagram and its forms simpler, or split the process; if it is small, tell the administrator.",
    ),
    # ids and references
    "id_missing": Entry("{what} has no id.", "Give it an id; the modeler does so when the element is drawn anew."),
    "id_repeated": Entry('The id "{id}" is used more than once.', "Give each element an id of its own."),
    "id_malformed": Entry(
        '"{id}" cannot be an id.', "An id has letters, digits, _ - and . and begins with a letter or _, without spaces."
    ),
    "id_too_long": Entry("The id is longer than {limit} characters.", "Choose a shorter id."),
    "id_reserved": Entry('The id "{id}" is used by the engine itself.', "Choose another id."),
    "reference_missing": Entry("{what} does not say its {attribute}.", "Choose it in the properties panel."),
    "reference_unresolved": Entry(
        '{what} refers to "{reference}" ({attribute}), which is not in this file.',
        "Draw the connection again, or choose an element that exists.",
    ),
    "reference_to_wrong_kind": Entry(
        '{what} refers to "{reference}" ({attribute}), which cannot stand there.', "Connect it to {wanted}."
    ),
    "flow_crosses_border": Entry(
        "{what} crosses the border of a process or sub-process.",
        "A sequence flow connects elements of one and the same process or sub-process; between pools use messages.",
    ),
    # constructs
    "not_supported_yet": Entry(
        "{what}: elements of this type cannot be run yet.", "Make it a user task that a person completes."
    ),
    "not_supported": Entry(
        "{what}: elements of this type are not supported.", "Draw the same with tasks, gateways and sub-processes."
    ),
    "element_unknown": Entry(
        "{what} is not an element of a BPMN process.", "Delete it, or draw it anew in the modeler."
    ),
    "element_misplaced": Entry("{what} stands outside of any process.", "Draw it inside a process or a sub-process."),
    "element_repeated": Entry("{what} has <{child}> more than once.", "Keep one of them."),
    "setting_not_supported": Entry(
        '{what} has the setting {attribute}="{value}", which would not be followed.',
        "Remove the setting, or give it the value true or false.",
    ),
    "event_subprocess_not_supported": Entry(
        "{what} is an event sub-process, which would not run as drawn.", "Use a boundary event on a sub-process."
    ),
    "data_flow_not_supported": Entry(
        "{what} reads or writes data objects, which are never filled here.",
        "Delete the arrows to data objects; forms carry the values, the SOP's inputs stand in the mutu baku.",
    ),
    "data_store_not_supported": Entry("{what} is a data store, which cannot be reached.", "Delete the data store."),
    "foreign_behaviour": Entry(
        "{what} has an instruction for another engine ({name}), which would not be followed.", "Remove the instruction."
    ),
    # events
    "event_definition_missing": Entry("{what} does not say what it waits for.", "Choose a type, such as a timer."),
    "event_definition_not_supported": Entry(
        "{what}: an event of the type {definition} is not supported here.", "Choose another type of event."
    ),
    "several_event_definitions": Entry("{what} has several types at once.", "Use one event for each type."),
    "boundary_must_interrupt": Entry(
        "{what} cannot be non-interrupting: an error or a cancellation always ends the activity.",
        "Make it an interrupting boundary event.",
    ),
    "boundary_never_fires": Entry(
        "{what} can never happen: only {wanted} can cause it.", "Attach the event to {wanted}, or delete it."
    ),
    "cancel_outside_transaction": Entry(
        "{what} cancels a transaction but does not lie in one.", "Put it into a transaction, or use another end event."
    ),
    "code_missing": Entry("{what} has no code.", "Give it a code, so that the event that catches it can be found."),
    "name_missing": Entry("{what} has no name.", "Give it a name."),
    "caught_twice": Entry(
        "{what} catches what {other} at the same element catches too.",
        "Keep one of them, or give each an error or escalation of its own.",
    ),
    "timer_incomplete": Entry(
        "{what} must have exactly one of date, duration and cycle.", "Choose the type of the timer and its value."
    ),
    "timer_malformed": Entry(
        '{what}: "{text}" is not {wanted}.',
        "Write it in ISO 8601, such as P3D, PT1H, 2026-07-04T08:00:00+07:00, R3/P1D.",
    ),
    "timer_cycle_misplaced": Entry(
        "{what} repeats; only a non-interrupting boundary timer can.", "Use a duration or a date."
    ),
    "event_gateway_target": Entry(
        "{what} cannot follow an event-based gateway.",
        "Let each flow lead to a message, timer or signal event, or to a receive task, that no other flow reaches.",
    ),
    "event_gateway_targets_alike": Entry(
        "{what} waits for the same as another event of this gateway, or is its second timer.",
        "Keep one timer, the one that is due first, and one event for each message or signal.",
    ),
    # flows
    "no_start_event": Entry("{what} has no start event.", "Draw a start event."),
    "several_start_events": Entry("{what} has several start events.", "Keep one start event."),
    "subprocess_start_not_plain": Entry(
        "{what} begins a sub-process and cannot wait for anything.", "Make it a plain start event."
    ),
    "not_reachable": Entry("{what} can never be reached from the start event.", "Connect it, or delete it."),
    "no_end_event": Entry("{what} has no end event.", "Draw an end event inside it."),
    "no_outgoing_flow": Entry("{what} leads nowhere.", "Draw a sequence flow from it, or delete it."),
    "no_way_to_end": Entry("{what} can never lead to an end event.", "Draw a way out to an end event."),
    "several_outgoing_flows": Entry(
        "{what} has several outgoing flows without a gateway.", "Put a gateway behind it: parallel, or exclusive."
    ),
    "flow_repeated": Entry("{what} doubles another flow between the same elements.", "Delete one of the two."),
    "gateway_flow_without_condition": Entry(
        "{what} leaves a gateway without a condition and is not its default flow.",
        "Write a condition on the flow, or make it the default flow.",
    ),
    "condition_ignored": Entry(
        "{what} has a condition, but only flows out of exclusive and inclusive gateways are conditional.",
        "Put an exclusive gateway before it, or delete the condition.",
    ),
    "cycle_without_waiting_task": Entry(
        "{what} lies on a loop on which nobody is waited for: it would turn for ever.",
        "Put a user task on the loop, or lead the flow elsewhere.",
    ),
    "cycle_without_gateway": Entry(
        "{what} lies on a loop without an exclusive gateway: nothing decides whether to go round again.",
        "Let the flow into the loop and the flow back meet in an exclusive gateway, or leave the loop by one.",
    ),
    "join_never_completes": Entry(
        "{what} waits for ever: on no way are all of its incoming flows reached.",
        "Join with the same type of gateway that split: exclusive after exclusive, parallel after parallel.",
    ),
    "loop_unbounded": Entry(
        "{what} is repeated without a maximum.", "Set loopMaximum to a whole number from 1 to {limit}."
    ),
    "multi_instance_incomplete": Entry(
        "{what} is repeated for each of several, but does not say for which.",
        "Set either the loop cardinality (a number) or the input collection (a variable).",
    ),
    "cardinality_out_of_range": Entry("{what} is repeated {value} times.", "Choose a whole number from 1 to {limit}."),
    "call_not_in_file": Entry(
        '{what} calls "{reference}", which is no executable process of this file.',
        "Draw the called process in the same file and tick its Executable, or use a sub-process.",
    ),
    "call_recursive": Entry("{what} calls a process that leads back to this call.", "Draw a loop instead."),
    # expressions
    "expression_missing": Entry("{what}: the {place} is empty.", "Write it, or delete the element."),
    "expression_malformed": Entry("{what}: the {place} cannot be used: {why}.", "Write it like: {example}"),
    "expression_is_juel": Entry(
        "{what}: the {place} is written for another engine (${{…}}).", "Write it like: {example}"
    ),
    "expression_has_markup": Entry("{what}: the {place} contains other elements.", "Keep the plain text."),
    "language_not_supported": Entry(
        '{what}: the {place} is written in "{language}".', "Use this engine's expressions and delete the language."
    ),
    "variable_malformed": Entry(
        '{what}: "{text}" cannot be the name of a variable.', "Use letters, digits and _, a letter first."
    ),
    # lanes, forms, mutu baku
    "lane_name_malformed": Entry(
        "The name of {what} has line breaks or spaces at its ends, or is very long, so nobody can hold it as a role.",
        "Write the name in one line, with single spaces and at most 200 characters.",
    ),
    "lane_name_reserved": Entry(
        "{what} bears the name of a system role: whoever held the lane would hold that role's rights as well.",
        "Give the lane another name, such as the position of its people.",
    ),
    "in_several_lanes": Entry("{what} lies in several lanes.", "Move it into one lane and save the diagram again."),
    "property_malformed": Entry("{what} has a property without a name or a value.", "Fill in both."),
    "property_repeated": Entry('{what} has the property "{name}" more than once.', "Keep one of them."),
    "form_missing": Entry(
        '{what} needs the form "{name}", which is neither in this upload nor in the newest version.',
        "Upload the form together with the diagram.",
    ),
    "form_invalid": Entry('{what} has the form "{name}", which cannot be used: {why}', "Correct the form."),
    "form_misplaced": Entry("{what} has a form, but nobody fills it in.", "Put the form on a user task."),
    "form_shows_nothing": Entry(
        '{what} has the form "{name}" with a readOnly property, but before the start there is nothing to show.',
        "Ask for the value, or show it in the form of a user task.",
    ),
    "parallel_tasks_share_variable": Entry(
        '{what} and {other} can be open at the same time, and both set "{name}".',
        "Give the properties of parallel tasks different names in their forms.",
    ),
    "duration_malformed": Entry(
        '{what}: the waktu "{text}" is not an ISO 8601 duration.', "Write it like PT3M, P3D, P1W or P1M."
    ),
    "row_malformed": Entry(
        '{what}: the baris_sop "{text}" is not a row of the SOP sheet.', "Write a whole number from 1."
    ),
    "lane_owners_unknown_lane": Entry(
        '{what}: a script names people for the lane "{lane}", but no task can lie in a lane of that name.',
        "Write the name as the lane bears it; of a lane that is divided, name the inner ones. There are: {lanes}.",
    ),
    # four eyes and approvals
    "user_task_property_misplaced": Entry(
        "{what} has the property {name}, but is no task that a person completes.",
        "Put it on the user task it is about.",
    ),
    "approval_unknown": Entry(
        '{what}: the persetujuan "{text}" is no approval.', "Write paraf for initials, tanda_tangan for a signature."
    ),
    "four_eyes_empty": Entry(
        "{what} has a pisah_tugas that names no element.",
        "Write the ids of the user tasks whose performer may not do this one, or delete the property.",
    ),
    "four_eyes_own_element": Entry(
        "{what} is kept apart from itself by its pisah_tugas.", "Name other user tasks, such as the one that drafts."
    ),
    "four_eyes_unknown_element": Entry(
        "{what} has a pisah_tugas that names {named}: no user task of this process.",
        "Write the ids, not the names, of user tasks in the same process, with commas between them.",
    ),
    "four_eyes_several_at_once": Entry(
        "{what} has a pisah_tugas that names {named}, which can be open several times at once,"
        " so that nobody is its latest performer.",
        "Name a user task outside of multi-instance activities and of processes that are called more than once.",
    ),
    # what the engine itself still says
    "start_fails": Entry(
        "{what} stops every instance as soon as it is started: {why}",
        "Correct what is written there; a process is started once when it is deployed, without any values.",
    ),
    "state_not_kept": Entry(
        "An instance of {what} cannot be stored and read again.",
        "Draw the first elements after the start event anew; compare them with the guide for designers.",
    ),
    "engine_refuses": Entry(
        "The engine cannot read {what}.",
        "Draw the element anew in the modeler; compare it with the guide for designers.",
    ),
}

#: problems with which a diagram is deployed all the same
WARNINGS: Mapping[str, Entry] = {
    "not_delivered_yet": Entry(
        "{what} {does} a {definition}, and those are not delivered yet: it will not happen by itself.",
        "Nothing to do if you know; else use a user task.",
    ),
    "not_sent_yet": Entry(
        "{what} sends a {definition}, which does not leave the process yet.",
        "Nothing to do if you know; else use a user task.",
    ),
    "user_task_without_lane": Entry(
        "{what} lies in no lane with a name: only administrators can complete it.", "Put it into a lane."
    ),
    "task_does_not_wait": Entry(
        "{what} has no type: it is passed without anybody being asked.", "Make it a user task if a person does it."
    ),
    "assignment_ignored": Entry(
        "{what} names its people in a way that is not used here.", "Put the task into the lane of their role."
    ),
    "foreign_extension_ignored": Entry(
        "{what} has a setting of another engine ({name}), which is ignored.", "Nothing to do if it is not needed."
    ),
    "variable_never_set": Entry(
        '{what}: the {place} reads "{name}", which no form and no script sets.', "Check the spelling of the name."
    ),
    "join_can_wait_for_ever": Entry(
        "{what} can wait for ever: on some ways not all of its incoming flows are reached.",
        "Join with the same type of gateway that split, unless the conditions exclude those ways.",
    ),
    "drawing_missing": Entry(
        "The file holds the process, but no drawing of it: bpmn.io cannot open it.",
        "Save it from the modeler; one that has never been drawn can be laid out by bpmn-auto-layout.",
    ),
    "not_drawn": Entry(
        "{what} is run, but not drawn: nobody who opens the diagram sees it.",
        "Draw it in the modeler, or delete it from the file.",
    ),
    "lane_without_holder": Entry(
        'No active user holds the role "{role}": nobody can do the tasks of {what}.',
        "Give somebody the role once the diagram is deployed.",
    ),
    "four_eyes_leaves_nobody": Entry(
        'Nobody may be left to do {what}: its pisah_tugas can bar every active holder of the role "{role}".',
        "Give the role to one more person.",
    ),
    "extension_lost": Entry(
        "{what} has lost what the version before says of it: {lost}.",
        "Modelers drop it from what is pasted or gets another type. Unless it is meant so, deploy with"
        " restore_extensions=true, which puts it back.",
    ),
    # the SOP sheet
    "sop_row_with_two_actors": Entry(
        '{what} stands in row {row} of the SOP sheet, which is the work of "{actor}", but lies in the lane "{lane}".',
        "Give it a baris_sop of its own; or delete its waktu, if it is what the row's actor orders.",
    ),
    "sop_duration_missing": Entry(
        "{what} has no standard time, so the total of the SOP sheet is too short.",
        "Write its waktu, like PT3M, P3D, P1W or P1M.",
    ),
    "sop_decision_unclear": Entry(
        "{what} has other than two named exits, which is what a diamond of the SOP sheet has.",
        "Name both flows, such as Ya and Tidak; draw a decision of three as two.",
    ),
    "sop_symbol_missing": Entry(
        "{what}: the SOP sheet has no symbol for it.",
        "Draw it with tasks and two-way decisions, or know that the sheet shows less than the diagram.",
    ),
    "sop_too_many_lanes": Entry(
        "{what} has {count} lanes with work; an A4 page has room for the columns of {limit}.",
        "Split the process, or join lanes.",
    ),
}

CATALOG: Mapping[str, Entry] = {**REFUSALS, **WARNINGS}
