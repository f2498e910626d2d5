"""Tensors and the rest of Python: programs that print the same under PyTorch, and memory that both libraries share."""

import contextlib
import copy
import io
import pickle
import re
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import funcgrad as fg

torch = pytest.importorskip("torch")

HELPERS = """
import copy, math, pickle

def attempt(f):
    try:
        return f()
    except Exception as error:
        return type(error).__name__
"""


def printed(program: str, library: ModuleType) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(HELPERS + program, {"torch": library, "np": np})
    return re.sub(r"0x[0-9a-f]+", "0x", out.getvalue())


def programs(text: str) -> dict[str, str]:
    parts = re.split(r"^# -- (.*)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


PROGRAMS = programs("""
# -- from_numpy
a = np.zeros(3)
t = torch.from_numpy(a)
a[0] = 1
t[1] = 2
print(t, a, t.dtype, torch.from_numpy(np.arange(6).reshape(2, 3).T), torch.from_numpy(np.array(3, np.int8)))
for wrong in ([1], np.array(["a"]), np.float32(1), np.ones(2, ">f4"), np.ones(2, np.longdouble), np.array([None]), 3):
    print(attempt(lambda: torch.from_numpy(wrong)))
for wrong in (np.array(["a"]), np.ones(2, ">f4"), np.ones(2, np.longdouble), np.array([None])):
    print(attempt(lambda: torch.tensor(wrong)), attempt(lambda: torch.as_tensor(wrong)))

# -- tensor takes numbers that fit
inf, nan = float("inf"), float("nan")
for v, d in ((1e40, torch.float32), (1e40, None), (1e10, torch.float16), (-1, torch.uint8), (-255, torch.uint8), (-256, torch.uint8),
             (256, torch.uint8), (128, torch.int8), (-129, torch.int8), (300.5, torch.uint8), (inf, torch.int64), (nan, torch.int64),
             (1e19, torch.int64), (2**40, torch.int32), (inf, torch.float16), (True, torch.uint8), (2**63, torch.uint64), (2**63, None),
             (2**63, torch.float32), (1j, torch.bool), (1j, torch.int64), (-1.5, torch.uint8), (2**64, None), ([2**64], None),
             (None, None), ([None], None), ({}, None), ("a", None), (["a"], None), (object(), None), ([1, None], None), ([], torch.int64),
             ([[1], []], None), (np.array([300]), torch.uint8), (np.array([3], np.uint64), None), ([np.int64(300)], torch.uint8),
             ([torch.tensor(300)], torch.uint8), (torch.ones(2), torch.int64), (np.float64(1.5), None), (-0.5, torch.uint8)):
    print(attempt(lambda: torch.tensor(v, dtype=d)))

# -- as_tensor
a = np.zeros(2)
t = torch.as_tensor(a)
t += 1
print(a, torch.as_tensor(a, dtype=torch.float32), torch.as_tensor([1.0, 2]), torch.as_tensor(np.float64(2)), torch.as_tensor(3))
x = torch.ones(2, requires_grad=True)
print(torch.as_tensor(x) is x, torch.as_tensor(x, dtype=torch.float64), torch.as_tensor(x, device="cpu") is x)
u = torch.as_tensor(a, dtype=torch.float64)
u[0] = 9
print(a, attempt(lambda: torch.as_tensor("a")), torch.as_tensor([x[0], x[1]]))

# -- asarray
a = np.zeros(2)
t = torch.asarray(a)
t[0] = 1
print(a, torch.asarray([1.0, 2.0], requires_grad=True), torch.asarray(np.arange(2), dtype=torch.float32), torch.asarray(2))
x = torch.ones(2, requires_grad=True)
print(torch.asarray(x) is x, torch.asarray(x, copy=True), torch.asarray(x, dtype=torch.float64))
print(torch.asarray(x * 1, requires_grad=False))
c = torch.asarray(a, copy=True)
c[1] = 5
print(a, c, attempt(lambda: torch.asarray(a, copy=False, dtype=torch.float32)), attempt(lambda: torch.asarray([1.0], copy=False)))
print(attempt(lambda: torch.asarray("a")), torch.asarray(torch.zeros(2), requires_grad=True).is_leaf)
b = bytearray(b"abcd")
print(torch.asarray(b, dtype=torch.uint8), torch.frombuffer(b, dtype=torch.int16), torch.frombuffer(b, dtype=torch.uint8, offset=1, count=2))
torch.frombuffer(b, dtype=torch.uint8)[0] = 65
print(b)

# -- numpy
t = torch.ones(2, 3)
n = t.numpy()
n[0, 0] = 5
print(t, type(n).__name__, n.dtype, np.shares_memory(t.numpy(), t.numpy()))
x = torch.ones(2, requires_grad=True)
print(attempt(lambda: x.numpy()), x.numpy(force=True), attempt(lambda: t.numpy(True)), (x * 2).numpy(force=True))
print(attempt(lambda: np.asarray(x)), attempt(lambda: np.array(x)), attempt(lambda: np.asarray(x * 2)), np.asarray(x.detach()))
print(np.asarray(t, dtype=np.float64).dtype, np.array(t).shape, np.shares_memory(np.asarray(t), t.numpy()), np.array([t, t]).shape)
with torch.no_grad():
    print(attempt(lambda: x.numpy()), (x * 2).numpy())
print(t[0].numpy(), t.T.numpy().shape, torch.tensor(1.5).numpy(), repr(torch.tensor(1.5).numpy()), np.asarray(t.sum()))
print(attempt(lambda: np.array(t, copy=False).shape) if False else "", np.ones(3)[torch.tensor([0, 2])], np.arange(5)[torch.tensor(2)])
print(len(t), np.ndim(t))

# -- NumPy functions and numbers
t = torch.tensor([1.0, 4.0])
print(t * np.float64(2), np.float32(2) * t, np.int64(2) + t, t / np.float64(2), 2 ** t, np.float64(3) - t, t ** np.float64(0.5))
print(torch.tensor([1]) * np.float32(2), np.float64(2) * torch.tensor(1), torch.tensor([1, 2]) + np.int64(1), t > np.float64(2))
print(t * np.ones(2))

# -- copy and deepcopy
x = torch.ones(2, requires_grad=True)
y = x * 2
c = copy.copy(x)
print(c, c.is_leaf, copy.copy(y), copy.copy(torch.arange(3)))
c.data[0] = 7
print(x, attempt(lambda: copy.deepcopy(y)), attempt(lambda: copy.deepcopy({"a": [y]})))
(x * x).sum().backward()
d = copy.deepcopy(x)
d.data.zero_()
d.grad.zero_()
print(x, x.grad, d, d.grad, copy.copy(x).grad)
pair = copy.deepcopy([x, x])
print(pair[0] is pair[1], copy.deepcopy(torch.ones(2)), copy.deepcopy(y.detach()), copy.deepcopy(torch.tensor([True])))

# -- pickle
x = torch.ones(2, requires_grad=True)
for t in (x, x * 2, torch.arange(3), torch.tensor(1j), torch.zeros(0, 3), torch.tensor(3.0), torch.ones(2, 3).T, torch.float32,
          torch.Size([2]), torch.device("cpu")):
    print(pickle.loads(pickle.dumps(t)))
print(pickle.loads(pickle.dumps({"a": [x]}))["a"][0].is_leaf)

# -- numbers
t = torch.tensor(2.5)
print(float(t), int(t), complex(t), bool(t), math.sqrt(t), t.item(), t.tolist(), torch.tensor([[3]]).item(), f"{t.item()}")
print(complex(torch.tensor(1 + 2j)), float(torch.tensor(1 + 0j)), attempt(lambda: int(torch.tensor(1j))), attempt(lambda: float(torch.tensor(1j))))
print([1, 2, 3][torch.tensor(1)], [1, 2][torch.tensor(True)], [1, 2][torch.tensor([1])], list(range(torch.tensor(3))), "ab" * torch.tensor(2))
print(attempt(lambda: [1, 2][torch.tensor(1.0)]), attempt(lambda: [1, 2][torch.tensor([0, 1])]), attempt(lambda: range(t)))
print(attempt(lambda: bool(torch.ones(2))), attempt(lambda: bool(torch.ones(0))), bool(torch.tensor([[0.0]])), attempt(lambda: torch.ones(2).item()))
print(attempt(lambda: float(torch.ones(0))) in ("RuntimeError", "ValueError"), torch.tensor([[1, 2], [3, 4]]).tolist(), torch.tensor(True).item())
print(attempt(lambda: int(torch.tensor(float("nan")))) in ("ValueError", "RuntimeError"), int(torch.tensor(-1.9)), hex(torch.tensor(255)))
w = torch.tensor(2.0, requires_grad=True)
print(float(w), w.item(), int(w * 2), [*map(float, torch.ones(2))], max([1, torch.tensor(5), 3]), sum([torch.tensor(1), torch.tensor(2)]))

# -- hash, equality, containers
x, y = torch.ones(2), torch.zeros(2)
print(x in [x], {x: 1}[x], x in {x: 1}, y in {x}, [x] == [x], len({x, y, x}), {x, y} == {y, x})
print(attempt(lambda: y in [x]), attempt(lambda: [x] == [y]), x == None, x != None, attempt(lambda: x < "a"))
print(1.0 in x, 2 in x, torch.tensor(1.0) in x, attempt(lambda: "a" in x), attempt(lambda: None in x))
t = torch.tensor(3)
print(t in [torch.tensor(3)], [torch.tensor(1), torch.tensor(3)].index(t), t == 3, t == 3.0, (t == 3) is True)
print(x is x, x == x, all(x == x), any(y), not torch.tensor(0), torch.tensor([0.0]) or "empty", torch.tensor(1) and "full")

# -- iteration and length
x = torch.arange(6).reshape(3, 2)
print(len(x), [row for row in x], [float(v) for v in x[0]], list(zip(x[0], x[1])), list(enumerate(x[2])))
a, b, c = x
print(a, c, attempt(lambda: len(torch.tensor(1))), attempt(lambda: list(torch.tensor(1))), sorted(torch.tensor([3, 1, 2])))
(p, q), *rest = x
print(p, q, rest, dict(enumerate(x[0])), sum(x[:, 0]), min(x[:, 0]), max(torch.tensor([1.5, 2.5])))
for i, v in enumerate(torch.tensor([1.0, 2.0], requires_grad=True)):
    print(i, v.requires_grad, v.detach())

# -- text of tensors in other texts
t = torch.tensor(1.23456)
print(f"{t:.2f}", f"{t}", f"{t:>10.3f}|", "{:e}".format(t), "%.3f" % t, "%s" % t, str(t), repr(t), f"{t!r}", f"{t!s}")
print("%d" % torch.tensor(3), f"{torch.tensor(3):05d}", f"{torch.tensor(True)}", f"{torch.tensor(1 + 2j)}", f"{torch.tensor(2) * 2}")
print(attempt(lambda: f"{torch.ones(2):.2f}"), f"{torch.ones(2)}", f"{torch.ones(1)}", attempt(lambda: f"{torch.ones(1):5}"))
w = torch.tensor(2.0, requires_grad=True)
print(f"{w}", f"{w * 2:.1f}", f"{w.grad}", w * 2, {"loss": w * 3}, [w], (w.detach(),))

# -- Size
s = torch.Size([2, 3])
print(s, repr(s), str(s), f"{s}", s[0], s[1:], s[-1], s.numel(), len(s), s == (2, 3), (2, 3) == s, hash(s) == hash((2, 3)), list(s))
print(s + (1,), (1,) + s, s * 2, 2 * s, torch.Size(), torch.Size((4,)), torch.Size(range(3)), s + torch.Size([5]), tuple(s), isinstance(s, tuple))
print(torch.ones(2, 3).shape, torch.ones(2, 3).size(), torch.tensor(1).shape, torch.ones(s).shape, torch.Size([np.int64(3), torch.tensor(4)]))
print(attempt(lambda: torch.Size([2.5])), attempt(lambda: torch.Size(["a"])), attempt(lambda: torch.Size(3)), torch.Size([True]))
a, b = s
print(a * b, max(s), sum(s), copy.copy(s), s.index(3), s.count(2), type(s[:1]).__name__, type(s + s).__name__)

# -- DLPack errors
x = torch.ones(2, requires_grad=True)
print(attempt(lambda: x.__dlpack__()), attempt(lambda: np.from_dlpack(x)), x.__dlpack_device__()[1], np.from_dlpack(torch.arange(3)))
print(torch.from_dlpack(np.arange(3)), torch.from_dlpack(np.ones((2, 3)).T), torch.from_dlpack(torch.ones(2)))
n = np.from_dlpack(torch.zeros(2)) if False else np.zeros(2)
t = torch.from_dlpack(n)
t[0] = 3
print(n)
""")  # noqa: E501


@pytest.mark.parametrize("title", PROGRAMS)
def test_prints_what_pytorch_prints(title: str) -> None:
    assert printed(PROGRAMS[title], fg) == printed(PROGRAMS[title], torch)


# -- Two libraries, one memory -------------------------------------------------------------------------------------

DTYPES = ["float16", "float32", "float64", "complex64", "complex128", "bool"] + [
    f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)
]


