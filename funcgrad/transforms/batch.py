"""Batching: run a function of one example on many at once.

1. What the tracer carries: a value with one more axis, the first, along which the examples lie. Its space is
   that of one example (:mod:`funcgrad.transforms.batch_tracers`).
2. How a primitive is interpreted: by its batching rule, once for all examples
   (:mod:`funcgrad.transforms.batch_level`).
3. Where that is not possible, one example after the other: a primitive without a rule alone; the whole function
   if it branches on a value, or asks for a plain number or array. A warning says so.
4. The public function: :func:`vmap`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import optree

from funcgrad._typing import AnyFunction, Array
from funcgrad.core.batching import FEW
from funcgrad.core.level import strip
from funcgrad.transforms.arguments import Transformed, call_traced, is_array, lend, present, taken
from funcgrad.transforms.batch_level import BatchLevel as BatchLevel
from funcgrad.transforms.batch_level import announce, stack
from funcgrad.transforms.batch_tracers import BatchTracer as BatchTracer
from funcgrad.transforms.batch_tracers import NeedsLoop as NeedsLoop
from funcgrad.tree import NAMESPACE

__all__ = ["vmap"]

# None means "not batched" here, and so is a leaf.
tree_flatten: Any = functools.partial(optree.tree_flatten, none_is_leaf=True, namespace=NAMESPACE)
broadcast_prefix: Any = functools.partial(optree.broadcast_prefix, none_is_leaf=True, namespace=NAMESPACE)

#: From how many examples on, if they are small, these are laid side by side.
MANY = 512


def vmap(
    f: AnyFunction,
    in_axes: Any = 0,
    out_axes: Any = 0,
    *,
    axis_size: int | None = None,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Return a function that applies `f` to many examples at once.

    Parameters
    ----------
    f : callable
        A function of one example.
    in_axes : int, None, or tree of these
        Along which axis of each positional argument the examples lie; None for an argument that all share. A tree
        is a prefix of the arguments' tree. Arrays given by keyword have them along their first axis.
    out_axes : int, None, or tree of these
        Where the examples' axis goes in the outputs; None for an output that is the same for all.
    axis_size : int, optional
        The number of examples, needed only if no argument has an axis of them.
    chunk_size : int, optional
        How many examples to run at once, which bounds the memory; all by default.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If the arguments disagree on the number of examples.

    Warns
    -----
    BatchFallbackWarning
        Where examples are run one by one: a function without batching rule, a branch on a value that differs between
        examples (``if x > 0``), ``x.item()``, ``float(x)``, a boolean mask. The results are right, and slower.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.vmap(fg.grad(lambda x: np.sin(x) * x))(np.array([0.0, 1.0]))
    array([0.        , 1.38177329])
    """
    options = {"in_axes": in_axes, "out_axes": out_axes, "axis_size": axis_size, "chunk_size": chunk_size}
    return Transformed(apply_vmap, f, options)


def apply_vmap(
    f: AnyFunction,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    in_axes: Any,
    out_axes: Any,
    axis_size: int | None,
    chunk_size: int | None,
) -> Any:
    examples = Examples(f, args, kwargs, in_axes, out_axes, axis_size)
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"vmap: chunk_size must be at least 1, got {chunk_size}")
    if chunk_size is None or examples.size <= chunk_size:
        return present(examples.run())
    starts = range(0, examples.size, chunk_size)
    return present(examples.joined([examples.part(start, start + chunk_size).run() for start in starts]))


