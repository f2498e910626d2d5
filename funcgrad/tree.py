"""Pytrees over optree: nested containers with arrays at the leaves.

Containers are lists, tuples, namedtuples, dicts (also ``OrderedDict``, ``defaultdict``; a plain dict in the order of
its sorted keys), deques, dataclasses and xarray's arrays without registration, and classes that are registered with
:func:`register`. None is a container without leaves, as in JAX. All else is a leaf. The names are those of
``jax.tree``.
"""

from __future__ import annotations

import builtins
import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import optree

from funcgrad._typing import Array, PyTree
from funcgrad.labelled import CONTAINERS, name_of

__all__ = [
    *("LEAF", "LEAVES", "NAMESPACE", "Structure", "all", "flatten", "flatten_with_paths", "leaves", "map"),
    *("map_with_path", "ravel", "ravel_pytree", "reduce", "register", "structure", "transpose", "unflatten"),
]

NAMESPACE = "funcgrad"
Structure = optree.PyTreeSpec
#: Classes that are known to be leaves: those of tracers enter themselves.
LEAVES: set[type] = {np.ndarray, np.float64, float}
LEAF: Structure = optree.treespec_leaf(namespace=NAMESPACE)

IsLeaf = Callable[[Any], bool] | None

# -- Apart and together ------------------------------------------------------------------------------------


def flatten(tree: PyTree, is_leaf: IsLeaf = None) -> tuple[list[Any], Structure]:
    """Return the leaves of `tree` and its structure; ``structure.unflatten(leaves)`` rebuilds it.

    Parameters
    ----------
    tree : pytree
    is_leaf : callable, optional
        Asked at every node: where it returns true, the node is taken for a leaf.

    Returns
    -------
    leaves : list
    structure : Structure
        Compares equal to the structures of trees that differ in their leaves only.

    Examples
    --------
    >>> leaves, structure = flatten({"w": 1.0, "b": [2.0, None]})
    >>> leaves
    [2.0, 1.0]
    >>> structure.unflatten([3.0, 4.0])
    {'w': 4.0, 'b': [3.0, None]}
    """
    if type(tree) in LEAVES:  # one array is the common case
        return [tree], LEAF
    leaves, structure = optree.tree_flatten(tree, is_leaf, namespace=NAMESPACE)
    classes: set[Any] = set(builtins.map(type, leaves))
    if not classes <= LEAVES and any(is_container(cls) for cls in classes):
        register_containers(tree, is_leaf)
        leaves, structure = optree.tree_flatten(tree, is_leaf, namespace=NAMESPACE)
    return leaves, structure


def unflatten(structure: Structure, leaves: Iterable[Any]) -> PyTree:
    """Build a tree from its structure and its leaves, the inverse of :func:`flatten`.

    Parameters
    ----------
    structure : Structure
    leaves : iterable
        As many as the structure has.

    Returns
    -------
    pytree

    Raises
    ------
    ValueError
        If there are more or fewer leaves.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.tree.unflatten(fg.tree.structure({"w": 0, "b": (0, 0)}), [1, 2, 3])
    {'w': 3, 'b': (1, 2)}
    """
    return structure.unflatten(leaves)


def leaves(tree: PyTree, is_leaf: IsLeaf = None) -> list[Any]:
    """Return the leaves of `tree`.

    Parameters
    ----------
    tree, is_leaf
        As for :func:`flatten`.

    Returns
    -------
    list

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.tree.leaves({"w": 1.0, "b": [2.0, None]})
    [2.0, 1.0]
    """
    return flatten(tree, is_leaf)[0]


def structure(tree: PyTree, is_leaf: IsLeaf = None) -> Structure:
    """Return the structure of `tree`: what is left without the leaves.

    Parameters
    ----------
    tree, is_leaf
        As for :func:`flatten`.

    Returns
    -------
    Structure

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.tree.structure((1, [2])) == fg.tree.structure((3, [4]))
    True
    """
    return flatten(tree, is_leaf)[1]


def flatten_with_paths(tree: PyTree, is_leaf: IsLeaf = None) -> list[tuple[str, Any]]:
    """Return (path, leaf) pairs; a path reads like Python, ``['w'][0]``.

    Parameters
    ----------
    tree, is_leaf
        As for :func:`flatten`.

    Returns
    -------
    list of (str, leaf)
        In the order of :func:`leaves`. The path of a tree that is a leaf is empty.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.tree.flatten_with_paths({"w": 1.0, "b": (2.0,)})
    [("['b'][0]", 2.0), ("['w']", 1.0)]
    """
    register_containers(tree, is_leaf)
    accessors, leaves, _ = optree.tree_flatten_with_accessor(tree, is_leaf, namespace=NAMESPACE)
    return [(accessor.codify(""), leaf) for accessor, leaf in zip(accessors, leaves, strict=True)]


# -- Over the leaves -----------------------------------------------------------------------------------------


