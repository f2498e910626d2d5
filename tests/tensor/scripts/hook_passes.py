"""Hooks in passes of all kinds, and anomalies."""

from typing import Any

from .common import kind, vector


def create_graph_hook(torch: Any) -> None:
    x = vector(torch, 2.0, leaf=True)
    y = x**3
    y.register_hook(lambda g: print(g.requires_grad) or g * x)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    print(g.detach())
    print(torch.autograd.grad(g.sum(), x))


def create_graph_leaf_hook(torch: Any) -> None:
    x = vector(torch, 2.0, leaf=True)
    x.register_hook(lambda g: g * 10)
    (x**3).sum().backward(create_graph=True)
    g = x.grad
    x.grad = None
    print(g.detach())
    g.sum().backward()
    print(x.grad)


def create_graph_node_hooks(torch: Any) -> None:
    x = vector(torch, 2.0, leaf=True)
    y = x**3
    y.grad_fn.register_prehook(lambda g: (g[0] * x,))
    y.grad_fn.register_hook(lambda i, o: tuple(None if k is None else k * x for k in i))
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    print(g.detach())
    print(torch.autograd.grad(g.sum(), x))


def retain_graph_hooks(torch: Any) -> None:
    x = vector(torch, 2.0, leaf=True)
    y = x**2
    c = []
    y.register_hook(lambda g: c.append(1))
    z = y.sum()
    for _ in range(3):
        z.backward(retain_graph=True)
    print(len(c), x.grad)


def grad_captures(torch: Any) -> None:
    x = vector(torch, 2.0, leaf=True)
    y = x**2
    z = y * 3
    y.register_hook(lambda g: print("hy") or g * 2)
    x.register_hook(lambda g: print("hx") or g * 5)
    print(torch.autograd.grad(z.sum(), y, retain_graph=True))
    print(torch.autograd.grad(z.sum(), x, retain_graph=True))
    print(torch.autograd.grad(z.sum(), (x, y), retain_graph=True))
    print(x.grad)


def grad_prehook_capture(torch: Any) -> None:
    x = vector(torch, 2.0, leaf=True)
    y = x**2
    z = y * 3
    y.grad_fn.register_prehook(lambda g: print("pre") or (g[0] * 7,))
    print(torch.autograd.grad(z.sum(), y, retain_graph=True))
    print(torch.autograd.grad(z.sum(), (x, y), retain_graph=True))
    print(torch.autograd.grad(z.sum(), x))


def acc_prehook_capture(torch: Any) -> None:
    x = vector(torch, 2.0, leaf=True)
    y = x**2
    a = y.grad_fn.next_functions[0][0]
    a.register_prehook(lambda g: print("pre") or (g[0] * 7,))
    a.register_hook(lambda i, o: print("post"))
    print(torch.autograd.grad(y.sum(), x, retain_graph=True))
    y.sum().backward()
    print(x.grad)


def acc_variable(torch: Any) -> None:
    x = vector(torch, 2.0, leaf=True)
    y = x * 2
    a = y.grad_fn.next_functions[0][0]
    print(a.variable is x, a.name())


def inputs_only(torch: Any) -> None:
    x, w = vector(torch, 2.0, leaf=True), vector(torch, 3.0, leaf=True)
    x.register_hook(lambda g: print("x"))
    w.register_hook(lambda g: print("w"))
    y = x * w
    y.register_hook(lambda g: print("y"))
    y.sum().backward(inputs=[w])
    print(x.grad, w.grad)


def hook_on_multi(torch: Any) -> None:
    x = vector(torch, 3.0, 1.0, 2.0, leaf=True)
    v, _ = x.sort()
    v.register_hook(lambda g: print("v", g))
    (v * vector(torch, 1.0, 2.0, 3.0)).sum().backward()
    print(x.grad)
    a, b = x.reshape(3, 1).expand(3, 2).unbind(1)
    a.register_hook(lambda g: g * 2)
    (a.sum() + 3 * b.sum()).backward()
    print(x.grad)


def inplace_after_hook(torch: Any) -> None:
    x = vector(torch, 1.0, 2.0, leaf=True)
    y = x * 2
    y.register_hook(lambda g: print("before", g))
    y.mul_(3)
    y.register_hook(lambda g: print("after", g))
    y.sum().backward()
    print(x.grad)


