"""CuPy's two hooks: from a call of one of its kernels that met a tracer to the NumPy function that it stands for.

CuPy's ufuncs look at their operands for ``__cupy_override_elementwise_kernel__``, its reductions for
``__cupy_override_reduction_kernel__``, before they touch a GPU. A public ufunc is recognised by what it is, not by its
name, since some of CuPy's ufuncs bear the name of another one; those inside of CuPy's functions by their name.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.core.level import Shell, Traced
from funcgrad.core.primitive import CALLS, call_of
from funcgrad.errors import LostGradientError, NoDerivativeError, public_name

__all__ = ["apply_kernel", "apply_reduction", "note_cupy", "placed", "run_kernel", "run_reduction", "scatter"]


def around(x: Any, decimals: Any) -> Any:
    return np.round(x, int(decimals))


def nan_to_num(x: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


def is_close(a: Any, b: Any, rtol: Any, atol: Any, equal_nan: Any) -> Any:
    return np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=bool(equal_nan))


def copied(x: Any, out: Any = None) -> Any:
    """Copy, or write into `out`: the latter is what CuPy makes of an assignment to a part of a plain array."""
    if out is None:
        return np.copy(x)
    value, target = x._bare() if isinstance(x, Shell) else x, out
    if isinstance(value, Traced) and not isinstance(target, Traced | Shell):
        raise LostGradientError(
            f"An assignment into a plain CuPy array would lose the gradient of what is assigned, of shape {x.shape}. "
            "Write `import funcgrad.cupy as cp`, whose arrays take traced values inside of a transform, or wrap the "
            "function in funcgrad.adopt. If no gradient is wanted, assign funcgrad.stop_gradient(x), or t.detach() "
            "of a tensor."
        )
    target[...] = value
    return out


#: Ufuncs that CuPy's functions use inside, by name.
INNER: dict[str, Callable[..., Any]] = {
    "cupy_angle": np.angle,
    "cupy_angle_deg": lambda x: np.angle(x, deg=True),
    "cupy_clip": np.clip,
    "cupy_copy": copied,
    "cupy_imag": np.imag,
    "cupy_is_close": is_close,
    "cupy_is_close_complex": is_close,
    "cupy_nan_to_num_": nan_to_num,
    "cupy_real": np.real,
    "cupy_round": around,
    "cupy_rsqrt": lambda x: 1 / np.sqrt(x),
    "cupy_where": np.where,
}

#: The public ufuncs of CuPy that were met, and the functions of NumPy or SciPy that they stand for.
FOUND: dict[Any, Callable[..., Any]] = {}


def apply_kernel(kernel: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer ``__cupy_override_elementwise_kernel__``: a call of a CuPy ufunc or ``ElementwiseKernel``."""
    registered = CALLS.get(kernel)
    if registered is not None:
        return registered(*args, **kwargs)
    return run_kernel(kernel, args, kwargs)


