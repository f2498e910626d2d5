"""The operations as methods of a tensor: the same functions, of which the tensor is the first argument."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor import (
    arranging,
    choosing,
    comparing,
    counting,
    diagonals,
    extremes,
    factory,
    linalg,
    linear,
    masking,
    names,
    norms,
    paired,
    pointwise,
    reduction,
    running,
    sampling,
    sorting,
    special,
    splitting,
    statistics,
    viewing,
)
from funcgrad.tensor.further_methods import Further
from funcgrad.tensor.operators import Arithmetic
from funcgrad.tensor.reduction import Reduced
from funcgrad.tensor.shape import Shaped

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["Operations"]


class Operations(Further, Reduced, Shaped, Arithmetic):
    """All operations that change nothing in place."""

    __slots__ = ()

    # -- Of each element ---------------------------------------------------------------------------------------------
    absolute = pointwise.absolute
    acosh = pointwise.acosh
    angle = pointwise.angle
    arccos = pointwise.arccos
    arccosh = pointwise.arccosh
    arcsin = pointwise.arcsin
    arcsinh = pointwise.arcsinh
    arctan = pointwise.arctan
    arctanh = pointwise.arctanh
    asinh = pointwise.asinh
    atanh = pointwise.atanh
    ceil = pointwise.ceil
    conj = pointwise.conj
    conj_physical = pointwise.conj_physical
    deg2rad = pointwise.deg2rad
    digamma = pointwise.digamma
    erf = pointwise.erf
    erfc = pointwise.erfc
    erfinv = pointwise.erfinv
    exp2 = pointwise.exp2
    expm1 = pointwise.expm1
    fix = pointwise.fix
    floor = pointwise.floor
    frac = pointwise.frac
    i0 = pointwise.i0
    lgamma = pointwise.lgamma
    log10 = pointwise.log10
    log2 = pointwise.log2
    logit = pointwise.logit
    nan_to_num = pointwise.nan_to_num
    negative = pointwise.negative
    positive = pointwise.positive
    rad2deg = pointwise.rad2deg
    round = pointwise.round
    rsqrt = pointwise.rsqrt
    sgn = pointwise.sgn
    sign = pointwise.sign
    sinc = pointwise.sinc
    trunc = pointwise.trunc

    # -- Of several operands -----------------------------------------------------------------------------------------
    add = paired.add
    addcdiv = paired.addcdiv
    addcmul = paired.addcmul
    arctan2 = paired.arctan2
    atan2 = paired.atan2
    clamp = paired.clamp
    clamp_max = paired.clamp_max
    clamp_min = paired.clamp_min
    clip = paired.clip
    copysign = paired.copysign
    div = paired.div
    divide = paired.divide
    float_power = paired.float_power
    floor_divide = paired.floor_divide
    fmax = paired.fmax
    fmin = paired.fmin
    fmod = paired.fmod
    gcd = paired.gcd
    heaviside = paired.heaviside
    hypot = paired.hypot
    lcm = paired.lcm
    ldexp = paired.ldexp
    lerp = paired.lerp
    logaddexp = paired.logaddexp
    logaddexp2 = paired.logaddexp2
    maximum = paired.maximum
    minimum = paired.minimum
    mul = paired.mul
    multiply = paired.multiply
    nextafter = paired.nextafter
    pow = paired.pow
    remainder = paired.remainder
    sub = paired.sub
    subtract = paired.subtract
    true_divide = paired.true_divide
    xlogy = paired.xlogy

    # -- Comparisons and questions -----------------------------------------------------------------------------------
    allclose = comparing.allclose
    bitwise_and = comparing.bitwise_and
    bitwise_left_shift = comparing.bitwise_left_shift
    bitwise_not = comparing.bitwise_not
    bitwise_or = comparing.bitwise_or
    bitwise_right_shift = comparing.bitwise_right_shift
    bitwise_xor = comparing.bitwise_xor
    eq = comparing.eq
    equal = comparing.equal
    ge = comparing.ge
    greater = comparing.greater
    greater_equal = comparing.greater_equal
    gt = comparing.gt
    is_nonzero = comparing.is_nonzero
    is_same_size = comparing.is_same_size
    isclose = comparing.isclose
    isfinite = comparing.isfinite
    isinf = comparing.isinf
    isnan = comparing.isnan
    isneginf = comparing.isneginf
    isposinf = comparing.isposinf
    isreal = comparing.isreal
    le = comparing.le
    less = comparing.less
    less_equal = comparing.less_equal
    logical_and = comparing.logical_and
    logical_not = comparing.logical_not
    logical_or = comparing.logical_or
    logical_xor = comparing.logical_xor
    lt = comparing.lt
    ne = comparing.ne
    not_equal = comparing.not_equal
    signbit = comparing.signbit

    # -- Reductions --------------------------------------------------------------------------------------------------
    all = reduction.all
    any = reduction.any
    count_nonzero = reduction.count_nonzero
    logsumexp = reduction.logsumexp
    nanmean = reduction.nanmean
    nansum = reduction.nansum
    prod = reduction.prod
    std = reduction.std
    var = reduction.var

    # -- Extremes ----------------------------------------------------------------------------------------------------
    amax = extremes.amax
    amin = extremes.amin
    aminmax = extremes.aminmax
    argmax = extremes.argmax
    argmin = extremes.argmin
    max = extremes.max
    min = extremes.min

    # -- Running totals ----------------------------------------------------------------------------------------------
    cummax = running.cummax
    cummin = running.cummin
    cumprod = running.cumprod
    cumsum = running.cumsum
    diff = running.diff
    logcumsumexp = running.logcumsumexp

    # -- Sorting and ranks -------------------------------------------------------------------------------------------
    argsort = sorting.argsort
    kthvalue = sorting.kthvalue
    median = sorting.median
    mode = sorting.mode
    msort = sorting.msort
    nanmedian = sorting.nanmedian
    nanquantile = sorting.nanquantile
    quantile = sorting.quantile
    sort = sorting.sort
    topk = sorting.topk

    # -- Distinct elements -------------------------------------------------------------------------------------------
    bincount = counting.bincount
    histc = counting.histc
    unique = counting.unique
    unique_consecutive = counting.unique_consecutive

    # -- Norms -------------------------------------------------------------------------------------------------------
    dist = norms.dist
    log_softmax = norms.log_softmax
    norm = norms.norm
    renorm = norms.renorm
    softmax = norms.softmax

    # -- Elements at indices -----------------------------------------------------------------------------------------
    diagonal_scatter = choosing.diagonal_scatter
    gather = choosing.gather
    index_add = choosing.index_add
    index_copy = choosing.index_copy
    index_fill = choosing.index_fill
    index_put = choosing.index_put
    index_select = choosing.index_select
    put = choosing.put
    scatter = choosing.scatter
    scatter_add = choosing.scatter_add
    scatter_reduce = choosing.scatter_reduce
    select_scatter = choosing.select_scatter
    slice_scatter = choosing.slice_scatter
    take = choosing.take
    take_along_dim = choosing.take_along_dim

    # -- Masks and conditions ----------------------------------------------------------------------------------------
    argwhere = masking.argwhere
    masked_fill = masking.masked_fill
    masked_scatter = masking.masked_scatter
    masked_select = masking.masked_select
    nonzero = masking.nonzero

    # -- Joining and turning -----------------------------------------------------------------------------------------
    flip = arranging.flip
    fliplr = arranging.fliplr
    flipud = arranging.flipud
    roll = arranging.roll
    rot90 = arranging.rot90

    # -- Splitting and repeating -------------------------------------------------------------------------------------
    chunk = splitting.chunk
    dsplit = splitting.dsplit
    hsplit = splitting.hsplit
    repeat = splitting.repeat
    repeat_interleave = splitting.repeat_interleave
    split = splitting.split
    split_with_sizes = splitting.split_with_sizes
    tensor_split = splitting.tensor_split
    tile = splitting.tile
    unbind = splitting.unbind
    vsplit = splitting.vsplit

    # -- Views -------------------------------------------------------------------------------------------------------
    adjoint = viewing.adjoint
    broadcast_to = viewing.broadcast_to
    expand = viewing.expand
    expand_as = viewing.expand_as
    flatten = viewing.flatten
    is_conj = viewing.is_conj
    is_neg = viewing.is_neg
    moveaxis = viewing.moveaxis
    movedim = viewing.movedim
    narrow = viewing.narrow
    ravel = viewing.ravel
    reshape_as = viewing.reshape_as
    resolve_conj = viewing.resolve_conj
    resolve_neg = viewing.resolve_neg
    select = viewing.select
    squeeze = viewing.squeeze
    sum_to_size = viewing.sum_to_size
    swapaxes = viewing.swapaxes
    swapdims = viewing.swapdims
    t = viewing.t
    transpose = viewing.transpose
    unflatten = viewing.unflatten
    unfold = viewing.unfold
    unsqueeze = viewing.unsqueeze
    view_as = viewing.view_as

    # -- Diagonals and triangles -------------------------------------------------------------------------------------
    diag = diagonals.diag
    diag_embed = diagonals.diag_embed
    diagflat = diagonals.diagflat
    diagonal = diagonals.diagonal
    tril = diagonals.tril
    triu = diagonals.triu

    # -- Products ----------------------------------------------------------------------------------------------------
    addbmm = linear.addbmm
    addmm = linear.addmm
    addmv = linear.addmv
    addr = linear.addr
    baddbmm = linear.baddbmm
    bmm = linear.bmm
    cross = linear.cross
    dot = linear.dot
    ger = linear.ger
    inner = linear.inner
    kron = linear.kron
    matmul = linear.matmul
    matrix_power = linear.matrix_power
    mm = linear.mm
    mv = linear.mv
    outer = linear.outer
    trace = linear.trace
    vdot = linear.vdot

    # -- Linear algebra ----------------------------------------------------------------------------------------------
    cholesky = linalg.cholesky
    cholesky_inverse = linalg.cholesky_inverse
    cholesky_solve = linalg.cholesky_solve
    det = linalg.det
    logdet = linalg.logdet
    matrix_exp = linalg.matrix_exp
    triangular_solve = linalg.triangular_solve

    # -- Others of the same kind -------------------------------------------------------------------------------------
    new_empty = factory.new_empty
    new_full = factory.new_full
    new_ones = factory.new_ones
    new_tensor = factory.new_tensor
    new_zeros = factory.new_zeros

    # -- Random numbers ----------------------------------------------------------------------------------------------
    bernoulli = sampling.bernoulli
    multinomial = sampling.multinomial

    # -- Statistics --------------------------------------------------------------------------------------------------
    corrcoef = statistics.corrcoef
    cov = statistics.cov
    histogram = statistics.histogram

    # -- Other names -------------------------------------------------------------------------------------------------
    igamma = names.igamma
    igammac = names.igammac
    inverse = names.inverse
    mvlgamma = names.mvlgamma
    pinverse = names.pinverse
    qr = names.qr
    slogdet = names.slogdet
    svd = names.svd

    def __iter__(self) -> Iterator[Tensor]:
        if not self.payload.shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter(splitting.unbind(self))

    def permute(self, *dims: Any) -> Any:
        """Put the dimensions into another order."""
        if not dims:
            raise TypeError("permute() takes the order of the dimensions, got nothing")
        return viewing.permute(self, dims[0] if len(dims) == 1 and isinstance(dims[0], tuple | list) else dims)

    def polygamma(self, n: int) -> Any:
        """Return the `n`-th derivative of ``digamma``."""
        return special.polygamma(n, self)

    def where(self, condition: Any, other: Any) -> Any:
        """Choose elements of this tensor where a condition is true, and others elsewhere."""
        return masking.where(condition, self, other)

    # -- Properties ------------------------------------------------------------------------------------------------

    @property
    def real(self) -> Any:
        """The real part, a view."""
        return pointwise.real(self)

    @property
    def imag(self) -> Any:
        """The imaginary part, a view."""
        return pointwise.imag(self)

    @property
    def mT(self) -> Any:
        """The transpose of matrices."""
        if self.ndim < 2:
            raise RuntimeError(
                f"tensor.mT is only supported on matrices or batches of matrices. Got {self.ndim}-D tensor."
            )
        return viewing.transpose(self, -2, -1)

    @property
    def H(self) -> Any:
        """The conjugate transpose of a matrix."""
        return viewing.adjoint(self) if self.ndim else self

    @property
    def mH(self) -> Any:
        """The conjugate transpose of matrices."""
        return viewing.adjoint(self)

    @property
    def itemsize(self) -> int:
        """The number of bytes of an element."""
        return int(np.dtype(self.dtype).itemsize)

    @property
    def nbytes(self) -> int:
        """The number of bytes of all elements."""
        return self.numel() * self.itemsize

    def element_size(self) -> int:
        """Return the number of bytes of an element."""
        return self.itemsize

    def nelement(self) -> int:
        """Return the number of elements."""
        return self.numel()

    def ndimension(self) -> int:
        """Return the number of dimensions."""
        return self.ndim
