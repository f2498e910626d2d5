"""Versions of memory: how often it was written to, and whether something that the graph saved is among that.

Every write through a tensor counts, for the tensor, its views and its detached twins; ``.data`` has a count of its own,
as in PyTorch. What the graph saved for its backward pass may be in the memory that is written to: writes are logged
while anything else holds the memory, and a backward pass that would read a changed value raises. The log knows of
writes through tensors; those through a NumPy array that shares the memory it cannot see.

Recording costs nothing for this. A node's key and the stamp of a write come from one counter, so they tell which came
first.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable
from types import CodeType, EllipsisType, SimpleNamespace
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.graph import Call, Node
from funcgrad.core.level import Traced
from funcgrad.core.memory import Place
from funcgrad.errors import line_name, user_frame
from funcgrad.tensor.root import grad_fn_name
from funcgrad.tensor.shell import Base, owner

__all__ = [
    *("FORWARD_LINE", "WRITES", "Apart", "Version", "alias", "apart", "check_saved", "count_write", "ground"),
    *("held_arrays", "is_shared", "root_of", "settle", "version_of"),
]

#: Where the user's program wrote: what runs there, and the line.
Line = tuple[CodeType, int]

HISTORY = 16  # writes to one memory that are remembered one by one


class Version:
    """How often an array that owns memory was written to; of late, when (ROOT's stamp) and at which line."""

    __slots__ = ("count", "history", "reference")

    def __init__(self, root: Array) -> None:
        self.count = 0
        self.history: list[tuple[int, Line]] = []
        self.reference = weakref.ref(root, functools.partial(forget, id(root)))


#: By identity of the array that owns the memory.
VERSIONS: dict[int, Version] = {}
#: Of these, the ones that have a history: somebody held the memory when it was written to.
WRITES: dict[int, Version] = {}

#: What names the line at which a node was recorded, if that was noted (see anomaly detection).
FORWARD_LINE: list[Callable[[Node], str | None]] = []


def forget(key: int, reference: Any) -> None:
    """Drop the version of an array that is gone."""
    for table in (VERSIONS, WRITES):
        found = table.get(key)
        if found is not None and found.reference is reference:
            del table[key]


# -- Whose memory it is -------------------------------------------------------------------------------------------


class Apart:
    """Between an array and one that shows the same memory, but whose writes are counted apart (``.data``)."""

    __slots__ = ("__array_interface__", "array")

    def __init__(self, array: Array) -> None:
        self.array = array
        self.__array_interface__ = array.__array_interface__


def alias(array: Array) -> Array:
    """Return another array of the same memory, which is no view: for a tensor outside the graph."""
    memory: Any = array
    return np.asarray(memoryview(memory)) if type(array) is np.ndarray else array.view()


def apart(array: Array) -> Array:
    """Return another array of the same memory, whose writes are counted apart."""
    return np.asarray(Apart(array)) if type(array) is np.ndarray else array.view()


def root_of(array: Array) -> Array:
    """Return the array by which writes to this one are counted."""
    root = owner(array)
    while isinstance(root.base, memoryview) and isinstance(root.base.obj, np.ndarray):
        root = owner(root.base.obj)
    return root


def ground(array: Array) -> Array:
    """Return the array that was given the memory first."""
    root = root_of(array)
    while isinstance(root.base, Apart):
        root = root_of(root.base.array)
    return root


def references(holder: Any, name: str) -> int:
    """Count who holds an attribute's value."""
    return sys.getrefcount(getattr(holder, name))


ALONE = references(SimpleNamespace(array=np.empty(1)), "array")


def is_shared(tensor: Base) -> bool:
    """Whether the tensor's memory is held by anything else: another tensor, a view, a node of the graph."""
    holder, name = (tensor.payload, "value") if isinstance(tensor.payload, Traced) else (tensor, "payload")
    if references(holder, name) > ALONE:
        return True
    base = getattr(holder, name).base
    return base is not None and (not isinstance(base, np.ndarray) or sys.getrefcount(base) > ALONE + 1)


# -- Counting ---------------------------------------------------------------------------------------------------


def count_write(memory: Array, shared: bool, stamp: int) -> None:
    """Note that the memory of an array has changed; `stamp` says when, if anything else can notice."""
    root = root_of(memory)
    key = id(root)
    version = VERSIONS.get(key)
    if version is None:
        version = VERSIONS[key] = Version(root)
    version.count += 1
    if shared:
        frame = user_frame()
        version.history.append((stamp, (frame.f_code, frame.f_lineno)))
        if len(version.history) > HISTORY:
            del version.history[0]
        WRITES[key] = version
    elif version.history:
        version.history.clear()
        del WRITES[key]


def version_of(array: Array) -> int:
    """Return how often the memory of an array was written to."""
    version = VERSIONS.get(id(root_of(array)))
    return 0 if version is None else version.count


# -- Checking ---------------------------------------------------------------------------------------------------


def check_saved(root: Node) -> None:
    """Raise if something that the graph saved for its backward pass was changed by a write since."""
    stamps = [version.history[-1][0] for version in list(WRITES.values()) if version.history]
    if not stamps:
        return
    latest = min(stamps)  # stamps, like keys, decrease with time: what was recorded after all writes is safe
    seen = {root}
    stack = [root]
    while stack:
        node = stack.pop()
        if node.key > latest:
            check_node(node)
        for parent in node.parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)


