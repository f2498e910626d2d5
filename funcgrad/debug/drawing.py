"""``draw``: a recorded program, or the graph behind a tensor, as a picture.

The picture is first a :class:`Picture` of boxes and arrows; graphviz is needed only for what is made of it.
"""

from __future__ import annotations

import importlib
from typing import Any

from funcgrad._typing import AnyFunction
from funcgrad.core.graph import Node
from funcgrad.core.level import Shell
from funcgrad.core.space import space_of
from funcgrad.debug.program import Program, Step, Value
from funcgrad.debug.tracing import trace
from funcgrad.transforms.arguments import Transformed

__all__ = ["dot", "draw"]

CALL = {"shape": "box"}
CUT = {"shape": "box", "style": "dashed"}  # a call without a derivative
INPUT = {"shape": "ellipse", "style": "filled", "fillcolor": "lightblue"}
OUTPUT = {"shape": "ellipse", "style": "filled", "fillcolor": "lightgreen"}


class Picture:
    """Boxes and arrows, in the order of their making."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.boxes: list[tuple[str, str, dict[str, str]]] = []
        self.arrows: list[tuple[str, str, str]] = []

    def box(self, label: str, style: dict[str, str]) -> str:
        key = f"n{len(self.boxes)}"
        self.boxes.append((key, label, style))
        return key

    def arrow(self, tail: str, head: str, label: str) -> None:
        self.arrows.append((tail, head, label))

    def source(self) -> str:
        """Return the picture in the DOT language."""
        lines = [f"digraph {quoted(self.name)} {{"]
        for key, label, style in self.boxes:
            lines.append(f"    {key} [{' '.join(f'{k}={quoted(v)}' for k, v in ({'label': label} | style).items())}]")
        lines += [f"    {tail} -> {head} [label={quoted(label)}]" for tail, head, label in self.arrows]
        return "\n".join([*lines, "}", ""])

    def digraph(self) -> Any:
        """Return the picture as graphviz draws it."""
        graphviz = load_graphviz()
        graph = graphviz.Digraph(self.name)
        for key, label, style in self.boxes:
            graph.node(key, graphviz.escape(label).replace("\n", "\\n"), **style)
        for tail, head, label in self.arrows:
            graph.edge(tail, head, graphviz.escape(label))
        return graph


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def load_graphviz() -> Any:
    try:
        return importlib.import_module("graphviz")
    except ImportError as error:
        raise ImportError(
            "debug.draw needs the Python package graphviz: pip install funcgrad[draw]. debug.dot needs nothing, "
            "and returns the same picture as text in the DOT language."
        ) from error


# -- Of a program ----------------------------------------------------------------------------------------


def of_program(program: Program) -> Picture:
    picture = Picture(program.name)
    made: dict[str, tuple[str, Value]] = {}  # who made a value, and what it is
    for path, value in program.inputs:
        if value.name is not None:
            made[value.name] = picture.box(f"{path}\n{value.space}", INPUT), value
    for step in program.steps:
        key = picture.box(label_of(step), CUT if step.constant else CALL)
        for name in step.sources:
            join(picture, made, name, key)
        made.update({y.name: (key, y) for y in step.outputs if y.name is not None})
    for path, value in program.outputs:
        key = picture.box(f"{path}\n{value.space or value}", OUTPUT)
        if value.name is not None:
            join(picture, made, value.name, key)
    return picture


def join(picture: Picture, made: dict[str, tuple[str, Value]], name: str, head: str) -> None:
    if name in made:  # not so is an array that the program has made without any input
        tail, value = made[name]
        picture.arrow(tail, head, str(value.space))


def label_of(step: Step) -> str:
    constants = [str(x) for x in step.operands if x.name is None]
    words = [*constants, *(f"{key}={text}" for key, text in step.params.items())]
    spaces = ", ".join(str(y.space) for y in step.outputs if y.space is not None)
    return "\n".join([f"{step.function}({', '.join(words)})" if words else step.function, spaces])


# -- Of a tensor -----------------------------------------------------------------------------------------


def of_tensor(tensor: Any) -> Picture:
    """Walk ``next_functions`` from the tensor's ``grad_fn``; without recursion, for graphs are deep."""
    picture = Picture("tensor")
    space = str(space_of(tensor.payload))
    output = picture.box(f"tensor\n{space}", OUTPUT)
    known: dict[Node, str] = {}
    waiting = [(tensor.grad_fn, output, space)] if tensor.grad_fn is not None else []
    while waiting:
        function, head, space = waiting.pop()
        if function.node in known:
            picture.arrow(known[function.node], head, space)
            continue
        after = function.next_functions
        name = type(function).__name__ if function.next_functions else function.name().rpartition("::")[2]
        key = known[function.node] = picture.box(f"{name}\n{space}", CALL if after else INPUT)
        picture.arrow(key, head, space)
        for i, (parent, _) in reversed(list(enumerate(after))):
            if parent is not None:
                waiting.append((parent, key, space_before(function.node, i, space)))
    return picture


