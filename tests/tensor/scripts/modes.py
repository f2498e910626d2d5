"""Where gradients are recorded, and where not."""

from typing import Any

from .common import error


def no_grad(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    with torch.no_grad():
        y = x * 2
        print(torch.is_grad_enabled(), y.requires_grad, y.is_leaf)
    print(torch.is_grad_enabled(), (x * 2).requires_grad)


def nested(torch: Any) -> None:
    x = torch.ones(1, requires_grad=True)
    with torch.no_grad():
        with torch.enable_grad():
            print((x * 2).requires_grad)
        print((x * 2).requires_grad)


def set_grad_enabled(torch: Any) -> None:
    x = torch.ones(1, requires_grad=True)
    for flag in (True, False):
        with torch.set_grad_enabled(flag):
            print((x * 2).requires_grad)
    torch.set_grad_enabled(False)
    print((x * 2).requires_grad)
    torch.set_grad_enabled(True)
    print((x * 2).requires_grad)


def decorated(torch: Any) -> None:
    x = torch.ones(1, requires_grad=True)

    @torch.no_grad()
    def off(x):
        return x * 2

    @torch.enable_grad()
    def on(x):
        return x * 2

    print(off(x).requires_grad, off.__name__)
    with torch.no_grad():
        print(on(x).requires_grad)


def after_an_exception(torch: Any) -> None:
    try:
        with torch.no_grad():
            raise ValueError
    except ValueError:
        print(torch.is_grad_enabled())


def inference_mode(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        y = x * 2
        print(torch.is_inference_mode_enabled(), torch.is_grad_enabled())
    print(y.requires_grad)
    error(lambda: (y * x).sum().backward())
    error(y.requires_grad_, True)
    print((y * 2).requires_grad, y.clone().requires_grad_(True).requires_grad)


def inference_mode_forbids_writes(torch: Any) -> None:
    with torch.inference_mode():
        y = torch.ones(2)
        y.add_(1)
    error(y.add_, 1)
    print(y)


def is_inference(torch: Any) -> None:
    x = torch.ones(2)
    with torch.inference_mode():
        print(x.is_inference(), (x * 2).is_inference())


def inference_mode_off(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    with torch.inference_mode(False):
        print((x * 2).requires_grad)


def leaf_made_without_gradients(torch: Any) -> None:
    with torch.no_grad():
        x = torch.ones(2, requires_grad=True)
    (x * 2).sum().backward()
    print(x.requires_grad, x.grad)


def update_of_a_leaf(torch: Any) -> None:
    w = torch.ones(2, requires_grad=True)
    (w * w).sum().backward()
    with torch.no_grad():
        w -= 0.5 * w.grad
    print(w, w.is_leaf)


def data_of_a_leaf(torch: Any) -> None:
    w = torch.ones(2, requires_grad=True)
    w.data -= 0.5
    print(w, w.data)
    w.data = torch.zeros(3)
    print(w)


def generator_function(torch: Any) -> None:
    x = torch.ones(1, requires_grad=True)

    @torch.no_grad()
    def steps():
        for _ in range(2):
            yield (x * 2).requires_grad

    try:
        print(list(steps()))
    except TypeError:
        print("refused")


def detach_inside_a_loop(torch: Any) -> None:
    state = torch.zeros(1)
    w = torch.tensor([0.5], requires_grad=True)
    for t in range(3):
        state = (state.detach() * w + 1).tanh()
        state.sum().backward()
        print(t, w.grad)


def integers_and_gradients(torch: Any) -> None:
    error(torch.arange(3).requires_grad_)
    error(torch.tensor, [1, 2], requires_grad=True)
    x = torch.ones(2, requires_grad=True)
    print((x > 0).requires_grad, x.argmax().requires_grad, x.long().requires_grad)


def saved_tensor_hooks(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t * 10, lambda t: t):
        y = (x * x).sum()
    y.backward()
    print(x.grad)
