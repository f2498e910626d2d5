"""Where features meet."""

from typing import Any

from .common import error, fill, show, wave


def hook_while_a_graph_is_made(torch: Any) -> None:
    x = wave(torch, 2, leaf=True)
    y = x**3
    y.register_hook(lambda g: g * 2)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    show(g, h)


def write_then_hook(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: print("before", g))
    y.mul_(3)
    y.register_hook(lambda g: print("after", g))
    y.sum().backward()
    print(x.grad)


def retain_grad_then_write(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.mul_(3)
    y.sum().backward()
    print(y.grad, x.grad)


def function_of_a_view(torch: Any) -> None:
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = wave(torch, 2, 2, leaf=True)
    Twice.apply(x.t()[0]).sum().backward()
    print(x.grad)


def function_of_mixed_arguments(torch: Any) -> None:
    class Join(torch.autograd.Function):
        @staticmethod
        def forward(ctx, name, x, n, y):
            ctx.n = n
            print(name)
            return x * n + y

        @staticmethod
        def backward(ctx, g):
            print(ctx.needs_input_grad)
            return None, g * ctx.n, None, g

    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    Join.apply("join", x, 5, y).sum().backward()
    print(x.grad, y.grad)


def function_inside_no_grad(torch: Any) -> None:
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = torch.ones(1, requires_grad=True)
    with torch.no_grad():
        y = Twice.apply(x)
    print(y.requires_grad, y.grad_fn)


def function_calls_autograd(torch: Any) -> None:
    class Inner(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            with torch.enable_grad():
                leaf = x.detach().requires_grad_(True)
                y = leaf.sin()
            ctx.saved = leaf, y
            return y.detach()

        @staticmethod
        def backward(ctx, g):
            leaf, y = ctx.saved
            return torch.autograd.grad(y, leaf, g)[0]

    x = wave(torch, 2, leaf=True)
    Inner.apply(x).sum().backward()
    print(x.grad, x.detach().cos())


def gradients_of_equal_branches(torch: Any) -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.clone()
    (y[0] * x[1] + y[1] * x[0]).backward()
    print(x.grad)


def chunks_written_and_joined(torch: Any) -> None:
    x = wave(torch, 6, leaf=True)
    a, b, c = (x * 1).split(2)
    y = torch.cat([c, a * b])
    y[0] = 0
    (y**2).sum().backward()
    print(x.grad)


def masked_softmax(torch: Any) -> None:
    x = wave(torch, 3, 3, leaf=True)
    mask = torch.ones(3, 3).tril().bool()
    y = x.masked_fill(~mask, float("-inf")).softmax(-1)
    (y[:, 0] ** 2).sum().backward()
    show(y, x.grad)


def nan_does_not_leak_through_where(torch: Any) -> None:
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    safe = torch.where(x > 0, x, torch.ones_like(x))
    torch.where(x > 0, safe.log(), torch.zeros_like(x)).sum().backward()
    print(x.grad)


def detached_target(torch: Any) -> None:
    p = wave(torch, 3, leaf=True)
    target = (p * 2).detach()
    target[0] = 0
    ((p - target) ** 2).sum().backward()
    print(p.grad)


def alpha_and_scalars(torch: Any) -> None:
    x, y = torch.ones(2), torch.arange(2.0)
    print(
        torch.add(x, y, alpha=2),
        torch.sub(x, y, alpha=0.5),
        x.add(1, alpha=3),
        x.addcmul(x, y, value=0.5),
        torch.rsub(x, y),
    )
    print(3 - y, 3 / (y + 1), 2**y, 5 % (y + 2), 7 // (y + 2), abs(-x), +x, round(1.5), -x)


def comparisons_chain(torch: Any) -> None:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    mask = (x > 1) & (x < 3)
    print(mask, x[mask], mask.float() @ x.detach(), x.detach()[~mask], mask.sum() / 2, mask.any(), (x == 2).nonzero())


def item_in_a_condition(torch: Any) -> None:
    x = torch.tensor(0.7, requires_grad=True)
    y = x * 2 if x > 0.5 else x * 3
    while y.item() < 10:
        y = y * 2
    y.backward()
    print(x.grad, y.item() == float(y.detach()))


def python_containers(torch: Any) -> None:
    x = torch.ones(2)
    y = torch.ones(2)
    cache = {x: "x", y: "y"}
    print(cache[x], cache[y], hash(x) == hash(x), x is not y, [x, y].index(x), len({x, y, x}))


def unequal_shapes_in_losses(torch: Any) -> None:
    F = torch.nn.functional
    print(F.mse_loss(torch.ones(2, 1), torch.zeros(2)))
    error(F.cross_entropy, torch.ones(2, 3), torch.ones(3, dtype=torch.int64))
    error(F.nll_loss, torch.ones(2, 3), torch.ones(2))
    error(F.l1_loss, torch.ones(2), torch.ones(3))


def dtypes_that_do_not_mix(torch: Any) -> None:
    error(torch.matmul, torch.ones(2, 2), torch.ones(2, 2, dtype=torch.float64))
    error(torch.nn.Linear(2, 2), torch.ones(2, 2, dtype=torch.float64))
    error(torch.dot, torch.arange(2), torch.ones(2))
    error(torch.nn.functional.conv2d, torch.ones(1, 1, 3, 3, dtype=torch.float64), torch.ones(1, 1, 2, 2))
    print(torch.cat([torch.arange(2), torch.ones(2)]).dtype, torch.where(torch.tensor([True]), 1, 2.0).dtype)


def wrong_names(torch: Any) -> None:
    error(getattr, torch.ones(1), "absent")
    error(getattr, torch, "absent")
    error(torch.ones(2).sum, nonsense=1)
    error(torch.ones, 2, nonsense=1)


def frozen_until_thawed(torch: Any) -> None:
    w = torch.ones(2)
    (w * 2).sum()
    w.requires_grad_()
    (w * 2).sum().backward()
    w.requires_grad_(False)
    print(w.grad, (w * 2).requires_grad)


def gradient_is_no_alias(torch: Any) -> None:
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    g = torch.ones(2)
    (x + y).backward(g)
    x.grad.mul_(5)
    print(x.grad, y.grad, g)


def gradient_of_a_written_gradient(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    (x * 2).sum().backward()
    kept = x.grad
    x.grad.zero_()
    (x * 3).sum().backward()
    print(kept, x.grad is kept)


def loss_list(torch: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    losses = [x * i for i in range(4)]
    torch.stack(losses).sum().backward()
    print(x.grad, sum(losses), torch.stack(losses).mean())


def sum_of_python(torch: Any) -> None:
    x = torch.arange(3.0, requires_grad=True)
    show(sum(x), max(x), min(x), sorted(x.tolist()), [float(v) for v in x.detach()], x.sum().item(), list(x.shape))


def linear_layer_in_func(torch: Any) -> None:
    model = fill(torch, torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double())
    params = {k: v.detach() for k, v in model.named_parameters()}
    x = wave(torch, 4, 2)

    def one(params, x):
        return torch.func.functional_call(model, params, (x[None],)).sum()

    grads = torch.func.vmap(torch.func.grad(one), in_dims=(None, 0))(params, x)
    print({k: tuple(v.shape) for k, v in grads.items()}, grads["0.bias"])


def laplacian(torch: Any) -> None:
    def f(x):
        return (x.sin() * x.prod()).sum()

    x = wave(torch, 3)
    print(torch.func.hessian(f)(x).diagonal().sum(), torch.func.hessian(f)(x).trace())


def hessian_vector_product(torch: Any) -> None:
    x = wave(torch, 3, leaf=True)
    v = torch.ones(3, dtype=torch.float64)
    (g,) = torch.autograd.grad((x**4).sum() + x.prod(), x, create_graph=True)
    print(torch.autograd.grad(g @ v, x))
    print(torch.func.jvp(torch.func.grad(lambda x: (x**4).sum() + x.prod()), (x.detach(),), (v,))[1])


def physics_informed(torch: Any) -> None:
    model = fill(torch, torch.nn.Sequential(torch.nn.Linear(1, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)).double())
    t = torch.linspace(0, 1, 5, dtype=torch.float64)[:, None].requires_grad_(True)
    u = model(t)
    (du,) = torch.autograd.grad(u, t, torch.ones_like(u), create_graph=True)
    (ddu,) = torch.autograd.grad(du, t, torch.ones_like(du), create_graph=True)
    ((ddu + u) ** 2).mean().backward()
    print([p.grad.norm() for p in model.parameters()])


def gradient_reversal(torch: Any) -> None:
    class Reverse(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.view_as(x)

        @staticmethod
        def backward(ctx, g):
            return -g

    x = torch.ones(2, requires_grad=True)
    (Reverse.apply(x) * 3).sum().backward()
    print(x.grad)


def layer_with_two_uses(torch: Any) -> None:
    layer = fill(torch, torch.nn.Linear(2, 2).double())
    x = wave(torch, 1, 2)
    (layer(layer(x)) + layer(x)).sum().backward()
    print(layer.weight.grad, layer.bias.grad)


def weight_tying(torch: Any) -> None:
    nn = torch.nn
    a, b = fill(torch, nn.Embedding(3, 2).double()), nn.Linear(2, 3, bias=False).double()
    b.weight = a.weight
    b(a(torch.tensor([1]))).sum().backward()
    print(a.weight.grad, b.weight is a.weight)


def long_state(torch: Any) -> None:
    x = torch.tensor(1.0, requires_grad=True)
    states = [x]
    for _ in range(5):
        states.append(states[-1] * 0.5 + states[0])
    states[-1].backward()
    print(x.grad, len(states))


def zero_sized(torch: Any) -> None:
    x = torch.zeros(0, 3, requires_grad=True)
    (x * 2).sum().backward()
    print(x.grad, (x @ torch.ones(3, 2)).shape, torch.cat([x, torch.ones(1, 3)]).shape)


def transposed_gradient_layout(torch: Any) -> None:
    x = torch.ones(2, 3, requires_grad=True)
    (x.t() * torch.arange(6.0).reshape(3, 2)).sum().backward()
    print(x.grad, x.grad.shape, x.grad.is_contiguous())


def integer_tensors_pass_through(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = (x * torch.arange(3)).sum() + torch.tensor(2)
    y.backward()
    print(y.dtype, x.grad)


def cumulative_writes(torch: Any) -> None:
    w = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    h = torch.zeros(5, dtype=torch.float64)
    h[0] = 1.0
    for t in range(1, 5):
        h[t] = h[t - 1].clone() * w + t
    h.sum().backward()
    print(h.detach(), w.grad)


def saved_element_is_overwritten(torch: Any) -> None:
    w = torch.tensor(0.5, requires_grad=True)
    h = torch.ones(3)
    h[1] = h[0] * w
    h[2] = h[1] * w
    error(h.sum().backward)
