"""What `autograd.Function` does to its inputs, and what it may return."""

from typing import Any

from .common import kind, square_function, vector


def nondiff(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x * 2
            z = x.argsort()
            w = x + 1
            ctx.mark_non_differentiable(w)
            return y, z, w

        @staticmethod
        def backward(ctx, *gs):
            print([None if g is None else g for g in gs])
            return gs[0] * 2

    x = vector(torch, 3.0, 1.0, leaf=True)
    y, z, w = F.apply(x)
    print(y.requires_grad, z.requires_grad, w.requires_grad)
    y.sum().backward()
    print(x.grad, w.grad_fn is None, w.is_leaf)


def nondiff_nomat(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            y = x * 2
            w = x + 1
            ctx.mark_non_differentiable(w)
            return y, w, x * 3

        @staticmethod
        def backward(ctx, *gs):
            print([None if g is None else g for g in gs])
            return gs[0] * 2

    x = vector(torch, 3.0, 1.0, leaf=True)
    F.apply(x)[0].sum().backward()
    print(x.grad)


def nondiff_func(torch: Any) -> None:
    class F(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return x * 2, x + 1

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.mark_non_differentiable(output[1])

        @staticmethod
        def backward(ctx, *gs):
            return gs[0] * 2

    x = vector(torch, 3.0, 1.0)
    print(torch.func.grad(lambda x: (F.apply(x)[0] + F.apply(x)[1]).sum())(x))
    print(torch.func.vmap(F.apply)(x))
    print(torch.func.jacrev(lambda x: F.apply(x))(x))


def dirty(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(3)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 3

    x = vector(torch, 1.0, 2.0, leaf=True)
    y = x * 1
    z = F.apply(y)
    print(z is y, y, z._version)
    (z * z).sum().backward()
    print(x.grad)
    print(kind(lambda: F.apply(x)))
    v = x * 1
    w = v[0:1]
    print(kind(F.apply(w).sum().backward))
    print(v.detach())


def dirty_not_returned(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(3)
            ctx.mark_dirty(x)
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g * 3

    x = vector(torch, 1.0, leaf=True) * 1
    print(kind(lambda: F.apply(x)))


def dirty_two(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            x.add_(y)
            ctx.mark_dirty(x)
            return x, y * 2

        @staticmethod
        def backward(ctx, a, b):
            return a, a + 2 * b

    x = vector(torch, 1.0, leaf=True)
    y = vector(torch, 5.0, leaf=True)
    a = x * 2
    p, q = F.apply(a, y)
    (p * q).sum().backward()
    print(x.grad, y.grad, a)


def returns_input(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x, y

        @staticmethod
        def backward(ctx, a, b):
            return a * 10, b * 100

    x = vector(torch, 1.0, leaf=True)
    y = vector(torch, 2.0)
    p, q = F.apply(x, y)
    print(p is x, q is y, p.requires_grad, q.requires_grad, p.is_leaf)
    (p * q).sum().backward()
    print(x.grad)


def returns_input_nograd(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, a):
            return a * 10

    x = vector(torch, 1.0)
    y = F.apply(x)
    print(y is x, y.requires_grad)
    with torch.no_grad():
        x = vector(torch, 1.0, leaf=True)
        y = F.apply(x)
        print(y is x, y.requires_grad)


def returns_view(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.view(-1)

        @staticmethod
        def backward(ctx, a):
            return a.view(1, 2) * 10

    x = vector(torch, 1.0, 2.0, leaf=True)
    y = F.apply(x.reshape(1, 2) * 1)
    print(y, y._is_view())
    y.sum().backward()
    print(x.grad)
    z = F.apply((x * 1).reshape(1, 2))
    print(kind(lambda: z.mul_(2)))


def none_grads(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y, k):
            return x * k + y

        @staticmethod
        def backward(ctx, g):
            return None, g * 7, None

    x = vector(torch, 1.0, leaf=True)
    y = vector(torch, 1.0, leaf=True)
    F.apply(x, y, 3).sum().backward()
    print(x.grad, y.grad)
    print(torch.autograd.grad(F.apply(x, y, 3).sum(), x, allow_unused=True))
    print(kind(lambda: torch.autograd.grad(F.apply(x, y, 3).sum(), x)))


def none_grads_func(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(x, y):
            return x + y

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def backward(ctx, g):
            return None, g * 7

    x = vector(torch, 1.0, 2.0)
    print(torch.func.grad(lambda x, y: F.apply(x, y).sum(), argnums=(0, 1))(x, x))


def wrong_counts(torch: Any) -> None:
    def make(r):
        class F(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                return x + y

            @staticmethod
            def backward(ctx, g):
                return r(g)

        return F

    x = vector(torch, 1.0, 2.0, leaf=True)
    for r in (
        lambda g: g,
        lambda g: (g, g, g),
        lambda g: (g, g, None),
        lambda g: (g[:1], g),
        lambda g: (g.sum(), g),
        lambda g: (1, g),
        lambda g: (g.reshape(2, 1), g),
        lambda g: [g, g],
        lambda g: (g.float(), g),
        lambda g: (g.unsqueeze(0), g),
    ):
        x.grad = None
        print(kind(make(r).apply(x, x).sum().backward), x.grad)


def double_backward(torch: Any) -> None:
    for st in (1, 2):
        S = square_function(torch, style=st)
        x = vector(torch, 1.0, 2.0, leaf=True)
        (g,) = torch.autograd.grad(S.apply(x).sum(), x, create_graph=True)
        print(g)
        print(torch.autograd.grad((g * g).sum(), x, create_graph=True))


def double_backward_saved_output(torch: Any) -> None:
    class E(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    x = vector(torch, 0.5, leaf=True)
    y = E.apply(x)
    for _ in range(3):
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        print(y)
