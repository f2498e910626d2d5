"""Properties: the laws again, on calls that hypothesis draws.

A row of `ROWS` draws a `Call`: an expression in NumPy, its operands (shapes with zero and broadcast axes, dtypes,
memory layouts), and constants (indices, masks, numbers). What fails prints as a call that can be pasted and run.
``FUNCGRAD_EXAMPLES=20`` draws twenty times as many calls, and others each time.
"""

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from cases import table
from cases.table import Input
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_laws import arrays_in, assert_spaces, backwards, batch, column_major, difference_quotient, directions, spread

import funcgrad as fg

Draw = st.DrawFn
Shape = tuple[int, ...]
Domain = Callable[..., Input]
Row = st.SearchStrategy["Call"]

MORE = int(os.environ.get("FUNCGRAD_EXAMPLES", "1"))
settings.register_profile(
    "ci", deadline=None, derandomize=MORE == 1, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def examples(n: int) -> settings:
    """Return the settings of a test with `n` examples."""
    return settings(settings.get_profile("ci"), max_examples=n * MORE)


# What is drawn

SINGLE = ("float32", "complex64")
REAL, COMPLEX = ("float32", "float64"), ("float32", "float64", "complex64", "complex128")


@dataclass(frozen=True)
class Operand:
    """An array to differentiate: where its numbers come from, and how they lie in memory."""

    domain: Domain
    shape: Shape
    dtype: str
    layout: str
    seed: int

    def array(self, sample: int = 0) -> Any:
        """Return the array; other numbers for another sample."""
        drawn = self.domain(*self.shape)
        draw = drawn.draw_complex if self.dtype.startswith("c") else drawn.draw
        assert draw
        rng = np.random.default_rng([self.seed, sample])
        return LAYOUTS[self.layout](np.asarray(draw(rng, self.shape)).astype(self.dtype))


def read_only(x: Any) -> Any:
    """Return the array with writing forbidden."""
    x.flags.writeable = False
    return x


def broadcast(x: Any) -> Any:
    """Return an array of this shape, all of whose elements are one in memory."""
    return np.broadcast_to(x.ravel()[0], x.shape) if x.size else x


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "C": np.copy,
    "F": column_major,
    "spread": spread,
    "backwards": backwards,
    "read-only": read_only,
    "broadcast": broadcast,
}


@dataclass(frozen=True)
class Call:
    """An expression in the operands ``x, y, z`` and constants by name."""

    text: str
    operands: Sequence[Operand]
    constants: dict[str, Any] = field(default_factory=dict)
    writes: bool = False

    def __call__(self, *xs: Any) -> Any:
        names = {"np": np, "put": put, "add_at": add_at, "multiply_at": multiply_at} | self.constants
        return eval(self.text, names, dict(zip("xyz", xs, strict=False)))

    @property
    def single(self) -> bool:
        """Whether some operand has single precision."""
        return any(operand.dtype in SINGLE for operand in self.operands)

    def arrays(self, sample: int = 0) -> tuple[Any, ...]:
        return tuple(operand.array(sample) for operand in self.operands)


def buffer(x: Any) -> Any:
    """Return what may be written to: the tracer itself, or a copy of an array or NumPy scalar."""
    return np.array(x) if isinstance(x, np.ndarray | np.generic) else x


def put(x: Any, index: Any, value: Any) -> Any:
    """Do ``x[index] = value``."""
    x = buffer(x)
    x[index] = value
    return x


def add_at(x: Any, index: Any, value: Any) -> Any:
    """Do ``x[index] += value``."""
    x = buffer(x)
    x[index] += value
    return x


def multiply_at(x: Any, index: Any, value: Any) -> Any:
    """Do ``x[index] *= value``, and use the new elements once more."""
    x = buffer(x)
    x[index] *= value
    x[index] *= x[index]
    return x


# Domains beside those of the table of cases


