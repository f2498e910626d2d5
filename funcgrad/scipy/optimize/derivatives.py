"""Functions of SciPy's vector with their exact derivatives: scalar objectives, and vectors of residuals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.core.level import tracers_in
from funcgrad.errors import LostGradientError, NoDerivativeError
from funcgrad.scipy.drop_in import as_array
from funcgrad.scipy.optimize.unknowns import Unknowns, named
from funcgrad.transforms.arguments import bare
from funcgrad.transforms.batch import vmap
from funcgrad.transforms.forward import jvp
from funcgrad.transforms.gradient import grad, value_and_grad
from funcgrad.transforms.jacobian import hessian, jacfwd, jacrev
from funcgrad.transforms.linearize import linearize
from funcgrad.tree import flatten, ravel

__all__ = ["Objective", "Residuals", "as_real", "differentiating", "plain_values"]


@contextmanager
def differentiating(name: str, f: Any, option: str) -> Iterator[None]:
    """Say in an error whose derivative was asked for, and what to do without."""
    try:
        yield
    except (NoDerivativeError, LostGradientError) as error:
        error.add_note(
            f"{name}: {named(f)} was being differentiated, because {option} was not given. Write it with what funcgrad "
            f"differentiates, or pass {option}: a function, or '2-point' for finite differences where SciPy takes that."
        )
        raise


def plain_values(name: str, f: Any, values: Any) -> Any:
    """Return what the user's function gave; raise if it is traced by a transform outside of the solver."""
    for x in tracers_in(values):
        raise TypeError(
            f"{name}: {named(f)} returned a traced value of shape {x.space.shape}: it depends on something that is "
            "being differentiated or mapped over outside of the solver, which SciPy does not see. Solutions are "
            "differentiated by funcgrad.argmin, funcgrad.root and funcgrad.implicit_diff; funcgrad.stop_gradient holds "
            "a value fixed."
        )
    return values


class Objective:
    """A scalar function of the vector; value and gradient come from one evaluation, and are kept."""

    def __init__(self, name: str, f: AnyFunction, unknowns: Unknowns) -> None:
        self.name = name
        self.f = f
        self.unknowns = unknowns
        self.derive = value_and_grad(self.of_vector)
        self.slope = grad(self.of_vector)
        self.at: Array | None = None
        self.linear_at: Array | None = None

    found: tuple[Any, Array]
    push: Callable[[Array], Array]

    def of_vector(self, u: Array) -> Array:
        leaves = [as_array(leaf) for leaf in flatten(self.f(self.unknowns.tree(u)))[0]]
        if len(leaves) != 1 or leaves[0].size != 1:  # of a tensor or a scalar with labels it is one
            shapes = ", ".join(str(y.shape) for y in leaves)
            raise ValueError(f"{self.name}: {named(self.f)} must return a scalar value, got arrays of shape {shapes}")
        (y,) = leaves
        return np.reshape(y if y.dtype.kind in "fc" else y.astype(float), ())[()]

    def evaluate(self, u: Array) -> tuple[Any, Array]:
        if self.at is None or not np.array_equal(u, self.at):
            self.at = None
            with differentiating(self.name, self.f, "jac"):
                self.found = plain_values(self.name, self.f, bare(self.derive(u)))
            self.at = u.copy()
        return self.found

    def value(self, u: Array) -> Any:
        return self.evaluate(u)[0]

    def gradient(self, u: Array) -> Array:
        return self.evaluate(u)[1]

    def product(self, u: Array, p: Array) -> Array:
        """Multiply the Hessian by a vector; at each point the gradient is linearized once, for all vectors."""
        if self.linear_at is None or not np.array_equal(u, self.linear_at):
            self.linear_at = None
            with differentiating(self.name, self.f, "hessp"):
                g, self.push = linearize(self.slope, u.copy())
                plain_values(self.name, self.f, bare(g))
            self.linear_at = u.copy()
        found: Array = bare(self.push(np.reshape(p, u.shape)))
        return found

    def matrix(self, u: Array) -> Array:
        """Return the Hessian."""
        with differentiating(self.name, self.f, "hess"):
            found: Array = plain_values(self.name, self.f, bare(hessian(self.of_vector)(u)))
        return found


