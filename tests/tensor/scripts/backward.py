"""The backward pass and `autograd.grad`."""

import warnings
from typing import Any

from .common import error, wave


def accumulates(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    for _ in range(3):
        (x * 2).sum().backward()
        print(x.grad)


def grad_is_the_same_object(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    x.sum().backward()
    first = x.grad
    x.sum().backward()
    print(first is x.grad, first)


def retain_graph_twice(torch: Any) -> None:
    x = torch.tensor(3.0, requires_grad=True)
    y = x**3
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    print(x.grad)
    error(y.backward)


def linear_graph_needs_no_retaining(torch: Any) -> None:
    x = torch.tensor(3.0, requires_grad=True)
    y = x + 2
    y.backward()
    y.backward()
    print(x.grad)


def partial_freeing(torch: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    h = x.exp()
    a, b = h * 2, h * 3
    a.backward()
    error(b.backward)
    print(x.grad)


def inputs_of_backward(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    w = torch.ones(2, requires_grad=True)
    (x * w * 3).sum().backward(inputs=[x])
    print(x.grad, w.grad)
    (x * w * 3).sum().backward(inputs=w)
    print(x.grad, w.grad)


def inputs_may_be_inner(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    h = x * 2
    (h * h).sum().backward(inputs=[h])
    print(h.grad, x.grad)


def inputs_empty(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    error((x * 2).sum().backward, inputs=[])


def several_roots(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    torch.autograd.backward([x.sum(), (x * x).sum()])
    print(x.grad)
    torch.autograd.backward([x * 2, x.sum()], [torch.tensor([1.0, 2.0]), None])
    print(x.grad)


def backward_create_graph(torch: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    (x**3).backward(create_graph=True)
    print(x.grad.requires_grad, x.grad.item())
    g = x.grad
    x.grad = None
    g.backward()
    print(x.grad)


def constant_has_no_backward(torch: Any) -> None:
    error(torch.ones(1).backward)
    error(torch.ones(1).sum().backward)


def leaf_backward(torch: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    x.backward()
    print(x.grad)
    x.backward(torch.tensor(3.0))
    print(x.grad)


def gradient_of_the_wrong_kind(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    error((x * 2).backward, 1.0)
    error((x * 2).backward, torch.ones(3))
    error((x * 2).backward)


def one_element_needs_no_argument(torch: Any) -> None:
    x = torch.ones(1, 1, requires_grad=True)
    (x * 5).backward()
    print(x.grad)


def same_leaf_many_times(torch: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    (x * x * x + x / x - x).backward()
    print(x.grad)


def diamond(torch: Any) -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    a = x * 2
    b, c = a.sin(), a.cos()
    (b * c).sum().backward()
    print(x.grad)


def deep_chain(torch: Any) -> None:
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(3000):
        y = y + x * 0.001
    y.backward()
    print(f"{x.grad.item():.3f}")


def dynamic_graph(torch: Any) -> None:
    for n in (1, 2, 5):
        x = torch.tensor(2.0, requires_grad=True)
        y = x
        while y < 10 * n:
            y = y * x
        y.backward()
        print(n, y, x.grad)


def set_grad_by_hand(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    x.grad = torch.tensor([5.0, 6.0])
    x.sum().backward()
    print(x.grad)
    x.grad = None
    print(x.grad)


def grad_of_the_wrong_kind_is_refused(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    error(setattr, x, "grad", torch.ones(3))
    error(setattr, x, "grad", 1.0)
    error(setattr, x, "grad", torch.ones(2, dtype=torch.float64))


def output_numbers(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    print(x.output_nr, (x * 2).output_nr, [part.output_nr for part in (x * 2).unbind()])


def delete_grad(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    x.sum().backward()
    del x.grad
    print(x.grad)


def leaves_and_nodes(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    print(x.is_leaf, y.is_leaf, y.detach().is_leaf, torch.ones(1).is_leaf)
    error(y.requires_grad_, False)
    error(setattr, y, "requires_grad", False)
    print(y.requires_grad_(True).requires_grad)


def grad_of_one(torch: Any) -> None:
    x = wave(torch, 3, leaf=True)
    print(torch.autograd.grad((x**2).sum(), x))
    print(x.grad)


def grad_of_several(torch: Any) -> None:
    x, w = wave(torch, 3, leaf=True), wave(torch, 3, leaf=True)
    print(torch.autograd.grad((x * w**2).sum(), [x, w]))
    print(torch.autograd.grad([x.sum(), (w * 2).sum()], (x, w)))


def grad_outputs(torch: Any) -> None:
    x = wave(torch, 3, leaf=True)
    print(torch.autograd.grad(x * 2, x, grad_outputs=torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)))
    error(torch.autograd.grad, x * 2, x)
    error(torch.autograd.grad, x * 2, x, torch.ones(2))


def grad_unused(torch: Any) -> None:
    x, w = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    error(torch.autograd.grad, x * 2, [x, w])
    print(torch.autograd.grad(x * 2, [x, w], allow_unused=True))
    print(torch.autograd.grad(x * 2, [x, w], materialize_grads=True))


def grad_of_what_needs_none(torch: Any) -> None:
    x, c = torch.ones(1, requires_grad=True), torch.ones(1)
    error(torch.autograd.grad, x * c, c)
    error(torch.autograd.grad, c * 2, x)
    error(torch.autograd.grad, x * 2, [])


def grad_with_respect_to_inner(torch: Any) -> None:
    x = torch.tensor(3.0, requires_grad=True)
    h = x * x
    print(torch.autograd.grad(h * h, [h, x]))


def third_derivative(torch: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    y = x**4
    for _ in range(4):
        (y,) = torch.autograd.grad(y, x, create_graph=True)
        print(y.item())


def gradient_penalty(torch: Any) -> None:
    x = wave(torch, 2, 3, leaf=True)
    w = wave(torch, 3, leaf=True)
    out = (x @ w).tanh().sum()
    (g,) = torch.autograd.grad(out, x, create_graph=True)
    ((g.norm() - 1) ** 2).backward()
    print(w.grad)
    print(x.grad)


def double_backward_through_mean(torch: Any) -> None:
    x = wave(torch, 4, leaf=True)
    (g,) = torch.autograd.grad((x.exp() * x).mean(), x, create_graph=True)
    print(torch.autograd.grad(g.sum(), x))


def is_grads_batched(torch: Any) -> None:
    x = wave(torch, 3, leaf=True)
    (rows,) = torch.autograd.grad(x**2, x, torch.eye(3, dtype=torch.float64), is_grads_batched=True)
    print(rows)


def hessian_by_hand(torch: Any) -> None:
    x = wave(torch, 3, leaf=True)
    (g,) = torch.autograd.grad((x**3).sum() + x.prod(), x, create_graph=True)
    print(torch.stack([torch.autograd.grad(e, x, retain_graph=True)[0] for e in g]))


def grad_with_retain_graph(torch: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    y = x * x
    print(torch.autograd.grad(y, x, retain_graph=True), torch.autograd.grad(y, x))
    error(torch.autograd.grad, y, x)


def detach_cuts(torch: Any) -> None:
    x = torch.tensor(3.0, requires_grad=True)
    (x * x.detach()).backward()
    print(x.grad)


def detach_in_place(torch: Any) -> None:
    x = torch.tensor(3.0, requires_grad=True)
    y = x * 2
    y.detach_()
    print(y.requires_grad, y.is_leaf, y.grad_fn)
    error((y * 1).backward)


def straight_through(torch: Any) -> None:
    x = torch.tensor([0.2, 1.7], requires_grad=True)
    y = x + (x.round() - x).detach()
    (y * y).sum().backward()
    print(y, x.grad)


def next_functions(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = (x * 2 + x).sum()
    add = y.grad_fn.next_functions[0][0]
    print(add.name(), [(f.name(), i) for f, i in add.next_functions])
    accumulate = add.next_functions[1][0]
    print(accumulate.variable is x)


def grad_shape_after_broadcast(torch: Any) -> None:
    x = torch.ones(3, 1, requires_grad=True)
    y = torch.ones(4, requires_grad=True)
    (x * y).sum().backward()
    print(x.grad, y.grad)


def grad_dtype_follows_leaf(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    (x.double() * 3).sum().backward()
    print(x.grad.dtype, x.grad)


def complex_gradient(torch: Any) -> None:
    z = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    (z * z.conj()).real.sum().backward()
    print(z.grad)
    error((z * 2).sum().backward)


def grad_of_an_inner_tensor_warns(torch: Any) -> None:
    y = torch.ones(2, requires_grad=True) * 2
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        print(y.grad, [w.category.__name__ for w in caught])
