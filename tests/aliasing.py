"""Programs that write: hypothesis draws reads, writes, views and arithmetic on a few arrays, as plain NumPy text.

The `Writer` runs each line on plain arrays as it writes it, for three samples of inputs at once. A line that NumPy
refuses, or warns about, or that makes numbers large is taken back. So shapes fit, views that are read-only are not
written to, and no maximum, sort or mask is close to a tie. Nothing here knows of funcgrad: `np`, `grad`, `vmap` and
`checkpoint` are names that a program is given when it runs.
"""

import ast
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

Arrays = tuple[Any, ...]
World = dict[str, Any]
Draw = Callable[[int, int], int]  # an integer between two, these included
Shape = tuple[int, ...]

SAMPLES = 3
LIMIT = 3.0
REFUSALS = (
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    NameError,
    ArithmeticError,
    Warning,
    pytest.fail.Exception,
)


# Programs and how to run them


@dataclass(frozen=True)
class Program:
    """The text of a function ``f(a, b, c)`` of a vector, a matrix and a number."""

    text: str
    n: int = 3
    m: int = 2
    seed: int = 0
    features: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"n={self.n} m={self.m} seed={self.seed}\n{self.text}"

    def function(self, look: Any = None, **names: Any) -> Callable[..., Any]:
        """Return the function; `look(line, variables)` is called after every line that is not inside another."""
        tree = ast.parse(self.text)
        if look is not None:
            definition: Any = tree.body[0]
            definition.body = list(looking(definition.body))
            ast.fix_missing_locations(tree)
        space = NAMES | names | {"look": look}
        exec(compile(tree, "<program>", "exec"), space)
        return space["f"]

    def inputs(self, sample: int = 0) -> Arrays:
        return inputs(self.n, self.m, self.seed, sample)

    def directions(self) -> Arrays:
        return inputs(self.n, self.m, 12345, 0)


def inputs(n: int, m: int, seed: int, sample: int) -> Arrays:
    """Draw numbers of a moderate size."""
    rng = np.random.default_rng([seed, sample])
    return rng.uniform(-1, 1, n), rng.uniform(-1, 1, (n, m)), np.float64(rng.uniform(-1, 1))