class Residuals:
    """A vector function of the vector."""

    def __init__(self, name: str, f: AnyFunction, unknowns: Unknowns, sparsity: Any = None) -> None:
        self.name = name
        self.f = f
        self.unknowns = unknowns
        self.count: int | None = None  # of residuals, once it was called
        self.checked = False  # whether the pattern is right
        self.pattern = None if sparsity is None else sparse.csr_array(sparsity)

    def of_vector(self, u: Array) -> Array:
        y: Array = as_real(self.name, self.f, self.f(self.unknowns.tree(u)), self.unknowns)
        return y

    def value(self, u: Array) -> Array:
        y: Array = plain_values(self.name, self.f, self.of_vector(u))
        self.count = y.size
        return y

    def jacobian(self, u: Array) -> Any:
        """Return the matrix of derivatives, in the mode that needs fewer passes; sparse if the pattern is known."""
        if self.count is None:
            self.value(u)
        with differentiating(self.name, self.f, "jac"):
            if self.pattern is not None:
                return self.compressed(u)
            derive = jacfwd if self.count is None or self.count >= u.size else jacrev
            found: Array = plain_values(self.name, self.f, bare(derive(self.of_vector)(u)))
        return found

    def compressed(self, u: Array) -> Any:
        """Return the sparse Jacobian, from one tangent for each group of columns that share no row."""
        assert self.pattern is not None
        rows, columns = self.pattern.nonzero()
        colours = coloured(self.pattern)
        seeds = np.asarray(colours == np.arange(colours.max(initial=0) + 1)[:, None], u.dtype)
        push = vmap(lambda seed: jvp(self.of_vector, (u,), (seed,))[1])
        products = plain_values(self.name, self.f, bare(push(seeds)))
        found = sparse.csr_array((products[colours[columns], rows], (rows, columns)), shape=self.pattern.shape)
        if not self.checked:
            self.check(found, u)
        return found

    def check(self, found: Any, u: Array) -> None:
        """Compare with a full product, once: elements that the pattern leaves out would be lost, or lie elsewhere."""
        p = np.cos(np.arange(1.0, u.size + 1)).astype(u.dtype)
        expected = plain_values(self.name, self.f, bare(jvp(self.of_vector, (u,), (p,))[1]))
        scale = abs(found) @ abs(p) + abs(expected)
        if np.any(abs(found @ p - expected) > 1e-3 * scale):
            raise ValueError(f"{self.name}: the sparsity leaves out elements of the Jacobian that are not zero")
        self.checked = True

    def curvature(self, u: Array, weights: Array) -> LinearOperator:
        """Return the Hessian of a weighted sum, as constraints' multipliers make it, as an operator."""
        total = Objective(
            self.name, lambda x: weights @ as_real(self.name, self.f, self.f(x), self.unknowns), self.unknowns
        )
        return LinearOperator((u.size, u.size), matvec=lambda p: total.product(u, p), dtype=float)


def as_real(name: str, f: Any, y: PyTree, unknowns: Unknowns) -> Array:
    """Return the residuals, an array, a list or any tree of these, as one vector."""
    vector = ravel(bare(y))[0]
    if vector.dtype.kind == "c" and unknowns.vector.dtype.kind != "c":
        raise ValueError(f"{name}: {named(f)} returned complex numbers; return their real and imaginary parts")
    return vector if vector.dtype.kind in "fc" else vector.astype(float)


def coloured(pattern: Any) -> Array:
    """Number groups of columns of which no two have a non-zero in the same row, the fullest columns first."""
    columns = pattern.tocsc()
    colours = np.full(columns.shape[1], -1)
    used: list[Array] = []  # for each colour, the rows that its columns fill
    for j in np.argsort(-np.diff(columns.indptr), kind="stable"):
        rows = columns.indices[columns.indptr[j] : columns.indptr[j + 1]]
        colour = next((k for k, taken in enumerate(used) if not taken[rows].any()), len(used))
        if colour == len(used):
            used.append(np.zeros(columns.shape[0], bool))
        used[colour][rows] = True
        colours[j] = colour
    return colours
