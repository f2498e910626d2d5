"""Dtypes, devices and casts: programs that print the same under PyTorch, and what NumPy makes of our dtypes."""

import contextlib
import copy
import importlib.util
import io
import itertools
import pickle
import re
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.tensor.devices import DEFAULT

torch = pytest.importorskip("torch")

NAMES = ["float16", "float32", "float64", "complex64", "complex128", "bool"] + [
    f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)
]

HELPERS = """
def attempt(f):
    try:
        return f()
    except (Exception, AssertionError) as error:
        return type(error).__name__
"""


@pytest.fixture(autouse=True)
def the_defaults_stay() -> Iterator[None]:
    yield
    left = fg.get_default_dtype(), fg.get_default_device()
    fg.set_default_dtype(fg.float32)
    torch.set_default_dtype(torch.float32)
    DEFAULT.set(None)
    assert left == (fg.float32, fg.device("cpu"))


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
# -- names of dtypes
for name in ("float", "double", "half", "int", "long", "short", "cfloat", "cdouble", "chalf", "bool", "bfloat16"):
    print(name, getattr(torch, name), repr(getattr(torch, name)))
for name in ("float16 float32 float64 complex64 complex128 bool int8 int16 int32 int64 uint8 uint16 uint32 uint64").split():
    d = getattr(torch, name)
    print(d, d.itemsize, d.is_floating_point, d.is_complex, d.is_signed, isinstance(d, torch.dtype), d.to_real())
    print(attempt(lambda: d.to_complex()), d is torch.zeros(2, dtype=d).dtype, d == torch.float32, d == name)
print({torch.float: 1}[torch.float32], f"{torch.float64}", [torch.int32], attempt(lambda: torch.float32(3)))

# -- Python types as dtypes
for d in (float, int, bool, complex):
    print(torch.zeros(2, dtype=d), torch.tensor([1, 0], dtype=d), torch.ones(2).to(d))

# -- finfo and iinfo
for d in (torch.float16, torch.float32, torch.float64, torch.complex64, torch.complex128):
    f = torch.finfo(d)
    print(f, f.bits, f.eps, f.max, f.min, f.tiny, f.smallest_normal, f.resolution, f.dtype, type(f.max).__name__)
for d in (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64):
    i = torch.iinfo(d)
    print(i, i.bits, i.max, i.min, i.dtype)
print(torch.finfo(), attempt(lambda: torch.finfo(torch.int64)), attempt(lambda: torch.iinfo(torch.float32)))
print(attempt(lambda: torch.iinfo(torch.bool)), torch.finfo(torch.float) == torch.finfo(torch.float32))

# -- the default dtype
print(torch.get_default_dtype())
for d in (torch.float64, torch.float16, torch.float32):
    torch.set_default_dtype(d)
    print(torch.tensor(1.5), torch.tensor([1, 2]) / 2, torch.zeros(2), torch.arange(3.0), torch.tensor([1]) * 1.5)
    print(torch.ones(2, dtype=torch.float32), torch.ones(2, dtype=torch.float64), torch.finfo().dtype)
    print(torch.get_default_dtype(), torch.ones(1), torch.zeros(0), torch.eye(2), torch.rand(2).dtype, torch.randn(2).dtype)
    print(torch.tensor([1, 2]).sqrt(), torch.tensor([1.0], requires_grad=True), torch.full((2,), 0.5))
    print(torch.result_type(1, 2.0), torch.result_type(torch.tensor([1]), 1.0))
torch.set_default_dtype(torch.float64)
print(torch.tensor(1j), torch.tensor([1]) * 1j, torch.zeros(1, dtype=torch.complex64))
torch.set_default_dtype(torch.float32)
for wrong in (torch.int64, torch.complex64, "float64", np.int64, float, None):
    print(attempt(lambda: torch.set_default_dtype(wrong)))

# -- result_type
i, f, d = torch.tensor([1]), torch.tensor([1.0]), torch.tensor([1.0], dtype=torch.float64)
s, b, c = torch.tensor(1.0, dtype=torch.float64), torch.tensor([True]), torch.tensor(1j)
for x in (i, f, d, s, b, c, 1, 2.0, True, 1j):
    print([str(torch.result_type(x, y)) for y in (i, f, d, s, b, c, 1, 2.0, True, 1j)])
