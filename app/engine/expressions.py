"""The expression language of diagrams: a small, safe part of Python's.

A condition, a timer or a script comes from whoever may upload a diagram, so nothing here is ever given to `eval`: the
text becomes a tree of closures that can do only what `syntax` and `operations` know. Values are JSON values;
nested ones are read by subscript (`tim["ketua"]`), for there is no dot.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from SpiffWorkflow.bpmn.script_engine import BasePythonScriptEngineEnvironment

from app.engine.operations import ExpressionError, bounded
from app.engine.syntax import Closure, Compiler, public_name

__all__ = ["Expression", "ExpressionError", "SafeEnvironment", "Script", "compile_expression", "compile_script"]

#: characters
MAX_LENGTH = 1_000
MAX_SCRIPT_LENGTH = 10_000

_DURATION = (
    r"P(?=[0-9T])(?:\d{1,6}Y)?(?:\d{1,6}M)?(?:\d{1,6}W)?(?:\d{1,6}D)?"
    r"(?:T(?=[0-9])(?:\d{1,6}H)?(?:\d{1,6}M)?(?:\d{1,6}(?:[.,]\d{1,6})?S)?)?"
)
_DATE = r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_ISO_8601 = re.compile(rf"{_DURATION}|{_DATE}|R\d{{0,6}}(?:/(?:{_DURATION}|{_DATE})){{1,2}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; shared between threads."""

    text: str
    #: the variables that it may read
    names: frozenset[str]
    _compute: Closure = field(repr=False)

    def evaluate(self, variables: Mapping[str, Any]) -> Any:
        """The value: a JSON value of bounded size.

        Raises:
            ExpressionError: a variable is missing, an operation does not suit its values, the result is too large
        """
        return bounded(self._compute(variables))


@dataclass(frozen=True, slots=True)
class Script:
    """Assignments, one after another; shared between threads."""

    assignments: tuple[tuple[str, Expression], ...]

    def execute(self, variables: dict[str, Any], constants: Mapping[str, Any]) -> None:
        """Assign into `variables`; `constants` can be read but not changed.

        Raises:
            ExpressionError
        """
        for name, expression in self.assignments:
            variables[name] = expression.evaluate({**constants, **variables})


@lru_cache(maxsize=2_048)
def compile_expression(text: str) -> Expression:
    """Compile the text of a condition, timer, cardinality or message payload.

    A whole text that is an ISO 8601 duration, date, date-time or repeating interval stands for itself: designers
    write PT1H, not "PT1H".

    Raises:
        ExpressionError
    """
    text = text.strip()
    if _ISO_8601.fullmatch(text):
        return Expression(text, frozenset(), lambda _: text)
    match _parsed(text, MAX_LENGTH):
        case ast.Module(body=[ast.Expr(value=node)]):
            return _expression(node, text)
    raise ExpressionError("only a single expression can stand here")


@lru_cache(maxsize=512)
def compile_script(text: str) -> Script:
    """Compile a script: `name = expression`, one a line.

    Raises:
        ExpressionError
    """
    text = "\n".join(line.strip() for line in text.strip().splitlines())
    module = _parsed(text, MAX_SCRIPT_LENGTH)
    return Script(tuple(_assignment(statement, text) for statement in module.body))


def _assignment(statement: ast.stmt, script: str) -> tuple[str, Expression]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=node):
            return public_name(name), _expression(node, ast.get_source_segment(script, node) or "")
    raise ExpressionError("a script consists of lines such as name = expression, and of nothing else")


def _parsed(text: str, max_length: int) -> ast.Module:
    if not text:
        raise ExpressionError("it is empty")
    if len(text) > max_length:
        raise ExpressionError(f"it is longer than {max_length} characters")
    try:
        return ast.parse(text)
    # deep nesting ends Python's parser with one of the last two
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError('it cannot be read; an example of one that can: keputusan == "ya"') from None


def _expression(node: ast.expr, text: str) -> Expression:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"it is longer than {MAX_LENGTH} characters")
    compiler = Compiler()
    compute = compiler.compile(node)
    return Expression(text, frozenset(compiler.names), compute)


class SafeEnvironment(BasePythonScriptEngineEnvironment):
    """Where SpiffWorkflow has every expression evaluated.

    It stands at the environment, below the script engine, because messages and their correlations go past the engine.
    """

    def evaluate(
        self, expression: str, context: Mapping[str, Any], external_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value of an expression over the variables of a task."""
        return compile_expression(expression).evaluate({**(external_context or {}), **context})

    def execute(self, script: str, context: dict[str, Any], external_context: Mapping[str, Any] | None = None) -> bool:
        """Run a script on the variables of a task, which it changes in place."""
        compile_script(script).execute(context, external_context or {})
        return True
