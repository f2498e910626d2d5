"""Reverse mode's public functions: ``vjp``, ``grad``, ``value_and_grad``, ``stop_gradient``.

All are compositions of three steps that a reader can check by eye: :func:`record` the function on a new
level, seed the output's cotangent, and walk :func:`~funcgrad.core.engine.backward`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.core.batching import stacked
from funcgrad.core.engine import backward
from funcgrad.core.graph import Leaf, Node
from funcgrad.core.kinds import Constant
from funcgrad.core.level import Traced, plain, zeros
from funcgrad.core.space import space_of
from funcgrad.transforms.arguments import (
    Chosen,
    Transformed,
    call_traced,
    choose,
    is_array,
    lend,
    match,
    present,
    refuse_foreign,
    taken,
)
from funcgrad.transforms.reverse import ReverseLevel, ReverseTracer
from funcgrad.tree import LEAF, flatten, flatten_with_paths, map

__all__ = ["float0", "grad", "stop_gradient", "value_and_grad", "vjp"]

ndarray = np.ndarray
float64 = np.float64
HOST = (np.ndarray, np.generic, float)
NUMERIC = (np.ndarray, np.generic, Traced)

#: The dtype of the gradient with respect to an integer (JAX's convention): it holds no information.
float0 = np.dtype([("float0", np.void, 0)])


NOTHING = np.empty(0)


class Input:
    """A leaf of the differentiated arguments that is an array, and its Leaf in the graph if it has a derivative."""

    __slots__ = ("node", "space", "value")

    def __init__(self, value: Any, level: ReverseLevel, keep: bool) -> None:
        if type(value) is ndarray:
            value = level.argument(value, keep)  # the function may know it otherwise
        elif type(value) is not float64:
            value = taken(value, keep)
        self.value = value
        self.space = space = space_of(value)
        self.node = Leaf(level.stamp()) if space.is_inexact else None

    def tracer(self, level: ReverseLevel) -> Any:
        return lend(level, self.value) if self.node is None else level.tracer(self.value, self.node, self.space)

    def let_go(self) -> None:
        """Forget a plain value: of what the rules do not read, nothing is kept for the backward pass."""
        if self.node is not None and type(self.value) is ndarray:
            self.value = NOTHING

    def gradient(self) -> Any:
        """Take what a backward pass left, as it is shown to the user."""
        if self.node is None:
            return np.zeros(self.space.shape, float0)
        node = self.node
        g = node.gradient
        node.gradient = None
        if g is None:
            g = zeros(self.space, self.value)[()]
            if isinstance(self.value, Traced) and self.space.shape:
                g = self.value.level.constant(g)  # what is made from a traced array can be written to
        return g if type(g) is ndarray else present(g)


class Inputs:
    """The differentiated arguments: an :class:`Input` for each array; strings and the like stay what they are."""

    __slots__ = ("leaves", "structure")

    def __init__(self, level: ReverseLevel, tree: PyTree, keep: bool = False) -> None:
        leaves, self.structure = flatten(tree)
        self.leaves = [Input(leaf, level, keep) if is_array(leaf) else constant(leaf) for leaf in leaves]

    def tracers(self, level: ReverseLevel) -> PyTree:
        """Return the tree with tracers in place of arrays."""
        leaves = [leaf.tracer(level) if type(leaf) is Input else leaf for leaf in self.leaves]
        return leaves[0] if self.structure is LEAF else self.structure.unflatten(leaves)

    def let_go(self) -> None:
        for leaf in self.leaves:
            if type(leaf) is Input:
                leaf.let_go()

    def gradients(self) -> PyTree:
        """Return the tree with gradients in place of arrays."""
        leaves = [leaf.gradient() if type(leaf) is Input else leaf for leaf in self.leaves]
        return leaves[0] if self.structure is LEAF else self.structure.unflatten(leaves)


def constant(leaf: Any) -> Any:
    """Return a leaf that is no array, a string for example."""
    refuse_foreign(leaf)
    return leaf


def split_output(level: ReverseLevel, leaf: Any) -> tuple[Any, Node | None]:
    """Return the value of an output leaf, and its node if it depends on the inputs."""
    if isinstance(leaf, ReverseTracer) and leaf.level is level:
        return leaf.value, leaf.node
    return leaf, None


def vjp(f: AnyFunction, *primals: PyTree, has_aux: bool = False) -> Any:
    """Evaluate `f` and return its pullback: the map from output cotangents to input cotangents.

    Parameters
    ----------
    f : callable
        A function of arrays or pytrees, written with NumPy.
    *primals : pytree
        The point at which to evaluate. Every leaf is an argument of the pullback's result.
    has_aux : bool
        Whether `f` returns ``(output, aux)``; `aux` is handed through.

    Returns
    -------
    output : pytree
        ``f(*primals)``.
    pullback : callable
        Takes a tree like `output` and returns a tuple with one tree for each primal, of its shapes and
        dtypes. It can be called any number of times.
    aux : pytree
        Only with `has_aux`.

    Raises
    ------
    ValueError, TypeError
        From the pullback, when the cotangent's tree, shape or dtype is not the output's.

    Notes
    -----
    Cotangents follow the transpose convention: the pullback of a complex function is its transposed
    Jacobian, without a conjugate, as in JAX.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> y, pullback = fg.vjp(lambda x: np.sin(x) * 2, np.array([0.0, np.pi]))
    >>> pullback(np.array([1.0, 10.0]))
    (array([  2., -20.]),)
    """
    level = ReverseLevel()
    try:
        inputs = Inputs(level, primals, keep=True)  # the caller may write into them before the pullback is called
        output = call_traced(level, f, inputs.tracers(level), {})
        output, aux = unpack_aux(output, level, has_aux)
        leaves, structure = flatten(output)
        outputs = [split_output(level, leaf) for leaf in leaves]
        inputs.let_go()
    finally:
        level.close()
    spaces = [space_of(value) if is_array(value) else None for value, _ in outputs]
    lock = threading.Lock()  # cotangents wait in the nodes, so one pass at a time

    def pullback(cotangent: PyTree) -> Any:
        seeds = match("pullback", cotangent, structure, spaces)
        with lock:
            backward([(node, g) for (_, node), g in zip(outputs, seeds, strict=True) if node is not None])
            return inputs.gradients()

    value = present(structure.unflatten([taken(value, keep=True) for value, _ in outputs]))
    return (value, pullback, aux) if has_aux else (value, pullback)


def unpack_aux(output: Any, level: ReverseLevel, has_aux: bool) -> tuple[Any, Any]:
    if not has_aux:
        return output, None
    if not isinstance(output, tuple) or len(output) != 2:
        raise TypeError(f"With has_aux=True the function must return a pair (output, aux), got {type(output).__name__}")
    return output[0], present(map(lambda leaf: split_output(level, leaf)[0], output[1]))


def value_and_grad(
    f: AnyFunction,
    argnums: int | Sequence[int] | None = None,
    *,
    argnames: str | Sequence[str] | None = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """Return a function that evaluates `f` and its gradient.

    Parameters
    ----------
    f : callable
        A function that returns a scalar.
    argnums, argnames, has_aux, holomorphic, allow_int
        As for :func:`grad`.

    Returns
    -------
    callable
        Returns ``(value, gradient)``; with `has_aux`, ``((value, aux), gradient)``.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    """
    options = {"argnums": argnums, "argnames": argnames, "has_aux": has_aux}
    return Transformed(apply_value_and_grad, f, options | {"holomorphic": holomorphic, "allow_int": allow_int})


def grad(
    f: AnyFunction,
    argnums: int | Sequence[int] | None = None,
    *,
    argnames: str | Sequence[str] | None = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """Return a function that evaluates the gradient of `f`.

    Parameters
    ----------
    f : callable
        A function that returns a scalar: real, unless `holomorphic`.
    argnums : int or sequence of int, optional
        Which positional arguments to differentiate; negative ones count from the end. 0 by default. A
        sequence gives a tuple of gradients.
    argnames : str or sequence of str, optional
        Which arguments to differentiate, by name. A sequence gives a dict of gradients; together with
        `argnums` the result is ``(by number, by name)``.
    has_aux : bool
        Whether `f` returns ``(value, aux)``; the result is then ``(gradient, aux)``.
    holomorphic : bool
        Whether `f` is holomorphic, from complex to complex.
    allow_int : bool
        Whether to accept integer arguments; their gradient has dtype ``float0``.

    Returns
    -------
    callable
        Takes the arguments of `f`; returns the gradient, of the argument's tree, shapes and dtypes. For
        complex ``z = x + iy`` and real output ``u`` it is ``du/dx - i du/dy``, as in JAX and autograd.

    Raises
    ------
    TypeError
        If the output is not a real scalar, or an argument is an integer.
    NoDerivativeError
        If a function without derivative rule lies between the argument and the output.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.grad(lambda x: np.sum(np.sin(x)))(np.array([0.0, np.pi]))
    array([ 1., -1.])
    >>> fg.grad(fg.grad(lambda x: x**3))(2.0)
    np.float64(12.0)
    """
    options = {"argnums": argnums, "argnames": argnames, "has_aux": has_aux}
    return Transformed(apply_grad, f, options | {"holomorphic": holomorphic, "allow_int": allow_int})


def apply_grad(
    f: AnyFunction,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    argnums: int | Sequence[int] | None,
    argnames: str | Sequence[str] | None,
    has_aux: bool,
    holomorphic: bool,
    allow_int: bool,
) -> Any:
    value, gradient = apply_value_and_grad(
        f,
        args,
        kwargs,
        argnums=argnums,
        argnames=argnames,
        has_aux=has_aux,
        holomorphic=holomorphic,
        allow_int=allow_int,
    )
    return (gradient, value[1]) if has_aux else gradient


def apply_value_and_grad(
    f: AnyFunction,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    argnums: int | Sequence[int] | None,
    argnames: str | Sequence[str] | None,
    has_aux: bool,
    holomorphic: bool,
    allow_int: bool,
) -> Any:
    chosen = choose(f, args, kwargs, argnums, argnames)
    level = ReverseLevel()
    try:
        inputs = Inputs(level, chosen.tree())
        check_inputs(inputs, chosen, holomorphic, allow_int)
        output, aux = unpack_aux(chosen.call(level, f, inputs.tracers(level)), level, has_aux)
        structure = None
        if not isinstance(output, Traced) and hasattr(output, "__array__"):  # a tensor, a scalar with labels
            leaves, found = flatten(output)
            if len(leaves) == 1:
                output, structure = leaves[0], found
        value, node = split_output(level, output)
        del output
        seed = check_output(value, holomorphic)
    finally:
        level.close()
    if node is not None:
        roots = [(node, seed)]
        del node  # the engine frees the graph while it walks
        backward(roots)
    value = present(value if structure is None else structure.unflatten([value]))
    return ((value, aux) if has_aux else value), inputs.gradients()


def check_inputs(inputs: Inputs, chosen: Chosen, holomorphic: bool, allow_int: bool) -> None:
    arrays = False
    for i, leaf in enumerate(inputs.leaves):
        if type(leaf) is Input:
            arrays = True
            if leaf.node is None or holomorphic:
                check_input(leaf, i, chosen, holomorphic, allow_int)
    if not arrays:
        raise TypeError("grad: there is no array among the arguments to differentiate")


def check_input(leaf: Input, i: int, chosen: Chosen, holomorphic: bool, allow_int: bool) -> None:
    space = leaf.space
    if holomorphic and not space.is_complex:
        problem = f"grad with holomorphic=True needs complex inputs, got {space}"
    elif not space.is_inexact and not allow_int:
        problem = (
            f"grad needs real or complex inputs, got {space}. Convert it (x.astype(float), 3.0 instead of 3), "
            "choose other arguments with argnums, or pass allow_int=True"
        )
    else:
        return
    path = flatten_with_paths(chosen.tree())[i][0]
    raise TypeError(f"{problem}; the leaf is {path or 'the argument itself'}, {leaf.value!r:.100}")


def check_output(value: Any, holomorphic: bool) -> Array:
    """Check that the output is a scalar, and return its cotangent, one."""
    if not isinstance(value, NUMERIC) and not is_array(value):
        raise TypeError(f"grad needs a function that returns a real scalar, got {type(value).__name__} {value!r:.80}")
    space = space_of(value)
    if space.shape != ():
        raise TypeError(
            f"grad needs a function with a scalar output, got shape {space.shape}. Reduce it (np.sum, np.mean), "
            "or use funcgrad.vjp for a weighted sum of its elements."
        )
    if holomorphic and not space.is_complex:
        raise TypeError(f"grad with holomorphic=True needs a complex output, got {space.dtype}")
    if not holomorphic and space.dtype.kind != "f":
        raise TypeError(
            f"grad needs a real output, got {space.dtype}. For a complex function take np.real or np.abs, "
            "pass holomorphic=True, or use funcgrad.vjp."
        )
    return space.dtype.type(1) if isinstance(plain(value), HOST) else np.ones_like(value)


stop_gradient_leaf = Constant(lambda x: x, name="stop_gradient", own=True, arity=1, batch=stacked)


def stop_gradient(x: PyTree) -> PyTree:
    """Return `x` as a constant for differentiation: the value is the same, no gradient flows through it.

    Parameters
    ----------
    x : pytree

    Returns
    -------
    pytree
        With traced leaves replaced by their values; under ``vmap`` they stay batched.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.grad(lambda x: x * fg.stop_gradient(x))(3.0)
    np.float64(3.0)
    """
    return map(lambda leaf: stop_gradient_leaf(leaf) if isinstance(leaf, Traced) else leaf, x)