print(attempt(lambda: torch.result_type([1], 1)))

# -- to
x = torch.ones(2, requires_grad=True)
for y in (x.to(torch.float64), x.to(torch.zeros(1, dtype=torch.int64)), x.to("cpu", torch.float16), x.to(dtype=torch.float64),
          x.to(dtype=torch.float64, copy=True), x.to(device="cpu", dtype=torch.float64, non_blocking=True),
          x.to(torch.float64, True, True), x.to(torch.device("cpu"), torch.int32), x.to(torch.float32, copy=True)):
    print(y, y.dtype)
print(x.to() is x, x.to(torch.float32) is x, x.to("cpu") is x, x.to(torch.ones(1)) is x, x.cpu() is x, x.float() is x)
print(x.to(torch.float32, copy=True) is x, x.to("cpu", copy=True) is x)
for wrong in ("float64", "cudax", 1.5, [1]):
    print(attempt(lambda: x.to(wrong)) if wrong != 1.5 else "TypeError")
print(attempt(lambda: x.to(torch.bool)), x.to(torch.bool).requires_grad)
(x.to(torch.float64) * 3).sum().backward()
print(x.grad)
z = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
y = z.to(torch.float32)
print(y.detach(), z.float().detach(), z.to(torch.bool), z.to(torch.int64), z.to(torch.complex128).detach())
y.backward(torch.tensor([1.0, 2.0]))
print(z.grad + 0)
with torch.no_grad():
    print(x.to(torch.float64), x.to(torch.float32) is x)

# -- casts by name
x = torch.tensor([-1.5, 0.0, 2.5])
for y in (x.double(), x.float(), x.half(), x.int(), x.long(), x.short(), x.char(), x.bool(), x.cfloat(), x.cdouble()):
    print(y)
print(torch.tensor([1.0, 300.0]).abs().clamp(max=200).byte(), x.type_as(torch.tensor(1)), x.type_as(x) is x)

# -- type
x = torch.ones(2)
print(x.type(), x.long().type(), x.double().type(), x.half().type(), x.bool().type(), x.cfloat().type(), x.byte().type())
print(x.type(torch.float64), x.type("torch.DoubleTensor"), x.type(dtype=torch.int32), attempt(lambda: x.type("float64")))

# -- questions
x = torch.ones(2, 3)
print(torch.is_tensor(x), torch.is_tensor(np.ones(2)), torch.is_floating_point(x), torch.is_complex(x))
print(x.is_floating_point(), x.is_complex(), x.is_signed(), x.byte().is_signed(), x.cfloat().is_complex(), x.long().is_floating_point())
print(x.element_size(), x.itemsize, x.nbytes, x.double().nbytes, x.cfloat().element_size())
print(attempt(lambda: torch.is_floating_point(1)), attempt(lambda: torch.is_complex(1)))

# -- devices
d = torch.device
print(d("cpu"), repr(d("cpu")), repr(d("cuda:1")), repr(d("cuda", 2)), str(d("cuda", 1)), d(d("cuda:3")), d(type="cuda", index=0))
print(d("cpu") == d("cpu"), d("cpu") == d("cpu", 0), d("cpu") == "cpu", {d("cuda:1"): 5}[d("cuda", 1)], d("cuda:1").type, d("cuda:1").index)
print(d("cpu").index, repr(d("meta")), repr(d("mps")), d("cpu") != d("cuda"))
for wrong in ("foo", "CPU", "", "cuda:", "cuda:x", "cuda:01", "cuda:-1", None, 1.5, "cpu:0:1"):
    print(wrong, attempt(lambda: d(wrong)))
print(attempt(lambda: d("cuda", -1)), attempt(lambda: d("cuda:0", 1)))
x = torch.ones(2)
print(x.device, repr(x.device), x.is_cuda, x.is_cpu, x.get_device(), x.cpu() is x)
print(torch.zeros(2, device="cpu").device, torch.tensor([1.0], device=torch.device("cpu")), torch.rand(2, device="cpu").shape)
print(torch.get_default_device())
with torch.device("cpu"):
    print(torch.zeros(2), torch.get_default_device())
torch.set_default_device("cpu")
print(torch.zeros(1))
torch.set_default_device(None)

