"""Jacobians and Hessians: compositions of ``jvp``, ``vjp`` and ``vmap``.

A Jacobian pushes (or pulls) a whole basis of tangents (or cotangents) through the function as one batch.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.core.arrays import eye
from funcgrad.core.level import Shell, plain, zeros
from funcgrad.core.space import Space, space_of
from funcgrad.transforms.arguments import Transformed, as_array, choose, is_array, is_shell
from funcgrad.transforms.batch import vmap
from funcgrad.transforms.forward import jvp
from funcgrad.transforms.gradient import float0, vjp
from funcgrad.tree import Structure, flatten, map

__all__ = ["ArgNames", "ArgNums", "Leaves", "hessian", "jacfwd", "jacobian", "jacrev"]

ArgNums = int | Sequence[int] | None
ArgNames = str | Sequence[str] | None

# -- Jacobians -------------------------------------------------------------------------------------------


def jacfwd(
    f: AnyFunction,
    argnums: ArgNums = None,
    *,
    argnames: ArgNames = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Return a function that evaluates the Jacobian of `f` column by column, in forward mode.

    The right choice for more outputs than inputs.

    Parameters
    ----------
    f : callable
        A function of arrays or pytrees.
    argnums : int or sequence of int, optional
        Which positional arguments to differentiate; 0 by default. A sequence gives a tuple of Jacobians.
    argnames : str or sequence of str, optional
        Which arguments to differentiate, by name.
    has_aux : bool
        Whether `f` returns ``(output, aux)``; the result is then ``(jacobian, aux)``.
    holomorphic : bool
        Whether `f` is holomorphic, from complex to complex.
    chunk_size : int, optional
        How many columns to compute at once, which bounds the memory; all by default.

    Returns
    -------
    callable
        Takes the arguments of `f`; returns a tree like the output of `f`, with a tree like the argument at each leaf,
        whose leaves have shape ``output.shape + input.shape``.

    Raises
    ------
    TypeError
        If an input is not real (not complex, if `holomorphic`).

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.jacfwd(lambda x: np.array([1.0, 2.0]) * x**2)(3.0)
    array([ 6., 12.])
    """
    options = {"argnums": argnums, "argnames": argnames, "has_aux": has_aux}
    return Transformed(apply_jacfwd, f, options | {"holomorphic": holomorphic, "chunk_size": chunk_size})


def apply_jacfwd(
    f: AnyFunction,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    argnums: ArgNums,
    argnames: ArgNames,
    has_aux: bool,
    holomorphic: bool,
    chunk_size: int | None,
) -> Any:
    chosen = choose(f, args, kwargs, argnums, argnames)
    inputs = Leaves("jacfwd", chosen.tree())
    inputs.check("input", "c" if holomorphic else "f", "jacfwd", holomorphic)
    aux: Any = None
    structure: Any = None

    def push(*tangents: Array) -> Any:
        nonlocal aux, structure
        out = jvp(chosen.function(f), (chosen.tree(),), (inputs.unflatten(tangents),), has_aux=has_aux)
        aux = out[2] if has_aux else None
        structure = nesting(out[1])
        return flatten(out[1])[0]

    if inputs.is_single:
        blocks = [[shaped(c, (*c.shape, *inputs.spaces[0].shape))] for c in push(*inputs.ones())]
    else:
        blocks = [inputs.split_last(np.moveaxis(c, 0, -1)) for c in in_chunks(push, inputs, chunk_size)]
    jacobian = structure([inputs.unflatten(block) for block in blocks])
    return (jacobian, aux) if has_aux else jacobian


