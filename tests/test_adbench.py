"""ADBench's objectives: all libraries agree, and ours agrees with differences of the values."""

import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import funcgrad as fg

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.adbench import WORKLOADS, bundle, gmm, hand, lstm, skeleton
from benchmarks.peers import BY_HAND, JAX, MODULES, OURS, TORCH, TORCH_FUNC
from benchmarks.suite import Workload, disagreement

PEERS = [
    pytest.param(workload, name, id=f"{workload.name}-{name}")
    for workload in WORKLOADS
    for name in workload.builders
    if name not in (BY_HAND, JAX)  # JAX compiles each operation for seconds; its texts are those of jax.jit
]


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # loads PyTorch's forward mode
@pytest.mark.parametrize(("workload", "name"), PEERS)
def test_all_agree_with_the_derivatives_by_hand(workload: Workload, name: str) -> None:
    if not MODULES[name]:
        pytest.skip(f"{name} is not installed")
    for size in workload.quick:
        problem = workload.problem(size)
        expected = workload.builders[BY_HAND](problem)
        run = workload.builders[name](problem)
        assert run is not None
        assert expected is not None
        with warnings.catch_warnings():
            warnings.simplefilter("error", fg.BatchFallbackWarning)
            assert disagreement(run(), expected(), workload.rtol, workload.atol) is None


SCRIPTS = [
    pytest.param(workload, module, name, id=f"{workload.name}-{name}")
    for workload, module in zip(WORKLOADS, (gmm, bundle, lstm, hand, hand), strict=True)
    for name in (TORCH, TORCH_FUNC)
]


@pytest.mark.parametrize(("workload", "module", "name"), SCRIPTS)
def test_programs_of_pytorch_run_on_our_tensors(
    workload: Workload, module: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "torch", fg)
    problem = workload.problem(workload.quick[0])
    expected, run = workload.builders[BY_HAND](problem), workload.builders[name](problem)
    assert expected is not None
    assert run is not None
    assert disagreement(run(), expected(), workload.rtol, workload.atol) is None


def columns(value: Callable[[Any], Any], x: Any, step: float = 1e-5) -> Any:
    """Central differences of order four, the variables along the last axis."""
    units = step * np.eye(x.size).reshape(x.size, *x.shape)
    slopes = [8 * (value(x + e) - value(x - e)) - (value(x + 2 * e) - value(x - 2 * e)) for e in units]
    return np.stack(slopes, axis=-1) / (12 * step)


def close(x: Any, y: Any) -> None:
    np.testing.assert_allclose(np.reshape(x, np.shape(y)), y, rtol=1e-7, atol=1e-8 * np.max(np.abs(y)))


def result(workload: Workload, problem: Any) -> Any:
    run = workload.builders[OURS](problem)
    assert run is not None
    return run()


def test_mixture() -> None:
    p = gmm.problem((3, 2, 7))
    p = replace(p, gamma=1.3, m=2)
    for name, gradient in zip(("alphas", "means", "factors"), result(gmm.WORKLOAD, p), strict=True):
        close(gradient, columns(lambda x, name=name: gmm.forward(replace(p, **{name: x}))(), getattr(p, name)))


def test_mixture_is_the_likelihood_of_its_density() -> None:
    multivariate_normal = pytest.importorskip("scipy.stats").multivariate_normal
    p = gmm.problem((3, 2, 7))
    q = gmm.written(p)(np.exp(p.factors[:, :3]), p.factors[:, 3:])
    shares = np.exp(p.alphas) / np.sum(np.exp(p.alphas))
    density = sum(
        share * multivariate_normal(mean, np.linalg.inv(k.T @ k)).pdf(p.x)
        for share, mean, k in zip(shares, p.means, q, strict=True)
    )
    n, d = p.x.shape
    prior = 0.5 * np.sum(q**2) + p.constant + n * d * np.log(2 * np.pi) / 2
    close(gmm.forward(p)() - prior, np.sum(np.log(density)))


def test_bundle() -> None:
    scene = bundle.problem((2, 3, 4))
    blocks, slopes = result(bundle.WORKLOAD, scene)
    for i, (camera, point, weight) in enumerate(zip(scene.camera_of, scene.point_of, scene.weights, strict=True)):

        def residuals(x: Any, seen: Any = scene.seen[i : i + 1]) -> Any:
            alone = bundle.Scene(x[None, :11], x[None, 11:14], np.array([0]), np.array([0]), x[14:], seen)
            return np.concatenate([r.ravel() for r in bundle.forward(alone)()])

        x = np.concatenate([scene.cameras[camera], scene.points[point], [weight]])
        differences = columns(residuals, x)
        close(blocks[i], differences[:2])
        close(slopes[i], differences[2, 14])
        assert not differences[2, :14].any()


def test_lstm() -> None:
    text = lstm.problem((2, 4))
    for name, gradient in zip(("main", "extra"), result(lstm.WORKLOAD, text), strict=True):
        close(gradient, columns(lambda x, name=name: lstm.forward(replace(text, **{name: x}))(), getattr(text, name)))


def test_hand() -> None:
    known = skeleton.simple_problem(5)
    close(result(hand.SIMPLE, known), columns(lambda x: hand.forward(replace(known, theta=x))(), known.theta))


def test_hand_with_triangles() -> None:
    known = skeleton.complicated_problem(5)
    jacobian = result(hand.COMPLICATED, known)
    close(jacobian[:, :, 2:], columns(lambda x: hand.forward(replace(known, theta=x))(), known.theta))
    differences = columns(lambda u: hand.forward(replace(known, u=u))(), known.u).reshape(5, 3, 5, 2)
    for i, j in np.ndindex(5, 5):
        if i == j:
            close(jacobian[i, :, :2], differences[i, :, i])
        else:
            assert not differences[i, :, j].any()


def test_resting_hand_is_the_model() -> None:
    known = skeleton.simple_problem(skeleton.VERTICES)
    tiny = np.zeros(skeleton.ANGLES)
    tiny[0] = 1e-12  # no rotation is exactly zero
    at_rest = replace(known, theta=tiny, owners=np.arange(skeleton.VERTICES))
    np.testing.assert_allclose(known.points - hand.forward(at_rest)(), known.vertices[:, :3], atol=1e-9)
