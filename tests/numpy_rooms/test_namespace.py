"""The drop-in namespace: NumPy's own functions, creation functions that make constants, and the array API."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import funcgrad as fg
import funcgrad.numpy as np
from funcgrad.testing import DeviceArray, check_grads

Maker = Callable[[Any], Any]
X = numpy.linspace(0.1, 0.9, 12).reshape(3, 4)

BUFFERS: dict[str, Maker] = {
    "zeros": lambda x: np.zeros(4),
    "ones": lambda x: np.ones((4, 2)),
    "empty": lambda x: np.empty(2),
    "eye": lambda x: np.eye(3),
    "identity": lambda x: np.identity(3),
    "tri": lambda x: np.tri(3),
    "full": lambda x: np.full(3, 2.5),
    "full/traced": lambda x: np.full((3,), x[0, 0]),
    "zeros_like/plain": lambda x: np.zeros_like(numpy.ones(3)),
    "zeros_like": lambda x: np.zeros_like(x),
    "ones_like/plain": lambda x: np.ones_like(numpy.ones(3)),
    "full_like": lambda x: np.full_like(x, 3.0),
    "linspace": lambda x: np.linspace(0, 1, 4),
    "logspace": lambda x: np.logspace(0, 1, 3),
    "arange": lambda x: np.arange(3.0),
    "arange/traced": lambda x: np.arange(x[0, 0], x[0, 0] + 2.5),
    "array": lambda x: np.array([1.0, 2.0]),
    "array/traced": lambda x: np.array([[x[0, 0], 2.0], [3, x[1, 1]]]),
    "array/ndmin": lambda x: np.array(x[0], ndmin=1),
    "array/dtype": lambda x: np.array([x[0, 0], 1], dtype=complex),
    "asarray": lambda x: np.asarray([1.0, 2.0]),
    "asarray/traced": lambda x: np.asarray(x * 1),
    "ascontiguousarray": lambda x: np.ascontiguousarray([x[0, 0], x[0, 1]]),
    "asarray_chkfinite": lambda x: np.asarray_chkfinite([2.0, x[0, 0]]),
    "fromiter": lambda x: np.fromiter((y for y in x[0]), float),
    "fromfunction": lambda x: np.fromfunction(lambda i: i * 0.5, (3,)),
    "r_": lambda x: np.r_[0.0, 1.0],
    "r_/traced": lambda x: np.r_[x[0], 1, 2:4],
    "r_/directive": lambda x: np.r_["0,2,0", x[0], x[1]],
    "c_": lambda x: np.c_[x[0], x[1]],
}


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in BUFFERS.items()])
def test_buffers_take_traced_values(make: Maker) -> None:
    def f(x: Any) -> Any:
        out = make(x)
        out[1] = x[0, :1].sum()
        out[0] = 3.0
        return out * 2

    want = f(X.copy())
    value, _ = fg.vjp(f, X)
    assert type(value) is type(want)
    assert value.dtype == want.dtype
    numpy.testing.assert_allclose(value, want, 1e-15)
    check_grads(f, (X,), order=2)
    batch = numpy.stack([X, 2 * X])
    if make is not BUFFERS["arange/traced"]:
        numpy.testing.assert_allclose(fg.vmap(f)(batch), [f(X.copy()), f(2 * X)])


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in BUFFERS.items()])
def test_outside_of_transforms_it_is_numpy(make: Maker) -> None:
    assert type(make(X)) is numpy.ndarray


def test_nested_transforms_write_into_the_innermost() -> None:
    def f(x: Any) -> Any:
        out = np.zeros(2)
        out[0] = x**3

        def g(y: Any) -> Any:
            inner = np.zeros(2)
            inner[0], inner[1] = x * y**2, y
            return np.sum(inner)

        out[1] = fg.grad(g)(x)
        return np.sum(out)

    assert fg.grad(f)(2.0) == pytest.approx(12 + 8)  # x**3 + 2 x**2 + 1
    assert fg.grad(fg.grad(f))(2.0) == pytest.approx(12 + 4)
    assert type(np.zeros(1)) is numpy.ndarray


def test_an_error_ends_the_transform() -> None:
    def f(x: Any) -> Any:
        raise KeyError

    with pytest.raises(KeyError):
        fg.grad(f)(1.0)
    assert type(np.zeros(1)) is numpy.ndarray


def test_integers_and_masks_stay_plain() -> None:
    def f(x: Any) -> Any:
        assert type(np.arange(3)) is numpy.ndarray
        assert type(np.zeros(3, dtype=bool)) is numpy.ndarray
        assert type(np.array([1, 2])) is numpy.ndarray
        return x[np.arange(2)].sum()

    numpy.testing.assert_array_equal(fg.grad(f)(numpy.ones(3)), [1, 1, 0])


def test_functions_are_numpys_own() -> None:
    for name in ("sin", "sum", "linalg", "float32", "pi", "einsum", "newaxis", "random"):
        assert getattr(np, name) is getattr(numpy, name)
    assert set(numpy.__all__) <= set(dir(np))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = np.nothing


def test_plain_arrays_are_not_copied_or_wrapped() -> None:
    def f(x: Any) -> Any:
        assert np.asarray(X) is X
        assert np.asarray(x) is x
        assert np.asarray(x, copy=False) is x
        assert np.array(x) is not x
        return np.sum(x)

    fg.grad(f)(X)
    with pytest.raises(ValueError, match="copy"):
        fg.vjp(lambda x: np.asarray(x, dtype=complex, copy=False), X)


def test_device_arrays_stay_where_they_are() -> None:
    x = DeviceArray(X)
    assert np.asarray(x) is x
    assert np.asarray(x, dtype=numpy.float32).dtype == numpy.float32


def test_isscalar() -> None:
    seen: list[bool] = []

    def f(x: Any) -> Any:
        seen.extend([np.isscalar(np.sum(x)), np.isscalar(x)])
        return np.sum(x)

    fg.grad(f)(X)
    assert seen == [True, False]


@pytest.mark.parametrize("count", [1, 4, 5])
def test_kaiser(count: int) -> None:
    value, _ = fg.vjp(lambda beta: np.kaiser(count, beta), 2.5)
    numpy.testing.assert_allclose(value, numpy.kaiser(count, 2.5), 1e-14)
    check_grads(lambda beta: np.kaiser(count, beta), (numpy.float64(2.5),), order=2)


class TestVectorize:
    def test_a_branch_for_each_element(self) -> None:
        f = np.vectorize(lambda a, b: np.sin(a) * b if a > 0.5 else a * b)
        check_grads(lambda x: f(x, x[0]), (X,), order=2)
        numpy.testing.assert_allclose(fg.vjp(lambda x: f(x, x[0]), X)[0], f(X, X[0]))

    def test_signature(self) -> None:
        f = np.vectorize(lambda a, b: (a @ b, a[::-1]), signature="(n),(n)->(),(n)")
        check_grads(lambda x: f(x, x[0]), (X,), order=2)
        for got, want in zip(fg.vjp(lambda x: f(x, x[0]), X)[0], f(X, X[0]), strict=True):
            numpy.testing.assert_allclose(got, want)

    def test_excluded_and_keywords(self) -> None:
        f = np.vectorize(lambda a, p, scale=1.0: np.sum(p) * a * scale, excluded=["p", 1])
        check_grads(lambda x, p: f(x, p, scale=2.0), (X, numpy.ones(3)), order=2)

    def test_plain_arguments(self) -> None:
        assert np.vectorize(lambda a: a + 1, otypes=[float])([1, 2]).tolist() == [2.0, 3.0]


# The array API standard, 2024.12: name, call on an array of floats (and one of integers)

ARRAY_API: dict[str, Callable[[Any, Any, Any], Any]] = {
    **{
        name: lambda xp, x, n, name=name: getattr(xp, name)(x)
        for name in (
            *("abs", "acos", "asin", "asinh", "atan", "atanh", "ceil", "conj", "cos", "cosh", "exp", "expm1", "floor"),
            *("imag", "isfinite", "isinf", "isnan", "log", "log1p", "log2", "log10", "logical_not", "negative"),
            *("positive", "real", "reciprocal", "round", "sign", "signbit", "sin", "sinh", "sqrt", "square", "tan"),
            *(
                "tanh",
                "trunc",
                "argmax",
                "argmin",
                "argsort",
                "sort",
                "max",
                "mean",
                "min",
                "prod",
                "std",
                "sum",
                "var",
            ),
            *(
                "all",
                "any",
                "flip",
                "squeeze",
                "unstack",
                "permute_dims",
                "matrix_transpose",
                "unique_values",
                "nonzero",
            ),
            *(
                "zeros_like",
                "ones_like",
                "empty_like",
                "tril",
                "triu",
                "diff",
                "count_nonzero",
                "asarray",
                "unique_all",
            ),
            *("unique_counts", "unique_inverse"),
        )
    },
    **{
        name: lambda xp, x, n, name=name: getattr(xp, name)(x, x + 1)
        for name in (
            *("add", "atan2", "copysign", "divide", "equal", "floor_divide", "greater", "greater_equal", "hypot"),
            *("less", "less_equal", "logaddexp", "logical_and", "logical_or", "logical_xor", "maximum", "minimum"),
            *("multiply", "nextafter", "not_equal", "pow", "remainder", "subtract", "vecdot", "tensordot"),
        )
    },
    "acosh": lambda xp, x, n: xp.acosh(x + 1),
    "astype": lambda xp, x, n: xp.astype(x, xp.float32),
    "broadcast_arrays": lambda xp, x, n: xp.broadcast_arrays(x, x[0]),
    "broadcast_to": lambda xp, x, n: xp.broadcast_to(x, (2, *x.shape)),
    "can_cast": lambda xp, x, n: xp.can_cast(x, xp.complex128),
    "clip": lambda xp, x, n: xp.clip(x, 0.3, 0.6),
    "concat": lambda xp, x, n: xp.concat([x, x]),
    "cumulative_prod": lambda xp, x, n: xp.cumulative_prod(x, axis=0),
    "cumulative_sum": lambda xp, x, n: xp.cumulative_sum(x, axis=1, include_initial=True),
    "expand_dims": lambda xp, x, n: xp.expand_dims(x, axis=1),
    "full_like": lambda xp, x, n: xp.full_like(x, 2.0),
    "isdtype": lambda xp, x, n: xp.isdtype(x.dtype, "real floating"),
    "matmul": lambda xp, x, n: xp.matmul(x, x.mT),
    "meshgrid": lambda xp, x, n: xp.meshgrid(x[0], x[1], indexing="ij"),
    "moveaxis": lambda xp, x, n: xp.moveaxis(x, 0, 1),
    "permute_dims": lambda xp, x, n: xp.permute_dims(x, (1, 0)),
    "repeat": lambda xp, x, n: xp.repeat(x, 2, axis=1),
    "reshape": lambda xp, x, n: xp.reshape(x, (-1,)),
    "result_type": lambda xp, x, n: xp.result_type(x, xp.complex64),
    "roll": lambda xp, x, n: xp.roll(x, (1, 2), axis=(0, 1)),
    "searchsorted": lambda xp, x, n: xp.searchsorted(xp.sort(x[0]), x[1]),
    "stack": lambda xp, x, n: xp.stack([x, x], axis=1),
    "take": lambda xp, x, n: xp.take(x, n, axis=0),
    "take_along_axis": lambda xp, x, n: xp.take_along_axis(x, xp.argsort(x, axis=1), axis=1),
    "tile": lambda xp, x, n: xp.tile(x, (2, 1)),
    "where": lambda xp, x, n: xp.where(x > 0.5, x, -x),
    "arange": lambda xp, x, n: xp.arange(3, dtype=x.dtype),
    "empty": lambda xp, x, n: xp.empty((2, 3)).shape,
    "empty_like": lambda xp, x, n: xp.empty_like(x).shape,
    "eye": lambda xp, x, n: xp.eye(3, 4, k=1),
    "from_dlpack": lambda xp, x, n: xp.from_dlpack(numpy.ones(3)),
    "full": lambda xp, x, n: xp.full((2, 3), 1.5),
    "linspace": lambda xp, x, n: xp.linspace(0, 1, 5),
    "ones": lambda xp, x, n: xp.ones((2, 3)),
    "zeros": lambda xp, x, n: xp.zeros((2, 3), dtype=xp.float32),
    "finfo": lambda xp, x, n: xp.finfo(x.dtype).eps,
    "iinfo": lambda xp, x, n: xp.iinfo(n.dtype).max,
    "bitwise_and": lambda xp, x, n: xp.bitwise_and(n, 1),
    "bitwise_invert": lambda xp, x, n: xp.bitwise_invert(n),
    "bitwise_left_shift": lambda xp, x, n: xp.bitwise_left_shift(n, 1),
    "bitwise_or": lambda xp, x, n: xp.bitwise_or(n, 1),
    "bitwise_right_shift": lambda xp, x, n: xp.bitwise_right_shift(n, 1),
    "bitwise_xor": lambda xp, x, n: xp.bitwise_xor(n, 1),
    "linalg.cholesky": lambda xp, x, n: xp.linalg.cholesky(x @ x.mT + xp.eye(3)),
    "linalg.cross": lambda xp, x, n: xp.linalg.cross(x[:, :3], x[:, 1:]),
    "linalg.det": lambda xp, x, n: xp.linalg.det(x[:, :3]),
    "linalg.diagonal": lambda xp, x, n: xp.linalg.diagonal(x),
    "linalg.eigh": lambda xp, x, n: xp.linalg.eigh(x @ x.mT).eigenvalues,
    "linalg.eigvalsh": lambda xp, x, n: xp.linalg.eigvalsh(x @ x.mT),
    "linalg.inv": lambda xp, x, n: xp.linalg.inv(x[:, :3] + xp.eye(3)),
    "linalg.matmul": lambda xp, x, n: xp.linalg.matmul(x, x.mT),
    "linalg.matrix_norm": lambda xp, x, n: xp.linalg.matrix_norm(x),
    "linalg.matrix_power": lambda xp, x, n: xp.linalg.matrix_power(x[:, :3], 3),
    "linalg.matrix_rank": lambda xp, x, n: xp.linalg.matrix_rank(x),
    "linalg.matrix_transpose": lambda xp, x, n: xp.linalg.matrix_transpose(x),
    "linalg.outer": lambda xp, x, n: xp.linalg.outer(x[0], x[1]),
    "linalg.pinv": lambda xp, x, n: xp.linalg.pinv(x),
    "linalg.qr": lambda xp, x, n: xp.linalg.qr(x, mode="reduced").R,
    "linalg.slogdet": lambda xp, x, n: xp.linalg.slogdet(x[:, :3] + xp.eye(3)).logabsdet,
    "linalg.solve": lambda xp, x, n: xp.linalg.solve(x[:, :3] + xp.eye(3), x),
    "linalg.svd": lambda xp, x, n: xp.linalg.svd(x, full_matrices=False).S,
    "linalg.svdvals": lambda xp, x, n: xp.linalg.svdvals(x),
    "linalg.tensordot": lambda xp, x, n: xp.linalg.tensordot(x, x),
    "linalg.trace": lambda xp, x, n: xp.linalg.trace(x),
    "linalg.vecdot": lambda xp, x, n: xp.linalg.vecdot(x, x, axis=0),
    "linalg.vector_norm": lambda xp, x, n: xp.linalg.vector_norm(x, axis=(0, 1)),
    **{
        f"fft.{name}": lambda xp, x, n, name=name: getattr(xp.fft, name)(x)
        for name in (
            *("fft", "ifft", "fftn", "ifftn", "rfft", "irfft", "rfftn", "irfftn", "hfft", "ihfft"),
            *("fftshift", "ifftshift"),
        )
    },
    "fft.fftfreq": lambda xp, x, n: xp.fft.fftfreq(4),
    "fft.rfftfreq": lambda xp, x, n: xp.fft.rfftfreq(4),
}


@pytest.mark.parametrize("name", ARRAY_API)
def test_array_api(name: str) -> None:
    call = ARRAY_API[name]
    module, _, function = name.rpartition(".")
    if not hasattr(getattr(numpy, module) if module else numpy, function):
        pytest.skip(f"this NumPy has no {name}")
    x, n = X.copy(), numpy.array([0, 2])
    want = call(numpy, x, n)
    got = []

    def f(x: Any) -> Any:
        xp = x.__array_namespace__(api_version="2024.12")
        assert xp is np
        got.append(call(xp, x, n))
        return x

    fg.vjp(f, x)
    compare(got[0], want)


def compare(got: Any, want: Any) -> None:
    if isinstance(want, tuple | list):
        for g, w in zip(got, want, strict=True):
            compare(g, w)
    elif isinstance(want, numpy.ndarray | numpy.generic):
        assert got.dtype == want.dtype
        numpy.testing.assert_allclose(getattr(got, "value", got), want, 1e-12, 1e-12)
    else:
        assert got == want


def test_array_api_versions_and_devices() -> None:
    def f(x: Any) -> Any:
        with pytest.raises(ValueError, match="2019"):
            x.__array_namespace__(api_version="2019.12")
        assert x.to_device(x.device) is x
        with pytest.raises(ValueError, match="cannot be moved"):
            x.to_device("cuda")
        info = x.__array_namespace__().__array_namespace_info__()
        assert info.default_device() == "cpu"
        return x

    fg.vjp(f, X)


def test_scipy_is_not_imported() -> None:
    code = "import sys, funcgrad; assert 'scipy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_rules_of_scipy_come_when_the_user_has_imported_it() -> None:
    code = (
        "import funcgrad as fg, scipy.special, sys; assert 'funcgrad.rules.special' not in sys.modules;"
        "assert abs(fg.grad(scipy.special.erf)(0.0) - 1.1283791670955126) < 1e-15"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
