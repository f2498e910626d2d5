"""What arrays on a device need beside NumPy's text: on the strict stand-in, and on CuPy without a GPU."""

import ast
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special

import funcgrad as fg
from funcgrad.core import backend
from funcgrad.core.arrays import eye
from funcgrad.rules.special import devices
from funcgrad.testing import DeviceArray, host_copies

Array = Any


def on_device(*values: Any) -> DeviceArray:
    return DeviceArray(np.array(values))


# -- Adding at indices


def test_repeated_indices_add_up_on_a_device() -> None:
    g = fg.grad(lambda x: np.sum(x[[0, 0, 1]] * x[np.array([1, 1, 1])]))(on_device(1.0, 2.0, 3.0))
    assert isinstance(g, DeviceArray)
    np.testing.assert_allclose(g.get(), [4.0, 6.0, 0.0])


def test_complex_numbers_are_added_by_parts() -> None:
    """CuPy has no atomic addition of complex numbers; what is tested is the text for it."""
    calls = []

    class Parts(backend.Library):
        def add_at(self, target: Any, index: Any, value: Any) -> None:
            calls.append((target.dtype, index))

    backend.register(Kind, Parts())
    try:
        backend.add_at(Kind(), (0,), 1j)
    finally:
        del backend.REGISTERED[Kind]
    assert calls == [(np.dtype(complex), (0,))]


class Kind:
    dtype = np.dtype(complex)


def test_kinds_of_arrays() -> None:
    assert not any(backend.is_on_device(x) for x in (np.ones(2), np.float64(1), 1.0, None))
    assert backend.is_on_device(on_device(1.0))
    assert backend.both_on_device(on_device(1.0), on_device(2.0))
    assert not backend.both_on_device(on_device(1.0), np.ones(1))
    assert backend.cupy_of(np.ones(2)) is None
    x = on_device(1.0, 2.0)
    assert backend.owns(x)
    assert not backend.owns(x[:1])
    assert not backend.owns(np.ones(2))


def test_numbers_beside_a_device_array() -> None:
    x = on_device(1.0)
    y = backend.beside(True, x)
    assert isinstance(y, DeviceArray)
    assert (y.shape, y.dtype) == ((), np.dtype(bool))
    assert [type(part) for part in backend.beside((2.0, x), x)] == [DeviceArray, DeviceArray]
    assert backend.beside(2.0, np.ones(1)) == 2.0
    assert backend.beside("a", x) == "a"


# -- What leaves the engine


def test_gradients_on_a_device_share_no_memory() -> None:
    x, y = on_device(1.0, 2.0), on_device(3.0, 4.0)
    gx, gy = fg.grad(lambda x, y: np.sum(x + y), argnums=(0, 1))(x, y)
    gx += 1
    np.testing.assert_array_equal(gy.get(), [1.0, 1.0])


def test_cotangents_are_added_in_place_only_where_they_are_owned() -> None:
    def f(x: Array) -> Array:
        y = x * 2.0
        return np.sum(y * y + y * 3.0 + y)

    with host_copies() as copies:
        g = fg.grad(f)(on_device(1.0, 2.0))
    assert not copies
    np.testing.assert_allclose(g.get(), fg.grad(f)(np.array([1.0, 2.0])))


@pytest.mark.parametrize("g", [0.0, 2.0])
def test_masks_stay_on_the_device(g: float) -> None:
    with host_copies() as copies:
        y = backend.masked(on_device(np.inf, 1.0, np.nan), on_device(g, g, g))
    assert not copies
    np.testing.assert_array_equal(y.get(), [0, 1, 0] if g == 0 else [np.inf, 1, np.nan])


# -- Functions that CuPy does not have


@pytest.mark.parametrize("zero", [None, 0, 1])
def test_carlsons_integral(zero: int | None) -> None:
    rng = np.random.default_rng(0)
    args = list(np.exp(rng.uniform(-8, 8, (3, 500))))
    if zero is not None:
        args[zero] = np.zeros(500)
    want = scipy.special.elliprd(*args)
    np.testing.assert_allclose(devices.carlson_rd(*map(DeviceArray, args)).get(), want, 1e-13)
    np.testing.assert_array_equal(devices.elliprd(*args), want)


def test_supplied_functions_are_the_original_on_the_host() -> None:
    assert backend.supplied(np.sin) is np.sin
    x = on_device(0.0, 1.0, 2.0, 4.0)
    counts, edges = np.histogram(x, 2)
    np.testing.assert_array_equal(backend.supplied(np.histogram_bin_edges)(x, 2).get(), edges.get())
    assert counts.shape == (2,)


