"""`autograd.Function`, gradcheck and anomalies."""

from typing import Any

from .common import error, wave


def square(torch: Any) -> None:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g

    x = torch.tensor([1.0, 3.0], requires_grad=True)
    y = Square.apply(x)
    print(y)
    y.sum().backward()
    print(x.grad)


def setup_context(torch: Any) -> None:
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(x, factor):
            return x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.factor = inputs[1]

        @staticmethod
        def backward(ctx, g):
            return g * ctx.factor, None

    x = torch.ones(2, requires_grad=True)
    Scale.apply(x, 4.0).sum().backward()
    print(x.grad)


def needs_input_grad(torch: Any) -> None:
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            print(ctx.needs_input_grad)
            return g * b if ctx.needs_input_grad[0] else None, g * a if ctx.needs_input_grad[1] else None

    x, c = torch.ones(2, requires_grad=True), torch.full((2,), 3.0)
    Product.apply(x, c).sum().backward()
    Product.apply(c, x).sum().backward()
    print(x.grad)


def two_outputs(torch: Any) -> None:
    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            return g * 2 + h * 3

    x = torch.ones(2, requires_grad=True)
    a, b = Both.apply(x)
    (a + b * 10).sum().backward()
    print(x.grad)
    a, b = Both.apply(x)
    x.grad = None
    a.sum().backward()
    print(x.grad)


def not_materialized(torch: Any) -> None:
    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            print(g is None, h is None)
            return g * 2

    x = torch.ones(2, requires_grad=True)
    a, _ = Both.apply(x)
    a.sum().backward()
    print(x.grad)


def not_differentiable(torch: Any) -> None:
    class Sort(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            values, order = torch.sort(x)
            ctx.mark_non_differentiable(order)
            ctx.save_for_backward(order)
            return values, order

        @staticmethod
        def backward(ctx, g, _):
            (order,) = ctx.saved_tensors
            return torch.zeros_like(g).scatter(0, order, g)

    x = torch.tensor([3.0, 1.0, 2.0], requires_grad=True)
    values, order = Sort.apply(x)
    print(values.requires_grad, order.requires_grad, order)
    (values * torch.tensor([1.0, 10.0, 100.0])).sum().backward()
    print(x.grad)


def wrong_number_of_gradients(torch: Any) -> None:
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * b

        @staticmethod
        def backward(ctx, g):
            return g

    x = torch.ones(2, requires_grad=True)
    error(Wrong.apply(x, x).sum().backward)


def gradient_of_the_wrong_shape(torch: Any) -> None:
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, g):
            return torch.ones(5)

    x = torch.ones(2, requires_grad=True)
    error(Wrong.apply(x).sum().backward)


def without_backward(torch: Any) -> None:
    class Half(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a / 2

    x = torch.ones(2, requires_grad=True)
    y = Half.apply(x)
    print(y.detach())
    error(y.sum().backward)


def called_directly(torch: Any) -> None:
    class Half(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a / 2

    error(lambda: Half()(torch.ones(1)))


def twice_differentiable(torch: Any) -> None:
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x**2 * g

    x = torch.tensor(2.0, requires_grad=True)
    (g,) = torch.autograd.grad(Cube.apply(x), x, create_graph=True)
    print(g.item(), torch.autograd.grad(g, x))


def once_differentiable(torch: Any) -> None:
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x**2 * g

    x = torch.tensor(2.0, requires_grad=True)
    (g,) = torch.autograd.grad(Cube.apply(x), x, create_graph=True)
    print(g.item())
    error(torch.autograd.grad, g, x)


def no_graph_inside(torch: Any) -> None:
    class Look(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            print(x.requires_grad, torch.is_grad_enabled(), (x * 2).requires_grad)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            print(torch.is_grad_enabled(), g)
            return g * 2

    x = torch.ones(1, requires_grad=True)
    y = Look.apply(x)
    print(y.requires_grad)
    y.sum().backward()


def name_of_the_node(torch: Any) -> None:
    class Mine(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return g

    y = Mine.apply(torch.ones(1, requires_grad=True))
    print(y, y.grad_fn.name())


def mark_dirty(torch: Any) -> None:
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = torch.ones(2, requires_grad=True)
    h = x * 3
    y = Double.apply(h)
    print(y is h, h)
    h.sum().backward()
    print(x.grad)


def freed_saved_tensors(torch: Any) -> None:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g

    x = torch.ones(1, requires_grad=True)
    y = Square.apply(x)
    y.backward()
    error(y.backward)


def exponential_from_the_result(torch: Any) -> None:
    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    x = wave(torch, 3, leaf=True)
    print(torch.autograd.gradcheck(Exp.apply, x), torch.autograd.gradgradcheck(Exp.apply, x))


def gradcheck_of_a_product(torch: Any) -> None:
    a, b = wave(torch, 2, 3, leaf=True), wave(torch, 3, 2, leaf=True)
    print(torch.autograd.gradcheck(lambda a, b: (a @ b).tanh(), (a, b)))
    print(torch.autograd.gradgradcheck(lambda a, b: (a @ b).tanh(), (a, b)))


def gradcheck_finds_a_mistake(torch: Any) -> None:
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 3

    x = wave(torch, 3, leaf=True)
    print(torch.autograd.gradcheck(Wrong.apply, x, raise_exception=False))
    error(torch.autograd.gradcheck, Wrong.apply, x)


def gradcheck_without_gradients(torch: Any) -> None:
    error(torch.autograd.gradcheck, lambda x: x * 2, (torch.ones(2, dtype=torch.float64),))


def anomaly_of_a_nan(torch: Any) -> None:
    x = torch.tensor(0.0, requires_grad=True)
    with torch.autograd.detect_anomaly():
        y = (x / x) * x
        error(y.backward)
    print(torch.is_anomaly_enabled())


def anomaly_off(torch: Any) -> None:
    x = torch.tensor(-1.0, requires_grad=True)
    x.sqrt().backward()
    print(x.grad)


def anomaly_switch(torch: Any) -> None:
    with torch.autograd.set_detect_anomaly(True):
        print(torch.is_anomaly_enabled())
        x = torch.tensor([-1.0, 1.0], requires_grad=True)
        error(x.sqrt().sum().backward)
    print(torch.is_anomaly_enabled())