def map(function: Any, tree: PyTree, *rest: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """Apply `function` to the leaves of trees of equal structure.

    Parameters
    ----------
    function : callable
        Takes a leaf of every tree.
    tree : pytree
    *rest : pytree
        More trees, with at least the structure of `tree`: where it has a leaf, they may have subtrees.
    is_leaf : callable, optional
        As for :func:`flatten`.

    Returns
    -------
    pytree
        Of the results, with the structure of `tree`.

    Raises
    ------
    ValueError
        If the structures differ.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.tree.map(lambda x, step: x - 0.1 * step, {"w": 1.0, "b": None}, {"w": 5.0, "b": None})
    {'w': 0.5, 'b': None}
    """
    leaves, structure = flatten(tree, is_leaf)
    others = [structure.flatten_up_to(other) for other in rest]
    return structure.unflatten([function(*xs) for xs in zip(leaves, *others, strict=True)])


def map_with_path(function: Any, tree: PyTree, *rest: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """Apply `function` to the path and the leaves, as :func:`map` does to the leaves.

    Parameters
    ----------
    function : callable
        Takes a path as :func:`flatten_with_paths` writes it, and a leaf of every tree.
    tree, *rest, is_leaf
        As for :func:`map`.

    Returns
    -------
    pytree

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.tree.map_with_path(lambda path, x: path + " is " + str(x), {"w": [1.0]})
    {'w': ["['w'][0] is 1.0"]}
    """
    paths = [path for path, _ in flatten_with_paths(tree, is_leaf)]
    return map(function, structure(tree, is_leaf).unflatten(paths), tree, *rest)


MISSING: Any = object()


def reduce(
    function: Callable[[Any, Any], Any], tree: PyTree, initializer: Any = MISSING, is_leaf: IsLeaf = None
) -> Any:
    """Combine the leaves from left to right, as ``functools.reduce`` does.

    Parameters
    ----------
    function : callable
        Takes what has been combined so far and the next leaf.
    tree : pytree
    initializer : optional
        What to begin with; the first leaf by default.
    is_leaf : callable, optional
        As for :func:`flatten`.

    Returns
    -------
    object

    Raises
    ------
    TypeError
        If there is no leaf and no initializer.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.tree.reduce(lambda total, x: total + x, {"w": 1.0, "b": [2.0, 3.0]})
    6.0
    """
    start = () if initializer is MISSING else (initializer,)
    return functools.reduce(function, leaves(tree, is_leaf), *start)


def all(tree: PyTree, *, is_leaf: IsLeaf = None) -> bool:
    """Return whether all leaves are true.

    Parameters
    ----------
    tree, is_leaf
        As for :func:`flatten`.

    Returns
    -------
    bool

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.tree.all({"a": True, "b": [True, False]}), fg.tree.all(())
    (False, True)
    """
    return not any(not leaf for leaf in leaves(tree, is_leaf))


def transpose(outer: Structure, inner: Structure | None, tree: PyTree) -> PyTree:
    """Turn a tree of trees inside out: a list of dicts becomes a dict of lists.

    Parameters
    ----------
    outer : Structure
        The structure of the upper part of `tree`.
    inner : Structure or None
        The structure of the trees at its leaves; None to take that of the first.
    tree : pytree

    Returns
    -------
    pytree
        With structure `inner` above and `outer` below.

    Raises
    ------
    ValueError
        If `tree` is not made like this.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.tree.transpose(fg.tree.structure([0, 0]), None, [{"a": 1, "b": 2}, {"a": 3, "b": 4}])
    {'a': [1, 3], 'b': [2, 4]}
    """
    subtrees = outer.flatten_up_to(tree)
    if inner is None:
        inner = structure(subtrees[0])
    rows = [inner.flatten_up_to(subtree) for subtree in subtrees]
    columns = zip(*rows, strict=True) if rows else [()] * inner.num_leaves
    return inner.unflatten([outer.unflatten(column) for column in columns])


# -- As one vector -------------------------------------------------------------------------------------------


def ravel(tree: PyTree) -> tuple[Array, Callable[[Array], PyTree]]:
    """Join the leaves of `tree` to one vector, and return how to take it apart again.

    Both directions are differentiable.

    Parameters
    ----------
    tree : pytree
        Of arrays and numbers.

    Returns
    -------
    vector : array
        Its dtype is what those of the leaves promote to; for a tree without leaves, an empty vector of float64.
    unravel : callable
        Takes a vector of this length and returns a tree like `tree`. Where the leaves have different dtypes, each gets
        its own back; where all have the same, that of the vector passes through.

    Raises
    ------
    ValueError
        From `unravel`, if the vector's shape is not that of `vector`.
    TypeError
        From `unravel`, if a complex vector would lose its imaginary part in a tree that has real leaves only.

    See Also
    --------
    jax.flatten_util.ravel_pytree : The same in JAX.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> vector, unravel = fg.ravel_pytree({"w": np.ones((2, 2)), "b": 5.0})
    >>> vector
    array([5., 1., 1., 1., 1.])
    >>> unravel(2 * vector)
    {'w': array([[2., 2.],
           [2., 2.]]), 'b': np.float64(10.0)}
    """
    items, outline = flatten(tree)
    arrays = [leaf if hasattr(leaf, "dtype") else np.asarray(leaf) for leaf in items]
    shapes, dtypes = [x.shape for x in arrays], [x.dtype for x in arrays]
    ends = list(itertools.accumulate(math.prod(shape) for shape in shapes))
    size = ends[-1] if ends else 0
    dtype = np.result_type(*dtypes) if dtypes else np.dtype(float)
    mixed = len(set(dtypes)) > 1

    def unravel(vector: Array) -> PyTree:
        if np.shape(vector) != (size,):
            raise ValueError(f"unravel: expected a vector of shape ({size},), got {np.shape(vector)}")
        if mixed and vector.dtype.kind == "c" and dtype.kind != "c":
            raise TypeError(f"unravel: expected a vector of dtype {dtype}, got {vector.dtype}")
        parts = [vector[end - math.prod(shape) : end] for shape, end in zip(shapes, ends, strict=True)]
        parts = [np.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)]
        if mixed:
            parts = [cast(part, of_leaf) for part, of_leaf in zip(parts, dtypes, strict=True)]
        return outline.unflatten([part if part.shape else part[()] for part in parts])

    if not arrays:
        return np.zeros(0), unravel
    return np.concatenate([cast(np.ravel(x), dtype) for x in arrays]), unravel


#: The name in JAX.
ravel_pytree = ravel


def cast(x: Array, dtype: np.dtype[Any]) -> Array:
    if x.dtype == dtype:
        return x
    return (np.real(x) if x.dtype.kind == "c" and dtype.kind != "c" else x).astype(dtype)


# -- Own containers --------------------------------------------------------------------------------------------


def register(cls: Any, to_children: Any = None, from_children: Any = None) -> Any:
    """Register a class as a container. Dataclasses need no registration.

    Parameters
    ----------
    cls : type
    to_children : callable, optional
        ``to_children(x) -> (children, extra)``: what the container holds, and a hashable rest that is no leaf; trees
        with different rests have different structures. By default the method ``tree_flatten`` of the class.
    from_children : callable, optional
        ``from_children(extra, children) -> x``. By default the class method ``tree_unflatten``. It should not check
        what it is given: the children may be tracers, gradients, or any objects.

    Returns
    -------
    type
        The class itself, so that it can be used as a decorator.

    Raises
    ------
    TypeError
        If the functions are not given, and the class has no methods of these names.
    ValueError
        If the class is registered already.

    Examples
    --------
    >>> import funcgrad as fg
    >>> @fg.tree.register
    ... class Line:
    ...     def __init__(self, slope, offset):
    ...         self.slope, self.offset = slope, offset
    ...     def tree_flatten(self):
    ...         return (self.slope, self.offset), None
    ...     @classmethod
    ...     def tree_unflatten(cls, extra, children):
    ...         return cls(*children)
    >>> fg.grad(lambda line: line.slope * 2 + line.offset)(Line(1.0, 2.0)).slope
    np.float64(2.0)
    """
    if to_children is None or from_children is None:
        if not (hasattr(cls, "tree_flatten") and hasattr(cls, "tree_unflatten")):
            raise TypeError(
                f"register: give to_children and from_children, or define tree_flatten and tree_unflatten in {cls!r}"
            )
        to_children, from_children = cls.tree_flatten, cls.tree_unflatten
    optree.register_pytree_node(cls, to_children, from_children, namespace=NAMESPACE)
    return cls


@functools.lru_cache(1024)
def is_container(cls: Any) -> bool:
    """Whether a class is a container without the user's registration."""
    return dataclasses.is_dataclass(cls) or name_of(cls) in CONTAINERS


def register_containers(tree: PyTree, is_leaf: IsLeaf = None) -> None:
    """Register the dataclasses and labelled arrays in `tree`, outer ones first, until none is left a leaf."""
    while True:
        found: set[Any] = {
            type(leaf)
            for leaf in optree.tree_leaves(tree, is_leaf, namespace=NAMESPACE)
            if not (is_leaf is not None and is_leaf(leaf))
        }
        found = {cls for cls in found if is_container(cls)}
        if not found:
            return
        for cls in found:
            if dataclasses.is_dataclass(cls):
                register_dataclass(cls)
            else:
                register(cls, *CONTAINERS[name_of(cls)])


def register_dataclass(cls: Any) -> None:
    names = [field.name for field in dataclasses.fields(cls)]

    def to_children(x: Any) -> tuple[list[Any], None]:
        return [getattr(x, name) for name in names], None

    def from_children(_: None, children: Any) -> Any:
        new = object.__new__(cls)  # a tree of tracers or gradients need not satisfy the class's own checks
        for name, child in zip(names, children, strict=True):
            object.__setattr__(new, name, child)
        return new

    register(cls, to_children, from_children)