@pytest.mark.parametrize("name", ["ellipk", "i1", "i1e", "digamma"])
def test_derivatives_on_a_device_of_functions_that_cupy_has(name: str) -> None:
    f, x = getattr(scipy.special, name), np.array([0.1, 0.3, 0.7])
    g = fg.grad(lambda x: np.sum(f(x)))(DeviceArray(x))
    np.testing.assert_allclose(g.get(), fg.grad(lambda x: np.sum(f(x)))(x), 1e-12)


@pytest.mark.parametrize(("n", "m", "k"), [(3, 3, 0), (2, 4, 1), (4, 2, -1), (3, 2, 5)])
def test_eye(n: int, m: int, k: int) -> None:
    want = np.eye(n, m, k, np.float32)
    for like in (np.ones(1), on_device(1.0)):
        got = eye(n, m, k, np.dtype(np.float32), like=like)
        assert got.dtype == np.float32
        np.testing.assert_array_equal(got.get() if isinstance(got, DeviceArray) else got, want)


# -- CuPy itself, without a GPU


def test_the_kernel_compiles() -> None:
    cupy = pytest.importorskip("cupy")
    nvrtc = pytest.importorskip("cupy_backends.cuda.libs.nvrtc")
    text = f"""
    #include <cupy/complex.cuh>
    #include <cupy/carray.cuh>
    template <typename C, typename G> __device__ void kernel(C c, G g, C& out) {{ {backend.FINITE_WHERE_ZERO[2]}; }}
    extern "C" __global__ void of_numbers(double* c) {{ kernel(c[0], c[1], c[2]); }}
    extern "C" __global__ void of_pairs(complex<float>* c) {{ kernel(c[0], c[1], c[2]); }}
    """
    include = Path(cupy.__file__).parent / "_core" / "include"
    folders = [include, *(include / "cupy" / "_cccl" / name for name in ("libcudacxx", "thrust", "cub"))]
    try:
        program = nvrtc.createProgram(text, "kernel.cu", (), ())
    except Exception as error:  # the library is found when it is first asked
        pytest.skip(f"NVRTC is not installed: {error}")
    try:
        nvrtc.compileProgram(program, ("--std=c++17", "-arch=compute_80", *(f"-I{folder}" for folder in folders)))
    except Exception:
        log = nvrtc.getProgramLog(program)
        if "cannot open source file" in log:
            pytest.skip("the headers of CUDA are not installed")
        pytest.fail(log)


#: Where the text of rules is.
ROOMS = ("core", "rules", "transforms")

#: What is no function of arrays, and chapters that CuPy does not have, from which no device array can come.
HOST_ONLY = frozenset({"dtype", "emath", "errstate", "generic", "lib", "ndindex", "nditer", "poly1d", "polynomial"})


def test_rules_ask_for_nothing_that_cupy_does_not_have() -> None:
    """Functions that a rule *calls* on values, and CuPy does not have, are listed with the rule that they belong to."""
    cupy = pytest.importorskip("cupy")
    missing = {}
    for room in ROOMS:
        for path in sorted((Path(fg.__file__).parent / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    name = dotted(node.func)
                    if name and name.split(".")[0] not in HOST_ONLY and not found_in(cupy, name):
                        missing.setdefault(name, set()).add(f"{room}/{path.name}")
    assert {name: sorted(places) for name, places in missing.items() if name not in KNOWN} == {}
    assert set(missing) >= KNOWN, "these are called no more, or CuPy has them by now"


def dotted(node: ast.expr) -> str | None:
    """Return the name after ``np.`` of a function that is called."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed(parts)) if isinstance(node, ast.Name) and node.id == "np" and parts else None


def found_in(library: Any, name: str) -> bool:
    for part in name.split("."):
        library = getattr(library, part, None)
    return library is not None


#: Supplied by the backend; on the host's numbers of elements; and of a function that CuPy's users cannot call.
KNOWN = frozenset({"histogram_bin_edges", "insert", "nanquantile"})


def test_keywords_of_astype_are_not_passed_on_at_their_defaults() -> None:
    g = fg.grad(lambda x: np.sum(x.astype(np.float32, casting="unsafe", copy=True)))(on_device(1.0, 2.0))
    np.testing.assert_array_equal(g.get(), [1.0, 1.0])
    assert inspect.signature(backend.masked).parameters.keys() == {"c", "g"}
