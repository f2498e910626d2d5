"""Derivatives of compiled kernels: CuPy's ``ElementwiseKernel`` and ``ReductionKernel``, and functions made of kernels.

A kernel states no signature that Python can read, and takes its operands by position alone. Here it gets one, so that
a kind can tell operands from what is static.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from funcgrad._typing import AnyFunction
from funcgrad.core.kinds import Composite
from funcgrad.core.level import Shell, Traced
from funcgrad.core.primitive import CALLS

__all__ = ["kernel"]

#: How a kernel is launched, which changes no value.
LAUNCH = ("size", "block_size", "stream")


def kernel(function: Any, kind: Callable[..., Any], *rules: Any, replace: bool = False, **options: Any) -> AnyFunction:
    """State the derivative of a compiled kernel, or of a function that calls some.

    Parameters
    ----------
    function : callable
        A ``cupy.ElementwiseKernel``, a ``cupy.ReductionKernel``, or any function of arrays that returns arrays.
    kind : type
        One of the seven kinds: :class:`Elementwise`, :class:`Linear`, :class:`Multilinear`, ...
    *rules
        What the kind takes after the function. As many operands as it states rules for are differentiated; arguments
        after them are static.
    replace : bool
        Whether an ``ElementwiseKernel`` that has rules already gets these instead.
    **options
        Keywords of the kind: ``name``, ``batch``, ``pole``, ...

    Returns
    -------
    callable
        What to call in the place of `function`: `function` on plain arrays, the rules where an argument is traced or a
        tensor. An ``ElementwiseKernel`` keeps its name: calls of it find the rules by CuPy's hook.

    Raises
    ------
    TypeError
        If `function` is a ``RawKernel``, which returns nothing: wrap the allocation and the launch in a function, and
        pass that.
    ValueError
        If an ``ElementwiseKernel`` has rules already, unless `replace`.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from funcgrad.extend import Elementwise, kernel
    >>> def compiled(x):  # stands for a function that launches a kernel
    ...     return np.frompyfunc(math.erf, 1, 1)(x).astype(float)
    >>> erf = kernel(compiled, Elementwise, lambda g, x: g * 2 / np.sqrt(np.pi) * np.exp(-(x**2)))
    >>> fg.grad(lambda x: np.sum(erf(x)))(np.zeros(2))
    array([1.12837917, 1.12837917])
    """
    if not callable(function) or is_raw(function):
        raise TypeError(
            f"{getattr(function, 'name', function)} returns nothing that could have a derivative. Write a function "
            "that allocates the output, launches the kernel and returns the output, and pass that function."
        )
    if is_elementwise(function) and function in CALLS and not replace:
        raise ValueError(f"{function.name} has rules already; pass replace=True to state others")
    plain = plain_function(function)
    if kind is not Composite:
        options = {"own": True, **options}
    if hasattr(function, "nin") and kind is not Composite:
        static = (*names_of(function)[len(rules) :], *LAUNCH)
        options["ignore"] = " ".join((*static, options.get("ignore", "")))
    primitive = kind(plain, *rules, **options)

    @functools.wraps(plain)
    def call(*args: Any, **kwargs: Any) -> Any:
        if any(isinstance(x, Traced | Shell) for x in (*args, *kwargs.values())):
            return primitive(*args, **kwargs)
        return function(*args, **kwargs)

    if is_elementwise(function):
        CALLS[function] = primitive
    return call


def is_raw(function: Any) -> bool:
    """Whether it is a ``RawKernel``, which takes a grid, a block and buffers."""
    return type(function).__module__.startswith("cupy") and type(function).__name__ == "RawKernel"


def is_elementwise(function: Any) -> bool:
    """Whether CuPy asks the operands of this kernel before it runs: an ``ElementwiseKernel`` or a ufunc."""
    return type(function).__module__.startswith("cupy") and type(function).__name__ in ("ElementwiseKernel", "ufunc")


def names_of(function: Any) -> tuple[str, ...]:
    """Return the names of a kernel's input parameters."""
    declared = getattr(function, "in_params", None)
    return tuple(f"x{i}" for i in range(function.nin)) if declared is None else tuple(p.name for p in declared)


def plain_function(function: Any) -> AnyFunction:
    """Return a function with a signature that calls the kernel."""
    if not hasattr(function, "nin"):
        return function if hasattr(function, "__name__") else named(function, type(function).__name__)
    names = names_of(function)
    reduces = "Reduction" in type(function).__name__
    keywords = ("axis", "keepdims", "stream") if reduces else LAUNCH

    def run(*args: Any, **kwargs: Any) -> Any:
        rest = [kwargs.pop(name) for name in names[len(args) :] if name in kwargs]
        return function(*args, *rest, **kwargs)

    either, only = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(name, either) for name in names]
    parameters += [inspect.Parameter(name, only, default=None) for name in keywords if name not in names]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__name__ = function.name
    return run


def named(function: Any, name: str) -> AnyFunction:
    def run(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    run.__name__ = name
    return run