def looking(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Put a look after each statement."""
    for statement in body:
        yield statement
        if not isinstance(statement, ast.Return):
            yield ast.parse(f"look({statement.lineno}, locals())").body[0]


def total(*xs: Any) -> Any:
    """Return a number to which every element contributes in its own way."""
    y: Any = 0.0
    for k, x in enumerate(xs):
        for part in (np.real(x), np.imag(x)) if np.iscomplexobj(x) else (x,):
            places = np.arange(np.size(part)).reshape(np.shape(part))
            y = y + np.sum(np.sin(part) * np.cos(1.0 + k + 0.7 * places).astype(part.dtype))
    return y


#: What programs may call: NumPy itself makes plain arrays, `np` those of the run.
NAMES: dict[str, Any] = {"numpy": np, "np": np, "total": total, "raises": pytest.raises}


# What a transform is while a program is drawn: the same where that is easy, else numbers of the same shape


def fake_grad(f: Any) -> Any:
    def gradient(x: Any) -> Any:
        return np.cos(x) * np.cos(f(np.copy(x)))

    return gradient


def fake_jvp(f: Any, xs: Any, dxs: Any) -> Any:
    y = f(*map(np.copy, xs))
    return y, np.cos(y)


def fake_vmap(f: Any) -> Any:
    return lambda x: np.stack([f(np.copy(row)) for row in x])


FAKES: dict[str, Any] = {"grad": fake_grad, "jvp": fake_jvp, "vmap": fake_vmap, "checkpoint": lambda f: f}


# Writing programs


class Writer:
    """A program in the making: its lines, and the value of each variable so far, in each sample."""

    def __init__(self, draw: Draw, start: Callable[[], list[World]], prefix: str, own: str = "abc") -> None:
        self.draw = draw
        self.start = start
        self.prefix = prefix
        self.own = set(own)  # the variables that are this function's: others may only be read
        self.lines: list[str] = []
        self.worlds = start()
        self.count = 0
        self.features: set[str] = set()

    @property
    def values(self) -> World:
        return self.worlds[0]

    def choose(self, *options: Any) -> Any:
        return options[self.draw(0, len(options) - 1)]

    def chance(self, n: int) -> bool:
        """One in `n` times."""
        return self.draw(0, n - 1) == n - 1

    def new(self) -> str:
        self.count += 1
        return f"{self.prefix}{self.count}"

    # -- Running lines --------------------------------------------------------------------------------

    def attempt(self, text: str, feature: str = "") -> bool:
        """Add lines, if they run and their numbers stay moderate."""
        before = len(self.lines)
        try:
            self.run(text)
            self.tame()
        except REFUSALS:
            self.undo(before)
            return False
        if feature:
            self.features.add(feature)
        return True

    def run(self, text: str) -> None:
        code = compile(text, "<step>", "exec")
        for i, world in enumerate(self.worlds):
            names = NAMES | FAKES | world
            with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
                warnings.simplefilter("error")
                exec(code, names)
            self.worlds[i] = {name: x for name, x in names.items() if name in world or self.is_variable(name)}
        self.lines += text.splitlines()

    def is_variable(self, name: str) -> bool:
        return name[0] == self.prefix and name[1:].isdigit()

    def undo(self, before: int) -> None:
        """Go back to the program of `before` lines, by running it again."""
        lines, self.lines, self.worlds = self.lines[:before], [], self.start()
        if lines:
            self.run("\n".join(lines))

    def tame(self) -> None:
        """Scale what has become large, and refuse what is no array of floats."""
        for name, x in self.values.items():
            if not isinstance(x, np.ndarray | np.float64 | np.complex128) or np.asarray(x).dtype.kind not in "fc":
                raise ValueError(f"{name} is no array of floats")
            if x.size > 48 or x.ndim > 4:
                raise ValueError(f"{name} is large")
        for _ in range(6):
            sizes = {name: max(np.max(np.abs(world[name]), initial=0) for world in self.worlds) for name in self.values}
            large = [name for name, size in sizes.items() if not size <= LIMIT]
            if not large:
                return
            name = max(large, key=lambda name: (np.size(self.values[name]), sizes[name]))
            if not self.is_own(name) or not 0 < sizes[name] < 1e3:
                break
            factor = round(0.6 * LIMIT / float(sizes[name]), 3)
            if np.ndim(self.values[name]) == 0 and isinstance(self.values[name], np.generic):
                self.run(f"{name} = {factor} * {name}")
            else:
                self.run(f"{name} *= {factor}")
        raise ValueError("large numbers")

    # -- Choosing -------------------------------------------------------------------------------------

    def is_own(self, name: str) -> bool:
        return name in self.own or self.is_variable(name)

    def pick(self, fits: Callable[[Any], bool] = lambda x: True, own: bool = False) -> str | None:
        """Choose a variable, late ones first."""
        names = [name for name, x in self.values.items() if fits(x) and (self.is_own(name) or not own)]
        return self.choose(*reversed(names)) if names else None

    def array(self, least: int = 1, fits: Callable[[Any], bool] = lambda x: True) -> str | None:
        """Choose an array of at least some axes, or make one."""
        name = self.pick(lambda x: isinstance(x, np.ndarray) and x.ndim >= least and fits(x))
        return name or self.spare(lambda x: x.ndim >= least and fits(x))

    def target(self, fits: Callable[[Any], bool] = lambda x: True) -> str | None:
        """Choose an array that can be written to."""
        name = self.pick(lambda x: writable(x) and x.size > 0 and fits(x), own=True)
        return name or self.spare(fits)

    def spare(self, fits: Callable[[Any], bool]) -> str | None:
        """Make an array, if it would be of use."""
        x = self.new()
        return x if fits(np.zeros(3)) and self.attempt(f"{x} = np.zeros(3)") else None

    def evaluate(self, expression: str) -> Any:
        with np.errstate(all="ignore"):
            return eval(expression, NAMES | self.values)

    def shape(self, expression: str) -> Shape | None:
        try:
            return np.shape(self.evaluate(expression))
        except REFUSALS:
            return None

    def value(self, shape: Shape, apart_from: str | None = None, *, complex_ok: bool = False) -> str:
        """Write an expression that broadcasts to `shape`: of variables, their views, and numbers."""
        views = ("{v}", "{v}", "{v}.T", "{v}[::-1]", "{v}[1:]", "{v}[:-1]", "{v}[0]", "{v}[-1]", "{v}[..., 0]")
        fitting = []
        for name, x in self.values.items():
            if complex_ok or x.dtype.kind == "f":
                for view in views if np.ndim(x) else views[:1]:
                    text = view.format(v=name)
                    if joint_shape(self.shape(text), shape) == shape:
                        fitting.append(text)
        forms = (
            "{v}",
            "{v}",
            "{v}",
            "np.sin({v})",
            "0.5 * {v}",
            f"{{v}} * {self.number()}",
            "{v} - 0.5 * {w}",
            "number",
        )
        form = self.choose(*forms)
        if form == "number" or not fitting:
            numbers = ["0.5", "1", "-2.0", f"numpy.full({shape}, 0.3)", "numpy.float32(0.25)"]
            if shape:
                numbers += [f"numpy.linspace(-1, 1, {shape[-1]})", str([round(0.3 * k, 1) for k in range(shape[-1])])]
                numbers += [f"np.full({shape}, 0.7)", f"numpy.arange({shape[-1]})"]
            return str(self.choose(*numbers))
        text = form.format(v=self.choose(*reversed(fitting)), w=self.choose(*reversed(fitting)))
        if apart_from is not None and np.shares_memory(self.evaluate(text), self.evaluate(apart_from)):
            text = f"1.0 * {text}"
        return text

    def number(self) -> str:
        """Choose a number."""
        return str(self.choose(*(v for v, x in self.values.items() if np.ndim(x) == 0 and is_float(x)), "0.7"))

    def threshold(self, name: str) -> float | None:
        """Choose a number that is not close to any element, in any sample."""
        elements = [np.ravel(world[name]) for world in self.worlds]
        x = np.sort(np.concatenate([*elements, [-LIMIT, LIMIT]]))
        gaps = [(p + q) / 2 for p, q in pairwise(x) if q - p > 0.1]
        return round(float(self.choose(*gaps)), 3) if gaps else None

    def distinct(self, expression: str, axis: Any) -> bool:
        """Whether no two elements are close along an axis."""
        for world in self.worlds:
            x = eval(expression, NAMES | world)
            if x.dtype.kind != "f" or x.size == 0 or np.min(np.diff(np.sort(x, axis=axis)), initial=1) < 0.05:
                return False
        return True


def joint_shape(*shapes: Shape | None) -> Shape | None:
    """Return the shape that shapes broadcast to, if any."""
    try:
        return None if None in shapes else np.broadcast_shapes(*shapes)  # type: ignore[arg-type]
    except ValueError:
        return None


def writable(x: Any) -> bool:
    """Whether `x` can be written to without a warning: what np.broadcast_arrays returns cannot."""
    if not isinstance(x, np.ndarray):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return x.flags.writeable
        except Warning:
            return False


def is_float(x: Any) -> bool:
    return bool(x.dtype.kind == "f")


def is_complex(x: Any) -> bool:
    return bool(x.dtype.kind == "c")


def is_square(x: Any) -> bool:
    return x.ndim == 2 and x.shape[0] == x.shape[1]


# Indices

SLICES = ("1:", ":-1", "::2", "::-1", ":1", "-1:", "::-2", "-2::-1", ":", "1:1")


def basic_index(w: Writer, shape: Shape) -> str:
    """Write an index of integers, slices, newaxis and an ellipsis."""
    count = w.draw(0, len(shape))
    parts = [w.choose(*SLICES, *(["0", "-1", str(d // 2)] if d else [])) for d in shape[:count]]
    if len(shape) > count and w.chance(3):
        parts += ["...", w.choose(*SLICES, *(["0", "-1"] if shape[-1] else []))]
    if w.chance(6):
        parts.insert(w.draw(0, len(parts)), w.choose("None", "np.newaxis"))
    if len(parts) <= len(shape) and "..." not in parts and w.chance(5):
        parts.insert(w.draw(0, len(parts)), "...")
    return ", ".join(parts) or w.choose("...", ":", "()")


def advanced_index(w: Writer, shape: Shape) -> str:
    """Write an index of integer arrays and masks, alone and with slices. Some do not fit: they will be taken back."""
    d, size = shape[0], int(np.prod(shape))
    return str(
        w.choose(
            *(
                "[0, -1]",
                "[0, 0]",
                "[-1, 0, 0]",
                "numpy.array([[0], [-1]])",
                "[0, -1], 1:",
                ":, [0, -1]",
                "..., [0, 0]",
            ),
            *(
                "[0, -1], [0, 0]",
                "[[0], [-1]], [0, 0]",
                "0, [-1, 0]",
                "[0, 0], ..., 0",
                "None, [-1, 0]",
                "[0, -1], None",
            ),
            *("numpy.ix_([0, -1], [0])", "[0, -1], :, 0", "[0, -1], ::-1", "[[0, 0], [-1, 0]]", "[0], 1:, [0]"),
            *(f"numpy.arange({d}) % 2 == 0", f"numpy.arange({d}) > 0", f"numpy.arange({d}) > 0, 0"),
            *(f"numpy.arange({size}).reshape({shape}) % 3 > 0", f"numpy.arange({size}).reshape({shape}) < 2", "[]"),
        )
    )


def any_index(w: Writer, shape: Shape) -> str:
    if not shape or not shape[0]:
        return "..."
    return advanced_index(w, shape) if w.chance(3) else basic_index(w, shape)


def axis_of(w: Writer, x: Any) -> int:
    return int(w.choose(*range(-x.ndim, x.ndim)))


def table(text: str) -> tuple[str, ...]:
    """Return the entries of a table, which bars and line ends separate."""
    return tuple(entry.strip() for line in text.strip().splitlines() for entry in line.split("|"))


# Steps: new arrays

UNARY = table("""
    {v} * 2 | np.sin({v}) | np.tanh({v}) | np.cos({v}) + {v} | np.exp(np.sin({v})) | 1 / (2 + {v} * {v})
    np.sqrt(1 + {v} * {v}) | {v} ** 2 - 1 | -{v} | +{v} | np.cumsum({v}) | np.cumprod({v}) | np.roll({v}, 1)
    np.sum({v}) | np.mean({v}) | np.sum({v}, axis=0) | np.prod({v}, axis=-1) | np.var({v})
""")
BINARY = table("""
    {v} * {w} | {v} + {w} | {v} - 2 * {w} | {v} / (2 + {w} * {w}) | np.sin({v}) * {w} + {v}
    np.arctan2({v}, 2 + {w} * {w}) | np.logaddexp({v}, {w}) | (1.5 + np.sin({v})) ** {w}
""")
PRODUCTS = table("""
    {v} @ {w} | {v}.T @ {w} | {v} @ {w}.T | {v}[1:] @ {w} | np.outer({v}, {w}) | np.dot({v}, {w})
""")
COPIES = table("""
    {v}.copy() | np.copy({v}) | np.array({v}) | {v}.flatten() | {v}.copy(order='F') | np.array({v}, order='F')
    {v}.astype(float) | np.copy({v}, order='C') | {v}.flatten('F') | {v}.copy('K') | np.ascontiguousarray({v})
""")
BUFFERS = table("""
    np.zeros({s}) | np.ones({s}) | np.zeros_like({v}) | np.full({s}, 0.5) | np.ones_like({v})
    np.zeros({s}, order='F') | np.asfortranarray({v}) | np.full_like({v}, 0.3) | np.add({v}, {p}, out=np.empty({s}))
    np.negative({v}, out=np.empty_like({v})) | np.zeros_like({v}, order='F') | np.full({s}, {p})
""")


def unary(w: Writer) -> None:
    v = w.pick(is_float)
    w.attempt(f"{w.new()} = {w.choose(*UNARY).format(v=v)}", "unary")


def binary(w: Writer) -> None:
    v = w.pick(is_float)
    assert v
    shape = np.shape(w.values[v])
    other = w.pick(lambda x: is_float(x) and joint_shape(np.shape(x), shape) is not None)
    w.attempt(f"{w.new()} = {w.choose(*BINARY).format(v=v, w=other)}", "binary")


def product(w: Writer) -> None:
    v, other = (w.array(fits=lambda x: x.ndim <= 2) for _ in range(2))
    if v and other:
        w.attempt(f"{w.new()} = {w.choose(*PRODUCTS).format(v=v, w=other)}", "product")


def copy(w: Writer) -> None:
    w.attempt(f"{w.new()} = {w.choose(*COPIES).format(v=w.array())}", "copy")


def buffer(w: Writer) -> None:
    v = w.array()
    if v is None:
        return
    text = w.choose(*BUFFERS).format(v=v, s=np.shape(w.values[v]), p=w.number())
    w.attempt(f"{w.new()} = {text}", "buffer")


def filled(w: Writer) -> None:
    """Make an empty array and fill it at once: what it holds before is not looked at."""
    v = w.array(fits=is_float)
    if v is not None:
        x, shape = w.new(), np.shape(w.values[v])
        order = w.choose("", ", order='F'")
        w.attempt(f"({x} := np.empty({shape}{order}))[...] = {w.value(shape)}", "empty")


def complex_buffer(w: Writer) -> None:
    v = w.array(fits=is_float)
    if v is None:
        return
    x, shape = w.new(), np.shape(w.values[v])
    ways = [
        f"{x} = np.zeros({shape}, complex)\n{x}.real = {v}",
        f"{x} = np.zeros({shape}, complex)\n{x}.imag[...] = {v}",
    ]
    ways += [f"{x} = np.zeros({shape}, complex)\n{x}[...] = {v}", f"{x} = {v} + 1j * {w.value(shape)}"]
    w.attempt(w.choose(*ways), "complex")


def fancy_read(w: Writer) -> None:
    v = w.array(fits=lambda x: x.shape[0] > 0)
    if v is not None:
        w.attempt(f"{w.new()} = {v}[{advanced_index(w, w.values[v].shape)}]", "fancy read")


def joined(w: Writer) -> None:
    v, u = w.array(), w.array()
    ways = ("np.array([{v}[0], 2 * {v}[-1]])", "np.stack([{v}, {v} * {v}])", "np.concatenate([{v}, {u}[1:]])")
    ways += ("np.where(numpy.arange({d}) > 0, {v}, 0.5)", "np.take({v}, [0, 0, -1])", "np.hstack([{v}, {u}])")
    if v is not None:
        w.attempt(f"{w.new()} = {w.choose(*ways).format(v=v, u=u, d=w.values[v].shape[-1])}", "join")


# Steps: views, names

VIEWS = table("""
    {v}.T | {v}.mT | np.transpose({v}) | np.transpose({v}, {perm}) | {v}.transpose({perm}) | {v}.transpose()
    np.swapaxes({v}, {i}, {j}) | {v}.swapaxes({i}, {j}) | np.moveaxis({v}, {i}, {j}) | np.rollaxis({v}, {i})
    np.reshape({v}, -1) | {v}.reshape(-1) | np.ravel({v}) | {v}.ravel() | np.ravel({v}, 'F') | {v}.ravel('K')
    np.reshape({v}, {s}) | {v}.reshape({s}) | np.reshape({v}, {s}, order='F') | {v}.reshape({s}, order='A')
    np.squeeze({v}) | {v}.squeeze() | np.expand_dims({v}, {i}) | np.expand_dims({v}, (0, -1)) | {v}[None]
    np.atleast_1d({v}) | np.atleast_2d({v}) | np.atleast_3d({v}) | np.flip({v}) | np.flip({v}, {i}) | np.flipud({v})
    np.fliplr({v}) | np.rot90({v}) | np.rot90({v}, 2) | np.rot90({v}, -1) | np.real({v}) | np.diagonal({v})
    {v}.diagonal() | np.diagonal({v}, 1) | np.diag({v}) | np.linalg.diagonal({v})
    np.broadcast_to({v}, (2, *{v}.shape)) | np.broadcast_to({v}, {v}.shape) | np.broadcast_arrays({v}, {u})[0]
    {v}.view() | {v}[...] | {v}[()] | {v}[:] | np.asarray({v}) | np.asanyarray({v}) | np.array({v}, copy=None)
    np.lib.stride_tricks.sliding_window_view({v}, 2, axis={i}) | np.matrix_transpose({v}) | {v}[..., None]
    np.permute_dims({v}, {perm}) | np.require({v}, requirements='C') | np.require({v}, None, ['F'])
    np.ascontiguousarray({v}) | np.asfortranarray({v}) | {v}.real | {v}.imag | np.imag({v}) | {v}.view(float)
    np.astype({v}, float, copy=False) | {v}.astype(float, copy=False) | np.split({v}, 1)[0] | {v}[::-1][1:]
    np.array_split({v}, 2, {i})[1] | np.unstack({v})[-1] | np.moveaxis({v}[1:], 0, -1) | {v}.T[:-1].T
    np.linalg.matrix_transpose({v}) | np.asarray_chkfinite({v}) | np.array({v}, copy=False) | {v}[0, ...]
    np.reshape({v}.T, -1) | {v}.T.reshape({s}) | {v}[::2].reshape(-1) | np.ravel({v}[:, :1]) | np.trim_zeros({v})
""")
SPLITS = table("""
    {x}, {y} = np.split({v}, 2) | {x}, {y} = np.array_split({v}, 2) | {x}, {y} = np.hsplit({v}, 2)
    {x}, {y} = np.vsplit({v}, 2) | {x}, {y} = np.split({v}, [1]) | {x}, {y} = np.broadcast_arrays({v}, {u})
    {x}, *{y} = {v}; {y} = {y}[0] | {x}, {y} = {v}[0], {v}[1:] | {x}, {y} = np.split({v}, 2, axis=-1)
    {x}, {y} = np.atleast_2d({v}, {u}) | {x}, {y} = np.unstack({v}[:2]) | {x}, {y} = {v}.real, {v}.imag
""")


def view(w: Writer) -> None:
    text = w.choose(*VIEWS)
    v = w.array(fits=is_complex) if w.chance(4) else None
    v = v or w.array()
    if v is None:
        return
    x = w.values[v]
    names = {"v": v, "u": w.array(), "i": axis_of(w, x), "j": axis_of(w, x), "s": factored(w, x.size)}
    names["perm"] = w.choose(*list(permutations(range(x.ndim)))[::-1])
    w.attempt(f"{w.new()} = {text.format(**names)}", text)


def factored(w: Writer, size: int) -> Shape:
    """Choose a shape of that size."""
    shapes: list[Shape] = [(size,), (1, size), (size, 1), (-1, 1)]
    shapes += [(d, size // d) for d in (2, 3, 4) if size % d == 0]
    shapes += [(2, 1, size // 2), (size // 2, 2)] if size % 2 == 0 else []
    return w.choose(*reversed(shapes)) if size else (0,)


def read_slice(w: Writer) -> None:
    v = w.array()
    if v is not None:
        w.attempt(f"{w.new()} = {v}[{basic_index(w, w.values[v].shape)}]", "slice")


def split(w: Writer) -> None:
    text = w.choose(*SPLITS)
    v = w.array(fits=lambda x: x.shape[0] > 1)
    w.attempt(text.format(v=v, u=w.array(), x=w.new(), y=w.new()), text)


def names(w: Writer) -> None:
    """Swap names, give one array two, take one away, or let a name mean something else."""
    v, u = (w.pick(own=True) for _ in range(2))
    ways = [f"{v}, {u} = {u}, {v}", f"{w.new()} = {v}", f"{v} = {v}[::-1]", f"{v} = {v} * 1.5", f"{v} = {u}"]
    if v is not None and w.is_variable(v):
        ways += [f"del {v}", f"del {v}"]
    w.attempt(w.choose(*ways), "names")


# Steps: writes into a place

OPERATORS = ("+=", "-=", "*=", "/=", "**=")


def operand(w: Writer, operator: str, shape: Shape, of: str) -> str:
    """Write what an augmented assignment takes."""
    value = w.value(shape, complex_ok=is_complex(w.values[of]))
    if operator == "/=":
        return f"2 + np.sin({value})" if w.chance(2) else "1.5"
    return str(w.choose("2", "3", "2.0")) if operator == "**=" else value


def set_item(w: Writer) -> None:
    x = w.target(lambda x: x.ndim > 0)
    if x is None:
        return
    place = f"{x}[{any_index(w, w.values[x].shape)}]"
    shape = w.shape(place)
    if shape is not None:
        w.attempt(f"{place} = {w.value(shape, complex_ok=is_complex(w.values[x]))}", "setitem")


def augment_item(w: Writer) -> None:
    x = w.target(lambda x: x.ndim > 0)
    if x is None:
        return
    place, operator = f"{x}[{any_index(w, w.values[x].shape)}]", w.choose(*OPERATORS)
    shape = w.shape(place)
    if shape is not None:
        w.attempt(f"{place} {operator} {operand(w, operator, shape, x)}", "augmented setitem")


def augment(w: Writer) -> None:
    x = w.pick(own=True)
    assert x
    operator = w.choose(*OPERATORS)
    w.attempt(f"{x} {operator} {operand(w, operator, np.shape(w.values[x]), x)}", "augment")


OVERLAPS = table("""
    {x}[1:] = {x}[:-1] | {x}[:-1] = {x}[1:] | {x}[:] = {x}[::-1] | {x}[1:] += {x}[:-1] | {x}[:-1] *= {x}[1:]
    {x}[...] = {x}.T | {x} += {x}.T | {x} -= {x}[::-1] | {x} *= {x} | {x} += {x}[0] | {x}[[0, -1]] = {x}[[-1, 0]]
    {x}[0], {x}[-1] = {x}[-1].copy(), {x}[0].copy() | {x}[0], {x}[-1] = {x}[-1], {x}[0] | {x}[:, 0] = {x}[0]
    {x}[:, [0, -1]] = {x}[:, [-1, 0]] | {x}[::2] = {x}[::-2] | {x}[...] = {x} | {x}[[0, -1]] = {x}[:2]
    np.add({x}[1:], {x}[:-1], out={x}[1:]) | np.multiply({x}, {x}[::-1], out={x}) | {x} += {x}.mean()
    np.copyto({x}[1:], {x}[:-1]) | {x}[numpy.arange(len({x})) > 0] = 1.0 * {x}[:-1] | np.cumsum({x}, 0, out={x})
    np.matmul({x}, {x}, out={x}) | {x} @= {x} | np.sum({x}, axis=0, out={x}[0]) | np.clip({x}[::-1], -9, 9, out={x})
""")


def overlap(w: Writer) -> None:
    text = w.choose(*OVERLAPS)
    x = w.target(is_square if ".T" in text or "@" in text or "matmul" in text else lambda x: x.ndim > 0)
    if x is not None:
        w.attempt(text.format(x=x), "overlap")


THROUGH = table("""
    {x}.T | {x}.ravel() | {x}.reshape(-1) | {x}[1:] | {x}[::-1] | np.transpose({x})[:] | {x}.flat | {x}.real
""")


def through(w: Writer) -> None:
    """Write through a view that has no name."""
    x = w.target(lambda x: x.ndim > 0)
    if x is None:
        return
    viewed = w.choose(*THROUGH).format(x=x)
    index = w.choose("0", "-1", "1:", "...", "::2", "[0, -1]")
    place = f"{viewed}[{index}]"
    shape = w.shape(place)
    if shape is not None:
        apart = x if "flat" in place else None
        w.attempt(f"{place} {w.choose('=', '=', '+=', '*=')} {w.value(shape, apart)}", "through a view")


def parts(w: Writer) -> None:
    """Write the real and imaginary parts of an array."""
    x = w.target(is_complex) if w.chance(2) else w.target()
    if x is None:
        return
    value, part = w.value(np.shape(w.values[x])), w.choose("real", "imag")
    ways = (f"{x}.{part} = {value}", f"{x}.{part}[...] = {value}", f"{x}.{part} *= 0.5", f"{x}.{part} += {value}")
    ways += (f"{x}.{part}[0] = 0.5", f"np.sin({value}, out={x}.{part})", f"{x}[...] = {x}.conj()", f"{x} *= 1j")
    w.attempt(w.choose(*ways), "parts")


# Steps: out=

RESULTS = table("""
    np.sin({v}, out={z}) | np.add({v}, {u}, out={z}) | np.multiply({v}, {u}, out={z}) | np.exp(np.sin({v}), out={z})
    np.add({v}, {u}, out={z}, where={mask}) | np.tanh({v}, out={z}, where={mask}) | np.subtract({v}, {u}, {z})
    np.sum({v}, axis={i}, out={z}) | np.mean({v}, axis={i}, out={z}) | np.prod({v}, axis={i}, out={z})
    np.cumsum({v}, axis={i}, out={z}) | np.cumprod({v}, axis={i}, out={z}) | np.var({v}, axis={i}, out={z})
    {v}.sum(axis={i}, out={z}) | {v}.mean(axis={i}, out={z}, keepdims=True) | {v}.cumsum({i}, out={z})
    np.matmul({v}, {u}, out={z}) | np.dot({v}, {u}, out={z}) | np.clip({v}, -9, {t}, out={z})
    {v}.dot({u}, out={z}) | np.einsum('...i->...', {v}, out={z}) | np.einsum('i...,i...->...', {v}, {v}, out={z})
    np.outer({v}, {u}, {z}) | np.take({v}, [0, 0, -1], axis={i}, out={z}, mode='wrap')
    np.concatenate([{v}, {u}], out={z}) | np.stack([{v}, {v}], out={z}) | np.add.reduce({v}, axis={i}, out={z})
    np.add.accumulate({v}, out={z}) | np.max({v}, axis={i}, out={z}) | np.add({v}, {u}, {z})
    np.std({v}, axis={i}, out={z}) | np.square({v}, {z}) | np.maximum({v}, {t}, out={z})
    np.arctan2({v}, 2.0, out={z}) | np.positive({v}, out={z}) | np.sqrt(1 + {v} ** 2, out={z})
""")
PLACES = table("""
    {x} | {x} | {x}[...] | {x}[0] | {x}[-1] | {x}[1:] | {x}[:-1] | {x}[::-1] | {x}[:, 0] | {x}.T | {x}[::2]
""")


def place_for(w: Writer, shape: Shape) -> str:
    """Choose where a result of that shape can be written: an array, a view of one, or a new buffer."""
    places = []
    for x, value in w.values.items():
        if w.is_own(x) and writable(value) and value.ndim:
            places += [text for text in (p.format(x=x) for p in PLACES) if w.shape(text) == shape]
    if places and not w.chance(4):
        return str(w.choose(*reversed(places)))
    z = w.new()
    w.run(f"{z} = {w.choose('np.zeros', 'np.ones', 'np.zeros')}({shape})")
    return z


def out(w: Writer) -> None:
    text = w.choose(*RESULTS)
    v = w.array(fits=lambda x: is_float(x) and x.size > 0)
    if v is None:
        return
    x = w.values[v]
    threshold, axis = w.threshold(v), axis_of(w, x)
    if ("max(" in text and not w.distinct(v, axis)) or (
        "std(" in text and not all(np.std(world[v], axis).min(initial=9) > 0.1 for world in w.worlds)
    ):
        return
    u = w.value(x.shape) if "dot" not in text and "matmul" not in text else w.array(fits=lambda x: x.ndim <= 2)
    form = {"v": v, "u": u, "i": axis, "t": threshold}
    mask = w.choose(f"{v} > {threshold}", f"numpy.arange({x.shape[-1]}) % 2 == 0", "True")
    try:
        made = w.evaluate(
            text.replace(", out={z}", "").replace("(out={z})", "()").replace(", {z}", "").format(**form, mask="True")
        )
    except REFUSALS:
        return
    before = len(w.lines)
    z = place_for(w, np.shape(made))
    unsafe = ("einsum", "take", "concatenate", "stack")  # NumPy does not look whether these overlap
    if any(name in text for name in unsafe) and any(np.shares_memory(w.evaluate(z), w.evaluate(y)) for y in (v, u)):
        return
    kept = f"{w.new()} = " if w.chance(4) else ""
    if not w.attempt(kept + text.format(**form, z=z, mask=mask), "out") and len(w.lines) > before:
        w.undo(before)


# Steps: functions and methods that write

WRITERS = table("""
    np.copyto({x}, {v}) | np.copyto({x}, {v}, where={mask}) | np.copyto({x}[1:], {p})
    np.copyto({x}, 0.5, where={mask}) | np.put({x}, [0, -1], {p}) | np.put({x}, [0, 2, 5], {p}, mode='wrap')
    {x}.put([1, 0], 0.7) | np.put({x}, [0, 0], [{p}, 0.1]) | np.putmask({x}, {mask}, {y})
    np.putmask({x}, {mask}, 0.5) | np.place({x}, {mask}, {y}) | np.place({x}, {mask}, [0.1, {p}])
    np.put_along_axis({x}, np.zeros_like({x}, int), {v}, axis={i}) | np.fill_diagonal({x}, {p})
    np.put_along_axis({x}, np.argsort({x}, axis={i})[:1], {p}, axis={i}) | np.fill_diagonal({x}, np.ravel({y}))
    np.add.at({x}, [0, -1, 0], {p}) | np.subtract.at({x}, [0, 0], {p}) | np.multiply.at({x}, [0, -1, 0], {p})
    np.add.at({x}, (..., [0, 0]), {p}) | np.negative.at({x}, [0, 0, -1])
    np.divide.at({x}, [0, 0], 1.5 + 0.1 * {p}) | np.add.at({x}, {mask}, 0.25) | {x}.fill({p}) | {x}.fill(0.3)
    {x}.flat = {y} | {x}.flat[1:] = {p} | {x}.flat[0] = {p} | {x}.flat[::2] = [0.1, 0.2] | {x}.flat[[0, -1]] = {p}
    np.nan_to_num({x}, copy=False) | {x}[{mask}] = {p} | {x}[{mask}] *= {p} | {x}[{mask}] += 0.5 | {x}.flat[0] *= 2
    {x}.real[...] = {v} | np.copyto({x}, {v}, casting='unsafe') | {x}.__setitem__(..., {v}) | {x}.__iadd__({v})
    np.add.at({x}, (0, [0, 0]), [{p}, 0.5]) | {x}.sort() | {x}.sort(axis={i}) | {x}[::-1].sort(axis=0)
    {x}[...].sort({i}) | np.multiply.at({x}, {mask}, {p})
""")


def writer(w: Writer) -> None:
    text = w.choose(*WRITERS)
    x = w.target(lambda x: is_float(x) and x.ndim > 0)
    if x is None:
        return
    value, axis = w.values[x], axis_of(w, w.values[x])
    if "sort(" in text and not w.distinct(x, axis):
        return
    if "{mask}" in text:
        threshold = w.threshold(x)
        if threshold is None:
            return
        constant = f"numpy.arange({value.size}).reshape({value.shape}) % 2 == 0"
        mask = constant if "np.place" in text or "at(" in text else w.choose(f"{x} > {threshold}", constant)
    else:
        mask = ""
    p = f"np.sin({x}.ravel()[-1])" if w.chance(3) else w.number()
    form = {"x": x, "v": w.value(value.shape, x), "p": p, "i": axis, "mask": mask, "y": w.value(value.shape[-1:], x)}
    w.attempt(text.format(**form), text)


def resized(w: Writer) -> None:
    v, x = w.array(fits=is_float), w.new()
    w.attempt(f"{x} = {v} * 0.5\n{x}.resize({w.choose('2', '(2, 3)', '7', '(1, 4)')}, refcheck=False)", "resize")


# Steps: loops and functions

LOOPS = (
    "for i in range(1, len({x})):\n    {x}[i] = np.sin({x}[i - 1]) * {x}[i] + {p}",
    "for i in range(len({x})):\n    {x}[i] += {x}[i - 1] * {p}",
    "for row in {x}:\n    row *= 0.5",
    "for row in {x}:\n    row += np.sin({p})",
    "for i, row in enumerate({x}):\n    {x}[i] = np.cos(row + i)",
    "for i, row in enumerate({x}):\n    row[...] = np.cos(row * {p} + i)",
    "for row in {x}[1:]:\n    row[0] = {p} * row[-1]",
    "for i in range(3):\n    {x}[i % len({x})] *= np.sum({x}) * 0.3",
    "for row, other in zip({x}, {x}[::-1]):\n    row += 0.5 * other",
    "for i in range(2):\n    {x} += np.sin({x}) * {p}",
    "for e in {x}.flat:\n    {x}[0] += 0.1 * e",
    "for column in {x}.T:\n    column -= np.mean(column)",
    "old = {x}\n{x} = {x} * 0.5\nfor i in range(len({x})):\n    {x}[i] += old[i - 1]",
    "for i in range(2):\n    {x}[...], old = np.sin({x}) + {p}, {x}",
    "t = {x}[0]\n{x}[0] = {p}\n{x}[-1] = t",
    "i = 0\nwhile i < len({x}):\n    {x}[i:] *= 0.8\n    i += 1",
)
FUNCTIONS = (
    "def {h}(y):\n    y[1:] *= {p}\n    z = y[:1]\n    z += 0.5\n    return y\n{n} = {h}({x})",
    "def {h}(s):\n    {x}[...] += s\n    return {x}[::-1]\n{n} = {h}(0.3 * {p})",
    "def {h}(y, z):\n    y[0], z[-1] = {p}, y[-1]\n{h}({x}, {x}[::-1])",
    "{h} = lambda y, s: np.add(y, s, out=y)\n{n} = {h}({x}[1:], {p})",
    "def {h}(y):\n    y = y * 2\n    y += {p}\n    return y\n{n} = {h}({x})",
    "def {h}(y):\n    y *= 0.5\n    if np.ndim(y) > 1:\n        {h}(y[0])\n    return y.T\n{n} = {h}({x})",
    "def {h}(*ys):\n    for y in ys:\n        y += {p}\n{h}({x}, {x}[1:], {x}.T)",
    "{n} = [{x}, {x}[1:]]\n{n}[1] *= {p}\n{n} = {n}[1]",
    "{h} = {{'y': {x}[:1]}}\n{h}['y'] += {p}\n{n} = {h}.pop('y')",
)


def loop(w: Writer) -> None:
    x = w.target(lambda x: x.ndim > 0 and is_float(x))
    p = w.number()
    w.attempt(w.choose(*LOOPS).format(x=x, p=p), "loop")


def function(w: Writer) -> None:
    x = w.target(lambda x: x.ndim > 0 and is_float(x))
    n = w.new()
    p = w.number()
    w.attempt(w.choose(*FUNCTIONS).format(x=x, p=p, n=n, h=f"h{n[1:]}"), "function")


def refused(w: Writer) -> None:
    """Write what NumPy refuses: into a read-only array, or what does not fit. Nothing may have changed."""
    x = w.array(fits=lambda x: not writable(x) and x.size > 0)
    if x is not None:
        ways = [f"{x}[...] = 0.5", f"{x} += 1.0", f"np.sin({x}, out={x})", f"{x}[0] = {x}[-1]", f"{x}.fill(0.5)"]
        ways += [f"{x}.T[0] = 1.0", f"np.copyto({x}, 0.5)", f"{x}.sort()"]
    else:
        x = w.target(lambda x: x.ndim > 0)
        if x is None:
            return
        ways = [f"{x}[...] = numpy.ones(17)", f"{x} += numpy.ones(17)", f"np.add({x}, 1.0, out=np.zeros(17))"]
    w.attempt(f"with raises(ValueError):\n    {w.choose(*ways)}", "refused")


# Steps: transforms inside


def inner(w: Writer, argument: str, *, closes: bool, rows: bool = False, writable: bool = True) -> Writer:
    """Write the body of a function of `s`; it may close over what the program has."""
    outer = [{name: read_only(x) for name, x in world.items()} if closes else {} for world in w.worlds]
    given = [world[argument][0] if rows else world[argument] for world in w.worlds]

    def start() -> list[World]:
        worlds = [world | {"s": np.copy(s)} for world, s in zip(outer, given, strict=True)]
        for world in worlds:
            world["s"].flags.writeable = writable
        return worlds

    body = Writer(w.draw, start, "w", "s")
    for _ in range(w.choose(2, 3, 4)):
        w.choose(*INNER)(body)
    w.features.add("inner")
    return body


def read_only(x: Any) -> Any:
    if not isinstance(x, np.ndarray):
        return x
    x = x.copy(order="K")
    x.flags.writeable = False
    return x


def indented(lines: Sequence[str], depth: int = 1) -> str:
    return "".join(f"{'    ' * depth}{line}\n" for line in lines)


def closing(w: Writer) -> None:
    """Differentiate or map a function that writes and closes over variables of the program."""
    kind = w.choose("grad", "vmap", "jvp", "grad of grad", "vmap of grad")
    rows = "vmap" in kind
    v = w.array(2 if rows else 1, fits=lambda x: is_float(x) and x.size > 0)
    if v is None:
        return
    x = w.new()
    body = inner(w, v, closes=True, rows=rows)
    own = [name for name in body.values if body.is_own(name)]
    h = f"h{x[1:]}"
    definition = f"def {h}(s):\n{indented(body.lines)}    return total({', '.join(own)})\n"
    calls = {"grad": f"grad({h})({v})", "vmap": f"vmap({h})({v})", "jvp": f"jvp({h}, ({v},), (np.cos({v}),))[1]"}
    calls["vmap of grad"] = f"vmap(grad({h}))({v})"
    calls["grad of grad"] = f"grad(lambda s: total(grad({h})(s)))({v})"
    w.attempt(f"{definition}{x} = np.tanh({calls[kind]})", kind)


def part(w: Writer) -> None:
    """Checkpoint a function that writes into arrays of its own and returns them."""
    v = w.array(fits=lambda x: is_float(x) and x.size > 0)
    if v is None:
        return
    x = w.new()
    body = inner(w, v, closes=False, writable=False)
    values = body.values
    made = [name for name in values if writable(values[name]) and not np.shares_memory(values[name], values["s"])]
    if made:
        definition = f"def h{x[1:]}(s):\n{indented(body.lines)}    return {w.choose(*made)}\n"
        w.attempt(f"{definition}{x} = checkpoint(h{x[1:]})({v})", "part")


MAKING = (unary, binary, product, copy, buffer, filled, complex_buffer, fancy_read, joined)
VIEWING = (view, view, view, view, view, view, read_slice, read_slice, read_slice, split, names)
WRITING = (set_item, set_item, augment_item, augment_item, augment, augment, overlap, overlap, through, through)
CALLING = (parts, out, out, out, writer, writer, writer, resized, loop, loop, function, refused)
STEPS = (*MAKING, *VIEWING, *WRITING, *CALLING)
INNER = tuple(step for step in STEPS if step not in (refused, names))


def program(draw: Draw, extra: Sequence[Callable[[Writer], None]] = (), most: int = 14) -> Program:
    """Write a program; `draw` decides."""
    n = draw(2, 4)
    m, seed = (n, n, 2, 3, 1)[draw(0, 4)], draw(0, 99)

    def start() -> list[World]:
        return [dict(zip("abc", inputs(n, m, seed, sample), strict=True)) for sample in range(SAMPLES)]

    w = Writer(draw, start, "v")
    steps = (*STEPS, *extra)
    for _ in range(draw(3, most)):
        steps[draw(0, len(steps) - 1)](w)
    text = f"def f(a, b, c):\n{indented(w.lines)}    return total({', '.join(w.values)})\n"
    return Program(text, n, m, seed, frozenset(w.features))


@st.composite
def programs(draw: st.DrawFn, extra: Sequence[Callable[[Writer], None]] = (), most: int = 14) -> Program:
    """Draw a program."""
    return program(lambda low, high: draw(st.integers(low, high)), extra, most)


def random_program(seed: int, extra: Sequence[Callable[[Writer], None]] = (), most: int = 14) -> Program:
    """Write the program of that number: faster than hypothesis, for long runs."""
    return program(Random(seed).randint, extra, most)