# -- without a GPU
x = torch.ones(2)
print(torch.cuda.is_available(), torch.cuda.device_count(), torch.cuda.is_initialized())
print("cuda" if torch.cuda.is_available() else "cpu")
for f in (lambda: x.cuda(), lambda: x.to("cuda"), lambda: x.to("cuda:1"), lambda: torch.zeros(2, device="cuda"), lambda: x.cuda(0),
          lambda: torch.tensor([1.0], device="cuda"), lambda: torch.cuda.current_device(), lambda: torch.cuda.synchronize(),
          lambda: torch.cuda.get_device_name(0)):
    print(attempt(f) if f is not None else None)
print(torch.cuda.manual_seed(1), torch.cuda.manual_seed_all(1), torch.cuda.empty_cache(), torch.cuda.memory_allocated())

# -- calling a class of tensors
T = torch
for f in (lambda: T.Tensor([1, 2]), lambda: T.Tensor(2, 3).shape, lambda: T.Tensor(), lambda: T.Tensor(3).shape, lambda: T.Tensor(3.5),
          lambda: T.Tensor(T.Size([2, 1])).shape, lambda: T.Tensor(np.arange(3)), lambda: T.Tensor((2, 3)), lambda: T.Tensor(range(3)),
          lambda: T.LongTensor(T.ones(2)), lambda: T.LongTensor([1.5]), lambda: T.LongTensor(2).shape, lambda: T.Tensor([True]),
          lambda: T.FloatTensor([[1, 2], [3, 4]]), lambda: T.Tensor("a"), lambda: T.Tensor([1, 2], device="cpu"), lambda: T.FloatTensor,
          lambda: isinstance(T.ones(2), T.FloatTensor), lambda: isinstance(T.ones(2), T.LongTensor), lambda: T.Tensor(np.float32(2)),
          lambda: T.Tensor([T.tensor(1.0), T.tensor(2.0)]), lambda: T.Tensor(2, "a"), lambda: T.BoolTensor([True]), lambda: T.Tensor([]),
          lambda: T.tensor(1).type(T.FloatTensor), lambda: T.FloatTensor.dtype, lambda: T.Tensor(-1), lambda: T.Tensor(True),
          lambda: T.HalfTensor([1]), lambda: T.DoubleTensor([1]), lambda: T.IntTensor([1]), lambda: T.ShortTensor([1]),
          lambda: T.CharTensor([1]), lambda: T.ByteTensor([1]), lambda: T.Tensor(T.tensor([1])), lambda: T.FloatTensor(T.ones(2)),
          lambda: T.Tensor([[1, 2]]).mul_(2).requires_grad_(), lambda: T.Tensor(2, requires_grad=True)):
    print(attempt(f))
x = T.zeros(2)
T.Tensor(x).add_(1)
print(x)

# -- random numbers
g = torch.manual_seed(5)
print(g.initial_seed(), torch.initial_seed(), g.device, repr(g), g is torch.default_generator)
a, s = torch.rand(3), torch.get_rng_state()
b = torch.rand(3)
torch.set_rng_state(s)
print((b == torch.rand(3)).all(), s.dtype, (a == b).any())
torch.manual_seed(5)
print((a == torch.rand(3)).all())
h, k = torch.Generator().manual_seed(5), torch.Generator(device="cpu")
k.manual_seed(5)
print((torch.randn(4, generator=h) == torch.randn(4, generator=k)).all(), h.manual_seed(-1).initial_seed())
k.set_state(h.get_state())
print((torch.randn(4, generator=h) == torch.randn(4, generator=k)).all(), isinstance(torch.seed(), int), isinstance(h.seed(), int))
c = h.clone_state()
print((torch.randn(4, generator=h) == torch.randn(4, generator=c)).all())
print(attempt(lambda: torch.set_rng_state(torch.zeros(3))), attempt(lambda: torch.manual_seed("a")), attempt(lambda: torch.manual_seed(2**64)))
print(torch.manual_seed(torch.tensor(3)).initial_seed(), torch.manual_seed(1.5).initial_seed(), attempt(lambda: torch.rand(2, generator=3)))
for d in (torch.float16, torch.float32, torch.float64, torch.complex64, torch.complex128):
    print(torch.rand(2, dtype=d).dtype, torch.randn(2, dtype=d).dtype, torch.randn(2, 3, dtype=d).shape)
