"""Bounds and constraints: stated for arrays or trees, with exact derivatives of the functions in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.optimize

from funcgrad._typing import AnyFunction
from funcgrad.scipy.optimize.derivatives import Residuals
from funcgrad.scipy.optimize.unknowns import Unknowns, with_arguments

__all__ = ["NonlinearConstraint", "standard_bounds", "standard_constraints"]


class NonlinearConstraint(scipy.optimize.NonlinearConstraint):  # type: ignore[misc]
    """A constraint ``lb <= fun(x) <= ub``, whose derivatives are exact where none are given.

    Parameters
    ----------
    fun : callable
        ``fun(x)`` returns a number, an array, or a pytree of these; `x` has the form of the initial guess.
    lb, ub : array_like
        The limits, ``-inf`` and ``inf`` for none; equal ones make an equation.
    jac : callable or {'2-point', '3-point', 'cs'}, optional
        A function that returns the Jacobian matrix, or a scheme of finite differences. Exact by default.
    hess : callable, {'2-point', '3-point', 'cs'} or HessianUpdateStrategy, optional
        ``hess(x, v)`` returns the Hessian of ``v @ fun(x)``. Exact by default, and used by ``trust-constr`` alone.
        With a `jac` of your own the default is SciPy's, ``BFGS()``.
    keep_feasible, finite_diff_rel_step
        As in SciPy.
    finite_diff_jac_sparsity : array_like or sparse array, optional
        The pattern of non-zeros of the Jacobian, which is then computed, exactly, for groups of columns at once.

    Notes
    -----
    ``scipy.optimize.NonlinearConstraint`` serves as well. As its defaults cannot be told from the same things asked
    for, its ``jac='2-point'`` and ``hess=BFGS()`` are taken for "not given".

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.scipy.optimize import NonlinearConstraint, minimize
    >>> disk = NonlinearConstraint(lambda p: p["x"] ** 2 + p["y"] ** 2, -np.inf, 2)
    >>> found = minimize(lambda p: p["x"] + p["y"], {"x": 0.5, "y": 0.0}, constraints=disk)
    >>> float(found.x["x"].round(4)), float(found.x["y"].round(4))
    (-1.0, -1.0)
    """

    def __init__(
        self,
        fun: AnyFunction,
        lb: Any,
        ub: Any,
        jac: Any = None,
        hess: Any = None,
        keep_feasible: Any = False,
        finite_diff_rel_step: Any = None,
        finite_diff_jac_sparsity: Any = None,
    ) -> None:
        super().__init__(
            fun,
            lb,
            ub,
            jac=jac,
            hess=hess,
            keep_feasible=keep_feasible,
            finite_diff_rel_step=finite_diff_rel_step,
            finite_diff_jac_sparsity=finite_diff_jac_sparsity,
        )
        self.hess = hess  # None, which SciPy's class has replaced


def standard_bounds(unknowns: Unknowns, bounds: Any) -> Any:
    """Return bounds as SciPy takes them: ``Bounds`` of vectors for a tree, what was given otherwise.

    For a tree they may be ``Bounds`` of trees, vectors or numbers, a tree like x0 with ``(min, max)`` in place of
    arrays, or SciPy's sequence of such pairs.
    """
    if bounds is None or not unknowns.is_tree:
        return bounds
    if isinstance(bounds, scipy.optimize.Bounds):
        keep = unknowns.spread("keep_feasible", bounds.keep_feasible, 0).astype(bool)
        lower, upper = bounds.lb, bounds.ub
    else:
        pairs = bounds if is_sequence_of_pairs(bounds, unknowns.size) else unknowns.leaves("bounds", bounds)
        for pair in pairs:
            if not isinstance(pair, Sequence | np.ndarray) or len(pair) != 2:
                raise ValueError(
                    f"{unknowns.name}: bounds for a tree are scipy.optimize.Bounds, or a tree like x0 with (min, max) "
                    f"in place of arrays; got {pair!r:.80}"
                )
        lows, highs = zip(*pairs, strict=True)
        flat = pairs is bounds
        lower, upper = (limits if flat else unknowns.structure.unflatten(limits) for limits in (lows, highs))
        if flat:
            lower = [-np.inf if low is None else low for low in lower]
            upper = [np.inf if high is None else high for high in upper]
        keep = np.zeros(unknowns.size, bool)
    return scipy.optimize.Bounds(
        unknowns.spread("bounds", lower, -np.inf), unknowns.spread("bounds", upper, np.inf), keep
    )


def is_sequence_of_pairs(bounds: Any, size: int) -> bool:
    """Whether bounds are SciPy's pairs of numbers, one for each element of the vector."""
    return (
        type(bounds) in (list, tuple, np.ndarray)
        and len(bounds) == size
        and all(type(pair) in (list, tuple, np.ndarray) and len(pair) == 2 for pair in bounds)
        and all(x is None or np.ndim(x) == 0 for pair in bounds for x in pair)
    )


