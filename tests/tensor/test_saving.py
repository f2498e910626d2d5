"""Saving and loading: everything that is written comes back, and no file runs code."""

import contextlib
import io
import json
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funcgrad as fg
from funcgrad.tensor import tensorfile

DTYPES = ["float16", "float32", "float64", "complex64", "complex128", "bool"] + [
    f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)
]


def written(obj: Any) -> bytes:
    file = io.BytesIO()
    fg.save(obj, file)
    return file.getvalue()


def returned(obj: Any, **options: Any) -> Any:
    return fg.load(io.BytesIO(written(obj)), **options)


# -- What comes back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (0, 3), (2, 3), (2, 1, 3)])
def test_tensors_of_all_dtypes_and_shapes(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.asarray(np.arange(np.prod(shape)).reshape(shape) * (1 + 2j if "complex" in dtype else 1)).astype(dtype)
    t = returned(fg.from_numpy(array))
    assert t.dtype is getattr(fg, dtype)
    assert t.shape == shape
    assert not t.requires_grad
    np.testing.assert_array_equal(t.numpy(), array)
    if t.numel():
        t[...] = 0  # it owns its memory
    for transposed in (fg.from_numpy(array).T, fg.from_numpy(array[::-1] if shape else array)):
        np.testing.assert_array_equal(returned({"t": transposed})["t"].numpy(), transposed.numpy())


PLAIN: list[Any] = [
    *(None, True, False, 0, -(2**70), 1.5, -0.0, 1e300, "", "text", "\ud800 ü\n", b"", b"\x00\xff", 1 + 2j, (), [], {}),
    *((1, [2, (3,)]), {1: "a", "1": "b", (2, 3): [None], None: 0, False: 1.0}, {1, 2}, frozenset({"a"}), [[[]]]),
    *(float("inf"), -float("inf"), complex(float("inf"), -0.0), OrderedDict(b=1, a=2), {"float": 1}, {"tensor": "x"}),
    *(fg.float32, fg.bool, fg.bfloat16, fg.Size([2, 3]), fg.device("cuda:1"), fg.device("cpu")),
    *(np.float32(0.1), np.int8(3), np.bool_(True), np.complex64(1j)),
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values(value: Any) -> None:
    for wrapped in (value, [value], {"key": (value, value)}):
        copy = returned(wrapped)
        assert copy == wrapped
        assert repr(copy) == repr(wrapped)  # types and the sign of zero too


def test_nan_and_arrays() -> None:
    assert np.isnan(returned(float("nan")))
    array = returned({"a": np.arange(6.0).reshape(2, 3).T})["a"]
    assert type(array) is np.ndarray
    np.testing.assert_array_equal(array, np.arange(6.0).reshape(2, 3).T)


def test_leaves_require_gradients_again() -> None:
    x = fg.ones(2, requires_grad=True)
    (x * x).sum().backward()
    leaf, computed = returned([x, x * 2])
    assert repr(leaf) == "tensor([1., 1.], requires_grad=True)"
    assert repr(computed) == "tensor([2., 2.], requires_grad=True)"
    assert leaf.grad is None
    assert computed.is_leaf


def test_memory_is_shared_again() -> None:
    a = fg.arange(6.0)
    again, tail, same, matrix, alias = returned([a, a[2:], a, a.reshape(2, 3).T, a.detach()])
    assert same is again
    assert alias is not again
    again[3] = 10
    assert (tail[1].item(), matrix[0, 1].item(), alias[3].item()) == (10, 10, 10)
    first, second = returned((a[:3], a[3:]))
    assert not np.shares_memory(first.numpy(), second.numpy())
    reverse, forward = returned((fg.from_numpy(np.arange(3)[::-1]), 1))
    assert reverse.tolist() == [2, 1, 0]
    assert forward == 1


def test_a_part_of_a_large_array_takes_little_space() -> None:
    large = fg.zeros(100_000)
    assert len(written(large[:10])) < 1000
    assert len(written([large[:10], large[5:20]])) < 1000
    assert len(written({"a": large, "b": large})) < 401_000


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(allow_nan=False),
            st.text(),
            st.binary(),
            hnp.arrays(st.sampled_from(DTYPES), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)),
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.one_of(st.text(), st.integers()), inner, max_size=3),
            st.tuples(inner, inner),
        ),
        max_leaves=8,
    )
)
def test_drawn_structures(value: Any) -> None:
    assert_same(returned(as_tensors(value)), as_tensors(value))


