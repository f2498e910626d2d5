"""The unknowns of a problem: one real vector for SciPy, an array or a tree for the user's functions."""

from __future__ import annotations

import functools
import inspect
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.scipy.drop_in import is_guest
from funcgrad.transforms.arguments import bare, is_array
from funcgrad.transforms.gradient import stop_gradient
from funcgrad.tree import LEAF, flatten, flatten_with_paths

__all__ = ["Unknowns", "first_of", "named", "with_arguments"]

#: What a result may hold that has the form of x.
LIKE_X = ("x", "jac", "grad", "lagrangian_grad", "active_mask")

REAL = "fbiu"


def named(f: Any) -> str:
    """Return how to call a user's function in a message."""
    return str(getattr(f, "__qualname__", None) or repr(f))


def with_arguments(f: AnyFunction, args: Any, kwargs: dict[str, Any] | None = None) -> AnyFunction:
    """Return `f` as a function of what comes before SciPy's ``args``; a single argument needs no tuple."""
    rest = args if isinstance(args, tuple) else (args,)
    if not rest and not kwargs:
        return f

    @functools.wraps(f)
    def of_first(*first: Any) -> Any:
        return f(*first, *rest, **(kwargs or {}))

    return of_first


def is_array_like(x: Any) -> bool:
    """Whether SciPy takes an initial guess for a vector: an array, a number, or a list or tuple of numbers."""
    if type(x) in (list, tuple):
        return all(np.ndim(item) == 0 and is_array(item) for item in x)
    return flatten(x)[1] == LEAF and (is_array(x) or hasattr(x, "__array__"))


def first_of(f: AnyFunction) -> AnyFunction:
    """Return a function that gives value and derivative as one that gives the value."""

    @functools.wraps(f)
    def value(x: Any) -> Any:
        return f(x)[0]

    return value


