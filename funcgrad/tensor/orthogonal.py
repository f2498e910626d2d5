"""Orthogonal polynomials of ``funcgrad.special``, by their recurrences: so they have derivatives of all orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor.beside import here, on_host
from funcgrad.tensor.calling import operands, operation, values_of
from funcgrad.tensor.promotion import as_real
from funcgrad.tensor.shell import Base, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w"),
    *("hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p"),
    *("shifted_chebyshev_polynomial_t", "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v"),
    *("shifted_chebyshev_polynomial_w",),
]

#: The polynomial of degree 1, and that of degree ``k + 1`` from those of degrees ``k`` and ``k - 1``.
First = Callable[[Any], Any]
Next = Callable[[Any, int, Any, Any], Any]


def polynomial(name: str, title: str, first: First, following: Next) -> Callable[..., Tensor]:
    """Return the operation that evaluates a family of polynomials, each element at its own degree."""

    def evaluate(input: Any, n: Any) -> Tensor:
        x, degrees = operands(input, n)
        x = as_real(x if hasattr(x, "dtype") else here(np.asarray(x, degrees.dtype), degrees))
        degree = np.trunc(on_host(values_of(n) if isinstance(n, Base) else n))
        highest = int(np.max(degree, initial=0))
        degree = here(degree, x)
        y = np.where(degree == 0, np.ones_like(x), np.zeros_like(x))
        before, p = np.ones_like(x), first(x)
        for k in range(1, highest + 1):
            y = np.where(degree == k, p, y)
            if k < highest:
                before, p = p, following(x, k, p, before)
        return wrap(y.astype(x.dtype))

    evaluate.__name__ = evaluate.__qualname__ = name
    evaluate.__doc__ = f"Return the {title} of degree `n` at `input`; a negative degree gives zero."
    return operation(evaluate)


def shifted(first: First, following: Next) -> tuple[First, Next]:
    """Return the recurrence of polynomials on [0, 1] instead of [-1, 1]."""
    return lambda x: first(2 * x - 1), lambda x, k, p, before: following(2 * x - 1, k, p, before)


def chebyshev(x: Any, k: int, p: Any, before: Any) -> Any:
    return 2 * x * p - before


FIRST: dict[str, First] = {
    "t": lambda x: x,
    "u": lambda x: 2 * x,
    "v": lambda x: 2 * x - 1,
    "w": lambda x: 2 * x + 1,
}
TITLES = {"t": "first", "u": "second", "v": "third", "w": "fourth"}


def of_kind(kind: str) -> Callable[..., Tensor]:
    title = f"Chebyshev polynomial of the {TITLES[kind]} kind"
    return polynomial(f"chebyshev_polynomial_{kind}", title, FIRST[kind], chebyshev)


def shifted_of_kind(kind: str) -> Callable[..., Tensor]:
    title = f"shifted Chebyshev polynomial of the {TITLES[kind]} kind"
    return polynomial(f"shifted_chebyshev_polynomial_{kind}", title, *shifted(FIRST[kind], chebyshev))


chebyshev_polynomial_t, chebyshev_polynomial_u = of_kind("t"), of_kind("u")
chebyshev_polynomial_v, chebyshev_polynomial_w = of_kind("v"), of_kind("w")
shifted_chebyshev_polynomial_t, shifted_chebyshev_polynomial_u = shifted_of_kind("t"), shifted_of_kind("u")
shifted_chebyshev_polynomial_v, shifted_chebyshev_polynomial_w = shifted_of_kind("v"), shifted_of_kind("w")
hermite_polynomial_h = polynomial(
    "hermite_polynomial_h",
    "physicist's Hermite polynomial",
    lambda x: 2 * x,
    lambda x, k, p, before: 2 * x * p - 2 * k * before,
)
hermite_polynomial_he = polynomial(
    "hermite_polynomial_he",
    "probabilist's Hermite polynomial",
    lambda x: x,
    lambda x, k, p, before: x * p - k * before,
)
laguerre_polynomial_l = polynomial(
    "laguerre_polynomial_l",
    "Laguerre polynomial",
    lambda x: 1 - x,
    lambda x, k, p, before: ((2 * k + 1 - x) * p - k * before) / (k + 1),
)
legendre_polynomial_p = polynomial(
    "legendre_polynomial_p",
    "Legendre polynomial",
    lambda x: x,
    lambda x, k, p, before: ((2 * k + 1) * x * p - k * before) / (k + 1),
)
