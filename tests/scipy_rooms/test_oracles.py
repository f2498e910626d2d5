"""JAX and PyTorch have some of these functions: values and gradients agree."""

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.scipy import linalg, ndimage, signal, special, stats

A = np.array([[2.0, 0.3, -0.4], [0.1, 1.5, 0.2], [0.5, -0.3, 1.8]])
B = np.array([[1.0, -0.5], [0.3, 2.0], [0.7, 0.1]])
SPD = A @ A.T + np.eye(3)
X = np.array([0.3, 0.7, 1.6])
P = np.array([0.2, 0.5, 0.3])
IMAGE = np.sin(np.arange(20.0)).reshape(4, 5)
PLACES = np.array([[0.3, 1.7, 2.2], [1.1, 3.4, 0.6]])

#: Module, function, arrays to differentiate by, and fixed keywords.
ROWS = [
    ("linalg", "expm", [A]),
    ("linalg", "solve", [A, B]),
    ("linalg", "solve_triangular", [A, B]),
    ("linalg", "lu", [A]),
    ("linalg", "cholesky", [SPD]),
    ("linalg", "det", [A]),
    ("linalg", "inv", [A]),
    ("linalg", "toeplitz", [X, X]),
    ("linalg", "block_diag", [A, B]),
    ("special", "logsumexp", [X]),
    ("special", "softmax", [X]),
    ("special", "log_softmax", [X]),
    ("special", "factorial", [X]),
    ("signal", "convolve", [IMAGE, B.T]),
    ("signal", "correlate", [IMAGE, B.T]),
    ("signal", "convolve2d", [IMAGE, B.T]),
    ("signal", "fftconvolve", [IMAGE, B.T]),
    ("signal", "detrend", [IMAGE]),
    *(
        ("stats", f"{name}.{function}", arrays)
        for name, arrays in {
            "norm": [X, X, 1 + X],
            "expon": [X, X - 1, 1 + X],
            "gamma": [X, 1 + X, X - 1],
            "beta": [P, 1 + X, 2 + X],
            "t": [X, 1 + X],
            "chi2": [X, 1 + X],
            "cauchy": [X, X, 1 + X],
            "laplace": [X, X - 2, 1 + X],
            "logistic": [X, X, 1 + X],
            "uniform": [P],
            "pareto": [1 + X, 1 + X],
            "truncnorm": [P, P - 2, P + 1],
            "vonmises": [X, 1 + X],
        }.items()
        for function in ("logpdf", "pdf")
    ),
    ("stats", "norm.cdf", [X, X, 1 + X]),
    ("stats", "norm.logcdf", [X, X, 1 + X]),
    ("stats", "norm.logsf", [X, X, 1 + X]),
    ("stats", "gamma.cdf", [X, 1 + X]),
    ("stats", "multivariate_normal.logpdf", [X, P, SPD]),
    ("stats", "dirichlet.logpdf", [P, 1 + X]),
]
ROOMS = {"linalg": linalg, "special": special, "signal": signal, "stats": stats}


def attribute(module: Any, path: str) -> Any:
    for name in path.split("."):
        module = getattr(module, name)
    return module


def total(y: Any, np_: Any) -> Any:
    """A number that depends on every element in its own way."""
    parts = y if isinstance(y, list | tuple) else [y]
    return sum(np_.sum(np_.cos(part + 0.1 * np_.arange(part.size).reshape(part.shape))) for part in parts)


@pytest.mark.parametrize(("room", "name", "arrays"), ROWS, ids=[f"{room}.{name}" for room, name, _ in ROWS])
def test_jax_agrees(room: str, name: str, arrays: list[Any]) -> None:
    jax = pytest.importorskip("jax")
    scipy_of_jax = pytest.importorskip("jax.scipy")
    theirs = attribute(getattr(scipy_of_jax, room), name)
    ours = attribute(ROOMS[room], name)
    numbers = tuple(range(len(arrays)))
    want = jax.jit(jax.grad(lambda *xs: total(theirs(*xs), jax.numpy), argnums=numbers))(*arrays)
    got = fg.grad(lambda *xs: total(ours(*xs), np), argnums=numbers)(*arrays)
    for g, w, x in zip(got, want, arrays, strict=True):
        w = (w + w.T) / 2 if x is SPD else w  # where a triangle counts, ours is the derivative in symmetric directions
        np.testing.assert_allclose(g, w, 1e-8, 1e-9)


def test_jax_agrees_on_coordinates() -> None:
    jax = pytest.importorskip("jax")
    of_jax = pytest.importorskip("jax.scipy.ndimage")
    for mode in ("constant", "nearest"):
        want = jax.grad(lambda x, c, mode=mode: total(of_jax.map_coordinates(x, list(c), 1, mode), jax.numpy), (0, 1))
        got = fg.grad(lambda x, c, mode=mode: total(ndimage.map_coordinates(x, c, order=1, mode=mode), np), (0, 1))
        for g, w in zip(got(IMAGE, PLACES), want(IMAGE, PLACES), strict=True):
            np.testing.assert_allclose(g, w, 1e-10, 1e-12)


@pytest.mark.parametrize(
    ("name", "arrays"),
    [
        ("Normal", [X, 1 + X]),
        ("Gamma", [1 + X, X]),
        ("Beta", [1 + X, 2 + X]),
        ("StudentT", [1 + X]),
        ("Poisson", [X]),
        ("Geometric", [P]),
    ],
)
def test_torch_agrees_on_distributions(name: str, arrays: list[Any]) -> None:
    torch = pytest.importorskip("torch")
    at = {"Poisson": 2.0, "Geometric": 2.0}.get(name, 0.4)
    ours = {
        "Normal": stats.norm.logpdf,
        "Gamma": lambda x, a, rate: stats.gamma.logpdf(x, a, scale=1 / rate),
        "Beta": stats.beta.logpdf,
        "StudentT": stats.t.logpdf,
        "Poisson": stats.poisson.logpmf,
        "Geometric": lambda k, p: stats.geom.logpmf(k + 1, p),
    }[name]
    theirs = [torch.tensor(x, requires_grad=True) for x in arrays]
    value = torch.tensor(at, dtype=torch.float64)
    getattr(torch.distributions, name)(*theirs).log_prob(value).sum().backward()
    got = fg.grad(lambda *xs: np.sum(ours(at, *xs)), argnums=tuple(range(len(arrays))))(*arrays)
    for g, x in zip(got, theirs, strict=True):
        np.testing.assert_allclose(g, x.grad.numpy(), 1e-10)
