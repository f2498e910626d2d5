"""Layers and hooks that are seldom used, beside PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funcgrad as fg

torch = pytest.importorskip("torch")


def numbers(*shape: int) -> Any:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("options", [{}, {"head_bias": True, "div_value": 2.0}])
def test_adaptive_softmax(options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(32, 12, [3, 7], **options)
    ours = fg.nn.AdaptiveLogSoftmaxWithLoss(32, 12, [3, 7], **options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    x, target = numbers(6, 32), np.array([0, 11, 4, 2, 5, 7])
    mine, other = ours(fg.tensor(x), fg.tensor(target)), theirs(torch.tensor(x), torch.tensor(target))
    np.testing.assert_allclose(mine.output.detach().numpy(), other.output.detach().numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(mine.loss.item(), other.loss.item(), rtol=1e-4)
    mine.loss.backward()
    other.loss.backward()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-3, atol=1e-5)
    probabilities = ours.log_prob(fg.tensor(x)).detach().numpy()
    np.testing.assert_allclose(probabilities, theirs.log_prob(torch.tensor(x)).detach().numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.exp(probabilities).sum(1), 1, rtol=1e-5)
    assert ours.predict(fg.tensor(x)).tolist() == theirs.predict(torch.tensor(x)).tolist()
    single = ours(fg.tensor(x[0]), fg.tensor(4)).output
    np.testing.assert_allclose(single.item(), probabilities[0, 4], rtol=1e-4)


def test_adaptive_softmax_refuses() -> None:
    with pytest.raises(ValueError, match="cutoffs"):
        fg.nn.AdaptiveLogSoftmaxWithLoss(8, 12, [7, 3])
    m = fg.nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3])
    with pytest.raises(RuntimeError, match="Target values"):
        m(fg.ones(1, 8), fg.tensor([12]))


@pytest.mark.parametrize(
    ("m", "options"),
    [(2, {"output_size": 3}), (2, {"output_ratio": 0.5}), (3, {"output_size": 2})],
)
def test_fractional_pooling(m: int, options: dict[str, Any]) -> None:
    x = numbers(1, 2, *(7,) * m)
    samples = np.random.default_rng(1).random((1, 2, m)).astype(np.float32)
    results = []
    for lib in (fg, torch):
        layer = getattr(lib.nn, f"FractionalMaxPool{m}d")(2, **options, _random_samples=lib.tensor(samples))
        results.append(layer(lib.tensor(x)).numpy())
    np.testing.assert_array_equal(*results)
    with pytest.raises(ValueError, match="requires specifying"):
        fg.nn.FractionalMaxPool2d(2)


def logged(lib: Any) -> list[str]:
    """What hooks around all modules see."""
    module, log = lib.nn.modules.module, []
    net = lib.nn.Sequential(lib.nn.Linear(2, 2), lib.nn.ReLU())
    net[0].register_forward_pre_hook(lambda m, args: log.append("own before"))
    net[0].register_forward_hook(lambda m, args, out: log.append("own behind"))
    handles = [
        module.register_module_forward_pre_hook(lambda m, args: log.append(f"before {type(m).__name__}")),
        module.register_module_forward_hook(lambda m, args, out: log.append(f"behind {type(m).__name__}")),
        module.register_module_full_backward_hook(lambda m, gx, gy: log.append(f"backward {type(m).__name__}")),
    ]
    try:
        net(lib.ones(1, 2, requires_grad=True)).sum().backward()
    finally:
        for handle in handles:
            handle.remove()
    count = len(log)
    net[1](lib.ones(1))
    assert len(log) == count
    return log


def test_hooks_around_all_modules() -> None:
    assert logged(fg) == logged(torch)


def test_a_hook_changes_the_output() -> None:
    with fg.nn.modules.module.register_module_forward_hook(lambda m, args, out: out * 2):
        assert fg.nn.ReLU()(fg.ones(1)).item() == 2
    assert fg.nn.ReLU()(fg.ones(1)).item() == 1


def test_fusing() -> None:
    for make, shape in (
        (lambda lib: (lib.nn.Conv2d(2, 3, 2), lib.nn.BatchNorm2d(3)), (4, 2, 3, 3)),
        (lambda lib: (lib.nn.Linear(2, 3, bias=False), lib.nn.BatchNorm1d(3)), (4, 2)),
    ):
        first, norm = make(fg)
        x = fg.tensor(numbers(*shape))
        norm(first(x))
        first.eval(), norm.eval()
        fuse = fg.nn.utils.fuse_conv_bn_eval if len(shape) == 4 else fg.nn.utils.fuse_linear_bn_eval
        np.testing.assert_allclose(
            fuse(first, norm)(x).detach().numpy(), norm(first(x)).detach().numpy(), rtol=1e-4, atol=1e-5
        )
