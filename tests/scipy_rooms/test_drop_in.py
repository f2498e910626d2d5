"""funcgrad.scipy is SciPy where arguments are plain, and never loses a gradient silently where they are not."""

import inspect
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import scipy
import scipy.interpolate
import scipy.linalg
import scipy.ndimage
import scipy.signal
import scipy.special
import scipy.stats

import funcgrad as fg
import funcgrad.scipy.interpolate
import funcgrad.scipy.linalg
import funcgrad.scipy.ndimage
import funcgrad.scipy.signal
import funcgrad.scipy.special
import funcgrad.scipy.stats
from funcgrad.scipy.special.harmonics import HARMONICS
from funcgrad.testing import DeviceArray

ROOMS = ("interpolate", "linalg", "ndimage", "signal", "special", "stats")


def room(name: str) -> Any:
    return getattr(fg.scipy, name)


def redefined() -> Iterator[Any]:
    """Yield every function and class that is redefined, with SciPy's."""
    for name in ROOMS:
        for key, value in vars(room(name)).items():
            if not key.startswith("_") and getattr(value, "__module__", "").startswith(f"funcgrad.scipy.{name}."):
                yield pytest.param(value, getattr(getattr(scipy, name), key), id=f"{name}.{key}")


functions = [row for row in redefined() if inspect.isfunction(row.values[0])]


def parameters(function: Any) -> list[tuple[str, Any, Any]]:
    rows = inspect.signature(function).parameters.values()
    return [(p.name, p.kind, None if repr(p.default).startswith("<") else p.default) for p in rows]


#: Deprecated keywords: SciPy's default is a private object.
SENTINELS = ("logm", "sqrtm")


@pytest.mark.skipif(np.lib.NumpyVersion(scipy.__version__) < "1.17.0", reason="the signatures are those of SciPy 1.17")
@pytest.mark.parametrize(("ours", "original"), functions)
def test_signature_is_scipys(ours: Any, original: Any) -> None:
    mine, theirs = parameters(ours), parameters(original)
    if [kind for _, kind, _ in theirs] == [inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD]:
        pytest.skip("SciPy states no signature")
    if ours.__name__ in SENTINELS:
        mine, theirs = ([p[:2] for p in rows] for rows in (mine, theirs))
    assert str(mine) == str(theirs)


@pytest.mark.parametrize(("ours", "original"), functions)
def test_docstring_has_parameters_and_an_example(ours: Any, original: Any) -> None:
    for title in ("Parameters\n", "Returns\n", "Examples\n", ">>> "):
        assert title in ours.__doc__


@pytest.mark.parametrize("name", ROOMS)
def test_the_rest_is_scipys(name: str) -> None:
    ours, original = room(name), getattr(scipy, name)
    assert set(original.__all__) <= set(dir(ours))
    for key in original.__all__:
        assert getattr(ours, key) is not None
    with pytest.raises(AttributeError, match="no_such_function"):
        _ = ours.no_such_function


def test_plain_arguments_go_to_scipy() -> None:
    special, linalg, stats = fg.scipy.special, fg.scipy.linalg, fg.scipy.stats
    assert special.logsumexp([0.0, 1.0]) == scipy.special.logsumexp([0.0, 1.0])
    assert special.comb(5, 2, exact=True) == 10
    assert special.erf is scipy.special.erf
    assert type(linalg.cho_factor(np.eye(2))[0]) is np.ndarray
    assert linalg.null_space(np.ones((2, 2))).shape == (2, 1)
    assert stats.norm.mean(3.0) == 3.0
    assert stats.norm(1.0, 2.0).rvs(random_state=0) == scipy.stats.norm(1.0, 2.0).rvs(random_state=0)
    assert stats.gamma.logpdf(1, 2, scale=3) == scipy.stats.gamma.logpdf(1, 2, scale=3)
    with pytest.raises(ValueError, match="square"):
        linalg.solve(np.ones((2, 3)), np.ones(2))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: fg.scipy.linalg.null_space(x),
        lambda x: fg.scipy.linalg.orth(x),
        lambda x: fg.scipy.linalg.schur(x)[0],
        lambda x: fg.scipy.signal.resample(x, 3),
        lambda x: fg.scipy.ndimage.median_filter(x, 3),
        lambda x: fg.scipy.stats.iqr(x),
        lambda x: fg.scipy.stats.norm.entropy(scale=x),
        lambda x: fg.scipy.stats.vonmises.cdf(x, 1.0),
        lambda x: fg.scipy.interpolate.make_interp_spline(np.arange(2.0), x, k=1),
    ],
)
def test_a_gradient_is_never_lost_silently(call: Any) -> None:
    with pytest.raises(fg.LostGradientError, match="would lose"):
        fg.grad(lambda x: np.sum(call(x)))(np.eye(2) + 1)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: fg.scipy.special.comb(x, 2, exact=True),
        lambda x: fg.scipy.special.polygamma(x, 1.0),
        lambda x: fg.scipy.special.spherical_jn(x, 1.0),
        lambda x: fg.scipy.linalg.qr(x * np.ones((3, 2))),
        lambda x: fg.scipy.linalg.polar(x * np.ones((2, 3))),
        lambda x: fg.scipy.linalg.eigh(x * np.eye(2), np.eye(2), type=2),
        lambda x: fg.scipy.signal.filtfilt([1.0], [1.0, 0.1], x * np.ones(9), method="gust"),
        lambda x: fg.scipy.ndimage.correlate1d(np.arange(5), x * np.ones(3)),
        lambda x: fg.scipy.stats.skew(x * np.ones(3), nan_policy="omit"),
        lambda x: fg.scipy.stats.multivariate_normal.logpdf(x * np.ones(2), allow_singular=True),
        lambda x: fg.scipy.interpolate.interp1d([0.0, 1, 2], x * np.ones(3), "quadratic"),
    ],
)
def test_what_has_no_rule_says_so(call: Any) -> None:
    with pytest.raises(fg.NoDerivativeError):
        fg.grad(lambda x: np.sum(call(x)))(1.0)


def test_funcgrad_does_not_import_scipy() -> None:
    code = "import sys, funcgrad; assert not any(m == 'scipy' or m.startswith('scipy.') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_lists_of_traced_values() -> None:
    def f(x: Any) -> Any:
        return fg.scipy.special.logsumexp([x, 2 * x, 0.0])

    np.testing.assert_allclose(fg.grad(f)(0.0), 1.0)


def test_tensors() -> None:
    x = fg.tensor([0.0, 1.0], requires_grad=True)
    y = fg.scipy.special.logsumexp(x)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), scipy.special.softmax([0.0, 1.0]), rtol=1e-6)
    with pytest.raises(TypeError, match="tensors"):
        fg.scipy.interpolate.interp1d(np.arange(2.0), x)


def test_device_arrays() -> None:
    x = DeviceArray([0.5, 1.5])
    for y in (fg.scipy.special.logsumexp(x), fg.scipy.stats.norm.logpdf(x, 1.0), fg.scipy.linalg.toeplitz(x)):
        assert type(y) is DeviceArray


@pytest.mark.parametrize("name", sorted(HARMONICS))
def test_each_harmonic_has_an_example_of_its_own(name: str) -> None:
    assert f"special.{name}(" in HARMONICS[name].__doc__  # which doctest runs
