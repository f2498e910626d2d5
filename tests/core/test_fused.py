"""Kernels made of rules give what their text gives, and a chain on a device is walked with few launches."""

import ctypes
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core import backend, chains, fused
from funcgrad.core.kinds import Elementwise, Short
from funcgrad.core.primitive import CALLS
from funcgrad.nn.functional.elementwise import SILU
from funcgrad.testing import DeviceArray, host_copies
from funcgrad.testing.library import StandIn

DTYPES = {"d": np.float64, "f": np.float32}

SHORTS = [
    short
    for call in (*CALLS.values(), SILU)
    if isinstance(primitive := getattr(call, "primitive", call), Elementwise)
    for short in primitive.short or ()
    if not short.name.startswith(("test", "mine"))
]
RULES = [(short, char) for short in SHORTS for char in DTYPES if chains.traced(short, char) is not None]
NAMES = [f"{short.name}-{short.operand}-{char}" for short, char in RULES]


def program_of(short: Short, char: str, guarded: bool | None = None) -> fused.Program:
    """Return the program of one rule, all of whose operands are arrays."""
    rule = chains.traced(short, char)
    assert rule is not None
    count = 1 + len(short.indices)
    operands = tuple(-1 - i for i in range(count))
    step = fused.Rule(rule, chains.is_guarded(short) if guarded is None else guarded, operands)
    return fused.Program(char, (True,) * count, (step,), (0,))


def arrays_of(short: Short, char: str) -> tuple[Any, list[Any]]:
    """Return a cotangent and residuals: inside of every domain, with zeros, ties and a few poles."""
    rng = np.random.default_rng(0)
    g = rng.uniform(-1, 1, 40).astype(DTYPES[char])
    g[:3] = 0
    residuals = [rng.uniform(0.1, 0.9, 40).astype(DTYPES[char]) for _ in short.indices]
    for x in residuals:
        x[1], x[5], x[7] = 0, 0.5, 2
    return g, residuals


def expected(short: Short, g: Any, residuals: list[Any]) -> Any:
    kept = residuals[0] if len(residuals) == 1 else tuple(residuals)
    with np.errstate(all="ignore"):
        return short.rule(g, kept)


def near(char: str) -> dict[str, float]:
    return {"rtol": 2e-5, "atol": 2e-6} if char == "f" else {"rtol": 1e-13, "atol": 1e-14}


# -- The lines of a kernel, run as Python


def number_functions() -> dict[str, Any]:
    same = [
        *("sqrt", "cbrt", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh", "cosh"),
        *("tanh", "floor", "ceil", "trunc", "hypot", "copysign", "fabs", "fmax", "fmin", "isnan", "isinf", "isfinite"),
        "signbit",
    ]
    found: dict[str, Any] = {name: getattr(np, name) for name in same}
    found |= {f"a{name}": getattr(np, f"arc{name}") for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2")}
    found |= {f"fg_{name}": getattr(np, name) for name in ("where", "sign", "maximum", "minimum", "power")}
    found |= {f"fg_{name}": getattr(np, name) for name in ("logaddexp", "logaddexp2")}
    found |= {"fg_mend": lambda c, g: np.where((g == 0) & ~np.isfinite(c), 0, c), "false": False}
    return found | {"double": np.float64, "float": np.float32}


def python_of(operands: str, outputs: str, lines: str) -> Callable[..., None]:
    """Return a kernel as a function of NumPy arrays and numbers."""
    types = dict(reversed(entry.split()) for entry in operands.split(", "))
    places = [entry.split()[1] for entry in outputs.split(", ")]
    text = re.sub(r"const (double|float|bool) |;", "", lines)
    assert not set("?:&|") & set(re.sub(r" [&|] ", "", text)), "these mean something else in Python"

    def run(*arrays: Any) -> None:
        names = number_functions()
        for (name, dtype), x in zip(types.items(), arrays[: len(types)], strict=True):
            names[name] = x if isinstance(x, np.ndarray) else np.dtype(dtype).type(x)
        with np.errstate(all="ignore"):
            exec(text, names)
        for name, out in zip(places, arrays[len(types) :], strict=True):
            value = names[name]
            assert value.dtype == out.dtype
            out[...] = value

    return run


@pytest.mark.parametrize(("short", "char"), RULES, ids=NAMES)
def test_lines_are_the_text(short: Short, char: str) -> None:
    g, residuals = arrays_of(short, char)
    out = np.empty_like(g)
    python_of(*fused.source(program_of(short, char)))(g, *residuals, out)
    np.testing.assert_allclose(out, expected(short, g, residuals), **near(char))


def test_most_rules_are_known() -> None:
    left = {f"{short.name}-{short.operand}" for short in SHORTS if chains.traced(short, "d") is None}
    assert left <= {"imag-0", "i0-0"} | {name for name in left if name.split("-")[0] not in vars(np)}
    assert len(RULES) > 120


def test_a_guard_gives_zero_where_the_cotangent_is() -> None:
    (rule,) = [s for s in SHORTS if s.name == "log"]
    g, x, out = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 2.0]), np.empty(3)
    python_of(*fused.source(program_of(rule, "d", guarded=True)))(g, x, out)
    np.testing.assert_array_equal(out, [0.0, np.inf, 0.0])


