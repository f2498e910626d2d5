"""Minimization of scalar functions: SciPy's methods, with the derivatives that each of them takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import scipy.optimize

from funcgrad._typing import AnyFunction, PyTree
from funcgrad.scipy.optimize.constraints import standard_bounds, standard_constraints
from funcgrad.scipy.optimize.derivatives import Objective
from funcgrad.scipy.optimize.unknowns import Unknowns, first_of, with_arguments

__all__ = ["minimize"]

WITHOUT_GRADIENT = ("nelder-mead", "powell", "cobyla", "cobyqa")
WITH_PRODUCTS = ("newton-cg", "trust-ncg", "trust-krylov", "trust-constr", "custom")
WITH_HESSIAN = ("dogleg", "trust-exact", "custom")
#: What SciPy has something for in place of the Hessian.
WITHOUT_HESSIAN = ("newton-cg", "trust-constr", "custom")


def minimize(
    fun: AnyFunction,
    x0: PyTree,
    args: Any = (),
    method: str | Callable[..., Any] | None = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: AnyFunction | None = None,
    options: dict[str, Any] | None = None,
) -> Any:
    """Minimize a scalar function of an array or a pytree, with exact derivatives.

    ``scipy.optimize.minimize``, to which gradient, Hessian, and products with the Hessian are given as far as the
    method takes them. The gradient comes with the value, from one evaluation.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` returns a scalar; written with NumPy.
    x0 : array_like or pytree
        Where to begin. An array of one axis, a number, or a list or tuple of numbers is a vector, as in SciPy;
        anything else is a tree, and `x` has its form wherever it occurs. Arrays keep their dtype, integers become
        float64.
    args : tuple
        More arguments of `fun` and its derivatives.
    method : str or callable, optional
        As in SciPy.
    jac : callable, bool or {'2-point', '3-point', 'cs'}, optional
        A function that returns the gradient, a tree like `x0` or a vector; True if `fun` returns ``(value,
        gradient)``; a scheme of finite differences, or False for SciPy's default one. Exact by default.
    hess : callable, {'2-point', '3-point', 'cs'} or HessianUpdateStrategy, optional
        A function that returns the Hessian, as a matrix or as a tree of trees. Exact by default for the methods that
        need it (``dogleg``, ``trust-exact``).
    hessp : callable, optional
        ``hessp(x, p, *args)`` multiplies the Hessian by `p`. Exact by default for the methods that take it
        (``Newton-CG``, ``trust-ncg``, ``trust-krylov``, ``trust-constr``). With a `jac` of your own, ``Newton-CG`` and
        ``trust-constr`` use what SciPy has in its place.
    bounds : Bounds, sequence or pytree, optional
        As in SciPy; for a tree also ``Bounds(lb, ub)`` of trees like `x0`, or one with ``(min, max)`` in place of
        arrays.
    constraints : dict, constraint, or list of these
        As in SciPy, with functions of `x`. Their derivatives are exact where not given: see
        :class:`NonlinearConstraint`. The matrix of a ``LinearConstraint`` belongs to the elements of `x0`, leaf by
        leaf.
    tol, options
        As in SciPy.
    callback : callable, optional
        As in SciPy: ``callback(x)``, or ``callback(intermediate_result)``.

    Returns
    -------
    OptimizeResult
        SciPy's. `x`, and the gradient in `jac`, are trees like `x0` if that is one; matrices belong to its elements,
        leaf by leaf.

    Raises
    ------
    NoDerivativeError, LostGradientError
        If `fun` is not differentiable; pass `jac`, or choose a method without.
    TypeError
        If `fun` depends on something that is being differentiated outside: see :func:`funcgrad.argmin`.
    ValueError
        If `x0` is complex, or `fun` does not return a scalar.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.scipy.optimize import minimize
    >>> x, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0])
    >>> def loss(line):
    ...     return np.sum((line["slope"] * x + line["offset"] - y) ** 2)
    >>> found = minimize(loss, {"slope": 0.0, "offset": 0.0})
    >>> {name: float(value.round(6)) for name, value in found.x.items()}
    {'slope': 2.0, 'offset': 1.0}
    >>> found = minimize(loss, {"slope": 0.0, "offset": 0.0}, bounds={"slope": (0, 1), "offset": (None, None)})
    >>> {name: float(value.round(6)) for name, value in found.x.items()}
    {'slope': 1.0, 'offset': 2.0}
    """
    unknowns = Unknowns("minimize", x0)
    meth = "custom" if callable(method) else (method or "").lower()
    fun = with_arguments(fun, args)
    derive = meth not in WITHOUT_GRADIENT
    exact = jac is None and derive
    objective = Objective("minimize", first_of(fun) if jac is True else fun, unknowns)
    if exact:
        of_u, jac = objective.value, objective.gradient
    elif jac is True:
        of_u = unknowns.of_tree(fun, lambda pair: (pair[0], unknowns.flat("the gradient", pair[1])))
    else:
        of_u = unknowns.of_tree(fun, lambda y: y)
        if callable(jac):
            jac = unknowns.of_tree(with_arguments(jac, args), lambda g: unknowns.flat("the gradient", g))
    if callable(hess):
        hess = unknowns.of_tree(with_arguments(hess, args), unknowns.assembled)
    if callable(hessp):
        hessp = unknowns.of_tree(with_arguments(hessp, args), lambda v: unknowns.flat("hessp", v), trees=2)
    if hess is None and hessp is None and (exact or meth not in WITHOUT_HESSIAN):
        hess = objective.matrix if meth in WITH_HESSIAN else None
        hessp = objective.product if meth in WITH_PRODUCTS else None
    found = scipy.optimize.minimize(
        of_u,
        unknowns.vector,
        method=method,
        jac=jac,
        hess=hess,
        hessp=hessp,
        bounds=standard_bounds(unknowns, bounds),
        constraints=standard_constraints(unknowns, constraints, derive, meth == "trust-constr"),
        tol=tol,
        callback=unknowns.callback(callback),
        options=options,
    )
    return unknowns.shown(found)