def dominant(*shape: int) -> Input:
    """Well-conditioned square matrices."""
    unit = table.unit()
    assert unit.draw_complex
    complex_part = unit.draw_complex
    return Input(
        shape,
        lambda rng, s: unit.draw(rng, s) + 3 * np.eye(s[-1]),
        lambda rng, s: complex_part(rng, s) + 3 * np.eye(s[-1]),
    )


def lower(*shape: int) -> Input:
    """Numbers below zero without ties with `distinct` ones."""
    return Input(shape, lambda rng, s: rng.choice([-0.45, -0.3, -0.15], s) + rng.uniform(-0.02, 0.02, s))


def upper(*shape: int) -> Input:
    """Numbers above zero without ties with `distinct` ones."""
    return Input(shape, lambda rng, s: rng.choice([0.45, 0.3, 0.15], s) + rng.uniform(-0.02, 0.02, s))


def small(*shape: int) -> Input:
    """Numbers in (-0.9, 0.9)."""
    return table.unit(*shape)


real, positive, nonzero, distinct, between = (
    table.real,
    table.positive,
    table.away_from_zero,
    table.distinct,
    table.between,
)

# Pieces of calls


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 0) -> st.SearchStrategy[Shape]:
    return hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=3)


def broadcastable(n: int) -> st.SearchStrategy[Any]:
    """Draw `n` shapes that broadcast."""
    return hnp.mutually_broadcastable_shapes(num_shapes=n, max_dims=3, min_side=0, max_side=3).map(
        lambda drawn: drawn.input_shapes
    )


def operand(draw: Draw, domain: Domain, shape: Shape, dtypes: Sequence[str] = REAL) -> Operand:
    layouts = [name for name in LAYOUTS if name != "broadcast" or domain in (real, positive, nonzero, small)]
    return Operand(
        domain, shape, draw(st.sampled_from(dtypes)), draw(st.sampled_from(layouts)), draw(st.integers(0, 99))
    )


def axis_of(ndim: int, none: bool = True, several: bool = True) -> st.SearchStrategy[Any]:
    """Draw an axis: None, a number from either end, or a tuple."""
    choices: list[st.SearchStrategy[Any]] = [st.none()] if none else []
    if ndim:
        choices.append(st.integers(-ndim, ndim - 1))
    if several:
        choices.append(hnp.valid_tuple_axes(ndim))
    return st.one_of(choices)


def constant(domain: Domain, shape: Shape, dtypes: Sequence[str]) -> st.SearchStrategy[Any]:
    """Draw a constant from a domain: a number of Python or NumPy, or an array of integers or booleans."""
    values: list[Any] = [2, 1.3, True, np.float32(1.3), np.float64(1.3), np.int64(2), np.full(shape, 2), np.ones(shape)]
    if domain in (lower, upper):
        values = [0.0, np.float32(0), np.zeros(shape, int)]
    elif domain is real:
        values += [0, -1, -0.7, np.zeros(shape, bool)]
    if dtypes == COMPLEX and domain is not distinct:
        values += [1.5 + 0.5j, np.complex64(1.5 + 0.5j)]
    return st.sampled_from(values)


@st.composite
def elementwise(draw: Draw, text: str, domains: Sequence[Domain], dtypes: Sequence[str] = REAL) -> Call:
    """Draw operands that broadcast, at least one of them an array to differentiate."""
    operands: list[Operand] = []
    constants: dict[str, Any] = {}
    places = range(domains[0] is distinct, len(domains))  # NumPy's clip of a number has another dtype
    fixed = draw(st.none() | st.sampled_from(places)) if len(domains) > 1 else None
    used = draw(broadcastable(len(domains)))
    names = iter("xyz")
    for place, (domain, shape) in enumerate(zip(domains, used, strict=True)):
        if place == fixed:
            constants["c"] = draw(constant(domain, shape, dtypes))
            text = text.replace(f"#{place}", "c")
        else:
            operands.append(operand(draw, domain, shape, dtypes))
            text = text.replace(f"#{place}", next(names))
    return Call(text, operands, constants)


