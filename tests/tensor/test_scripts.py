"""A script prints the same text under funcgrad as under PyTorch, to the character; only addresses are masked."""

import contextlib
import importlib
import inspect
import io
import pkgutil
import re
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import scripts
from scripts.missing import MISSING

import funcgrad

torch: Any = pytest.importorskip("torch")

Script = Callable[[Any], None]
HELPERS = {"common", "missing", "seeds"}


def collect() -> dict[str, Script]:
    """Return the scripts of all themes, as `theme.name`."""
    found = {}
    for theme in sorted(module.name for module in pkgutil.iter_modules(scripts.__path__)):
        if theme not in HELPERS:
            module = importlib.import_module(f"scripts.{theme}")
            for name, function in inspect.getmembers(module, inspect.isfunction):
                if function.__module__ == module.__name__ and not name.startswith("_"):
                    found[f"{theme}.{name}"] = function
    return found


SCRIPTS = collect()


def printed(script: Script, library: Any) -> str:
    text = io.StringIO()
    with contextlib.redirect_stdout(text), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script(library)
    return re.sub(r"0x[0-9a-fA-F]+", "0x", text.getvalue())


@cache
def expected(name: str) -> str:
    return printed(SCRIPTS[name], torch)


def marked(name: str) -> Any:
    return pytest.param(name, marks=pytest.mark.xfail(reason=MISSING[name], strict=True)) if name in MISSING else name


@pytest.mark.parametrize("name", [marked(name) for name in SCRIPTS])
def test_a_script_prints_what_it_prints_under_pytorch(name: str) -> None:
    assert printed(SCRIPTS[name], funcgrad) == expected(name)


def test_what_is_missing_is_a_script_that_runs_under_pytorch() -> None:
    assert all(expected(name) for name in MISSING)


def test_there_are_enough_scripts() -> None:
    assert len(SCRIPTS) >= 250
