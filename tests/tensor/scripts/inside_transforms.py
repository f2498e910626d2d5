"""Tensors inside the transforms of `func`: no_grad, detach and writes that are not recorded."""

from typing import Any

from .common import error


def no_grad(torch: Any) -> None:
    def product(x: Any) -> Any:
        with torch.no_grad():
            y = x * x
        return (x * y).sum()

    def all_of_it(x: Any) -> Any:
        with torch.no_grad():
            return (x * x).sum()

    def switched(x: Any) -> Any:
        with torch.set_grad_enabled(False):
            y = x * x
        return (x * y).sum()

    def on_again(x: Any) -> Any:
        with torch.no_grad(), torch.enable_grad():
            y = x * x
        return y.sum()

    @torch.no_grad()
    def square(x: Any) -> Any:
        return x * x

    x = torch.tensor([1.0, 2.0])
    for f in (product, all_of_it, switched, on_again, lambda x: (square(x) * x).sum()):
        print(torch.func.grad(f)(x))
    print(torch.func.grad_and_value(product)(x), torch.func.vjp(product, x)[1](torch.tensor(1.0)))
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    print(torch.func.grad(product)(w))


def no_grad_of_several_levels(torch: Any) -> None:
    grad = torch.func.grad

    def inner_only(x: Any) -> Any:
        def f(y: Any) -> Any:
            with torch.no_grad():
                z = y * x
            return (z * y).sum()

        return grad(f)(x).sum()

    def around_the_inner(x: Any) -> Any:
        with torch.no_grad():
            g = grad(lambda y: (y**3).sum())(x)
        return g.sum()

    x = torch.tensor([1.0, 2.0])
    print(grad(inner_only)(x), grad(around_the_inner)(x))
    with torch.no_grad():
        print(grad(lambda y: (y**3).sum())(x))


def no_grad_in_other_transforms(torch: Any) -> None:
    def f(x: Any) -> Any:
        with torch.no_grad():
            y = x * x
        return y * x

    x = torch.tensor([1.0, 2.0])
    func = torch.func
    print(func.jacrev(f)(x), func.jacfwd(f)(x), func.jvp(f, (x,), (torch.ones(2),)), func.vmap(f)(x))
    print(func.hessian(lambda x: f(x).sum())(x), func.vmap(func.grad(f))(x))
    print(func.grad(lambda x: func.vmap(f)(x).sum())(x))


def detach(torch: Any) -> None:
    grad, x = torch.func.grad, torch.tensor([1.0, 2.0])
    for f in (
        lambda x: (x * x.detach()).sum(),
        lambda x: x.detach().sum(),
        lambda x: (x * x.data).sum(),
        lambda x: x.sum() * x.sum().detach(),
        lambda x: grad(lambda y: (y * y.detach() * x).sum())(x).sum(),
        lambda x: grad(lambda y: (y * y * x.detach()).sum())(x).sum(),
        lambda x: grad(lambda y: (y.detach() * x * y).sum())(x).sum(),
    ):
        print(grad(f)(x))


def detach_in_other_transforms(torch: Any) -> None:
    def f(x: Any) -> Any:
        return x * x.detach()

    x, func = torch.tensor([1.0, 2.0]), torch.func
    print(func.jacrev(f)(x), func.jacfwd(f)(x), func.jvp(f, (x,), (torch.ones(2),)), func.vmap(f)(x))
    print(func.hessian(lambda x: (x * f(x)).sum())(x), func.vmap(func.grad(f))(x))


def detach_in_place(torch: Any) -> None:
    def f(x: Any) -> Any:
        y = x * 2
        y.detach_()
        return (y * x).sum()

    print(torch.func.grad(f)(torch.tensor([1.0, 2.0])))


def writes_under_no_grad(torch: Any) -> None:
    def scaled(x: Any) -> Any:
        y = x * 1
        with torch.no_grad():
            y.mul_(2)
        return (y * y).sum()

    def in_parts(x: Any) -> Any:
        y = x * 1
        v = y[:1]
        with torch.no_grad():
            y[0] = 5.0
            v.mul_(3)
        return (y * y).sum() + v.sum()

    def emptied(x: Any) -> Any:
        y = x * 1
        with torch.no_grad():
            y.zero_()
        return (y * x).sum()

    for f in (scaled, in_parts, emptied):
        print(torch.func.grad(f)(torch.tensor([1.0, 2.0])))


def what_requires_gradients(torch: Any) -> None:
    x, w = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0], requires_grad=True)
    grad = torch.func.grad

    def look(x: Any) -> Any:
        print(x.requires_grad, x.detach().requires_grad)
        return x.sum()

    def constant(x: Any) -> Any:
        with torch.no_grad():
            z = x * w
        return (z * x).sum()

    grad(look)(x)
    print(grad(lambda x: (x * w).sum())(x).requires_grad, grad(lambda x: (x * x * w.detach()).sum())(x).requires_grad)
    print(grad(constant)(x))
    error(lambda: grad(lambda x: (x.sum().backward(), x.sum())[1])(x))
