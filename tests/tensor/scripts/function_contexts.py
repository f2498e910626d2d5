"""What the context of an `autograd.Function` is for, and functions within functions."""

from typing import Any

from .common import kind, square_function, vector


def ctx_attributes(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, *, _k=1):
            ctx.k = 3
            ctx.shape = x.shape
            return x * 3

        @staticmethod
        def backward(ctx, g):
            print(ctx.shape, ctx.needs_input_grad)
            return g * ctx.k

    x = vector(torch, 1.0, leaf=True)
    y = F.apply(x)
    print(y.grad_fn.k, y.grad_fn.name(), type(y.grad_fn).__name__, y.grad_fn.saved_tensors)
    y.sum().backward()
    print(x.grad)


def saved_after_free(torch: Any) -> None:
    S = square_function(torch, style=2)
    x = vector(torch, 1.0, leaf=True)
    y = S.apply(x)
    y.sum().backward()
    print(kind(lambda: y.grad_fn.saved_tensors), kind(y.sum().backward))


def needs_grad_many(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b, c, d):
            print(ctx.needs_input_grad)
            return a * 2

        @staticmethod
        def backward(ctx, g):
            print(ctx.needs_input_grad)
            return g, None, None, None

    F.apply(vector(torch, 1.0, leaf=True), 3, vector(torch, 1.0), [vector(torch, 1.0, leaf=True)]).sum().backward()


