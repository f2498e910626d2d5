"""Plain arrays that nobody may write to, since nodes keep them.

Several levels, and several threads, may hold one array: it is writable again when the last of them lets go. A view can
become so only after its base.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

import numpy as np

__all__ = ["hold", "let_go"]

ndarray = np.ndarray


class Lock:
    """An array that was writable, and how many hold it."""

    __slots__ = ("count", "reference", "views")

    def __init__(self, x: Any) -> None:
        key = id(x)
        self.reference = weakref.ref(x, lambda _: LOCKS.pop(key, None))
        self.count = 0
        self.views: list[weakref.ref[Any]] = []  # that nobody holds any more, but wait for this one


LOCKS: dict[int, Lock] = {}  # by the identity of the array
GUARD = threading.Lock()


def lock_of(x: Any) -> Lock | None:
    lock = LOCKS.get(id(x))
    return lock if lock is not None and lock.reference() is x else None


def hold(x: Any) -> bool:
    """Make an array unwritable; return whether it has to be let go, as one that was writable before."""
    with GUARD:
        lock = lock_of(x)
        if lock is None:
            if not x.flags.writeable:
                return False
            x.flags.writeable = False
            lock = LOCKS[id(x)] = Lock(x)
        lock.count += 1
        return True


def let_go(x: Any) -> None:
    """Undo one :func:`hold`; of a base before its views."""
    with GUARD:
        lock = lock_of(x)
        if lock is None:
            return
        lock.count -= 1
        if lock.count:
            return
        del LOCKS[id(x)]
        base = lock_of(x.base) if isinstance(x.base, ndarray) else None
        if base is not None:
            base.views += [lock.reference, *lock.views]
            return
        x.flags.writeable = True
        for reference in lock.views:
            view = reference()
            if view is not None:
                view.flags.writeable = True
