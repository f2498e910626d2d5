"""Fits of functions to data: SciPy's, with the exact Jacobian of the model."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import scipy.optimize

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.scipy.drop_in import as_array
from funcgrad.scipy.optimize.derivatives import differentiating, plain_values
from funcgrad.scipy.optimize.squares import limits
from funcgrad.scipy.optimize.unknowns import Unknowns
from funcgrad.transforms.arguments import bare
from funcgrad.transforms.jacobian import jacfwd

__all__ = ["curve_fit"]


def curve_fit(
    f: AnyFunction,
    xdata: Any,
    ydata: Any,
    p0: PyTree = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    check_finite: bool | None = None,
    bounds: Any = (-np.inf, np.inf),
    method: str | None = None,
    jac: Any = None,
    *,
    full_output: bool = False,
    nan_policy: str | None = None,
    **kwargs: Any,
) -> Any:
    """Fit a function to data by least squares, with the exact Jacobian.

    ``scipy.optimize.curve_fit``, to which the Jacobian is given.

    Parameters
    ----------
    f : callable
        ``f(xdata, *params)``, written with NumPy.
    xdata : array_like or object
        The first argument of `f`; arrays, lists and tuples as float64, a ``Series`` of pandas as the array in it.
    ydata : array_like
        The measured values, one for each element of what `f` returns.
    p0 : array_like, tuple, list or dict, optional
        Where to begin. Numbers are one parameter each, as in SciPy, and by default as many as `f` takes. A tuple or
        list may hold arrays too; those of a dict are passed to `f` by name. `popt` is then like it.
    sigma : array_like, optional
        Standard deviations of `ydata`, one or as many as there are data, or their covariance matrix.
    jac : callable or {'2-point', '3-point', 'cs'}, optional
        ``jac(xdata, *params)`` returns the Jacobian matrix, or a scheme of finite differences. Exact by default.
    bounds : tuple or Bounds
        ``(lb, ub)``, each a number, a vector, or a tree like `p0`.
    absolute_sigma, check_finite, method, full_output, nan_policy, **kwargs
        As in SciPy.

    Returns
    -------
    popt : array or like p0
        The parameters.
    pcov : array
        Their covariance; rows and columns belong to the elements of `popt`, for a dict in the order of its sorted keys.
    infodict, mesg, ier
        With `full_output`, as in SciPy.

    Raises
    ------
    NoDerivativeError, LostGradientError
        If `f` is not differentiable; pass `jac`.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.scipy.optimize import curve_fit
    >>> t = np.linspace(0, 4, 9)
    >>> def decay(t, height, rate):
    ...     return height * np.exp(-rate * t)
    >>> popt, pcov = curve_fit(decay, t, decay(t, 2.5, 1.3))
    >>> popt.round(6)
    array([2.5, 1.3])
    >>> popt, pcov = curve_fit(decay, t, decay(t, 2.5, 1.3), p0={"rate": 1.0, "height": 1.0})
    >>> popt["rate"].round(6)
    np.float64(1.3)
    """
    unknowns = None if p0 is None else Unknowns("curve_fit", p0)
    tree = unknowns.tree if unknowns is not None and unknowns.is_tree else None
    if tree is not None and not isinstance(p0, dict | list | tuple):
        raise TypeError(f"curve_fit: p0 must be an array, list, tuple or dict, got {type(p0).__name__}")

    def at(function: AnyFunction, xdata: Any, u: Array) -> Any:
        """Call the model or its Jacobian with the parameters in a vector."""
        params = u if tree is None else tree(u)
        return bare(function(xdata, **params) if isinstance(params, dict) else function(xdata, *params))

    if jac is None and hasattr(xdata, "to_numpy") and np.ndim(xdata) == 1:
        xdata = xdata.to_numpy()

    @functools.wraps(f)  # SciPy counts the parameters of its signature
    def model(xdata: Any, *params: Any) -> Any:
        return plain_values("curve_fit", f, at(f, xdata, np.asarray(params)))

    def jacobian(xdata: Any, *params: Any) -> Any:
        if callable(jac):
            return at(jac, xdata, np.asarray(params))

        def of_vector(u: Array) -> Array:
            y = as_array(at(f, xdata, u))
            return np.broadcast_to(y, np.shape(ydata)) if y.size == 1 else y  # as the data would, subtracted from it

        with differentiating("curve_fit", f, "jac"):
            return plain_values("curve_fit", f, bare(jacfwd(of_vector)(np.asarray(params))))

    popt, *rest = scipy.optimize.curve_fit(
        model,
        xdata,
        ydata,
        p0=None if unknowns is None else unknowns.vector,
        sigma=np.full(np.shape(ydata), sigma) if sigma is not None and np.size(sigma) == 1 else sigma,
        absolute_sigma=absolute_sigma,
        check_finite=check_finite,
        bounds=bounds if unknowns is None else limits(unknowns, bounds),
        method=method,
        jac=jacobian if jac is None or callable(jac) else jac,
        full_output=full_output,
        nan_policy=nan_policy,
        **kwargs,
    )
    return (popt if tree is None else tree(popt), *rest)
