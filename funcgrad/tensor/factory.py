"""Functions that make tensors."""

from __future__ import annotations

import builtins
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.core.backend import is_on_device
from funcgrad.tensor.calling import needs_tensor, operation
from funcgrad.tensor.devices import device_of, place
from funcgrad.tensor.dtypes import check_dtype
from funcgrad.tensor.layouts import laid_out
from funcgrad.tensor.numbers import cast_numbers, refuse_values
from funcgrad.tensor.promotion import DEFAULT_COMPLEX, DEFAULT_DTYPE, type_name
from funcgrad.tensor.shell import Base, unwrap, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("arange", "complex", "empty", "empty_like", "eye", "finish", "full", "full_like", "linspace", "logspace"),
    *("new_empty", "new_full", "new_ones", "new_tensor", "new_zeros", "ones", "ones_like", "polar", "scalar_tensor"),
    *("shape_of", "tensor", "tril_indices", "triu_indices", "vander", "zeros", "zeros_like"),
]


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """Make a tensor from a list, tuple, number or NumPy array, copying it.

    Parameters
    ----------
    data : array_like
        Python numbers become float32, int64 or bool; NumPy arrays keep their dtype.
    dtype : dtype, optional
    device : device or str, optional
        Where the tensor lives: by default on the host.
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
    if isinstance(data, Base):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
        data = values_in(data)
    values = values_in(data)
    if device is None and is_on_device(values):
        device = device_of(values)
    try:
        array = np.array(on_host(values))
    except ValueError as error:
        raise (TypeError if is_mixed(values) else ValueError)(
            f"tensor(): the lists are not of one shape: {error}"
        ) from None
    if array.dtype.kind not in "biufc":
        if isinstance(data, np.ndarray | np.generic):
            check_dtype(data)
        refuse_values(array, data)
    check_dtype(array)
    if dtype is None and not holds_numpy(data):
        if array.dtype.kind == "u":
            refuse_values(array.astype(object), data)
        dtype = {"f": DEFAULT_DTYPE, "c": DEFAULT_COMPLEX}.get(array.dtype.kind)
    if dtype is not None:
        array = array.astype(dtype) if isinstance(data, np.ndarray) else cast_numbers(array, dtype)
    return finish(array, requires_grad, device)


def on_host(values: Any) -> Any:
    """Return values, also in nested lists, with the arrays of a GPU copied to the host."""
    if isinstance(values, list | tuple):
        return [on_host(item) for item in values]
    return place(values, "cpu")


def values_in(data: Any) -> Any:
    """Replace tensors in nested lists by their values."""
    if isinstance(data, list | tuple):
        return [values_in(item) for item in data]
    return data.values() if isinstance(data, Base) else data


def is_mixed(data: Any) -> bool:
    """Whether a number stands beside a list."""
    if not isinstance(data, list | tuple):
        return False
    nested = [isinstance(item, list | tuple) for item in data]
    return (any(nested) and not all(nested)) or any(is_mixed(item) for item in data)


def holds_numpy(data: Any) -> bool:
    """Whether nested lists begin with something that has a dtype, which then counts."""
    while isinstance(data, list | tuple) and data:
        data = data[0]
    return hasattr(data, "dtype")


def finish(array: Any, requires_grad: bool, device: Any = None) -> Tensor:
    array = place(array, device)
    return wrap(array).requires_grad_() if requires_grad else wrap(array)


def shape_of(size: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int | np.integer) else size


def shaped(size: tuple[Any, ...], options: dict[str, Any]) -> tuple[int, ...]:
    """Return the shape that was given by position or as ``size=``."""
    if "size" in options:
        size = (options.pop("size"),)
    if options:
        raise TypeError(f"unexpected keyword argument {next(iter(options))!r}")
    shape = shape_of(size)
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


# -- Filled ----------------------------------------------------------------------------------------------------


@laid_out
def full(
    size: Sequence[int], fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Make a tensor filled with a value.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.full((2,), 3)
    tensor([3, 3])
    """
    value = number(fill_value)
    if dtype is None and isinstance(value, float | builtins.complex):
        dtype = DEFAULT_DTYPE if isinstance(value, float) else DEFAULT_COMPLEX
    return finish(np.full(shaped((size,), {}), value, dtype), requires_grad, device)


@laid_out
def ones(
    *size: Any, dtype: Any = DEFAULT_DTYPE, device: Any = None, requires_grad: bool = False, **options: Any
) -> Tensor:
    """Make a tensor filled with ones.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.ones(2, dtype=fg.int64)
    tensor([1, 1])
    """
    return finish(np.ones(shaped(size, options), dtype or DEFAULT_DTYPE), requires_grad, device)


@laid_out
def zeros(
    *size: Any, dtype: Any = DEFAULT_DTYPE, device: Any = None, requires_grad: bool = False, **options: Any
) -> Tensor:
    """Make a tensor filled with zeros."""
    return finish(np.zeros(shaped(size, options), dtype or DEFAULT_DTYPE), requires_grad, device)


@laid_out
def empty(
    *size: Any, dtype: Any = DEFAULT_DTYPE, device: Any = None, requires_grad: bool = False, **options: Any
) -> Tensor:
    """Make a tensor whose elements are not set."""
    return finish(np.empty(shaped(size, options), dtype or DEFAULT_DTYPE), requires_grad, device)


