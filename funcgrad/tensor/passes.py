"""Backward passes over the root level's graph: what they start from, and what they are asked for.

``Tensor.backward``, ``autograd.backward`` and ``autograd.grad`` all come here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from typing import Any

import numpy as np

from funcgrad.core.engine import backward, unneeded, walk
from funcgrad.core.graph import Node, Pending
from funcgrad.core.level import Traced
from funcgrad.core.silence import SILENT, restore, silence, switch
from funcgrad.tensor.hooks import outward
from funcgrad.tensor.modes import GRAD_ENABLED
from funcgrad.tensor.promotion import type_name
from funcgrad.tensor.root import ROOT
from funcgrad.tensor.shell import Base
from funcgrad.tensor.versions import check_saved

__all__ = [
    *("CHECKS", "FAILURES", "TASKS", "WATCHERS", "Root", "Task", "capture", "propagate", "propagate_one"),
    *("release_behind", "root_of_tensor"),
]

#: Cotangents wait in the nodes, and threads may share leaves: one pass at a time. A hook may start another one.
PASS = threading.RLock()
ACTIVE: list[Pending] = []  # the passes that run, outer ones first

#: What is called with each node of a pass and the cotangents that it gives (see anomaly detection).
CHECKS: list[Callable[[Node, Any], None]] = []

#: What is called with the node at which a pass failed, and the error.
FAILURES: list[Callable[[Node, BaseException], None]] = []

Root = tuple[Node, Any]


class Task:
    """What one pass is about, for hooks that ask where it will go."""

    __slots__ = ("reached", "roots", "skip")

    def __init__(self) -> None:
        self.roots: list[Node] = []
        self.skip: Set[Node] = frozenset()
        self.reached: set[Node] | None = None

    def begin(self, roots: list[Root], skip: Set[Node] = frozenset()) -> None:
        self.roots, self.skip = [node for node, _ in roots] if WATCHERS else [], skip

    def visits(self, node: Node) -> bool:
        """Whether a cotangent may arrive at a node."""
        if self.reached is None:
            self.reached = set(self.roots)
            stack: list[Any] = list(self.roots)
            while stack:
                found = stack.pop()
                call = getattr(found, "call", None)
                for parent in found.parents if call is None else (call,):
                    if parent is not None and parent not in self.reached:
                        self.reached.add(parent)
                        stack.append(parent)
        return node in self.reached and node not in self.skip


TASKS: list[Task] = []  # of the passes that run, outer ones first
WATCHERS: list[Any] = []  # those who ask, without whom nothing is noted


# -- Where a pass begins ------------------------------------------------------------------------------------


def root_of_tensor(tensor: Any, gradient: Any, number: int, recorded: bool = False) -> Root:
    """Return a tensor's node, and the cotangent that a pass begins with there."""
    if not isinstance(tensor, Base):
        raise TypeError(f"element {number} of tensors is no Tensor but {type(tensor).__name__}")
    if gradient is not None and not isinstance(gradient, Base):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
    node = tensor.node
    if node is None:
        raise RuntimeError(f"element {number} of tensors does not require grad and does not have a grad_fn")
    value = tensor.payload.value
    if gradient is None:
        if value.size != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        if value.dtype.kind == "c":
            raise RuntimeError(
                f"grad can be implicitly created only for real scalar outputs but got {type_name(value.dtype)}"
            )
        host = isinstance(value, np.ndarray | np.generic)
        return node, np.ones(value.shape, value.dtype) if host else np.ones_like(value)
    g = gradient.payload if recorded else gradient.values()
    if (g.dtype.kind == "c") != (value.dtype.kind == "c"):
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
            f"grad_output[{number}] has {g.dtype} and output[{number}] has {value.dtype}."
        )
    try:
        seed = g if g.shape == value.shape else np.broadcast_to(g, value.shape)
    except ValueError:
        raise RuntimeError(
            f"Mismatch in shape: gradient [{number}] has a shape of {list(g.shape)} and the output has a shape of "
            f"{list(value.shape)}, to which it does not broadcast."
        ) from None
    return node, outward(seed if seed.dtype == value.dtype else seed.astype(value.dtype))


