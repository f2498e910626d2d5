"""Inference tensors: those whose memory was made in inference mode. They take no part in gradients afterwards.

It is the memory that is marked, so that views and detached tensors are what the tensor is whose memory they show.
"""

from __future__ import annotations

import functools
import weakref
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.level import Traced
from funcgrad.tensor.modes import INFERENCE

__all__ = ["check_kept", "check_written", "is_marked", "mark"]

#: By identity: the arrays that own memory made in inference mode.
MARKED: dict[int, weakref.ref[Any]] = {}


def forget(key: int, reference: Any) -> None:
    if MARKED.get(key) is reference:
        del MARKED[key]


def ground(array: Array) -> tuple[Array, bool]:
    """Return the array that was given the memory, and whether another tensor shows it by an array of its own."""
    twin = False
    base = array.base
    while base is not None:
        if isinstance(base, memoryview):
            base, twin = base.obj, True
        if hasattr(base, "dtype"):
            array = base
        elif hasattr(base, "array"):
            array, twin = base.array, True
            base = array
        base = getattr(base, "base", None)
    return array, twin


def mark(payload: Any) -> Any:
    """Return an array that was made in inference mode, marked as such; what shares memory with older ones is not."""
    if isinstance(payload, Traced):
        return payload
    array = np.asarray(payload) if isinstance(payload, np.generic) else payload
    root, twin = ground(array)
    if not twin:
        MARKED[id(root)] = weakref.ref(root, functools.partial(forget, id(root)))
    return array


def is_marked(x: Any) -> bool:
    """Whether the memory of an array was made in inference mode."""
    return bool(MARKED) and hasattr(x, "base") and not isinstance(x, Traced) and id(ground(x)[0]) in MARKED


def check_kept(x: Any) -> None:
    """Refuse what would be kept for a backward pass."""
    if is_marked(x):
        raise RuntimeError(
            "Inference tensors cannot be saved for backward: a tensor that was made in inference_mode() is used where "
            "gradients are recorded. Use a clone() of it, or no_grad() in place of inference_mode()."
        )


def check_written(x: Any) -> None:
    """Refuse a write to an inference tensor outside of inference mode."""
    if is_marked(x) and not INFERENCE.get():
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed. Write to a clone() of it, or "
            "inside the inference_mode() block."
        )