@pytest.mark.parametrize("dtype", DTYPES)
def test_pytorch_shares_memory_with_a_tensor(dtype: str) -> None:
    ours = fg.zeros(2, 3, dtype=getattr(fg, dtype))
    theirs = torch.from_dlpack(ours)
    theirs[0, 1] = 1
    assert ours[0, 1].item() == 1
    ours[1, 1] = 1
    assert theirs[1, 1].item() == 1
    back = fg.from_dlpack(theirs.T)
    back[0, 0] = 1
    assert ours[0, 0].item() == 1
    assert back.shape == (3, 2)
    assert back.dtype is ours.dtype
    scalar = fg.from_dlpack(torch.tensor(1, dtype=getattr(torch, dtype)))
    assert scalar.shape == ()
    assert scalar.item() == 1


def test_a_reduction_is_shared_too() -> None:
    total = fg.ones(3).sum()
    theirs = torch.from_dlpack(total)
    theirs.add_(1)
    assert total.item() == 4


def test_a_gradient_can_be_exported_and_imported() -> None:
    x = fg.ones(2, requires_grad=True)
    (x * x).sum().backward()
    assert x.grad is not None
    torch.from_dlpack(x.grad).zero_()
    assert x.grad.tolist() == [0.0, 0.0]
    with fg.no_grad():
        x.copy_(fg.from_dlpack(torch.tensor([3.0, 4.0])))
    assert x.tolist() == [3.0, 4.0]


