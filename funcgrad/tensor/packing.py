"""Hooks on what operations save for their backward pass.

They see every saved value, so while they are in use operations take the long way: the short paths, which know nothing
of hooks, are taken out, and the root level is one of a class that packs what it records.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from funcgrad.core.graph import Call, Node, Pending, copied
from funcgrad.core.operators import HOT_OPERATORS
from funcgrad.core.primitive import CALLS
from funcgrad.tensor.root import ROOT, RootLevel
from funcgrad.tensor.saved import SAVING
from funcgrad.tensor.shell import Base, wrap
from funcgrad.tensor.silence import BLIND
from funcgrad.transforms.reverse import ReverseTracer

__all__ = ["begin_packing", "end_packing"]

LOCK = threading.Lock()
USERS: list[int] = []  # one entry for each context that is in use
TAKEN_OUT: dict[Any, Any] = {}  # the short paths, meanwhile


class Packed:
    """What a hook has made of a saved value."""

    __slots__ = ("contents", "unpack")

    def __init__(self, contents: Any, unpack: Any) -> None:
        self.contents = contents
        self.unpack = unpack

    def value(self) -> Any:
        tensor = self.unpack(self.contents)
        if not isinstance(tensor, Base):
            raise TypeError("Output of saved tensor unpack_hook expected to be a Tensor")
        return tensor.values()


def unpacked(x: Any) -> Any:
    if type(x) is Packed:
        return x.value()
    return type(x)(map(unpacked, x)) if type(x) in (tuple, list) else x


class PackedCall(Call):
    """A recorded call whose saved values were packed."""

    __slots__ = ()

    def restored(self) -> Any:
        call = copied(self)
        call.__class__ = Call
        call.xs, call.y = unpacked(self.xs), unpacked(self.y)
        return call

    def pull(self, g: Any, pending: Pending) -> None:
        if self.released:
            super().pull(g, pending)
        else:
            Call.pull(self.restored(), g, pending)

    def relinked(self, level: Any) -> Node:
        return self if self.released else relinked_call(self, self.restored(), level)


def relinked_call(node: Any, call: Any, level: Any) -> Node:
    """Trace again what was unpacked: the output by the node that is in the graph."""
    new: Any = Call.relinked(call, level)
    if new.y is not None and type(call.output_space) is not tuple:
        new.y = level.again(call.y, node)
    return new  # type: ignore[no-any-return]


class PackingLevel(RootLevel):
    """The root level while hooks on saved values are in use."""

    __slots__ = ()

    shortens = False

    def record(self, *arguments: Any) -> Any:
        if BLIND.get():
            raise RuntimeError("hooks on saved values are not seen in the silent context")  # it is done once more
        out = super().record(*arguments)
        hooks = SAVING.get()
        if hooks:
            parts = out if isinstance(out, tuple | list) else [out]
            tracer = next((part for part in parts if isinstance(part, ReverseTracer)), None)
            node = None if tracer is None else getattr(tracer.node, "call", tracer.node)
            if type(node) is Call:
                pack, unpack = hooks[0]
                node.xs = tuple([packed(x, pack, unpack) for x in node.xs])
                node.y = packed(node.y, pack, unpack)
                node.__class__ = PackedCall
        return out


def packed(x: Any, pack: Any, unpack: Any) -> Any:
    if isinstance(x, np.ndarray | np.generic) and x.dtype.kind in "fcbiu":
        return Packed(pack(wrap(np.asarray(x))), unpack)
    return type(x)([packed(part, pack, unpack) for part in x]) if type(x) in (tuple, list) else x


def begin_packing() -> None:
    with LOCK:
        USERS.append(1)
        if len(USERS) > 1:
            return
        for function, call in list(CALLS.items()):
            primitive = getattr(call, "primitive", None)
            if primitive is not None:
                TAKEN_OUT[function] = call
                CALLS[function] = primitive
                for name in HOT_OPERATORS.get(function, ()):
                    delattr(ReverseTracer, name)
        ROOT.__class__ = PackingLevel


def end_packing() -> None:
    with LOCK:
        USERS.pop()
        if not USERS:
            ROOT.__class__ = RootLevel
            for function, call in TAKEN_OUT.items():
                CALLS[function] = call
                for name in HOT_OPERATORS.get(function, ()):
                    setattr(ReverseTracer, name, call)
            TAKEN_OUT.clear()
