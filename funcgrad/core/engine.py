"""The backward pass: one loop over Function nodes, newest first.

``vjp``, ``grad``, ``jacrev``, ``Tensor.backward`` and ``autograd.grad`` all come here. A node's key
decreases with its age, so a heap of keys is a topological order that visits only what the outputs
need, without a tape and without recursion.
"""

from __future__ import annotations

from heapq import heappop

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.graph import Node, Pending, send

__all__ = ["backward"]


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
    try:
        while roots:
            send(*roots.pop(), False, pending)
        with np.errstate(divide="ignore", invalid="ignore"):
            while pending:
                node = heappop(pending)[1]
                g = node.cotangent
                node.cotangent = None
                node.pull(g, pending)
                if release:
                    node.release()
    except BaseException:
        for _, node in pending:  # a graph that is kept must not remember half a pass
            node.cotangent = None
        raise