def as_tensors(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return fg.from_numpy(value)
    if isinstance(value, list | tuple):
        return type(value)(as_tensors(item) for item in value)
    return {key: as_tensors(item) for key, item in value.items()} if isinstance(value, dict) else value


def assert_same(a: Any, b: Any) -> None:
    assert type(a) is type(b)
    if isinstance(a, fg.Tensor):
        assert a.dtype is b.dtype
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            assert_same(a[key], b[key])
    else:
        assert a == b


# -- Files ----------------------------------------------------------------------------------------------------------


def test_paths(tmp_path: Path) -> None:
    for path in (tmp_path / "a.pt", str(tmp_path / "b.pt")):
        fg.save({"w": fg.ones(2)}, path)
        assert fg.load(path)["w"].tolist() == [1.0, 1.0]
    with pytest.raises(FileNotFoundError):
        fg.load(tmp_path / "none")


def test_what_cannot_be_saved_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "a"
    fg.save(1, path)
    with pytest.raises(TypeError, match=r"function \(at 'model.hook'\)"):
        fg.save({"model": {"hook": lambda: 1}}, path)
    assert fg.load(path) == 1

    class Number(int):
        pass

    for other in (Number(1), np.array(["a"]), np.ones(2, np.longdouble), object(), range(3), fg.Generator()):
        with pytest.raises(TypeError, match="cannot write"):
            fg.save([other], path)


def test_a_dict_of_tensors_is_an_ordinary_file() -> None:
    data = written({"layer.weight": fg.ones(2, 3), "layer.bias": fg.zeros(3), "step": 4})
    arrays, metadata = tensorfile.decode(data)
    assert sorted(arrays) == ["layer.bias", "layer.weight"]
    assert list(metadata) == ["funcgrad"]
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert header["layer.weight"]["dtype"] == "F32"
    assert header["layer.weight"]["shape"] == [2, 3]


def test_files_of_other_programs() -> None:
    parts = tensorfile.encode({"b": np.arange(3), "a": np.float32(1) * np.ones((2, 2), np.float32)}, {"format": "pt"})
    loaded = fg.load(io.BytesIO(b"".join(parts)))
    assert loaded["b"].tolist() == [0, 1, 2]
    assert loaded["a"].dtype is fg.float32
    assert fg.load(io.BytesIO(b"".join(tensorfile.encode({}, {})))) == {}


def test_every_length_of_header_is_told_from_a_pickle() -> None:
    for count in range(0, 200, 7):
        name = "n" * count
        assert list(returned({name: fg.zeros(1)})) == [name]


# -- Where to ---------------------------------------------------------------------------------------------------------


def test_map_location() -> None:
    obj = {"a": fg.ones(2), "b": 1}
    calls: list[str] = []

    def stay(tensor: Any, location: str) -> Any:
        calls.append(location)
        return tensor

    for where in (
        None,
        "cpu",
        fg.device("cpu"),
        {"cuda:0": "cpu"},
        {"cpu": "cpu"},
        stay,
        lambda tensor, location: None,
    ):
        assert returned(obj, map_location=where)["a"].tolist() == [1.0, 1.0]
    assert calls == ["cpu"]
    with pytest.raises(RuntimeError, match="map_location"):
        returned(obj, map_location="cuda")
    with pytest.raises(NotImplementedError, match="mmap"):
        returned(obj, mmap=True)


def test_a_file_from_a_gpu_says_what_to_do() -> None:
    data = written({"a": fg.ones(2)}).replace(b'\\"device\\": \\"cpu\\"', b'\\"device\\":\\"cuda\\"')
    with pytest.raises(RuntimeError, match="map_location='cpu'"):
        fg.load(io.BytesIO(data))
    assert fg.load(io.BytesIO(data), map_location="cpu")["a"].tolist() == [1.0, 1.0]
    assert fg.load(io.BytesIO(data), map_location={"cuda": "cpu"})["a"].tolist() == [1.0, 1.0]


# -- Files that are not to be trusted --------------------------------------------------------------------------------


class Evil:
    def __reduce__(self) -> Any:
        return pytest.fail, ("code of the file has run",)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_refused(protocol: int) -> None:
    data = pickle.dumps(Evil(), protocol)
    with pytest.raises(pickle.UnpicklingError, match="weights_only=False"):
        fg.load(io.BytesIO(data))
    trusted = pickle.dumps({"a": fg.ones(2)}, protocol)
    assert fg.load(io.BytesIO(trusted), weights_only=False)["a"].tolist() == [1.0, 1.0]


def from_pytorch(obj: Any, **options: Any) -> Any:
    torch = pytest.importorskip("torch")
    file = io.BytesIO()
    torch.save(obj, file)
    file.seek(0)
    return fg.load(file, **options)


def test_weights_that_pytorch_saved() -> None:
    torch = pytest.importorskip("torch")
    for dtype in DTYPES:
        t = torch.arange(6).reshape(2, 3).to(getattr(torch, dtype)) * (2j if "complex" in dtype else 1)
        for theirs in (t, t.T, t[:, 1:], t[0, 1], t[:0]):
            ours = from_pytorch(theirs)
            assert str(ours.dtype) == str(theirs.dtype)
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    a = torch.ones(3)
    loaded = from_pytorch(
        {"a": a, "tail": a[1:], "n": [1, 2.5, None, "x", (True, 1j)], "s": a.shape, "d": torch.float32}
    )
    loaded["a"][2] = 7
    assert loaded["tail"].tolist() == [1.0, 7.0]
    assert loaded["n"] == [1, 2.5, None, "x", (True, 1j)]
    assert (loaded["s"], loaded["d"]) == (fg.Size([3]), fg.float32)
    assert from_pytorch(torch.tensor([1.5, -2.0], dtype=torch.bfloat16)).tolist() == [1.5, -2.0]
    assert from_pytorch(torch.ones(2, requires_grad=True), map_location="cpu").requires_grad
    assert from_pytorch([b"\x00\xff", {1, 2}, torch.device("cpu")]) == [b"\x00\xff", {1, 2}, fg.device("cpu")]


def test_a_training_state_that_pytorch_saved() -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(4, 2)).sum().backward()
    optimizer.step()
    loaded = from_pytorch({"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    assert type(loaded["model"]) is OrderedDict
    for name, theirs in model.state_dict().items():
        np.testing.assert_array_equal(loaded["model"][name].numpy(), theirs.numpy())
    state = optimizer.state_dict()["state"][0]["exp_avg"]
    np.testing.assert_array_equal(loaded["optimizer"]["state"][0]["exp_avg"].numpy(), state.numpy())


@pytest.mark.parametrize("weights_only", [True, False])
def test_code_in_a_file_of_pytorch_does_not_run(weights_only: bool) -> None:
    torch = pytest.importorskip("torch")
    for obj in (Evil(), {"a": [Evil()]}, torch.nn.Linear(2, 3), np.ones(2), print):
        with pytest.raises(pickle.UnpicklingError, match="state_dict"):
            from_pytorch(obj, weights_only=weights_only)
    for broken in (b"PK\x03\x04", b"PK\x03\x04" + bytes(100)):
        with pytest.raises(RuntimeError, match="cannot be loaded"):
            fg.load(io.BytesIO(broken))


GOOD = written({"a": fg.arange(4.0), "b": [fg.tensor(1j), fg.tensor([1])]})


def changed(old: bytes, new: bytes) -> bytes:
    """Change the header, and its length with it."""
    length = int.from_bytes(GOOD[:8], "little")
    header = GOOD[8 : 8 + length]
    assert old in header
    header = header.replace(old, new)
    return len(header).to_bytes(8, "little") + header + GOOD[8 + length :]


BROKEN: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "short": lambda: GOOD[:5],
    "cut": lambda: GOOD[:-1],
    "longer": lambda: GOOD + b"0",
    "text": lambda: b"This is a text that is no file of tensors at all",
    "no JSON": lambda: changed(b"{", b"("),
    "a list": lambda: (2).to_bytes(8, "little") + b"[]",
    "dtype": lambda: changed(b'"F32"', b'"BF16"'),
    "shape": lambda: changed(b'"shape":[4]', b'"shape":[5]'),
    "negative shape": lambda: changed(b'"shape":[4]', b'"shape":[-4]'),
    "no shape": lambda: changed(b'"shape":[4]', b'"shape":4'),
    "overlap": lambda: changed(b"[0,8]", b"[0,16]"),
    "no place": lambda: changed(b'"data_offsets"', b'"offsets"'),
    "object dtype": lambda: changed(rb"\"dtype\": \"float32\"", rb"\"dtype\": \"O\""),
    "other dtype": lambda: changed(rb"\"dtype\": \"float32\"", rb"\"dtype\": \"int32\""),
    "unknown name": lambda: changed(rb"\"name\": \"a\"", rb"\"name\": \"z\""),
    "unknown kind": lambda: changed(rb"{\"dict\":", rb"{\"eval\":"),
    "unknown class": lambda: changed(rb"\"name\": \"a\"", rb"\"name\": \"a\", \"class\": \"os.system\""),
    "version": lambda: changed(rb"{\"version\": 1", rb"{\"version\": 9"),
    "no structure": lambda: changed(rb"\"object\"", rb"\"subject\""),
    "outside": lambda: changed(
        rb"\"name\": \"a\"", rb"\"name\": \"a\", \"shape\": [4], \"strides\": [4], \"offset\": 4"
    ),
    "far outside": lambda: changed(
        rb"\"name\": \"a\"", rb"\"name\": \"a\", \"shape\": [4], \"strides\": [400000], \"offset\": 0"
    ),
    "before": lambda: changed(
        rb"\"name\": \"a\"", rb"\"name\": \"a\", \"shape\": [4], \"strides\": [-4], \"offset\": 0"
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused(name: str) -> None:
    with pytest.raises(RuntimeError, match="cannot be loaded"):
        fg.load(io.BytesIO(BROKEN[name]()))


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255))
def test_a_changed_byte_is_refused_or_harmless(place: int, byte: int) -> None:
    data = bytearray(GOOD)
    data[place] = byte
    with contextlib.suppress(RuntimeError, pickle.UnpicklingError):
        fg.load(io.BytesIO(bytes(data)))


# -- State dicts ------------------------------------------------------------------------------------------------------


def test_a_state_dict_in_the_form_of_modules_and_optimizers() -> None:
    weights: Any = OrderedDict({"0.weight": fg.ones(2, 3), "0.bias": fg.zeros(2)})
    weights._metadata = OrderedDict({"": {"version": 1}})
    state = {
        "model": weights,
        "optimizer": {
            "state": {0: {"step": fg.tensor(3.0), "exp_avg": fg.ones(2, 3)}, 1: {"step": fg.tensor(3.0)}},
            "param_groups": [
                {"lr": 0.001, "betas": (0.9, 0.999), "maximize": False, "foreach": None, "params": [0, 1]}
            ],
        },
        "epoch": 7,
    }
    loaded = returned(state)
    assert_same(loaded["optimizer"], state["optimizer"])
    assert type(loaded["model"]) is OrderedDict
    assert loaded["model"]._metadata == weights._metadata
    assert_same(dict(loaded["model"]), dict(weights))


def test_modules_and_optimizers() -> None:
    nn, optim = pytest.importorskip("funcgrad.nn"), pytest.importorskip("funcgrad.optim")
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    x = fg.randn(5, 3)
    for _ in range(2):
        optimizer.zero_grad()
        model(x).square().sum().backward()
        optimizer.step()
    saved = returned({"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    again = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    resumed = optim.Adam(again.parameters(), lr=0.5)
    again.load_state_dict(saved["model"])
    resumed.load_state_dict(saved["optimizer"])
    for net, opt in ((model, optimizer), (again, resumed)):
        opt.zero_grad()
        net(x).square().sum().backward()
        opt.step()
    for p, q in zip(model.parameters(), again.parameters(), strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())


def test_a_parameter_stays_one() -> None:
    nn = pytest.importorskip("funcgrad.nn")
    parameter = returned([nn.Parameter(fg.ones(2))])[0]
    assert type(parameter) is nn.Parameter
    assert parameter.requires_grad


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorfile, "library", None)
    with pytest.raises(ImportError, match=r"funcgrad\[save\]"):
        fg.save(fg.ones(2), io.BytesIO())
    with pytest.raises(ImportError, match=r"funcgrad\[save\]"):
        fg.load(io.BytesIO(b"12345678{}"))


def test_the_library_reads_what_is_saved() -> None:
    numpy_format = pytest.importorskip("safetensors.numpy")
    file = io.BytesIO()
    fg.save({"a": fg.arange(6).reshape(2, 3).T, "b": fg.tensor(1.5)}, file)
    arrays = list(numpy_format.load(file.getvalue()).values())
    assert sorted(array.shape for array in arrays) == [(), (3, 2)]


def test_a_file_of_brain_floats_is_refused() -> None:
    header = b'{"x":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'
    header += b" " * (-len(header) % 8)
    with pytest.raises(RuntimeError, match="BF16"):
        fg.load(io.BytesIO(len(header).to_bytes(8, "little") + header + b"\0\0"))
