"""A search for a step that fulfils the strong Wolfe conditions: enough descent, and a slope that is flat enough.

The step is bracketed first, then the bracket shrinks, by minima of cubic polynomials (Nocedal and Wright, *Numerical
Optimization*, chapter 3.5).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from funcgrad._typing import Array

__all__ = ["Point", "strong_wolfe"]

DESCENT = 1e-4  # how much of the descent that the first slope promises is enough
FLATNESS = 0.9  # how much of the first slope may be left


class Point(NamedTuple):
    """A step along the direction: its length, the loss, the gradient and the slope there."""

    t: Any
    loss: float
    gradient: Array
    slope: Any


Evaluate = Callable[[Any], Point]


def cubic_minimum(a: Point, b: Point, low: Any, high: Any) -> Any:
    """Return where the cubic through two points, with their slopes, is least between two bounds."""
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2.0
    d2 = square**0.5
    if not a.t <= b.t:
        a, b = b, a
    best = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    return min(max(best, low), high)


def strong_wolfe(
    evaluate: Evaluate, start: Point, t: Any, longest: Any, tolerance: float = 1e-9, most: int = 25
) -> tuple[Point, int]:
    """Return a point along the direction that fulfils the conditions, or the best that was found.

    Parameters
    ----------
    evaluate : callable
        Returns the point for a length.
    start : Point
        The one of length zero.
    t : float
        The first length to try.
    longest : float
        Largest element of the direction.
    tolerance : float
        Change of the parameters below which the search ends.
    most : int
        Largest number of steps of the search.

    Returns
    -------
    Point
    int
        How often the loss was computed.
    """

    def descends(point: Point) -> bool:
        return not point.loss > start.loss + DESCENT * point.t * start.slope

    def is_flat(point: Point) -> bool:
        return bool(abs(point.slope) <= -FLATNESS * start.slope)

    last, new = start, evaluate(t)
    steps = 0
    bracket: list[Point] = []
    while steps < most:
        if not descends(new) or (steps > 1 and new.loss >= last.loss):
            bracket = [last, new]
            break
        if is_flat(new):
            return new, steps + 1
        if new.slope >= 0:
            bracket = [last, new]
            break
        beyond = cubic_minimum(last, new, new.t + 0.01 * (new.t - last.t), new.t * 10)
        last, new = new, evaluate(beyond)
        steps += 1
    return zoom(evaluate, bracket or [start, new], descends, is_flat, steps, longest, tolerance, most)


def zoom(
    evaluate: Evaluate,
    bracket: list[Point],
    descends: Callable[[Point], bool],
    is_flat: Callable[[Point], bool],
    steps: int,
    longest: Any,
    tolerance: float,
    most: int,
) -> tuple[Point, int]:
    """Shrink a bracket of two points until one fulfils the conditions; return the best, and the computations so far."""
    low = int(not bracket[0].loss <= bracket[1].loss)
    stuck = False
    while steps < most and not abs(bracket[1].t - bracket[0].t) * longest < tolerance:
        left, right = sorted([point.t for point in bracket])
        t = cubic_minimum(bracket[0], bracket[1], left, right)
        margin = 0.1 * (right - left)
        close = min(right - t, t - left) < margin
        if close and (stuck or t >= right or t <= left):
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            close = False
        stuck = close  # once is tolerated
        new = evaluate(t)
        steps += 1
        if not descends(new) or new.loss >= bracket[low].loss:
            bracket[1 - low] = new
            low = int(not bracket[0].loss <= bracket[1].loss)
            continue
        if is_flat(new):
            return new, steps + 1
        if new.slope * (bracket[1 - low].t - bracket[low].t) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = new
    return bracket[low], steps + 1
