"""Memory that arrays have freed, kept for the next ones.

The system clears a page before it hands it out, which takes longer than the arithmetic of an elementwise operation on
what fits there. A gradient frees all its arrays at once, and glibc then returns them to the system: the next call waits
for the same pages again. How much glibc keeps follows the largest array that the program has freed so far, up to
:data:`LARGEST`. So one of that size is freed before any other; no page of it is ever touched.

From then on up to twice :data:`LARGEST` stay at the end of the heap, for all threads and all arrays below
:data:`LARGEST`; larger ones are the system's, but for a while: as long as a function of such arrays runs under a
gradient, they are taken from the heap too, where each temporary array finds the pages of one before. Then all that is
free is returned.

A program that sets ``MALLOC_TRIM_THRESHOLD_`` or another of these limits in its environment has its way. Other C
libraries take no notice.
"""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import threading
from typing import Any

import numpy as np

__all__ = ["LARGEST", "RECYCLED", "keep_freed_memory", "release_memory"]

LARGEST = 1 << 25  # bytes: the largest array that glibc's limits follow
HEADER = 1 << 16  # what the allocator may add to it, and more


def keep_freed_memory() -> None:
    """Let glibc keep what is freed."""
    np.empty(LARGEST - HEADER, np.uint8)


def glibc() -> Any:
    """Return the C library if it is glibc."""
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None


M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # what mallopt(3) sets
NEVER = -1  # the end of the heap is not returned
USUAL = 1 << 16  # glibc's own: how many arrays may be the system's


@functools.cache
def adjustable() -> Any:
    """Return glibc if its limits are not set from outside."""
    limits = ("MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
    is_set = any(name in os.environ for name in limits) or "malloc" in os.environ.get("GLIBC_TUNABLES", "")
    return None if is_set else glibc()


class Recycling:
    """Large arrays from the heap, as long as somebody asks for it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0

    def begin(self) -> None:
        with self.lock:
            self.users += 1
            library = adjustable()
            if self.users == 1 and library:
                library.mallopt(M_MMAP_MAX, 0)
                library.mallopt(M_TRIM_THRESHOLD, NEVER)

    def end(self) -> None:
        with self.lock:
            self.users -= 1
            library = adjustable()
            if self.users == 0 and library:
                library.mallopt(M_MMAP_MAX, USUAL)
                library.mallopt(M_TRIM_THRESHOLD, 2 * LARGEST)
                library.malloc_trim(0)


RECYCLED = Recycling()


def release_memory() -> bool:
    """Return freed memory to the system.

    NumPy's arrays come from the C library's heap, which keeps up to 64 MB of what they have freed: the next gradient
    finds its memory there.

    Returns
    -------
    bool
        Whether there was any that could be returned; False where the C library is not glibc.

    Examples
    --------
    >>> import funcgrad as fg
    >>> released = fg.release_memory()
    """
    library = glibc()
    return bool(library and library.malloc_trim(0))
