"""``utils.checkpoint``: PyTorch's names for checkpoints, on tensors."""

from typing import Any

import pytest

import funcgrad as fg


def gradient(wrapped: bool, preserve: bool = True) -> Any:
    fg.manual_seed(0)
    x = fg.tensor([0.5, -1.0, 2.0, 1.5], requires_grad=True)
    w = fg.tensor(2.0, requires_grad=True)

    def layer(x: Any) -> Any:
        return fg.nn.functional.dropout((x * w).sin(), 0.5) * x

    options = {"use_reentrant": False, "preserve_rng_state": preserve}
    y = fg.utils.checkpoint.checkpoint(layer, x, **options) if wrapped else layer(x)
    after = fg.rand(1).item()  # the second run leaves no trace in the generator
    y.sum().backward()
    return x.grad.tolist(), w.grad.item(), after, fg.rand(1).item()


def test_random_numbers_are_the_same_the_second_time() -> None:
    assert gradient(True) == gradient(False)


def test_other_random_numbers_are_noticed() -> None:
    with pytest.raises(RuntimeError, match="random"):
        gradient(True, preserve=False)


def test_a_sequence() -> None:
    x = fg.tensor([0.5, 1.0], requires_grad=True)
    y = fg.utils.checkpoint.checkpoint_sequential([fg.sin, fg.exp, fg.tanh], 2, x, use_reentrant=False)
    y.sum().backward()
    assert x.grad is not None
    taken, x.grad = x.grad, None
    fg.tanh(fg.exp(fg.sin(x))).sum().backward()
    assert fg.allclose(taken, x.grad)
