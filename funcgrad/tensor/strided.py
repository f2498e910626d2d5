"""Views told by strides, tensors made with given strides, and PyTorch's copies of views."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.core.level import Traced
from funcgrad.core.memory import base_of, geometry
from funcgrad.core.space import space_of
from funcgrad.core.tracer import Tracer
from funcgrad.tensor import diagonals, splitting, viewing
from funcgrad.tensor.calling import axis_of, needs_tensor, operation
from funcgrad.tensor.choosing import written
from funcgrad.tensor.factory import finish
from funcgrad.tensor.promotion import DEFAULT_DTYPE
from funcgrad.tensor.reshaping import turned
from funcgrad.tensor.root import ROOT, strip_root
from funcgrad.tensor.shell import owner, unwrap, wrap
from funcgrad.tensor.versions import ground
from funcgrad.tensor.views import WINDOW, address
from funcgrad.tensor.views import window as window_of

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *(
        "alias_copy",
        "as_strided",
        "as_strided_",
        "as_strided_copy",
        "as_strided_scatter",
        "detach_copy",
        "diagonal_copy",
    ),
    *("empty_permuted", "empty_strided", "expand_copy", "narrow_copy", "permute_copy", "select_copy", "slice_copy"),
    *("split_copy", "split_with_sizes_copy", "squeeze_copy", "t_copy", "transpose_copy", "unbind_copy"),
    *("unfold_copy", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes", "unsqueeze_copy"),
    *("view_as_complex_copy", "view_as_real_copy", "view_copy"),
]

# -- By strides ------------------------------------------------------------------------------------------------------


def extent(size: Sequence[int], stride: Sequence[int]) -> int:
    """Return how many places of memory a tensor of these strides spans."""
    if any(n == 0 for n in size):
        return 0
    return 1 + sum([(n - 1) * step for n, step in zip(size, stride, strict=True)])


def check_strides(name: str, size: Sequence[int], stride: Sequence[int]) -> None:
    if len(size) != len(stride):
        raise RuntimeError(f"{name}: mismatch in length of strides and shape: {len(stride)} and {len(size)}")
    if any(step < 0 for step in stride):
        raise RuntimeError(f"{name}: negative strides are not supported, got {list(stride)}")


def dense(name: str, input: Tensor) -> tuple[Any, int]:
    """Return the memory of a tensor as a vector that shares it, and where in the storage that begins.

    Of a tensor in the graph it is the array there that the tensor is a view of, if any.
    """
    x = unwrap(input)
    root = base_of(x) if isinstance(x, Traced) else owner(x)
    inner = isinstance(root, Traced) and root.level is not ROOT
    memory = geometry(root) if inner else strip_root(root)
    order = np.argsort([-abs(stride) for stride in memory.strides], kind="stable").tolist()
    if not np.transpose(memory, order).flags.c_contiguous or memory.dtype != x.dtype:
        raise RuntimeError(
            f"{name}: the tensor's memory has gaps or another dtype (a part of a NumPy array): take a clone() first"
        )
    start = 0 if inner else (address(memory) - address(ground(memory))) // int(memory.itemsize)
    return np.reshape(np.transpose(root, order), -1), start


@operation
def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """Return a view of the tensor's memory that steps through it as told.

    Parameters
    ----------
    input : Tensor
    size : sequence of int
        The shape.
    stride : sequence of int
        By how many elements each dimension steps.
    storage_offset : int, optional
        Where in memory the first element is; by default, where the tensor's is.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.arange(5).as_strided((2, 3), (2, 1))
    tensor([[0, 1, 2],
            [2, 3, 4]])
    """
    size, stride = tuple(size), tuple(stride)
    check_strides("as_strided", size, stride)
    flat, start = dense("as_strided", input)
    offset = (input.storage_offset() if storage_offset is None else storage_offset) - start
    if offset < 0 or offset + extent(size, stride) > flat.shape[0]:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset} need "
            f"{offset + extent(size, stride)} elements, which is out of bounds for storage of {flat.shape[0]}"
        )
    where = {"offset": offset, "strides": stride, "shape": size}
    view = WINDOW(flat, **where)
    return wrap(flat.viewed(view, WINDOW, where) if isinstance(flat, Tracer) else view)


def as_strided_(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """Let the tensor itself become what :func:`as_strided` returns.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.arange(4).as_strided_((2,), (2,))
    tensor([0, 2])
    """
    shown: Tensor = turned(input, lambda x: unwrap(as_strided(wrap(x), size, stride, storage_offset)))
    return shown


@operation
def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """Return a copy in which the elements that :func:`as_strided` would show are those of `src`."""
    size, stride = tuple(size), tuple(stride)
    check_strides("as_strided_scatter", size, stride)
    x, v = unwrap(input), unwrap(needs_tensor("as_strided_scatter", src))
    offset, n = storage_offset or 0, math.prod(x.shape)
    if tuple(v.shape) != size:
        raise RuntimeError(f"expected src to have a size equal to the slice of self: {list(v.shape)}, {list(size)}")
    if offset + extent(size, stride) > n:
        raise RuntimeError(f"setStorage: sizes {list(size)} with strides {list(stride)} are out of bounds for {n}")
    places = window_of(np.arange(n), offset, stride, size)
    return wrap(np.reshape(written(np.reshape(x, -1), v, places), x.shape))


def empty_strided(
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Make a tensor of given strides, whose elements are not set; `layout` and `pin_memory` have no effect.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """
    size, stride = tuple(size), tuple(stride)
    check_strides("empty_strided", size, stride)
    flat = np.empty(extent(size, stride), np.dtype(dtype or DEFAULT_DTYPE))
    return finish(window_of(flat, 0, stride, size), requires_grad, device)