@st.composite
def where(draw: Draw) -> Call:
    call: Call = draw(elementwise("np.where(m, #0, #1)", (real, real), COMPLEX))
    shape = draw(st.sampled_from([call.operands[0].shape, ()]))
    mask = np.asarray(np.random.default_rng(draw(st.integers(0, 9))).random(shape) < 0.5)
    return Call(call.text, call.operands, call.constants | {"m": mask})


@st.composite
def reduction(draw: Draw, name: str, domain: Domain = real, dtypes: Sequence[str] = REAL, least: int = 0) -> Call:
    """Draw a reduction over any axes; `least` is the least length of an axis."""
    x = operand(draw, domain, draw(shapes(min_dims=min(least, 1), min_side=least)), dtypes)
    several = name not in ("ptp", "linalg.norm") and least < 2
    axis = draw(axis_of(len(x.shape), several=several))
    keywords = f"axis={axis}, keepdims={draw(st.booleans())}"
    if name in ("sum", "prod", "mean", "max", "min") and draw(st.integers(0, 3)) == 3:
        start = "" if name == "mean" else f", initial={draw(st.sampled_from([0.0, 1, -9.0]))}"
        if least == 0:
            mask = np.random.default_rng(draw(st.integers(0, 9))).random(x.shape) < 0.6
            return Call(f"np.{name}(x, {keywords}{start}, where=m)", [x], {"m": mask})
        keywords += start
    return Call(draw(st.sampled_from([f"np.{name}(x, {keywords})"])), [x])


@st.composite
def norm(draw: Draw) -> Call:
    x = operand(draw, nonzero, draw(shapes(min_dims=1)), COMPLEX)
    order, axis = draw(st.sampled_from([None, 1, 2, 3, 2.5])), draw(axis_of(len(x.shape), none=False, several=False))
    if order is None:
        axis = draw(st.sampled_from([axis, None]))
    return Call(f"np.linalg.norm(x, ord={order}, axis={axis}, keepdims={draw(st.booleans())})", [x])


@st.composite
def scan(draw: Draw, name: str, domain: Domain) -> Call:
    x = operand(draw, domain, draw(shapes(min_dims=1)), REAL if name == "sort" else COMPLEX)
    return Call(f"np.{name}(x, axis={draw(axis_of(len(x.shape), several=False))})", [x])


@st.composite
def shaping(draw: Draw, name: str) -> Call:
    """Draw a rearrangement of elements."""
    x = operand(draw, real, draw(shapes(min_dims=1 if name in NEEDS_AXES else 0)), COMPLEX)
    ndim, size = len(x.shape), math.prod(x.shape)
    axis = draw(axis_of(ndim, none=False, several=False)) if ndim else 0
    other = draw(axis_of(ndim, none=False, several=False)) if ndim else 0
    text = {
        "reshape": lambda: f"{draw(new_shape(x.shape))}, order={draw(st.sampled_from(['C', 'F']))!r}",
        "transpose": lambda: f"{draw(st.none() | st.permutations(range(ndim)).map(tuple))}",
        "moveaxis": lambda: f"{axis}, {other}",
        "swapaxes": lambda: f"{axis}, {other}",
        "roll": lambda: draw(st.sampled_from([f"{other + 2}", f"-1, axis={axis}", f"(1, -2), axis=({axis}, {other})"])),
        "flip": lambda: f"axis={draw(axis_of(ndim))}",
        "pad": lambda: (
            f"{draw(st.lists(st.tuples(widths, widths), min_size=ndim, max_size=ndim))}, {draw(modes(size))}"
        ),
        "tile": lambda: f"{draw(st.integers(0, 2) | st.lists(st.integers(0, 2), max_size=3).map(tuple))}",
        "repeat": lambda: draw(
            st.sampled_from([f"2, axis={axis}", f"{list(range(x.shape[axis]))}, axis={axis}", "0", "2"])
        ),
        "expand_dims": lambda: f"{draw(axis_of(ndim + 1, none=False, several=False))}",
        "squeeze": lambda: f"axis={tuple(i for i, n in enumerate(x.shape) if n == 1 and draw(st.booleans()))}",
        "broadcast_to": lambda: f"{(2, *x.shape)}",
        "ravel": lambda: f"order={draw(st.sampled_from(['C', 'F']))!r}",
    }[name]()
    return Call(f"np.{name}(x, {text})", [x])


