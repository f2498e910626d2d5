"""Everything that PyTorch has for neural networks is here, or in the ledger with a reason."""

from __future__ import annotations

import functools
import importlib.util
import inspect
from typing import Any

import pytest
from nn.nn_census import HELPER, LEDGER, MODULES

import funcgrad as fg

torch = pytest.importorskip("torch")


def at(root: Any, path: str) -> Any:
    return functools.reduce(getattr, path.split("."), root)


@pytest.mark.parametrize("path", LEDGER)
def test_names(path: str) -> None:
    importlib.import_module(f"torch.{path}")
    theirs = at(torch, path)
    public = {n for n in dir(theirs) if not n.startswith("_") and not inspect.ismodule(getattr(theirs, n))}
    here = set(dir(importlib.import_module(f"funcgrad.{path}")))
    told = [name for names in LEDGER[path] for name in names.split()]
    assert len(told) == len(set(told))
    assert set(told) <= public, "no such names in PyTorch"
    assert public - here <= set(told), "neither here nor in the ledger"
    written = {name for names, reason in LEDGER[path].items() if reason != HELPER for name in names.split()}
    assert not written & here, "here, and in the ledger"
    assert at(fg, path) is not None


@pytest.mark.parametrize("path", MODULES)
def test_modules_that_are_not_here(path: str) -> None:
    assert importlib.util.find_spec(f"torch.{path}") is not None
    assert not hasattr(functools.reduce(lambda m, n: getattr(m, n, None), path.split("."), fg), "__file__")
