"""PyTorch's older ``range``. It has the name of Python's, hence a file of its own."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor.factory import finish
from funcgrad.tensor.promotion import DEFAULT_DTYPE

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["range"]


def range(
    start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Make a tensor of numbers from `start` to `end`, which belongs to them. PyTorch will drop it: use ``arange``."""
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
        "Python's range builtin. Instead, use torch.arange, which produces values in [start, end).",
        UserWarning,
        stacklevel=2,
    )
    start, end = (0, start) if end is None else (start, end)
    if step == 0 or (end - start) / step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    count = int((end - start) / step) + 1
    values = start + np.arange(count) * step
    return finish(values.astype(np.dtype(dtype or DEFAULT_DTYPE)), requires_grad, device)