NEEDS_AXES = ("moveaxis", "swapaxes", "roll", "repeat", "pad")
widths = st.integers(0, 2)


def modes(size: int) -> st.SearchStrategy[str]:
    value = st.sampled_from(["", "constant_values=2.0"])
    return value | st.sampled_from(['"edge"', '"wrap"', '"symmetric"', '"reflect"']) if size else value


@st.composite
def new_shape(draw: Draw, shape: Shape) -> Shape:
    """Draw another shape of as many elements, perhaps with -1."""
    new = draw(st.permutations([*shape, *draw(st.lists(st.just(1), max_size=2))]))
    while len(new) > 1 and draw(st.booleans()):
        new = [new[0] * new[1], *new[2:]]
    if new and math.prod(new) and draw(st.booleans()):
        new[draw(st.integers(0, len(new) - 1))] = -1
    return tuple(new)


@st.composite
def triangle(draw: Draw, name: str) -> Call:
    x = operand(draw, real, draw(shapes(min_dims=2)), COMPLEX)
    return Call(f"np.{name}(x, {draw(st.integers(-2, 2))})", [x])


@st.composite
def join(draw: Draw, name: str) -> Call:
    """Draw arrays to join, one of them perhaps a constant."""
    shape = draw(shapes(min_dims=0 if name == "stack" else 1))
    ndim = len(shape) + (name == "stack")
    axis = draw(axis_of(ndim, none=name == "concatenate", several=False))
    second = list(shape)
    if name == "concatenate":
        second[axis or 0] = draw(st.integers(0, 3))
    x, y = operand(draw, real, shape, COMPLEX), operand(draw, real, tuple(second), COMPLEX)
    constants = draw(st.sampled_from([{}, {"c": np.ones(shape, np.int32)}, {"c": np.ones(shape, np.float32)}]))
    parts = draw(st.permutations(["x", "y", *constants]))
    return Call(f"np.{name}([{', '.join(parts)}], axis={axis})", [x, y], constants)


# Indices


@st.composite
def indices(draw: Draw, shape: Shape) -> Any:
    """Draw an index of any kind."""
    kinds: list[st.SearchStrategy[Any]] = [hnp.basic_indices(shape, allow_newaxis=True), mixed_indices(shape)]
    kinds.append(hnp.arrays(bool, shape))
    if shape and 0 not in shape:
        kinds.append(hnp.integer_array_indices(shape, result_shape=shapes(max_dims=2), dtype=np.int64))
    return draw(st.one_of(kinds))


@st.composite
def mixed_indices(draw: Draw, shape: Shape) -> Any:
    """Draw an index that mixes slices, numbers, arrays, masks of axes, new axes and an Ellipsis."""
    items: list[Any] = []
    broadcasting = draw(st.sampled_from([(), (2,), (2, 1), (0,)]))
    room = draw(st.integers(0, len(shape)))
    for n in shape[:room]:
        kinds: list[st.SearchStrategy[Any]] = [st.slices(n)]
        if n:
            kinds.append(st.integers(-n, n - 1))
            kinds.append(hnp.arrays(np.int64, broadcasting, elements=st.integers(-n, n - 1)))
        if broadcasting == (2,) and n > 1:
            kinds.append(st.permutations([True, True, *[False] * (n - 2)]).map(np.array))
        items.append(draw(st.one_of(kinds)))
    if room == len(shape) and draw(st.booleans()):
        items.insert(draw(st.integers(0, len(items))), ...)
    if len(items) < 4 and draw(st.booleans()):
        items.insert(draw(st.integers(0, len(items))), None)
    return tuple(items)


