"""The level of batching: how a primitive is applied to many examples at once.

1. By its batching rule, once for all examples; the short paths are in :mod:`funcgrad.transforms.batch_paths`.
2. Where that is not possible, one example after the other. A warning says so.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optree

from funcgrad._typing import Array
from funcgrad.core.batching_indices import READS_KEYWORDS, Batched
from funcgrad.core.gather import scatter
from funcgrad.core.indices import is_view, parts_of
from funcgrad.core.level import Level, Traced, map_tracers, rebuilt, strip, tracers_in, zeros
from funcgrad.core.memory import Memory, Place, follow, put
from funcgrad.core.primitive import CALLS, Primitive
from funcgrad.core.space import Space, space_of
from funcgrad.errors import BatchFallbackWarning, EscapedTracerError, warn_user
from funcgrad.transforms.arguments import as_array, is_array
from funcgrad.transforms.batch_tracers import BatchTracer, Each, NeedsLoop, SharedTracer
from funcgrad.tree import NAMESPACE

__all__ = ["BatchLevel", "announce", "space_of_example", "stack"]

# None means "not batched" here, and so is a leaf.
tree_map: Any = functools.partial(optree.tree_map, none_is_leaf=True, namespace=NAMESPACE)

NONE: list[Any] = []
ALONE = (True,)

SEVERAL = (tuple, list)
NUMBERS = (bool, int, float, complex, np.generic)


class BatchLevel(Level):
    """One running vmap over `size` examples.

    Many small examples lie side by side in memory, element by element: then NumPy's innermost loops run over all
    examples, where they would take the few elements of one. The axes are the same, their strides are not.
    """

    __slots__ = ("side_by_side", "size")

    def __init__(self, size: int, side_by_side: bool = False) -> None:
        super().__init__()
        self.size = size
        self.side_by_side = side_by_side

    def tracer(self, value: Array) -> BatchTracer:
        out = BatchTracer()
        out.value = value
        out.level = self
        out.space = space_of_example(value.shape, value.dtype)
        return out

    def input(self, value: Array) -> BatchTracer:
        there = not self.side_by_side or (value.ndim == 1 and value.flags.c_contiguous)
        return self.tracer(value if there else side_by_side(value))

    def constant(self, value: Array) -> SharedTracer:
        out = SharedTracer()
        out.value = as_array(value)
        out.level = self
        out.space = space_of(out.value)
        if isinstance(value, np.ndarray):  # also without axes it can be written to
            out.memory = Memory()
        return out

    def constants(self, y: Any) -> Any:
        """Wrap what was made of shared values alone: it can be written to as well."""
        if isinstance(y, SEVERAL):
            parts = [self.constants(part) for part in y]
            return rebuilt(y, parts)
        return self.constant(y) if is_array(y) and not isinstance(y, NUMBERS) else y

    def process(self, primitive: Primitive, operands: tuple[Array, ...], params: dict[str, Any]) -> Any:
        if self.closed:
            raise EscapedTracerError(
                "A traced value was used after the vmap that made it had ended; return it from the function instead."
            )
        traced = tracers_in(params) if params else NONE
        if not traced and len(operands) == 1 and type(operands[0]) is BatchTracer and primitive.batch is not None:
            y = primitive.batch(primitive, (operands[0].value,), ALONE, params, self.size)  # as below
            if y is not NotImplemented:
                return self.wrap(y)
        values: list[Any] = []
        batched: list[bool] = []
        for x in operands:
            own = isinstance(x, BatchTracer) and x.level is self
            values.append(x.value if own else x)
            batched.append(own and not x.is_constant)
        if True not in batched and not any(map(self.owns, [*tracers_in(operands), *traced])):
            return self.constants(primitive.run(*strip(operands, self), **strip(params, self)))
        rule = primitive.batch
        if traced and rule not in READS_KEYWORDS and any(map(self.owns, traced)):
            rule = None
        if rule is not None:
            keywords = map_tracers(self.keyword, params) if traced else params
            y = rule(primitive, values, batched, keywords, self.size)
            if y is not NotImplemented:
                return self.wrap(y)
        announce(f"{primitive.name} has no batching rule")
        return self.loop(primitive.run, operands, params)

    def keyword(self, tracer: Traced) -> Any:
        """Return what a batching rule gets for a tracer among the keywords."""
        if tracer.level is not self:
            return tracer
        return Batched(tracer.value) if self.owns(tracer) else tracer.value

    def write(self, primitive: Any, base: Any, value: Any, place: Place, add: bool) -> None:
        if base.is_constant:
            if not any(map(self.owns, tracers_in((value, place.index, [params for _, params in place.steps])))):
                steps = tuple([(step, strip(params, self)) for step, params in place.steps])
                put(base, "value", Place(steps, strip(place.index, self), place.layout), strip(value, self), add)
                return
            base.value = self.repeated(base.value, base.space)
            base.__class__ = BatchTracer
        if place.steps and tracers_in([params for _, params in place.steps]):  # not the same view for all
            super().write(primitive, base, value, place, add)
            return
        if not is_view(place.index):
            new = self.written(primitive, base, value, place, add)
            if place.steps:
                self.write(primitive, base, new, Place(place.steps, ..., place.layout), False)
            else:
                base.become(new)
            return
        index = (slice(None), *parts_of(place.index))
        of_each: Any = tuple([(Each(step, self.size), params) for step, params in place.steps])
        layout = None if place.layout is None else (0, *[axis + 1 for axis in place.layout])
        if self.owns(value):
            value = behind_examples(value.value, ndim_at(base.space.shape, place) + 1)
        put(base, "value", Place(of_each, index, layout), strip(value, self), add)

    def repeated(self, value: Any, space: Space) -> Any:
        """Return an array in which each example has its own copy of a value that all shared."""
        shape = (self.size, *space.shape)
        if type(value) is not np.ndarray or not value.flags.c_contiguous:
            return np.broadcast_to(value, shape)
        out = np.empty(shape, space.dtype)
        out = np.empty_like(side_by_side(out)) if self.side_by_side else out  # which owns its memory
        out[...] = value
        return out

    def written(self, primitive: Any, base: Any, value: Any, place: Place, add: bool) -> Any:
        """Return a view of `base` with other elements at an index that is no view: a new array."""
        for step, params in place.steps:
            base = self.process(step, (base,), params)
        if not add:
            return self.process(primitive, (base, value), {"index": place.index})
        part = np.broadcast_to(value, base[place.index].shape)
        return CALLS[np.add](base, CALLS[scatter](part, space=base.space, indices=(place.index,)))

    def owns(self, x: Any) -> bool:
        """Whether every example has its own `x`."""
        if not isinstance(x, BatchTracer) or x.level is not self:
            return False
        _ = x.value  # a view that is out of date is read again, and may become of another class
        return not x.is_constant

    def wrap(self, y: Any) -> Any:
        if type(y) is np.ndarray:
            return self.tracer(y)
        if not isinstance(y, tuple | list):
            return None if y is None else self.tracer(y)
        parts = [self.tracer(part) for part in y]
        return rebuilt(y, parts)

    # -- One example after the other ------------------------------------------------------------------

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
            return take(x) if self.owns(x) else strip(x, self)

        args, kwargs = tree_map(one, (args, kwargs))
        return function(*args, **kwargs)

    def join(self, *parts: Any) -> Any:
        """Stack the results of the examples; what is no array must be the same for all."""
        if all(map(is_array, parts)):
            if len({np.shape(part) for part in parts}) > 1:
                raise NeedsLoop(self, "a shape")
            return self.tracer(stack(parts))
        if any(part != parts[0] for part in parts):
            raise NeedsLoop(self, "a result that is no array and")
        return parts[0]

    def unruled(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        announce(f"{getattr(function, '__name__', function)} has no batching rule")
        return self.loop(function, args, kwargs)


def ndim_at(shape: tuple[int, ...], place: Place) -> int:
    """Return the number of axes of a place in arrays of `shape`."""
    if not place.steps:
        parts = parts_of(place.index)
        numbers = sum(isinstance(part, int | np.integer) for part in parts)
        return len(shape) - numbers + sum(part is None for part in parts)
    return int(follow(np.broadcast_to(0.0, shape), place.steps)[place.index].ndim)


def behind_examples(x: Array, ndim: int) -> Array:
    """Give an array with the examples along its first axis `ndim` axes, behind that one."""
    rest = x.shape[1:]
    if x.ndim == ndim:
        return x
    if x.ndim < ndim:
        return np.reshape(x, (x.shape[0], *(1,) * (ndim - x.ndim), *rest))
    return np.reshape(x, (x.shape[0], *rest[x.ndim - ndim :]))  # NumPy allows for more axes of length one


def side_by_side(x: Array) -> Array:
    """Copy an array so that the examples are neighbours in memory."""
    return np.moveaxis(np.copy(np.moveaxis(x, 0, -1), order="C"), -1, 0)


def stack(parts: Sequence[Any]) -> Array:
    return np.stack([as_array(part) for part in parts])


def example_of(x: BatchTracer, i: int) -> Array:
    return x.value[i]


@functools.lru_cache(maxsize=4096)
def space_of_example(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Space:
    """Return the space of each of the examples in an array."""
    return Space(shape[1:], dtype)


def announce(reason: str) -> None:
    """Warn, once for each line of the user, that the examples are run one by one."""
    warn_user(
        f"vmap runs one example after the other here: {reason}. The result is right, but slower than one call for all. "
        "To find such places, turn this warning into an error: "
        "warnings.simplefilter('error', funcgrad.BatchFallbackWarning).",
        BatchFallbackWarning,
    )