def test_what_no_kernel_can_do_is_left_to_the_text() -> None:
    def branches(g: Any, x: Any) -> Any:
        return g if x > 0 else -g

    for rule in (branches, lambda g, x: g * np.ones(3), lambda g, x: g @ x, lambda g, x: x, lambda g, x: 0.0):
        assert fused.trace(rule, 1, "d") is None
    for rule in (lambda g, x: g * 1j, lambda g, x: g * np.nan, lambda g, x: g * np.spacing(x), lambda g, x: g > x):
        assert fused.trace(rule, 1, "d") is None
    assert fused.trace(lambda g, x: g * np.float64(2), 1, "f") is None  # it would be widened
    assert fused.trace(lambda g, x: np.where(x > 0, g, x.dtype.type(2)), 1, "f") is not None
    assert fused.trace(lambda g, x: (g > x) + (g < x), 1, "d") is None  # an addition of truths is none of numbers


# -- The lines of a kernel, compiled


def functions_of(head: str) -> str:
    """Return all rules as functions of pointers to arrays."""
    text = []
    for i, (short, char) in enumerate(RULES):
        operands, _, lines = fused.source(program_of(short, char))
        count, word = len(operands.split(", ")), fused.WORDS[char]
        reads = "".join(f"const {word} x{k} = p[{k}][i];\n" for k in range(count))
        text.append(head.format(f"k{i}", word) + f"\n{reads}{word}& y0 = p[{count}][i];\n{lines}\n}}")
    return fused.PREAMBLE + "\n".join(text)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Any:
    compiler = shutil.which("g++")
    if compiler is None or sys.platform == "win32":
        pytest.skip("no g++")
    folder = tmp_path_factory.mktemp("kernels")
    head = "#include <cmath>\n#define __device__\nusing namespace std;\n"
    (folder / "k.cpp").write_text(head + functions_of('extern "C" void {}(long i, {}** p) {{'))
    options = ("-std=c++17", "-O0", "-ffp-contract=off", "-shared", "-fPIC")
    made = subprocess.run([compiler, *options, "k.cpp", "-o", "k.so"], cwd=folder, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return ctypes.CDLL(str(folder / "k.so"))


@pytest.mark.parametrize("i", range(len(RULES)), ids=NAMES)
def test_compiled_lines_are_the_text(i: int, library: Any) -> None:
    short, char = RULES[i]
    g, residuals = arrays_of(short, char)
    out = np.empty_like(g)
    arrays = [g, *residuals, out]
    pointers = (ctypes.c_void_p * len(arrays))(*[x.ctypes.data for x in arrays])
    for place in range(g.size):
        library[f"k{i}"](ctypes.c_long(place), pointers)
    np.testing.assert_allclose(out, expected(short, g, residuals), **near(char))


def test_kernels_compile_for_a_device() -> None:
    pytest.importorskip("cupy")
    nvrtc = pytest.importorskip("cupy_backends.cuda.libs.nvrtc")
    text = functions_of('extern "C" __global__ void {}({}** p) {{ int i = threadIdx.x;')
    try:
        program = nvrtc.createProgram(text, "kernels.cu", (), ())
    except Exception as error:  # the library is found when it is first asked
        pytest.skip(f"NVRTC is not installed: {error}")
    try:
        nvrtc.compileProgram(program, ("--std=c++17", "-arch=compute_80", "--fmad=false"))
    except Exception:
        pytest.fail(nvrtc.getProgramLog(program))


def test_cupy_takes_the_kernel() -> None:
    pytest.importorskip("cupy")
    kernel = backend.CUPY.kernel(*fused.source(program_of(*RULES[0])), fused.PREAMBLE)
    assert (kernel.name, kernel.nout, kernel.no_return) == ("funcgrad_backward", 1, True)


# -- The walk, with kernels run as Python


class Launches(StandIn):
    """A stand-in that runs kernels and counts them."""

    fuses = True

    def __init__(self) -> None:
        self.count = 0
        self.reads = 0
        self.outputs: list[Any] = []

    def kernel(self, operands: str, outputs: str, lines: str, preamble: str) -> Any:
        run = python_of(operands, outputs, lines)

        def launch(*args: Any) -> None:
            self.count += 1
            self.outputs += args[len(operands.split(", ")) :]
            self.reads += sum(isinstance(x, DeviceArray) for x in args)
            run(*[x.array if isinstance(x, DeviceArray) else x for x in args])

        return launch


@pytest.fixture
def launches() -> Iterator[Launches]:
    found, before = Launches(), backend.REGISTERED[DeviceArray]
    backend.register(DeviceArray, found)
    yield found
    backend.register(DeviceArray, before)
    for key in [key for key in fused.KERNELS if key[0] is found]:
        del fused.KERNELS[key]


X = np.random.default_rng(0).uniform(0.5, 1.5, (6, 5))


def pulled(f: Callable[[Any], Any], x: Any = X) -> tuple[Any, Any, list[str]]:
    """Return the gradient on NumPy and on the stand-in, and the copies to the host."""
    with host_copies() as copies:
        got = fg.grad(f)(DeviceArray(x))
    return fg.grad(f)(x), got.get(), copies


def tanhs(x: Any) -> Any:
    for _ in range(20):
        x = np.tanh(x)
    return np.sum(x)


def products(x: Any) -> Any:
    y = x
    for _ in range(20):
        y = np.tanh(y) * x
    return np.sum(y)


def shared(x: Any) -> Any:
    y = np.exp(x) * x
    return np.sum(np.tanh(y) * y - np.sqrt(x) / y + (y + x) * 2.0 - np.log(x))


def passed_on(x: Any) -> Any:
    y = x + 0.5 * x  # the cotangent of a sum is handed to both
    return np.sum((y + x) * (y - x) + (x + x))


def of_columns(x: Any) -> Any:
    return np.sum(np.sin(x.T) * np.cos(x).T)


def broadcast(x: Any) -> Any:
    return np.sum(x * x[0] / x[:, :1] + np.exp(x) * 2)


def powers(x: Any) -> Any:
    return np.sum(x**2 + x**3.0 - x**-1 + x**0.5 + x**x + np.abs(x - 1) + np.maximum(x, 0.8))


def mixed(x: Any) -> Any:
    return np.sum((x * 3.0).astype(np.float32) * np.float32(2) + 1)


def cubes(x: Any) -> Any:
    return np.sum(x * x * x)


def with_matrices(x: Any) -> Any:
    return np.sum(np.tanh(np.tanh(x @ x.T) @ x) * x)


PROGRAMS = [tanhs, products, shared, passed_on, of_columns, broadcast, powers, mixed, cubes, with_matrices]


@pytest.mark.parametrize("f", PROGRAMS)
def test_gradients_are_numpys_without_copies(f: Callable[[Any], Any], launches: Launches) -> None:
    want, got, copies = pulled(f)
    np.testing.assert_allclose(got, want, rtol=1e-13)
    assert copies == []
    assert launches.count > 0


@pytest.mark.parametrize("f", [f for f in PROGRAMS if f is not mixed])
def test_single_precision_stays(f: Callable[[Any], Any], launches: Launches) -> None:
    want, got, _ = pulled(f, X.astype(np.float32))
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-6)
    assert all(out.dtype == np.float32 for out in launches.outputs)