@st.composite
def reading(draw: Draw) -> Call:
    x = operand(draw, real, draw(shapes()), COMPLEX)
    return Call("x[i]", [x], {"i": draw(indices(x.shape))})


@st.composite
def writing(draw: Draw, name: str) -> Call:
    """Draw a write into a traced buffer of an array, or of a number."""
    x = operand(draw, real, draw(shapes()), COMPLEX)
    index = draw(indices(x.shape))
    target = np.empty(x.shape)[index].shape
    dtypes = COMPLEX if x.dtype.startswith("c") else REAL
    if draw(st.integers(0, 3)) == 3:
        value = draw(st.sampled_from([0, 1.5, True, np.float64(2.0)]))
        return Call(f"{name}(x, i, c)", [x], {"i": index, "c": value}, writes=True)
    shape = draw(st.sampled_from([target, target[1:], tuple(1 for _ in target), ()]))
    y = operand(draw, real, shape, dtypes)
    return Call(f"{name}(x, i, y)", [x, y], {"i": index}, writes=True)


@st.composite
def taking(draw: Draw) -> Call:
    x = operand(draw, real, draw(shapes(min_dims=1, min_side=1)), COMPLEX)
    axis = draw(axis_of(len(x.shape), several=False))
    n = math.prod(x.shape) if axis is None else x.shape[axis]
    places = draw(hnp.arrays(np.int64, shapes(max_dims=2), elements=st.integers(-n, n - 1)))
    return Call(f"np.take(x, i, axis={axis})", [x], {"i": places})


# Products and linear algebra


@st.composite
def matmul(draw: Draw) -> Call:
    drawn = draw(hnp.mutually_broadcastable_shapes(signature="(n?,k),(k,m?)->(n?,m?)", max_dims=2, max_side=3))
    text = draw(st.sampled_from(["np.matmul(x, y)", "x @ y"]))
    return Call(text, [operand(draw, real, shape, COMPLEX) for shape in drawn.input_shapes])


@st.composite
def product(draw: Draw, name: str) -> Call:
    """Draw a product of two arrays, of few axes."""
    most = 3 if name in ("kron", "outer") else 2
    first, second = draw(shapes(max_dims=most)), draw(shapes(max_dims=most))
    if name in ("inner", "dot") and first and second:
        at = -1 if name == "inner" or len(second) == 1 else -2
        second = (*second[:at], first[-1], *second[len(second) + at + 1 :])
    return Call(f"np.{name}(x, y)", [operand(draw, real, shape, COMPLEX) for shape in (first, second)])


@st.composite
def tensordot(draw: Draw) -> Call:
    sides = [2, 3, 0] if draw(st.integers(0, 4)) == 4 else [2, 3, 1]
    letters = st.lists(st.integers(0, 2), max_size=3, unique=True)
    first, second = draw(letters), draw(letters)
    common = draw(st.permutations([i for i in first if i in second]))
    common = common[: draw(st.integers(0, len(common)))]
    axes = ([first.index(i) - len(first) * draw(st.integers(0, 1)) for i in common], [second.index(i) for i in common])
    operands = [operand(draw, real, tuple(sides[i] for i in part), COMPLEX) for part in (first, second)]
    return Call(f"np.tensordot(x, y, axes={axes})", operands)


