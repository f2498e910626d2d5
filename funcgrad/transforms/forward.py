"""Forward mode: carry a tangent beside each value.

1. What the tracer carries: a value and its tangent.
2. How a primitive is interpreted: run it one level down, and apply its ``jvp`` to the tangents.
3. The public function: :func:`jvp`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.core.graph import Call
from funcgrad.core.indices import is_view
from funcgrad.core.kinds import Linear, Unknown
from funcgrad.core.level import Level, Traced, rebuilt, strip, tracers_in, zeros
from funcgrad.core.memory import Place, put
from funcgrad.core.primitive import Primitive
from funcgrad.core.silence import forgiving
from funcgrad.core.space import Space, project, space_of
from funcgrad.core.tracer import ABSENT, Tracer
from funcgrad.errors import EscapedTracerError, user_line
from funcgrad.transforms.arguments import as_array, call_traced, is_array, lend, match, present, taken, tangent_space
from funcgrad.tree import flatten, map

__all__ = ["jvp"]


#: The short paths of ufuncs (:mod:`funcgrad.transforms.forward_paths`).
PATHS: dict[Any, Callable[..., Any]] = {}

SEVERAL = (tuple, list)


class ForwardTracer(Tracer):
    """A value and the tangent that belongs to it; None stands for a known zero."""

    __slots__ = ("tangent",)

    parts = ("value", "tangent")

    tangent: Array | None

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, x: Any, other: Any = ABSENT, /, *more: Any, **kwargs: Any
    ) -> Any:
        if not kwargs and not more and method == "__call__":
            path = PATHS.get(ufunc)
            if path is not None:
                return path(x) if other is ABSENT else path(x, other)
        if other is ABSENT:
            return super().__array_ufunc__(ufunc, method, x, **kwargs)
        return super().__array_ufunc__(ufunc, method, x, other, *more, **kwargs)

    @property
    def is_constant(self) -> bool:
        return self.tangent is None

    def become(self, new: Any) -> None:
        self.value, self.space, self.tangent = new.value, new.space, new.tangent

    def __getitem__(self, index: Any) -> Any:
        level: Any = self.level
        if type(level) is not ForwardLevel or level.closed or not is_view(index):
            return super().__getitem__(index)
        dx = self.tangent
        return self.read(level.tracer(self.value[index], None if dx is None else dx[index]), index)


class ForwardLevel(Level):
    """One running forward-mode transform."""

    __slots__ = ()

    def tracer(self, value: Array, tangent: Array | None) -> ForwardTracer:
        out = ForwardTracer()
        out.value = value
        out.level = self
        out.space = space_of(value)
        out.tangent = tangent
        return out

    def constant(self, value: Array) -> Traced:
        return self.tracer(value, None)

    def process(self, primitive: Primitive, operands: tuple[Array, ...], params: dict[str, Any]) -> Any:
        if self.closed:
            raise EscapedTracerError(
                "A traced value was used after the jvp that made it had ended; return it from the function instead."
            )
        if primitive.is_constant:
            return primitive.run(*strip(operands, self), **strip(params, self))
        alone = type(self) is ForwardLevel and len(operands) == 1 and isinstance(primitive, Linear)
        if alone and not (params and tracers_in(params)):
            return self.linear(primitive, operands[0], params)
        values: list[Array] = []
        tangents: list[Array | None] = []
        for i, x in enumerate(operands):
            if isinstance(x, ForwardTracer) and x.level is self:
                values.append(x.value)
                tangents.append(x.tangent if primitive.differentiable(i) else None)
            else:
                values.append(x)
                tangents.append(None)
        y = primitive.run(*values, **strip(params, self)) if params else primitive.run(*values)
        if type(y) is not np.ndarray:
            y = as_array(y)
        return self.push(primitive, tuple(values), tangents, y, params)

    def linear(self, primitive: Primitive, x: Any, params: dict[str, Any]) -> Any:
        """Apply a linear function of one operand to the value, and to the tangent."""
        y = primitive.run(x.value, **params)
        if type(y) is not np.ndarray:
            y = as_array(y)
        if isinstance(y, SEVERAL) or y.dtype != x.space.dtype:
            return self.push(primitive, (x.value,), [x.tangent], y, params)
        return self.tracer(y, None if x.tangent is None else primitive.run(x.tangent, **params))

    def push(
        self,
        primitive: Primitive,
        values: tuple[Array, ...],
        tangents: list[Array | None],
        y: Any,
        params: dict[str, Any],
    ) -> Any:
        """Pair the output `y` with its tangent."""
        several = isinstance(y, SEVERAL)
        parts = y if several else (y,)
        spaces = [space_of(part) for part in parts]
        if not any(space.is_inexact for space in spaces):
            return y
        if all(dx is None for dx in tangents):  # still a tracer: what is made from a traced buffer can be written to
            dys: Any = [None] * len(parts)
        else:
            output_space: Any = tuple(spaces) if several else spaces[0]
            call = Call(primitive, values, y, params, tuple([space_of(x) for x in values]), output_space)
            dys = self.tangents(primitive, call, tangents, spaces)
        if not several:
            return self.tracer(y, dys[0])
        outs = [
            self.tracer(part, dy) if space.is_inexact else part for part, dy, space in zip(y, dys, spaces, strict=True)
        ]
        return rebuilt(y, outs)

    def tangents(self, primitive: Primitive, call: Call, tangents: list[Array | None], spaces: list[Space]) -> Any:
        """Return the tangent of each output of a call, which lie in `spaces`."""
        dy = self.tangent(primitive, call, tangents)
        if type(call.output_space) is not tuple:
            return [None if dy is None else project(dy, spaces[0])]
        return [
            project(part, space) if space.is_inexact and part is not None else None
            for part, space in zip(dy, spaces, strict=True)
        ]

    def tangent(self, primitive: Primitive, call: Call, tangents: list[Array | None]) -> Any:
        if not primitive.is_singular:
            return primitive.jvp(call, tangents)
        with forgiving():
            return primitive.jvp(call, tangents)

    def write(self, primitive: Any, base: Any, value: Any, place: Place, add: bool) -> None:
        tangent = None
        if isinstance(value, ForwardTracer) and value.level is self:
            tangent, value = value.tangent, value.value
        put(base, "value", place, value, add)
        if base.tangent is None and tangent is None:
            return
        if base.tangent is None:
            base.tangent = zeros(base.space, base.value)
        put(base, "tangent", place, 0 if tangent is None else tangent, add)

    def unruled(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        traced = [t for t in tracers_in((args, kwargs)) if t.level is self]
        primitive = Unknown(function, [t.space for t in traced], user_line())
        y = primitive.output(function(*strip(args, self), **strip(kwargs, self)))
        if not isinstance(y, tuple | list) and not hasattr(y, "dtype"):
            return y
        return self.push(
            primitive, tuple(t.value for t in traced), [getattr(t, "tangent", None) for t in traced], y, {}
        )


def jvp(f: AnyFunction, primals: tuple[PyTree, ...], tangents: tuple[PyTree, ...], *, has_aux: bool = False) -> Any:
    """Evaluate `f` and its derivative along `tangents`.

    Parameters
    ----------
    f : callable
        A function of arrays or pytrees, written with NumPy.
    primals : tuple of pytree
        The point at which to evaluate, one entry for each positional argument.
    tangents : tuple of pytree
        The direction: like `primals` in tree, shapes and dtypes.
    has_aux : bool
        Whether `f` returns ``(output, aux)``; `aux` is handed through.

    Returns
    -------
    output : pytree
        ``f(*primals)``.
    tangent : pytree
        The directional derivative, like `output`.
    aux : pytree
        Only with `has_aux`.

    Raises
    ------
    TypeError, ValueError
        If primals and tangents differ in tree, shape or dtype.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.jvp(np.sin, (0.0,), (2.0,))
    (np.float64(0.0), np.float64(2.0))
    """
    if not isinstance(primals, tuple | list) or not isinstance(tangents, tuple | list):
        raise TypeError("jvp takes primals and tangents as tuples, one entry for each positional argument")
    leaves, structure = flatten(tuple(primals))
    values = [taken(x) for x in leaves]
    spaces = [tangent_space(x) for x in leaves]
    directions = match("jvp tangents", tuple(tangents), structure, spaces)
    level = ForwardLevel()
    try:
        inputs = [
            lend(level, x) if s is None else level.tracer(x, dx)
            for x, dx, s in zip(values, directions, spaces, strict=True)
        ]
        output = call_traced(level, f, structure.unflatten(inputs), {})
        if has_aux:
            output, aux = output
            aux = present(map(lambda leaf: strip(leaf, level), aux))
        outputs, tree = flatten(output)
        values = [strip(y, level) for y in outputs]  # before the end, for a view may have to be read again
    finally:
        level.close()
    value = present(tree.unflatten(values))
    tangent = present(tree.unflatten([tangent_of(y, level) for y in outputs]))
    return (value, tangent, aux) if has_aux else (value, tangent)


def tangent_of(y: Any, level: ForwardLevel) -> Any:
    if isinstance(y, ForwardTracer) and y.level is level and y.tangent is not None:
        return y.tangent
    if not is_array(y):
        return y
    value = strip(y, level)
    return zeros(space_of(value), value)[()]
