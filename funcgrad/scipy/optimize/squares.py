"""Nonlinear least squares: SciPy's methods, with the exact Jacobian of the residuals."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.optimize

from funcgrad._typing import AnyFunction, PyTree
from funcgrad.scipy.optimize.derivatives import Residuals
from funcgrad.scipy.optimize.unknowns import Unknowns, with_arguments

__all__ = ["least_squares"]


def least_squares(
    fun: AnyFunction,
    x0: PyTree,
    jac: Any = None,
    bounds: Any = (-np.inf, np.inf),
    method: str = "trf",
    ftol: float | None = 1e-8,
    xtol: float | None = 1e-8,
    gtol: float | None = 1e-8,
    x_scale: Any = None,
    loss: Any = "linear",
    f_scale: float = 1.0,
    diff_step: Any = None,
    tr_solver: str | None = None,
    tr_options: dict[str, Any] | None = None,
    jac_sparsity: Any = None,
    max_nfev: int | None = None,
    verbose: int = 0,
    args: Any = (),
    kwargs: dict[str, Any] | None = None,
    callback: AnyFunction | None = None,
    workers: Any = None,
) -> Any:
    """Solve a nonlinear least-squares problem over an array or a pytree, with the exact Jacobian.

    ``scipy.optimize.least_squares``, to which the Jacobian is given: in forward mode if there are at least as many
    residuals as unknowns, else in reverse mode.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args, **kwargs)`` returns the residuals: a number, an array, or a pytree of these.
    x0 : array_like or pytree
        As for :func:`minimize`.
    jac : callable or {'2-point', '3-point', 'cs'}, optional
        A function that returns the Jacobian matrix, or a scheme of finite differences. Exact by default.
    bounds : tuple or Bounds
        ``(lb, ub)``, each a number, a vector, or a tree like `x0`.
    x_scale : array_like, pytree or 'jac', optional
        As in SciPy, or a tree like `x0`.
    jac_sparsity : array_like or sparse array, optional
        The pattern of non-zeros of the Jacobian, which is then computed, exactly, for groups of columns that share no
        row at once, and given to SciPy as a sparse array.
    method, ftol, xtol, gtol, loss, f_scale, diff_step, tr_solver, tr_options, max_nfev, verbose, args, kwargs
        As in SciPy.
    callback, workers
        As in SciPy 1.16 or newer. A callback sees trees.

    Returns
    -------
    OptimizeResult
        SciPy's. `x`, `grad` and `active_mask` are trees like `x0` if that is one; the columns of `jac` belong to its
        elements, leaf by leaf.

    Raises
    ------
    NoDerivativeError, LostGradientError
        If `fun` is not differentiable; pass `jac`.
    ValueError
        If `x0` or the residuals are complex, or `jac_sparsity` leaves out an element that is not zero.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.scipy.optimize import least_squares
    >>> t = np.linspace(0, 1, 5)
    >>> y = 2 * np.exp(-3 * t)
    >>> def residuals(decay):
    ...     return decay["height"] * np.exp(-decay["rate"] * t) - y
    >>> found = least_squares(residuals, {"height": 1.0, "rate": 1.0})
    >>> {name: float(value.round(6)) for name, value in found.x.items()}
    {'height': 2.0, 'rate': 3.0}
    """
    unknowns = Unknowns("least_squares", x0)
    exact = jac is None
    bound = with_arguments(fun, args, kwargs)
    residuals = Residuals("least_squares", bound, unknowns, jac_sparsity if exact else None)
    if exact:
        jac = residuals.jacobian
        if method == "lm" and jac_sparsity is not None:
            raise ValueError("least_squares: method='lm' does not support jac_sparsity")
    elif callable(jac):
        jac = unknowns.of_tree(with_arguments(jac, args, kwargs), lambda j: j)
    options: dict[str, Any] = {
        "x_scale": x_scale if x_scale is None or isinstance(x_scale, str) else unknowns.spread("x_scale", x_scale, 1.0),
        "callback": unknowns.callback(callback),
        "workers": workers,
    }
    found = scipy.optimize.least_squares(
        residuals.value,
        unknowns.vector,
        jac=jac,
        bounds=limits(unknowns, bounds),
        method=method,
        ftol=ftol,
        xtol=xtol,
        gtol=gtol,
        loss=loss,
        f_scale=f_scale,
        diff_step=diff_step,
        tr_solver=tr_solver,
        tr_options=tr_options or {},
        jac_sparsity=None if exact else jac_sparsity,
        max_nfev=max_nfev,
        verbose=verbose,
        **{name: value for name, value in options.items() if value is not None},
    )
    return unknowns.shown(found)


def limits(unknowns: Unknowns, bounds: Any) -> Any:
    """Return lower and upper bounds as vectors."""
    if not unknowns.is_tree:
        return bounds
    if isinstance(bounds, scipy.optimize.Bounds):
        bounds = bounds.lb, bounds.ub
    if not isinstance(bounds, list | tuple) or len(bounds) != 2:
        raise ValueError(f"{unknowns.name}: bounds must be a pair (lb, ub) or Bounds, got {bounds!r:.80}")
    return unknowns.spread("bounds", bounds[0], -np.inf), unknowns.spread("bounds", bounds[1], np.inf)
