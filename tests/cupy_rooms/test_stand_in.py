"""The stand-in refuses what CuPy refuses, as its table says; and the table is that of the CuPy that is installed."""

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special

from funcgrad.testing import DeviceArray, host_copies, lenient, limits

X = np.linspace(0.1, 0.9, 6).reshape(2, 3)


@pytest.fixture
def x() -> DeviceArray:
    return DeviceArray(X)


def test_table_is_that_of_the_installed_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    cupy = pytest.importorskip("cupy")
    if cupy.__version__ != limits.table()["version"]:
        pytest.skip(f"the table is of CuPy {limits.table()['version']}")
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    make_table = importlib.import_module("make_table")
    assert json.loads(json.dumps(make_table.table())) == limits.table()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: np.sum(x, where=x > 0.5), TypeError, "unexpected keyword argument 'where'"),
        (lambda x: np.max(x, initial=0.0), TypeError, "initial"),
        (lambda x: np.linalg.svd(x, hermitian=False), TypeError, "hermitian"),
        (lambda x: np.linalg.svdvals(x), TypeError, "no implementation found"),
        (lambda x: np.block([x, x]), TypeError, "no implementation found"),
        (lambda x: np.emath.sqrt(x), TypeError, "no implementation found"),
        (lambda x: np.unstack(x), TypeError, "no implementation found"),
        (lambda x: np.add(x, x, where=x > 0.5), TypeError, "takes no where"),
        (lambda x: np.add(x, x, order="F"), TypeError, "takes no order"),
        (lambda x: np.add(x, np.float64(1) * np.ones(())[()] + np.array(1.0)), None, ""),
        (lambda x: np.add(x, np.array(1.0)), TypeError, r"shape \(\) meets"),
        (lambda x: np.where(x > 0.5, x, np.array(0.0)), TypeError, r"shape \(\) meets"),
        (lambda x: x < np.array(0.5), None, ""),
        (lambda x: np.maximum.reduce(x), NotImplementedError, "maximum.reduce"),
        (lambda x: np.add.reduce(x), None, ""),
        (lambda x: np.add.reduce(x, initial=1.0), TypeError, "initial"),
        (lambda x: np.multiply.at(x, (0, 0), 2.0), NotImplementedError, "multiply.at"),
        (lambda x: np.maximum.at(x, (0, 0), 2.0), None, ""),
        (lambda x: np.subtract.outer(x, x), None, ""),
        (lambda x: np.modf(x, out=(DeviceArray(X), DeviceArray(X))), ValueError, "exactly one array"),
        (lambda x: np.modf(x), None, ""),
        (lambda x: np.vecdot(x, x), TypeError, "NotImplemented"),
        (lambda x: np.matmul(x, x.T, axes=[(0, 1), (0, 1), (0, 1)]), None, ""),
        (lambda x: np.sort(x, stable=True), TypeError, "stable"),
        (lambda x: np.sort(x, kind="quicksort"), ValueError, "stable"),
        (lambda x: x.sort(kind="heapsort"), ValueError, "stable"),
        (lambda x: x.sum(where=x > 0), TypeError, "where"),
        (lambda x: x.resize(3), AttributeError, "resize"),
        (lambda x: x.item(0), TypeError, "takes no index"),
        (lambda x: x.flags.writeable, AttributeError, "writeable"),
        (lambda x: x.flags["WRITEABLE"], KeyError, "WRITEABLE"),
        (lambda x: np.lexsort((x[0], x[1])), AttributeError, "keys"),
        (lambda x: np.piecewise(x, [x > 0.5], [lambda x: x]), NotImplementedError, "functions"),
        (lambda x: np.histogram(x, bins="auto"), NotImplementedError, "bins"),
        (lambda x: np.quantile(x, 0.5, method="hazen"), ValueError, "hazen"),
        (lambda x: np.choose(x > 0.5, [x, x]), AttributeError, "choices"),
        (lambda x: np.concatenate([x, 1.0]), TypeError, "only device arrays"),
        (lambda x: np.searchsorted(x[0], [0.5]), NotImplementedError, "searchsorted"),
        (lambda x: np.roots(np.append(x[0], x[1, :1])), NotImplementedError, "Hermitian"),
        (lambda x: np.cbrt(x + 1j), TypeError, "no loop for operands of complex128"),
        (lambda x: scipy.special.erf(x), None, ""),
        (lambda x: scipy.special.erf(x + 1j), TypeError, "no loop"),
        (lambda x: scipy.special.jv(1, x), TypeError, "NotImplemented"),
        (lambda x: range(3)[DeviceArray(1)], TypeError, "indices"),
    ],
)
def test_refuses_what_cupy_refuses(x: DeviceArray, call: Any, error: Any, message: str) -> None:
    if error is None:
        call(x)
        return
    with pytest.raises(error, match=message):
        call(x)


def test_lenient_does_what_numpy_does(x: DeviceArray) -> None:
    with lenient():
        assert np.sum(x, where=x > 0.5).item() == X[X > 0.5].sum()
        np.add(x, x, out=x + 0, where=x > 0.5)
        np.maximum.reduce(x)
        assert x.flags.writeable
    with pytest.raises(TypeError):
        np.sum(x, where=x > 0.5)


def test_comparisons_of_whole_arrays_stay_on_the_device(x: DeviceArray) -> None:
    with host_copies() as copies:
        y = np.array_equal(x, x)
        assert copies == []
        assert y
    assert copies == ["bool()"]
    assert isinstance(np.allclose(x, x), DeviceArray)


def test_cupys_ufuncs_reach_it(x: DeviceArray) -> None:
    cupy = pytest.importorskip("cupy")
    special = pytest.importorskip("cupyx.scipy.special")
    np.testing.assert_array_equal(cupy.sin(x).array, np.sin(X))
    np.testing.assert_array_equal(cupy.add(x, 1, out=DeviceArray(X)).array, X + 1)
    np.testing.assert_array_equal(special.ellipk(x).array, scipy.special.ellipk(X))
    np.testing.assert_array_equal(cupy.sum(x, axis=0).array, X.sum(axis=0))
    np.testing.assert_array_equal(cupy.nanmax(x, axis=0).array, X.max(axis=0))
    with pytest.raises(TypeError, match=r"cannot run the kernel mine: say with funcgrad\.testing\.emulate"):
        cupy.ElementwiseKernel("T x", "T y", "y = x", "mine")(x)


@pytest.mark.parametrize(
    ("text", "args", "kwargs", "fits"),
    [
        ("a, axis=", (1, 2), {}, True),
        ("a, axis=", (1, 2, 3), {}, False),
        ("a, /, b=", (), {"a": 1}, False),
        ("a, *, b=", (1, 2), {}, False),
        ("*xs, **options", (1, 2), {"b": 1}, True),
        ("*shape, order=", (2, 3), {"order": "C"}, True),
        ("", (1,), {}, False),
    ],
)
def test_signatures_as_the_table_has_them(text: str, args: Any, kwargs: Any, fits: bool) -> None:
    if fits:
        limits.signature(text).bind(*args, **kwargs)
    else:
        with pytest.raises(TypeError):
            limits.signature(text).bind(*args, **kwargs)
