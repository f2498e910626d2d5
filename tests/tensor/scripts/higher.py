"""`autograd.functional` and `func`."""

from typing import Any

from .common import error, fill, wave


def jacobian(torch: Any) -> None:
    x = wave(torch, 3)
    print(torch.autograd.functional.jacobian(lambda x: x**2 + x.sum(), x))


def jacobian_of_several(torch: Any) -> None:
    a, b = wave(torch, 2), wave(torch, 3)
    print(torch.autograd.functional.jacobian(lambda a, b: torch.outer(a, b), (a, b)))


def jacobian_create_graph(torch: Any) -> None:
    x = wave(torch, 2, leaf=True)
    j = torch.autograd.functional.jacobian(lambda x: x**3, x, create_graph=True)
    j.sum().backward()
    print(j.requires_grad, x.grad)


def jacobian_strict(torch: Any) -> None:
    x = wave(torch, 2)
    print(torch.autograd.functional.jacobian(lambda x: torch.ones(2), x))
    error(torch.autograd.functional.jacobian, lambda x: torch.ones(2), x, strict=True)


def jacobian_vectorized(torch: Any) -> None:
    x = wave(torch, 3)
    print(torch.autograd.functional.jacobian(lambda x: x.sin() * x.sum(), x, vectorize=True))


def hessian(torch: Any) -> None:
    x = wave(torch, 3)
    print(torch.autograd.functional.hessian(lambda x: (x**3).sum() + x.prod(), x))


def hessian_of_several(torch: Any) -> None:
    a, b = wave(torch, 2), wave(torch, 2)
    print(torch.autograd.functional.hessian(lambda a, b: (a**2 * b).sum(), (a, b)))


def hessian_of_a_vector(torch: Any) -> None:
    error(torch.autograd.functional.hessian, lambda x: x**2, wave(torch, 3))


def vjp(torch: Any) -> None:
    x, v = wave(torch, 3), torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    print(torch.autograd.functional.vjp(lambda x: x.exp(), x, v))
    print(torch.autograd.functional.vjp(lambda x: x.exp().sum(), x))


def jvp(torch: Any) -> None:
    x, v = wave(torch, 3), torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    print(torch.autograd.functional.jvp(lambda x: x.exp() * x[0], x, v))


def hvp(torch: Any) -> None:
    x, v = wave(torch, 3), torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    print(torch.autograd.functional.hvp(lambda x: (x**3).sum(), x, v))


def vhp(torch: Any) -> None:
    x, v = wave(torch, 3), torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    print(torch.autograd.functional.vhp(lambda x: x.prod(), x, v))


def func_grad(torch: Any) -> None:
    print(torch.func.grad(lambda x: x.sin())(torch.tensor(0.5)))
    print(torch.func.grad(torch.func.grad(lambda x: x.sin()))(torch.tensor(0.5)))


def func_grad_argnums(torch: Any) -> None:
    def f(a, b):
        return (a * b**2).sum()

    a, b = wave(torch, 2), wave(torch, 2)
    print(torch.func.grad(f, argnums=1)(a, b))
    print(torch.func.grad(f, argnums=(0, 1))(a, b))


def func_grad_has_aux(torch: Any) -> None:
    print(torch.func.grad(lambda x: ((x**2).sum(), x * 10), has_aux=True)(torch.ones(2)))
    print(torch.func.grad_and_value(lambda x: (x**2).sum())(torch.ones(2)))


def func_grad_of_a_vector(torch: Any) -> None:
    error(torch.func.grad(lambda x: x * 2), torch.ones(2))
    error(torch.func.grad(lambda x: 3.0), torch.ones(()))


def func_grad_of_a_dict(torch: Any) -> None:
    params = {"w": torch.ones(2), "b": torch.tensor(2.0)}
    print(torch.func.grad(lambda p: (p["w"] * p["b"]).sum())(params))


def func_vjp(torch: Any) -> None:
    y, pull = torch.func.vjp(lambda x: x.sin(), wave(torch, 3))
    print(y)
    print(pull(torch.ones(3, dtype=torch.float64)))


def func_jvp(torch: Any) -> None:
    x = wave(torch, 3)
    print(torch.func.jvp(lambda x: x.sin() * x.sum(), (x,), (torch.ones_like(x),)))


def func_jacrev(torch: Any) -> None:
    print(torch.func.jacrev(lambda x: x**2 * x[0])(wave(torch, 3)))


def func_jacfwd(torch: Any) -> None:
    print(torch.func.jacfwd(lambda x: x**2 * x[0])(wave(torch, 3)))


def func_hessian(torch: Any) -> None:
    print(torch.func.hessian(lambda x: (x.sin() * x.prod()).sum())(wave(torch, 3)))


def func_vmap(torch: Any) -> None:
    print(torch.func.vmap(lambda x: (x**2).sum())(wave(torch, 3, 2)))
    print(torch.vmap(torch.dot)(wave(torch, 3, 2), wave(torch, 3, 2)))


def func_vmap_dims(torch: Any) -> None:
    a, b = wave(torch, 2, 3), wave(torch, 2)
    print(torch.func.vmap(lambda a, b: a * b, in_dims=(1, None))(a, b))
    print(torch.func.vmap(lambda a: a * 2, in_dims=1, out_dims=1)(a))


def func_vmap_errors(torch: Any) -> None:
    error(torch.func.vmap(lambda a, b: a + b), torch.ones(2), torch.ones(3))
    error(torch.func.vmap(lambda a: a, in_dims=3), torch.ones(2))


def short_name_of_vmap(torch: Any) -> None:
    a = wave(torch, 2, 3)
    print(torch.vmap(lambda a: a * 2, in_dims=1, out_dims=1)(a))


def per_sample_gradients(torch: Any) -> None:
    w, x, y = wave(torch, 2), wave(torch, 4, 2), wave(torch, 4)

    def loss(w, x, y):
        return ((x @ w - y) ** 2).mean()

    print(torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(w, x, y))


def functional_call(torch: Any) -> None:
    model = fill(torch, torch.nn.Linear(2, 2).double())
    x = wave(torch, 3, 2)
    params = {name: p.detach() * 2 for name, p in model.named_parameters()}
    print(torch.func.functional_call(model, params, (x,)))
    grads = torch.func.grad(lambda p: torch.func.functional_call(model, p, (x,)).sum())(params)
    print(grads)


def func_inside_backward(torch: Any) -> None:
    w = wave(torch, 3, leaf=True)
    g = torch.func.grad(lambda x: (w * x**2).sum())(torch.ones(3, dtype=torch.float64))
    g.sum().backward()
    print(w.grad)


def nested_jacobians(torch: Any) -> None:
    print(torch.func.jacfwd(torch.func.jacrev(lambda x: (x**3).sum()))(wave(torch, 2)))


def vmap_over_jacrev(torch: Any) -> None:
    print(torch.func.vmap(torch.func.jacrev(lambda x: x.sin()))(wave(torch, 2, 2)))


def stacked_models(torch: Any) -> None:
    models = [fill(torch, torch.nn.Linear(2, 1).double()) for _ in range(2)]
    params, buffers = torch.func.stack_module_state(models)
    print({name: tuple(p.shape) for name, p in params.items()}, buffers)


def func_linearize(torch: Any) -> None:
    y, push = torch.func.linearize(lambda x: x.sin(), wave(torch, 2))
    print(y, push(torch.ones(2, dtype=torch.float64)))
