"""What can be known of trusted Python source without running it: that of tests and of rows of data."""

import ast
import symtable
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from verigrad_rewards.types import ProblemError


@dataclass(frozen=True, slots=True)
class Source:
    """What can be known of a piece of source.

    Attributes:
        functions: those that it defines at its top level with ``def``.
        binds: names that it defines, assigns or imports at its top level.
        needs: names that it uses and something else must bind: builtins are among them.
        asserts: whether it holds an assertion, unittest's included, or raises by itself.
        calls: functions that it calls by name outside of any function.
        only_defines: whether it does nothing but import and define.
    """

    functions: Mapping[str, ast.FunctionDef]
    binds: frozenset[str]
    needs: frozenset[str]
    asserts: bool
    calls: frozenset[str]
    only_defines: bool


def read_source(text: str, place: str, field: str) -> Source:
    """Return what can be known of ``text``, which stands in ``field`` at ``place``.

    Raises:
        ProblemError: it is not Python.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in a plain string is bad style, and common in real rows
            tree, scope = ast.parse(text), symtable.symtable(text, field, "exec")
            compile(tree, field, "exec")  # finds what parsing does not, such as a return outside of a function
    except (SyntaxError, ValueError) as error:
        reason = f"{error.msg} in line {error.lineno}" if isinstance(error, SyntaxError) else str(error)
        raise ProblemError(f"{place}: field {field!r} is not Python: {reason}") from None
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    binds = frozenset(s.get_name() for s in scope.get_symbols() if s.is_assigned() or s.is_imported())
    asserts = any(is_assertion(node) for node in ast.walk(tree))
    only_defines = all(isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef) for node in tree.body)
    return Source(functions, binds, global_names(scope) - binds, asserts, frozenset(top_calls(tree)), only_defines)


def is_assertion(node: ast.AST) -> bool:
    """Whether a node asserts something."""
    named = isinstance(node, ast.Attribute) and node.attr.startswith("assert")
    return named or isinstance(node, ast.Assert | ast.Raise)


def top_calls(tree: ast.Module) -> Iterator[str]:
    """Yield the names of functions that are called outside of any function."""
    for statement in tree.body:
        if not isinstance(statement, ast.FunctionDef):
            calls = (node.func for node in ast.walk(statement) if isinstance(node, ast.Call))
            yield from (function.id for function in calls if isinstance(function, ast.Name))


def global_names(scope: symtable.SymbolTable) -> frozenset[str]:
    """Return the global names that ``scope`` or a scope within it uses."""
    used = frozenset(s.get_name() for s in scope.get_symbols() if s.is_referenced() and s.is_global())
    return used.union(*(global_names(child) for child in scope.get_children()))
