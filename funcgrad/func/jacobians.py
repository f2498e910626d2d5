"""``jacrev``, ``jacfwd``, ``hessian`` with PyTorch's signatures."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import funcgrad.tree as tree
from funcgrad.func.batching import check_randomness
from funcgrad.func.checks import check_differentiable, chosen, conjugated
from funcgrad.tensor.trees import bare_function, put_on, taken_off
from funcgrad.transforms import jacobian

__all__ = ["hessian", "jacfwd", "jacrev"]

ArgNums = int | tuple[int, ...]


def is_complex(x: Any) -> bool:
    return any(leaf.dtype.kind == "c" for leaf in tree.flatten(x)[0])


def prepared(args: tuple[Any, ...], argnums: ArgNums) -> bool:
    """Check the arguments, and return whether those that are differentiated are complex."""
    differentiated = chosen(args, argnums)
    for x in differentiated:
        check_differentiable(x)
    return is_complex(differentiated)


def jacrev(
    func: Callable[..., Any],
    argnums: ArgNums = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """Return a function that computes the Jacobian of `func` row by row, in reverse mode.

    Parameters
    ----------
    func : callable
        Of tensors, or trees of them.
    argnums : int or tuple of int
        Which arguments to differentiate with respect to.
    has_aux : bool
        Whether `func` returns ``(output, aux)``; the result is then ``(jacobian, aux)``.
    chunk_size : int, optional
        How many rows to compute at once.

    Returns
    -------
    callable

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.func.jacrev(lambda x: x**2)(fg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        holomorphic = prepared(args, argnums)
        options: dict[str, Any] = {"has_aux": has_aux, "chunk_size": chunk_size, "holomorphic": holomorphic}
        result = put_on(jacobian.jacrev(bare_function(func), argnums, **options)(*taken_off(args), **kwargs))
        return (conjugated(result[0]), result[1]) if has_aux else conjugated(result)

    return call


def jacfwd(
    func: Callable[..., Any],
    argnums: ArgNums = 0,
    has_aux: bool = False,
    *,
    randomness: str = "error",
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Return a function that computes the Jacobian of `func` column by column, in forward mode.

    Parameters
    ----------
    func, argnums, has_aux, chunk_size
        As for :func:`jacrev`.
    randomness : str
        `func` is called once here, so that there is nothing to choose: its random numbers are what they are.

    Returns
    -------
    callable

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.func.jacfwd(lambda x: x**2)(fg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    check_randomness(randomness)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        holomorphic = prepared(args, argnums)
        options: dict[str, Any] = {"has_aux": has_aux, "chunk_size": chunk_size, "holomorphic": holomorphic}
        return put_on(jacobian.jacfwd(bare_function(func), argnums, **options)(*taken_off(args), **kwargs))

    return call


def hessian(func: Callable[..., Any], argnums: ArgNums = 0) -> Callable[..., Any]:
    """Return a function that computes the second derivatives of `func`, forward over reverse.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.func.hessian(lambda x: (x**3).sum())(fg.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
