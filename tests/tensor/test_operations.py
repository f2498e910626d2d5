"""Operations: one row a call, run under PyTorch and funcgrad on the same inputs. Values, dtypes and gradients agree."""

import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from operation_rows import ERRORS, EXACT, FLOATS

import funcgrad

torch = pytest.importorskip("torch")

LIBRARIES = (torch, funcgrad)
DTYPES = ("float32", "float64")


def inputs(library: Any, dtype: str) -> dict[str, Any]:
    """Return the names that the rows use. Floating-point tensors of the `dtype` require gradients."""
    rng = np.random.default_rng(7)
    spd = rng.normal(size=(3, 3))
    arrays = {
        "x": rng.normal(size=(3, 4)),
        "y": rng.normal(size=(3, 4)),
        "z": rng.normal(size=(2, 3, 4)),
        "v": rng.normal(size=4),
        "w": rng.normal(size=4),
        "m": rng.normal(size=(3, 3)) + 2 * np.eye(3),
        "n": rng.normal(size=(4, 5)),
        "spd": spd @ spd.T + np.eye(3),
        "batch": rng.normal(size=(2, 4, 3)),
        "p": rng.uniform(0.5, 3, size=(3, 4)),
        "u": rng.uniform(0.1, 0.9, size=(3, 4)),
        "s": np.array(0.7),
        "k": np.array([[1.0, 1.0, 2.0], [0.0, -1.0, 0.0]]),  # ties, zeros
        "q": np.array([3.0, 1.0, 2.0, 1.0, 3.0, 2.5]),
    }
    names: dict[str, Any] = {"torch": library, "inf": np.inf, "nan": np.nan}
    for name, array in arrays.items():
        names[name] = library.tensor(array.tolist(), dtype=getattr(library, dtype), requires_grad=True)
    c = rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4))
    names["c"] = library.tensor(c.tolist(), dtype=library.complex64 if dtype == "float32" else library.complex128)
    names["c"].requires_grad_()
    names |= {
        "i": library.tensor(rng.integers(-5, 6, size=(3, 4)).tolist()),
        "j": library.tensor(rng.integers(1, 6, size=(3, 4)).tolist()),
        "i32": library.tensor(rng.integers(-5, 6, size=(4,)).tolist(), dtype=library.int32),
        "b": library.tensor((rng.random((3, 4)) < 0.5).tolist()),
        "bad": library.tensor([float("nan"), float("inf"), -float("inf"), 1.0]),
        "where": library.tensor([[0, 2, 1, 0], [2, 2, 0, 1], [1, 0, 0, 2]]),
        "at": library.tensor([2, 0, 2]),
        "mask": library.tensor([[True, False, True, True], [False, True, False, True], [True, True, False, False]]),
    }
    return names


def flat(result: Any) -> list[Any]:
    if isinstance(result, list | tuple):
        return [part for item in result for part in flat(item)]
    return [result]


def run(call: str, library: Any, dtype: str) -> tuple[list[Any], dict[str, Any]]:
    """Return what the call gives, and the gradients of a weighted sum of it."""
    names = inputs(library, dtype)
    results = flat(eval(call, names))
    total: Any = None
    for k, result in enumerate(results):
        if isinstance(result, library.Tensor) and result.requires_grad:
            weights = library.tensor(np.cos(np.arange(result.numel()) + k + 1).reshape(tuple(result.shape)).tolist())
            part = result if result.dtype.is_floating_point else torch_real(library, result)
            term = (part * weights.to(part.dtype)).sum()
            total = term if total is None else total + term.to(total.dtype)
    if total is not None:
        total.backward()
    grads = {name: x.grad for name, x in names.items() if isinstance(x, library.Tensor) and x.grad is not None}
    return results, grads


def torch_real(library: Any, x: Any) -> Any:
    return library.real(x) + 2 * library.imag(x)


def as_numpy(x: Any) -> Any:
    if isinstance(x, torch.Tensor):
        return x.detach().resolve_conj().resolve_neg().numpy(force=True)
    return np.asarray(x.detach().numpy()) if hasattr(x, "detach") else np.asarray(x)


def tolerance(dtype: np.dtype[Any]) -> float:
    return 2e-4 if dtype in (np.float32, np.complex64) else 1e-9


def check(call: str, dtype: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (expected, expected_grads), (found, found_grads) = (run(call, library, dtype) for library in LIBRARIES)
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        x, y = as_numpy(a), as_numpy(b)
        assert hasattr(a, "detach") == hasattr(b, "detach"), (a, b)
        assert x.dtype == y.dtype
        assert x.shape == y.shape
        np.testing.assert_allclose(x, y, rtol=tolerance(y.dtype), atol=tolerance(y.dtype))
        if hasattr(b, "requires_grad"):
            assert a.requires_grad == b.requires_grad
    for name, grad in expected_grads.items():
        y = as_numpy(grad)
        assert name in found_grads or not y.any(), f"no gradient of {name}"
        if name in found_grads:
            x = as_numpy(found_grads[name])
            assert x.dtype == y.dtype
            np.testing.assert_allclose(x, y, rtol=5 * tolerance(y.dtype), atol=5 * tolerance(y.dtype), err_msg=name)
    assert not [name for name in found_grads if name not in expected_grads and as_numpy(found_grads[name]).any()]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("call", FLOATS)
def test_equals_pytorch(call: str, dtype: str) -> None:
    check(call, dtype)


@pytest.mark.parametrize("call", EXACT)
def test_integers_and_dtypes(call: str) -> None:
    check(call, "float32")


def raised(call: str, library: ModuleType) -> type[BaseException]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            eval(call, inputs(library, "float32"))
        except Exception as error:
            return next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
    raise AssertionError(f"{library.__name__} does not refuse {call}")


@pytest.mark.parametrize("call", ERRORS)
def test_errors_are_of_pytorchs_type(call: str) -> None:
    assert issubclass(raised(call, funcgrad), raised(call, torch))