def space_before(node: Any, i: int, space: str) -> str:
    """Return the space of operand `i` of a node; an elementwise one on the short path keeps that of its output."""
    source = getattr(node, "space", None)
    spaces = getattr(node, "spaces", None) or getattr(getattr(node, "call", None), "spaces", None)
    return str(source) if source is not None else str(spaces[i]) if spaces else space


# -- The public functions --------------------------------------------------------------------------------


def picture_of(target: Any) -> Picture:
    if isinstance(target, Program):
        return of_program(target)
    tensor: Any = target
    return of_tensor(tensor)


def apply_dot(f: AnyFunction, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    return of_program(trace(f)(*args, **kwargs)).source()


def apply_draw(f: AnyFunction, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return of_program(trace(f)(*args, **kwargs)).digraph()


def dot(target: Any) -> Any:
    """Return the picture that :func:`draw` makes as text in the DOT language; graphviz is not needed.

    Parameters
    ----------
    target : callable, Program or Tensor
        As for :func:`draw`.

    Returns
    -------
    callable or str
        For a function, a function of its arguments that returns the text; for a program or tensor, the text.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import debug
    >>> print(debug.dot(lambda x: np.sin(x))(1.0))
    digraph "<lambda>" {
        n0 [label="args[0]\\nfloat64[]" shape="ellipse" style="filled" fillcolor="lightblue"]
        n1 [label="sin\\nfloat64[]" shape="box"]
        n2 [label="result\\nfloat64[]" shape="ellipse" style="filled" fillcolor="lightgreen"]
        n0 -> n1 [label="float64[]"]
        n1 -> n2 [label="float64[]"]
    }
    """
    return picture_of(target).source() if isinstance(target, Program | Shell) else Transformed(apply_dot, target, {})


def draw(target: Any) -> Any:
    """Draw what a function does with its arguments, or the graph behind a tensor.

    Boxes are calls, with name, constants, keywords and output; those without a derivative are dashed. Arrows carry
    shapes. Inputs are blue, outputs green.

    Parameters
    ----------
    target : callable, Program or Tensor
        A function; what :func:`trace` returned; or a tensor, whose ``grad_fn`` and ``next_functions`` are drawn.

    Returns
    -------
    callable or graphviz.Digraph
        For a function, a function of its arguments that returns the picture. It shows itself in a notebook;
        ``.source`` is the DOT text, and ``.render()`` writes a file, for which the graphviz program must be there.

    Raises
    ------
    ImportError
        If the Python package graphviz is not installed (``pip install funcgrad[draw]``).

    See Also
    --------
    dot : the same as text, without graphviz.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import debug
    >>> digraph = debug.draw(lambda x: np.sin(x) * 2)(np.ones(3))  # doctest: +SKIP
    >>> digraph.render("program", format="svg")  # doctest: +SKIP
    'program.svg'
    """
    if isinstance(target, Program | Shell):
        return picture_of(target).digraph()
    return Transformed(apply_draw, target, {})