def run_kernel(kernel: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call the function that a kernel stands for."""
    function = FOUND.get(kernel) or find(kernel)
    args, outs = args[: kernel.nin], args[kernel.nin :]
    options = {"where" if key == "_where" else key: value for key, value in kwargs.items() if value is not None}
    if outs:
        options["out"] = outs if kernel.nout > 1 else outs[0]
    return function(*args, **options)


def find(kernel: Any) -> Callable[..., Any]:
    """Return the function that a kernel stands for, and remember it."""
    function = public(kernel, "cupy", "numpy") or public(kernel, "cupyx.scipy.special", "scipy.special")
    function = function or INNER.get(kernel.name)
    if function is None:
        raise unknown(kernel)
    FOUND[kernel] = function
    return function


def public(kernel: Any, module: str, counterpart: str) -> Callable[..., Any] | None:
    """Return what another module has under the public name of a kernel."""
    home = sys.modules.get(module)
    name = next((name for name, value in vars(home).items() if value is kernel), None) if home else None
    function = None if name is None else getattr(importlib.import_module(counterpart), name, None)
    if function is None or isinstance(function, np.ufunc) or call_of(function) is not None:
        return function
    return None  # a function of SciPy's that dispatches to nobody


def unknown(kernel: Any) -> NoDerivativeError:
    return NoDerivativeError(
        f"CuPy's kernel {kernel.name} met a traced value, and no derivative is known for it. State one: "
        f"{kernel.name} = funcgrad.extend.kernel({kernel.name}, Elementwise, lambda g, x: ...), or another of the "
        "kinds of funcgrad.extend, or pass funcgrad.stop_gradient(x) if no gradient is wanted."
    )


#: Endings of the names of reductions that do the same in another dtype.
VARIANTS = ("_with_dtype", "_complex_dtype", "_auto_dtype", "_keep_dtype", "_complex")

#: Reductions that CuPy's functions use inside, by name.
INNER_REDUCTIONS: dict[str, Callable[..., Any]] = {"_norm_ord2": np.linalg.norm}


def apply_reduction(kernel: Any, x: Any, axis: Any, dtype: Any, out: Any, keepdims: bool) -> Any:
    """Answer ``__cupy_override_reduction_kernel__``: a call of one of CuPy's own reductions."""
    registered = CALLS.get(kernel)
    if registered is not None:
        return registered(x, **given_of(axis, dtype, out, keepdims))
    return run_reduction(kernel, x, axis, dtype, out, keepdims)


def given_of(axis: Any, dtype: Any, out: Any, keepdims: bool) -> dict[str, Any]:
    options = {"axis": axis, "dtype": dtype, "out": out, "keepdims": keepdims or None}
    return {key: value for key, value in options.items() if value is not None}


def run_reduction(kernel: Any, x: Any, axis: Any, dtype: Any, out: Any, keepdims: bool) -> Any:
    """Call the function that a reduction stands for."""
    name = kernel.name.removeprefix("cupy_")
    for variant in VARIANTS:
        name = name.removesuffix(variant)
    function = INNER_REDUCTIONS.get(name) or getattr(np, name, None)
    if function is None:
        raise unknown(kernel)
    return function(x, **given_of(axis, dtype, out, keepdims))


#: What CuPy's scatter operations are called, and the ufuncs that update with them.
SCATTER = {
    "add": np.add,
    "sub": np.subtract,
    "max": np.maximum,
    "min": np.minimum,
}


def scatter(x: Any, index: Any, value: Any, op: str) -> None:
    """Answer ``cupy.add.at`` and ``cupyx.scatter_add``, which call a method of the array."""
    ufunc = SCATTER.get(op)
    if ufunc is None:
        raise TypeError(f"a traced array has no scatter operation {op!r}")
    ufunc.at(x, index, value)


def placed(function: Any, x: Any, axis: Any, out: Any, dtype: Any, keepdims: bool) -> Any:
    """Return the place of an extreme element, in the integer dtype that CuPy's methods take."""
    y = function(x, axis=axis, out=out, **({"keepdims": True} if keepdims else {}))
    return y if dtype is None else y.astype(dtype)


def note_cupy(error: BaseException) -> None:
    """Add to an error that CuPy raised, because it was given a traced value that it cannot take, what to do."""
    if isinstance(error, LostGradientError | NoDerivativeError):
        return
    trace = error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in ("cupy", "cupyx"):
            break
        trace = trace.tb_next
    what = "A compiled function of CuPy's"
    if trace is not None:
        name = trace.tb_frame.f_code.co_name
        what = public_name(module, name) if not name.startswith("_") else "A kernel of CuPy's"
    elif not any(isinstance(x, str) and "cupy" in x for x in error.args):
        return
    given = error.args if trace is None else (*trace.tb_frame.f_locals.values(), *error.args)
    if any(map(has_tracer, given)):  # compiled functions show no arguments, but say the type
        error.add_note(
            f"funcgrad: {what} takes CuPy's own arrays only, and has met a traced value. Write it with the np. "
            "function of the same name, or `import funcgrad.cupy as cp`, or wrap the function in funcgrad.adopt."
        )


def has_tracer(x: Any) -> bool:
    if isinstance(x, str):
        return "Tracer" in x or "Tensor" in x
    return isinstance(x, Traced | Shell) or (isinstance(x, list | tuple) and any(map(has_tracer, x)))
