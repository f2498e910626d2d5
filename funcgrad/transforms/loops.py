"""Structured loops, under JAX's names: ``scan``, ``map``, ``fori_loop``, ``while_loop``, ``associative_scan``.

They run as the plain Python loops that they stand for, so all transforms work through them. Under ``vmap`` the number
of steps may differ between examples: then the loop goes on until all have finished, and those that have keep their
value.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array, PyTree
from funcgrad.core.level import plain
from funcgrad.core.space import Space, space_of
from funcgrad.transforms.arguments import as_array, is_array
from funcgrad.transforms.batch import vmap
from funcgrad.transforms.branches import Branch, differs, scalar
from funcgrad.tree import flatten, flatten_with_paths
from funcgrad.tree import map as tree_map

__all__ = ["Carry", "associative_scan", "fori_loop", "map", "scan", "while_loop"]

# -- What must stay the same -----------------------------------------------------------------------------------


class Carry:
    """The tree, shapes and dtypes of the value that a loop hands from step to step.

    A Python number has no dtype of its own: it takes that of the first step's result.
    """

    __slots__ = ("body", "first", "loop", "spaces", "structure", "weak")

    def __init__(self, loop: str, body: str, init: PyTree) -> None:
        self.loop = loop
        self.body = body
        leaves, self.structure = flatten(init)
        for path, leaf in flatten_with_paths(init) if not all(is_array(x) for x in leaves) else []:
            if not is_array(leaf):
                raise TypeError(f"{loop}: the initial value{path} is {leaf!r:.80}, which is not an array or a number")
        self.weak = [isinstance(x, bool | int | float | complex) and not isinstance(x, np.generic) for x in leaves]
        arrays = [as_array(x) for x in leaves]
        self.spaces = [space_of(x) for x in arrays]
        self.first = self.structure.unflatten(arrays)

    def check(self, value: PyTree) -> PyTree:
        """Return the carry that a step has returned, numbers as arrays, if it is like the one before."""
        leaves, structure = flatten(value)
        if structure != self.structure:
            raise TypeError(
                f"{self.loop}: {self.body} must return a carry of the tree structure it was given, {self.structure}, "
                f"but returned {structure}"
            )
        arrays = [as_array(x) if is_array(x) else x for x in leaves]
        spaces = [space_of(x) if is_array(x) else None for x in arrays]
        if spaces != self.spaces:
            for i, new in enumerate(spaces):
                if self.weak[i] and new is not None and new.shape == self.spaces[i].shape:
                    self.spaces[i], self.weak[i] = new, False
            if spaces != self.spaces:
                self.refuse(value, spaces)
        return structure.unflatten(arrays)

    def refuse(self, value: PyTree, spaces: Sequence[Space | None]) -> None:
        changed = [i for i, (old, new) in enumerate(zip(self.spaces, spaces, strict=True)) if old != new]
        path, leaf = flatten_with_paths(value)[changed[0]]
        found = spaces[changed[0]] or f"{leaf!r:.80}"
        raise TypeError(
            f"{self.loop}: {self.body} must return a carry of the shapes and dtypes it was given, but carry{path} was "
            f"{self.spaces[changed[0]]} and became {found}. Convert it (astype), or begin with such a value."
        )


# -- Loops -----------------------------------------------------------------------------------------------------


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: PyTree,
    xs: PyTree = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[PyTree, PyTree]:
    """Run a function over the leading axis of arrays, handing a carry from step to step.

    Parameters
    ----------
    f : callable
        ``f(carry, x)`` returns ``(carry, y)``, the carry of the tree, shapes and dtypes that it was given.
    init : pytree
        The first carry.
    xs : pytree, optional
        Arrays with one leading axis length in common; `f` is given the elements along it, or None without `xs`.
    length : int, optional
        The number of steps; needed only without `xs`.
    reverse : bool
        Whether to begin with the last element. The outputs keep the order of `xs`.
    unroll : int or bool
        Without effect.

    Returns
    -------
    carry : pytree
        After the last step.
    ys : pytree
        The outputs of all steps, stacked along a new leading axis.

    Raises
    ------
    TypeError
        If `f` returns no pair, or changes the tree, a shape or a dtype of the carry.
    ValueError
        If the number of steps is not known, or arrays disagree about it.

    Notes
    -----
    With no step to run, `f` is called once on zeros, to learn what it returns.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.scan(lambda total, x: (total + x, total), 0.0, np.array([1.0, 2.0, 3.0]))
    (np.float64(6.0), array([0., 1., 3.]))
    """
    carry = Carry("scan", "f", init)
    leaves, structure = flatten(xs)
    n = steps(leaves, length)
    if not n:
        return carry.first, nothing(f, carry, leaves, structure)
    value = carry.first
    collected: list[Any] = [None] * n
    for i in reversed(range(n)) if reverse else range(n):
        value, collected[i] = pair(f(value, structure.unflatten([x[i] for x in leaves])))
        value = carry.check(value)
    return value, stacked(collected)


def steps(leaves: list[Any], length: Any) -> int:
    sizes = [np.shape(x)[0] if np.ndim(x) else None for x in leaves]
    if None in sizes:
        raise ValueError("scan: the values to scan over need a leading axis, but there is a scalar among them")
    if len(set(sizes)) > 1:
        raise ValueError(f"scan: the values to scan over have different leading axis sizes: {sizes}")
    if not sizes and length is None:
        raise ValueError("scan: there are no values to scan over, and length is not given")
    if sizes and length is not None and sizes[0] != length:
        raise ValueError(f"scan: length is {length}, but the leading axis has size {sizes[0]}")
    given: Any = sizes[0] if sizes else length
    n = operator.index(given)
    if n < 0:
        raise ValueError(f"scan: length must not be negative, got {n}")
    return n


def pair(output: Any) -> tuple[Any, Any]:
    if not isinstance(output, tuple | list) or len(output) != 2:
        raise TypeError(f"scan: f must return a pair (carry, y), got {type(output).__name__}")
    return output[0], output[1]


def stacked(trees: list[PyTree]) -> PyTree:
    """Stack the leaves of equal trees along a new first axis."""
    flat = [flatten(tree) for tree in trees]
    structure = flat[0][1]
    if any(other != structure for _, other in flat):
        raise TypeError("scan: f must return a y of the same tree structure at each step")
    columns = zip(*(leaves for leaves, _ in flat), strict=True)
    return structure.unflatten([np.stack([as_array(y) for y in column]) for column in columns])


def nothing(f: Branch, carry: Carry, leaves: list[Any], structure: Any) -> PyTree:
    """Return the stacked outputs of no step."""
    with np.errstate(all="ignore"):
        value, y = pair(f(carry.first, structure.unflatten([np.zeros(np.shape(x)[1:], x.dtype) for x in leaves])))
    carry.check(value)
    return tree_map(lambda y: np.zeros((0, *np.shape(y)), as_array(y).dtype), y)


def map(f: Callable[[Any], Any], xs: PyTree, *, batch_size: int | None = None) -> PyTree:
    """Apply a function to each element along the leading axis of arrays, and stack the results.

    Parameters
    ----------
    f : callable
    xs : pytree
        Arrays with one leading axis length in common.
    batch_size : int, optional
        How many elements to treat at once, by :func:`funcgrad.vmap`; one after the other by default.

    Returns
    -------
    pytree

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.map(lambda x: x * 2, np.array([1.0, 2.0]))
    array([2., 4.])
    """
    if batch_size and any(np.shape(x)[:1] != (0,) for x in flatten(xs)[0]):
        return vmap(f, chunk_size=batch_size)(xs)
    return scan(lambda _, x: ((), f(x)), (), xs)[1]


def fori_loop(
    lower: int,
    upper: int,
    body_fun: Callable[[Any, Any], Any],
    init_val: PyTree,
    *,
    unroll: int | bool | None = None,
) -> PyTree:
    """Apply ``body_fun(i, value)`` for each ``i`` from `lower` up to, but not including, `upper`.

    Parameters
    ----------
    lower, upper : int
        Under ``vmap`` they may differ between examples.
    body_fun : callable
        Returns a value of the tree, shapes and dtypes that it was given.
    init_val : pytree
    unroll : int or bool, optional
        Without effect.

    Returns
    -------
    pytree

    Raises
    ------
    TypeError
        If a bound is not an integer, or `body_fun` changes the tree, a shape or a dtype of the value.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.grad(lambda x: fg.fori_loop(0, 3, lambda i, y: y * x, 1.0))(2.0)
    np.float64(12.0)
    """
    for bound in (lower, upper):
        if np.shape(bound) != () or not is_array(bound) or as_array(bound).dtype.kind not in "iu":
            raise TypeError(f"fori_loop: lower and upper must be integers, got {bound!r}")
    if differs(lower) or differs(upper):
        return while_loop(
            lambda state: state[0] < upper,
            lambda state: (state[0] + 1, body_fun(*state)),
            (lower + 0 * upper, init_val),
        )[1]
    carry = Carry("fori_loop", "body_fun", init_val)
    value = carry.first
    for i in range(int(plain(lower)), int(plain(upper))):
        value = carry.check(body_fun(i, value))
    return value


def while_loop(cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: PyTree) -> PyTree:
    """Apply `body_fun` as long as `cond_fun` holds.

    Parameters
    ----------
    cond_fun : callable
        Returns a boolean scalar. Under ``vmap`` it may differ between examples; those that have finished keep their
        value while the others go on.
    body_fun : callable
        Returns a value of the tree, shapes and dtypes that it was given.
    init_val : pytree

    Returns
    -------
    pytree
        The first value for which `cond_fun` does not hold. It is differentiable in both modes.

    Raises
    ------
    TypeError
        If `cond_fun` returns no boolean scalar, or `body_fun` changes the tree, a shape or a dtype of the value.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.vmap(lambda x: fg.while_loop(lambda x: x < 100, lambda x: x * x, x))(np.array([2.0, 5.0, 11.0]))
    array([256., 625., 121.])
    """
    carry = Carry("while_loop", "body_fun", init_val)
    value = carry.first
    while np.any(plain(alive := condition(cond_fun(value)))):
        if not differs(alive) or np.all(plain(alive)):
            value = carry.check(body_fun(value))
            continue
        with np.errstate(all="ignore"):  # what becomes of the examples that have finished does not matter
            new = carry.check(body_fun(value))
        value = choose(alive, new, value)
    return value


def choose(alive: Array, new: PyTree, old: PyTree) -> PyTree:
    """Take `new` for the examples for which the condition holds, `old` for the others."""
    return tree_map(lambda x, y: np.where(alive, x, y), new, old)


def condition(x: Any) -> Any:
    x = scalar(x)
    if not is_array(x) or np.shape(x) != () or as_array(x).dtype != np.bool_:
        found = space_of(as_array(x)) if is_array(x) else f"{x!r:.80}"
        raise TypeError(f"while_loop: cond_fun must return a boolean scalar, got {found}")
    return x


# -- Associative scan --------------------------------------------------------------------------------------------


def associative_scan(fn: Callable[[Any, Any], Any], elems: PyTree, reverse: bool = False, axis: int = 0) -> PyTree:
    """Combine the elements up to each place along an axis, with an associative function that takes many at once.

    Parameters
    ----------
    fn : callable
        ``fn(a, b)`` combines two trees like `elems`, element by element along `axis`, and is associative.
    elems : pytree
        Arrays of the same length along `axis`.
    reverse : bool
        Whether to begin at the end.
    axis : int

    Returns
    -------
    pytree
        Like `elems`. `fn` is called about ``2 * log2(n)`` times, on fewer than ``2 * n`` pairs.

    Raises
    ------
    TypeError
        If `fn` is not callable.
    ValueError
        If the arrays' lengths differ.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.associative_scan(np.maximum, np.array([1.0, 3.0, 2.0, 4.0]))
    array([1., 3., 3., 4.])
    """
    if not callable(fn):
        raise TypeError(f"associative_scan: fn must be callable, got {fn!r:.80}")
    leaves, structure = flatten(elems)
    arrays = [np.moveaxis(as_array(x), axis, 0) for x in leaves]
    if len({len(x) for x in arrays}) > 1:
        raise ValueError(f"associative_scan: the arrays have different lengths along axis {axis}")

    def combine(a: list[Any], b: list[Any]) -> list[Any]:
        pair = [structure.unflatten([np.moveaxis(x, 0, axis) for x in part]) for part in (a, b)]
        combined, tree = flatten(fn(*pair))
        if tree != structure:
            raise TypeError(f"associative_scan: fn must return the tree structure {structure}, but returned {tree}")
        return [np.moveaxis(x, axis, 0) for x in combined]

    if not arrays or not len(arrays[0]):
        return elems
    flipped = [x[::-1] for x in arrays] if reverse else arrays
    results = prefixes(combine, flipped)
    return structure.unflatten([np.moveaxis(y[::-1] if reverse else y, 0, axis) for y in results])


def prefixes(combine: Callable[[list[Any], list[Any]], list[Any]], xs: list[Any]) -> list[Any]:
    """Combine neighbours, solve the problem of half the length, and fill in every other place."""
    n = len(xs[0])
    if n < 2:
        return xs
    odd = prefixes(combine, combine([x[: n - 1 : 2] for x in xs], [x[1::2] for x in xs]))
    first = [x[:1] for x in xs]
    if n == 2:
        return [np.concatenate(parts) for parts in zip(first, odd, strict=True)]
    even = combine([y[: (n - 1) // 2] for y in odd], [x[2::2] for x in xs])
    even = [np.concatenate(parts) for parts in zip(first, even, strict=True)]
    return [interleaved(a, b) for a, b in zip(even, odd, strict=True)]


def interleaved(even: Array, odd: Array) -> Array:
    """Return ``even[0], odd[0], even[1], ...``; there may be one more even than odd."""
    n = len(odd)
    pairs = np.reshape(np.stack([even[:n], odd], axis=1), (2 * n, *even.shape[1:]))
    return np.concatenate([pairs, even[n:]]) if len(even) > n else pairs