def grad_mode_in(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            print(torch.is_grad_enabled(), (x * 2).requires_grad, x.requires_grad)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            print(torch.is_grad_enabled(), g.requires_grad)
            return g * 2

    x = vector(torch, 1.0, leaf=True)
    F.apply(x).sum().backward()
    torch.autograd.grad(F.apply(x).sum(), x, create_graph=True)
    g = torch.ones(1, dtype=torch.float64, requires_grad=True)
    torch.autograd.grad(F.apply(x), x, g, create_graph=True)


def nested(torch: Any) -> None:
    S = square_function(torch, True)

    class F(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return S.apply(x) + x

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(inputs[0])

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * torch.func.grad(lambda x: (S.apply(x) + x).sum())(x)

    x = vector(torch, 1.0, 2.0, leaf=True)
    F.apply(x).sum().backward()
    print(x.grad)
    print(torch.func.vmap(torch.func.grad(F.apply))(x.detach()))


def backward_in_backward(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            with torch.enable_grad():
                x = x.detach().requires_grad_()
                y = (x**3).sum()
            ctx.xy = x, y
            return y.detach()

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.xy
            (r,) = torch.autograd.grad(y, x)
            return g * r

    x = vector(torch, 1.0, 2.0, leaf=True)
    (F.apply(x) * 2).backward()
    print(x.grad)


def accumulates(torch: Any) -> None:
    S = square_function(torch, style=2)
    x = vector(torch, 1.0, 2.0, leaf=True)
    y = S.apply(x)
    (y + y * x + S.apply(y)).sum().backward()
    print(x.grad)


def once(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, g):
            return 2 * g * ctx.saved_tensors[0]

    x = vector(torch, 1.0, leaf=True)
    (g,) = torch.autograd.grad(F.apply(x).sum(), x, create_graph=True)
    print(g.detach(), g.requires_grad)
    print(kind(g.backward))


def save_non_tensor(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, None, 3)
            return x

        @staticmethod
        def backward(ctx, g):
            return g

    print(kind(lambda: F.apply(vector(torch, 1.0, leaf=True))))


def returns_list_dict(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return [x * 2, x * 3]

        @staticmethod
        def backward(ctx, *g):
            return g[0]

    print(kind(lambda: print(F.apply(vector(torch, 1.0, leaf=True)))))


def returns_nontensor(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, "s", None, 4

        @staticmethod
        def backward(ctx, *g):
            print(g)
            return g[0]

    y = F.apply(vector(torch, 1.0, leaf=True))
    print(y[1:])
    y[0].sum().backward()


def returns_only_int(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 5

        @staticmethod
        def backward(ctx, *g):
            return g[0]

    print(kind(lambda: print(F.apply(vector(torch, 1.0, leaf=True)))))


def saved_modified(torch: Any) -> None:
    S = square_function(torch, style=2)
    x = vector(torch, 1.0, leaf=True) * 1
    y = S.apply(x)
    x.mul_(2)
    print(kind(y.sum().backward))


def no_backward(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    x = vector(torch, 1.0, leaf=True)
    y = F.apply(x)
    print(y.requires_grad, kind(y.sum().backward))


def kwargs(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, k=2):
            return x * k

        @staticmethod
        def backward(ctx, g):
            return g, None

    print(
        kind(lambda: F.apply(vector(torch, 1.0, leaf=True), k=3)),
        F.apply(vector(torch, 1.0, leaf=True), 3).detach(),
        kind(lambda: F.apply(vector(torch, 1.0, leaf=True)).sum().backward()),
    )


def same_twice(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x * 2
            return y, y

        @staticmethod
        def backward(ctx, a, b):
            print(a, b)
            return a + b * 10

    x = vector(torch, 1.0, leaf=True)
    p, q = F.apply(x)
    print(p is q)
    (p * 2 + q * 3).sum().backward()
    print(x.grad)


def int_input(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, i):
            ctx.i = i
            return x[i]

        @staticmethod
        def backward(ctx, g):
            r = torch.zeros(3, dtype=torch.float64)
            r[ctx.i] = g
            return r, None

    x = vector(torch, 1.0, 2.0, 3.0, leaf=True)
    F.apply(x, torch.tensor([2, 0])).sum().backward()
    print(x.grad)


def complex_fn(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g * (2 * ctx.saved_tensors[0]).conj()

    x = torch.tensor([1 + 2j], requires_grad=True)
    y = F.apply(x)
    (y.real * 3 + y.imag).sum().backward()
    print(x.grad)


def grad_of_vmap_closure(torch: Any) -> None:
    S = square_function(torch, True)
    w = vector(torch, 2.0, leaf=True)
    x = vector(torch, 1.0, 2.0)
    y = torch.func.vmap(lambda a: S.apply(a * w).sum())(x)
    y.sum().backward()
    print(w.grad)


def func_grad_outer(torch: Any) -> None:
    S = square_function(torch, True)
    w = vector(torch, 2.0, leaf=True)
    g = torch.func.grad(lambda a: S.apply(a * w).sum())(vector(torch, 3.0))
    print(g.detach())
    g.sum().backward()
    print(w.grad)


def jvp_none_materialize(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(x, y):
            return x * 2 + y

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.set_materialize_grads(False)

        @staticmethod
        def jvp(ctx, dx, dy):
            print(dx is None, dy is None)
            return dx * 2

    x = vector(torch, 1.0, 2.0)
    print(torch.func.jvp(lambda x: F.apply(x, x.new_ones(2)), (x,), (x,)))


def vjp_name(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def vjp(ctx, g):
            return g * 2

    x = vector(torch, 1.0, leaf=True)
    F.apply(x).sum().backward()
    print(x.grad)


def hooks_on_fn(torch: Any) -> None:
    S = square_function(torch, style=2)
    x = vector(torch, 1.0, leaf=True)
    y = S.apply(x)
    y.grad_fn.register_hook(lambda i, o: print("post", i, o))
    y.grad_fn.register_prehook(lambda o: print("pre", o))
    y.register_hook(lambda g: print("tensor", g) or g * 2)
    y.sum().backward()
    print(x.grad)


def next_fns(torch: Any) -> None:
    S = square_function(torch, style=2)
    x = vector(torch, 1.0, leaf=True)
    y = S.apply(x * 2)
    print(y.grad_fn.next_functions[0][0].name(), y.grad_fn.next_functions[0][1])
