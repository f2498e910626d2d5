"""The transpose of a linear map: what the map does is written down and checked, call by call; its pullback it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.core.kinds import Creation, Elementwise, Linear, Multilinear
from funcgrad.core.level import Traced, plain, tracers_in, zeros
from funcgrad.core.primitive import Primitive
from funcgrad.core.space import Space, space_of
from funcgrad.errors import user_line
from funcgrad.transforms.arguments import as_array, is_array, match
from funcgrad.transforms.capture import CaptureLevel, CaptureTracer, capture
from funcgrad.transforms.gradient import vjp
from funcgrad.transforms.linear_solve import LinearSolve
from funcgrad.tree import flatten

__all__ = ["linear_transpose"]

# -- Is it linear? ---------------------------------------------------------------------------------------

#: Elementwise functions whose partials, and nothing but the partials, are what they do. (``remainder`` has a partial
#: of one, too, and is not linear.)
SCALINGS: set[Any] = {
    *(np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive, np.real, np.imag, np.conjugate),
    *(np.where, np.ldexp, np.deg2rad, np.radians, np.rad2deg, np.degrees),
}


class LinearLevel(CaptureLevel):
    """One function that is claimed to be linear, being written down."""

    __slots__ = ("fixed", "name")

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.fixed: set[int] = set()  # registers of what does not depend on the arguments

    def read(self, what: str) -> None:
        raise TypeError(f"linear_transpose: {self.name} is not linear: {what} reads its argument, at {user_line()}")

    def constant(self, value: Array) -> Traced:
        out: Traced = self.fix(super().constant(value))
        return out

    def fix(self, y: Any) -> Any:
        self.fixed |= {t.register for t in tracers_in(y) if isinstance(t, CaptureTracer)}
        return y

    def depends(self, tree: Any) -> bool:
        """Whether there is something in nested lists, tuples and dicts that depends on the arguments."""
        return any(
            isinstance(t, CaptureTracer) and t.level is self and t.register not in self.fixed for t in tracers_in(tree)
        )

    def process(self, primitive: Primitive, operands: tuple[Array, ...], params: dict[str, Any]) -> Any:
        linear = {i for i, x in enumerate(operands) if self.depends(x)}
        if isinstance(primitive, Creation) and linear <= {0}:  # only the shape is read
            return self.fix(super().process(primitive, operands, params))
        if (linear or self.depends(params)) and not is_linear(primitive, linear, params, self):
            self.refuse(primitive.name)
        y = super().process(primitive, operands, params)
        return y if linear else self.fix(y)

    def unruled(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.depends((args, kwargs)):
            self.refuse(getattr(function, "__name__", repr(function)))
        return self.fix(super().unruled(function, args, kwargs))

    def refuse(self, culprit: str) -> None:
        raise TypeError(
            f"linear_transpose: {self.name} is not linear: it applies {culprit} to its argument, at {user_line()}"
        )


def is_linear(primitive: Primitive, linear: set[int], params: dict[str, Any], level: LinearLevel) -> bool:
    """Whether a function is linear, or linear up to a constant, in the operands numbered `linear` together."""
    if level.depends(params):
        return False
    if isinstance(primitive, Linear):
        return np.dtype(params.get("dtype") or float).kind in "fc"  # a cast to integers is not
    if isinstance(primitive, Multilinear):
        return len(linear) == 1
    if isinstance(primitive, Elementwise):
        return primitive.function in SCALINGS and not any(reads(primitive, i) & linear for i in linear)
    if isinstance(primitive, LinearSolve):
        return linear == {0}
    return primitive.function is np.linalg.solve and linear == {1}


def reads(primitive: Elementwise, i: int) -> set[int]:
    """Return which operands' values the partial with respect to operand `i` reads; itself if there is none."""
    rule = primitive.rules[i]
    return {i} if rule is None or rule.keeps is None else rule.keeps


# -- The transpose -----------------------------------------------------------------------------------------


def linear_transpose(f: AnyFunction, *primals: PyTree) -> Callable[..., tuple[PyTree, ...]]:
    """Return the transpose of a linear function.

    Parameters
    ----------
    f : callable
        A function of arrays or pytrees, linear in all of them together. It is called once, here, with zeros.
    *primals : pytree
        Arguments of the right shapes and dtypes; their values do not matter. Anything with a shape and a dtype will do.

    Returns
    -------
    callable
        Takes a cotangent like the output of `f`, and returns a tuple of cotangents, one for each argument. It is the
        transpose without conjugation, as in JAX: for every `x` and `g`, ``sum(f(x) * g) == sum(x * transposed(g)[0])``.

    Raises
    ------
    TypeError
        If `f` is not linear; the message names the function that is not, and the line that calls it. Also if an
        argument is not real or complex.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> matrix = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> transposed = fg.linear_transpose(lambda x: matrix @ x, np.zeros(2))
    >>> transposed(np.array([1.0, 0.0, 0.0]))
    (array([1., 2.]),)
    """
    name = getattr(f, "__name__", repr(f))
    leaves, structure = flatten(tuple(primals))
    spaces = [space_like(x) for x in leaves]
    origin = [zeros(space, x)[()] for space, x in zip(spaces, leaves, strict=True)]
    level = LinearLevel(name)
    program, output = capture(f, origin, structure, level)
    outputs, tree = flatten(output)
    for y in outputs:
        check_origin(name, y)
    output_spaces = [space_of(y) for y in outputs]
    constants = level.constants

    def of_leaves(*xs: Array) -> list[Any]:
        return flatten(program(constants, xs))[0]

    def transposed(cotangent: PyTree) -> tuple[PyTree, ...]:
        given = match(f"the transpose of {name}", cotangent, tree, output_spaces)
        found: Any = structure.unflatten(vjp(of_leaves, *origin)[1](given))
        return tuple(found)

    return transposed


def space_like(x: Any) -> Space:
    """Return the space of an array, a number, or a description with shape and dtype."""
    described = x if is_array(x) or not hasattr(x, "dtype") else np.broadcast_to(np.zeros((), x.dtype), x.shape)
    space = space_of(as_array(described)) if is_array(described) else None
    if space is None or not space.is_inexact:
        raise TypeError(f"linear_transpose needs real or complex arguments, got {space or repr(x)}")
    return space


def check_origin(name: str, y: Any) -> None:
    """Raise if the output at zero is not zero: a function that is linear up to a constant."""
    if not is_array(y):
        raise TypeError(f"linear_transpose: {name} returned {y!r:.80}, which is no array")
    value = plain(y)
    if bool((value != 0).any() if hasattr(value, "any") else value != 0):
        raise TypeError(f"linear_transpose: {name} is not linear: at zero it is not zero, but {value!r:.100}")