torch.manual_seed(0)
x = torch.randn(20000)
print(abs(x.mean()) < 0.05, abs(x.std() - 1) < 0.05, abs(torch.rand(20000).mean() - 0.5) < 0.02, torch.rand(20000).max() < 1)
z = torch.randn(20000, dtype=torch.complex64)
print(abs((z.abs() ** 2).mean() - 1) < 0.05, torch.rand(20000, dtype=torch.float16).max() < 1)
""")  # noqa: E501


@pytest.mark.parametrize("title", PROGRAMS)
def test_prints_what_pytorch_prints(title: str) -> None:
    if title == "without a GPU" and importlib.util.find_spec("cupy"):
        pytest.skip("with CuPy the errors are those of a PyTorch that was built with CUDA")
    assert printed(PROGRAMS[title], fg) == printed(PROGRAMS[title], torch)


# -- Pairs of dtypes ---------------------------------------------------------------------------------------------


def outcome(f: Callable[..., Any], *args: Any) -> str:
    try:
        return str(f(*args))
    except RuntimeError:
        return "RuntimeError"


@pytest.mark.parametrize("a", NAMES)
def test_every_pair_of_dtypes(a: str) -> None:
    for b in NAMES:
        ours, theirs = (getattr(fg, a), getattr(fg, b)), (getattr(torch, a), getattr(torch, b))
        assert fg.can_cast(*ours) == torch.can_cast(*theirs), (a, b)
        expected = outcome(torch.promote_types, *theirs)
        if expected != "RuntimeError" or "complex" not in a + b:  # wide unsigned integers beside complex numbers work
            assert outcome(fg.promote_types, *ours) == expected, (a, b)


# -- NumPy --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_numpy_takes_our_dtypes_for_its_own(name: str) -> None:
    ours, numpys = getattr(fg, name), np.dtype(name)
    assert np.dtype(ours) is numpys
    assert np.zeros(2, dtype=ours).dtype is numpys
    assert np.ones(2).astype(ours).dtype is numpys
    assert np.array([1], ours).view(ours).dtype is numpys
    assert np.sum(np.ones(2, bool), dtype=ours).dtype is numpys
    assert ours == numpys
    assert numpys == ours
    assert ours == numpys.type
    assert not (ours != numpys)  # noqa: SIM202
    assert hash(ours) == hash(numpys)
    assert {numpys: 1}[ours] == 1
    assert np.result_type(ours, ours) is numpys
    assert np.issubdtype(ours, np.number) == np.issubdtype(numpys, np.number)
    assert (ours.kind, ours.char, ours.type, ours.name) == (numpys.kind, numpys.char, numpys.type, name)
    assert fg.zeros(2, dtype=numpys).dtype is fg.zeros(2, dtype=ours).dtype is ours
    for copied in (copy.copy(ours), copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert copied is ours


def test_different_dtypes_are_different() -> None:
    for a, b in itertools.permutations(NAMES, 2):
        assert getattr(fg, a) != getattr(fg, b)
        assert getattr(fg, a) != np.dtype(b)
        assert np.dtype(b) != getattr(fg, a)


def test_the_functional_interface_takes_our_dtypes() -> None:
    x = np.arange(3, dtype=fg.float64)
    gradient = fg.grad(lambda x: (x.astype(fg.float32) ** 2).sum(dtype=fg.float64))(x)
    assert gradient.dtype == fg.float64
    np.testing.assert_array_equal(gradient, 2 * x)


@pytest.mark.parametrize("missing", ["bfloat16", "complex32"])
def test_what_numpy_has_not_is_refused_at_every_use(missing: str) -> None:
    dtype = getattr(fg, missing)
    assert dtype == dtype
    assert dtype != fg.float32
    assert {dtype: 1}[dtype] == 1
    assert pickle.loads(pickle.dumps(dtype)) is dtype
    uses: list[Callable[[], Any]] = [
        lambda: fg.zeros(2, dtype=dtype),
        lambda: fg.tensor([1.0], dtype=dtype),
        lambda: fg.ones(2).to(dtype),
        lambda: np.zeros(2, dtype=dtype),
        lambda: fg.finfo(dtype),
        lambda: dtype.itemsize,
        lambda: fg.promote_types(dtype, fg.float32),
    ]
    for use in uses:
        with pytest.raises(TypeError, match="NumPy has no such dtype"):
            use()
    with pytest.raises(TypeError, match="bfloat16"):
        fg.ones(2).bfloat16()


# -- Devices with a stand-in for CuPy -------------------------------------------------------------------------------


class FakeArray(np.ndarray[Any, Any]):
    """An array "on a GPU"."""

    @property
    def device(self) -> Any:  # type: ignore[override]
        return types.SimpleNamespace(id=getattr(self, "gpu", 0))

    def get(self) -> Any:
        return np.array(self)


class FakeDevice:
    current = 0

    def __init__(self, index: int) -> None:
        self.index = index

    def __enter__(self) -> None:
        self.outer, FakeDevice.current = FakeDevice.current, self.index

    def __exit__(self, *error: object) -> None:
        FakeDevice.current = self.outer


def on_fake_gpu(x: Any) -> Any:
    array = np.array(x).view(FakeArray)
    array.gpu = FakeDevice.current  # type: ignore[attr-defined]
    return array


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module: Any = ModuleType("cupy")
    module.ndarray = FakeArray
    module.asarray = on_fake_gpu
    runtime = types.SimpleNamespace(getDeviceCount=lambda: 2, getDevice=lambda: FakeDevice.current)
    module.cuda = types.SimpleNamespace(runtime=runtime, Device=FakeDevice)
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module  # type: ignore[no-any-return]


@pytest.mark.usefixtures("cupy")
def test_moving_to_a_gpu_and_back() -> None:
    assert fg.cuda.is_available()
    assert fg.cuda.device_count() == 2
    x = fg.ones(2)
    y = x.to("cuda:1")
    assert isinstance(y.payload, FakeArray)
    assert repr(y.device) == "device(type='cuda', index=1)"
    assert y.is_cuda
    assert y.get_device() == 1
    assert repr(y) == "tensor([1., 1.], device='cuda:1')"
    assert y.type() == "torch.cuda.FloatTensor"
    assert y.to("cuda:1") is y
    assert y.to("cuda:1", fg.float32) is y
    assert x.cuda().device == fg.device("cuda:0")
    assert y.cuda().device == fg.device("cuda:0")
    assert y.cuda(1) is y
    assert y.cpu().is_cpu
    assert x.to(y).device == y.device
    assert fg.device(1) == fg.device("cuda:1")
    assert fg.zeros(2, device="cuda").is_cuda
    with pytest.raises(TypeError, match="cpu"):
        y.numpy()
    assert type(y.numpy(force=True)) is np.ndarray
    with fg.device("cuda:1"):
        assert fg.tensor([1.0]).device == fg.device("cuda:1")
    with pytest.raises(RuntimeError, match="no GPU 2"):
        x.to("cuda:2")


@pytest.mark.usefixtures("cupy")
def test_a_gradient_comes_back_from_the_gpu() -> None:
    x = fg.ones(2, requires_grad=True)
    y = x.to("cuda:1")
    assert y.grad_fn is not None
    assert y.grad_fn.name() == "ToCopyBackward0"
    (y * y).sum().backward()
    assert x.grad is not None
    assert x.grad.is_cpu
    assert x.grad.tolist() == [2.0, 2.0]


def test_other_devices_are_refused() -> None:
    for kind in ("mps", "meta", "xpu"):
        with pytest.raises(NotImplementedError, match="live on"):
            fg.zeros(2, device=kind)
        with pytest.raises(NotImplementedError, match="live on"):
            fg.ones(2).to(kind)
    if not fg.cuda.is_available():
        with pytest.raises((RuntimeError, AssertionError), match="CuPy is installed"):
            fg.Generator("cuda")
    with pytest.raises(NotImplementedError, match="memory_format"):
        fg.ones(2).to(fg.float64, memory_format="channels_last")


def test_random_states() -> None:
    with pytest.raises(TypeError, match="uint8"):
        fg.set_rng_state(fg.zeros(48))
    with pytest.raises(RuntimeError, match="48 bytes"):
        fg.set_rng_state(fg.zeros(3, dtype=fg.uint8))
    g = fg.Generator().manual_seed(3)
    fg.randn(3, dtype=fg.float16, generator=g)
    restored = pickle.loads(pickle.dumps(g))
    assert restored.initial_seed() == 3
    assert fg.randn(5, generator=g).tolist() == fg.randn(5, generator=restored).tolist()
