"""The backward pass over chains of elementwise calls on a device: what can be done in one kernel is done in one.

A launch costs more than the arithmetic, and a pass over memory more still. So cotangents are not computed one by one:
the rules of consecutive nodes are collected, with the sums at nodes that are used twice, and one kernel writes what
leaves the chain (:mod:`funcgrad.core.fused`), in the memory of cotangents that nobody else holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.backend import library_of
from funcgrad.core.fused import KERNELS, WORDS, Program, Rule, Total, Traced, kernel_of, trace
from funcgrad.core.graph import Call, Node, Pending, Pointwise, freed, send

__all__ = ["device_steps", "single"]

RULES = 8  # rules in one kernel; more make more kernels that differ, and each is compiled
OPERANDS = 16  # arrays and numbers that one kernel reads
MANY = 512  # kernels; a program that needs more is new in every pass, and does better with one for each rule

#: One operand's share of a node: its rule, what that reads, whether it is guarded, and the node it goes to.
Share: TypeAlias = "tuple[Any, Sequence[Any], bool, Node]"


class Chain:
    """Rules that wait to be done in one kernel.

    Values are numbered as in a :class:`~funcgrad.core.fused.Program`: its steps from 0 on, what it is given from -1
    down, the first of which is the cotangent that it begins with.
    """

    __slots__ = ("given", "held", "layout", "owned", "places", "rules", "steps", "waiting")

    def __init__(self, g: Array, owned: bool) -> None:
        self.given: list[Any] = [g]
        self.layout = [True]
        self.places = {id(g): -1}
        self.owned = owned  # whether nobody else holds g
        self.rules = 0
        self.steps: list[Rule | Total] = []
        self.waiting: dict[Node, int] = {}  # the values that go to nodes outside of the chain
        self.held: dict[Node, Array] = {}  # what these values are sums with

    @property
    def is_full(self) -> bool:
        return self.rules >= (RULES if len(KERNELS) < MANY else 1) or len(self.given) >= OPERANDS

    def place(self, x: Any) -> int | None:
        """Return the number of an operand; None if a kernel cannot read it beside the cotangent."""
        if type(x) is float or type(x) is int:
            self.given.append(x)
            self.layout.append(False)
            return -len(self.given)
        found = self.places.get(id(x))
        if found is None:
            g = self.given[0]
            if type(x) is not type(g) or x.dtype != g.dtype or not reaches(x.shape, g.shape):
                return None
            self.given.append(x)
            self.layout.append(True)
            found = self.places[id(x)] = -len(self.given)
        return found

    def apply(self, short: Any, residuals: Sequence[Any], guarded: bool, g: int) -> int | None:
        """Apply a rule to the value `g`; None if no kernel can."""
        rule = traced(short, self.given[0].dtype.char)
        if rule is None:
            return None
        places = [self.place(x) for x in residuals]
        if None in places:
            return None
        if rule.result == 0 and not guarded:
            return g
        return self.add(Rule(rule, guarded, (g, *places)))  # type: ignore[arg-type]

    def add(self, step: Rule | Total) -> int:
        self.steps.append(step)
        self.rules += type(step) is Rule
        return len(self.steps) - 1

    def give(self, node: Node, c: int) -> None:
        """Let the value `c` go to a node, in a sum with what is there."""
        if node in self.waiting:
            c = self.add(Total(self.waiting[node], c))
        else:
            held, g = node.cotangent, self.given[0]
            if type(held) is type(g) and held.shape == g.shape and held.dtype == g.dtype:
                c = self.add(Total(self.place(held), c))  # type: ignore[arg-type]
                self.held[node] = held
        self.waiting[node] = c

    def may_go_on(self, node: Node, pending: Pending) -> bool:
        """Whether nothing more can arrive at a node, so that it need not wait for its turn."""
        key = node.key
        return (
            node.cotangent is None
            and not (pending and pending[0][0] < key)
            and all(waiting.key >= key for waiting in self.waiting)
        )

    def finish(self, pending: Pending, last: int | None = None) -> tuple[Any, bool]:
        """Launch the kernel, send what goes elsewhere, return the value `last` and whether nobody else holds it."""
        g = self.given[0]
        leaving = [*self.waiting.values(), *(() if last is None else (last,))]
        found = {value: self.given[-1 - value] for value in leaving if value < 0}
        memory = {self.waiting[node]: held for node, held in self.held.items() if node.owned}
        spare = self.owned and -1 not in found and g.base is None and g.flags.c_contiguous
        wanted = tuple(dict.fromkeys([value for value in leaving if value >= 0]))
        for value in wanted:
            goal = memory.get(value)
            if goal is None:
                goal, spare = (g, False) if spare else (np.empty_like(g, order="C"), spare)
            found[value] = goal
        if wanted:
            program = Program(g.dtype.char, tuple(self.layout), tuple(self.steps), wanted)
            kernel_of(library_of(g), program)(*self.given, *[found[value] for value in wanted])
        mine = {value for value in found if (value >= 0 or (value == -1 and self.owned)) and leaving.count(value) == 1}
        for node, value in self.waiting.items():
            if node in self.held:
                node.cotangent, node.owned = found[value], value in mine
            else:
                send(node, found[value], value in mine, pending)
        return (None, False) if last is None else (found[last], last in mine)


def reaches(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    """Whether an array of one shape is broadcast to another."""
    return shape == into or (
        len(shape) <= len(into) and all(n in (1, m) for n, m in zip(reversed(shape), reversed(into), strict=False))
    )


def traced(short: Any, char: str) -> Traced | None:
    """Return the steps of a rule for a dtype, which are found when they are first asked for."""
    known: dict[str, Traced | None] = short.traced
    if char not in known:
        text = getattr(short.text, "__wrapped__", short.text)
        known[char] = None if short.rule is freed else trace(text, len(short.indices), char)
    return known[char]


# -- The walk ----------------------------------------------------------------------------------------------


def device_steps(taken: list[Any], pending: Pending, release: bool) -> None:
    """Walk a chain of elementwise calls that begins with a cotangent on a device; any other node does its step.

    Parameters
    ----------
    taken : list
        Where the chain begins, and what has arrived there. Consumed, so that the chain is freed while it is walked.
    pending, release
        As for :func:`~funcgrad.core.engine.backward`.
    """
    g = taken.pop()
    node = taken.pop()
    chain, c = Chain(g, node.owned), -1
    while True:
        shares = shares_of(node, chain.given[0])
        if shares is None:
            break
        values: list[Any] = [chain.apply(short, residuals, guarded, c) for short, residuals, guarded, _ in shares]
        if None in values:
            break
        nodes = [share[-1] for share in shares]
        if release:
            node.release()
        for other, value in zip(nodes[:-1], values[:-1], strict=True):
            chain.give(other, value)
        node, c = nodes[-1], values[-1]
        if not chain.may_go_on(node, pending):
            chain.give(node, c)
            chain.finish(pending)
            return
        if node in chain.waiting:
            c = chain.add(Total(chain.waiting.pop(node), c))
        if chain.is_full:
            g, owned = chain.finish(pending, c)
            chain, c = Chain(g, owned), -1
    shares = None
    g, node.owned = chain.finish(pending, c)
    del chain
    node.pull(g, pending)
    if release:
        node.release()


def shares_of(node: Any, g: Array) -> list[Share] | None:
    """Return the shares of an elementwise node's operands, the one to go on with last; None for other nodes."""
    if g.dtype.char not in WORDS:
        return None
    if type(node) is Pointwise:
        short, second = node.shorts
        main = (short, read(short, node.kept), is_guarded(short), node.parent)
        if second is None:
            return [main]
        return [(second, read(second, node.kept_second), is_guarded(second), node.second), main]
    shorts = getattr(node.primitive, "short", None) if type(node) is Call else None
    if shorts is None or node.params or node.released:
        return None
    space = node.output_space
    if space.shape != g.shape or any(
        s is not space for s, link in zip(node.spaces, node.links, strict=True) if link is not None
    ):
        return None
    values = (node.y, *node.xs)
    found = [
        (short, [values[i] for i in short.indices], node.guarded or is_guarded(short), link)
        for short, link in zip(shorts, node.links, strict=True)
        if link is not None
    ]
    return sorted(found, key=lambda share: -share[-1].key)  # the newest last


def read(short: Any, kept: Any) -> Sequence[Any]:
    """Return what a node keeps for a rule as the rule's residuals."""
    count = len(short.indices)
    found: Sequence[Any] = kept if count > 1 else (kept,) * count
    return found


def is_guarded(short: Any) -> bool:
    return hasattr(short.text, "__wrapped__")


def single(short: Any, residuals: Sequence[Any], guarded: bool, g: Array) -> Array | None:
    """Apply one rule in one kernel; None if that cannot be done."""
    if g.dtype.char not in WORDS:
        return None
    chain = Chain(g, False)
    c = chain.apply(short, residuals, guarded or is_guarded(short), -1)
    found: Array | None = None if c is None else chain.finish([], c)[0]
    return found
