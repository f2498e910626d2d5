"""``numeric``: difference quotients for a black box, where the user asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.core.level import plain, zeros
from funcgrad.core.space import space_of
from funcgrad.transforms.custom import Body, CustomCall
from funcgrad.transforms.custom_function import CustomFunction, is_traced
from funcgrad.transforms.custom_run import Pack, run
from funcgrad.transforms.gradient import stop_gradient

__all__ = ["numeric"]

#: By order: the points, in steps, and weights of a central difference.
STENCILS = {2: ((1, -1), (1 / 2, -1 / 2)), 4: ((1, -1, 2, -2), (2 / 3, -2 / 3, -1 / 12, 1 / 12))}

#: Step of the imaginary part: its square vanishes beside any value, so it needs no tuning.
COMPLEX_STEP = 1e-20


class numeric(CustomFunction):
    """A function of plain arrays whose derivatives are difference quotients.

    For what cannot be written in NumPy: a simulation, a compiled routine, a call of another program. The function
    only ever gets plain arrays, whatever transforms are around it.

    Parameters
    ----------
    fun : callable
        Takes and returns arrays or pytrees. Has to be smooth, and to give the same result for the same arguments.
    method : {"central", "complex"}
        ``"central"`` compares values on both sides of the point. ``"complex"`` evaluates at a point with a tiny
        imaginary part: exact to rounding, but `fun` has to be analytic and to take complex arrays.
    step : float, optional
        How far an element moves. By default ``eps**(1 / (order + 1))`` times the element's size, at least 1, which
        balances truncation and rounding; 1e-20 for the complex step.
    order : {2, 4}
        The order of the central difference. 4 takes twice as many evaluations and is more accurate.

    Returns
    -------
    callable

    Notes
    -----
    Forward mode takes `order` evaluations for each tangent (one with the complex step). Reverse mode builds the
    Jacobian column by column: `order` evaluations for *each element* of the differentiated arguments, twice that for
    complex ones. Under ``vmap`` examples are run one after the other. A second derivative takes differences of
    differences: with order 2 about 5 digits are right, with order 4 about 8; after a complex step the second derivative
    is a central difference.

    The steps follow Press et al., *Numerical Recipes*, 3rd ed., section 5.7 (the step is `x + h - x`, which a floating
    point number represents exactly), and W. Squire and G. Trapp, "Using complex variables to estimate derivatives of
    real functions", SIAM Review 40 (1998).

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> from math import gamma  # takes floats only
    >>> f = fg.numeric(lambda x: gamma(float(x)))
    >>> float(fg.grad(f)(3.0).round(6))
    1.845569
    """

    kind = "numeric"

    def __init__(self, fun: AnyFunction, method: str = "central", step: float | None = None, order: int = 2) -> None:
        super().__init__(fun)
        if method not in ("central", "complex"):
            raise ValueError(f"numeric: method is 'central' or 'complex', not {method!r}")
        if order not in STENCILS:
            raise ValueError(f"numeric: order is 2 or 4, not {order!r}")
        if step is not None and not step > 0:
            raise ValueError(f"numeric: step must be positive, got {step!r}")
        self.method, self.step, self.order = method, step, order

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arrays, pack = Pack.unpack((args, kwargs))
        if not is_traced(arrays):
            return self.fun(*args, **kwargs)
        return self.call(NumericBody(self, pack), arrays)


class NumericBody(Body):
    """One call of a function whose derivatives are difference quotients."""

    has_jvp = has_vjp = True
    loops = True
    is_linear_text = False

    def __init__(self, custom: numeric, pack: Pack) -> None:
        self.custom = custom
        self.name = custom.name
        self.pack = pack

    def value(self, xs: Sequence[Any]) -> list[Any]:
        def function(xs: list[Any]) -> PyTree:
            args, kwargs = self.pack.build(xs)
            return self.custom.fun(*args, **kwargs)

        outs, self.outputs = run(self.name, function, xs)
        return outs

    # -- Forward mode

    def tangent(self, call: CustomCall, xs: Sequence[Any], dxs: list[Any]) -> tuple[list[Any], list[Any]]:
        outs = self.again(call, xs)
        speed: Any = 0.0  # the largest tangent, in steps of its element
        for x, dx in zip(xs, dxs, strict=True):
            if dx is not None and space_of(x).size:
                speed = np.maximum(speed, np.max(np.abs(stop_gradient(dx)) / self.steps(x)))
        scale = 1 / np.where(speed == 0, 1, speed)
        moves = [None if dx is None else (dx * scale).astype(dx.dtype) for dx in dxs]
        return list(outs), [None if d is None else d / scale for d in self.difference(call, xs, moves)]

    # -- Reverse mode

    def forward(self, call: CustomCall, xs: Sequence[Any], perturbed: list[bool]) -> tuple[list[Any], list[Any], Any]:
        return list(self.again(call, xs)), list(xs), (call, perturbed)

    def backward(self, memo: Any, residuals: Sequence[Any], gs: list[Any]) -> list[Any]:
        call, perturbed = memo
        return [
            self.cotangent(call, residuals, i, gs) if wanted and space_of(residuals[i]).is_inexact else None
            for i, wanted in enumerate(perturbed)
        ]

    def cotangent(self, call: CustomCall, xs: Sequence[Any], i: int, gs: list[Any]) -> Array:
        """Return the cotangent of operand `i`, an element at a time."""
        space, step = space_of(xs[i]), self.steps(xs[i])
        if not space.size:
            return zeros(space, xs[i])
        elements = [self.slope(call, xs, i, j, step, gs) for j in range(space.size)]
        if space.is_complex:
            turned = [self.slope(call, xs, i, j, 1j * step, gs) for j in range(space.size)]
            elements = [a - 1j * b for a, b in zip(elements, turned, strict=True)]
        return np.reshape(np.stack(elements), space.shape).astype(space.dtype)

    def slope(self, call: CustomCall, xs: Sequence[Any], i: int, j: int, step: Array, gs: list[Any]) -> Any:
        """Return the derivative of the real number ``sum(g * y)`` along one element."""
        unit = unit_like(xs[i], j)
        moves = [unit * step if n == i else None for n in range(len(xs))]
        products = [np.sum(g * d) for g, d in zip(gs, self.difference(call, xs, moves), strict=True) if d is not None]
        return np.real(sum(products, 0.0)) / np.sum(np.abs(unit * step))

    # -- Differences

    def steps(self, x: Array) -> Array:
        """Return how far the elements of `x` move; no derivative goes through it."""
        space = space_of(x)
        eps = np.finfo(space.dtype).eps
        if self.custom.method == "complex" and not space.is_complex:
            return zeros(space, x) + space.dtype.type(self.custom.step or COMPLEX_STEP)
        size = np.maximum(np.abs(stop_gradient(x)), 1)
        step = self.custom.step or eps ** (1 / (self.custom.order + 1)) * size
        moved = size + step
        return moved - size

    def difference(self, call: CustomCall, xs: Sequence[Any], moves: list[Any]) -> list[Any]:
        """Return by how much the outputs change when the operands move; None for those that are integers."""
        if self.custom.method == "complex" and not any(np.iscomplexobj(plain(m)) for m in moves if m is not None):
            return self.imaginary(self.again(call, shifted(xs, moves, 1j)))
        points, weights = STENCILS[self.custom.order]
        values = [self.again(call, shifted(xs, moves, k)) for k in points]
        return [
            sum(w * y for w, y in zip(weights, ys, strict=True)) if space_of(ys[0]).is_inexact else None
            for ys in zip(*values, strict=True)
        ]

    def imaginary(self, outs: Sequence[Any]) -> list[Any]:
        if any(not space_of(y).is_complex for y in outs if space_of(y).is_inexact):
            raise TypeError(
                f"numeric(method='complex'): {self.name} returned real values for complex arguments, so it is not "
                "analytic. Use method='central'."
            )
        return [np.imag(y) if space_of(y).is_inexact else None for y in outs]


def shifted(xs: Sequence[Any], moves: list[Any], k: complex) -> list[Any]:
    return [x if move is None else x + k * move for x, move in zip(xs, moves, strict=True)]


def unit_like(x: Array, j: int) -> Array:
    """Return an array like `x` that is one at its element `j` and zero elsewhere."""
    space, value = space_of(x), plain(x)
    unit = np.zeros(space.size, space.dtype)
    unit[j] = 1
    unit = np.reshape(unit, space.shape)
    return unit if isinstance(value, np.ndarray | np.generic | float | complex) else np.array(unit, like=value)
