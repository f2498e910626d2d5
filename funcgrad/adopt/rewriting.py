"""The rewriting: a source file is compiled again, with questions to an adopter written into it.

A call ``f(x, y.z)`` becomes ``call(f)(see(x), see(at(y).z))``, where the three are methods of the adopter, which is a
constant of the code. Names, scopes, lines and columns stay as they are, so closures fit and tracebacks are the user's.
"""

from __future__ import annotations

import ast
import copy
import functools
from collections.abc import Iterator
from types import CodeType
from typing import Any

__all__ = ["key", "parts", "rewritten"]

#: Stands for the adopter, which source text cannot name, until the code is compiled.
PLACE = "the funcgrad adopter"


def rewritten(filename: str, source: str, adopter: Any) -> dict[Any, CodeType]:
    """Return the new code of all functions in a file, by the :func:`key` of the old one."""
    build = functools.partial(
        compile, filename=filename, mode="exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
    )
    try:
        tree = ast.parse(source)
        before = build(copy.deepcopy(tree))
        after = filled_in(build(ast.fix_missing_locations(Rewriter().visit(tree))), adopter)
    except SyntaxError:  # the file is no longer what was imported
        return {}
    return {key(old): new for old, new in zip(parts(before), parts(after), strict=True)}


def parts(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and those within."""
    yield code
    for x in code.co_consts:
        if isinstance(x, CodeType):
            yield from parts(x)


def key(code: CodeType) -> tuple[Any, ...]:
    """Return what tells code from all other in its file, and is the same when the file is compiled again."""
    return code.co_qualname, code.co_firstlineno, code.co_code, code.co_linetable


def filled_in(code: CodeType, adopter: Any) -> CodeType:
    new = [filled_in(x, adopter) if isinstance(x, CodeType) else adopter if x == PLACE else x for x in code.co_consts]
    return code.replace(co_consts=tuple(new))


def ask(question: str, *about: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Constant(PLACE), question, ast.Load()), list(about), [])


def ask_of(node: ast.expr, question: str, *about: ast.expr) -> ast.expr:
    return ast.copy_location(ask(question, node, *about), node)


class Rewriter(ast.NodeTransformer):
    """Writes the questions into a syntax tree. Annotations may be shown as text, patterns are no code: both stay."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        func = node.func
        if isinstance(func, ast.Attribute):
            func.value = self.visit(func.value)
        else:
            func = self.visit(func)
        node.func = func if isinstance(func, ast.Name) and func.id == "super" else ask_of(func, "call")
        node.args = [self.handed(x) for x in node.args]
        for keyword in node.keywords:
            keyword.value = self.handed(keyword.value)
        return node

    def handed(self, node: ast.expr) -> Any:
        new = self.visit(node)
        return ask_of(new, "see") if isinstance(node, ast.Name | ast.Attribute) else new

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        node.value = self.visit(node.value)
        if isinstance(node.ctx, ast.Load):
            node.value = ask_of(node.value, "at", ast.Constant(node.attr))
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id in ("r_", "c_"):
            node.value = ask_of(node.value, "see")
        return node

    def visit_Import(self, node: Any) -> Any:
        asked = ast.copy_location(ast.Expr(ask("sync")), node)
        return node if getattr(node, "module", None) == "__future__" else [node, asked]

    def visit_FunctionDef(self, node: Any) -> Any:
        self.all_but("returns", node)
        node.decorator_list = [ask_of(x, "call") for x in node.decorator_list]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        self.generic_visit(node)
        node.decorator_list = [ask_of(x, "call") for x in node.decorator_list]
        return node

    def visit_arg(self, node: ast.arg) -> Any:
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        return self.all_but("annotation", node)

    def visit_match_case(self, node: ast.match_case) -> Any:
        return self.all_but("pattern", node)

    def all_but(self, field: str, node: ast.AST) -> ast.AST:
        kept = getattr(node, field)
        setattr(node, field, None)
        self.generic_visit(node)
        setattr(node, field, kept)
        return node

    visit_ImportFrom = visit_Import
    visit_AsyncFunctionDef = visit_FunctionDef