@st.composite
def einsum(draw: Draw) -> Call:
    """Draw subscripts with repeated, summed and shared letters, and perhaps an Ellipsis."""
    sides = dict(zip("abc", draw(st.permutations([2, 3, draw(st.sampled_from([0, 1, 2]))])), strict=True))
    words = draw(st.lists(st.text("abc", max_size=3), min_size=1, max_size=3))
    present = sorted(set("".join(words)))
    dots = draw(st.booleans())
    output = "".join(draw(st.permutations(present)))[: draw(st.integers(0, len(present)))]
    spots = [draw(st.sampled_from(["", "..."])) if dots else "" for _ in words]
    subscripts = ",".join(spot + word for spot, word in zip(spots, words, strict=True))
    subscripts += "->" + ("..." if any(spots) else "") + output
    leading = [draw(st.sampled_from([(), (2,), (1,)])) if spot else () for spot in spots]
    operands = [
        operand(draw, real, (*lead, *(sides[i] for i in word)), COMPLEX)
        for lead, word in zip(leading, words, strict=True)
    ]
    optimize = draw(st.sampled_from(["", ", optimize=True"]))
    return Call(f"np.einsum({subscripts!r}, {', '.join('xyz'[: len(words)])}{optimize})", operands)


@st.composite
def linalg(draw: Draw, text: str) -> Call:
    lead, n = draw(shapes(max_dims=2)), draw(st.integers(0, 3))
    return Call(text, [operand(draw, dominant, (*lead, n, n), COMPLEX)])


@st.composite
def solve(draw: Draw) -> Call:
    first, second = draw(broadcastable(2))
    n, columns = draw(st.integers(0, 3)), draw(st.integers(0, 2))
    b = draw(st.sampled_from([(*second, n, columns), (n,)]))
    return Call(
        "np.linalg.solve(x, y)",
        [operand(draw, dominant, (*first[-2:], n, n), COMPLEX), operand(draw, real, b, COMPLEX)],
    )


# The rows

#: Functions of one number by domain; those of the second column also for complex numbers.
UNARY: dict[Domain, tuple[str, str]] = {
    real: ("deg2rad arctan", "negative positive square exp exp2 expm1 sin cos sinh cosh conj real imag"),
    positive: ("", "sqrt log log2 log10 log1p reciprocal"),
    nonzero: ("cbrt fabs sinc", "absolute angle"),
    small: ("arctanh", "tan arcsin arccos tanh arcsinh"),
    table.above_one: ("arccosh", ""),
}
NUMBERS = [
    (name, domain, complex_ok)
    for domain, columns in UNARY.items()
    for complex_ok, column in zip((False, True), columns, strict=True)
    for name in column.split()
]
ROWS: dict[str, Row] = {
    **{
        name: elementwise(f"np.{name}(#0)", (domain,), COMPLEX if complex_ok else REAL)
        for name, domain, complex_ok in NUMBERS
    },
    **{name: elementwise(f"np.{name}(#0, #1)", (real, real), COMPLEX) for name in ("add", "subtract", "multiply")},
    "divide": elementwise("np.divide(#0, #1)", (real, nonzero), COMPLEX),
    "power": elementwise("np.power(#0, #1)", (positive, real), COMPLEX),
    **{f"operator {sign}": elementwise(f"#0 {sign} #1 * 1", (real, real)) for sign in "+-*"},
    "operator /": elementwise("#0 / (#1 * 1)", (real, nonzero)),
    "operator **": elementwise("#0 ** (#1 * 1)", (positive, real)),
    "square by power": elementwise("#0 ** 2 + #0 ** 3", (real,), COMPLEX),
    "maximum": elementwise("np.maximum(#0, #1)", (distinct, between)),
    "fmin": elementwise("np.fmin(#0, #1)", (distinct, between)),
    "arctan2": elementwise("np.arctan2(#0, #1)", (nonzero, nonzero)),
    "hypot": elementwise("np.hypot(#0, #1)", (nonzero, nonzero)),
    "copysign": elementwise("np.copysign(#0, #1)", (nonzero, nonzero)),
    "logaddexp": elementwise("np.logaddexp(#0, #1)", (real, real)),
    "clip": elementwise("np.clip(#0, #1, #2)", (distinct, lower, upper)),
    "clip below": elementwise("np.clip(#0, #1, None)", (distinct, between)),
    "where": where(),
    "where by value": elementwise("np.where(np.real(#0) > 0, #0 * #1, #1 - #2)", (nonzero, real, real), COMPLEX),
    "fused": elementwise("#0 * #1 + #2 / 2", (real, real, real)),
    "sum": reduction("sum", real, COMPLEX),
    "prod": reduction("prod", nonzero, COMPLEX),
    "mean": reduction("mean", real, COMPLEX, 1),
    "var": reduction("var", real, COMPLEX, 1),
    "std": reduction("std", distinct, REAL, 2),
    "max": reduction("max", distinct, REAL, 1),
    "min": reduction("min", distinct, REAL, 1),
    "median": reduction("median", distinct, REAL, 1),
    "ptp": reduction("ptp", distinct, REAL, 1),
    "cumsum": scan("cumsum", real),
    "cumprod": scan("cumprod", nonzero),
    "sort": scan("sort", distinct),
    **{
        name: shaping(name)
        for name in (
            *("reshape", "transpose", "moveaxis", "swapaxes", "roll", "flip", "pad", "tile", "repeat"),
            *("expand_dims", "squeeze", "broadcast_to", "ravel"),
        )
    },
    **{name: triangle(name) for name in ("tril", "triu", "diagonal", "trace")},
    "concatenate": join("concatenate"),
    "stack": join("stack"),
    "getitem": reading(),
    "setitem": writing("put"),
    "setitem add": writing("add_at"),
    "setitem multiply": writing("multiply_at"),
    "take": taking(),
    "matmul": matmul(),
    "tensordot": tensordot(),
    "einsum": einsum(),
    **{name: product(name) for name in ("inner", "outer", "kron", "dot")},
    "solve": solve(),
    "inv": linalg("np.linalg.inv(x)"),
    "det": linalg("np.linalg.det(x)"),
    "slogdet": linalg("np.linalg.slogdet(x)[1]"),
    "norm": norm(),
}
#: Rows with more to draw than others.
WEIGHTS = {"getitem": 6, "setitem": 6, "setitem add": 4, "setitem multiply": 4, "einsum": 3, "sum": 3, "reshape": 2}
every_row = pytest.mark.parametrize("row", ROWS)


