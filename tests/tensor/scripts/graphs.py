"""`autograd.graph`: hooks on several tensors, edges, and writes into what was saved."""

from typing import Any

from .common import kind, vector


def _shown(gradients: Any) -> list[Any]:
    return [None if g is None else g.tolist() for g in gradients]


def multi_hook_waits_for_all(torch: Any) -> None:
    a, b = vector(torch, 1, 2, leaf=True), vector(torch, 3, 4, leaf=True)
    c, d = a * b, a * b
    handle = torch.autograd.graph.register_multi_grad_hook((a, b, c, d), lambda gs: print(_shown(gs)))
    c.sum().backward(retain_graph=True)
    c.sum().backward(inputs=(a,), retain_graph=True)
    c.sum().backward(inputs=(b,), retain_graph=True)
    (c * d).sum().backward(retain_graph=True)
    (c * d).sum().backward(create_graph=True)
    handle.remove()
    c.sum().backward()


def multi_hook_and_grad(torch: Any) -> None:
    a, b = vector(torch, 1, 2, leaf=True), vector(torch, 3, 4, leaf=True)
    c, d = a * b, a - b
    torch.autograd.graph.register_multi_grad_hook((c, d), lambda gs: print(_shown(gs)))
    torch.autograd.grad((c * d).sum(), a, retain_graph=True)
    torch.autograd.grad((c * d).sum(), c, retain_graph=True)
    torch.autograd.grad((c * d).sum(), (c, a), create_graph=True)
    torch.autograd.grad(d.sum(), b)


def multi_hook_on_the_first(torch: Any) -> None:
    a, b = vector(torch, 1, 2, leaf=True), vector(torch, 3, 4, leaf=True)
    c, d = a * b, a * b
    tensors = (a, b, c, d, vector(torch, 1))
    handle = torch.autograd.graph.register_multi_grad_hook(tensors, lambda g: print(g), mode="any")
    c.sum().backward(retain_graph=True)
    (c * d).sum().backward(retain_graph=True)
    with handle:
        (c + d).sum().backward(retain_graph=True)
    c.sum().backward()


def multi_hook_after_an_error(torch: Any) -> None:
    a, b = vector(torch, 1, leaf=True), vector(torch, 3, leaf=True)
    c = a * b
    handle = c.register_hook(lambda g: 1 / 0)
    torch.autograd.graph.register_multi_grad_hook((a, b), lambda gs: print(_shown(gs)))
    print(kind(lambda: c.sum().backward(retain_graph=True)))
    handle.remove()
    c.sum().backward()


def multi_hook_refuses(torch: Any) -> None:
    register, x = torch.autograd.graph.register_multi_grad_hook, vector(torch, 1, leaf=True)
    print(kind(lambda: register((x, vector(torch, 1)), print)), kind(lambda: register((x,), print, mode="some")))


def edges(torch: Any) -> None:
    edge_of = torch.autograd.graph.get_gradient_edge
    a, b = vector(torch, 1, 2, leaf=True), vector(torch, 3, 4, leaf=True)
    c = a * b
    edge = edge_of(c)
    print(edge.node.name(), edge.output_nr, isinstance(edge.node, torch.autograd.graph.Node))
    print(torch.autograd.grad((c * 2).sum(), edge, retain_graph=True))
    print(torch.autograd.grad(edge, (a, b), vector(torch, 1, 1), retain_graph=True))
    leaf = edge_of(a)
    print(leaf.node.name(), torch.autograd.grad(c.sum(), [leaf, b], retain_graph=True))
    torch.autograd.backward(c.sum(), inputs=[leaf])
    print(a.grad, b.grad, kind(lambda: edge_of(vector(torch, 1))))


def edge_of_one_of_several(torch: Any) -> None:
    x = vector(torch, 3, 1, 2, leaf=True)
    values, _ = x.sort()
    edge = torch.autograd.graph.get_gradient_edge(values)
    print(torch.autograd.grad((values * vector(torch, 1, 2, 3)).sum(), edge))


def writes_into_what_was_saved(torch: Any) -> None:
    a = vector(torch, 1, 2, leaf=True)
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        b = a.clone()
        y, z = (b**2).sum(), (b.exp() * a).sum()
        b.sin_()
        y.backward()
        print(a.grad)
        z.backward()
        print(a.grad)
        c = a * 2
        before = c * c
        c.mul_(3)
        (g,) = torch.autograd.grad((before + c * c).sum(), a, create_graph=True)
        with torch.no_grad():
            a.add_(1)
        print(g.detach(), torch.autograd.grad(g.sum(), a))


def writes_into_what_a_function_saved(torch: Any) -> None:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        a = vector(torch, 1, 2, leaf=True)
        b = a.clone()
        y = Square.apply(b)
        b.zero_()
        y.sum().backward()
        print(a.grad)


def backward_after_the_block(torch: Any) -> None:
    a = vector(torch, 1, 2, leaf=True)
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        y = (a * a).sum()
        print(kind(torch.autograd.graph.allow_mutation_on_saved_tensors().__enter__))
    print(kind(y.backward))


def versions_that_are_told(torch: Any) -> None:
    x = vector(torch, 1, 2)
    torch.autograd.graph.increment_version(x)
    torch.autograd.graph.increment_version([x, x])
    print(x._version, kind(lambda: torch.autograd.graph.increment_version([3])))
    y = vector(torch, 1, leaf=True) * 1
    z = (y * y).sum()
    torch.autograd.graph.increment_version(y)
    print(kind(z.backward))