class Examples:
    """The arguments of one call of a vmapped function, their examples along the first axis."""

    def __init__(
        self,
        f: AnyFunction,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        in_axes: Any,
        out_axes: Any,
        axis_size: int | None,
    ) -> None:
        self.f = f
        self.out_axes = out_axes
        leaves, self.structure = tree_flatten((args, kwargs))
        leaves = [taken(x) for x in leaves]
        if type(in_axes) is int and not kwargs:
            axes: list[Any] = [in_axes] * len(leaves)
        else:
            axes = broadcast_prefix(tuple(in_axes) if isinstance(in_axes, list) else in_axes, args)
        named = [0 if is_array(x) and np.ndim(x) else None for x in leaves[len(axes) :]]
        self.batched = [axis is not None and is_array(x) for x, axis in zip(leaves, [*axes, *named], strict=True)]
        sizes = {size_along(x, axis) for x, axis, b in zip(leaves, [*axes, *named], self.batched, strict=True) if b}
        if axis_size is not None:
            sizes.add(axis_size)
        if len(sizes) != 1:
            raise ValueError(f"vmap: the arguments have {sorted(sizes) or 'no'} examples along in_axes={in_axes}")
        self.size = sizes.pop()
        self.leaves = [
            np.moveaxis(x, axis, 0) if b and axis else x
            for x, axis, b in zip(leaves, [*axes, *named], self.batched, strict=True)
        ]

    def part(self, start: int, stop: int) -> Examples:
        """Return the examples from `start` to `stop`."""
        chunk = object.__new__(Examples)
        chunk.f, chunk.out_axes, chunk.structure, chunk.batched = self.f, self.out_axes, self.structure, self.batched
        chunk.size = min(stop, self.size) - start
        chunk.leaves = [x[start:stop] if b else x for x, b in zip(self.leaves, self.batched, strict=True)]
        return chunk

    def are_many_and_small(self) -> bool:
        """Whether it pays to lay the examples side by side."""
        if self.size < MANY:
            return False
        xs = [x for x, b in zip(self.leaves, self.batched, strict=True) if b]
        return all(type(x) is np.ndarray and x.size <= FEW * self.size for x in xs)

    def run(self) -> Any:
        """Run all examples at once, or, where that is not possible, one by one."""
        level = BatchLevel(self.size, self.are_many_and_small())
        try:
            inputs = [level.input(x) if b else lend(level, x) for x, b in zip(self.leaves, self.batched, strict=True)]
            args, kwargs = self.structure.unflatten(inputs)
            output = call_traced(level, self.f, args, kwargs)
            outputs, tree = tree_flatten(output)
            axes = self.out_axes
            places = [axes] * len(outputs) if type(axes) is int else broadcast_prefix(axes, output)
            outputs = [collect(y, axis, level) for y, axis in zip(outputs, places, strict=True)]
        except NeedsLoop as need:
            if need.level is not level:
                raise
            announce(f"{need.what} that differs between the examples")
            return self.loop()
        finally:
            level.close()
        return tree.unflatten(outputs)

    def loop(self) -> Any:
        """Run one example after the other, and stack the outputs."""
        if not self.size:
            raise ValueError("vmap: there is no example to run, and the function branches on values")
        results = []
        for i in range(self.size):
            inputs = [taken(x[i] if b else x, keep=True) for x, b in zip(self.leaves, self.batched, strict=True)]
            args, kwargs = self.structure.unflatten(inputs)
            results.append(self.f(*args, **kwargs))
        return self.merged(results, lambda parts, axis: np.moveaxis(stack(parts), 0, axis))

    def joined(self, results: list[Any]) -> Any:
        """Join the outputs of several chunks."""
        return self.merged(results, lambda parts, axis: np.concatenate(parts, axis=axis))

    def merged(self, results: list[Any], join: Callable[[list[Any], int], Any]) -> Any:
        """Make one output of several, leaf by leaf; what is no array, or the same for all examples, is the first."""
        places = broadcast_prefix(self.out_axes, results[0])
        columns = zip(*(tree_flatten(result)[0] for result in results), strict=True)
        tree = tree_flatten(results[0])[1]
        leaves = [
            parts[0] if axis is None or not is_array(parts[0]) else join(list(parts), axis)
            for parts, axis in zip(columns, places, strict=True)
        ]
        return tree.unflatten(leaves)


def size_along(x: Array, axis: int) -> int:
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"vmap: in_axes has {axis} for an array of shape {x.shape}")
    return int(x.shape[axis])


def collect(y: Any, axis: int | None, level: BatchLevel) -> Any:
    """Put the examples' axis of an output where the user wants it."""
    if not is_array(y):
        return y
    batched = level.owns(y)
    value = strip(y, level)
    if axis is None:
        if batched:
            raise ValueError("vmap: out_axes=None, but the output differs between the examples")
        return value
    if not batched:
        value = np.broadcast_to(value, (level.size, *np.shape(value)))
    if level.side_by_side and type(value) is np.ndarray:
        value = np.ascontiguousarray(value)  # how the examples lie inside is nobody's business
    return np.moveaxis(value, 0, axis) if axis else value
