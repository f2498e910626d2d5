"""Methods of a tensor that programs need now and then; the functions behind them are told in their chapters."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.tensor import elements, factored, names, spectrograms, strided, viewing
from funcgrad.tensor.legacy import constructed
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.tensor.silence import silenced

__all__ = ["Further"]


class Further(Base):
    """Views by strides, packed factors, Python functions of elements, and older names."""

    __slots__ = ()

    apply_ = elements.apply_
    as_strided = strided.as_strided
    as_strided_ = strided.as_strided_
    as_strided_scatter = strided.as_strided_scatter
    frexp = elements.frexp
    geqrf = factored.geqrf
    index_reduce = elements.index_reduce
    istft = spectrograms.istft
    lu = factored.lu
    map2_ = elements.map2_
    map_ = elements.map_
    narrow_copy = strided.narrow_copy
    new_empty_strided = strided.new_empty_strided
    nonzero_static = elements.nonzero_static
    orgqr = factored.orgqr
    ormqr = factored.ormqr
    stft = spectrograms.stft
    unsafe_chunk = strided.unsafe_chunk
    unsafe_split = strided.unsafe_split
    unsafe_split_with_sizes = strided.unsafe_split_with_sizes

    def lu_solve(self: Any, LU_data: Any, LU_pivots: Any) -> Any:
        """Solve ``A @ X = self`` with the factors of `A` that ``linalg.lu_factor`` returns."""
        return names.lu_solve(self, LU_data, LU_pivots)

    def new(self: Any, *data: Any, device: Any = None) -> Any:
        """Make a tensor of this dtype: of a shape, or of data. In new programs: ``new_tensor``, ``new_empty``.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.tensor([1, 2]).new([3])
        tensor([3])
        """
        return wrap(constructed(data, self.dtype, self.device if device is None else device))

    def resize(self: Any, *sizes: Any) -> Any:
        """Return the same elements in another shape. In new programs: ``reshape``."""
        return viewing.reshape(self, sizes[0] if len(sizes) == 1 else sizes)

    def resize_as(self: Any, tensor: Base) -> Any:
        """Return the same elements in another tensor's shape. In new programs: ``reshape_as``."""
        return viewing.reshape(self, tuple(tensor.payload.shape))

    def const_data_ptr(self: Any) -> int:
        """Return the address of the first element."""
        return int(self.data_ptr())

    def dim_order(self: Any) -> tuple[int, ...]:
        """Return the dimensions in the order in which they lie in memory, the slowest first.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.zeros(2, 3).t().dim_order()
        (1, 0)
        """
        steps: Any = self.stride()
        return tuple(np.argsort([-step for step in steps], kind="stable").tolist())

    def hardshrink(self: Any, lambd: float = 0.5) -> Any:
        """Set elements in ``[-lambd, lambd]`` to zero."""
        x = unwrap(self)
        return wrap(np.where((x >= -lambd) & (x <= lambd), x.dtype.type(0), x))

    @silenced
    def prelu(self: Any, weight: Any) -> Any:
        """Multiply negative elements by a slope, one for all or one for each channel (dimension 1)."""
        x, slope = unwrap(self), unwrap(weight)
        if slope.size != 1:
            if len(x.shape) < 2 or x.shape[1] != slope.size:
                raise RuntimeError(f"prelu: {slope.size} slopes do not fit the channels of {list(x.shape)}")
            slope = np.reshape(slope, (-1,) + (1,) * (len(x.shape) - 2))
        else:
            slope = np.reshape(slope, ())
        return wrap(np.where(x > 0, x, slope * x))

    # -- What no tensor is here ------------------------------------------------------------------------------------

    is_ipu = is_maia = is_meta = is_mkldnn = is_mps = is_mtia = is_nested = is_quantized = is_sparse = False
    is_sparse_csr = is_vulkan = is_xla = is_xpu = False

    def is_pinned(self, device: Any = None) -> bool:
        """Return False: memory is never pinned."""
        return False

    def is_shared(self) -> bool:
        """Return False: memory is never shared between processes."""
        return False

    def to_dense(self: Any, dtype: Any = None, *, masked_grad: bool = True) -> Any:
        """Return the tensor itself, cast if a dtype is given: there are no sparse ones."""
        return self if dtype is None else self.to(dtype)

    def dense_dim(self: Any) -> int:
        """Return the number of dimensions: all are dense."""
        return int(self.ndim)

    def sparse_dim(self) -> int:
        """Return 0: there are no sparse dimensions."""
        return 0

    def as_subclass(self: Any, cls: Any) -> Any:
        """Return a tensor of a subclass that shares the payload, its place in the graph included."""
        if not issubclass(cls, Base):
            raise TypeError(f"cls must be a type that inherits from Tensor, got {cls!r}")
        new = object.__new__(cls)
        new.payload, new.grad = self.payload, None
        return new
