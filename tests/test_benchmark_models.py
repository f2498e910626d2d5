"""The benchmarks' models: all libraries agree, and ours agrees with differences of the values."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import funcgrad as fg

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.idioms import Inputs
from benchmarks.peers import BY_HAND, JAX, MODULES, OURS
from benchmarks.suite import Workload, disagreement
from benchmarks.workloads.models import WORKLOADS

PEERS = [
    pytest.param(workload, name, id=f"{workload.name}-{name}")
    for workload in WORKLOADS
    for name in workload.builders
    if name not in (BY_HAND, JAX)  # JAX compiles each operation for seconds
]


@pytest.mark.parametrize(("workload", "name"), PEERS)
def test_all_agree_with_the_derivatives_by_hand(workload: Workload, name: str) -> None:
    if not MODULES[name]:
        pytest.skip(f"{name} is not installed")
    inputs = workload.problem(workload.quick[0])
    expected, run = workload.builders[BY_HAND](inputs), workload.builders[name](inputs)
    assert expected is not None
    assert run is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error", fg.BatchFallbackWarning)
        assert disagreement(run(), expected(), workload.rtol, workload.atol) is None


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_ours_agrees_with_differences(workload: Workload, rng: np.random.Generator) -> None:
    inputs = workload.problem(workload.quick[0])
    run = workload.builders[OURS](inputs)
    assert run is not None
    assert workload.forward
    _, gradient = run()
    for name, x in inputs.params.items():
        direction = rng.normal(size=x.shape)
        values = []
        for step in (2e-4, 1e-4, -1e-4, -2e-4):
            moved = Inputs(inputs.params | {name: x + step * direction}, inputs.data)
            evaluate = workload.forward(moved)
            assert evaluate
            values.append(evaluate())
        slope = (8 * (values[1] - values[2]) - (values[0] - values[3])) / 12e-4
        np.testing.assert_allclose(np.sum(gradient[name] * direction), slope, rtol=1e-6, atol=1e-9, err_msg=name)
