"""The text of a tensor, compared with PyTorch to the character."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import funcgrad as fg
from funcgrad.tensor import printing
from funcgrad.tensor.printing import dtype_name, format_scalar, format_tensor, printoptions, set_printoptions

torch = pytest.importorskip("torch")

Array = NDArray[Any]
nan, inf = np.nan, np.inf

DTYPES = (
    ["float16", "float32", "float64", "complex64", "complex128", "bool"]
    + [f"int{bits}" for bits in (8, 16, 32, 64)]
    + [f"uint{bits}" for bits in (8, 16, 32, 64)]
)


# ------------------------------------------------------------------------------------------------ the oracle


@pytest.fixture(autouse=True)
def _default_options() -> Iterator[None]:
    """Every test starts from the default options and must leave them."""
    assert printing._options.get() == printing.PROFILES["default"]
    yield
    left = printing._options.get()
    _set_both(profile="default")
    torch.set_default_dtype(torch.float32)
    assert left == printing.PROFILES["default"]


def _set_both(**options: Any) -> None:
    set_printoptions(**options)
    torch.set_printoptions(**options)


def _torch_tensor(array: Array) -> Any:
    return torch.from_numpy(np.array(array, order="C"))  # a copy: torch refuses scalars and read-only arrays


def assert_agrees(
    array: Array, *, requires_grad: bool = False, recorded: bool = False, default: str = "float32", **options: Any
) -> None:
    """`format_tensor` writes what PyTorch writes under the same options and default dtype."""
    tensor = _torch_tensor(array).requires_grad_(requires_grad)
    if recorded:
        tensor = tensor.clone()
    torch.set_default_dtype(getattr(torch, default))
    _set_both(**options)
    try:
        ours = format_tensor(
            array,
            requires_grad=requires_grad,
            grad_fn="CloneBackward0" if recorded else None,
            default_dtype=np.dtype(default),
        )
        assert ours == repr(tensor)
    finally:
        _set_both(profile="default")
        torch.set_default_dtype(torch.float32)


# ---------------------------------------------------------------------------------------------- chosen arrays


def _f32(*values: Any) -> Array:
    return np.array(values, np.float32)


def _f64(*values: Any) -> Array:
    return np.array(values, np.float64)


def _c64(*values: Any) -> Array:
    return np.array(values, np.complex64)


ARRAYS: dict[str, Array] = {
    # whole numbers, fixed, scientific
    "ones 3x3 (S15)": np.ones((3, 3), np.float32),
    "gradient 4.5 (S20)": np.full((2, 2), 4.5, np.float32),
    "gradient by v (S32)": _f32(0.2, 2.0, 0.002),
    "true (S49)": np.array(True),
    "data times 100 (S59)": _f32(100),
    "negative whole": _f32(-1, 20, -300),
    "mixed fractions": _f32(-1.5, 20, -300.25),
    "rounds up a digit": _f32(9.99999, 1.5),
    "rounds to zero": _f32(0.00011, 0.1),
    "ratio 1000, whole": _f32(1, 1000),
    "ratio above 1000, whole": _f32(1, 1001),
    "ratio 1000": _f32(0.5, 500),
    "ratio above 1000": _f32(0.5, 500.5),
    "largest 1e8, whole": _f32(1e8),
    "above 1e8, whole": _f64(1e8 + 1),
    "largest 1e8": _f64(1e8 - 0.5, 5e7),
    "above 1e8": _f64(1e8 + 0.5, 5e7),
    "float32 below 1e-4": _f32(1e-4),
    "float64 at 1e-4": _f64(1e-4),
    "above 1e-4": _f32(1.0001e-4),
    "halves round to even": _f64(0.00025, 0.00035, 0.5),
    "denormal float16": np.array([6e-8], np.float16),
    "denormal float32": _f32(1e-45),
    "denormal float64": _f64(5e-324),
    "all of float64": _f64(5e-324, 1.7976931348623157e308),
    "all of float16": np.array([65504, 6e-8], np.float16),
    "beyond exact integers": _f64(2.0**53, 2.0**53 + 2),
    # zeros and what is not finite
    "zeros": np.zeros((2, 3), np.float32),
    "signed zeros": _f32(0, -0.0),
    "signed zeros beside fractions": _f32(0, -0.0, 0.5),
    "signed zeros beside small": _f32(0, -0.0, 1e-9),
    "many negative zeros": np.full(40, -0.0, np.float32),
    "nan": _f32(nan),
    "nan and inf": _f32(nan, inf, -inf),
    "inf among whole": _f32(1, inf, -inf),
    "inf among fractions": _f32(0.5, inf, -inf, nan),
    "inf among scientific": _f32(1e-9, inf, -inf, nan, 0),
    "many infinities": np.full(60, -inf, np.float32),
    # integers and bool
    "int64": np.arange(12).reshape(3, 4),
    "int64 extremes": np.array([np.iinfo(np.int64).min, np.iinfo(np.int64).max, 0]),
    "uint64 extreme": np.array([2**64 - 1, 1], np.uint64),
    "int32": np.array([-5, 10], np.int32),
    "bool": np.array([[True, False], [False, True]]),
    # complex
    "complex whole": _c64(1 + 2j, -3 - 40j),
    "complex fractions": _c64(1.5 + 2.25j, -3 - 40j),
    "complex, styles differ": _c64(1e-5 + 1j, 2.5 + 3j),
    "complex, imaginary part scientific": _c64(1 + 1e9j, 2.5),
    "complex not finite": np.array([complex(nan, 0), complex(0, -0.0), complex(0, inf), complex(-inf, nan)]),
    "complex128": np.array([1j, 2.5]),
    "complex long": np.full((2, 30), 1.5 - 2j, np.complex64),
    # shapes
    "0-d whole": np.array(27, np.float32),
    "0-d float": np.array(0.1, np.float32),
    "0-d small": np.array(1e-5, np.float32),
    "0-d int": np.array(3),
    "0-d complex": np.array(1.5 - 2j, np.complex64),
    "0-d float64": np.array(2.5),
    "empty": np.zeros(0, np.float32),
    "empty 0x3": np.zeros((0, 3), np.float32),
    "empty 2x0x3": np.zeros((2, 0, 3), np.float64),
    "empty int64": np.zeros(0, np.int64),
    "empty bool": np.zeros((1, 0), bool),
    "empty complex64": np.zeros((3, 0), np.complex64),
    "one element, four axes": np.ones((1, 1, 1, 1), np.float32),
    "three axes": np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 8,
    "four axes": np.arange(16).reshape(2, 2, 2, 2),
    "transposed": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "wrapped": np.arange(100),
    "wrapped fractions": np.arange(60, dtype=np.float32) / 7,
    "wrapped rows": np.arange(90).reshape(3, 30) * 1000,
    # summaries
    "at the threshold": np.arange(1000),
    "above the threshold": np.arange(1001),
    "summary of rows": np.arange(4000, dtype=np.float32).reshape(2, 2000),
    "summary of columns": np.arange(4000, dtype=np.float64).reshape(2000, 2),
    "summary of all axes": np.arange(2000, dtype=np.float32).reshape(2, 10, 10, 10) / 100,
    "summary of wide rows": np.full((7, 500), 1e300),
    "summary hides the only fraction": np.where(np.arange(2000) == 1000, 0.5, 1.0),
    "summary of complex": np.arange(2000).astype(np.complex64).reshape(8, 250),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_chosen_array(name: str) -> None:
    array = ARRAYS[name]
    assert_agrees(array)
    if array.dtype.kind in "fc":
        assert_agrees(array, requires_grad=True)
        assert_agrees(array, requires_grad=True, recorded=True)


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("default", ["float16", "float64"])
def test_default_dtype(name: str, default: str) -> None:
    assert_agrees(ARRAYS[name], default=default)


@pytest.mark.parametrize(
    ("array", "suffix", "text"),
    [
        (np.ones((2, 2)), {"requires_grad": True}, "[[1., 1.],\n        [1., 1.]], requires_grad=True"),
        (np.full((2, 2), 3), {"grad_fn": "AddBackward0"}, "[[3., 3.],\n        [3., 3.]], grad_fn=<AddBackward0>"),
        (np.array(27), {"grad_fn": "MeanBackward0", "requires_grad": True}, "27., grad_fn=<MeanBackward0>"),
        (np.full((2, 2), 4.5), {}, "[[4.5000, 4.5000],\n        [4.5000, 4.5000]]"),
        (np.array([100]), {"requires_grad": True}, "[100.], requires_grad=True"),
    ],
    ids=["S16", "S17", "S19", "S20", "S59"],
)
def test_seed_texts(array: Array, suffix: dict[str, Any], text: str) -> None:
    """The texts of the seed programs, word for word."""
    assert format_tensor(array.astype(np.float32), **suffix) == f"tensor({text})"


# ------------------------------------------------------------------------------------------- lines and suffixes


@pytest.mark.parametrize("linewidth", range(0, 90, 3))
def test_suffixes_wrap(linewidth: int) -> None:
    for array in (np.arange(7.0), np.zeros((0, 3), np.float16), np.ones((2, 3), np.complex128)):
        assert_agrees(array, requires_grad=True, linewidth=linewidth)
        assert_agrees(array, requires_grad=True, recorded=True, linewidth=linewidth, edgeitems=0)


@pytest.mark.parametrize("count", range(30))
def test_every_length_of_a_line(count: int) -> None:
    assert_agrees(np.arange(count, dtype=np.float64), requires_grad=True)
    assert_agrees(np.arange(count, dtype=np.int16))


def test_device_stands_before_size_and_dtype() -> None:
    """PyTorch's meta device shows the order without a GPU."""
    tensor = torch.empty(0, 3, device="meta", dtype=torch.float64)
    ours = format_tensor(np.empty((0, 3)), device="meta")
    assert ours.replace("[]", "...") == repr(tensor)
    assert format_tensor(np.ones(1, np.float32), device="cuda:0") == "tensor([1.], device='cuda:0')"


