"""The text of expressions as the engine will read it."""

from __future__ import annotations

import re
from typing import Any

from lxml.etree import _Element

from app.engine.expressions import ExpressionError, compile_expression

#: how Camunda and Flowable begin an expression
JUEL = re.compile(r"[$#]\{")


def literal_text(element: _Element) -> str:
    """The whole text of an element that should hold nothing else."""
    return (element.text or "").strip()


def constant(text: str) -> Any:
    """The value of an expression that reads no variable; None where it does, or does not compile."""
    try:
        expression = compile_expression(text)
        return None if expression.names else expression.evaluate({})
    except ExpressionError:
        return None
