"""Functions that make tensors, and functions of tensors by name."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from funcgrad.tensor.operators import operand
from funcgrad.tensor.promotion import DEFAULT_COMPLEX, DEFAULT_DTYPE, common, promote, type_name
from funcgrad.tensor.shell import unwrap, wrap
from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("arange", "cat", "dot", "exp", "eye", "full", "log", "manual_seed", "matmul", "mean", "ones", "ones_like"),
    *("rand", "randn", "relu", "sigmoid", "sqrt", "stack", "sum", "tanh", "tensor", "where", "zeros", "zeros_like"),
]

GENERATOR: ContextVar[np.random.Generator | None] = ContextVar("generator", default=None)


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """Make a tensor from a list, tuple, number or NumPy array, copying it.

    Parameters
    ----------
    data : array_like
        Python numbers become float32, int64 or bool; NumPy arrays keep their dtype.
    dtype : dtype, optional
    device : str, optional
        ``"cpu"`` only, so far.
    requires_grad : bool
        Whether operations on the tensor are recorded.
    pin_memory : bool
        Accepted for compatibility, without effect.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.tensor([[1.0, 2.0]], requires_grad=True)
    tensor([[1., 2.]], requires_grad=True)
    """
    if device is not None and str(device) != "cpu":
        raise RuntimeError(f"device {device!r} is not available: tensors live on the cpu")
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
        data = data.detach().payload
    array = np.array(values_in(data))
    if array.dtype.kind not in "biufc":
        raise TypeError(f"tensor() takes numbers, got {array.dtype.name}")
    if dtype is None and not holds_numpy(data):
        dtype = {"f": DEFAULT_DTYPE, "c": DEFAULT_COMPLEX}.get(array.dtype.kind)
    return finish(array if dtype is None else array.astype(dtype), requires_grad)


def values_in(data: Any) -> Any:
    """Replace tensors in nested lists by their values."""
    if isinstance(data, list | tuple):
        return [values_in(item) for item in data]
    return data.detach().payload if isinstance(data, Tensor) else data


def holds_numpy(data: Any) -> bool:
    """Whether nested lists begin with something that has a dtype, which then counts."""
    while isinstance(data, list | tuple) and data:
        data = data[0]
    return hasattr(data, "dtype")


def finish(array: Any, requires_grad: bool) -> Tensor:
    return wrap(array).requires_grad_() if requires_grad else wrap(array)


def shape_of(size: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int | np.integer) else size


def full(size: Sequence[int], fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor filled with a value."""
    if dtype is None and isinstance(fill_value, float):
        dtype = DEFAULT_DTYPE
    return finish(np.full(tuple(size), fill_value, dtype), requires_grad)


def ones(*size: Any, dtype: Any = DEFAULT_DTYPE, requires_grad: bool = False) -> Tensor:
    """Make a tensor filled with ones."""
    return finish(np.ones(shape_of(size), dtype), requires_grad)


def zeros(*size: Any, dtype: Any = DEFAULT_DTYPE, requires_grad: bool = False) -> Tensor:
    """Make a tensor filled with zeros."""
    return finish(np.zeros(shape_of(size), dtype), requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = DEFAULT_DTYPE, requires_grad: bool = False) -> Tensor:
    """Make a tensor with ones on the diagonal."""
    return finish(np.eye(n, m, dtype=dtype), requires_grad)


def arange(*bounds: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor of evenly spaced values."""
    array = np.arange(*bounds)
    return finish(array.astype(dtype or (DEFAULT_DTYPE if array.dtype.kind == "f" else array.dtype)), requires_grad)


def zeros_like(input: Tensor, *, requires_grad: bool = False) -> Tensor:
    """Make zeros of another tensor's shape and dtype."""
    return finish(np.zeros_like(input.values()), requires_grad)


def ones_like(input: Tensor, *, requires_grad: bool = False) -> Tensor:
    """Make ones of another tensor's shape and dtype."""
    return finish(np.ones_like(input.values()), requires_grad)


# -- Random numbers ----------------------------------------------------------------------------------------


def manual_seed(seed: int) -> np.random.Generator:
    """Seed the random numbers of :func:`rand` and :func:`randn` (not PyTorch's sequence)."""
    generator = np.random.default_rng(seed)
    GENERATOR.set(generator)
    return generator


def generator() -> np.random.Generator:
    found = GENERATOR.get()
    return manual_seed(np.random.SeedSequence().generate_state(1)[0]) if found is None else found


def randn(*size: Any, dtype: Any = DEFAULT_DTYPE, requires_grad: bool = False) -> Tensor:
    """Make a tensor of standard normal numbers."""
    return finish(np.asarray(generator().standard_normal(shape_of(size))).astype(dtype), requires_grad)


def rand(*size: Any, dtype: Any = DEFAULT_DTYPE, requires_grad: bool = False) -> Tensor:
    """Make a tensor of uniform numbers from [0, 1)."""
    return finish(np.asarray(generator().random(shape_of(size))).astype(dtype), requires_grad)


# -- Functions by name -------------------------------------------------------------------------------------

exp = Tensor.exp
log = Tensor.log
sqrt = Tensor.sqrt
tanh = Tensor.tanh
sigmoid = Tensor.sigmoid
relu = Tensor.relu
sum = Tensor.sum
mean = Tensor.mean
dot = Tensor.dot
matmul = Tensor.matmul


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors along a dimension."""
    return wrap(np.concatenate(common([unwrap(t) for t in tensors]), axis=dim))


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors along a new dimension."""
    return wrap(np.stack(common([unwrap(t) for t in tensors]), axis=dim))


def where(condition: Any, input: Any, other: Any) -> Tensor:
    """Choose elements by a condition."""
    test = unwrap(condition)
    if test.dtype.kind != "b":
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got {type_name(test.dtype)}")
    a, b = promote(operand(input), operand(other))
    chosen = np.where(test, a, b)
    if not isinstance(input, Tensor) and not isinstance(other, Tensor) and isinstance(a, float) | isinstance(b, float):
        chosen = chosen.astype(DEFAULT_DTYPE)
    return wrap(chosen)
