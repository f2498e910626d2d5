"""Pytrees over optree: dicts, lists, tuples, namedtuples, None, dataclasses without registration."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import optree

from funcgrad._typing import PyTree

__all__ = ["LEAF", "NAMESPACE", "Structure", "flatten", "flatten_with_paths", "map", "register"]

NAMESPACE = "funcgrad"
Structure = optree.PyTreeSpec
ARRAYS = (np.ndarray, np.float64, float)
LEAF: Structure = optree.treespec_leaf(namespace=NAMESPACE)


def flatten(tree: PyTree) -> tuple[list[Any], Structure]:
    """Return the leaves of `tree` and its structure; ``structure.unflatten(leaves)`` rebuilds it.

    Examples
    --------
    >>> leaves, structure = flatten({"w": 1.0, "b": [2.0, None]})
    >>> leaves
    [2.0, 1.0]
    >>> structure.unflatten([3.0, 4.0])
    {'w': 4.0, 'b': [3.0, None]}
    """
    if type(tree) in ARRAYS:  # one array is the common case
        return [tree], LEAF
    leaves, structure = optree.tree_flatten(tree, namespace=NAMESPACE)
    if any(dataclasses.is_dataclass(type(leaf)) for leaf in leaves):
        register_dataclasses(tree)
        leaves, structure = optree.tree_flatten(tree, namespace=NAMESPACE)
    return leaves, structure


def flatten_with_paths(tree: PyTree) -> list[tuple[str, Any]]:
    """Return (path, leaf) pairs; a path reads like Python, ``['w'][0]``."""
    register_dataclasses(tree)
    accessors, leaves, _ = optree.tree_flatten_with_accessor(tree, namespace=NAMESPACE)
    return [(accessor.codify(""), leaf) for accessor, leaf in zip(accessors, leaves, strict=True)]


def map(function: Any, tree: PyTree, *rest: PyTree) -> PyTree:
    """Apply `function` to the leaves of trees of equal structure."""
    leaves, structure = flatten(tree)
    others = [structure.flatten_up_to(other) for other in rest]
    return structure.unflatten([function(*xs) for xs in zip(leaves, *others, strict=True)])


def register(cls: type, to_children: Any, from_children: Any) -> None:
    """Register a container class: ``to_children(x) -> (children, extra)``, ``from_children(extra, children) -> x``."""
    optree.register_pytree_node(cls, to_children, from_children, namespace=NAMESPACE)


def register_dataclasses(tree: PyTree) -> None:
    """Register the dataclasses that occur in `tree`, outer ones first, until none is left a leaf."""
    while True:
        found = {
            type(leaf) for leaf in optree.tree_leaves(tree, namespace=NAMESPACE) if dataclasses.is_dataclass(type(leaf))
        }
        if not found:
            return
        for cls in found:
            register_dataclass(cls)


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