@pytest.mark.parametrize("array", [np.arange(40), np.ones((2, 1500)), np.zeros((0, 2), np.int8)])
def test_prefix_sets_the_indent(array: Array) -> None:
    """A subclass prints its own name."""
    subclass = type("Odd", (torch.Tensor,), {})
    assert format_tensor(array, prefix="Odd(") == repr(_torch_tensor(array).as_subclass(subclass))


# -------------------------------------------------------------------------------------------------- options

OPTIONS: list[dict[str, Any]] = [
    {"precision": 0},
    {"precision": 2},
    {"precision": 10},
    {"precision": 0, "sci_mode": True},
    {"threshold": 5},
    {"threshold": 0, "edgeitems": 1},
    {"threshold": 0, "edgeitems": 0},
    {"threshold": 10.5, "edgeitems": 2},
    {"linewidth": 0},
    {"linewidth": 33},
    {"linewidth": 200},
    {"profile": "short"},
    {"profile": "full"},
    {"profile": "short", "precision": 3, "linewidth": 50},
    {"sci_mode": True},
    {"sci_mode": False},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options(options: dict[str, Any]) -> None:
    for array in ARRAYS.values():
        assert_agrees(array, **options)


def test_options_accumulate_but_sci_mode_is_reset() -> None:
    steps: list[dict[str, Any]] = [
        {"sci_mode": True},
        {"precision": 2},
        {"linewidth": 40, "sci_mode": False},
        {"profile": "short"},
        {"threshold": 5},
        {"profile": "default"},
    ]
    for step in steps:
        _set_both(**step)
        ours, theirs = printing._options.get(), torch._tensor_str.PRINT_OPTS
        for name in ours.__slots__:
            assert getattr(ours, name) == getattr(theirs, name)


def test_printoptions_ends_with_its_block() -> None:
    array = _f32(0.5)
    with printoptions(precision=1):
        with printoptions(sci_mode=True):
            assert format_tensor(array) == "tensor([5.0e-01])"
        assert format_tensor(array) == "tensor([0.5])"
    assert format_tensor(array) == "tensor([0.5000])"


def test_printoptions_ends_with_an_error() -> None:
    with pytest.raises(KeyError), printoptions(precision=1):
        raise KeyError
    assert format_tensor(_f32(0.5)) == "tensor([0.5000])"


def test_options_belong_to_their_thread() -> None:
    texts: list[str] = []

    def elsewhere() -> None:
        texts.append(format_tensor(_f32(0.5)))
        set_printoptions(precision=7)

    with printoptions(precision=1):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert format_tensor(_f32(0.5)) == "tensor([0.5])"
    assert texts == ["tensor([0.5000])"]


@pytest.mark.parametrize("options", [{"profile": "tall"}, {"edgeitems": -1}, {"precision": -1}], ids=str)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    name, value = next(iter(options.items()))
    with pytest.raises(ValueError, match=name) as raised:
        set_printoptions(**options)
    assert str(value) in str(raised.value)


# ------------------------------------------------------------------------------------------ format and dtypes


def _text_or_complaint(form: Callable[[Any, str], str], value: Any, spec: str) -> str:
    try:
        return form(value, spec)
    except ValueError as error:
        return repr(error)


@pytest.mark.parametrize("spec", ["", ".2f", ".3e", ">12", "08.3f", "+", "g", "d", "x", "s", "?"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_format_of_a_scalar(dtype: str, spec: str) -> None:
    for value in (0.1, 1, 17.0, 0):
        scalar = np.array(value).astype(dtype)
        expected = _text_or_complaint(format, _torch_tensor(scalar), spec)
        assert _text_or_complaint(format_scalar, scalar, spec) == expected
        assert _text_or_complaint(format_scalar, scalar[()], spec) == expected


def test_seed_scalars_in_f_strings() -> None:
    """S64: a 0-d tensor in an f-string is its number."""
    assert [format_scalar(np.float32(value), "") for value in (17, 1, -6, -2)] == ["17.0", "1.0", "-6.0", "-2.0"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtype_names(dtype: str) -> None:
    assert dtype_name(np.dtype(dtype)) == str(getattr(torch, dtype))


# ---------------------------------------------------------------------------------------------- drawn arrays

SPECIAL = [0.0, -0.0, nan, inf, -inf, 1e-4, 0.00005, 0.99995, 999.99995, 1000, 1001, 1e8, 1e8 + 1, 5e-324, 1e-45, 6e-8]

REALS = {
    "any": st.floats(),
    "whole": st.integers(-2000, 2000).map(float),
    "large whole": st.integers(-(10**10), 10**10).map(float),
    "ordinary": st.floats(-1000, 1000),
    "special": st.sampled_from(SPECIAL),
    "magnitudes": st.builds(lambda digit, power: digit * 10.0**power, st.floats(-10, 10), st.integers(-50, 50)),
}


@st.composite
def arrays(draw: st.DrawFn) -> Array:
    """An array of any dtype with 0 to 4 axes, values from one or two of the ranges that PyTorch tells apart."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9))
    if dtype.kind not in "fc":
        return draw(hnp.arrays(dtype, shape))
    kinds = draw(st.lists(st.sampled_from(list(REALS)), min_size=1, max_size=2))
    reals = hnp.arrays(np.float64, shape, elements=st.one_of(*(REALS[kind] for kind in kinds)))
    array = np.empty(shape, dtype)
    with np.errstate(over="ignore", under="ignore"):
        array.real = draw(reals)
        if dtype.kind == "c":
            array.imag = draw(reals)
    return array


OPTION_SETS = st.fixed_dictionaries(
    {},
    optional={
        "precision": st.integers(0, 8),
        "threshold": st.sampled_from([0, 3, 20, 100, inf]),
        "edgeitems": st.integers(0, 4),
        "linewidth": st.integers(0, 150),
        "profile": st.sampled_from(["default", "short", "full"]),
        "sci_mode": st.sampled_from([None, True, False]),
    },
)


@settings(max_examples=1000, deadline=None)
@given(
    array=arrays(),
    options=OPTION_SETS,
    grad=st.sampled_from([{}, {"requires_grad": True}, {"requires_grad": True, "recorded": True}]),
    default=st.sampled_from(["float32", "float64", "float16"]),
)
def test_drawn_array(array: Array, options: dict[str, Any], grad: dict[str, bool], default: str) -> None:
    differentiable = array.dtype.kind in "fc"
    assert_agrees(array, **(grad if differentiable else {}), default=default, **options)


# -------------------------------------------------------------------------------------------------- tensors

PROGRAM = """
x = torch.arange(6.0).reshape(2, 3).requires_grad_()
for t in (x, x * 2, x.sum(), x.mean(), x.detach(), x.T, x[0], x[0, 1], x > 2, x.long(), x.double(), x.double() * 2):
    print(t)
    print([t], {"t": t})
for t in (torch.zeros(0), torch.zeros(0, 3), torch.zeros(2, 0, dtype=torch.int32), torch.ones(0, requires_grad=True)):
    print(t)
torch.set_printoptions(precision=2, linewidth=40)
print(torch.arange(20.0) / 7, (x / 7) * 1)
torch.set_printoptions(profile="full")
print(torch.arange(1100))
torch.set_printoptions(profile="short")
print(torch.arange(1100.0), x / 3)
torch.set_printoptions(profile="default")
print(torch.arange(1100), torch.ones(40, 40), torch.ones(1001) * 1e-5, torch.ones(3, requires_grad=True) * 1e9)
"""


def test_tensors_print_as_pytorch_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    exec(PROGRAM, {"torch": fg})
    ours = capsys.readouterr().out
    exec(PROGRAM, {"torch": torch})
    assert ours == capsys.readouterr().out


@pytest.mark.parametrize("default", ["float64", "float16"])
def test_the_dtype_is_shown_where_it_is_not_the_default(default: str) -> None:
    try:
        for library in (fg, torch):
            library.set_default_dtype(getattr(library, default))
        for dtype in DTYPES:
            ours, theirs = (library.ones(2, dtype=getattr(library, dtype)) for library in (fg, torch))
            assert repr(ours) == repr(theirs)
            assert repr(ours[:0]) == repr(theirs[:0])
    finally:
        for library in (fg, torch):
            library.set_default_dtype(library.float32)


@pytest.mark.parametrize("count", range(20))
def test_random_tensors(count: int, rng: np.random.Generator) -> None:
    for _ in range(50):
        dtype = DTYPES[rng.integers(len(DTYPES))]
        shape = tuple(rng.integers(1, 14, rng.integers(0, 4)))
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            real, imag = (rng.standard_normal(shape) * 10.0 ** rng.integers(-7, 9, shape) for _ in range(2))
            chosen = np.round(real) if count % 2 else real
            array = np.asarray(chosen + 1j * imag if "complex" in dtype else chosen).astype(dtype)
        ours, theirs = fg.from_numpy(array), _torch_tensor(array)
        assert repr(ours) == repr(theirs)
        assert str(ours * 1) == str(theirs * 1)
        if not shape:
            assert f"{ours}" == f"{theirs}"
