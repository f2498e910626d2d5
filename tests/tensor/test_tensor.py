"""Tensors: programs that run under PyTorch and under funcgrad, and must print the same text to the character."""

import contextlib
import io
import re
import warnings
from types import ModuleType

import numpy as np
import pytest

import funcgrad

torch = pytest.importorskip("torch")

# ------------------------------------------------------------------------------------------------ the oracle

HELPERS = """
def attempt(f):
    try:
        return f()
    except Exception as error:
        return type(error).__name__

def message(f):
    try:
        return f()
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def dtype(t):
    return str(t.dtype).replace("torch.", "")
"""


def printed(program: str, library: ModuleType) -> str:
    """Run a program on one of the two libraries, and return what it prints, with addresses made equal."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(HELPERS + program, {"torch": library, "np": np})
    return re.sub(r"0x[0-9a-f]+", "0x", out.getvalue())


def programs(text: str) -> dict[str, str]:
    """Split a text into programs by their titles, ``# -- title``."""
    parts = re.split(r"^# -- (.*)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


PROGRAMS = programs('''
# -- tutorial: a graph of four tensors
x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = y * y * 3
out = z.mean()
print(x)
print(y)
print(z)
print(out)
out.backward()
print(x.grad)
print(y.grad, z.grad)

# -- requires_grad is False unless asked for
x = torch.ones(3, 3)
print(x, x.requires_grad, x.grad_fn, x.is_leaf)
print(torch.ones(1, requires_grad=True), torch.zeros(2), torch.eye(2))
print(torch.randn(3, requires_grad=True).requires_grad, torch.randn(2, 2).shape)

# -- arguments of tensor
print(torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float, requires_grad=True))
print(torch.tensor((1, 2)), torch.tensor(3), torch.tensor(3.5), torch.tensor(True), torch.tensor([]))
print(torch.tensor(np.arange(3.0)), torch.tensor(np.float32([1, 2])), torch.tensor([1, 2.5]))
print(torch.tensor([1, 2], dtype=torch.float64, device="cpu", pin_memory=False))
print(attempt(lambda: torch.tensor([1.0], torch.float32)))
print(attempt(lambda: torch.tensor([[1.0], [1.0, 2.0]])))
print(attempt(lambda: torch.tensor("a")))
print(dtype(torch.tensor([np.float64(1)])), dtype(torch.tensor(1j)))
print(torch.tensor([torch.tensor(1.0), torch.tensor(2.0)]))
a = np.zeros(2)
t = torch.tensor(a)
a[0] = 1
print(t)

# -- requires_grad_ changes the flag in place
a = torch.randn(2, 2)
a = (a * 3) / (a - 1)
print(a.requires_grad)
a.requires_grad_(True)
print(a.requires_grad, a.is_leaf)
b = (a * a).sum()
print(b.grad_fn)
print(message(lambda: b.requires_grad_(False)))
print(message(lambda: torch.tensor([1, 2], requires_grad=True)))

# -- results require gradients if an operand does
w = torch.tensor([2.0], requires_grad=True)
x = torch.tensor([3.0])
b = torch.tensor([1.0], requires_grad=True)
y = w * x + b
print(y, y.requires_grad, y.grad_fn, w.grad_fn, x.requires_grad)

# -- linear regression
x = torch.tensor([3.0])
w = torch.tensor([4.0], requires_grad=True)
b = torch.tensor([5.0], requires_grad=True)
y = torch.tensor([18.0])
print(f"w.grad:{w.grad}")
y_pred = torch.dot(w, x) + b
loss = (y_pred[0] - y[0]) ** 2
print(f"y_pred:{y_pred[0]}", f"loss:{loss}", loss.grad_fn, y_pred.grad_fn)
loss.backward()
print(f"w.grad:{w.grad[0]}", f"b.grad:{b.grad[0]}", x.grad)

# -- format of a 0-d tensor
t = torch.tensor(0.1)
print(f"{t}", f"{t:.3f}", f"{torch.tensor(3)}", f"{torch.tensor(3.0, requires_grad=True)}", "{}".format(t * 2))
print(f"{torch.ones(2)}", attempt(lambda: f"{torch.ones(2):.2f}"))

# -- backward accumulates, zero_ clears
x = torch.ones(2, 2, requires_grad=True)
out = ((x + 2) * (x + 2) * 3).mean()
out.backward()
print(x.grad)
x.sum().backward()
print(x.grad)
x.grad.zero_()
x.sum().backward()
print(x.grad)
x.grad.data.zero_()
print(x.grad)
x.grad = None
x.sum().backward()
print(x.grad)

# -- .grad is accumulated in the same memory
x = torch.ones(2, requires_grad=True)
x.sum().backward()
held = x.grad
x.sum().backward()
print(held, held is x.grad)

# -- a gradient does not share memory
x = torch.ones(2, requires_grad=True)
y = torch.ones(2, requires_grad=True)
v = torch.tensor([1.0, 2.0])
(x + y).backward(v)
x.grad.zero_()
print(y.grad, v)

# -- non-scalar backward
x = torch.ones(3, requires_grad=True)
y = x * 2
print(message(lambda: y.backward()))
y.backward(gradient=torch.tensor([0.1, 1.0, 0.001]))
print(x.grad)
z = x * x
z.backward(torch.tensor([1.0, 2.0, 3.0]))
print(x.grad)
print(attempt(lambda: (x * 2).backward(torch.ones(4))))
(x * 2).sum().backward(torch.tensor(10.0))
print(x.grad)
print(message(lambda: torch.ones(3).sum().backward()))

# -- retain_graph
x = torch.tensor([2.0], requires_grad=True)
y1 = x * 2
y2 = x * 3
y1.backward(retain_graph=True)
print(x.grad)
y2.backward()
print(x.grad)
z = (x ** 2).exp()
z.backward(retain_graph=True)
z.backward()
print(x.grad)
print(attempt(lambda: z.backward()))
s = x + 1
s.backward()
s.backward()
print(x.grad)

# -- a graph that two results share
x = torch.tensor([1.0, 2.0], requires_grad=True)
h = x.exp()
a, b = (h * 2).sum(), (h * h).sum()
a.backward()
print(attempt(lambda: b.backward()))

# -- detach
x = torch.tensor([2.0], requires_grad=True)
y = x * 2
z = y.detach()
print(x.eq(x.detach()).all(), z.requires_grad, z.grad_fn, z)
(y * 3).backward()
print(x.grad)
z.requires_grad_(True)
q = (z * 3).detach().requires_grad_(True)
print(q.grad_fn, q.is_leaf)
(z * 3).backward()
print(z.grad, x.grad)

# -- detach shares memory
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
d = x.detach()
d[0] = 10
d.mul_(2)
print(x, d)
s = x.sum()
e = s.detach()
e.zero_()
print(s, e)
y = x * 2
f = y.detach()
f.add_(1)
print(y)
n = f.numpy()
n[0] = 0
print(y)

# -- no_grad
x = torch.tensor([1.0], requires_grad=True)
with torch.no_grad():
    y = x ** 2
    print(torch.is_grad_enabled())
    with torch.enable_grad():
        z = x * 2
print(x.requires_grad, (x ** 2).requires_grad, y.requires_grad, z.requires_grad, torch.is_grad_enabled())
print(message(lambda: y.backward()))

@torch.no_grad
def double(x):
    return x * 2

@torch.no_grad()
def triple(x):
    """Three times."""
    return x * 3

print(double(x).requires_grad, triple(x).requires_grad, double.__name__, triple.__doc__)

class Model:
    @torch.no_grad()
    def predict(self, x):
        return x * 2

print(Model().predict(x).requires_grad)

# -- a part of the graph under no_grad
x = torch.tensor([1.0], requires_grad=True)
y1 = x ** 2
with torch.no_grad():
    y2 = x ** 3
y3 = y1 + y2
print(y1.requires_grad, y2.requires_grad, y2.grad_fn, y3.requires_grad, y3.grad_fn)
y3.backward()
print(x.grad, attempt(lambda: y2.backward()))

# -- .data
x = torch.ones(1, requires_grad=True)
print(x.data, x.data.requires_grad)
y = 2 * x
x.data *= 100
y.backward()
print(x, x.grad)
x.data = torch.tensor([7.0])
(x * x).backward()
print(x, x.grad)

# -- what backward saved was changed before
w = torch.tensor([1.0, 2.0], requires_grad=True)
y = (w * w).sum()
with torch.no_grad():
    w.mul_(2)
print(attempt(lambda: y.backward()))
y = (w * w).sum()
w.data.add_(1)
y.backward() if False else None
x = torch.ones(2)
y = (w * x).sum()
x.zero_()
print(attempt(lambda: y.backward()))
x = torch.ones(2)
y = (w * x).sum()
x[0] = 5
print(attempt(lambda: y.backward()))
y = w.exp()
y.add_(1)
print(attempt(lambda: y.sum().backward()))
y = w.exp()
y.detach().zero_()
print(attempt(lambda: y.sum().backward()))
y = w * 3
y.add_(1)
y.sum().backward()
print(w.grad, y)

# -- gradient descent under no_grad
w = torch.tensor([1.0, 2.0], requires_grad=True)
for step in range(3):
    loss = (w * w).sum()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
    w.grad.zero_()
    print(loss.item(), w)
for step in range(3):
    loss = (w * w).sum()
    loss.backward()
    w.data -= 0.1 * w.grad
    w.grad = None
    print(f"{loss.item():.4f}", w)

# -- in place on a leaf that requires gradients
w = torch.ones(2, requires_grad=True)

def add():
    w.add_(1)

def assign():
    global w
    w += 1

print(message(add))
print(message(assign))
print(attempt(lambda: w.__setitem__(0, 1.0)))
print(message(lambda: w[0:1].mul_(2)))
print(message(lambda: w[0].mul_(2)))
print(w, w.is_leaf)

# -- in place on tensors without gradients
a = torch.tensor([1.0, 2.0, 3.0])
b = a
a += 1
a *= 2
a -= torch.tensor([1.0, 1.0, 1.0])
a /= 2
print(a, b is a)
a **= 2
a[0] = 0
a[1:] = torch.tensor([5.0, 6.0])
v = a[1]
v += 10
row = a.reshape(3, 1)[2]
row.fill_(7)
print(a, a.sum().mul_(2), a.copy_(torch.ones(3)))
i = torch.tensor([1, 2])
i += 1
print(i, message(lambda: i.add_(1.5)))
print(message(lambda: a.add_(torch.ones(2, 3))))
a[torch.tensor([True, False, True])] = -1
a[torch.tensor([1])] = 4
print(a)
for element in a:
    element.mul_(2)
print(a)

# -- in place on computed tensors
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x * 2
y += 1
y.mul_(x)
y[0] = 100
y[1:2].mul_(5)
print(y.detach())
y.sum().backward()
print(x.grad)
x.grad = None
y = x * 1
y.mul_(3)
print(y)
y.sum().backward()
print(x.grad)
x.grad = None
y = x * 1
e = y[0]
y.mul_(4)
print(e.item())
e.backward()
print(x.grad)
x.grad = None
y = x * 1
d = y.detach()
y.mul_(4)
print(d)
y = x * 1
y.zero_()
print(y.detach())
y.sum().backward()
print(x.grad)

# -- values that require gradients written into a tensor without
x = torch.tensor([1.0, 2.0], requires_grad=True)
out = torch.zeros(3)
out[0] = x[0] * 2
out[1:] = x * x
print(out.requires_grad, out.detach())
out.sum().backward()
print(x.grad)
total = torch.zeros(2)
for i in range(3):
    total += x * i
total.sum().backward()
print(x.grad)

# -- gradients of broadcasting
a = torch.ones(2, 3, requires_grad=True)
b = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
c = torch.tensor(2.0, requires_grad=True)
(a * b + c).sum().backward()
print(a.grad, b.grad, c.grad)
d = torch.ones(2, 1, requires_grad=True)
(d / b).sum().backward()
print(d.grad, b.grad)

# -- promotion
i, f, b = torch.tensor([1, 2]), torch.tensor([1.0, 2.0]), torch.tensor([True, False])
d = torch.tensor([1.0, 2.0], dtype=torch.float64)
s, z = torch.tensor(2), torch.tensor(2.0, dtype=torch.float64)
print(i + 1, i * 1.5, i / i, i / 2, 2 / i, i ** 2, i // 2, i % 2, -i, 3 - i, 2 ** i)
print(f + i, f + d, f * z, i * z, f * s, b + 1, b * 1.0, b + i, i + 1j, f * 1j)
print(dtype(f + 1), dtype(d + 1.0), dtype(f + d), dtype(i + d), dtype(f * z), dtype(z * f), dtype(b + b), dtype(d * 1j))
print(i > 1, f == i, f == 0.1, f != d, b & b, b | ~b, f >= d)
print(i.exp(), i.sqrt(), torch.exp(torch.tensor(1)), i.tanh(), i.sigmoid(), i.relu())
print(f * np.float64(2), f * np.float32(2), i * np.int64(2), i + np.float64(1))
print(f * np.array([1.0, 2.0]), i * np.array([1, 2]))
print(i.sum(), b.sum(), i.prod(), attempt(lambda: i.mean()), d.mean(), i.float(), f.double(), f.long())

# -- reductions
x = torch.arange(6.0).reshape(2, 3).requires_grad_()
for y in (x.sum(), x.sum(0), x.sum(dim=1, keepdim=True), x.mean(), x.mean(1), x.sum((0, 1)), x.mean(dim=(0,))):
    print(y)
for y in (x.amax(), x.amax(1), x.amin(0), x.prod(), x.prod(1)):
    print(y.detach())
print(x.detach().max(1))
print(x.detach().min(dim=0, keepdim=True))
values, indices = x.max(dim=1)
values.sum().backward()
print(x.grad)
x.grad = None
x.var().backward()
x.std(dim=0).sum().backward()
print(x.grad)
print(x.argmax(), x.argmin(1), (x > 2).all(), (x > 2).any(dim=1))
t = torch.tensor([1.0, 1.0, 0.0], requires_grad=True)
t.amax().backward()
t.max().backward()
print(t.grad)
t.grad = None
t.max(0).values.backward()
print(t.grad)

# -- products
a = torch.arange(6.0).reshape(2, 3).requires_grad_()
b = torch.ones(3, 2, requires_grad=True)
v = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
for y in (a @ b, a.matmul(v), a.mm(b), torch.dot(v, v), v @ v, torch.matmul(a, b)):
    print(y)
    y.sum().backward()
print(a.grad, b.grad, v.grad)
print(attempt(lambda: torch.dot(a, v)), attempt(lambda: a @ torch.ones(2)))

# -- indexing
x = torch.arange(12.0).reshape(3, 4).requires_grad_()
for y in (x[0], x[1, 2], x[0:2], x[:, 1], x[-1, ::2], x[[0, 2]], x[x > 5], x[None], x[..., 0], x[0:1, 1:2], x[0][1]):
    print(y)
    y.sum().backward()
print(x.grad)
i = torch.tensor([0, 0, 1])
x.grad = None
x[i].sum().backward()
x[i, i].sum().backward()
x[torch.tensor(2)].sum().backward()
print(x.grad)
t = torch.arange(24).reshape(2, 3, 4)
print(t[0, :, [1, 2]], t[:, [0, 1], 0].shape, t[1, [0, 2]], attempt(lambda: t[5]))
print(len(x), [float(v) for v in x[0]], attempt(lambda: len(x[0, 0])), attempt(lambda: list(x[0, 0])))

# -- shape
x = torch.arange(6.0).reshape(2, 3).requires_grad_()
for y in (x.reshape(3, 2), x.reshape(-1), x.view(6), x.flatten(), x.T, x.transpose(0, 1), x.permute(1, 0)):
    print(y)
    (y * y).sum().backward()
for y in (x.unsqueeze(0), x.unsqueeze(1).squeeze(1) * 1, x.t() * 1, x.unsqueeze(0).squeeze()):
    print(y)
for y in (x.expand(2, 2, 3), x.clone(), x.double()):
    print(y)
    (y * y).sum().backward()
print(x.grad, x.shape, x.size(), x.size(1), x.ndim, x.dim(), x.numel(), x.shape[0], x.shape[:1])
print(attempt(lambda: x.reshape(4)), attempt(lambda: x.t().view(6)))

# -- cat, stack, where
a = torch.tensor([1.0, 2.0], requires_grad=True)
b = torch.tensor([3.0, 4.0], requires_grad=True)
for y in (torch.cat([a, b]), torch.stack([a, b]) * 1, torch.stack((a, b), dim=1) * 1, torch.where(a > 1, a, b)):
    print(y)
    (y * y).sum().backward()
print(a.grad, b.grad)
print(torch.where(a > 1, a, 0.0), torch.where(torch.tensor([True, False]), 1.0, 0.0))
print(torch.cat([torch.tensor([1]), torch.tensor([1.5])]), torch.stack([torch.tensor(1.0), torch.tensor(2.0)]))
print(attempt(lambda: torch.where(a, a, b)))

# -- functions
x = torch.tensor([-2.0, -0.5, 0.0, 0.5, 2.0], requires_grad=True)
for f in (torch.relu, torch.sigmoid, torch.exp, torch.tanh):
    y = f(x)
    print(y)
    x.grad = None
    y.sum().backward()
    print(x.grad)
for y in (x.abs(), x.sin(), x.cos(), x.square(), x.clamp(-1, 1).detach(), x.atan(), -x, (1 - x).detach(), abs(x)):
    print(y)
x.clamp(-0.5, 0.5).sum().backward()
x.maximum(torch.zeros(5)).sum().backward()
print(x.grad)
p = torch.tensor([0.5, 1.0, 4.0], requires_grad=True)
for y in (torch.log(p), torch.sqrt(p), p.log1p(), p.reciprocal(), p ** 0.5, p ** p, p / 2, p.asin().detach()[:2]):
    print(y)
(torch.log(p) + torch.sqrt(p) * p ** p).sum().backward()
print(p.grad)
print(torch.relu(torch.tensor([float("nan"), -1.0])), torch.sigmoid(torch.tensor([-50.0, 50.0])))
print(torch.tensor([float("nan"), 3.0]).clamp(0, 1), torch.tensor([1, 5]).clamp(2, 3))
print(torch.tensor([1, 5]).clamp(max=2.5))
q = torch.tensor([-200.0, 200.0], requires_grad=True)
torch.sigmoid(q).sum().backward()
print(q.grad)

# -- conversions
t = torch.tensor([[1.0, 2.5]])
print(t.tolist(), t[0, 0].item(), float(t[0, 1]), int(t[0, 1]), bool(t[0, 0]), torch.tensor(3).item(), t.sum().tolist())
print(message(lambda: t.item()), message(lambda: bool(t)))
print(t.numpy(), np.asarray(t), type(t.numpy()).__name__)
w = torch.ones(2, requires_grad=True)
print(message(lambda: w.numpy()))
print(message(lambda: np.asarray(w)))
print(message(lambda: np.array([w[0], w[1]])))
print(message(lambda: np.array([w, w])))
print(w.detach().numpy(), 1.0 in t, 7.0 in t, t == None)
copied = np.array(t)
copied[:] = 0
print(t)
t.numpy()[0, 0] = 9
print(t)

# -- grad_fn and the graph
x = torch.tensor([1.0], requires_grad=True)
y = x * 2 + 1
print(y.grad_fn, y.grad_fn.name(), type(y.grad_fn).__name__)
print(y.grad_fn.next_functions[0][0], y.grad_fn.next_functions[0][1])
print(y.grad_fn.next_functions[0][0].next_functions[0][0].name())
for z in (x - 1, x ** 2, x ** 3, x.mean(), x.sum(), x / 2, x.exp(), x * x):
    print(z.grad_fn)

# -- complex numbers
z = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
print(z, z * z)
z.abs().sum().backward()
print(z.grad)
z.grad = None
w = z * (2 + 1j)
print(attempt(lambda: w.sum().backward()))
w.backward(torch.tensor([1 + 1j, 2j]))
print(z.grad)
r = torch.tensor([1.0, 2.0], requires_grad=True)
(r * z).abs().sum().backward()
print(r.grad)

# -- deepcopy
import copy
x = torch.tensor([1.0, 2.0], requires_grad=True)
(x * x).sum().backward()
y = copy.deepcopy(x)
y.data.zero_()
print(x, y, y.grad, y.is_leaf)
print(attempt(lambda: copy.deepcopy(x * 2)))

# -- a leaf's own backward, and a dead end
x = torch.tensor(2.0, requires_grad=True)
x.backward()
print(x.grad)
y = x * 3
del x
y.backward()
print(y)

# -- long chains
x = torch.tensor(1.0, requires_grad=True)
y = x
for i in range(5000):
    y = y * 1.0001
y.backward()
print(x.grad)

# -- a small network
W = torch.tensor([[0.1, 0.2], [0.3, 0.4]], requires_grad=True)
b = torch.zeros(2, requires_grad=True)
x, y = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
for epoch in range(3):
    h = torch.tanh(x @ W + b)
    loss = ((h - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for p in (W, b):
            p -= 0.5 * p.grad
            p.grad.zero_()
    print(f"{epoch}: {loss.item():.5f}")
print(W, b)
''')


@pytest.mark.parametrize("title", PROGRAMS)
def test_prints_what_pytorch_prints(title: str) -> None:
    assert printed(PROGRAMS[title], funcgrad) == printed(PROGRAMS[title], torch)
