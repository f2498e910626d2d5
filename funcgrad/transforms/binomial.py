"""Long loops: their derivative with memory for a few states, at the least possible cost of computing states again.

Griewank and Walther, "Algorithm 799: revolve" (2000): with memory for `slots` states, a sweep back over the steps runs
forward to a well chosen state, keeps it, deals with the steps behind it, and then, with one slot more, with those
before it. As a composition of checkpoints: the steps before the kept state are a function that runs again, and what it
does then is the same with fewer steps.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from funcgrad._typing import PyTree
from funcgrad.core.graph import Node, Pending
from funcgrad.core.level import LASTING, Traced
from funcgrad.transforms.loops import Carry
from funcgrad.transforms.repetition import frozen
from funcgrad.transforms.reverse import ReverseTracer
from funcgrad.transforms.segment import boundary, checkpointed, forgetful, remade, within
from funcgrad.tree import flatten

__all__ = ["checkpointed_loop", "evaluations", "split"]


def checkpointed_loop(body: Callable[[int, PyTree], PyTree], state: PyTree, n: int, slots: int | None = None) -> PyTree:
    """Apply `body` to a state `n` times; the derivative keeps few of the states and computes the others again.

    Parameters
    ----------
    body : callable
        ``body(i, state)`` returns the next state, of the same tree, shapes and dtypes.
    state : pytree
        The state before the first step.
    n : int
        The number of steps.
    slots : int, optional
        How many states to keep at a time, the first one included; ``log2(n) + 1`` by default, with which
        a gradient evaluates `body` about ``log2(n) / 2`` times for each step.

    Returns
    -------
    pytree
        The state after `n` steps.

    Raises
    ------
    ValueError
        If there is no slot.
    TypeError
        If `body` changes the state's tree, shapes or dtypes.

    Notes
    -----
    A gradient takes the least possible number of evaluations for so many states. Besides these, the values that one
    step records are in memory. Values that `body` closes over get their gradients too.

    Examples
    --------
    >>> import funcgrad as fg
    >>> def end(x):
    ...     return fg.checkpointed_loop(lambda i, x: x + 0.01 * x * (1 - x), x, 1000, slots=5)
    >>> fg.grad(end)(0.1)
    np.float64(0.004...)
    """
    if n < 0:
        raise ValueError(f"checkpointed_loop: the number of steps must not be negative, got {n}")
    slots = max(1, n.bit_length()) if slots is None else slots
    if slots < 1:
        raise ValueError(f"checkpointed_loop: at least one state must be kept, got slots={slots}")
    carry = Carry("checkpointed_loop", "body", state)
    if not n:
        return carry.first

    def step(body: Callable[[int, PyTree], PyTree], i: int, state: PyTree) -> PyTree:
        return carry.check(body(i, state))

    return sweep(functools.partial(step, body), functools.partial(step, frozen(body)), 0, n, slots, carry.first)


Step = Callable[[int, PyTree], PyTree]


def sweep(step: Step, again: Step, start: int, stop: int, slots: int, state: PyTree) -> PyTree:
    """Run the steps from `start` to `stop`, leaving checkpoints."""
    while stop - start > 1:
        middle = start + split(stop - start, slots)
        state = checkpointed(
            functools.partial(advance, step, start, middle),
            functools.partial(sweep, again, again, start, middle, slots),
            (state,),
            {},
        )
        start, slots = middle, slots - 1
    return step(start, state)


def advance(step: Step, start: int, stop: int, state: PyTree) -> PyTree:
    """Run steps without keeping what they record: the end only is of interest."""
    begun = {level: level.stamp() for level in LASTING}
    for i in range(start, stop):
        state = unlinked(step(i, state), begun)
    return state


def unlinked(state: PyTree, begun: dict[Any, int]) -> PyTree:
    """Let a state begin a graph of its own, unless a transform writes down all that happens."""
    leaves, structure = flatten(state)
    tracers = [tracer for x in leaves if isinstance(x, Traced) for tracer in within(x)]
    if not tracers or not all(forgetful(tracer.level) for tracer in tracers):
        return state
    forget = functools.partial(without_past, begun)
    return structure.unflatten([remade(x, forget) if isinstance(x, Traced) else x for x in leaves])


def without_past(begun: dict[Any, int], tracer: Any) -> Any:
    if isinstance(tracer, ReverseTracer):
        level: Any = tracer.level
        # The graph of tensors can be looked at: it says which nodes lay behind what was dropped.
        behind = boundary([tracer.node], begun[level]) if level in begun else ()
        tracer.node = Dropped(level.stamp(), behind)
    return tracer


class Dropped(Node):
    """The place of a state in the graph of steps that will run again: no cotangent has to arrive there."""

    __slots__ = ("links",)

    name = "checkpointed_loop"

    def __init__(self, key: int, links: tuple[Node | None, ...]) -> None:
        self.key = key
        self.cotangent = None
        self.links = links

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return self.links

    def pull(self, g: Any, pending: Pending) -> None:
        raise RuntimeError(
            "checkpointed_loop: a derivative was asked for with respect to a state that has been dropped. Values of "
            "single steps can be used only through the state: collect them there, not in a list outside of the body."
        )


# -- The schedule ----------------------------------------------------------------------------------------------


def reach(slots: int, repeats: int) -> int:
    """Return how many steps can be reversed with so many states, evaluating no step more than `repeats` + 1 times."""
    return math.comb(slots + repeats, slots) if repeats >= 0 else 0


def repeats_for(n: int, slots: int) -> int:
    repeats = 0
    while reach(slots, repeats) < n:
        repeats += 1
    return repeats


def split(n: int, slots: int) -> int:
    """Return after how many of `n` steps to keep the next state, so that the cost is the least possible."""
    repeats = repeats_for(n, slots)
    return max(1, reach(slots, repeats - 2), n - reach(slots - 1, repeats))


def evaluations(n: int, slots: int) -> int:
    """Return how many evaluations of its body the value and the gradient of a loop need."""
    if n == 0:
        return 0
    repeats = repeats_for(n, slots)
    return n + repeats * n - (math.comb(slots + repeats, slots + 1) if repeats else 0)
