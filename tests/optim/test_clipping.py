"""Clipping and parameter vectors, compared with PyTorch."""

from typing import Any

import numpy as np
import pytest
from training_programs import START, agree, leaves, set_gradients, torch

import funcgrad as fg
import funcgrad.nn.utils


def clipped(lib: Any, dtype: str, clip: Any) -> tuple[Any, list[Any]]:
    params = leaves(lib, dtype)
    set_gradients(lib, params)
    params.append(lib.ones(2, requires_grad=True))  # without a gradient
    result = clip(lib.nn.utils, params)
    return result, [np.asarray(p.grad).copy() for p in params[:-1]]


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("order", [2.0, 1, 3.5, float("inf")])
@pytest.mark.parametrize("largest", [0.5, 100.0])
def test_norms_are_clipped(dtype: str, order: float, largest: float) -> None:
    found = [clipped(lib, dtype, lambda u, p: u.clip_grad_norm_(p, largest, order)) for lib in (fg, torch)]
    agree(found[0][0].item(), found[1][0].item(), dtype)
    assert str(found[0][0].dtype) == str(found[1][0].dtype)
    for a, b in zip(found[0][1], found[1][1], strict=True):
        agree(a, b, dtype)


def test_values_are_clipped() -> None:
    found = [clipped(lib, "float32", lambda u, p: u.clip_grad_value_(p, 0.3)) for lib in (fg, torch)]
    for a, b in zip(found[0][1], found[1][1], strict=True):
        agree(a, b, "float32")
    z = fg.ones(1, dtype=fg.complex64, requires_grad=True)
    z.grad = fg.ones(1, dtype=fg.complex64)
    with pytest.raises(RuntimeError, match="complex"):
        fg.nn.utils.clip_grad_value_(z, 1.0)


def test_what_clipping_returns_is_outside_the_graph_and_views_see_it() -> None:
    w = fg.ones(2, requires_grad=True)
    assert fg.nn.utils.clip_grad_norm_([w], 1.0).item() == 0.0
    (w * 3).sum().backward()
    assert w.grad is not None
    held = w.grad.detach()
    total = fg.nn.utils.clip_grad_norm_(iter([w]), 1.0)
    assert not total.requires_grad
    assert held.tolist() == pytest.approx([0.5**0.5] * 2, rel=1e-5)
    w.grad = fg.tensor([float("nan"), 1.0])
    with pytest.raises(RuntimeError, match="non-finite"):
        fg.nn.utils.clip_grad_norm_(w, 1.0, error_if_nonfinite=True)


def test_parameters_as_a_vector() -> None:
    params = leaves(fg, "float64")
    vector = fg.nn.utils.parameters_to_vector(iter(params))
    np.testing.assert_array_equal(vector.detach().numpy(), np.concatenate([np.ravel(x) for x in START]))
    (vector * vector).sum().backward()
    for p, x in zip(params, START, strict=True):
        assert p.grad is not None
        np.testing.assert_array_equal(p.grad.numpy(), 2 * x)
    new = fg.arange(11, dtype=fg.float64)
    fg.nn.utils.vector_to_parameters(new, params)
    assert params[0].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert all(p.is_leaf and p.requires_grad for p in params)
    with fg.no_grad():
        params[0].zero_()
    assert new[:7].tolist() == [0, 0, 0, 0, 0, 0, 6]
    with pytest.raises(TypeError, match="Tensor"):
        fg.nn.utils.vector_to_parameters([1.0], params)  # type: ignore[arg-type]
