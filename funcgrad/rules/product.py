"""Products of vectors, matrices and tensors: linear in each operand, so each adjoint is again a product."""

from __future__ import annotations

import functools
import itertools
import math
import string
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import as_array, as_operand, conjugate
from funcgrad.core.backend import supply
from funcgrad.core.batching import aligned, batch_cross, batch_einsum, batch_matmul, batch_outer, batch_tensordot
from funcgrad.core.deferred import DeferredProduct, can_wait
from funcgrad.core.kinds import Composite, Constant, Multilinear
from funcgrad.core.level import zeros
from funcgrad.core.products import product, product_of_transposed
from funcgrad.core.space import Space

__all__ = ["RULES"]


# -- Matrix products ---------------------------------------------------------------------------------


def pair(a: Array, b: Array, **params: Any) -> tuple[tuple[Array, Array], dict[str, Any]]:
    return (as_array(a), as_array(b)), params


def matmul_left(g: Array, A: Space, B: Space, b: Array, link: Any) -> Any:
    """``g b^T``, where a vector is the row or column it was taken for. One product for all matrices of a stack."""
    if B.ndim == 1:
        return (g if A.ndim == 1 else g[..., None]) * b
    if A.ndim == 1:
        return b @ g if B.ndim == 2 else (b @ g[..., None])[..., 0]
    if A.ndim == 2 < B.ndim:
        return side_by_side(g) @ side_by_side(b).swapaxes(0, 1)
    if can_wait(g, b, A, link):
        return DeferredProduct(g, b.swapaxes(-1, -2), A)
    return product(g, b.swapaxes(-1, -2))


def matmul_right(g: Array, A: Space, B: Space, a: Array) -> Array:
    """``a^T g``, where a vector is the row or column it was taken for. One product for all matrices of a stack."""
    if A.ndim == 1:
        return a * g if B.ndim == 1 else a[:, None] * g[..., None, :]
    if B.ndim == 1:
        return g @ a if A.ndim == 2 else g.reshape(-1) @ on_top(a)
    if B.ndim == 2 < A.ndim:
        return product_of_transposed(on_top(a), on_top(g))
    return product_of_transposed(a, g)


