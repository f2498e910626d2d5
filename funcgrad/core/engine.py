"""The backward pass: one loop over Function nodes, newest first.

``vjp``, ``grad``, ``jacrev``, ``Tensor.backward`` and ``autograd.grad`` all come here. A node's key
decreases with its age, so a heap of keys is a topological order that visits only what the outputs
need, without a tape and without recursion. Elementwise calls come in chains: as long as the parent of
one is newer than all that waits, its cotangent is handed over directly and the heap is not touched.
"""

from __future__ import annotations

from heapq import heappop
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.graph import Node, Pending, Pointwise, send

__all__ = ["backward"]

ndarray = np.ndarray


def backward(roots: list[tuple[Node, Array]], release: bool = False) -> None:
    """Send each root's cotangent back to the leaves.

    Parameters
    ----------
    roots : list of (Node, array)
        Consumed, so that a graph that nobody else holds is freed while it is walked.
    release : bool
        Whether to free what the nodes saved, although somebody holds the graph: it cannot be walked again.

    Notes
    -----
    Infinite partial derivatives are legitimate here (``sqrt`` at 0), so the floating point warnings
    that rules would cause are off. Where a cotangent is zero, rules with such partials return zero.
    """
    pending: Pending = []
    node: Any
    second: Any
    try:
        while roots:
            send(*roots.pop(), False, pending)
        with np.errstate(divide="ignore", invalid="ignore"):
            while pending:
                node = heappop(pending)[1]
                g = node.cotangent
                node.cotangent = None
                while type(node) is Pointwise:  # its `pull`, written out, up to where the heap has to decide
                    short, short_second = node.shorts
                    if short_second is not None:
                        c = short_second.rule(g, node.kept_second)
                        second = node.second
                        if type(second.cotangent) is ndarray and second.owned and type(c) is ndarray:
                            second.cotangent += c  # as `send` does it
                        else:
                            send(second, c, c is not g, pending)
                    c = short.rule(g, node.kept)
                    fresh = c is not g
                    g = c
                    if release:
                        node.release()
                    node = node.parent
                    if node.cotangent is not None or (pending and pending[0][0] < node.key):
                        send(node, g, fresh, pending)
                        break
                    node.owned = fresh
                else:
                    node.pull(g, pending)
                    if release:
                        node.release()
                node = second = g = c = None  # what they hold need not survive the next step
    except BaseException:
        for _, node in pending:  # a graph that is kept must not remember half a pass
            node.cotangent = None
        raise
