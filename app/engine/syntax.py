"""From the syntax tree of an expression to a closure that computes it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from app.engine.operations import (
    BINARY,
    COMPARISONS,
    FUNCTIONS,
    ExpressionError,
    VariableMissing,
    bounded,
    negated,
    subscripted,
)

#: how deeply operators, brackets and calls may be nested
MAX_DEPTH = 40

#: computes a value from the variables
Closure = Callable[[Mapping[str, Any]], Any]

#: what a reader calls the parts of Python that are left out
_LEFT_OUT: Mapping[type[ast.AST], str] = {
    ast.Attribute: 'a dot (nested values are read as in tim["ketua"])',
    ast.Lambda: "lambda",
    ast.NamedExpr: "an assignment inside an expression",
    ast.JoinedStr: "an f-string",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.Slice: "a slice",
    ast.Starred: "a star",
    ast.Set: "a set",
    ast.Tuple: "a comma (lists are written in square brackets)",
    ast.Pow: "**",
}


def public_name(name: str) -> str:
    """The name, if a variable may be called so."""
    if name.startswith("_"):
        raise ExpressionError(f"a name cannot begin with an underscore: {name}")
    return name


class Compiler:
    """Turns a syntax tree into a closure and notes which variables it reads."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def compile(self, node: ast.expr, depth: int = MAX_DEPTH) -> Closure:
        """The closure of a node, at most `depth` levels deep."""
        if depth == 0:
            raise ExpressionError("it is nested too deeply")
        compile_kind = getattr(self, f"_{type(node).__name__.lower()}", None)
        if compile_kind is None:
            raise _left_out(node)
        closure: Closure = compile_kind(node, depth - 1)
        return closure

    def _constant(self, node: ast.Constant, _: int) -> Closure:
        value = node.value
        if not (value is None or isinstance(value, str | bool | int | float)):
            raise ExpressionError("only text, numbers, True, False and None can be written out")
        bounded(value)
        return lambda _: value

    def _name(self, node: ast.Name, _: int) -> Closure:
        name = public_name(node.id)
        self.names.add(name)

        def read(variables: Mapping[str, Any]) -> Any:
            try:
                return variables[name]
            except KeyError:
                raise VariableMissing(f"there is no variable {name}") from None

        return read

    def _list(self, node: ast.List, depth: int) -> Closure:
        items = [self.compile(item, depth) for item in node.elts]
        return lambda variables: [item(variables) for item in items]

    def _dict(self, node: ast.Dict, depth: int) -> Closure:
        keys = [_text_constant(key) for key in node.keys]
        values = [self.compile(value, depth) for value in node.values]
        return lambda variables: {key: value(variables) for key, value in zip(keys, values, strict=True)}

    def _boolop(self, node: ast.BoolOp, depth: int) -> Closure:
        *firsts, last = [self.compile(part, depth) for part in node.values]
        decided_by = isinstance(node.op, ast.Or)

        def short_circuit(variables: Mapping[str, Any]) -> Any:
            for part in firsts:
                value = part(variables)
                if bool(value) is decided_by:
                    return value
            return last(variables)

        return short_circuit

    def _unaryop(self, node: ast.UnaryOp, depth: int) -> Closure:
        operand = self.compile(node.operand, depth)
        match node.op:
            case ast.Not():
                return lambda variables: not operand(variables)
            case ast.USub():
                return lambda variables: negated(operand(variables))
        raise _left_out(node.op)

    def _binop(self, node: ast.BinOp, depth: int) -> Closure:
        compute = BINARY.get(type(node.op).__name__)
        if compute is None:
            raise _left_out(node.op)
        left, right = self.compile(node.left, depth), self.compile(node.right, depth)
        return lambda variables: compute(left(variables), right(variables))

    def _compare(self, node: ast.Compare, depth: int) -> Closure:
        first = self.compile(node.left, depth)
        links = [
            (_comparison(sign, operand), self.compile(operand, depth))
            for sign, operand in zip(node.ops, node.comparators, strict=True)
        ]

        def chained(variables: Mapping[str, Any]) -> bool:
            left = first(variables)
            for compare, operand in links:
                right = operand(variables)
                if not compare(left, right):
                    return False
                left = right
            return True

        return chained

    def _ifexp(self, node: ast.IfExp, depth: int) -> Closure:
        test, yes, no = (self.compile(part, depth) for part in (node.test, node.body, node.orelse))
        return lambda variables: yes(variables) if test(variables) else no(variables)

    def _subscript(self, node: ast.Subscript, depth: int) -> Closure:
        container, key = self.compile(node.value, depth), self.compile(node.slice, depth)
        return lambda variables: subscripted(container(variables), key(variables))

    def _call(self, node: ast.Call, depth: int) -> Closure:
        match node:
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
                function, value = FUNCTIONS[name], self.compile(argument, depth)
                return lambda variables: function(value(variables))
        raise ExpressionError(f"only these functions can be called, each with one value: {', '.join(FUNCTIONS)}")


def _text_constant(key: ast.expr | None) -> str:
    match key:
        case ast.Constant(value=str(text)):
            return text
    raise ExpressionError("the keys of keyed values are written as text in quotes")


def _comparison(sign: ast.cmpop, operand: ast.expr) -> Callable[[Any, Any], bool]:
    if isinstance(sign, ast.Is | ast.IsNot) and not (isinstance(operand, ast.Constant) and operand.value is None):
        raise ExpressionError("is and is not can be followed by None only")
    return COMPARISONS[type(sign).__name__]


def _left_out(node: ast.AST) -> ExpressionError:
    return ExpressionError(f"{_LEFT_OUT.get(type(node), 'something in it')} is not part of the expression language")