@pytest.mark.parametrize("f", [shared, passed_on, cubes, powers])
def test_second_derivatives(f: Callable[[Any], Any], launches: Launches) -> None:
    got = fg.hvp(f, (DeviceArray(X),), (DeviceArray(X),))
    np.testing.assert_allclose(got[0].get(), fg.hvp(f, (X,), (X,))[0], rtol=1e-12)


@pytest.mark.parametrize(("f", "rules", "most"), [(tanhs, 20, 3), (products, 40, 7)])
def test_a_chain_takes_few_launches(f: Callable[[Any], Any], rules: int, most: int, launches: Launches) -> None:
    pulled(f)
    assert 0 < launches.count <= most < rules


def test_one_launch_for_each_rule_where_programs_are_new_again_and_again(
    launches: Launches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chains, "MANY", 0)
    want, got, _ = pulled(tanhs)
    np.testing.assert_allclose(got, want, rtol=1e-13)
    assert launches.count == 20
    launches.count = 0
    pulled(products)
    assert launches.count == 40  # the two products of a rule, and what they are added to, are one


def test_an_operand_that_is_used_again_is_read_once(launches: Launches) -> None:
    fg.grad(lambda x: np.sum(np.tanh(np.tanh(x) * x) * x))(DeviceArray(X))
    assert launches.count == 1
    assert launches.reads == 5  # g, x, two values of tanh; and the result is written


