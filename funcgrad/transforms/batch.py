"""Batching: run a function of one example on many at once.

1. What the tracer carries: a value with one more axis, the first, along which the examples lie. Its space is
   that of one example.
2. How a primitive is interpreted: elementwise functions by aligning the examples' axes, once for all; every
   other primitive example by example, until it states a rule of its own.
3. The public function: :func:`vmap`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import optree

from funcgrad._typing import AnyFunction, Array
from funcgrad.core.kinds import Elementwise
from funcgrad.core.level import Level, Traced, tracers_in, zeros
from funcgrad.core.primitive import Primitive
from funcgrad.core.space import Space, space_of
from funcgrad.core.tracer import Tracer
from funcgrad.errors import EscapedTracerError, LostGradientError
from funcgrad.transforms.arguments import Transformed, as_array, call_traced, is_array, present
from funcgrad.tree import NAMESPACE

__all__ = ["vmap"]

# None means "not batched" here, and so is a leaf.
tree_flatten: Any = functools.partial(optree.tree_flatten, none_is_leaf=True, namespace=NAMESPACE)
tree_map: Any = functools.partial(optree.tree_map, none_is_leaf=True, namespace=NAMESPACE)
broadcast_prefix: Any = functools.partial(optree.broadcast_prefix, none_is_leaf=True, namespace=NAMESPACE)


class BatchTracer(Tracer):
    """A value of which every example has its own."""

    __slots__ = ()

    level: BatchLevel

    def become(self, new: Any) -> None:
        self.value, self.space = new.value, new.space

    def __bool__(self) -> NoReturn:
        raise LostGradientError(
            f"vmap: a branch on a traced value of shape {self.space.shape} would have to go both ways, since every "
            "example has its own value. Choose with np.where instead."
        )

    def item(self, *index: Any) -> NoReturn:
        raise LostGradientError("vmap: item() has no single value, since every example has its own")

    tolist = item


class BatchLevel(Level):
    """One running vmap over `size` examples."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def tracer(self, value: Array) -> BatchTracer:
        out = BatchTracer()
        out.value = value
        out.level = self
        space = space_of(value)
        out.space = space_of_example(space)
        return out

    def constant(self, value: Array) -> Traced:
        return self.tracer(np.broadcast_to(value, (self.size, *np.shape(value))))

    def process(self, primitive: Primitive, operands: tuple[Array, ...], params: dict[str, Any]) -> Any:
        if self.closed:
            raise EscapedTracerError(
                "A traced value was used after the vmap that made it had ended; return it from the function instead."
            )
        if is_elementwise(primitive) and not any(t.level is self for t in tracers_in(params)):
            return self.wrap(primitive.run(*self.aligned(operands), **params))
        return self.loop(primitive.run, operands, params)

    def aligned(self, operands: tuple[Array, ...]) -> list[Array]:
        """Give all batched operands the same number of axes behind the batch axis."""
        ndim = max(np.ndim(x) for x in operands)
        return [
            np.reshape(x.value, (self.size, *(1,) * (ndim - x.ndim), *x.shape)) if self.owns(x) else x for x in operands
        ]

    def owns(self, x: Any) -> bool:
        return isinstance(x, BatchTracer) and x.level is self

    def wrap(self, y: Any) -> Any:
        return type(y)(self.tracer(part) for part in y) if isinstance(y, tuple) else self.tracer(y)

    def loop(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Apply to one example after the other, and stack the results."""
        if self.size == 0:
            example = self.example(function, args, kwargs, lambda t: zeros(t.space, t))
            return tree_map(
                lambda y: self.tracer(zeros(Space((0, *y.shape), y.dtype), y)) if is_array(y) else y, example
            )
        results = [self.example(function, args, kwargs, functools.partial(example_of, i=i)) for i in range(self.size)]
        return tree_map(self.join, *results)

    def example(self, function: Callable[..., Any], args: Any, kwargs: Any, take: Callable[[Any], Any]) -> Any:
        def one(x: Any) -> Any:
            return take(x) if self.owns(x) else x

        args, kwargs = tree_map(one, (args, kwargs))
        return function(*args, **kwargs)

    def join(self, *parts: Any) -> Any:
        """Stack the results of the examples; what is no array must be the same for all."""
        if not all(isinstance(part, np.ndarray | np.generic | Traced | bool) or is_device(part) for part in parts):
            return parts[0]
        return self.tracer(np.stack(parts))

    def unruled(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.loop(function, args, kwargs)


def example_of(x: BatchTracer, i: int) -> Array:
    return x.value[i]


def is_elementwise(primitive: Primitive) -> bool:
    function = primitive.function
    steps = primitive.is_constant and isinstance(function, np.ufunc) and function.signature is None
    return steps or isinstance(primitive, Elementwise)


def is_device(x: Any) -> bool:
    return hasattr(x, "__array_ufunc__") and hasattr(x, "dtype")


@functools.lru_cache(maxsize=4096)
def space_of_example(space: Space) -> Space:
    return Space(space.shape[1:], space.dtype)


# -- The transform ---------------------------------------------------------------------------------------


def vmap(f: AnyFunction, in_axes: Any = 0, out_axes: Any = 0, *, axis_size: int | None = None) -> Callable[..., Any]:
    """Return a function that applies `f` to many examples at once.

    Parameters
    ----------
    f : callable
        A function of one example.
    in_axes : int, None, or tree of these
        Along which axis of each argument the examples lie; None for an argument that all share. A tree is a
        prefix of the arguments' tree.
    out_axes : int or tree of int
        Where the examples' axis goes in the outputs.
    axis_size : int, optional
        The number of examples, needed only if no argument has an axis of them.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If the arguments disagree on the number of examples.

    Notes
    -----
    Elementwise functions run once for all examples. Other primitives run example by example, so far.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.vmap(fg.grad(lambda x: np.sin(x) * x))(np.array([0.0, 1.0]))
    array([0.        , 1.38177329])
    """
    return Transformed(apply_vmap, f, {"in_axes": in_axes, "out_axes": out_axes, "axis_size": axis_size})


def apply_vmap(
    f: AnyFunction, args: tuple[Any, ...], kwargs: dict[str, Any], *, in_axes: Any, out_axes: Any, axis_size: Any
) -> Any:
    leaves, structure = tree_flatten(args)
    prefix = tuple(in_axes) if isinstance(in_axes, list) else in_axes
    axes = broadcast_prefix(prefix, args)
    leaves = [as_array(x) if is_array(x) else x for x in leaves]
    sizes = {x.shape[axis] for x, axis in zip(leaves, axes, strict=True) if axis is not None and is_array(x)}
    if axis_size is not None:
        sizes.add(axis_size)
    if len(sizes) != 1:
        raise ValueError(f"vmap: the arguments have {sorted(sizes) or 'no'} examples along in_axes={in_axes}")
    level = BatchLevel(sizes.pop())
    try:
        inputs = [
            x if axis is None or not is_array(x) else level.tracer(np.moveaxis(x, axis, 0))
            for x, axis in zip(leaves, axes, strict=True)
        ]
        output = call_traced(level, f, structure.unflatten(inputs), kwargs)
    finally:
        level.close()
    outputs, tree = tree_flatten(output)
    places = broadcast_prefix(out_axes, output)
    return present(tree.unflatten([collect(y, axis, level) for y, axis in zip(outputs, places, strict=True)]))


def collect(y: Any, axis: int | None, level: BatchLevel) -> Any:
    """Put the examples' axis of an output where the user wants it."""
    if not is_array(y):
        return y
    batched = isinstance(y, BatchTracer) and y.level is level
    if axis is None:
        if batched:
            raise ValueError("vmap: out_axes=None, but the output differs between the examples")
        return y
    value = y.value if batched else np.broadcast_to(y, (level.size, *np.shape(y)))
    return np.moveaxis(value, 0, axis)
