"""Python's collector of cycles, while graphs grow.

What a graph holds is alive and refers to nothing newer, so the collector finds nothing there. Yet CPython looks through
all objects whenever those that survived have become a quarter more: half of the time of a gradient of 1e5 calls. So as
long as functions are recorded, full collections come seldomer. Young objects are collected as ever: what a program
leaves in cycles is mostly young.
"""

from __future__ import annotations

import gc
import threading
from typing import Any

__all__ = ["PATIENCE", "PATIENT"]

#: Collections of the middle generation between full ones: some millions of objects.
PATIENT = 1000


class Patience:
    """Fewer full collections, as long as levels record. Nothing is done before the collector has come twice."""

    def __init__(self) -> None:
        self.levels: set[Any] = set()  # that record; a set, for its changes need no lock
        self.usual: int | None = None  # the limit that the program has set, while ours is in force
        self.lock = threading.Lock()
        self.watches = False

    def begin(self, level: Any) -> None:
        """Note that a level records from now on."""
        self.levels.add(level)
        if not self.watches:
            self.watches = True
            gc.callbacks.append(self.collected)

    def end(self, level: Any) -> None:
        """Note that it does no longer."""
        self.levels.discard(level)
        if self.usual is not None and not self.levels:
            with self.lock:
                young, middle, limit = gc.get_threshold()
                if self.usual is not None and limit == PATIENT:  # else the program has set another one meanwhile
                    gc.set_threshold(young, middle, self.usual)
                self.usual = None

    def collected(self, phase: str, info: dict[str, int]) -> None:
        """Take notice of a collection: CPython calls this."""
        if info["generation"] != 1 or not self.levels or self.usual is not None:
            return
        if self.lock.acquire(blocking=False):  # whoever holds it may be this thread
            young, middle, limit = gc.get_threshold()
            if 0 < limit < PATIENT:  # zero: CPython 3.14 collects in small steps
                self.usual = limit
                gc.set_threshold(young, middle, PATIENT)
            self.lock.release()


PATIENCE = Patience()
