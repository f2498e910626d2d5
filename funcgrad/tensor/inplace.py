"""In-place arithmetic: ``add_``, ``x += 1``, and the in-place version of every operation on each element."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor.inference import check_written
from funcgrad.tensor.modes import GRAD_ENABLED
from funcgrad.tensor.overwriting import check_dense, shows_graph, update
from funcgrad.tensor.root import ROOT
from funcgrad.tensor.shell import Base
from funcgrad.tensor.silence import silently
from funcgrad.tensor.versions import count_write, is_shared
from funcgrad.tensor.views import Stored, address
from funcgrad.transforms.reverse import ReverseTracer

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["Updated"]


def in_place(name: str) -> Callable[..., Tensor]:
    """Return the method that writes what the method `name` returns into the tensor's own memory."""

    def method(self: Base, *args: Any, **kwargs: Any) -> Any:
        return update(self, lambda x: getattr(x, name)(*swapped(self, x, args), **kwargs), f"{name}_")

    method.__name__ = f"{name}_"
    method.__doc__ = f"In-place version of :meth:`{name}`."
    return method


def swapped(tensor: Base, seen: Base, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Replace the tensor itself among the arguments by what stands for it."""
    return tuple([seen if x is tensor else x for x in args])


def arithmetic(name: str, function: Callable[[Any, Any], Any], ufunc: Any = None) -> Callable[..., Tensor]:
    """Return a method that writes ``self op other`` into the tensor's own memory."""

    def method(self: Base, other: Any, **options: Any) -> Any:
        if isinstance(other, Base) and other is not self:
            check_overlap(self, other)
        if options:
            named = name.rstrip("_")
            return update(self, lambda x: getattr(x, named)(x if other is self else other, **options), name)
        if ufunc is not None and is_plain(self, other):
            return quick(self, ufunc, other)
        return update(self, lambda x: function(x, x if other is self else other), name)

    method.__name__ = name
    method.__doc__ = f"In-place version of :meth:`{name.rstrip('_')}`."
    return method


def is_plain(tensor: Base, other: Any) -> bool:
    """Whether NumPy alone gives PyTorch's result: nothing is recorded, and dtypes need no promotion."""
    recording = GRAD_ENABLED.get()
    x = tensor.payload
    if type(x) is np.ndarray:
        if x.base is not None and shows_graph(tensor):
            return False
    else:
        if recording or type(x) is not ReverseTracer or x.level is not ROOT or type(x.value) is not np.ndarray:
            return False
        x = x.value
    if x.dtype.kind != "f" or not x.flags.writeable:
        return False
    if isinstance(other, Base):
        y = other.payload
        if type(y) is ReverseTracer and y.level is ROOT and not recording:
            y = y.value
        return type(y) is np.ndarray and y.dtype == x.dtype
    return type(other) is float or type(other) is int


def check_overlap(tensor: Base, other: Base) -> None:
    """Refuse an operand that shares a part of the memory that is written to."""
    memory, y = tensor.values(), other.values()
    if (
        type(memory) is not np.ndarray
        or type(y) is not np.ndarray
        or not np.may_share_memory(memory, y)
        or not (memory.flags.forc and y.flags.forc)
    ):
        return
    if y.strides != memory.strides or y.shape != memory.shape or address(y) != address(memory):
        raise RuntimeError(
            "unsupported operation: some elements of the other tensor and of the one that is written to share a place "
            "in memory. Pass a clone() of the other."
        )


def quick(tensor: Base, ufunc: Any, other: Any) -> Any:
    check_written(tensor.values())
    shared = is_shared(tensor)
    memory = check_dense(tensor.memory())
    y = other.values() if isinstance(other, Base) else other
    try:
        silently(ufunc, memory, y, memory)
    except ValueError as error:
        raise mismatch(memory.shape, np.shape(y)) from error
    count_write(memory, shared, ROOT.stamp())
    return tensor


def mismatch(written: tuple[int, ...], other: tuple[int, ...]) -> RuntimeError:
    try:
        shape = np.broadcast_shapes(written, other)
    except ValueError:
        return RuntimeError(f"the shapes {list(written)} and {list(other)} do not broadcast")
    return RuntimeError(f"output with shape {list(written)} doesn't match the broadcast shape {list(shape)}")


class Updated(Stored):
    """In-place versions of operations. Their names end in an underscore."""

    __slots__ = ()

    __iadd__ = add_ = arithmetic("add_", operator.add, np.add)
    __isub__ = sub_ = subtract_ = arithmetic("sub_", operator.sub, np.subtract)
    __imul__ = mul_ = multiply_ = arithmetic("mul_", operator.mul, np.multiply)
    __itruediv__ = div_ = divide_ = true_divide_ = arithmetic("div_", operator.truediv, np.divide)
    __ifloordiv__ = floor_divide_ = arithmetic("floor_divide_", operator.floordiv)
    __imod__ = remainder_ = arithmetic("remainder_", operator.mod)
    __ipow__ = pow_ = arithmetic("pow_", operator.pow)
    __iand__ = bitwise_and_ = arithmetic("bitwise_and_", operator.and_)
    __ior__ = bitwise_or_ = arithmetic("bitwise_or_", operator.or_)
    __ixor__ = bitwise_xor_ = arithmetic("bitwise_xor_", operator.xor)

    abs_ = in_place("abs")
    absolute_ = in_place("absolute")
    acos_ = in_place("acos")
    acosh_ = in_place("acosh")
    addbmm_ = in_place("addbmm")
    addcdiv_ = in_place("addcdiv")
    addcmul_ = in_place("addcmul")
    addmm_ = in_place("addmm")
    addmv_ = in_place("addmv")
    addr_ = in_place("addr")
    arccos_ = in_place("arccos")
    arccosh_ = in_place("arccosh")
    arcsin_ = in_place("arcsin")
    arcsinh_ = in_place("arcsinh")
    arctan_ = in_place("arctan")
    arctan2_ = in_place("arctan2")
    arctanh_ = in_place("arctanh")
    asin_ = in_place("asin")
    asinh_ = in_place("asinh")
    atan_ = in_place("atan")
    atan2_ = in_place("atan2")
    atanh_ = in_place("atanh")
    baddbmm_ = in_place("baddbmm")
    bitwise_left_shift_ = in_place("bitwise_left_shift")
    bitwise_not_ = in_place("bitwise_not")
    bitwise_right_shift_ = in_place("bitwise_right_shift")
    ceil_ = in_place("ceil")
    clamp_ = in_place("clamp")
    clamp_max_ = in_place("clamp_max")
    clamp_min_ = in_place("clamp_min")
    clip_ = in_place("clip")
    conj_physical_ = in_place("conj_physical")
    copysign_ = in_place("copysign")
    cos_ = in_place("cos")
    cosh_ = in_place("cosh")
    cumprod_ = in_place("cumprod")
    cumsum_ = in_place("cumsum")
    deg2rad_ = in_place("deg2rad")
    digamma_ = in_place("digamma")
    eq_ = in_place("eq")
    erf_ = in_place("erf")
    erfc_ = in_place("erfc")
    erfinv_ = in_place("erfinv")
    exp_ = in_place("exp")
    exp2_ = in_place("exp2")
    expm1_ = in_place("expm1")
    fix_ = in_place("fix")
    float_power_ = in_place("float_power")
    floor_ = in_place("floor")
    fmod_ = in_place("fmod")
    frac_ = in_place("frac")
    gcd_ = in_place("gcd")
    ge_ = in_place("ge")
    greater_ = in_place("greater")
    greater_equal_ = in_place("greater_equal")
    gt_ = in_place("gt")
    heaviside_ = in_place("heaviside")
    hypot_ = in_place("hypot")
    i0_ = in_place("i0")
    igamma_ = in_place("igamma")
    igammac_ = in_place("igammac")
    index_reduce_ = in_place("index_reduce")
    lcm_ = in_place("lcm")
    ldexp_ = in_place("ldexp")
    le_ = in_place("le")
    lerp_ = in_place("lerp")
    less_ = in_place("less")
    less_equal_ = in_place("less_equal")
    lgamma_ = in_place("lgamma")
    log_ = in_place("log")
    log10_ = in_place("log10")
    log1p_ = in_place("log1p")
    log2_ = in_place("log2")
    logical_and_ = in_place("logical_and")
    logical_not_ = in_place("logical_not")
    logical_or_ = in_place("logical_or")
    logical_xor_ = in_place("logical_xor")
    logit_ = in_place("logit")
    lt_ = in_place("lt")
    mvlgamma_ = in_place("mvlgamma")
    nan_to_num_ = in_place("nan_to_num")
    ne_ = in_place("ne")
    neg_ = in_place("neg")
    negative_ = in_place("negative")
    nextafter_ = in_place("nextafter")
    not_equal_ = in_place("not_equal")
    polygamma_ = in_place("polygamma")
    rad2deg_ = in_place("rad2deg")
    reciprocal_ = in_place("reciprocal")
    relu_ = in_place("relu")
    renorm_ = in_place("renorm")
    round_ = in_place("round")
    rsqrt_ = in_place("rsqrt")
    scatter_reduce_ = in_place("scatter_reduce")
    sgn_ = in_place("sgn")
    sigmoid_ = in_place("sigmoid")
    sign_ = in_place("sign")
    sin_ = in_place("sin")
    sinc_ = in_place("sinc")
    sinh_ = in_place("sinh")
    sqrt_ = in_place("sqrt")
    square_ = in_place("square")
    tan_ = in_place("tan")
    tanh_ = in_place("tanh")
    tril_ = in_place("tril")
    triu_ = in_place("triu")
    trunc_ = in_place("trunc")
    xlogy_ = in_place("xlogy")
