"""Memory that arrays have freed, kept for the next ones.

The system clears a page before it hands it out, which takes longer than the arithmetic of an elementwise operation on
what fits there. A gradient frees all its arrays at once, and glibc then returns them to the system: the next call waits
for the same pages again. How much glibc keeps follows the largest array that the program has freed so far, up to
:data:`LARGEST`. So one of that size is freed before any other; no page of it is ever touched.

From then on up to twice :data:`LARGEST` stay at the end of the heap, for all threads and all arrays below
:data:`LARGEST`; larger ones are the system's, as ever. A program that sets ``MALLOC_TRIM_THRESHOLD_`` or another of
these limits in its environment has its way: they do not move then. Other C libraries take no notice.
"""

from __future__ import annotations

import ctypes
import platform

import numpy as np

__all__ = ["keep_freed_memory", "release_memory"]

LARGEST = 1 << 25  # bytes: the largest array that glibc's limits follow
HEADER = 1 << 16  # what the allocator may add to it, and more


def keep_freed_memory() -> None:
    """Let glibc keep what is freed."""
    np.empty(LARGEST - HEADER, np.uint8)


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
    if platform.libc_ver()[0] != "glibc":
        return False
    return bool(ctypes.CDLL(None).malloc_trim(0))