def inplace_node_hook(torch: Any) -> None:
    x = vector(torch, 1.0, 2.0, leaf=True)
    y = x * 2
    f = y.grad_fn
    f.register_hook(lambda i, o: print("mul", o))
    y.add_(1)
    print(y.grad_fn.name())
    y.sum().backward()
    print(x.grad)


def detach_hook(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    y = x * 2
    z = y.detach()
    print(
        kind(lambda: z.register_hook(print)),
        kind(lambda: z.retain_grad()),
        kind(lambda: y.register_post_accumulate_grad_hook(print)),
    )


def post_acc_none(torch: Any) -> None:
    x = vector(torch, 1.0, 2.0, leaf=True)

    def step(p):
        with torch.no_grad():
            p.sub_(p.grad * 0.1)
        p.grad = None

    x.register_post_accumulate_grad_hook(step)
    for _ in range(2):
        (x * x).sum().backward()
    print(x.detach(), x.grad)


def post_acc_twice_used(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    x.register_post_accumulate_grad_hook(lambda p: print("acc", p.grad))
    y = x * 2 + x.sin() + x
    y.sum().backward()


def hooks_and_grad_mode(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    y = x * 2
    y.register_hook(lambda g: print(torch.is_grad_enabled(), (x * 2).requires_grad))
    y.sum().backward(retain_graph=True)
    y.sum().backward(create_graph=True)


def hook_dict_props(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    h = x.register_hook(lambda g: None)
    h.remove()
    h.remove()
    print(kind((x * 2).sum().backward))
    with x.register_hook(lambda g: g * 100) as h:
        (x * 2).sum().backward()
        print(x.grad)
    x.grad = None
    (x * 2).sum().backward()
    print(x.grad)


def metadata(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    y = x * 2
    y.grad_fn.metadata["a"] = 1
    print(y.grad_fn.metadata)
    print((y * 1).grad_fn.next_functions[0][0] is y.grad_fn)


def retain_then_hook(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    y = x * 2
    y.register_hook(lambda g: g * 3)
    y.retain_grad()
    y.register_hook(lambda g: g * 5)
    y.sum().backward()
    print(y.grad, x.grad)
    y2 = x * 2
    y2.retain_grad()
    y2.retain_grad()
    print(y2.retains_grad, x.retains_grad)


def hook_complex(torch: Any) -> None:
    x = torch.tensor([1 + 2j], requires_grad=True)
    y = x * (2 + 1j)
    y.register_hook(lambda g: print(g))
    y.abs().sum().backward()
    print(x.grad)


def hook_dtype(torch: Any) -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.double()
    y.register_hook(lambda g: print(g.dtype))
    x.register_hook(lambda g: print(g.dtype))
    (y * y).sum().backward()


def anomaly_fn(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * float("nan")

    class G(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            raise KeyError("a")

    for C in (F, G):
        x = vector(torch, 1.0, leaf=True)
        try:
            with torch.autograd.detect_anomaly():
                C.apply(x * 1).sum().backward()
        except Exception as e:
            print(type(e).__name__, str(e).split("\n")[0])
    with torch.autograd.detect_anomaly(check_nan=False):
        x = vector(torch, 1.0, leaf=True)
        F.apply(x).sum().backward()
        print(x.grad)
    print(torch.is_anomaly_enabled())


def anomaly_outside(torch: Any) -> None:
    x = vector(torch, -1.0, leaf=True)
    y = x.sqrt()
    try:
        with torch.autograd.detect_anomaly():
            y.sum().backward()
    except Exception as e:
        print(type(e).__name__, str(e).split("\n")[0])


def anomaly_nested_modes(torch: Any) -> None:
    with torch.autograd.set_detect_anomaly(True):
        print(torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled())
        with torch.autograd.set_detect_anomaly(False):
            print(torch.is_anomaly_enabled())
        with torch.autograd.set_detect_anomaly(True, check_nan=False):
            print(torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled())
        print(torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled())
    print(torch.is_anomaly_enabled())


def anomaly_hook_error(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    try:
        with torch.autograd.detect_anomaly():
            y = x * 2
            y.register_hook(lambda g: 1 / 0)
            y.sum().backward()
    except Exception as e:
        print(type(e).__name__)


def anomaly_nan_from_seed(torch: Any) -> None:
    x = vector(torch, 1.0, leaf=True)
    try:
        with torch.autograd.detect_anomaly():
            (x * 2).backward(vector(torch, float("nan")))
    except Exception as e:
        print(type(e).__name__, str(e).split("\n")[0])
