"""Functions that write into their first argument, as methods of tensors do: PyTorch's ``torch.abs_`` and the like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from funcgrad.tensor.calling import needs_tensor

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("abs_", "acos_", "acosh_", "addmv_", "arccos_", "arccosh_", "arcsin_", "arcsinh_", "arctan_", "arctanh_"),
    *("asin_", "asinh_", "atan_", "atanh_", "ceil_", "clamp_", "clamp_max_", "clamp_min_", "clip_", "conj_physical_"),
    *("cos_", "cosh_", "deg2rad_", "detach_", "erf_", "erfc_", "exp2_", "exp_", "expm1_", "fill_", "fix_", "floor_"),
    *("frac_", "gcd_", "i0_", "index_put_", "lcm_", "ldexp_", "log10_", "log1p_", "log2_", "log_", "logit_"),
    *("nan_to_num_", "neg_", "negative_", "rad2deg_", "reciprocal_", "relu_", "resize_as_", "round_", "rsqrt_"),
    *("sigmoid_", "sin_", "sinc_", "sinh_", "sqrt_", "square_", "tan_", "tanh_", "trunc_", "xlogy_", "zero_"),
]


def writer(name: str) -> Callable[..., Tensor]:
    """Return the method of a name as a function."""

    def write(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        result: Tensor = getattr(needs_tensor(name, input), name)(*args, **kwargs)
        return result

    write.__name__ = write.__qualname__ = name
    write.__doc__ = f"Write what ``{name[:-1]}`` returns into the tensor itself, as its method of this name does."
    return write


abs_ = writer("abs_")
acos_ = writer("acos_")
acosh_ = writer("acosh_")
addmv_ = writer("addmv_")
arccos_ = writer("arccos_")
arccosh_ = writer("arccosh_")
arcsin_ = writer("arcsin_")
arcsinh_ = writer("arcsinh_")
arctan_ = writer("arctan_")
arctanh_ = writer("arctanh_")
asin_ = writer("asin_")
asinh_ = writer("asinh_")
atan_ = writer("atan_")
atanh_ = writer("atanh_")
ceil_ = writer("ceil_")
clamp_ = writer("clamp_")
clamp_max_ = writer("clamp_max_")
clamp_min_ = writer("clamp_min_")
clip_ = writer("clip_")
conj_physical_ = writer("conj_physical_")
cos_ = writer("cos_")
cosh_ = writer("cosh_")
deg2rad_ = writer("deg2rad_")
detach_ = writer("detach_")
erf_ = writer("erf_")
erfc_ = writer("erfc_")
exp2_ = writer("exp2_")
exp_ = writer("exp_")
expm1_ = writer("expm1_")
fill_ = writer("fill_")
fix_ = writer("fix_")
floor_ = writer("floor_")
frac_ = writer("frac_")
gcd_ = writer("gcd_")
i0_ = writer("i0_")
index_put_ = writer("index_put_")
lcm_ = writer("lcm_")
ldexp_ = writer("ldexp_")
log10_ = writer("log10_")
log1p_ = writer("log1p_")
log2_ = writer("log2_")
log_ = writer("log_")
logit_ = writer("logit_")
nan_to_num_ = writer("nan_to_num_")
neg_ = writer("neg_")
negative_ = writer("negative_")
rad2deg_ = writer("rad2deg_")
reciprocal_ = writer("reciprocal_")
relu_ = writer("relu_")
resize_as_ = writer("resize_as_")
round_ = writer("round_")
rsqrt_ = writer("rsqrt_")
sigmoid_ = writer("sigmoid_")
sin_ = writer("sin_")
sinc_ = writer("sinc_")
sinh_ = writer("sinh_")
sqrt_ = writer("sqrt_")
square_ = writer("square_")
tan_ = writer("tan_")
tanh_ = writer("tanh_")
trunc_ = writer("trunc_")
xlogy_ = writer("xlogy_")
zero_ = writer("zero_")
