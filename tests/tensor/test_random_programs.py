"""Random programs give the same under PyTorch and funcgrad: values, dtypes, gradients and errors."""

import builtins
import re
import warnings
from typing import Any

import numpy as np
import pytest
from random_programs import Program, draw, environment, step

import funcgrad

torch: Any = pytest.importorskip("torch")

#: What is known to differ, by the text of a difference: PyTorch refuses a dtype, a rare shape, or makes an exception.
KNOWN = re.compile(
    r"logaddexp|logcumsumexp|erf\(|cross\(|lerp\(|nansum|minimum\(|maximum\(|unique|relu|trunc|floor|frac\(|round|"
    r"sigmoid|sinc|positive|nan_to_num|clamp|dist\(|\b(mT|median|amin|amax|gather|topk|index_select|mode)\b"
)
#: A difference that KNOWN does not excuse: anything but whether a call is refused.
REFUSAL = re.compile(r": raises ")

#: Programs whose difference is known: what is refused, or with which kind of error.
SEEDS = {0: "bools squared in place", 382: "a write into a tensor of no elements", 391: "bools divided"}

TOLERANCE = {"float16": 2e-2, "float32": 2e-4, "complex64": 2e-4}


def array(x: Any) -> Any:
    x = x.detach()
    return x.resolve_conj().resolve_neg().numpy() if isinstance(x, torch.Tensor) else x.numpy()


def difference(found: Any, expected: Any, what: str) -> str:
    """Return how a tensor differs from PyTorch's, or nothing."""
    if str(found.dtype) != str(expected.dtype):
        return f"{what} has dtype {found.dtype}, expected {expected.dtype}"
    if tuple(found.shape) != tuple(expected.shape):
        return f"{what} has shape {tuple(found.shape)}, expected {tuple(expected.shape)}"
    x, y = array(found), array(expected)
    tolerance = TOLERANCE.get(y.dtype.name, 1e-5)
    with np.errstate(all="ignore"):
        if not np.allclose(x, y, rtol=tolerance, atol=tolerance, equal_nan=True):
            return f"{what} is {x.tolist()}, expected {y.tolist()}"
    if found.requires_grad != expected.requires_grad:
        return f"{what}.requires_grad is {found.requires_grad}"
    return ""


def alike(found: str, expected: str) -> bool:
    """Whether two kinds of error are the same, or one is a special case of the other."""
    kinds = [getattr(builtins, name) for name in (found, expected) if name]
    return len(kinds) != 1 and (not kinds or issubclass(kinds[0], kinds[1]) or issubclass(kinds[1], kinds[0]))


def compared(program: Program) -> str:
    """Run a program under both libraries, line by line; return the first difference, or nothing."""
    theirs, ours = environment(program, torch), environment(program, funcgrad)
    for line in program.lines:
        refused, expected = step(line, ours), step(line, theirs)
        if not alike(refused, expected):
            return f"{line}: raises {refused or 'nothing'}, expected {expected or 'nothing'}"
        for name in [name for name, x in theirs.items() if isinstance(x, torch.Tensor)]:
            text = difference(ours[name], theirs[name], f"after {line}, {name}")
            if text:
                return text
    return gradients(program, ours, theirs)


def is_finite(x: Any) -> bool:
    return not isinstance(x, torch.Tensor) or bool(torch.isfinite(x).all())


def gradients(program: Program, ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    errors = []
    for library, names in ((funcgrad, ours), (torch, theirs)):
        tensors = [x for x in names.values() if isinstance(x, library.Tensor)]
        total: Any = 0
        for x in tensors:
            if x.requires_grad and x.numel():
                real = library.view_as_real(x.resolve_conj()) if x.is_complex() else x
                total = total + real.double().sum()
        names["total"] = total
        errors.append(step("total.backward()", names) if hasattr(total, "backward") else "")
    if not alike(*errors) and errors != ["", "RuntimeError"]:  # PyTorch may have saved what was written to
        return f"backward() raises {errors[0] or 'nothing'}, expected {errors[1] or 'nothing'}"
    if any(errors) or not all(is_finite(x) for x in theirs.values()):
        return ""
    for name, _, _, leaf in program.inputs:
        a, b = ours[name].grad if leaf else None, theirs[name].grad if leaf else None
        if b is not None and a is None and bool((b != 0).any()):
            return f"{name} has no gradient, expected {b.tolist()}"
        if a is not None and b is not None and (text := difference(a, b, f"{name}.grad")):
            return text
        if a is not None and b is None and bool((a != 0).any()):
            return f"{name} has a gradient, {a.tolist()}, expected none"
    return ""


@pytest.mark.parametrize("part", range(10))
def test_random_programs(part: int) -> None:
    for seed in set(range(part * 60, (part + 1) * 60)) - set(SEEDS):
        program = draw(seed, torch)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = compared(program)
        excused = REFUSAL.search(text) and KNOWN.search(text)
        assert not text or excused, f"{text}\nseed {seed}\n{program}"
