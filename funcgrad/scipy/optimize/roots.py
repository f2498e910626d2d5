"""Roots of systems of equations and of functions of one number: SciPy's methods, with exact derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.optimize

from funcgrad._typing import AnyFunction, PyTree
from funcgrad.scipy.optimize.derivatives import Residuals, as_real, differentiating, plain_values
from funcgrad.scipy.optimize.unknowns import Unknowns, first_of, with_arguments
from funcgrad.transforms.arguments import bare
from funcgrad.transforms.products import derivative

__all__ = ["root", "root_scalar"]

WITH_JACOBIAN = ("hybr", "lm")


def root(
    fun: AnyFunction,
    x0: PyTree,
    args: Any = (),
    method: str = "hybr",
    jac: Any = None,
    tol: float | None = None,
    callback: AnyFunction | None = None,
    options: dict[str, Any] | None = None,
) -> Any:
    """Find a root of a vector function of an array or a pytree, with the exact Jacobian.

    ``scipy.optimize.root``, to which the Jacobian is given for the methods that take it, ``hybr`` and ``lm``. For a
    root that can itself be differentiated see :func:`funcgrad.root`.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` returns the residuals: a number, an array, or a pytree of these, as many as `x` has elements
        (at least as many for ``lm``).
    x0 : array_like or pytree
        As for :func:`minimize`; complex for the methods that take that, ``krylov`` and its kin.
    args : tuple
        More arguments of `fun` and `jac`.
    method : str
        As in SciPy.
    jac : callable or bool, optional
        A function that returns the Jacobian matrix; True if `fun` returns ``(residuals, jacobian)``, False for finite
        differences. Exact by default.
    tol, options
        As in SciPy.
    callback : callable, optional
        As in SciPy; it sees trees.

    Returns
    -------
    OptimizeResult
        SciPy's. `x` is a tree like `x0` if that is one; `fun` is the vector of residuals.

    Raises
    ------
    NoDerivativeError, LostGradientError
        If `fun` is not differentiable; pass `jac`.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.scipy.optimize import root
    >>> def equations(p):
    ...     return [p["x"] ** 2 + p["y"] ** 2 - 2, p["x"] - p["y"]]
    >>> found = root(equations, {"x": 2.0, "y": 0.5})
    >>> found.x["x"].round(6), found.x["y"].round(6), found.success
    (np.float64(1.0), np.float64(1.0), True)
    """
    meth = method.lower()
    unknowns = Unknowns("root", x0, "fbiu" if meth in WITH_JACOBIAN else "fbiuc")
    bound = with_arguments(fun, args)
    residuals = Residuals("root", first_of(bound) if jac is True else bound, unknowns)
    of_u = residuals.value
    if jac is True:
        of_u = unknowns.of_tree(bound, lambda pair: (as_real("root", fun, pair[0], unknowns), np.asarray(pair[1])))
    elif callable(jac):
        jac = unknowns.of_tree(with_arguments(jac, args), np.asarray)
    elif jac is None and meth in WITH_JACOBIAN:
        jac = residuals.jacobian
    found = scipy.optimize.root(
        of_u, unknowns.vector, method=method, jac=jac, tol=tol, callback=unknowns.callback(callback), options=options
    )
    return unknowns.shown(found)


def root_scalar(
    f: AnyFunction,
    args: Any = (),
    method: str | None = None,
    bracket: Any = None,
    fprime: Any = None,
    fprime2: Any = None,
    x0: Any = None,
    x1: Any = None,
    xtol: float | None = None,
    rtol: float | None = None,
    maxiter: int | None = None,
    options: dict[str, Any] | None = None,
) -> Any:
    """Find a root of a function of one number, with exact derivatives.

    ``scipy.optimize.root_scalar``, to which the first derivative is given for ``newton`` (the default method if there
    is only `x0` to begin with), and the second too for ``halley``.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` returns a number; written with NumPy.
    fprime : callable or bool, optional
        The derivative; True if `f` returns ``(value, derivative)``. Exact by default.
    fprime2 : callable or bool, optional
        The second derivative; True if `f` returns all three. Exact by default. Given, it makes ``halley`` the default.
    args, method, bracket, x0, x1, xtol, rtol, maxiter, options
        As in SciPy.

    Returns
    -------
    RootResults
        SciPy's.

    Raises
    ------
    NoDerivativeError, LostGradientError
        If `f` is not differentiable; pass `fprime`, or choose a method without.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.scipy.optimize import root_scalar
    >>> found = root_scalar(lambda x: np.cos(x) - x, x0=0.5, method="halley")
    >>> round(found.root, 6), found.iterations
    (np.float64(0.739085), 3)
    """
    if method is None and bracket is None and x0 is not None and (fprime or fprime2 or x1 is None):
        method = "halley" if fprime2 else "newton"
    meth = (method or "").lower()
    bound = with_arguments(f, args)
    fprime, fprime2 = (with_arguments(d, args) if callable(d) else d for d in (fprime, fprime2))
    value = first_of(bound) if fprime is True else bound
    if fprime is None and meth in ("newton", "halley"):
        fprime = exact(f, derivative(value), "fprime")
    if fprime2 is None and meth == "halley":
        fprime2 = exact(f, derivative(derivative(value)), "fprime2")
    return scipy.optimize.root_scalar(
        bound,
        method=method,
        bracket=bracket,
        fprime=fprime,
        fprime2=fprime2,
        x0=x0,
        x1=x1,
        xtol=xtol,
        rtol=rtol,
        maxiter=maxiter,
        options=options,
    )


def exact(f: AnyFunction, derive: AnyFunction, option: str) -> AnyFunction:
    """Return a derivative that tells in its errors whose it is."""

    def evaluate(x: Any) -> Any:
        with differentiating("root_scalar", f, option):
            return plain_values("root_scalar", f, bare(derive(x)))

    return evaluate
