"""What users attach to Function nodes: hooks on the cotangent that arrives, and around the node's own step.

A node that nobody has attached anything to pays nothing: the first hook changes the node's class, so that the engine's
short path, which goes by the class, hands it over to :func:`pull_with_hooks`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from funcgrad.core.graph import Leaf, Node, Output, Pending, Pointwise, connected, send

__all__ = ["Extra", "Hook", "arrive", "depart", "extra_of", "fresh_class", "register", "watch"]

#: From what has arrived to what replaces it, or None.
Hook: TypeAlias = Callable[[Any], Any]

NUMBERS = itertools.count()


class Extra:
    """What is attached to one node."""

    __slots__ = ("after", "arrival", "before", "metadata", "retain", "shown")

    def __init__(self) -> None:
        self.arrival: dict[int, Hook] = {}  # on the cotangent of the output: the hooks of its tensor
        self.retain: Hook | None = None  # the last of them, whatever comes after
        self.before: dict[int, Hook] = {}  # on the tuple of cotangents of all outputs
        self.after: dict[int, Callable[[Any, Any], Any]] = {}  # on the cotangents of the inputs, and of the outputs
        self.metadata: dict[Any, Any] = {}
        self.shown: Any = None  # a weak reference to the object by which users know the node


def extra_of(node: Node) -> Extra:
    """Return what is attached to a node; nothing, at first."""
    extra = getattr(node, "extra", None)
    if extra is None:
        extra = node.extra = Extra()
    return extra


def watch(node: Node) -> Extra:
    """Return what is attached to a node, whose hooks will be called from now on."""
    extra = extra_of(node)
    if not node.asks_hooks:
        cls: Any = type(node)
        node.__class__ = hooked_class(cls)
    return extra


def register(hooks: dict[int, Any], hook: Any) -> int:
    """Add a hook, and return the number by which it can be removed."""
    number = next(NUMBERS)
    hooks[number] = hook
    return number


@functools.cache
def hooked_class(cls: Any) -> Any:
    """Return the class of nodes with hooks."""
    members = {"__slots__": (), "fresh": cls, "pull": pull_with_hooks, "asks_hooks": True}
    return type(cls.__name__, (cls,), members)


def fresh_class(node: Node) -> type[Node]:
    """Return the class that a node had before it had hooks."""
    return getattr(type(node), "fresh", type(node))


def pull_with_hooks(node: Node, g: Any, pending: Pending) -> None:
    depart(node, arrive(node, g), pending)


def arrive(node: Node, g: Any) -> Any:
    """Call the hooks on a cotangent that has arrived."""
    extra = getattr(node, "extra", None)
    if extra is None or not (extra.arrival or extra.retain):
        return g
    node.owned = False  # a hook may keep it
    for hook in list(extra.arrival.values()):
        new = hook(g)
        g = g if new is None else new
    if extra.retain is not None:
        extra.retain(g)
    return g


def depart(node: Node, g: Any, pending: Pending, level: Any = None, check: Any = None) -> None:
    """Do a node's step: with the hooks around it, recorded if a level is given, checked if a check is."""
    extra = getattr(node, "extra", None)
    several = type(g) is list
    before = list(extra.before.values()) if extra is not None else ()
    after = list(extra.after.values()) if extra is not None else []
    if before or after:
        node.owned = False
    for hook in before:
        new = hook(tuple(g) if several else (g,))
        if new is not None:
            g = list(new) if several else new[0]
    if g is None:
        return  # a hook has decided that nothing arrives
    worker = node if level is None else node.relinked(level)
    fresh: Any = fresh_class(worker)
    pull = getattr(fresh, "step", fresh.pull)
    if (not after and check is None) or isinstance(node, Output):
        pull(worker, g, pending)
        return
    parents = node.parents
    collectors = [None if parent is None else Leaf(i) for i, parent in enumerate(parents)]
    pull(connected(worker, collectors), g, [])
    cotangents: Sequence[Any] = [None if c is None else c.cotangent for c in collectors]
    if check is not None:
        check(node, cotangents)
    missing = places_of_constants(node)
    for hook in after:
        shown = (*missing[0], *cotangents, *missing[1])
        new = hook(shown, tuple(g) if several else (g,))
        if new is not None:
            cotangents = new[len(missing[0]) : len(new) - len(missing[1])]
    for parent, c in zip(parents, cotangents, strict=True):
        if parent is not None and c is not None:
            send(parent, c, False, pending)


def places_of_constants(node: Node) -> tuple[tuple[None, ...], tuple[None, ...]]:
    """Return a None for each constant operand before and after the one of an elementwise call that has a node."""
    if isinstance(node, Pointwise) and node.shorts[1] is None:
        short = node.shorts[0]
        if short.arity == 2 and short.name != "power":
            return ((None,), ()) if short.operand else ((), (None,))
    return (), ()
