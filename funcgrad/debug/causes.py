"""What a call tells about a gradient: where the path is cut, where a cotangent becomes zero, where nans begin.

Each finder returns (kind, function, line, detail), what a :class:`~funcgrad.debug.explanation.Finding` is made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.graph import Leaf, Node
from funcgrad.core.level import map_tracers, plain
from funcgrad.core.space import project, space_of
from funcgrad.debug.lines import Line, shown_part
from funcgrad.debug.observer import Event, Observer, finite, magnitude

__all__ = ["Parts", "cut_of", "loss_of", "origins_of_nonfinite", "sums_to_zero", "unread"]

Parts = tuple[str, str, Line | None, str]

COMPARISONS = frozenset(
    ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "isclose", "allclose", "array_equal")
)
CONVERSIONS = {
    "bool()": "a branch on the value: the gradient is that of the branch taken",
    "item()": "a plain number without gradient; use x itself, or x[()]",
    "tolist()": "plain numbers without gradient; iterate over x itself",
}
CHOOSES = frozenset(
    ("where", "choose", "select", "max", "min", "amax", "amin", "nanmax", "nanmin", "sort", "partition")
)
SATURATES = frozenset(
    ("maximum", "minimum", "fmax", "fmin", "clip", "relu", "tanh", "sigmoid", "expit", "arctan", "erf", "erfc", "exp")
)
PRODUCTS = frozenset(("multiply", "matmul", "dot", "vdot", "inner", "outer", "einsum", "tensordot", "prod", "divide"))
#: Constants that rules and composites use for their own checks.
OWN = frozenset(("warn_where", "refuse_where"))


# -- Where a path is cut ---------------------------------------------------------------------------------


def cut_of(event: Event, i: int, level: Observer) -> Parts | None:
    """Say how a call cuts the dependence on input `i`; None if it does not."""
    step = event.step
    if step.constant:
        return None if i not in event.leaves or step.function in OWN else constant_cut(event)
    blocked = [
        n for n, x in enumerate(step.operands) if x.name and not x.differentiable and i in level.leaves.get(x.name, ())
    ]
    if i in event.leaves and all(node is None for node in event.nodes):
        spaces = ", ".join(str(y.space) for y in step.outputs)
        return "cast", step.function, step.line, f"the result is {spaces}, which has no derivative"
    if blocked:
        numbers = ", ".join(map(str, blocked))
        return "no derivative", step.function, step.line, f"there is none with respect to argument {numbers}"
    return None


def constant_cut(event: Event) -> Parts:
    step = event.step
    if step.function in CONVERSIONS:
        return "conversion", step.function, step.line, CONVERSIONS[step.function]
    if step.function == "stop_gradient":
        return "stop_gradient", step.function, step.line, "no gradient flows through it"
    if step.function in COMPARISONS:
        return "comparison", step.function, step.line, "a comparison has no derivative"
    return "constant", step.function, step.line, "its derivative is zero, or has no meaning"


# -- Where a cotangent becomes zero --------------------------------------------------------------------------


def loss_of(event: Event, i: int, level: Observer) -> Iterator[Parts]:
    """Yield how a call made zeros of the cotangents that it sent towards input `i`."""
    if event.index is not None or event.order is None:
        return  # reads are joined by `unread`
    for n, c in event.sent:
        name = event.step.operands[n].name
        if name is None or i not in level.leaves.get(name, ()):
            continue
        killed = zeros_made(event.arrived, c)
        if np.any(killed):
            kind, detail = reason(event, n, killed)
            count = int(np.sum(killed))
            where = "" if count == np.size(killed) else f", in {count} of {np.size(killed)} elements"
            yield kind, event.step.function, event.step.line, detail + where


def zeros_made(g: Any, c: Array) -> Array:
    """Return where a rule returned zero for a cotangent that is not."""
    if isinstance(g, tuple):  # of several outputs
        return np.full(np.shape(c), any(map(np.any, g)) and not np.any(c))
    if not np.any(g):
        return np.zeros(np.shape(c), bool)
    if np.shape(c) == np.shape(g):
        return np.asarray((g != 0) & (c == 0))
    if np.any(c) and not np.all(g):
        return np.zeros(np.shape(c), bool)  # these may be the zeros that arrived
    return np.asarray(c == 0)


def reason(event: Event, n: int, killed: Array) -> tuple[str, str]:
    function = event.step.function
    place = tuple(int(k) for k in np.argwhere(killed)[0])
    x = element(event.values[n], place)
    if function == "setitem":
        return ("overwritten", "other values are written there") if n == 0 else ("overwritten", "it is not kept")
    if function in CHOOSES:
        return "not chosen", f"the result is taken from elsewhere than from argument {n}"
    if function in SATURATES:
        return "saturated", f"the result does not change with argument {n}{at(x)}"
    if function in PRODUCTS:
        others = [v for k, v in enumerate(event.values) if k != n]
        zero = [v for v in others if hasattr(v, "shape") and is_zero_at(v, place, killed.shape)]
        number = [v for v in others if isinstance(v, int | float | complex) and v == 0]
        if zero or number:
            return "zero factor", f"argument {n} is multiplied by 0"
        return "underflow", f"the product with the cotangent {magnitude(event.arrived):.3g} is too small to be stored"
    if event.linear:
        return "unread", "it does not use these elements"
    return "zero partial", f"its derivative with respect to argument {n} is 0{at(x)}"


def is_zero_at(v: Any, place: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    found = element(v, place) if np.ndim(v) <= len(place) else None
    return bool(found == 0) if found is not None and np.shape(v) in ((), shape) else not np.any(v) or found == 0


def element(v: Any, place: tuple[int, ...]) -> Any:
    """Return the element of an operand that broadcasting puts at `place`; None if that has no meaning."""
    shape = np.shape(v)
    if len(shape) > len(place):
        return None
    index = tuple(0 if n == 1 else k for k, n in zip(place[len(place) - len(shape) :], shape, strict=True))
    if any(k >= n for k, n in zip(index, shape, strict=True)):
        return None
    found = v[index] if shape else v
    return found.item() if hasattr(found, "item") else found


def at(x: Any) -> str:
    return "" if x is None else f" at {x:.6g}" if isinstance(x, int | float | complex) else f" at {x}"


def unread(i: int, level: Observer, nodes: set[int]) -> Iterator[tuple[int, Parts]]:
    """Yield the arrays made of input `i` of which all uses together do not read some elements."""
    uses: dict[int, list[tuple[int, Event]]] = {}
    for place, event in enumerate(level.events):
        outputs = [node for node in event.nodes if node is not None]
        if i in event.leaves and any(id(node) in nodes for node in outputs):
            for link in event.links:
                if link is not None:
                    uses.setdefault(id(link), []).append((place, event))
    for users in uses.values():
        if all(event.index is not None for _, event in users):
            place, first = users[0]
            read = np.zeros(np.shape(first.values[0]), bool)
            for _, event in users:
                read[map_tracers(plain, event.index)] = True
            if not read.all():
                texts = [shown_index(event.index) for _, event in users[:3]]
                detail = f"{int(np.sum(~read))} of {read.size} elements are not read (index {'; '.join(texts)})"
                yield place, ("unread", first.step.function, first.step.line, detail)


def shown_index(index: Any) -> str:
    return ", ".join(map(shown_part, index if isinstance(index, tuple) else (index,)))


def sums_to_zero(i: int, leaf: Leaf, level: Observer) -> Iterator[tuple[int, Parts]]:
    """Yield where the cotangents of several uses, of input `i` or of what was made of it, cancel."""
    nodes: list[tuple[Node, int]] = [(leaf, len(level.events))]
    nodes += [(node, k) for k, event in enumerate(level.events) if i in event.leaves for node in event.nodes if node]
    for node, place in nodes:
        given = level.contributions.get(id(node), [])
        if len(given) < 2:
            continue
        space = space_of(given[0][0].values[given[0][0].links.index(node)])
        parts = [project(c, space) for _, c in given]
        total = sum(parts[1:], parts[0])
        cancelled = (total == 0) & np.any([part != 0 for part in parts], axis=0)
        if np.any(cancelled):
            last = given[0][0].step
            lines = ", ".join(dict.fromkeys(str(event.step.line) for event, _ in given))
            detail = f"the cotangents of {len(given)} uses cancel (at {lines})"
            yield place, ("cancels", last.function, last.line, detail)


# -- Where nans begin -----------------------------------------------------------------------------------------


def origins_of_nonfinite(i: int, value: Any, events: Sequence[Event]) -> list[Parts]:
    """Say where values, then where cotangents, first stopped being finite on the way from and to input `i`."""
    found: list[Parts] = []
    if not finite(value):
        found.append(
            ("input", "", None, f"{int(np.sum(~np.isfinite(value)))} of {np.size(value)} elements are not finite")
        )
    for event in events:
        if not all(map(finite, event.parts)) and all(map(finite_operand, zip(event.values, event.links, strict=True))):
            part = next(y for y in event.parts if not finite(y))
            place = tuple(int(k) for k in np.argwhere(~np.isfinite(part))[0])
            detail = f"the output is {element(part, place)}{operands_at(event, place)}"
            found.append(("value", event.step.function, event.step.line, detail))
            break
    pulled = sorted((e for e in events if e.order is not None), key=lambda e: e.order or 0)
    for event in pulled:
        arrived = event.arrived if isinstance(event.arrived, tuple) else (event.arrived,)
        if not all(map(finite, arrived)):
            found.append(
                ("cotangent", event.step.function, event.step.line, "the sum of what its uses send back is not finite")
            )
            break
        wrong = next(((n, c) for n, c in event.sent if not finite(c)), None)
        if wrong is not None:
            n, c = wrong
            place = tuple(int(k) for k in np.argwhere(~np.isfinite(c))[0])
            g = element(arrived[0], place) if len(arrived) == 1 else None
            detail = f"the cotangent of argument {n} is {element(c, place)}{operands_at(event, place)}"
            found.append(
                ("cotangent", event.step.function, event.step.line, detail + ("" if g is None else f", cotangent {g}"))
            )
            break
    return found


def finite_operand(operand: tuple[Any, Any]) -> bool:
    """Whether an operand is not to blame: a constant that is not finite begins at this call."""
    value, link = operand
    return link is None or finite(value)


def operands_at(event: Event, place: tuple[int, ...]) -> str:
    """Tell the operands' values where something is not finite, or their ranges."""
    texts = []
    for n, v in enumerate(event.values):
        if isinstance(v, list | tuple) or v is None:
            continue
        x = element(v, place)
        if x is not None:
            texts.append(f"argument {n} = {x:.6g}" if isinstance(x, int | float) else f"argument {n} = {x}")
        elif np.size(v) and np.asarray(v).dtype.kind in "fiu":
            texts.append(f"argument {n} from {np.min(v).item():.6g} to {np.max(v).item():.6g}")
    return f", {', '.join(texts)}" if texts else ""
