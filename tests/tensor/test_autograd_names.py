"""Every name of PyTorch's autograd and func is here, or in a ledger with its reason."""

import importlib
import inspect
from typing import Any

import pytest

import funcgrad as fg

torch = pytest.importorskip("torch")

MODULES = [
    *("autograd", "autograd.anomaly_mode", "autograd.forward_ad", "autograd.function", "autograd.functional"),
    *("autograd.grad_mode", "autograd.gradcheck", "autograd.graph", "func"),
]

COMPILER = "a setting of PyTorch's compiler or of its streams, which are not here"
LEGACY = "a class of PyTorch's old kind of Function, which cannot be applied any more"

DEPRECATED = "deprecated in PyTorch: gradcheck and autograd.functional.jacobian do it"

LEDGER = {
    "autograd.gradcheck.get_analytical_jacobian": DEPRECATED,
    "autograd.gradcheck.get_numerical_jacobian": DEPRECATED,
    "autograd.gradcheck.get_numerical_jacobian_wrt_specific_input": DEPRECATED,
    "autograd.NestedIOFunction": LEGACY,
    "autograd.enforce_grad_layout_policy": "the strides of a gradient follow no policy here",
    "autograd.grad_mode.enforce_grad_layout_policy": "the strides of a gradient follow no policy here",
    "autograd.function.BackwardCFunction": "PyTorch's own base of the context; here it is FunctionCtx",
    "autograd.function.FunctionMeta": "PyTorch's own metaclass of Function; here there is none",
    "autograd.function.InplaceFunction": LEGACY,
    "autograd.function.NestedIOFunction": LEGACY,
    "autograd.graph.region_activation_memory_budget": COMPILER,
    "autograd.graph.set_override_stale_capture_stream": COMPILER,
    "autograd.graph.set_warn_on_accumulate_grad_stream_mismatch": COMPILER,
}


def found(library: Any, module: str) -> Any:
    for part in module.split("."):
        library = getattr(library, part)
    return library


def public(module: str) -> list[str]:
    theirs = importlib.import_module(f"torch.{module}")
    names = getattr(theirs, "__all__", None) or [
        name
        for name, value in vars(theirs).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == theirs.__name__
    ]
    return sorted(names)


@pytest.mark.parametrize("module", MODULES)
def test_every_name_is_here_or_in_the_ledger(module: str) -> None:
    ours = (
        found(fg, module) if module != "autograd.gradcheck" else importlib.import_module("funcgrad.autograd.gradcheck")
    )
    missing = {f"{module}.{name}" for name in public(module) if not hasattr(ours, name)}
    assert missing == {name for name in LEDGER if name.rpartition(".")[0] == module}


@pytest.mark.parametrize("module", [m for m in MODULES if m not in ("autograd.gradcheck", "autograd.function")])
def test_functions_take_what_pytorchs_take(module: str) -> None:
    ours = found(fg, module)
    theirs = importlib.import_module(f"torch.{module}")
    wrong = {}
    for name in public(module):
        mine, other = getattr(ours, name, None), getattr(theirs, name)
        if not inspect.isfunction(mine) or not inspect.isfunction(other):
            continue
        lacking = {p for p in inspect.signature(other).parameters if not p.startswith("_")}
        lacking -= set(inspect.signature(mine).parameters)
        if lacking:
            wrong[name] = lacking
    assert not wrong
