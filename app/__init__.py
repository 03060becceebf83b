"""Jenjang runs a government SOP as a BPMN diagram."""

__version__ = "0.1.0"