@laid_out
def eye(
    n: int, m: int | None = None, *, dtype: Any = DEFAULT_DTYPE, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Make a tensor with ones on the diagonal."""
    if n < 0 or (m is not None and m < 0):
        raise RuntimeError(f"n and m must be greater or equal to 0, got {n} and {m}")
    return finish(np.eye(n, m, dtype=dtype or DEFAULT_DTYPE), requires_grad, device)


@laid_out
def scalar_tensor(s: Any, *, dtype: Any = DEFAULT_DTYPE, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor without dimensions."""
    return full((), s, dtype=dtype, device=device, requires_grad=requires_grad)


# -- Like others -----------------------------------------------------------------------------------------------


@laid_out
def zeros_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Make zeros of another tensor's shape and dtype."""
    return finish(np.zeros_like(like("zeros_like", input), dtype=dtype), requires_grad, where(input, device))


@laid_out
def ones_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Make ones of another tensor's shape and dtype."""
    return finish(np.ones_like(like("ones_like", input), dtype=dtype), requires_grad, where(input, device))


@laid_out
def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor of another's shape and dtype, whose elements are not set."""
    return finish(np.empty_like(like("empty_like", input), dtype=dtype), requires_grad, where(input, device))


@laid_out
def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Make a tensor of another's shape and dtype, filled with a value."""
    value = number(fill_value)
    x = np.full_like(like("full_like", input), value, dtype=dtype)
    return finish(x, requires_grad, where(input, device))


def like(name: str, input: Any) -> Any:
    return needs_tensor(name, input).values()


def where(input: Any, device: Any) -> Any:
    """Return where a tensor like another is made: beside it, unless told otherwise."""
    return input.device if device is None and isinstance(input.values(), np.ndarray) else device


def new_tensor(
    self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Make a tensor of data, in this one's dtype."""
    return tensor(data, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad)


@laid_out
def new_full(
    self: Tensor,
    size: Sequence[int],
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Make a tensor filled with a value, in this one's dtype."""
    return full(size, fill_value, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad)


def new(maker: Any) -> Any:
    def make(
        self: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **options: Any
    ) -> Tensor:
        made: Tensor = maker(
            *size, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad, **options
        )
        return made

    make.__name__ = make.__qualname__ = f"new_{maker.__name__}"
    make.__doc__ = f"Call ``funcgrad.{maker.__name__}`` with this tensor's dtype and device."
    return make


new_zeros, new_ones, new_empty = new(zeros), new(ones), new(empty)

# -- Ranges ----------------------------------------------------------------------------------------------------


def number(x: Any) -> Any:
    return x.item() if hasattr(x, "item") else x


@laid_out
def arange(*bounds: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **named: Any) -> Tensor:
    """Make a tensor of evenly spaced values: ``arange(end)``, ``arange(start, end)`` or ``arange(start, end, step)``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.arange(3), fg.arange(1.0, 2.0, 0.5)
    (tensor([0, 1, 2]), tensor([1.0000, 1.5000]))
    """
    given = [number(b) for b in bounds]
    names = ("end",) if len(given) == 1 and "end" not in named else ("start", "end", "step")
    values = {"start": 0, "step": 1} | dict(zip(names, given, strict=False)) | {k: number(v) for k, v in named.items()}
    if set(values) != {"start", "end", "step"} or len(given) > 3:
        raise TypeError(f"arange() takes start, end and step, got {sorted(values)}")
    start, end, step = values["start"], values["end"], values["step"]
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    array = np.arange(start, end, step)
    if dtype is None:
        dtype = DEFAULT_DTYPE if array.dtype.kind == "f" else np.int64
    return finish(array.astype(np.dtype(dtype)), requires_grad, device)


@laid_out
def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Make a tensor of so many values from `start` to `end`, both included."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    array = np.linspace(number(start), number(end), steps)
    dtype = np.dtype(dtype or (DEFAULT_COMPLEX if array.dtype.kind == "c" else DEFAULT_DTYPE))
    return finish((np.trunc(array) if dtype.kind in "iu" else array).astype(dtype), requires_grad, device)


@laid_out
def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Make a tensor of so many powers of `base`, whose exponents go from `start` to `end`."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    array = np.logspace(number(start), number(end), steps, base=base)
    return finish(array.astype(np.dtype(dtype or DEFAULT_DTYPE)), requires_grad, device)


def triangle_indices(find: Any, row: int, col: int, offset: int, dtype: Any, device: Any) -> Tensor:
    return finish(np.stack(find(row, offset, col)).astype(np.dtype(dtype or np.int64)), False, device)


@laid_out
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Return the row and column indices of what is not above a diagonal."""
    return triangle_indices(np.tril_indices, row, col, offset, dtype, device)


@laid_out
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Return the row and column indices of what is not below a diagonal."""
    return triangle_indices(np.triu_indices, row, col, offset, dtype, device)


# -- From other tensors --------------------------------------------------------------------------------------------


@operation
def complex(real: Tensor, imag: Tensor) -> Tensor:
    """Make complex numbers from their parts.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.complex(fg.tensor([1.0]), fg.tensor([2.0]))
    tensor([1.+2.j])
    """
    a, b = unwrap(real), unwrap(imag)
    if a.dtype != b.dtype or a.dtype.kind != "f":
        raise RuntimeError(
            f"Expected both inputs to be Half, Float or Double tensors of one dtype but got {type_name(a.dtype)} and "
            f"{type_name(b.dtype)}"
        )
    return wrap((a + 1j * b).astype(np.promote_types(a.dtype, np.complex64)))


@operation
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """Make complex numbers from absolute values and angles."""
    a, b = unwrap(abs), unwrap(angle)
    return complex(wrap(a * np.cos(b)), wrap(a * np.sin(b)))


@operation
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Return the Vandermonde matrix: powers of the elements in columns, the highest first unless `increasing`."""
    a = unwrap(x)
    n = a.shape[0] if N is None else N
    columns = [a[:, None] ** i if i else a[:, None] * 0 + 1 for i in range(n)]
    return wrap(np.concatenate(columns if increasing else columns[::-1], axis=1))
