"""The names of the package, each imported when it is first used (PEP 562).

The stub ``__init__.pyi`` is the only list of them: type checkers and editors read its import statements, and so does
this module, which runs one of them at a time. So ``import funcgrad`` is quick, and a program pays for what it uses.
"""

from __future__ import annotations

import functools
import importlib
import re
import sys
import threading
from types import ModuleType
from typing import Any

__all__ = ["Package", "contents", "load", "names"]

PACKAGE = __name__.partition(".")[0]
LOCK = threading.RLock()  # threads whose imports cross get modules that are half done
STATEMENT = re.compile(r"^from (\S+) import \(?\s*(\w+) as \w+", re.MULTILINE)


@functools.cache
def contents() -> dict[str, str]:
    """Return where each public name is imported from."""
    package: Any = sys.modules[PACKAGE]
    stub = package.__spec__.loader.get_data(f"{package.__path__[0]}/__init__.pyi")  # also out of a zip archive
    return {name: module for module, name in STATEMENT.findall(stub.decode())}


def load(name: str) -> Any:
    """Import what `name` stands for; from then on it is an ordinary attribute. The package's ``__getattr__``."""
    if name == "__all__":
        return sorted(contents())
    package = sys.modules[PACKAGE]
    module = contents().get(name)
    if module is None:
        raise AttributeError(f"module {PACKAGE!r} has no attribute {name!r}", name=name, obj=package)
    with LOCK:
        if module == PACKAGE:
            return importlib.import_module(f"{PACKAGE}.{name}")
        value = getattr(__import__(module, fromlist=[name]), name)
    setattr(package, name, value)
    return value


def names() -> list[str]:
    """Return every public name, imported or not. The package's ``__dir__``."""
    return sorted({*vars(sys.modules[PACKAGE]), *contents()})


class Package(ModuleType):
    """A package two of whose functions have the names of the packages that they are in: ``tensor`` and ``adopt``."""

    def __setattr__(self, name: str, value: Any) -> None:
        shadows = isinstance(value, ModuleType) and value.__name__ == f"{PACKAGE}.{name}"
        if not shadows or contents().get(name, PACKAGE) == PACKAGE:  # else the import system names the package, not us
            super().__setattr__(name, value)
