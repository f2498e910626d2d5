"""Hooks: their order, what they return, and what they may do."""

from typing import Any

from .common import kind, vector


def order_all(torch: Any) -> None:
    x = vector(torch, 1.0, 2.0, leaf=True)
    y = x * 2
    z = y.sin()
    y.register_hook(lambda g: print("y1"))
    y.register_hook(lambda g: print("y2"))
    y.retain_grad()
    y.register_hook(lambda g: print("y3") or g * 2)
    y.grad_fn.register_prehook(lambda g: print("pre", len(g)))
    y.grad_fn.register_hook(lambda i, o: print("post", len(i), len(o)))
    z.grad_fn.register_hook(lambda i, o: print("zpost", i[0].shape, o[0].shape))
    z.register_hook(lambda g: print("z"))
    x.register_hook(lambda g: print("x"))
    x.register_post_accumulate_grad_hook(lambda p: print("acc", p.grad))
    a = y.grad_fn.next_functions[0][0]
    a.register_prehook(lambda g: print("accpre", len(g)))
    a.register_hook(lambda i, o: print("accpost", i, len(o)))
    z.sum().backward()
    print(x.grad, y.grad)


def remove_inside(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    hs = []

    def h(g):
        print("h")
        hs[0].remove()

    hs.append(x.register_hook(h))
    x.register_hook(lambda g: print("second"))
    (x * 2).sum().backward()
    (x * 2).sum().backward()


def remove_other_inside(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    hs = []
    x.register_hook(lambda g: print("a") or hs[0].remove())
    hs.append(x.register_hook(lambda g: print("b")))
    (x * 2).sum().backward()
    (x * 2).sum().backward()


def register_inside(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)

    def h(g):
        print("h")
        x.register_hook(lambda g: print("new"))

    x.register_hook(h)
    (x * 2).sum().backward()
    print("--")
    (x * 2).sum().backward()


def register_upstream_inside(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    y = x * 2
    z = y * 3
    z.register_hook(lambda g: y.register_hook(lambda g: print("y", g)) and None)
    z.sum().backward()


def hook_none_vs_value(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    y = x * 2
    y.register_hook(lambda g: None)
    y.register_hook(lambda g: g + 1)
    y.register_hook(lambda g: print(g))
    y.sum().backward()
    print(x.grad)


def hook_returns(torch: Any) -> None:
    for r in (1, 1.0, "s", (1,), [1]):
        x = vector(torch, 1.0, leaf=True)
        x.register_hook(lambda g, r=r: r)
        print(kind((x * 2).sum().backward), x.grad)
    for r in (
        lambda g: g.float(),
        lambda g: g.reshape(1, 1),
        lambda g: g.sum(),
        lambda g: g.expand(2),
        lambda g: g.to(torch.complex128),
    ):
        x = vector(torch, 1.0, leaf=True)
        x.register_hook(r)
        print(kind((x * 2).sum().backward), x.grad)


def inplace_in_hook(torch: Any) -> None:
    x = vector(torch, 1.0, 2.0, leaf=True)
    y = x * 2
    y.register_hook(lambda g: g.mul_(5) and None if False else None)
    y.sum().backward()
    print(x.grad)


def prehook_returns(torch: Any) -> None:
    for r in (
        lambda g: None,
        lambda g: (g[0] * 3,),
        lambda g: g[0] * 3,
        lambda g: (g[0], g[0]),
        lambda g: (None,),
        lambda g: [g[0] * 3],
    ):
        x = vector(torch, 1.0, leaf=True)
        y = x * 2
        y.grad_fn.register_prehook(r)
        print(kind(y.sum().backward), x.grad)


def posthook_returns(torch: Any) -> None:
    for r in (
        lambda i, o: None,
        lambda i, o: (i[0] * 3, i[1]),
        lambda i, o: i[0],
        lambda i, o: (i[0],),
        lambda i, o: (None, None),
        lambda i, o: [i[0] * 3, i[1]],
    ):
        x = vector(torch, 1.0, leaf=True)
        w = vector(torch, 5.0, leaf=True)
        y = x * w
        y.grad_fn.register_hook(r)
        print(kind(y.sum().backward), x.grad, w.grad)


def posthook_const(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    y = x * 3.0
    y.grad_fn.register_hook(lambda i, o: print(i, o))
    y.sum().backward()
    x = vector(torch, 1.0, leaf=True)
    y = x - vector(torch, 3.0)
    y.grad_fn.register_hook(lambda i, o: print(i, o))
    y.sum().backward()
    x = vector(torch, 1.0, 2.0, leaf=True)
    y = x.sum()
    y.grad_fn.register_hook(lambda i, o: print(i, o))
    y.backward()


def error_in_hook(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    y = x * 2
    h = y.register_hook(lambda g: 1 / 0)
    print(kind(lambda: y.sum().backward(retain_graph=True)), x.grad)
    h.remove()
    y.sum().backward()
    print(x.grad)


def error_in_post_acc(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    h = x.register_post_accumulate_grad_hook(lambda p: 1 / 0)
    print(kind((x * 2).sum().backward), x.grad)
    h.remove()
    (x * 2).sum().backward()
    print(x.grad)


def error_keeps_state(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    y = x * 2
    z = y * y
    y.register_hook(lambda g: 1 / 0)
    print(kind(lambda: z.sum().backward(retain_graph=True)), torch.is_grad_enabled())
    print(torch.autograd.grad((x**2).sum(), x))