def check_node(node: Node) -> None:
    for array in held_arrays(node):
        version = WRITES.get(id(root_of(array)))
        newer = [] if version is None else [line for stamp, line in version.history if node.key > stamp]
        if version is not None and newer:
            raise RuntimeError(changed(node, array, version.count, newer))


def changed(node: Node, array: Array, count: int, lines: list[Line]) -> str:
    """Say which saved value was changed, where it was saved and where it was changed first."""
    noted = [line for name in FORWARD_LINE if (line := name(node)) is not None]
    saved = f"recorded at {noted[0]}" if noted else "turn anomaly detection on to see the line that recorded it"
    return (
        "one of the variables needed for gradient computation has been modified by an inplace operation: a tensor of "
        f"shape {list(array.shape)} that {grad_fn_name(node)} saved is at version {count}; expected version "
        f"{count - len(lines)}{' or older' if len(lines) == HISTORY else ''} instead. It was modified at "
        f"{line_name(*lines[0])} ({saved}). Modify a clone() of it instead, or call backward() before."
    )


def held_arrays(node: Node) -> list[Array]:
    """Return the arrays that a node holds, whatever its class calls them."""
    arrays = []
    cls: Any = type(node)
    held: list[Any] = [getattr(node, name, None) for name in saving_slots(cls)]
    for x in held:  # which grows
        kind = type(x)
        if kind in EMPTY:
            continue
        if kind is tuple or kind is list:
            held += x
        elif kind is dict:
            held += x.values()
        elif isinstance(x, np.ndarray):
            arrays.append(x)
        elif isinstance(x, Call):  # several outputs share one call, which is not among their parents
            held += [x.xs, x.y]
        elif kind is Place:
            held.append(x.index)
    return arrays


#: Types of what nodes save beside arrays, most of all numbers.
EMPTY = frozenset((type(None), int, float, bool, slice, EllipsisType))

#: Where nodes keep what is no value: their place in the graph, and what they are.
LINKS = frozenset(("key", "owned", "extra", "parent", "second", "source", "links", "primitive", "shorts", "label"))
LINKS |= frozenset(("space", "spaces", "source_space", "output_space"))


@functools.cache
def saving_slots(cls: Any) -> tuple[str, ...]:
    """Return the attributes in which nodes of a class may have saved arrays."""
    return tuple([name for name in slots_of(cls) if name not in LINKS])


@functools.cache
def slots_of(cls: Any) -> tuple[str, ...]:
    """Return the attributes of nodes of a class, but for what waits there."""
    slots = [name for part in cls.__mro__ for name in getattr(part, "__slots__", ())]
    return tuple([name for name in slots if name not in ("cotangent", "__weakref__", "__dict__")])


# -- What the nodes of an operation in place hold -------------------------------------------------------------------


def settle(node: Node, before: int, memory: Array, result: Any) -> None:
    """Let nodes made since `before` hold copies of what is about to be overwritten, and the memory for the result."""
    root = root_of(memory)
    stack: list[Any] = [node]
    seen: set[Any] = {node}
    while stack:
        made = stack.pop()
        call = getattr(made, "call", None)
        for holder in (made,) if call is None else (made, call):
            cls: Any = type(holder)
            for name in slots_of(cls):
                x = getattr(holder, name, None)
                new = settled(x, root, memory, result)
                if new is not x:
                    setattr(holder, name, new)
        for parent in made.parents:
            if parent is not None and parent.key < before and parent not in seen:
                seen.add(parent)
                stack.append(parent)


def settled(x: Any, root: Array, memory: Array, result: Any) -> Any:
    if isinstance(x, np.ndarray):
        return memory if x is result else x.copy() if root_of(x) is root else x
    if type(x) in (tuple, list):
        parts = [settled(part, root, memory, result) for part in x]
        return x if all(a is b for a, b in zip(parts, x, strict=True)) else type(x)(parts)
    if type(x) is dict:
        entries = {key: settled(part, root, memory, result) for key, part in x.items()}
        return x if all(entries[key] is x[key] for key in x) else entries
    return x