# Judging


def assert_near(got: Any, want: Any, tolerance: float) -> None:
    """Assert that arrays agree, relative to the largest number of `want`."""
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(g, w, tolerance, tolerance * np.max(np.abs(w), initial=1))


def assert_transposed(gxs: Any, dxs: Any, gys: Any, dys: Any, tolerance: float) -> None:
    """Assert that <gx, dx> = <gy, dy>: the real part of the sum of products, without a conjugate."""
    left, right = ([np.real(g * d) for g, d in zip(gs, ds, strict=True)] for gs, ds in ((gxs, dxs), (gys, dys)))
    terms = sum(float(np.sum(np.abs(term))) for term in (*left, *right))
    assert abs(sum(map(np.sum, left)) - sum(map(np.sum, right))) <= tolerance * (1 + terms)


def widen(xs: Sequence[Any]) -> tuple[Any, ...]:
    """Return the arrays in double precision."""
    return tuple(np.asarray(x, complex if np.iscomplexobj(x) else float) for x in xs)


@every_row
def test_derivatives(row: str) -> None:
    @examples(12 * WEIGHTS.get(row, 1))
    @given(ROWS[row])
    def check(call: Call) -> None:
        with np.errstate(all="ignore"):
            check_derivatives(call)

    check()


def check_derivatives(call: Call) -> None:
    """Check the value, jvp against a difference quotient, vjp against jvp, and that the arguments are left alone."""

    def run(*xs: Any) -> Any:
        return arrays_in(call(*xs))

    xs = call.arrays()
    before = [x.copy() for x in xs]
    want = run(*xs)
    ys, pullback = fg.vjp(run, *xs)
    gys, dxs = directions(ys), directions(xs, 1)
    forward, dys = fg.jvp(run, xs, dxs)
    for got in (ys, forward):
        assert list(map(type, got)) == list(map(type, want))
        assert_spaces(got, want)
        assert_near(got, want, 1e-5 if call.single else 1e-13)

    assert_spaces(dys, ys)
    assert_near(dys, difference_quotient(run, widen(xs), widen(dxs)), 2e-3 if call.single else 1e-6)
    gxs = pullback(gys)
    assert_spaces(gxs, xs)
    assert_transposed(gxs, dxs, gys, dys, 1e-4 if call.single else 1e-10)
    for x, copy in zip(xs, before, strict=True):
        np.testing.assert_array_equal(x, copy)


