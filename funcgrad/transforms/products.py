"""Products of Jacobians and Hessians with vectors, without the matrices, and derivatives of maps of scalars."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.transforms.arguments import Transformed, as_array, choose
from funcgrad.transforms.forward import jvp
from funcgrad.transforms.gradient import grad, vjp
from funcgrad.transforms.jacobian import ArgNames, ArgNums, Leaves
from funcgrad.tree import flatten, map

__all__ = ["derivative", "elementwise_grad", "ggnvp", "hvp", "vhp"]

# -- Products with vectors -----------------------------------------------------------------------------------


def hvp(f: AnyFunction, primals: Any = None, tangents: Any = None) -> Any:
    """Multiply the Hessian of a scalar function by a vector, forward over reverse: the cost of a few gradients.

    Parameters
    ----------
    f : callable
        A function that returns a real scalar.
    primals : tuple of pytree, or pytree
        The point, one entry for each positional argument; without a tuple, the only argument.
    tangents : tuple of pytree, or pytree
        The vector, like `primals`.

    Returns
    -------
    tuple of pytree, or pytree
        The product, like `primals`. Without `primals` and `tangents`: a function ``(*args, vector)``, where the vector
        belongs to the first argument.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.hvp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    if primals is None:
        return product_function(hvp, f)
    return with_tuples(hessian_times, f, primals, tangents)


def hessian_times(f: AnyFunction, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
    return jvp(grad(f, tuple(range(len(primals)))), primals, tangents)[1]


def vhp(f: AnyFunction, primals: Any = None, cotangents: Any = None) -> Any:
    """Multiply a vector by the Hessian of a scalar function, reverse over reverse.

    Parameters
    ----------
    f, primals, cotangents
        As in :func:`hvp`.

    Returns
    -------
    tuple of pytree, or pytree
        As in :func:`hvp`, to which it is equal, as the Hessian is symmetric.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.vhp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    if primals is None:
        return product_function(vhp, f)
    return with_tuples(times_hessian, f, primals, cotangents)


def times_hessian(f: AnyFunction, primals: tuple[Any, ...], cotangents: tuple[Any, ...]) -> Any:
    return vjp(grad(f, tuple(range(len(primals)))), *primals)[1](cotangents)


def half_sum_of_squares(y: PyTree) -> Array:
    return sum(np.sum(np.real(leaf * np.conjugate(leaf))) for leaf in flatten(y)[0]) / 2


def ggnvp(
    f: AnyFunction, primals: Any = None, tangents: Any = None, *, loss: Callable[[Any], Any] = half_sum_of_squares
) -> Any:
    """Multiply the generalized Gauss-Newton matrix of ``loss(f(x))`` by a vector.

    The matrix is ``J.T @ H @ J``, where ``J`` is the Jacobian of `f` and ``H`` the Hessian of `loss` (Schraudolph,
    "Fast curvature matrix-vector products for second-order gradient descent", 2002). It is positive semi-definite if
    the loss is convex.

    Parameters
    ----------
    f : callable
        The model: returns what the loss compares, such as residuals.
    primals, tangents
        As in :func:`hvp`.
    loss : callable
        A function from the output of `f` to a real scalar; half the sum of squares by default.

    Returns
    -------
    tuple of pytree, or pytree
        As in :func:`hvp`.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.ggnvp(lambda x: x**2, np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 4., 16.])
    """

    def times(f: AnyFunction, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
        value, change = jvp(f, primals, tangents)
        return vjp(f, *primals)[1](hvp(loss, value, change))

    if primals is None:
        return product_function(lambda f, *point: ggnvp(f, *point, loss=loss), f)
    return with_tuples(times, f, primals, tangents)


def with_tuples(product: Callable[..., Any], f: AnyFunction, primals: Any, vectors: Any) -> Any:
    """Call `product` with tuples; give back no tuple where none was given."""
    if isinstance(primals, tuple):
        if not isinstance(vectors, tuple | list) or len(vectors) != len(primals):
            raise TypeError(
                f"expected {len(primals)} vectors in a tuple like the primals, got {type(vectors).__name__}"
            )
        return product(f, primals, tuple(vectors))
    return product(f, (primals,), (vectors,))[0]


def product_function(product: Callable[..., Any], f: AnyFunction) -> Callable[..., Any]:
    """Return a function of the arguments of `f` and a vector, which belongs to the first of them."""

    def multiply(first: Any, *rest: Any) -> Any:
        *others, vector = rest
        return product(lambda x: f(x, *others), (first,), (vector,))[0]

    return multiply


# -- Maps of scalars -----------------------------------------------------------------------------------------


def elementwise_grad(f: AnyFunction, argnums: ArgNums = None, *, argnames: ArgNames = None) -> Callable[..., Any]:
    """Return the derivative of a function that acts on each element alone, with one reverse pass.

    Parameters
    ----------
    f : callable
        A function whose output elements depend on one element each; of any other, sums of its Jacobian's columns
        come out.
    argnums, argnames
        As in :func:`jacfwd`.

    Returns
    -------
    callable
        Takes the arguments of `f`, returns a tree like the differentiated argument.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.elementwise_grad(np.sin)(np.array([0.0, np.pi]))
    array([ 1., -1.])
    """
    return Transformed(apply_elementwise, f, {"argnums": argnums, "argnames": argnames})


def apply_elementwise(
    f: AnyFunction, args: tuple[Any, ...], kwargs: dict[str, Any], *, argnums: ArgNums, argnames: ArgNames
) -> Any:
    chosen = choose(f, args, kwargs, argnums, argnames)
    value, pullback = vjp(chosen.function(f), chosen.tree())
    return pullback(map(np.ones_like, value))[0]


def derivative(f: AnyFunction, argnums: ArgNums = None, *, argnames: ArgNames = None) -> Callable[..., Any]:
    """Return the derivative of a function of a number, or of each element alone, with one forward pass.

    Parameters
    ----------
    f : callable
        A function of a number, with any output; or one that acts on each element of an array alone.
    argnums, argnames
        As in :func:`jacfwd`.

    Returns
    -------
    callable
        Takes the arguments of `f`, returns a tree like its output.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.derivative(fg.derivative(np.sin))(np.pi / 2)
    np.float64(-1.0)
    """
    return Transformed(apply_derivative, f, {"argnums": argnums, "argnames": argnames})


def apply_derivative(
    f: AnyFunction, args: tuple[Any, ...], kwargs: dict[str, Any], *, argnums: ArgNums, argnames: ArgNames
) -> Any:
    chosen = choose(f, args, kwargs, argnums, argnames)
    point = chosen.tree()
    Leaves("derivative", point).check("input", "fc", "derivative", False)
    return jvp(chosen.function(f), (point,), (map(lambda x: np.ones_like(as_array(x)), point),))[1]
