"""The backward pass: one loop over Function nodes, newest first.

``vjp``, ``grad``, ``jacrev``, ``Tensor.backward`` and ``autograd.grad`` all come here. A node's key
decreases with its age, so a heap of keys is a topological order that visits only what the outputs
need, without a tape and without recursion. Elementwise calls come in chains: as long as the parent of
one is newer than all that waits, its cotangent is handed over directly and the heap is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from heapq import heappop, heappush
from operator import attrgetter
from sys import getrefcount
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.backend import FUSING
from funcgrad.core.blocks import LARGE
from funcgrad.core.chains import device_steps
from funcgrad.core.deferred import formed
from funcgrad.core.graph import ALONE, Node, Output, Pending, Pointwise, send
from funcgrad.core.hooks import arrive, depart
from funcgrad.core.runs import collect, pull_run
from funcgrad.core.silence import forgiving

__all__ = ["backward", "unneeded", "walk"]

ndarray = np.ndarray
float64 = np.float64
KEY = attrgetter("key")


def backward(roots: list[tuple[Node, Array]], release: bool = False, pending: Pending | None = None) -> None:
    """Send each root's cotangent back to the leaves.

    Parameters
    ----------
    roots : list of (Node, array)
        Consumed, so that a graph that nobody else holds is freed while it is walked.
    release : bool
        Whether to free what the nodes saved, although somebody holds the graph: it cannot be walked again.
    pending : list, optional
        Where nodes wait for their turn, for those who want to know.

    Notes
    -----
    Infinite partial derivatives are legitimate here (``sqrt`` at 0), so the floating point warnings
    that rules would cause are off. Where a cotangent is zero, rules with such partials return zero.
    """
    if pending is None:
        pending = []
    node: Any
    parent: Any
    second: Any
    held: Any
    d: Any
    try:
        while roots:
            send(*roots.pop(), False, pending)
        with forgiving():
            while pending:
                node = heappop(pending)[1]
                g = node.cotangent
                node.cotangent = None
                if type(g) is not ndarray and FUSING[type(g)]:
                    taken = [node, g]
                    node = g = None  # the chain is freed while it is walked
                    device_steps(taken, pending, release)
                    continue
                if type(node) is not Pointwise:
                    node.pull(g, pending)
                    if release:
                        node.release()
                    node = g = None  # what they hold need not survive the next step
                    continue
                if type(g) is ndarray and g.size >= LARGE:
                    taken = [node, g]
                    node = g = None
                    node, g = large_steps(taken, pending, release)
                    if node is None:
                        continue
                while type(node) is Pointwise:  # its `pull`, written out, up to where the heap has to decide
                    short, short_second = node.shorts
                    parent = node.parent
                    rule = short.rule  # named, for CPython is slow to call what is read from a slot
                    if short_second is None:
                        c = rule(g, node.kept)
                    else:
                        second = node.second
                        held = second.cotangent
                        rule_second = short_second.rule
                        c = rule_second(g, node.kept_second)
                        if type(held) is ndarray and second.owned and type(c) is ndarray:  # as `send` does it
                            held += c
                            c = rule(g, node.kept)
                        elif type(held) is float64:
                            second.cotangent = held + c
                            second.owned = True
                            c = rule(g, node.kept)
                        elif held is not None:
                            send(second, c, c is not g, pending)
                            c = rule(g, node.kept)
                        elif second.key < parent.key:  # the pass goes on with the newer one
                            d = rule(g, node.kept)
                            send(parent, d, d is not g, pending)
                            parent = second
                        else:
                            second.cotangent = c
                            second.owned = c is not g
                            heappush(pending, (second.key, second))
                            c = rule(g, node.kept)
                    fresh = c is not g
                    g = c
                    if release:
                        node.release()
                    node = parent
                    if node.cotangent is not None:
                        send(node, g, fresh, pending)
                        break
                    node.owned = fresh
                    if pending and pending[0][0] < node.key:
                        node.cotangent = g
                        heappush(pending, (node.key, node))
                        break
                else:
                    node.pull(g, pending)
                    if release:
                        node.release()
                node = parent = second = held = g = c = d = None
    except BaseException:
        for _, node in pending:  # a graph that is kept must not remember half a pass
            node.cotangent = None
        raise


# -- Large arrays ----------------------------------------------------------------------------------------


def large_steps(taken: list[Any], pending: Pending, release: bool) -> tuple[Any, Array]:
    """Walk a chain of elementwise calls as :func:`backward` does, but by blocks and in memory that nobody else holds.

    Parameters
    ----------
    taken : list
        Where the chain begins, and what has arrived there. Consumed.
    pending, release
        As for :func:`backward`.

    Returns
    -------
    node, g
        Where the chain ends, and what has arrived there; a node of None if that waits for its turn.
    """
    g = taken.pop()
    node = taken.pop()
    owned = node.owned and g.flags.c_contiguous and g.flags.writeable
    while type(node) is Pointwise and type(g) is ndarray:
        links = collect(node, g, pending)
        if len(links) > 1:
            node, g, owned = pull_run(links, g, owned, pending, release)
        else:
            links.clear()
            last = getrefcount(node) == ALONE  # by itself, for arguments of a call are holders too
            g, owned = large_step(node, g, owned, last, pending)
            if release:
                node.release()
            node = node.parent
        if node.cotangent is not None or (pending and pending[0][0] < node.key):
            send(node, g, owned, pending)
            return None, g
    node.owned = owned
    return node, g


def large_step(node: Pointwise, g: Array, owned: bool, last: bool, pending: Pending) -> tuple[Array, bool]:
    """Do one step of it; return the cotangent of the parent, and whether nobody else holds it.

    `last` says that nobody else holds the node: what it keeps is not read again.
    """
    short, short_second = node.shorts
    if short_second is not None:
        second = node.second
        held = second.cotangent
        adds = type(held) is ndarray and second.owned
        if not adds or short_second.large(g, node.kept_second, held, True) is None:
            c = short_second.large(g, node.kept_second, None)
            c = short_second.rule(g, node.kept_second) if c is None else c
            send(second, c, c is not g, pending)
            owned = owned and c is not g
    room = g if owned else spare(node) if last else None  # by itself too
    c = short.large(g, node.kept, room)
    if c is None:
        c = short.rule(g, node.kept)
    return c, owned if c is g else type(c) is ndarray and c.base is None and c.flags.c_contiguous


def spare(node: Pointwise) -> Array | None:
    """Return an array that nobody but a node holds, of what it has kept for its first rule."""
    kept = node.kept
    if getrefcount(kept) != ALONE + 1:
        return None
    if type(kept) is tuple:
        for x in kept:
            if type(x) is ndarray and x.flags.owndata and getrefcount(x) == ALONE + 1:
                return x
        return None
    return kept if type(kept) is ndarray and kept.flags.owndata else None


# -- The pass with everything that one may ask for ---------------------------------------------------


def walk(
    roots: list[tuple[Node, Array]],
    pending: Pending,
    *,
    release: bool = False,
    captures: Mapping[Node, bool] | None = None,
    skip: Set[Node] = frozenset(),
    level: Any = None,
    check: Callable[[Node, Any], None] | None = None,
    failed: Callable[[Node, BaseException], None] | None = None,
) -> dict[Node, Any]:
    """Walk as :func:`backward` does, node by node.

    Parameters
    ----------
    roots, pending, release
        As for :func:`backward`.
    captures : mapping of Node to bool
        Nodes whose cotangent is wanted, and whether the pass goes on from there. It is taken before the hooks of a node
        where the pass goes on, and after those of one where it ends.
    skip : set of Node
        Nodes that need not be visited.
    level : Level, optional
        The level whose graph this is, if the pass is to be recorded there.
    check : callable, optional
        Called with each node and the cotangents that it gives.
    failed : callable, optional
        Called with the node at which the pass failed, and the error.

    Returns
    -------
    dict
        The cotangents of those nodes of `captures` that were reached.
    """
    captures = captures or {}
    found: dict[Node, Any] = {}
    node: Any = None
    try:
        while roots:
            send(*roots.pop(), False, pending)
        with forgiving():
            while pending:
                node = heappop(pending)[1]
                g, node.cotangent = formed(node.cotangent), None
                if node in skip:
                    continue
                if node in captures:
                    node.owned = False
                    if not captures[node]:
                        found[node] = arrive(node, g)
                        continue
                    found[node] = g
                if check is None and not node.asks_hooks:
                    (node if level is None else node.relinked(level)).pull(g, pending)
                else:
                    depart(node, arrive(node, g), pending, level, check)
                if release:
                    node.release()
    except BaseException as error:
        for _, waiting in pending:
            waiting.cotangent = None
        if failed is not None and node is not None:
            failed(node, error)
        raise
    return found


def unneeded(roots: list[Node], wanted: Set[Node]) -> tuple[set[Node], set[Node]]:
    """Return the nodes behind `roots` from which no wanted one is reached, and those wanted from which another is."""
    before: dict[Node, list[Node]] = {}
    stack: list[Any] = list(roots)
    while stack:
        node = stack.pop()
        if node not in before:
            parents = (node.call,) if isinstance(node, Output) else node.parents
            before[node] = found = [parent for parent in parents if parent is not None]
            stack += found
    needed: set[Node] = set()
    inner: set[Node] = set()
    for node in sorted(before, key=KEY, reverse=True):  # oldest first
        leads = not needed.isdisjoint(before[node])
        if leads and node in wanted:
            inner.add(node)
        if leads or node in wanted:
            needed.add(node)
    return before.keys() - needed, inner
