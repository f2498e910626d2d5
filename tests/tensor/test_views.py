"""Views, versions and memory: programs that run under PyTorch and under funcgrad, and must print the same."""

import contextlib
import io
import re
import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import funcgrad

torch = pytest.importorskip("torch")

HELPERS = """
def err(f):
    try:
        return f()
    except Exception as error:
        return type(error).__name__

def d(t):
    return None if t is None else [round(float(v), 4) for v in t.detach().reshape(-1).tolist()]

def show(*ts):
    for t in ts:
        print(d(t), list(t.shape), t._version, t.requires_grad, t.is_leaf)
"""


def printed(program: str, library: ModuleType) -> str:
    """Run a program on one of the two libraries, and return what it prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(HELPERS + program, {"torch": library, "np": np})
    return out.getvalue()


def programs(text: str) -> dict[str, str]:
    """Split a text into programs by their titles, ``# -- title``."""
    parts = re.split(r"^# -- (.*)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


PROGRAMS = programs("""
# -- views follow a recorded write into the base
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
z = torch.zeros(3)
v = z[0:2]
d0 = z.detach()
dv = d0[0:1]
z.add_(x * 2)
print(v.requires_grad, d0.requires_grad, dv.requires_grad, z.requires_grad, v.is_leaf)
show(z, v, d0, dv)
(v * v).sum().backward()
print(d(x.grad))

# -- a write into a view of plain memory
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
z = torch.ones(3)
z[0:2].mul_(x[1:])
show(z)
z[2] = x[0] * 3
(z * z).sum().backward()
print(d(x.grad), d(z))

# -- all kinds of views of plain memory
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
for view in (lambda t: t[0], lambda t: t[:, 1], lambda t: t.t()[1], lambda t: t.view(3, 2)[1:],
    lambda t: t.transpose(0, 1)[0:1], lambda t: t.reshape(-1)[1:4], lambda t: t.unsqueeze(0)[0, 1],
    lambda t: t[1:].squeeze(0), lambda t: t.T[1:, 0], lambda t: t[:, ::2]):
    x.grad = None
    z = torch.arange(6.0).reshape(2, 3)
    w = torch.arange(6.0).view(2, 3)
    for b in (z, w):
        v = view(b)
        v.mul_(x.sum())
        u = view(b)
        (b * b).sum().backward(retain_graph=True)
        print(d(b), d(v), d(u), d(x.grad), b._version, v._version)
        v.sum().backward(retain_graph=True)
        u.sum().backward()
        print(d(x.grad))

# -- all kinds of views of recorded memory
x = torch.arange(6.0).reshape(2, 3).requires_grad_()
for view in (lambda t: t[0], lambda t: t[:, 1], lambda t: t.t()[1], lambda t: t.view(3, 2)[1:],
    lambda t: t.transpose(0, 1)[0:1], lambda t: t.reshape(-1)[1:4], lambda t: t.unsqueeze(0)[0, 1],
    lambda t: t[1:].squeeze(0), lambda t: t.T[1:, 0], lambda t: t[:, ::2]):
    x.grad = None
    b = x * 2
    v = view(b)
    w = b[0:1]
    v.mul_(3)
    v += 1
    v.tanh_()
    print(b._version, v._version)
    (w.sum() * b * b * 1e-3).sum().backward()
    print([round(q, 2) for q in x.grad.reshape(-1).tolist()])

# -- views in no_grad
x = torch.ones(3, requires_grad=True)
y = x * 2
with torch.no_grad():
    v = y[0:2]
    w = x[0:2]
    v.mul_(2)
    w.mul_(3)
print(d(x), d(y), x._version, y._version, v._is_view(), v._base is y, w._base is x)
print(err(lambda: v.mul_(2)), err(lambda: w.mul_(2)))
print(err(lambda: v[0:1].mul_(2)))

# -- is view and base
x = torch.arange(6.0).reshape(2, 3)
b = torch.zeros(2, 3)
print(b[0]._base is b, b[0].T._base is b, b._base, b._is_view(), b[0]._is_view(), b.clone()._is_view(),
    b.detach()._is_view(), b.data._is_view(), b.view(-1)._is_view(), b.expand(4, 2, 3)._is_view(),
    (b + 1)._is_view())
print(b[torch.tensor(0)]._base is b, b[torch.tensor([0])]._is_view(), b.reshape(3, 2)._is_view(),
    b.t().reshape(-1)._is_view())
print(b[1].storage_offset(), b.t().stride(), b.stride(), b.stride(0), b.is_contiguous(), b.t().is_contiguous(),
    b.t().contiguous().stride())
print(b.data_ptr() == b.detach().data_ptr(), b[1].untyped_storage().data_ptr() == b.untyped_storage().data_ptr(),
    b.data[1].untyped_storage().data_ptr() == b.untyped_storage().data_ptr(),
    b.detach()[1].untyped_storage().data_ptr() == b.untyped_storage().data_ptr())
print(b.clone().untyped_storage().data_ptr() == b.untyped_storage().data_ptr(), b.contiguous() is b)
y = torch.ones(3, requires_grad=True)
print(y[0]._base is y, (y * 2)[0]._base is None, y.detach()._version)

# -- versions
t = torch.zeros(3)
v = t[0:1]
q = t.detach()
t.add_(1); v.add_(1); q.add_(1); t[0] = 1
print(t._version, v._version, q._version, t.data._version, t.clone()._version)
t.data.add_(1)
print(t._version, t)
n = t.numpy()
n[0] = 50
print(t, v, q)
t.add_(1)
print(n)
u = torch.zeros(2)
for i in range(20): u.add_(1)
print(u._version)
with torch.no_grad(): u.mul_(2)
print(u._version)

# -- complex parts
x = torch.tensor([1.0, 2.0], requires_grad=True)
z = torch.zeros(2, dtype=torch.complex64)
z.real.add_(x)
z.imag.mul_(2)
z.imag.add_(x * 3)
print(z.requires_grad, z.tolist())
(z * z.conj()).real.sum().backward()
print(d(x.grad))

# -- diagonal
x = torch.tensor([1.0, 2.0], requires_grad=True)
z = torch.zeros(2, 2)
z.diagonal().add_(x)
print(d(z))
y = z * 2
y.diagonal().mul_(x)
y.sum().backward()
print(d(x.grad), d(y))

# -- unbind
x = torch.ones(3, requires_grad=True)
a, b, c = (x * 2).unbind(0)
print(err(lambda: a.mul_(2)))
a, b = (x * 2)[:2].split(1)
print(err(lambda: a.mul_(2)))
a, b = (x * 2)[:2].chunk(2)
print(err(lambda: a.mul_(2)))
a, b, c = torch.zeros(3).unbind(0)
a.mul_(2)
print(err(lambda: a.mul_(x[0])))

# -- partial overlap
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x * 2
print(err(lambda: y[0:2].add_(y[1:3])))
z = torch.ones(3)
print(err(lambda: z[0:2].add_(z[1:3])))
print(err(lambda: z.add_(z[0:1])))

# -- fill diagonal
for shape in ((3, 3), (5, 2), (2, 4), (2, 2, 2)):
    print(torch.zeros(*shape).fill_diagonal_(1.0), torch.zeros(*shape).fill_diagonal_(1.0,
        True) if len(shape) == 2 else 0)

# -- shape in place
x = torch.arange(6.0).reshape(2, 3).requires_grad_()
for f in (lambda y: y.t_(), lambda y: y.transpose_(0, 1), lambda y: y.unsqueeze_(1), lambda y: y.squeeze_(),
    lambda y: y.swapaxes_(0, 1)):
    x.grad = None
    y = x * 2
    z = torch.ones(2, 3)
    v = z[0]
    print(f(y) is y, list(y.shape), y._version, y.is_leaf, f(z).shape, z._version)
    y.mul_(3)
    y[0] = 0
    z.mul_(y.detach())
    y.sum().backward()
    print(d(x.grad), d(y), d(z), d(v))
print(err(lambda: x.t_()))
with torch.no_grad():
    x.t_()
print(list(x.shape), x.is_leaf, x._version)

# -- detach in place
x = torch.ones(3, requires_grad=True)
y = x * 2
print(err(lambda: y[0].detach_()))
y.detach_()
print(y.requires_grad, y.is_leaf, y.grad_fn, y._version)
z = torch.ones(3, requires_grad=True)
z.detach_()
print(z.requires_grad)

# -- resize and set
x = torch.arange(4.0)
x.resize_(2, 2)
print(x)
x.resize_(3)
print(x)
y = torch.zeros(2, 2)
y.set_(x)
y.add_(1)
print(x, y)
print(list(torch.zeros(5).resize_as_(torch.zeros(2, 2)).shape))

# -- requires_grad_ after views
z = torch.zeros(3)
v = z[0:1]
z.requires_grad_()
print(err(lambda: v.mul_(2)))
with torch.no_grad():
    v.add_(2)
print(d(z), z._version, z.is_leaf)
y = z * 2
y.sum().backward()
print(d(z.grad))

# -- version check through a view, and lines that do not matter
x = torch.ones(4, requires_grad=True)
a = x * 2
b = a[0:2] * a[2:4]
a[0] = 5
print(err(lambda: b.sum().backward()))
a = x * 2
b = a[0:2].exp()
a[0] = 5
b.sum().backward()
print(d(x.grad))
a = x * 2
i = torch.tensor([0, 1])
b = a[i]
i.add_(1)
print(err(lambda: b.sum().backward()))

# -- no_grad writes into recorded views
x = torch.ones(3, requires_grad=True)
y = x * 2
v = y[0:2]
with torch.no_grad():
    v.mul_(5)
    y[2] = 7
print(d(y), d(v), y._version, y.grad_fn is not None)
(y.sum() + v.sum()).backward()
print(d(x.grad))
""")


@pytest.mark.parametrize("title", PROGRAMS)
def test_a_program_prints_what_it_prints_under_pytorch(title: str) -> None:
    assert printed(PROGRAMS[title], funcgrad) == printed(PROGRAMS[title], torch)


# -- What is funcgrad's own --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make", [lambda t: np.diagonal(t), lambda t: np.swapaxes(t, 0, 1), lambda t: np.reshape(t, -1)]
)
def test_views_that_numpy_makes_are_views_too(make: Any) -> None:
    x = funcgrad.tensor(3.0, requires_grad=True)
    base = funcgrad.ones(2, 2)
    view = make(base)
    assert view._base is base
    view.mul_(x)
    assert base.requires_grad
    base.sum().backward()
    assert x.grad is not None
    assert x.grad.item() == view.numel()


