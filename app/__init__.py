"""Jenjang runs a government SOP as a BPMN diagram."""