def test_kernels_are_made_once(launches: Launches) -> None:
    pulled(shared)
    made = len(fused.KERNELS)
    pulled(shared, X[:2])
    assert len(fused.KERNELS) == made


def test_a_cotangent_that_is_owned_is_written_to(launches: Launches) -> None:
    result = fg.grad(tanhs)(DeviceArray(X))
    first, *others = launches.outputs
    assert len(others) == 2
    assert all(out is first for out in others)
    assert result is first


@pytest.mark.parametrize("f", [np.tanh, lambda x: np.exp(x) * x, passed_on, lambda x: x + x, lambda x: (x * 2.0, x, x)])
def test_what_is_saved_and_what_is_given_stays_as_it_was(f: Callable[[Any], Any], launches: Launches) -> None:
    x = DeviceArray(X)
    y, pullback = fg.vjp(f, x)
    several = isinstance(y, tuple)
    gs = tuple(map(np.ones_like, y)) if several else np.ones_like(y)
    kept = [v.get() for v in (y if several else (y,))]
    first, again = (pullback(gs)[0] for _ in range(2))
    np.testing.assert_array_equal(first.get(), again.get())
    assert first is not again
    np.testing.assert_array_equal(x.get(), X)
    for v, before in zip(y if several else (y,), kept, strict=True):
        np.testing.assert_array_equal(v.get(), before)
    for g in gs if several else (gs,):
        np.testing.assert_array_equal(g.get(), np.ones(g.shape))
        assert g.array is not first.array


def test_a_zero_cotangent_meets_no_pole(launches: Launches) -> None:
    x = np.linspace(0.0, 1.0, 20)
    mask = (x > 0).astype(float)

    def f(x: Any, mask: Any) -> Any:
        return np.sum(np.sqrt(x) * mask + np.where(mask > 0, np.log(x * x), 0.0))

    with np.errstate(all="ignore"):
        got = fg.grad(f)(DeviceArray(x), DeviceArray(mask)).get()
    np.testing.assert_allclose(got[1:], 0.5 / np.sqrt(x[1:]) + 2 / x[1:])
    assert got[0] == 0


def test_a_graph_that_was_released_says_so(launches: Launches) -> None:
    x = fg.from_dlpack(X.copy()).requires_grad_()  # the host's error is the device's
    y = (x.tanh() * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


@pytest.mark.parametrize("seed", range(12))
def test_random_programs(seed: int, launches: Launches) -> None:
    def f(*xs: Any) -> Any:
        rng = np.random.default_rng(seed)
        values = list(xs)
        unary = (np.tanh, np.sin, np.exp, np.negative, np.abs, lambda x: x * 0.5, lambda x: x, lambda x: x**2, np.sort)
        binary = (np.add, np.subtract, np.multiply, np.maximum, lambda a, b: a / (b * b + 1), lambda a, b: a + b[0])
        for _ in range(25):
            a, b = (values[-1 - int(i)] for i in np.minimum(rng.geometric(0.4, 2) - 1, len(values) - 1))
            values.append(np.tanh(binary[rng.integers(6)](unary[rng.integers(9)](a), b)))
        return sum(np.sum(v) for v in values[-4:])

    xs = (X, X[::-1] - 1, np.cos(X))
    got = fg.grad(f, (0, 1, 2))(*map(DeviceArray, xs))
    for g, want in zip(got, fg.grad(f, (0, 1, 2))(*xs), strict=True):
        np.testing.assert_allclose(g.get(), want, rtol=1e-9, atol=1e-12)


def test_the_stand_in_itself_runs_the_text() -> None:
    assert not backend.FUSING[DeviceArray]
    assert not backend.FUSING[np.ndarray]
    assert not backend.FUSING[Path]