def test_several_views_of_memory_in_another_order() -> None:
    x = funcgrad.tensor([1.0, 2.0], requires_grad=True)
    base = funcgrad.from_numpy(np.arange(6.0).reshape(2, 3).T)  # Fortran order
    row, flat = base[1], base.t().reshape(-1)
    base[0].mul_(x.double())
    assert row.requires_grad
    assert flat.tolist() == [0.0, 1.0, 2.0, 6.0, 4.0, 5.0]
    row.mul_(2)
    (flat * funcgrad.arange(6.0).double()).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 9.0]


def test_memory_with_gaps() -> None:
    x = funcgrad.tensor([1.0, 2.0], requires_grad=True)
    memory = np.ones(4, np.float32)
    base = funcgrad.from_numpy(memory[::2])
    base.mul_(x)
    assert memory.tolist() == [1.0, 1.0, 2.0, 1.0]
    other = funcgrad.from_numpy(memory[::2])
    view = other[0:1]
    with pytest.raises(RuntimeError, match="gaps"):
        other.mul_(x)
    assert not view.requires_grad


def test_a_view_keeps_its_base() -> None:
    x = funcgrad.ones(2, requires_grad=True)
    view = funcgrad.zeros(2, 2)[0]
    view.add_(x)
    assert view._base is not None
    assert view._base.requires_grad
    assert view._base.tolist() == [[1.0, 1.0], [0.0, 0.0]]


def test_storage() -> None:
    x = funcgrad.arange(6.0).reshape(2, 3)
    storage = x[1].untyped_storage()
    assert len(storage) == storage.nbytes() == storage.size() == 24
    assert x[1].is_set_to(x.detach()[1])
    assert not x[1].is_set_to(x[0])
    with pytest.raises(IndexError):
        x.stride(2)
