"""Tables "you write there, you write here" whose rows are run: both sides, and the results are compared."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np

import funcgrad as fg


class Table:
    """A table that shows itself in a notebook."""

    def __init__(self, head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        self.head, self.rows = list(head), [list(row) for row in rows]

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{cell}</th>" for cell in self.head)
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in self.rows)
        return f'<table class="table beside"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def code(text: str) -> str:
    return "<br>".join(f"<code>{escape(line)}</code>" for line in text.strip().splitlines())


def beside(there: str, rows: Iterable[tuple[str, str]], of_there: dict[str, Any], of_here: dict[str, Any]) -> Table:
    """Run each row's two texts; a difference in what the last expressions give is an error, which fails the build.

    Parameters
    ----------
    there : str
        The other library, for the head of the table.
    rows : iterable of (str, str)
        Python texts: statements, and at the end an expression.
    of_there, of_here : dict
        The names that the texts may use.
    """
    shown = []
    for other, mine in rows:
        compare(result_of(other, of_there), result_of(mine, of_here), f"{other}  |  {mine}")
        shown.append((code(other), code(mine)))
    return Table((f"{there}: you write", "funcgrad: you write"), shown)


def same(lines: Iterable[str], of_there: dict[str, Any], of_here: dict[str, Any]) -> Table:
    """Run each text with the names of either library; a difference is an error, which fails the build."""
    for line in (lines := list(lines)):
        compare(result_of(line, of_there), result_of(line, of_here), line)
    return Table(("In both libraries you write",), [[code(line)] for line in lines])


def result_of(text: str, names: dict[str, Any]) -> Any:
    *statements, last = text.strip().splitlines()
    space = dict(names)
    exec("\n".join(statements), space)
    return eval(last, space)


def compare(a: Any, b: Any, what: str) -> None:
    x, y = numbers(a), numbers(b)
    if len(x) != len(y):
        raise AssertionError(f"{len(x)} arrays there, {len(y)} here: {what}")
    for left, right in zip(x, y, strict=True):
        np.testing.assert_allclose(right, left, rtol=2e-5, atol=2e-5, err_msg=what)


def numbers(result: Any) -> list[Any]:
    """Return the arrays in a result, as NumPy's."""
    if hasattr(result, "detach"):
        return [result.detach().numpy()]
    if isinstance(result, list | tuple | dict):
        return [x for leaf in fg.tree.leaves(result) for x in numbers(leaf)]
    return [] if result is None else [np.asarray(result)]


def answers(libraries: dict[str, Any], rows: Iterable[tuple[str, dict[str, Any]]]) -> Table:
    """Show what each library answers: a row names a question and has a function without arguments for each library.

    An exception is an answer, too: its name is shown.
    """
    body = [[code(question)] + [answer(asked.get(name)) for name in libraries] for question, asked in rows]
    return Table(["", *libraries], body)


def answer(ask: Any) -> str:
    if ask is None:
        return "&ndash;"
    try:
        found = numbers(ask())
    except Exception as error:
        return f"<code>{type(error).__name__}</code>"
    return "<code>" + ", ".join(escape(text_of(x)) for x in found) + "</code>"


def text_of(x: Any) -> str:
    return np.array2string(np.asarray(x) + 0, precision=4, separator=", ")