class Unknowns:
    """The initial guess as one vector, and how to make of a vector what the user's functions take.

    An array of one axis, a number, a list or tuple of numbers is an array, as in SciPy; all else is a tree.
    Integers become float64; leaves of other dtypes keep theirs, while SciPy calculates in double precision.
    """

    def __init__(self, name: str, x0: PyTree, kinds: str = REAL) -> None:
        x0 = stop_gradient(x0)  # the solution does not depend on where the search begins
        x0 = np.atleast_1d(np.asarray(x0)) if is_array_like(x0) and not is_guest(x0) else x0
        self.name = name
        leaves, self.structure = flatten(x0)
        for path, leaf in flatten_with_paths(x0):
            if not is_array(leaf) or np.asarray(leaf).dtype.kind not in REAL + "c":
                raise TypeError(f"{name}: x0 must hold numbers, got {leaf!r:.80} at {path or 'x0'}")
            if np.asarray(leaf).dtype.kind not in kinds:
                raise ValueError(
                    f"{name}: x0 must be real, got {np.asarray(leaf).dtype} at {path or 'x0'}. Take the real and the "
                    "imaginary parts as unknowns of their own: x = u + 1j * v."
                )
        arrays = [np.asarray(leaf) for leaf in leaves]
        arrays = [x.astype(float) if x.dtype.kind in "biu" else x for x in arrays]
        self.shapes = [x.shape for x in arrays]
        self.dtypes = [x.dtype for x in arrays]
        self.ends = list(itertools.accumulate(x.size for x in arrays))
        flat = np.concatenate([np.ravel(x) for x in arrays]) if arrays else np.zeros(0)
        self.vector = flat.astype(np.promote_types(flat.dtype, float))
        self.size: int = self.vector.size
        self.is_tree = self.structure is not LEAF or arrays[0].ndim != 1

    def tree(self, u: Array) -> PyTree:
        """Return a vector in the form of x0; differentiable."""
        if not self.is_tree:
            return in_dtype(u, self.dtypes[0])
        parts = [part(u, end, shape) for end, shape in zip(self.ends, self.shapes, strict=True)]
        return self.structure.unflatten([in_dtype(x, dtype) for x, dtype in zip(parts, self.dtypes, strict=True)])

    def flat(self, what: str, given: PyTree) -> Array:
        """Return a gradient, or whatever else is like x0, as a vector: a tree or a vector."""
        given = bare(given)
        if not self.is_tree or (is_array(given) and np.shape(given) == (self.size,)):
            return np.asarray(given)
        leaves = self.leaves(what, given)
        for leaf, shape in zip(leaves, self.shapes, strict=True):
            if np.shape(leaf) != shape:
                raise ValueError(f"{self.name}: {what} must be like x0; a leaf has shape {np.shape(leaf)}, not {shape}")
        return np.concatenate([np.ravel(leaf) for leaf in leaves]).astype(self.vector.dtype)

    def spread(self, what: str, given: Any, default: float) -> Array:
        """Return what is stated for each unknown as a vector: one number, a vector, or a tree of what broadcasts."""
        if isinstance(given, np.ndarray) and given.dtype == object and given.size == 1:
            given = given.item()  # scipy.optimize.Bounds has put a tree into an array
        if is_array_like(given) and np.size(given) in (1, self.size):
            return np.broadcast_to(np.ravel(given), (self.size,)).astype(float)
        leaves = [default if leaf is None else leaf for leaf in self.leaves(what, given)]
        wide = [np.ravel(np.broadcast_to(leaf, shape)) for leaf, shape in zip(leaves, self.shapes, strict=True)]
        return np.concatenate(wide).astype(float)

    def leaves(self, what: str, given: PyTree) -> list[Any]:
        """Return what stands in a tree where x0 has arrays."""
        try:
            return list(self.structure.flatten_up_to(given))
        except ValueError as error:
            message = f"{self.name}: {what} must be a tree like x0, or a vector of length {self.size}: {error}"
            raise ValueError(message) from None

    # -- What the user gets to see ---------------------------------------------------------------------------

    def shown(self, result: Any) -> Any:
        """Return SciPy's result, with trees in place of vectors that are like x."""
        if self.is_tree:
            result = type(result)(result)  # a callback must not change what the solver goes on with
            for key in LIKE_X:
                if np.shape(result.get(key, 0.0)) == (self.size,) and isinstance(result[key], np.ndarray):
                    result[key] = self.tree(result[key])
            if "allvecs" in result:
                result["allvecs"] = [self.tree(np.asarray(u)) for u in result["allvecs"]]
        return result

    def callback(self, callback: AnyFunction | None) -> AnyFunction | None:
        """Return a callback that SciPy may call, of the same signature, as it goes by the names in it."""
        if callback is None or not self.is_tree:
            return callback
        if set(inspect.signature(callback).parameters) == {"intermediate_result"}:
            return lambda intermediate_result: callback(intermediate_result=self.shown(intermediate_result))
        return lambda u, *rest: callback(self.tree(np.copy(u)), *[self.shown_part(x) for x in rest])

    def shown_part(self, x: Any) -> Any:
        """Show what a callback gets beside x: the state of the solver, or the residual."""
        return self.shown(x) if isinstance(x, dict) else x

    def of_tree(self, f: AnyFunction, show: Callable[[Any], Any], trees: int = 1) -> AnyFunction:
        """Return a user's function as one of vectors, with its result as `show` makes it."""
        return lambda *us: show(f(*map(self.tree, us[:trees]), *us[trees:]))

    def assembled(self, matrix: PyTree) -> Any:
        """Return a Hessian as SciPy takes it: of a tree of trees, as :func:`funcgrad.hessian` gives it, a matrix."""
        matrix = bare(matrix)
        if not self.is_tree or np.shape(matrix) == (self.size,) * 2:
            return matrix
        rows = [self.leaves("hess", row) for row in self.leaves("hess", matrix)]
        blocks = [
            [np.reshape(x, (math.prod(s), math.prod(t))) for x, t in zip(row, self.shapes, strict=True)]
            for row, s in zip(rows, self.shapes, strict=True)
        ]
        return np.block(blocks)


def in_dtype(x: Array, dtype: np.dtype[Any]) -> Array:
    """Cast real numbers; what finite differences make complex, and a mask, pass."""
    return x.astype(dtype) if x.dtype.kind == dtype.kind and x.dtype != dtype else x


def part(u: Array, end: int, shape: tuple[int, ...]) -> Array:
    """Return the elements of a vector before `end`, as an array of some shape, with as few operations as it takes."""
    if shape == ():
        return u[end - 1]
    x = u[end - math.prod(shape) : end]
    return x if len(shape) == 1 else np.reshape(x, shape)