def jacrev(
    f: AnyFunction,
    argnums: ArgNums = None,
    *,
    argnames: ArgNames = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Return a function that evaluates the Jacobian of `f` row by row, in reverse mode.

    The right choice for more inputs than outputs. `f` is evaluated once.

    Parameters
    ----------
    f, argnums, argnames, has_aux, holomorphic, chunk_size
        As in :func:`jacfwd`, with rows in the place of columns.
    allow_int : bool
        Whether to accept integer arguments; their Jacobian has dtype ``float0``.

    Returns
    -------
    callable
        As in :func:`jacfwd`.

    Raises
    ------
    TypeError
        If an output is not real (not complex, if `holomorphic`), or an input is an integer.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.jacrev(lambda x: x[:2] * x[2])(np.array([1.0, 2.0, 3.0]))
    array([[3., 0., 1.],
           [0., 3., 2.]])
    """
    options = {"argnums": argnums, "argnames": argnames, "has_aux": has_aux, "holomorphic": holomorphic}
    return Transformed(apply_jacrev, f, options | {"allow_int": allow_int, "chunk_size": chunk_size})


def apply_jacrev(
    f: AnyFunction,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    argnums: ArgNums,
    argnames: ArgNames,
    has_aux: bool,
    holomorphic: bool,
    allow_int: bool,
    chunk_size: int | None,
) -> Any:
    chosen = choose(f, args, kwargs, argnums, argnames)
    inputs = Leaves("jacrev", chosen.tree())
    inputs.check("input", "c" if holomorphic else "fcbiu" if allow_int else "fc", "jacrev", holomorphic)
    value, pullback, *aux = vjp(chosen.function(f), chosen.tree(), has_aux=has_aux)
    jacobian = rows_of(pullback, inputs, Leaves("jacrev", value), holomorphic, chunk_size)
    return (jacobian, *aux) if has_aux else jacobian


def rows_of(
    pullback: Callable[..., Any], inputs: Leaves, outputs: Leaves, holomorphic: bool, chunk_size: int | None
) -> PyTree:
    """Pull a basis of cotangents back."""
    outputs.check("output", "c" if holomorphic else "f", "jacrev", holomorphic)

    def pull(*cotangents: Array) -> list[Any]:
        return flatten(pullback(outputs.unflatten(cotangents))[0])[0]

    if outputs.is_single:
        shape = outputs.spaces[0].shape
        blocks = [
            [
                shaped(row, (*shape, *space.shape))
                for row, space in zip(pull(*outputs.ones()), inputs.spaces, strict=True)
            ]
        ]
    else:
        rows = [
            row if space.is_inexact else np.zeros((outputs.size, *space.shape), float0)
            for row, space in zip(in_chunks(pull, outputs, chunk_size), inputs.spaces, strict=True)
        ]
        blocks = [list(block) for block in zip(*(outputs.split_first(row) for row in rows), strict=True)]
    return outputs.nested([inputs.unflatten(block) for block in blocks])


def jacobian(
    f: AnyFunction,
    argnums: ArgNums = None,
    *,
    argnames: ArgNames = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Return a function that evaluates the Jacobian of `f`, in the mode that needs fewer passes.

    Parameters
    ----------
    f, argnums, argnames, has_aux, holomorphic, chunk_size
        As in :func:`jacfwd`.

    Returns
    -------
    callable
        As in :func:`jacfwd`. It is :func:`jacrev` where the outputs have no more elements than the inputs and are
        real, or where inputs are complex and outputs real, and :func:`jacfwd` otherwise.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    options = {"argnums": argnums, "argnames": argnames, "has_aux": has_aux}
    return Transformed(apply_jacobian, f, options | {"holomorphic": holomorphic, "chunk_size": chunk_size})


def apply_jacobian(
    f: AnyFunction,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    argnums: ArgNums,
    argnames: ArgNames,
    has_aux: bool,
    holomorphic: bool,
    chunk_size: int | None,
) -> Any:
    chosen = choose(f, args, kwargs, argnums, argnames)
    inputs = Leaves("jacobian", chosen.tree())
    inputs.check("input", "c" if holomorphic else "fc", "jacobian", holomorphic)
    value, pullback, *aux = vjp(chosen.function(f), chosen.tree(), has_aux=has_aux)
    outputs = Leaves("jacobian", value)
    real = holomorphic or not any(s.is_complex for s in outputs.spaces)
    if (real and outputs.size <= inputs.size) or (not holomorphic and any(s.is_complex for s in inputs.spaces)):
        jacobian = rows_of(pullback, inputs, outputs, holomorphic, chunk_size)
        return (jacobian, *aux) if has_aux else jacobian
    options: Any = {"argnums": argnums, "argnames": argnames, "has_aux": has_aux}
    return apply_jacfwd(f, args, kwargs, **options, holomorphic=holomorphic, chunk_size=chunk_size)


def hessian(
    f: AnyFunction,
    argnums: ArgNums = None,
    *,
    argnames: ArgNames = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Return a function that evaluates the matrix of second derivatives, forward over reverse.

    Parameters
    ----------
    f, argnums, argnames, has_aux, holomorphic, chunk_size
        As in :func:`jacfwd`.

    Returns
    -------
    callable
        A tree like the output of `f`, in it trees like the argument, twice: leaves of shape
        ``output.shape + input.shape + input.shape``.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    rows = jacrev(f, argnums, argnames=argnames, has_aux=has_aux, holomorphic=holomorphic, chunk_size=chunk_size)
    return jacfwd(rows, argnums, argnames=argnames, has_aux=has_aux, holomorphic=holomorphic, chunk_size=chunk_size)


def nesting(outputs: PyTree) -> Callable[[Sequence[PyTree]], PyTree]:
    """Return how to put a tree where each array of `outputs` is; where that is a tensor, the tree is one of tensors."""
    leaves, structure = flatten(outputs, is_shell)
    wraps: list[Any] = [flatten(leaf)[1].unflatten if isinstance(leaf, Shell) else None for leaf in leaves]

    def shown(wrap: Any, block: PyTree) -> PyTree:
        return (
            block if wrap is None else map(lambda x: x if isinstance(x, Shell) else wrap([x]), block, is_leaf=is_shell)
        )

    def nest(blocks: Sequence[PyTree]) -> PyTree:
        return structure.unflatten([shown(wrap, block) for wrap, block in zip(wraps, blocks, strict=True)])

    return nest


class Leaves:
    """The arrays of a tree, as one long vector: a basis of it, and how a matrix splits into blocks for the leaves."""

    def __init__(self, name: str, tree: PyTree) -> None:
        leaves, self.structure = flatten(tree)
        for leaf in leaves:
            if not is_array(leaf):
                raise TypeError(f"{name} needs arrays, got {type(leaf).__name__} {leaf!r:.80}")
        self.arrays = [as_array(leaf) for leaf in leaves]
        self.spaces = [space_of(x) for x in self.arrays]
        self.ends = list(itertools.accumulate(space.size if space.is_inexact else 0 for space in self.spaces))
        self.size = self.ends[-1] if self.ends else 0
        self.is_single = self.size == 1 == len(self.spaces)  # then one vector is a basis: no need for a batch
        self.unflatten: Callable[..., PyTree] = self.structure.unflatten
        self.nested = nesting(tree)

    structure: Structure

    def check(self, role: str, kinds: str, name: str, holomorphic: bool) -> None:
        for space in self.spaces:
            if space.dtype.kind not in kinds:
                wanted = "complex" if holomorphic else "real" if kinds == "f" else "real or complex"
                raise TypeError(
                    f"{name}{' with holomorphic=True' if holomorphic else ''} needs {wanted} {role}s, got {space}. "
                    + ("Use jacrev for complex inputs, and jacfwd for complex outputs." if space.is_complex else "")
                )

    def basis(self, start: int, stop: int) -> list[Array]:
        """Return unit vectors `start` to `stop`, leaf by leaf; zeros without meaning for integers."""
        return [
            unit_vectors(space, x, start - (end - space.size), stop - (end - space.size))
            if space.is_inexact
            else np.zeros((stop - start, *space.shape), float0)
            for space, x, end in zip(self.spaces, self.arrays, self.ends, strict=True)
        ]

    def ones(self) -> list[Array]:
        """Return the basis of a single element."""
        return [zeros(self.spaces[0], self.arrays[0]) + 1]

    def split_last(self, matrix: Array) -> list[Array]:
        """Cut the last axis into the leaves' shapes."""
        parts = np.split(matrix, self.ends[:-1], axis=-1) if len(self.spaces) > 1 else [matrix]
        return [shaped(p, (*p.shape[:-1], *s.shape)) for p, s in zip(parts, self.spaces, strict=True)]

    def split_first(self, matrix: Array) -> list[Array]:
        """Cut the first axis into the leaves' shapes."""
        parts = np.split(matrix, self.ends[:-1], axis=0) if len(self.spaces) > 1 else [matrix]
        return [shaped(p, (*s.shape, *p.shape[1:])) for p, s in zip(parts, self.spaces, strict=True)]


def shaped(x: Array, shape: tuple[int, ...]) -> Array:
    return x if x.shape == shape else np.reshape(x, shape)


def unit_vectors(space: Space, like: Array, start: int, stop: int) -> Array:
    """Return rows `start` to `stop` of an identity matrix, zeros outside of it, as arrays of `space`."""
    rows = eye(stop - start, space.size, start, space.dtype, like=plain(like))
    return np.reshape(rows, (stop - start, *space.shape))


def in_chunks(function: Callable[..., list[Array]], leaves: Leaves, chunk_size: int | None) -> list[Array]:
    """Apply a linear function to a basis; the first axis of the results counts the unit vectors."""
    step = leaves.size if chunk_size is None else chunk_size
    if step < 1 and chunk_size is not None:
        raise ValueError(f"chunk_size must be at least 1, got {chunk_size}")
    starts = range(0, leaves.size, step) if leaves.size else (0,)
    results = [vmap(function)(*leaves.basis(start, min(start + step, leaves.size))) for start in starts]
    return results[0] if len(results) == 1 else [np.concatenate(parts) for parts in zip(*results, strict=True)]