def empty_permuted(
    size: Sequence[int],
    physical_layout: Sequence[int],
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Make a tensor without gaps, whose dimensions lie in memory in the order told, the last one fastest."""
    if sorted(physical_layout) != list(range(len(size))):
        raise RuntimeError(f"physical_layout {tuple(physical_layout)} is no order of {len(size)} dimensions")
    stride, step = [0] * len(size), 1
    for d in reversed(physical_layout):
        stride[d] = step
        step *= max(size[d], 1)
    return empty_strided(size, stride, dtype=dtype, device=device, requires_grad=requires_grad)


# -- Copies of views ---------------------------------------------------------------------------------------------------


def copy_of(name: str, view: Callable[..., Any]) -> Callable[..., Any]:
    """Return the operation that copies what a view, or each of several, shows."""

    def apply(input: Tensor, *args: Any, **kwargs: Any) -> Any:
        seen = view(input, *args, **kwargs)
        return tuple([viewing.clone(part) for part in seen]) if isinstance(seen, tuple) else viewing.clone(seen)

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"Return a copy of what ``{name.removesuffix('_copy')}`` shows."
    return operation(apply)


def sliced(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    x = unwrap(input)
    return wrap(x[(*(slice(None),) * axis_of(dim, len(x.shape)), slice(start, end, step))])


def viewed(input: Tensor, size: Any) -> Tensor:
    seen: Tensor = input.view(size)
    return seen


alias_copy = copy_of("alias_copy", lambda input: input)
as_strided_copy = copy_of("as_strided_copy", as_strided)
detach_copy = copy_of("detach_copy", viewing.detach)
diagonal_copy = copy_of("diagonal_copy", diagonals.diagonal)
expand_copy = copy_of("expand_copy", lambda input, size: viewing.expand(input, size))
narrow_copy = copy_of("narrow_copy", viewing.narrow)
permute_copy = copy_of("permute_copy", viewing.permute)
select_copy = copy_of("select_copy", viewing.select)
slice_copy = copy_of("slice_copy", sliced)
split_copy = copy_of("split_copy", splitting.split)
split_with_sizes_copy = copy_of("split_with_sizes_copy", splitting.split_with_sizes)
squeeze_copy = copy_of("squeeze_copy", viewing.squeeze)
t_copy = copy_of("t_copy", viewing.t)
transpose_copy = copy_of("transpose_copy", viewing.transpose)
unbind_copy = copy_of("unbind_copy", splitting.unbind)
unfold_copy = copy_of("unfold_copy", viewing.unfold)
unsqueeze_copy = copy_of("unsqueeze_copy", viewing.unsqueeze)
view_as_complex_copy = copy_of("view_as_complex_copy", diagonals.view_as_complex)
view_as_real_copy = copy_of("view_as_real_copy", diagonals.view_as_real)
view_copy = copy_of("view_copy", viewed)

# PyTorch's "unsafe" pieces need not be views, so that they may be written to: copies here.
unsafe_chunk = copy_of("unsafe_chunk", splitting.chunk)
unsafe_split = copy_of("unsafe_split", splitting.split)
unsafe_split_with_sizes = copy_of("unsafe_split_with_sizes", splitting.split_with_sizes)


def new_empty_strided(
    input: Tensor, size: Sequence[int], stride: Sequence[int], *, dtype: Any = None, device: Any = None
) -> Tensor:
    """Make a tensor of given strides and this one's dtype, whose elements are not set."""
    return empty_strided(size, stride, dtype=space_of(input.payload).dtype if dtype is None else dtype, device=device)