def standard_constraints(unknowns: Unknowns, constraints: Any, derive: bool, hess: bool) -> Any:
    """Return constraints on the vector, with Jacobians if `derive` and Hessians if `hess`."""
    if isinstance(constraints, dict | scipy.optimize.LinearConstraint | scipy.optimize.NonlinearConstraint):
        constraints = [constraints]
    return [standard_constraint(unknowns, c, derive, hess) for c in constraints]


def standard_constraint(unknowns: Unknowns, constraint: Any, derive: bool, hess: bool) -> Any:
    if isinstance(constraint, dict):
        return of_dict(unknowns, constraint, derive, hess)
    if not isinstance(constraint, scipy.optimize.NonlinearConstraint):
        return constraint  # linear: a matrix, whose columns belong to the vector
    own = isinstance(constraint, NonlinearConstraint)
    pattern = constraint.finite_diff_jac_sparsity
    residuals = Residuals("minimize", constraint.fun, unknowns, pattern if derive else None)
    jac, second = constraint.jac, constraint.hess
    exact = jac is None or (not own and jac == "2-point")
    if exact:
        jac = residuals.jacobian if derive else "2-point"
    elif callable(jac):
        jac = unknowns.of_tree(jac, np.asarray)
    missing = second is None or (not own and type(second) is scipy.optimize.BFGS)
    if missing:
        second = residuals.curvature if hess and exact else scipy.optimize.BFGS()
    elif callable(second):
        second = unknowns.of_tree(second, unknowns.assembled)
    return scipy.optimize.NonlinearConstraint(
        residuals.value,
        constraint.lb,
        constraint.ub,
        jac=jac,
        hess=second,
        keep_feasible=constraint.keep_feasible,
        finite_diff_rel_step=constraint.finite_diff_rel_step,
        finite_diff_jac_sparsity=None if callable(jac) else pattern,
    )


def of_dict(unknowns: Unknowns, constraint: dict[str, Any], derive: bool, hess: bool) -> Any:
    """Complete a constraint that is stated as ``{"type": "eq", "fun": ...}``."""
    if not callable(constraint.get("fun")) or not derive:
        plain = dict(constraint)
        if callable(constraint.get("fun")):
            plain["fun"] = Residuals("minimize", bound(constraint, "fun"), unknowns).value
        plain.pop("args", None)
        return plain
    residuals = Residuals("minimize", bound(constraint, "fun"), unknowns)
    jac = constraint.get("jac")
    given = unknowns.of_tree(bound(constraint, "jac"), np.asarray) if callable(jac) else jac
    if hess and given is None and str(constraint.get("type")).lower() in ("eq", "ineq"):
        upper = 0 if str(constraint["type"]).lower() == "eq" else np.inf
        return scipy.optimize.NonlinearConstraint(
            residuals.value, 0, upper, jac=residuals.jacobian, hess=residuals.curvature
        )
    rest = {key: constraint[key] for key in constraint if key != "args"}
    return rest | {"fun": residuals.value, "jac": residuals.jacobian if given is None else given}


def bound(constraint: dict[str, Any], key: str) -> AnyFunction:
    """Return a function of a constraint with its further arguments."""
    return with_arguments(constraint[key], constraint.get("args", ()))
