"""Rows: functions of each element, and arithmetic."""

UNARY = (
    *("abs", "absolute", "neg", "negative", "positive", "square", "sign", "sgn", "floor", "ceil", "trunc", "fix"),
    *("frac", "exp", "exp2", "expm1", "sigmoid", "relu", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh"),
    *("asinh", "sinc", "deg2rad", "rad2deg", "erf", "erfc", "angle", "round", "logical_not", "isnan", "isinf"),
    *("isfinite", "signbit", "isposinf", "isneginf", "isreal", "nan_to_num", "conj", "real"),
)
ON_POSITIVE = ("reciprocal", "sqrt", "rsqrt", "log", "log2", "log10", "log1p", "lgamma", "digamma", "i0")
ON_UNIT = ("asin", "acos", "atanh", "erfinv", "logit")
BINARY = (
    *("add", "sub", "mul", "div", "remainder", "fmod", "maximum", "minimum", "fmax", "fmin", "atan2", "hypot"),
    *("logaddexp", "logaddexp2", "copysign", "eq", "ne", "lt", "le", "gt", "ge", "isclose", "logical_and"),
    *("logical_or", "logical_xor", "true_divide", "subtract", "multiply", "divide"),
)

ROWS = (
    *(f"torch.{f}(x)" for f in UNARY),
    *(f"x.{f}()" for f in UNARY if f not in ("real",)),
    *(f"torch.{f}(p)" for f in ON_POSITIVE),
    *(f"p.{f}()" for f in ON_POSITIVE),
    *(f"torch.{f}(u)" for f in ON_UNIT),
    *(f"u.{f}()" for f in ON_UNIT),
    *("torch.acosh(p + 1)", "x.round(decimals=2)", "torch.round(x * 100, decimals=-1)", "u.logit(0.2)"),
    *(f"torch.{f}(x, y)" for f in BINARY),
    *(f"x.{f}(y)" for f in BINARY),
    *("torch.add(x, y, alpha=2)", "x.sub(y, alpha=0.5)", "x.add(3)", "torch.rsub(x, y)", "2 - x", "1 / p", "2 ** x"),
    *("x + y", "x - v", "x * s", "x / p", "x % p", "p ** x", "p ** 2", "p ** 0.5", "x ** 3", "-x", "abs(x)", "+x"),
    *("torch.div(x, p, rounding_mode='floor')", "x.div(p, rounding_mode='trunc')", "x.detach() // p.detach()"),
    *(
        "torch.pow(p, x)",
        "p.pow(2.5)",
        "torch.pow(2, x)",
        "torch.pow(x, 0)",
        "torch.float_power(p, 2)",
        "x.detach() // 1.0",
    ),
    *("torch.float_power(p, x)", "torch.xlogy(p, u)", "torch.xlogy(x, 2.0)", "torch.ldexp(x, y)", "x.fmod(0.7)"),
    *("x.remainder(-0.7)", "torch.maximum(k, k.flip(0))", "torch.max(x, y)", "torch.min(x, y)", "x.max(other=y)"),
    *("x.clamp(-0.5, 0.5)", "torch.clamp(x, min=0)", "torch.clip(x, max=0.1)", "x.clamp(min=y)", "x.clamp(y, p)"),
    *("x.clamp_min(0.0)", "torch.clamp_max(x, 0.3)", "torch.lerp(x, y, 0.3)", "torch.lerp(x, y, 0.8)", "k.abs()"),
    *("torch.lerp(x, y, u)", "torch.addcmul(x, y, p)", "x.addcmul(y, p, value=0.5)", "torch.addcdiv(x, y, p, value=2)"),
    *(
        "torch.where(mask, x, y)",
        "torch.where(mask, x, 0.0)",
        "x.where(mask, y)",
        "torch.heaviside(x.detach(), s.detach())",
    ),
    *("torch.where(mask, x, v)", "torch.nextafter(x.detach(), y.detach())", "torch.logit(u, eps=0.3)", "torch.relu(k)"),
)
