"""``grad``, ``grad_and_value``, ``vjp``, ``jvp``, ``linearize`` with PyTorch's signatures."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import funcgrad.tree as tree
from funcgrad.core.level import Traced
from funcgrad.core.space import space_of
from funcgrad.func.checks import check_differentiable, chosen, conjugated, structure_of
from funcgrad.tensor.shell import Base
from funcgrad.tensor.trees import put_on, taken_off
from funcgrad.transforms import forward, gradient
from funcgrad.transforms import linearize as linearization

__all__ = ["grad", "grad_and_value", "jvp", "linearize", "vjp"]

ArgNums = int | tuple[int, ...]


def scalar_output(func: Callable[..., Any], has_aux: bool) -> Callable[..., Any]:
    """Return `func` with its output checked to be one number."""

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        result = func(*args, **kwargs)
        if has_aux and not (isinstance(result, tuple) and len(result) == 2):
            raise RuntimeError(
                "grad_and_value(f)(*args): output of function f should be a tuple: (output, aux) if has_aux is True"
            )
        output: Any = result[0] if has_aux else result
        if not isinstance(output, Base | Traced):
            raise RuntimeError(
                f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(output).__name__}"
            )
        ndim = space_of(output.payload if isinstance(output, Base) else output).ndim
        if ndim:
            raise RuntimeError(
                f"grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got one with {ndim} "
                "dims: use vjp or jacrev, or sum it up"
            )
        return result

    return call


def grad_and_value(func: Callable[..., Any], argnums: ArgNums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return a function that computes the gradient of `func` and its value.

    Parameters
    ----------
    func : callable
        Returns a tensor of one element without dimensions; with `has_aux`, ``(output, aux)``.
    argnums : int or tuple of int
        Which arguments to differentiate with respect to.
    has_aux : bool

    Returns
    -------
    callable
        Returns ``(gradient, value)``; with `has_aux`, ``(gradient, (value, aux))``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.func.grad_and_value(lambda x: (x**2).sum())(fg.tensor([1.0, 2.0]))
    (tensor([2., 4.]), tensor(5.))
    """

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        for x in chosen(args, argnums):
            check_differentiable(x)
        derive = gradient.value_and_grad(scalar_output(func, has_aux), argnums, has_aux=has_aux)
        value, found = derive(*args, **kwargs)
        return conjugated(found), value

    return call


def grad(func: Callable[..., Any], argnums: ArgNums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return a function that computes the gradient of `func`.

    Parameters
    ----------
    func, argnums, has_aux
        As for :func:`grad_and_value`.

    Returns
    -------
    callable
        Returns the gradient, a tuple of several if `argnums` is one; with `has_aux`, ``(gradient, aux)``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.func.grad(lambda x: x.sin())(fg.tensor(0.0))
    tensor(1.)
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return call


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Compute `func`, and return a function for its vector-Jacobian products.

    Parameters
    ----------
    func : callable
    *primals
        Its arguments: tensors, or trees of them.
    has_aux : bool
        Whether `func` returns ``(output, aux)``.

    Returns
    -------
    tuple
        ``(output, vjp_fn)``, with `has_aux` also `aux`. ``vjp_fn(*cotangents)`` returns a tuple with one entry for
        each of `primals`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> y, vjp_fn = fg.func.vjp(lambda x: x**2, fg.tensor([1.0, 2.0]))
    >>> vjp_fn(fg.tensor([1.0, 10.0]))
    (tensor([ 2., 40.]),)
    """
    check_differentiable(primals)
    output, pullback, *aux = gradient.vjp(func, *primals, has_aux=has_aux)

    def vjp_fn(*cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        given = (
            cotangents[0] if len(cotangents) == 1 and structure_of(cotangents) != structure_of(output) else cotangents
        )
        if structure_of(given) != structure_of(output):
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function."
                f" cotangents: {structure_of(given)}, primal output: {structure_of(output)}"
            )
        try:
            return conjugated(pullback(conjugated(given)))
        except (TypeError, ValueError) as error:
            raise RuntimeError(f"vjp_fn: {error}") from error

    return (output, vjp_fn, *aux)


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """Compute `func` and its Jacobian-vector product.

    Parameters
    ----------
    func : callable
    primals, tangents : tuple
        Its arguments, and the direction in each.
    strict : bool
        Whether an output that does not depend on the arguments is an error; otherwise its tangent is zero.
    has_aux : bool
        Whether `func` returns ``(output, aux)``.

    Returns
    -------
    tuple
        ``(output, tangent)``, with `has_aux` also `aux`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.func.jvp(lambda x: x**2, (fg.tensor(3.0),), (fg.tensor(1.0),))
    (tensor(9.), tensor(6.))
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple):
            raise RuntimeError(f"jvp(f, primals, tangents): Expected {name} to be a tuple, one entry for each argument")
    check_differentiable(primals)
    if structure_of(primals) != structure_of(tangents):
        raise RuntimeError("jvp(f, primals, tangents): Expected primals and tangents to have the same python structure")
    check_differentiable(tangents)

    @functools.wraps(func)
    def call(*args: Any) -> Any:
        result = func(*args)
        output = result[0] if has_aux else result
        if strict and any(not depends(leaf) for leaf in tree.flatten(output)[0]):
            raise RuntimeError(
                "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not "
                "allowed with strict=True."
            )
        return taken_off(result)

    shapes = [[x.shape for x in tree.flatten(given)[0]] for given in (primals, tangents)]
    if shapes[0] != shapes[1]:
        raise RuntimeError(
            f"jvp: the tangents' shapes are {shapes[1]}, where those of the primals, {shapes[0]}, belong"
        )
    return put_on(forward.jvp(call, primals, tangents, has_aux=has_aux))


def depends(leaf: Any) -> bool:
    """Whether a value inside of ``jvp`` depends on its arguments."""
    return isinstance(leaf, Traced) and getattr(leaf, "tangent", None) is not None


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """Compute `func`, and return its derivative there as a linear function.

    Returns
    -------
    tuple
        ``(output, jvp_fn)``; ``jvp_fn(*tangents)`` does not call `func` again.

    Examples
    --------
    >>> import funcgrad as fg
    >>> y, jvp_fn = fg.func.linearize(lambda x: x**2, fg.tensor([1.0, 2.0]))
    >>> jvp_fn(fg.tensor([1.0, 10.0]))
    tensor([ 2., 40.])
    """
    check_differentiable(primals)
    output, mapping = linearization.linearize(func, *primals)

    def jvp_fn(*tangents: Any) -> Any:
        if structure_of(tangents) != structure_of(primals):
            raise RuntimeError(
                f"linearize: expected tangents with the structure {structure_of(primals)}, got {structure_of(tangents)}"
            )
        try:
            return mapping(*tangents)
        except (TypeError, ValueError) as error:
            raise RuntimeError(f"linearize: {error}") from error

    return output, jvp_fn
