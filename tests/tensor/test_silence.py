"""Tensors become infinite and nan without a warning, as in PyTorch; NumPy's own arrays warn as ever."""

import contextvars
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from operation_rows import FLOATS

import funcgrad as fg
import funcgrad.nn.functional as F
from funcgrad.tensor.silence import CONTEXT, quiet, silenced, silently

BAD = [float("inf"), -float("inf"), float("nan"), 0.0, -1.0, 3e38, -3e38, 1e-45]

#: Calls that refuse such values, as PyTorch does.
NAMES = {"torch": fg, "inf": np.inf, "nan": np.nan}


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before = np.geterr()
    yield
    assert np.geterr() == before


def names(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)

    def bad(*shape: int, complex_: bool = False) -> Any:
        values = rng.choice(BAD, size=shape)
        if complex_:
            values = np.stack([values, rng.choice(BAD, size=shape)], -1).view(np.complex128)[..., 0]
        return fg.tensor(values.tolist(), dtype=fg.complex64 if complex_ else fg.float32, requires_grad=True)

    found: dict[str, Any] = {"x": bad(3, 4), "y": bad(3, 4), "z": bad(2, 3, 4), "v": bad(4), "w": bad(4)}
    found |= {"m": bad(3, 3), "n": bad(4, 5), "spd": bad(3, 3), "batch": bad(2, 4, 3), "p": bad(3, 4), "u": bad(3, 4)}
    found |= {"s": bad(), "k": bad(2, 3), "q": bad(6), "c": bad(3, 4, complex_=True)}
    found |= {
        "i": fg.tensor(rng.integers(-5, 6, size=(3, 4)).tolist()),
        "j": fg.tensor(rng.integers(1, 6, size=(3, 4)).tolist()),
        "i32": fg.tensor(rng.integers(-5, 6, size=(4,)).tolist(), dtype=fg.int32),
        "b": fg.tensor((rng.random((3, 4)) < 0.5).tolist()),
        "bad": fg.tensor([float("nan"), float("inf"), -float("inf"), 1.0]),
        "where": fg.tensor([[0, 2, 1, 0], [2, 2, 0, 1], [1, 0, 0, 2]]),
        "at": fg.tensor([2, 0, 2]),
        "mask": fg.tensor([[True, False, True, True], [False, True, False, True], [True, True, False, False]]),
    }
    return NAMES | found


def leaves(result: Any) -> list[Any]:
    if isinstance(result, list | tuple):
        return [part for item in result for part in leaves(item)]
    return [result] if isinstance(result, fg.Tensor) and result.requires_grad else []


@pytest.mark.parametrize("call", FLOATS)
def test_no_operation_warns_forward_or_backward(call: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        for seed in range(3):
            try:
                parts = leaves(eval(call, names(seed)))
                for part in parts:
                    fg.autograd.backward([part], [fg.full_like(part, 3e38)], retain_graph=True)
            except RuntimeWarning:
                raise
            except (RuntimeError, ValueError, NotImplementedError):
                pass  # some refuse such values, which is another matter
            with fg.no_grad():
                try:
                    eval(call, names(seed))
                except RuntimeWarning:
                    raise
                except (RuntimeError, ValueError):
                    pass


@pytest.mark.filterwarnings("error")
def test_operators_methods_and_writes() -> None:
    huge = fg.full((3,), 3e38)
    assert fg.isinf(huge * huge).all()
    assert fg.isinf(huge + huge).all()
    assert fg.isnan((huge * 10) - huge * 10).all()
    assert fg.isnan(fg.zeros(3) / 0).all()
    assert fg.isinf(2.0 / fg.zeros(3)).all()
    assert fg.isinf(huge @ huge)
    assert fg.isinf(huge.sum())
    assert fg.isinf(huge.double().mul(1e300).float()).all()
    assert fg.isinf(np.exp(huge)).all()
    assert fg.isinf(np.sum(huge))
    x = fg.full((3,), 3e38)
    x *= 10
    x -= x
    x[0] = huge.double()[0] * 1e300
    x.log_()
    x += huge
    x.div_(0)
    x.index_add_(0, fg.tensor([0, 1]), fg.tensor([float("inf"), -float("inf")]))
    y = fg.full((3,), 3e38, requires_grad=True)
    z = y * 1
    z *= 10
    z[0] = 0.0
    (z * z / z).sum().backward()
    assert fg.isnan(y.grad).any()
    y.grad *= 3
    assert not fg.isfinite(F.softmax(fg.tensor([float("inf"), 1.0]), 0)).all()
    fg.full((2,), -1.0, requires_grad=True).sqrt().sum().backward()
    repr(x), repr(huge * huge)


def test_numpy_warns_of_its_own_arrays() -> None:
    fg.zeros(2).log()
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.log(np.zeros(2))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        fg.grad(np.log)(0.0)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        F.mse_loss(np.zeros(2), np.log(np.zeros(2)))


def test_an_error_state_of_the_user_is_for_arrays() -> None:
    with np.errstate(all="raise"):
        assert fg.isinf(1 / fg.zeros(2)).all()
        with pytest.raises(FloatingPointError):
            np.ones(2) / np.zeros(2)


def test_a_call_inside_a_quiet_one_and_its_errors() -> None:
    x = fg.zeros(2)
    assert fg.isinf(quiet(lambda: 1 / x)).all()
    with pytest.raises(RuntimeError, match="broadcast"):
        quiet(lambda: x + fg.ones(3))
    with pytest.raises(RuntimeError, match="broadcast"):
        x + fg.ones(3)
    assert silently(silently, np.log, 0.0) == -np.inf
    assert silenced(np.log)(0.0) == -np.inf
    assert set(CONTEXT.run(np.geterr).values()) == {"ignore"}


@pytest.mark.filterwarnings("error")
def test_threads() -> None:
    """Several threads multiply at once, in what is one context for all of them."""
    found = []

    def work() -> None:
        x = fg.full((200_000,), 3e38)
        for _ in range(50):
            y = x * x
        found.append(bool(fg.isinf(y).all()))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4


def test_in_a_context_of_ones_own() -> None:
    def work() -> Any:
        with fg.no_grad():
            return (fg.ones(2, requires_grad=True) / 0).requires_grad

    assert contextvars.copy_context().run(work) is False
    assert contextvars.Context().run(work) is False