def test_what_dlpack_cannot_give() -> None:
    with pytest.raises(RuntimeError, match=r"bfloat16|dtype"):
        fg.from_dlpack(torch.ones(2, dtype=torch.bfloat16))
    with pytest.raises(TypeError, match="__dlpack__"):
        fg.from_dlpack([1.0])
    copied = fg.from_dlpack(theirs := torch.zeros(2), copy=True)
    copied[0] = 1
    assert theirs.tolist() == [0.0, 0.0]


def test_unwritable_memory() -> None:
    array = np.zeros(2)
    array.flags.writeable = False
    with pytest.warns(UserWarning, match="not writable"):
        t = fg.from_numpy(array)
    with pytest.raises(RuntimeError, match="written to"):
        t[0] = 1
    with pytest.warns(UserWarning, match="not writable"):
        fg.frombuffer(b"ab", dtype=fg.uint8)


def test_negative_strides_are_no_problem() -> None:
    array = np.arange(3.0)
    t = fg.from_numpy(array[::-1])
    t[0] = 9
    assert array.tolist() == [0.0, 1.0, 9.0]


def test_array_conversion_copies_as_it_is_told() -> None:
    t = fg.ones(2)
    assert np.shares_memory(np.array(t, copy=False), t.numpy())
    with pytest.raises(ValueError, match="copy"):
        np.array(t, dtype=np.float64, copy=False)


TAKING_OUT: dict[str, Callable[[fg.Tensor], Any]] = {
    "numpy": lambda x: x.numpy(force=True),
    "asarray": lambda x: np.asarray(x),
    "float": lambda x: float(x[0]),
    "deepcopy": lambda x: copy.deepcopy(x),
    "copy": lambda x: copy.copy(x),
    "pickle": lambda x: pickle.dumps(x),
    "dlpack": lambda x: x.__dlpack__(),
    "save": lambda x: fg.save(x, io.BytesIO()),
}


@pytest.mark.parametrize("name", TAKING_OUT)
def test_nothing_leaves_a_transform(name: str) -> None:
    def f(x: fg.Tensor) -> Any:
        TAKING_OUT[name](x)
        return x.sum()

    with pytest.raises(RuntimeError, match="tracing"):
        fg.grad(f)(fg.ones(2))


def test_the_version_is_a_text() -> None:
    assert re.fullmatch(r"\d+\.\d+.*", fg.__version__)


def test_objects_beside_tensors_stay_objects() -> None:
    x, none, label = np.broadcast_arrays(fg.ones(2), None, "a")
    assert isinstance(x, fg.Tensor)
    assert type(none) is type(label) is np.ndarray
    assert none.tolist() == [None, None]