@every_row
def test_vmap_is_a_loop(row: str) -> None:
    @examples(4 * WEIGHTS.get(row, 1))
    @given(ROWS[row], st.integers(1, 3), st.data())
    def check(call: Call, size: int, data: st.DataObject) -> None:
        samples = [call.arrays(sample) for sample in range(size)]
        axes = [data.draw(batch_axes(x.ndim, shared=not call.writes)) for x in samples[0]]
        if all(axis is None for axis in axes):
            axes[0] = 0
        xs = [batch([s[i] for s in samples], axis) for i, axis in enumerate(axes)]
        mixed = [tuple(x if a is not None else y for x, y, a in zip(s, samples[0], axes, strict=True)) for s in samples]
        with np.errstate(all="ignore"):
            check_batch(call, mixed, xs, tuple(axes))

    check()


def batch_axes(ndim: int, shared: bool) -> st.SearchStrategy[int | None]:
    return st.sampled_from([*range(-1, ndim + 1), *([None] if shared else [])])


def check_batch(call: Call, samples: Sequence[Any], xs: Sequence[Any], axes: tuple[int | None, ...]) -> None:
    """Check that the values of a batch, and its gradients, are the examples' one by one."""

    def run(*xs: Any) -> Any:
        return arrays_in(call(*xs))

    def pull(*xs: Any) -> Any:
        ys, pullback = fg.vjp(run, *xs)
        return pullback(ys)

    for f in (run, pull):
        want = tuple(np.stack(parts) for parts in zip(*(f(*s) for s in samples), strict=True))
        got = fg.vmap(f, in_axes=axes)(*xs)
        assert_spaces(got, want)
        assert_near(got, want, 1e-4 if call.single else 1e-11)


@pytest.mark.parametrize(("name", "domain", "complex_ok"), NUMBERS, ids=[row[0] for row in NUMBERS])
@pytest.mark.parametrize("number", [float, np.float64, np.float32, complex, np.complex128, np.complex64])
def test_numbers(name: str, domain: Domain, complex_ok: bool, number: Any) -> None:
    """The gradient at a number of Python or NumPy is a NumPy scalar; for z = x + iy it is du/dx - i du/dy."""

    def f(x: Any) -> Any:
        return np.real(getattr(np, name)(x))

    dtype = np.dtype(number)
    if dtype.kind == "c" and not complex_ok:
        return
    x = Operand(domain, (), dtype.name, "C", 0).array()
    got = fg.grad(f)(number(x[()]))
    assert type(got) is dtype.type
    wide = widen([x])
    (want,) = difference_quotient(lambda x: (f(x),), wide, (1.0,))
    if dtype.kind == "c":
        want = want - 1j * difference_quotient(lambda x: (f(x),), wide, (1j,))[0]
    np.testing.assert_allclose(got, want, *[1e-4 if dtype.name in SINGLE else 1e-6] * 2)


@pytest.mark.parametrize("number", [3, True, np.int64(3), np.array([1, 2])])
def test_integers_are_refused(number: Any) -> None:
    with pytest.raises(TypeError, match="real or complex"):
        fg.grad(lambda x: np.sum(x * 1.5))(number)
