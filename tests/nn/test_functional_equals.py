"""`nn.functional` against PyTorch: values, shapes, dtypes and gradients."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from functional_cases import CASES, Case

import funcgrad as fg
import funcgrad.nn.functional as F

torch = pytest.importorskip("torch")


#: Where PyTorch's derivative has a constant of single precision.
ROUGH = {"F.hardsigmoid(x)", "F.celu(x, 1.7)"}


def run(case: Case, module: Any, functions: Any, dtype: Any) -> Any:
    """Return the value, and the gradients with respect to what is differentiable."""
    inputs = {}
    for name, x in case.draw(dtype).items():
        inputs[name] = module.tensor(x)
        if x.dtype.kind == "f":
            inputs[name].requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = eval(case.text, {"F": functions, "T": module, **inputs})
    if y.requires_grad:
        weights = np.random.default_rng(0).standard_normal(tuple(y.shape))
        y.backward(module.tensor(weights.astype(y.detach().numpy().dtype)))
    return y.detach().numpy(), {
        name: x.grad.numpy() for name, x in inputs.items() if getattr(x, "grad", None) is not None
    }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=[case.text for case in CASES])
def test_equals_pytorch(case: Case, dtype: str) -> None:
    wanted, wanted_gradients = run(case, torch, torch.nn.functional, dtype)
    got, gradients = run(case, fg, F, dtype)
    assert got.shape == wanted.shape
    assert got.dtype == wanted.dtype
    exact = dtype == "float64" and case.text not in ROUGH
    tolerance = {"rtol": 1e-8, "atol": 1e-9} if exact else {"rtol": 2e-4, "atol": 2e-5}
    np.testing.assert_allclose(got, wanted, **tolerance)
    assert gradients.keys() == wanted_gradients.keys()
    for name, gradient in gradients.items():
        assert gradient.dtype == wanted_gradients[name].dtype
        np.testing.assert_allclose(gradient, wanted_gradients[name], **tolerance, err_msg=name)
