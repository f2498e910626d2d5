"""Layers that learn the size of their input, beside PyTorch's."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

import funcgrad as fg

torch = pytest.importorskip("torch")

LAYERS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "LazyLinear": (lambda nn: nn.LazyLinear(3), (2, 5)),
    "LazyLinear_bare": (lambda nn: nn.LazyLinear(3, bias=False), (2, 5)),
    "LazyConv1d": (lambda nn: nn.LazyConv1d(4, 2, 2), (2, 6, 7)),
    "LazyConv2d": (lambda nn: nn.LazyConv2d(4, 3, padding=1, groups=2), (2, 6, 7, 7)),
    "LazyConv3d": (lambda nn: nn.LazyConv3d(4, 2, bias=False), (2, 3, 4, 4, 4)),
    "LazyConvTranspose1d": (lambda nn: nn.LazyConvTranspose1d(4, 2), (2, 3, 4)),
    "LazyConvTranspose2d": (lambda nn: nn.LazyConvTranspose2d(4, 2, stride=2), (2, 3, 4, 4)),
    "LazyConvTranspose3d": (lambda nn: nn.LazyConvTranspose3d(4, 2), (1, 3, 4, 4, 4)),
    "LazyBatchNorm1d": (lambda nn: nn.LazyBatchNorm1d(), (4, 3)),
    "LazyBatchNorm2d": (lambda nn: nn.LazyBatchNorm2d(affine=False), (4, 3, 2, 2)),
    "LazyBatchNorm3d": (lambda nn: nn.LazyBatchNorm3d(), (4, 3, 2, 2, 2)),
    "LazyInstanceNorm1d": (lambda nn: nn.LazyInstanceNorm1d(affine=True), (4, 3, 5)),
    "LazyInstanceNorm2d": (lambda nn: nn.LazyInstanceNorm2d(), (4, 3, 5, 5)),
    "LazyInstanceNorm3d": (lambda nn: nn.LazyInstanceNorm3d(), (4, 3, 2, 3, 4)),
}


@pytest.mark.filterwarnings("ignore:Lazy modules:UserWarning", "ignore:.*uninitialized.*")
@pytest.mark.parametrize("name", LAYERS)
def test_as_in_pytorch(name: str) -> None:
    make, shape = LAYERS[name]
    ours, theirs = make(fg.nn), make(torch.nn)
    assert repr(ours) == repr(theirs)
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    ours(fg.tensor(x))
    theirs(torch.tensor(x))
    assert type(ours).__name__ == type(theirs).__name__ == name.partition("_")[0].removeprefix("Lazy")
    assert repr(ours) == repr(theirs)
    state = {key: fg.tensor(value.numpy().copy()) for key, value in theirs.state_dict().items()}
    assert {key: tuple(value.shape) for key, value in ours.state_dict().items()} == {
        key: tuple(value.shape) for key, value in state.items()
    }
    ours.load_state_dict(state)
    y, z = ours(fg.tensor(x)), theirs(torch.tensor(x))
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), rtol=1e-4, atol=1e-5)
    fresh = make(fg.nn)
    fresh.load_state_dict(ours.state_dict())
    fresh.eval()(fg.tensor(x))
    assert repr(fresh) == repr(ours)


def test_shapes_that_are_not_known() -> None:
    m = fg.nn.LazyLinear(2)
    assert repr(m.weight) == "<UninitializedParameter>"
    with pytest.raises(RuntimeError, match="uninitialized"):
        m.weight.shape  # noqa: B018
    with pytest.raises(ValueError, match="divisible"):
        fg.nn.LazyConv1d(4, 1, groups=2)(fg.ones(1, 3, 4))
    with pytest.raises(RuntimeError, match="Expected 2D"):
        fg.nn.LazyConv1d(4, 1)(fg.ones(1, 1, 3, 4))


def test_in_a_network_that_is_saved() -> None:
    net = fg.nn.Sequential(fg.nn.LazyLinear(4), fg.nn.ReLU(), fg.nn.LazyLinear(1))
    net(fg.ones(2, 3))
    file = io.BytesIO()
    fg.save(net.state_dict(), file)
    file.seek(0)
    other = fg.nn.Sequential(fg.nn.LazyLinear(4), fg.nn.ReLU(), fg.nn.LazyLinear(1))
    other.load_state_dict(fg.load(file))
    np.testing.assert_array_equal(other(fg.ones(2, 3)).detach().numpy(), net(fg.ones(2, 3)).detach().numpy())