# -- Passes -------------------------------------------------------------------------------------------------


@contextmanager
def running(recorded: bool) -> Iterator[Pending]:
    """Let one pass run; what waits in an outer one is set aside meanwhile."""
    with PASS:
        aside = [(node, node.cotangent, getattr(node, "owned", False)) for waiting in ACTIVE for _, node in waiting]
        for node, _, _ in aside:
            node.cotangent = None
        pending: Pending = []
        ACTIVE.append(pending)
        TASKS.append(Task())
        mode = GRAD_ENABLED.set(recorded)
        try:
            with silence():
                yield pending
        finally:
            GRAD_ENABLED.reset(mode)
            TASKS.pop()
            ACTIVE.pop()
            for node, g, owned in aside:
                node.cotangent, node.owned = g, owned


def propagate_one(root: Root, retain: bool) -> None:
    """Send one cotangent to all leaves, which is what most passes do: with as little around it as possible."""
    with PASS:
        if ACTIVE or CHECKS or FAILURES or WATCHERS:
            propagate([root], retain=retain)
            return
        check_saved(root[0])
        pending: Pending = []
        ACTIVE.append(pending)
        mode, warnings = GRAD_ENABLED.set(False), switch(SILENT)
        try:
            backward([root], not retain, pending)
        finally:
            restore(warnings)
            GRAD_ENABLED.reset(mode)
            ACTIVE.pop()


def propagate(
    roots: list[Root], *, retain: bool, recorded: bool = False, ends: Sequence[Node] = (), passed: Sequence[Node] = ()
) -> None:
    """Send cotangents to the leaves' ``.grad``; with `ends` or `passed` to these nodes only.

    A node of `ends` that no other wanted one lies behind is where the pass stops.
    """
    wanted = {*ends, *passed}
    with running(recorded) as pending:
        for node, _ in roots:
            check_saved(node)
        if not wanted and not recorded and not CHECKS and not FAILURES:
            TASKS[-1].begin(roots)
            backward(roots, not retain, pending)
            return
        skip, inner = unneeded([node for node, _ in roots], wanted) if wanted else (set[Node](), set[Node]())
        TASKS[-1].begin(roots, skip)
        walk(
            roots,
            pending,
            release=not retain,
            captures={node: node in inner for node in ends},
            skip=skip,
            level=ROOT if recorded else None,
            check=checked if CHECKS else None,
            failed=failed if FAILURES else None,
        )


def capture(roots: list[Root], wanted: Sequence[Node], *, retain: bool, recorded: bool = False) -> dict[Node, Any]:
    """Return the cotangents of these nodes; no ``.grad`` changes."""
    with running(recorded) as pending:
        for node, _ in roots:
            check_saved(node)
        skip, inner = unneeded([node for node, _ in roots], set(wanted))
        TASKS[-1].begin(roots, skip)
        return walk(
            roots,
            pending,
            release=not retain,
            captures={node: node in inner for node in wanted},
            skip=skip,
            level=ROOT if recorded else None,
            check=checked if CHECKS else None,
            failed=failed if FAILURES else None,
        )


def checked(node: Node, cotangents: Any) -> None:
    for check in CHECKS:
        check(node, cotangents)


def failed(node: Node, error: BaseException) -> None:
    for explain in FAILURES:
        explain(node, error)


def release_behind(nodes: Sequence[Node]) -> None:
    """Free what the nodes behind these have saved."""
    seen: set[Any] = set()
    stack: list[Any] = list(nodes)
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        node.release()
        call = getattr(node, "call", None)
        stack += node.parents if call is None else (call,)


def is_traced(x: Any) -> bool:
    """Whether a cotangent belongs to a transform that runs."""
    return isinstance(x, Traced) and x.level is not ROOT
