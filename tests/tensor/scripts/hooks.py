"""Hooks on tensors and on nodes."""

from typing import Any

from .common import error


def scales_a_gradient(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    x.register_hook(lambda g: g * 2)
    (x * 3).sum().backward()
    print(x.grad)


def sees_a_gradient(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: print("y", g))
    x.register_hook(lambda g: print("x", g))
    (y * y).sum().backward()
    print(x.grad)


def order_of_hooks(torch: Any) -> None:
    x = torch.ones(1, requires_grad=True)
    x.register_hook(lambda g: g + 1)
    x.register_hook(lambda g: g * 10)
    x.sum().backward()
    print(x.grad)


def removed_hook(torch: Any) -> None:
    x = torch.ones(1, requires_grad=True)
    handle = x.register_hook(lambda g: g * 10)
    handle.remove()
    x.sum().backward()
    print(x.grad)
    handle.remove()


def handle_is_a_context(torch: Any) -> None:
    x = torch.ones(1, requires_grad=True)
    with x.register_hook(lambda g: g * 10):
        x.sum().backward()
    x.sum().backward()
    print(x.grad)


def inner_hook_changes_what_flows(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: torch.zeros_like(g))
    (y * y).sum().backward()
    print(x.grad)


def hook_of_a_constant(torch: Any) -> None:
    error(torch.ones(1).register_hook, print)


def hook_that_returns_nonsense(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    x.register_hook(lambda g: 3)
    error((x * 2).sum().backward)


def hook_of_another_shape(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    x.register_hook(lambda g: torch.ones(3))
    error((x * 2).sum().backward)


def hook_runs_once_on_the_sum(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    h = x * 1
    h.register_hook(lambda g: print("h", g))
    (h * 2 + h * 3).sum().backward()


def hook_at_every_pass(torch: Any) -> None:
    x = torch.ones(1, requires_grad=True)
    x.register_hook(lambda g: print("hook"))
    x.sum().backward()
    x.sum().backward()
    print(x.grad)


def hook_that_raises(torch: Any) -> None:
    x = torch.ones(1, requires_grad=True)

    def refuse(g):
        raise KeyError("no")

    x.register_hook(refuse)
    error(x.sum().backward)
    print(x.grad)


def hooks_and_autograd_grad(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    x.register_hook(lambda g: g * 5)
    print(torch.autograd.grad((x * 2).sum(), x))


def retain_grad(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward()
    print(y.grad, y.retains_grad, x.retains_grad)


def retain_grad_of_a_leaf(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    x.retain_grad()
    x.sum().backward()
    print(x.grad, x.retains_grad)
    error(torch.ones(1).retain_grad)


def retained_after_hooks(torch: Any) -> None:
    x = torch.ones(1, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 3)
    y.sum().backward()
    print(y.grad, x.grad)


def retained_accumulates(torch: Any) -> None:
    x = torch.ones(1, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    print(y.grad)


def post_accumulate(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    x.register_post_accumulate_grad_hook(lambda p: print("after", p.grad))
    (x * 2).sum().backward()
    (x * 2).sum().backward()


def post_accumulate_step(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)

    def step(p):
        with torch.no_grad():
            p -= 0.1 * p.grad
        p.grad = None

    handle = x.register_post_accumulate_grad_hook(step)
    (x * x).sum().backward()
    print(x, x.grad)
    handle.remove()
    (x * x).sum().backward()
    print(x, x.grad)


def post_accumulate_only_leaves(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    error((x * 2).register_post_accumulate_grad_hook, print)
    error(torch.ones(1).register_post_accumulate_grad_hook, print)


def node_hook(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 3
    y.grad_fn.register_hook(lambda gx, gy: print(gx, gy))
    y.sum().backward()


def node_hook_replaces(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    y.grad_fn.register_hook(lambda gx, gy: (gx[0] * 0 + 7,))
    y.sum().backward()
    print(x.grad)


def node_prehook(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 3
    y.grad_fn.register_prehook(lambda gy: (gy[0] * 10,))
    y.sum().backward()
    print(x.grad)


def hook_with_create_graph(torch: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    x.register_hook(lambda g: g * g)
    (g,) = torch.autograd.grad(x**2, x, create_graph=True)
    print(g.item())
    print(torch.autograd.grad(g, x)[0].item())


def clipping_hook(torch: Any) -> None:
    x = torch.tensor([0.1, 5.0], requires_grad=True)
    x.register_hook(lambda g: g.clamp(-1, 1))
    (x**2).sum().backward()
    print(x.grad)


def module_forward_hook(torch: Any) -> None:
    layer = torch.nn.Identity()
    layer.register_forward_hook(lambda m, inputs, output: output * 2)
    layer.register_forward_pre_hook(lambda m, inputs: (inputs[0] + 1,))
    print(layer(torch.ones(2)))


def module_full_backward_hook(torch: Any) -> None:
    layer = torch.nn.Tanh()
    layer.register_full_backward_hook(lambda m, gx, gy: print(gx, gy))
    x = torch.zeros(2, requires_grad=True)
    layer(x).sum().backward()
    print(x.grad)
