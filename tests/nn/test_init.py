"""`nn.init`: given values equal PyTorch's, random ones have its moments and bounds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.nn import init

torch = pytest.importorskip("torch")

SHAPE = (60, 40, 3)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("uniform_", (-2, 3)),
        ("normal_", (1.0, 0.5)),
        ("trunc_normal_", (0.2, 1.0, -0.5, 0.7)),
        ("trunc_normal_", (0.0, 1.0, 1.8, 1.9)),
        ("xavier_uniform_", (1.5,)),
        ("xavier_normal_", ()),
        ("kaiming_uniform_", (0.3,)),
        ("kaiming_uniform_", (0, "fan_out", "relu")),
        ("kaiming_normal_", (0, "fan_in", "tanh")),
        ("orthogonal_", (2.0,)),
    ],
)
def test_moments_are_pytorchs(name: str, args: tuple[Any, ...]) -> None:
    fg.manual_seed(0)
    torch.manual_seed(0)
    tensor = fg.zeros(*SHAPE, requires_grad=True)
    assert getattr(init, name)(tensor, *args) is tensor
    assert tensor.is_leaf
    got = tensor.detach().numpy()
    wanted = getattr(torch.nn.init, name)(torch.zeros(*SHAPE), *args).numpy()
    assert got.dtype == np.float32
    scale = wanted.std()
    assert abs(got.mean() - wanted.mean()) < 0.06 * scale
    assert got.std() == pytest.approx(scale, rel=0.05)
    assert abs(got.max() - wanted.max()) < 1.2 * scale
    assert abs(got.min() - wanted.min()) < 1.2 * scale


@pytest.mark.parametrize(
    ("name", "shape", "args"),
    [
        ("constant_", (2, 3), (0.3,)),
        ("ones_", (2, 3), ()),
        ("zeros_", (2, 3), ()),
        ("eye_", (3, 2), ()),
        ("dirac_", (4, 3, 3), ()),
        ("dirac_", (6, 2, 3, 4), (3,)),
        ("dirac_", (2, 3, 2, 2, 2), ()),
    ],
)
def test_given_values_are_pytorchs(name: str, shape: tuple[int, ...], args: tuple[Any, ...]) -> None:
    got = getattr(init, name)(fg.rand(*shape), *args)
    wanted = getattr(torch.nn.init, name)(torch.rand(*shape), *args)
    np.testing.assert_array_equal(got.numpy(), wanted.numpy())


def test_sparse_columns() -> None:
    values = init.sparse_(fg.ones(10, 5), 0.33, std=2.0).numpy()
    assert ((values == 0).sum(axis=0) == 4).all()


def test_a_truncated_normal_stays_inside() -> None:
    values = init.trunc_normal_(fg.zeros(10_000)).numpy()
    assert -2 <= values.min() < -1.9
    assert 1.9 < values.max() <= 2


def test_the_seed_and_the_generator_decide() -> None:
    fg.manual_seed(3)
    first = init.normal_(fg.zeros(4)).tolist()
    fg.manual_seed(3)
    assert init.normal_(fg.zeros(4)).tolist() == first


def test_arrays_are_filled_too() -> None:
    w = np.empty((2, 2))
    assert init.eye_(w) is w
    assert w.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("name", ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains(name: str) -> None:
    assert init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name))
    assert init.calculate_gain("leaky_relu", 0.5) == pytest.approx(math.sqrt(2 / 1.25))


def test_refusals() -> None:
    vector = fg.zeros(3)
    for call in (
        lambda: init.xavier_uniform_(vector),
        lambda: init.eye_(vector),
        lambda: init.dirac_(vector),
        lambda: init.orthogonal_(vector),
        lambda: init.sparse_(vector, 0.5),
        lambda: init.calculate_gain("nothing"),
        lambda: init.kaiming_normal_(fg.zeros(2, 2), mode="sideways"),
        lambda: init.dirac_(fg.zeros(3, 3, 3), groups=2),
    ):
        with pytest.raises(ValueError):  # noqa: PT011
            call()
    with pytest.warns(UserWarning, match="zero-element"):
        init.kaiming_uniform_(fg.zeros(0, 3))
