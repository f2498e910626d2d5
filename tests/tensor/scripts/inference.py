"""Inference tensors: what is one, and what cannot be done with them outside of inference mode."""

from typing import Any

import numpy as np

from .common import error


def made_inside(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        z = torch.ones(2)
        made = (x * 2, z, x.sum(), torch.tensor(1.0), x.clone(), z[0], z.detach(), z.view(2, 1), -x, 2 - x, x > 0)
        _kinds(*made)
        _kinds(torch.zeros_like(x), x.new_ones(2), torch.randn(2), *torch.arange(3).split(1), torch.ones(3).max(0)[0])
        _kinds(torch.Tensor([1.0]), torch.eye(2).inverse(), torch.ones(2, 2).sum(0), x.double(), torch.ones(2, 2).T)
        _kinds(
            torch.from_numpy(np.ones(2)),
            torch.stack([x, z]),
            torch.where(z > 0, x, z),
            torch.ones(2, 1).sum(0).squeeze(),
        )
    _kinds(*made)


def not_made_inside(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        _kinds(x, x[0], x.detach(), x.view(2, 1), x.expand(2, 2), x.to(torch.float32), x.data)
    _kinds(x, x[0], x.detach(), torch.ones(1), x * 2)
    print(torch.is_inference(x))


def used_outside(torch: Any) -> None:
    with torch.inference_mode():
        y = torch.ones(2) * 3
    _kinds(y.clone(), y * 1, y.exp(), y.detach(), y.view(2, 1), y[0], y.float(), y.double())
    print((y * 2).requires_grad, y.clone().requires_grad_(), y.numpy().tolist(), torch.ones(2).add_(y))


def refused_writes(torch: Any) -> None:
    with torch.inference_mode():
        y = torch.ones(3)
        y.add_(1)
        y[0] = 5
    for name, arguments in (("add_", (1,)), ("zero_", ()), ("fill_", (2,)), ("exp_", ()), ("mul_", (2.0,))):
        error(getattr(y, name), *arguments)
    error(y.copy_, torch.ones(3))
    error(y.__setitem__, 0, 2.0)
    error(y[0].mul_, 2)
    error(y.view(-1).add_, 1)
    with torch.no_grad():
        error(y.add_, 1)
    with torch.inference_mode(False):
        error(y.add_, 1)
    with torch.inference_mode():
        error(y.add_, 1)
    error(torch.add, torch.ones(3), 1, out=y)


def requirements(torch: Any) -> None:
    with torch.inference_mode():
        y = torch.ones(2)
        z = torch.ones(2, requires_grad=True)
        error(lambda: y._version)
    error(lambda: y._version)
    error(y.requires_grad_)
    error(y.requires_grad_, False)
    error(setattr, y, "requires_grad", True)
    print(y.requires_grad, z.requires_grad, z.is_inference())


def kept_for_a_backward_pass(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        y = torch.ones(2) * 3
        i, m, w = torch.tensor([0, 1]), torch.tensor([True, False]), torch.ones(3, 2)
    for action in (
        *(lambda: x * y, lambda: y * x, lambda: x / y, lambda: y / x, lambda: x @ y, lambda: x**y),
        *(lambda: x + y, lambda: y + x, lambda: x - y, lambda: y - x, lambda: torch.cat([x, y]), lambda: x + 2 * y),
        *(lambda: x[i], lambda: x[m], lambda: x.gather(0, i), lambda: torch.nn.functional.linear(x, w)),
        *(lambda: x.sum() * w.sum(), lambda: x * w[0], lambda: x - w[0], lambda: torch.stack([x, y]), lambda: y * 2),
    ):
        error(action)
    with torch.no_grad():
        print(x * y)


def kept_by_a_function(torch: Any) -> None:
    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            ctx.save_for_backward(b)
            return a * b

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.saved_tensors[0], None

    x = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        y = torch.ones(2)
        error(Scaled.apply, x, y)
    error(Scaled.apply, x, y)


def nested(torch: Any) -> None:
    with torch.inference_mode():
        with torch.inference_mode(False):
            x = torch.ones(2, requires_grad=True)
            print(x.is_inference(), torch.is_inference_mode_enabled(), torch.is_grad_enabled())
            print((x * 2).requires_grad, (x * 2).is_inference())
        with torch.enable_grad():
            z = x * 2
            print(z.requires_grad, z.is_inference(), torch.is_grad_enabled())
        with torch.no_grad():
            print((x * 2).is_inference())
    (x * 2).sum().backward()
    print(x.grad, x.grad.is_inference())


def ordinary_tensors_inside(torch: Any) -> None:
    x = torch.ones(2)
    with torch.inference_mode():
        x.add_(1)
        v = x[:1]
        v.add_(1)
        _kinds(x, v)
    print(x)
    x.requires_grad_()
    print(x)


def decorated(torch: Any) -> None:
    @torch.inference_mode()
    def called(a: Any) -> Any:
        return a * 2

    @torch.inference_mode
    def bare(a: Any) -> Any:
        return a * 2

    @torch.inference_mode(False)
    def off(a: Any) -> Any:
        return a * 2

    @torch.inference_mode()
    def steps(a: Any) -> Any:
        for i in range(2):
            yield a * i

    x = torch.ones(2, requires_grad=True)
    _kinds(called(x), bare(x), off(x), *steps(x))
    print(torch.is_inference_mode_enabled(), called.__name__)


def modules(torch: Any) -> None:
    layer = torch.nn.Linear(2, 2)
    with torch.inference_mode():
        y = layer(torch.ones(1, 2))
    print(y.requires_grad, y.is_inference(), y.is_leaf, y.grad_fn)
    error(y.requires_grad_)
    error(y.sum().backward)


def _kinds(*tensors: Any) -> None:
    print([t.is_inference() for t in tensors])