def on_top(x: Array) -> Array:
    """Put the matrices of a stack on top of each other."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def side_by_side(x: Array) -> Array:
    """Put the matrices of a stack side by side."""
    x = np.moveaxis(x, -2, 0)
    return x.reshape(x.shape[0], math.prod(x.shape[1:]))


def dot_body(a: Array, b: Array) -> Array:
    a, b = as_operand(a), as_operand(b)
    if not a.ndim or not b.ndim:
        return a * b
    return a @ b if b.ndim <= 2 else np.tensordot(a, b, (-1, -2))


def inner_body(a: Array, b: Array) -> Array:
    a, b = as_operand(a), as_operand(b)
    if not a.ndim or not b.ndim:
        return a * b
    return a @ b.T if b.ndim <= 2 else np.tensordot(a, b, (-1, -1))


def outer_of_vectors_body(x1: Array, x2: Array) -> Array:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(f"Input arrays must be one-dimensional, but they are {np.ndim(x1)}- and {np.ndim(x2)}-d.")
    return np.outer(x1, x2)


def vdot_body(a: Array, b: Array) -> Array:
    return conjugate(np.ravel(as_array(a))) @ np.ravel(as_array(b))


def kron_body(a: Array, b: Array) -> Array:
    a, b = as_array(a), as_array(b)
    rows = (1,) * (b.ndim - a.ndim) + a.shape
    columns = (1,) * (a.ndim - b.ndim) + b.shape
    a = np.reshape(a, [n for row in rows for n in (row, 1)])
    b = np.reshape(b, [n for column in columns for n in (1, column)])
    return np.reshape(a * b, [row * column for row, column in zip(rows, columns, strict=True)])


# -- Stacks of vectors -------------------------------------------------------------------------------


@supply(np.vecdot)
def vecdot_on_device(x1: Array, x2: Array) -> Array:
    """CuPy does not have it."""
    found: Array = np.sum(np.conjugate(x1) * x2, axis=-1)
    return found


# Linear over the real numbers in its first operand, which it conjugates.
vecdot_last = Multilinear(
    np.vecdot,
    lambda g, b: conjugate(g[..., None] * b),
    lambda g, a: g[..., None] * conjugate(a),
    split=pair,
    batch=aligned,
)
# a · (b x c) does not change when the three are rotated. For vectors of length 3 along the last axis.
cross_last = Multilinear(np.cross, lambda g, b: np.cross(b, g), lambda g, a: np.cross(g, a), batch=batch_cross)


def to_last(x: Array, axis: int) -> Array:
    return as_array(x) if axis == -1 else np.moveaxis(x, axis, -1)


def vecdot_body(x1: Array, x2: Array, axis: int = -1) -> Array:
    return vecdot_last(to_last(x1, axis), to_last(x2, axis))


def matvec_body(x1: Array, x2: Array) -> Array:
    x1, x2 = as_array(x1), as_array(x2)
    check_dimensions("matvec", x1, x2)
    return (x1 @ x2[..., None])[..., 0]


def vecmat_body(x1: Array, x2: Array) -> Array:
    x1, x2 = as_array(x1), as_array(x2)
    check_dimensions("vecmat", x2, x1)
    return (conjugate(x1)[..., None, :] @ x2)[..., 0, :]


def check_dimensions(name: str, matrix: Array, vector: Array) -> None:
    if matrix.ndim < 2 or vector.ndim < 1:
        raise ValueError(f"{name} takes matrices and vectors, got {matrix.ndim}- and {vector.ndim}-d arrays")


def cross_body(a: Array, b: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Array:
    if axis is not None:
        axisa = axisb = axisc = axis
    if not np.ndim(a) or not np.ndim(b):
        raise ValueError("At least one array has zero dimension")
    a, b = to_last(a, axisa), to_last(b, axisb)
    lengths = {a.shape[-1], b.shape[-1]}
    if not lengths <= {2, 3}:
        raise ValueError("incompatible dimensions for cross product\n(dimension must be 2 or 3)")
    if 2 in lengths:
        message = "Arrays of 2-dimensional vectors are deprecated. Use arrays of 3-dimensional vectors instead."
        warnings.warn(message, DeprecationWarning, stacklevel=2)
    if lengths == {2}:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    c = cross_last(in_space(a), in_space(b))
    return c if axisc == -1 else np.moveaxis(c, -1, axisc)


def cross_of_vectors_body(x1: Array, x2: Array, axis: int = -1) -> Array:
    x1, x2 = as_array(x1), as_array(x2)
    if {x1.shape[axis], x2.shape[axis]} != {3}:
        raise ValueError(f"Both inputs must be 3-dimensional vectors, got {x1.shape[axis]} and {x2.shape[axis]}.")
    return np.cross(x1, x2, axis=axis)


def in_space(x: Array) -> Array:
    """Give vectors in the plane the third component zero."""
    return x if x.shape[-1] == 3 else np.concatenate([x, np.zeros_like(x[..., :1])], axis=-1)


# -- Tensor products ---------------------------------------------------------------------------------


def tensordot_split(a: Array, b: Array, axes: Any = 2) -> tuple[tuple[Array, Array], dict[str, Any]]:
    """Write `axes` out as two lists of axes, counted from the front."""
    a, b = as_array(a), as_array(b)
    if hasattr(axes, "__index__"):
        axes = range(-axes, 0), range(axes)
    both = [[int(n) for n in ([ns] if hasattr(ns, "__index__") else ns)] for ns in axes]
    if not all(-x.ndim <= n < x.ndim for x, ns in zip((a, b), both, strict=True) for n in ns):
        raise ValueError(f"tensordot: there are no axes {both} to sum over in shapes {a.shape} and {b.shape}")
    return (a, b), {"axes": [[n % x.ndim for n in ns] for x, ns in zip((a, b), both, strict=True)]}


def tensordot_left(g: Array, A: Space, B: Space, b: Array, axes: list[list[int]]) -> Array:
    """Sum over what `b` brought in; the axes that were summed over come back in the order of `b`."""
    free, back = free_axes(A, axes[0]), [axes[0][k] for k in np.argsort(axes[1])]
    return in_order(np.tensordot(g, b, (tuple(range(len(free), g.ndim)), tuple(free_axes(B, axes[1])))), free + back)


def tensordot_right(g: Array, A: Space, B: Space, a: Array, axes: list[list[int]]) -> Array:
    free, back = free_axes(A, axes[0]), [axes[1][k] for k in np.argsort(axes[0])]
    return in_order(np.tensordot(a, g, (tuple(free), tuple(range(len(free))))), back + free_axes(B, axes[1]))


def free_axes(X: Space, summed: list[int]) -> list[int]:
    return [n for n in range(X.ndim) if n not in summed]


def in_order(x: Array, axes: list[int]) -> Array:
    """Bring the axes with the numbers `axes` into ascending order."""
    return np.transpose(x, np.argsort(axes).tolist())


def multi_dot_body(arrays: Sequence[Array]) -> Array:
    """Multiply a chain of matrices in the cheapest order, found by dynamic programming over its parts."""
    chain = [as_array(x) for x in arrays]
    if len(chain) < 2:
        raise ValueError("Expecting at least two arrays.")
    if any(x.ndim != 2 for x in chain[1:-1]) or not {chain[0].ndim, chain[-1].ndim} <= {1, 2}:
        raise np.linalg.LinAlgError("multi_dot takes matrices; only the first and the last array may be vectors")
    sizes = [x.shape[0] for x in chain] + [chain[-1].shape[-1] if chain[-1].ndim == 2 else 1]
    sizes[0] = sizes[0] if chain[0].ndim == 2 else 1
    return multiply(chain, cheapest_splits(sizes), 0, len(chain) - 1)


def cheapest_splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Return after which factor to split each part (first, last) of a chain of matrices."""
    cost = {(i, i): 0 for i in range(len(sizes) - 1)}
    split = {}
    for i, j in sorted(itertools.combinations(range(len(sizes) - 1), 2), key=lambda part: part[1] - part[0]):
        cost[i, j], split[i, j] = min(
            (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
        )
    return split


def multiply(chain: list[Array], split: dict[tuple[int, int], int], i: int, j: int) -> Array:
    if i == j:
        return chain[i]
    k = split[i, j]
    return multiply(chain, split, i, k) @ multiply(chain, split, k + 1, j)


# -- Einstein sums -----------------------------------------------------------------------------------

LETTERS = string.ascii_uppercase + string.ascii_lowercase  # in NumPy's order
FEW = 30_000  # multiplications below which planning an order costs more than it saves


def einsum_split(
    *operands: Any, optimize: Any = False, dtype: Any = None, **layout: Any
) -> tuple[tuple[Array, ...], dict[str, Any]]:
    """Separate the subscripts, made explicit and free of ellipses, from the arrays."""
    subscripts, arrays = (operands[0], operands[1:]) if isinstance(operands[0], str) else from_sublists(operands)
    arrays = tuple(as_array(x) if dtype is None else as_array(x).astype(dtype) for x in arrays)
    subscripts = explicit(subscripts, tuple(x.ndim for x in arrays))
    return arrays, {"subscripts": subscripts, "optimize": optimize}


def from_sublists(operands: tuple[Any, ...]) -> tuple[str, tuple[Array, ...]]:
    """Turn the form ``einsum(a, [0, 1], b, [1, 2], [0, 2])`` into the one with a string."""
    count = len(operands) // 2
    terms = [as_letters(sublist) for sublist in operands[1 : 2 * count : 2]]
    output = f"->{as_letters(operands[-1])}" if len(operands) % 2 else ""
    return ",".join(terms) + output, operands[0 : 2 * count : 2]


def as_letters(sublist: Iterable[Any]) -> str:
    return "".join("..." if label is Ellipsis else LETTERS[label] for label in sublist)


@functools.lru_cache(maxsize=1000)
def explicit(subscripts: str, ndims: tuple[int, ...]) -> str:
    """Write the output out, and give the axes behind an ellipsis letters of their own, the same from the right."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ndims):
        raise ValueError(f"einsum: the subscripts {subscripts!r} name {len(terms)} operands, got {len(ndims)}")
    widths = [n - len(t.replace("...", "")) if "..." in t else 0 for t, n in zip(terms, ndims, strict=True)]
    width = max(0, *widths)
    hidden = "".join(letter for letter in LETTERS if letter not in subscripts)[:width]
    terms = [t.replace("...", hidden[width - max(0, n) :]) for t, n in zip(terms, widths, strict=True)]
    if not arrow:
        output = "..." + "".join(letter for letter in sorted(set(inputs) - set(".,")) if inputs.count(letter) == 1)
    elif width and "..." not in output:
        raise ValueError("einsum: the output subscripts must include the axes behind the ellipsis: '...'")
    return ",".join(terms) + "->" + output.replace("...", hidden)


def einsum_run(*operands: Array, subscripts: str, optimize: Any = False) -> Array:
    return np.einsum(subscripts, *operands, optimize=optimize)


def einsum_adjoint(
    g: Array, i: int, xs: tuple[Array, ...], XS: tuple[Space, ...], subscripts: str, optimize: Any
) -> Array:
    """Contract the cotangent with the other operands; it is spread evenly along an index that only operand `i` has."""
    equation, tied, spread = adjoint_plan(subscripts, i)
    deltas = [identity(XS[i].shape[axis], g) for axis in tied]
    if not optimize:
        optimize = work(subscripts, XS) > FEW
    elif not isinstance(optimize, str):
        optimize = True  # a path is that of the function itself
    c = np.einsum(equation, g, *xs[:i], *xs[i + 1 :], *deltas, optimize=optimize)
    return c if spread is None else c[spread]


@functools.lru_cache(maxsize=1000)
def adjoint_plan(subscripts: str, i: int) -> tuple[str, tuple[int, ...], Any]:
    """Return the subscripts of the adjoint, and the index that adds the axes it cannot reach.

    An index that comes again in operand `i` gets a new name; an identity matrix ties it to the old one. For each of
    these return an axis of operand `i`, which tells the size.
    """
    inputs, output = subscripts.split("->")
    terms = inputs.split(",")
    new = (letter for letter in LETTERS if letter not in subscripts)
    target, ties = "", []
    for letter in terms[i]:
        if letter in target:
            ties.append(letter + next(new))
            letter = ties[-1][1]
        target += letter
    labels = ",".join([output, *terms[:i], *terms[i + 1 :], *ties])
    reached = "".join(letter for letter in target if letter in labels)
    spread = tuple(slice(None) if letter in labels else None for letter in target)
    tied = tuple(terms[i].index(tie[0]) for tie in ties)
    return f"{labels}->{reached}", tied, None if reached == target else spread


def identity(n: int, like: Array) -> Array:
    return np.tril(np.triu(zeros(Space((n, n), like.dtype), like) + 1))


def work(subscripts: str, XS: tuple[Space, ...]) -> int:
    """Return how many steps a loop over all indices takes."""
    letters = subscripts.split("->")[0].replace(",", "")
    return math.prod(dict(zip(letters, itertools.chain(*(X.shape for X in XS)), strict=True)).values())


RULES: tuple[Any, ...] = (
    # -- Matrix products
    Multilinear(np.matmul, matmul_left, matmul_right, run=product, split=pair, batch=batch_matmul),
    Composite(np.linalg.matmul, lambda x1, x2: np.matmul(x1, x2)),
    Composite(np.dot, dot_body),
    Composite(np.inner, inner_body),
    Multilinear(
        np.outer,
        lambda g, A, b: np.reshape(g @ np.ravel(b), A.shape),
        lambda g, a, B: np.reshape(np.ravel(a) @ g, B.shape),
        split=pair,
        batch=batch_outer,
    ),
    Composite(np.linalg.outer, outer_of_vectors_body),
    Composite(np.vdot, vdot_body),
    Composite(np.kron, kron_body),
    Composite(np.linalg.multi_dot, multi_dot_body),
    # -- Stacks of vectors
    Composite(np.vecdot, vecdot_body),
    Composite(np.linalg.vecdot, vecdot_body),
    *((Composite(np.matvec, matvec_body), Composite(np.vecmat, vecmat_body)) if hasattr(np, "matvec") else ()),
    Composite(np.cross, cross_body),
    Composite(np.linalg.cross, cross_of_vectors_body),
    # -- Tensor products
    Multilinear(np.tensordot, tensordot_left, tensordot_right, split=tensordot_split, batch=batch_tensordot),
    Composite(np.linalg.tensordot, lambda x1, x2, *, axes=2: np.tensordot(x1, x2, axes)),
    Multilinear(np.einsum, einsum_adjoint, variadic=True, run=einsum_run, split=einsum_split, batch=batch_einsum),
    Constant(np.einsum_path),
)
