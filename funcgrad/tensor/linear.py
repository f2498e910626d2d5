"""Products of vectors and matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.core.primitive import CALLS
from funcgrad.tensor.calling import needs_tensor, operands, operation, payloads
from funcgrad.tensor.promotion import common, type_name
from funcgrad.tensor.shell import unwrap, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("addbmm", "addmm", "addmv", "addr", "baddbmm", "bmm", "chain_matmul", "cross", "dot", "einsum", "ger", "inner"),
    *("kron", "matmul", "matrix_power", "mm", "mv", "outer", "tensordot", "trace", "vdot"),
]

INT64 = np.dtype(np.int64)


def pair(name: str, a: Any, b: Any, ndims: tuple[int, int] | None = None) -> tuple[Any, Any]:
    """Return two payloads of one dtype, each with as many dimensions as it must have."""
    x, y = unwrap(a), unwrap(needs_tensor(name, b))
    if x.dtype != y.dtype:
        raise RuntimeError(
            f"{name}: expected both tensors to have the same dtype, but got {type_name(x.dtype)} and "
            f"{type_name(y.dtype)}"
        )
    if ndims is not None and (len(x.shape), len(y.shape)) != ndims:
        raise RuntimeError(
            f"{name}: expected tensors of {ndims[0]} and {ndims[1]} dimensions, but got {len(x.shape)}D and "
            f"{len(y.shape)}D"
        )
    return x, y


def product(name: str, x: Any, y: Any) -> Any:
    """Multiply matrices; the message of shapes that do not match is for them."""
    if not x.shape or not y.shape:
        raise RuntimeError(
            f"{name}: both arguments need to be at least 1D, but they are {len(x.shape)}D and {len(y.shape)}D"
        )
    inner = y.shape[0] if len(y.shape) == 1 else y.shape[-2]
    if x.shape[-1] != inner:
        shapes = [f"({'x'.join(map(str, a.shape))})" for a in (x, y)]
        raise RuntimeError(f"{name}: shapes {shapes[0]} and {shapes[1]} cannot be multiplied")
    return CALLS[np.matmul](x, y)


@operation
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """Multiply vectors, matrices or batches of matrices.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.matmul(fg.eye(2), fg.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """
    return wrap(product("matmul", *pair("matmul", input, other)))


@operation
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """Multiply two matrices."""
    return wrap(product("mm", *pair("mm", input, mat2, (2, 2))))


@operation
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """Multiply two batches of matrices."""
    x, y = pair("bmm", input, mat2, (3, 3))
    if x.shape[0] != y.shape[0]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{x.shape[0]}, {x.shape[2]}] but got: "
            f"[{y.shape[0]}, {y.shape[1]}]."
        )
    return wrap(product("bmm", x, y))


@operation
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """Multiply a matrix and a vector."""
    return wrap(product("mv", *pair("mv", input, vec, (2, 1))))


@operation
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """Multiply two vectors of one length."""
    x, y = pair("dot", input, tensor)
    return wrap(np.dot(*vectors("dot", x, y)))


def vectors(name: str, x: Any, y: Any) -> tuple[Any, Any]:
    if len(x.shape) != 1 or len(y.shape) != 1:
        raise RuntimeError(f"1D tensors expected, but got {len(x.shape)}D and {len(y.shape)}D tensors")
    if x.shape != y.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor {list(x.shape)} and src {list(y.shape)} to have the same "
            f"number of elements, but got {x.shape[0]} and {y.shape[0]} elements respectively"
        )
    return x, y


@operation
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """Multiply two vectors, the first conjugated."""
    x, y = vectors("vdot", *pair("vdot", input, other))
    return wrap(np.dot(np.conjugate(x) if x.dtype.kind == "c" else x, y))


@operation
def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sum products over the last dimensions."""
    x, y = pair("inner", input, other)
    return wrap(np.inner(x, y) if x.shape and y.shape else x * y)


@operation
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Return all products of elements of two vectors."""
    x, y = operands(input, vec2)
    if len(x.shape) != 1 or len(y.shape) != 1:
        raise RuntimeError(f"outer: Expected 1-D arguments, but got {len(x.shape)}-D and {len(y.shape)}-D")
    return wrap(x[:, None] * y)


@operation
def kron(input: Tensor, other: Tensor) -> Tensor:
    """Return the Kronecker product."""
    return wrap(np.kron(*operands(input, other)))


@operation
def trace(input: Tensor) -> Tensor:
    """Sum the diagonal of a matrix."""
    x = unwrap(input)
    if len(x.shape) != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {len(x.shape)}")
    return wrap(np.trace(x.astype(INT64) if x.dtype.kind in "biu" else x))


@operation
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """Return the cross products of vectors of length 3, along the first such dimension unless one is given."""
    x, y = operands(input, needs_tensor("cross", other))
    if len(x.shape) != len(y.shape):
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    shape = np.broadcast_shapes(x.shape, y.shape)
    if dim is None:
        if 3 not in shape:
            raise RuntimeError("no dimension of size 3 in input")
        dim = shape.index(3)
    if x.shape[dim] != 3 or y.shape[dim] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {x.shape[dim]} and {y.shape[dim]}"
        )
    return wrap(np.cross(np.broadcast_to(x, shape), np.broadcast_to(y, shape), axis=dim))


@operation
def matrix_power(input: Tensor, n: int) -> Tensor:
    """Multiply a square matrix by itself `n` times; a negative `n` inverts it."""
    return wrap(np.linalg.matrix_power(unwrap(input), n))


@operation
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Sum products over so many last dimensions of `a` and first ones of `b`, or over the given dimensions."""
    x, y = pair("tensordot", a, b)
    axes: Any = dims.tolist() if hasattr(dims, "tolist") else dims
    if not isinstance(axes, int):
        axes = tuple([list(np.atleast_1d(d)) for d in axes])
    return wrap(np.tensordot(x, y, axes))


@operation
def einsum(equation: str, *operands: Any) -> Tensor:
    """Sum products as an equation says, such as ``"ij,jk->ik"``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.einsum("ij->ji", fg.tensor([[1, 2], [3, 4]]))
    tensor([[1, 3],
            [2, 4]])
    """
    if not isinstance(equation, str):
        raise TypeError("einsum(): the first argument must be the equation, a string such as 'ij,jk->ik'")
    given = operands[0] if len(operands) == 1 and isinstance(operands[0], tuple | list) else operands
    return wrap(np.einsum(equation.replace(" ", ""), *common(payloads("einsum", given))))


@operation
def chain_matmul(*matrices: Tensor) -> Tensor:
    """Multiply several matrices in the cheapest order."""
    parts = payloads("chain_matmul", matrices)
    return wrap(parts[0] if len(parts) == 1 else np.linalg.multi_dot(parts))


# -- Products added to something -------------------------------------------------------------------------------------


def combined(name: str, input: Tensor, product: Any, beta: Any, alpha: Any) -> Tensor:
    """Return ``beta * input + alpha * product``; with `beta` zero, what is in `input` does not matter."""
    x = unwrap(input)
    if x.dtype != product.dtype:
        raise RuntimeError(f"{name}: self and mat2 must have the same dtype, but got {type_name(x.dtype)}")
    if np.broadcast_shapes(x.shape, product.shape) != product.shape:
        raise RuntimeError(f"{name}: input of shape {list(x.shape)} does not broadcast to {list(product.shape)}")
    term = product if type(alpha) is int and alpha == 1 else alpha * product
    if beta == 0:
        return wrap(term)
    return wrap((x if type(beta) is int and beta == 1 else beta * x) + term)


@operation
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Return ``beta * input + alpha * (mat1 @ mat2)``."""
    return combined("addmm", input, product("addmm", *pair("addmm", mat1, mat2, (2, 2))), beta, alpha)


@operation
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Return ``beta * input + alpha * (mat @ vec)``."""
    return combined("addmv", input, product("addmv", *pair("addmv", mat, vec, (2, 1))), beta, alpha)


@operation
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Return ``beta * input + alpha * outer(vec1, vec2)``."""
    return combined("addr", input, unwrap(outer(vec1, vec2)), beta, alpha)


@operation
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Return ``beta * input + alpha * bmm(batch1, batch2)``."""
    return combined("baddbmm", input, unwrap(bmm(batch1, batch2)), beta, alpha)


@operation
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Return ``beta * input + alpha *`` the sum of the batch's products."""
    return combined("addbmm", input, np.sum(unwrap(bmm(batch1, batch2)), axis=0), beta, alpha)


ger = outer
