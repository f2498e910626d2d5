"""Adafactor and Muon, and averaged models, beside PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funcgrad as fg

torch = pytest.importorskip("torch")


def trajectory(lib: Any, name: str, shape: tuple[int, ...], **options: Any) -> Any:
    rng = np.random.default_rng(3)
    w = lib.tensor(rng.standard_normal(shape).astype(np.float32), requires_grad=True)
    target = lib.tensor(rng.standard_normal(shape).astype(np.float32))
    optimizer = getattr(lib.optim, name)([w], **options)
    for _ in range(5):
        optimizer.zero_grad()
        (((w - target) ** 2) * (target.abs() + 0.1)).sum().backward()
        optimizer.step()
    return w.detach().numpy()


@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (2, 3, 4)])
@pytest.mark.parametrize(
    "options",
    [{}, {"lr": 0.1, "weight_decay": 0.1}, {"eps": (1e-4, 1e-2), "d": 2.0}, {"maximize": True, "beta2_decay": -0.5}],
)
def test_adafactor(shape: tuple[int, ...], options: dict[str, Any]) -> None:
    ours, theirs = (trajectory(lib, "Adafactor", shape, **options) for lib in (fg, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 3), (5, 2), (2, 5)])
@pytest.mark.parametrize("options", [{}, {"lr": 0.01, "nesterov": False}, {"adjust_lr_fn": "match_rms_adamw"}])
def test_muon(shape: tuple[int, ...], options: dict[str, Any]) -> None:
    ours, theirs = (trajectory(lib, "Muon", shape, **options) for lib in (fg, torch))
    steps = 5 * options.get("lr", 1e-3)
    np.testing.assert_allclose(ours, theirs, atol=0.03 * steps)  # PyTorch rounds to bfloat16


def test_muon_takes_matrices() -> None:
    with pytest.raises(ValueError, match="2D"):
        fg.optim.Muon([fg.ones(3, requires_grad=True)])


@pytest.mark.parametrize("name", ["Adam", "AdamW", "Adadelta", "RMSprop", "NAdam", "RAdam", "Adamax", "Rprop", "ASGD"])
def test_capturable_changes_nothing(name: str) -> None:
    np.testing.assert_array_equal(trajectory(fg, name, (3,), capturable=True), trajectory(fg, name, (3,)))


def averaged(lib: Any, **options: Any) -> dict[str, Any]:
    model = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3))
    rng = np.random.default_rng(0)
    swa = lib.optim.swa_utils
    if "ema" in options:
        options = {"multi_avg_fn": swa.get_ema_multi_avg_fn(options["ema"])}
    average = swa.AveragedModel(model, **options)
    for _ in range(3):
        with lib.no_grad():
            for p in model.parameters():
                p.copy_(lib.tensor(rng.standard_normal(tuple(p.shape)).astype(np.float32)))
            model(lib.tensor(rng.standard_normal((4, 2)).astype(np.float32)))
        average.update_parameters(model)
    loader = [lib.tensor(rng.standard_normal((4, 2)).astype(np.float32)) for _ in range(3)]
    swa.update_bn([(x, 0) for x in loader], average)
    assert average.training
    assert average.module[1].momentum == 0.1
    return {key: value.numpy() for key, value in average.state_dict().items()}


@pytest.mark.parametrize("options", [{}, {"ema": 0.9}, {"use_buffers": True}, {"avg_fn": lambda a, x, n: (a + x) / 2}])
def test_averaged_model(options: dict[str, Any]) -> None:
    ours, theirs = averaged(fg, **options), averaged(torch, **options)
    assert list(ours) == list(theirs)
    for key, value in theirs.items():
        np.testing.assert_allclose(ours[key], value, rtol=1e-5, atol=1e-6, err_msg=key)


def test_one_way_of_averaging() -> None:
    swa = fg.optim.swa_utils
    with pytest.raises(AssertionError, match="Only one"):
        swa.AveragedModel(fg.nn.Linear(1, 1), avg_fn=swa.get_swa_avg_fn(), multi_avg_fn=swa.get_swa_multi_avg_fn())
