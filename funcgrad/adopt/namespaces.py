"""What stands in the place of what: the namespaces of NumPy, SciPy and CuPy, and ours of the same names."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

__all__ = ["MODULES", "OBJECTS", "sync", "top"]

NAMESPACES = (
    *("numpy", "cupy", "scipy.interpolate", "scipy.linalg", "scipy.ndimage", "scipy.signal", "scipy.special"),
    "scipy.stats",
)

#: By ``id``: modules, and objects in them, with ours. The originals are kept, so that no id is used twice.
MODULES: dict[int, tuple[ModuleType, ModuleType]] = {}
OBJECTS: dict[int, tuple[Any, Any]] = {}


def sync() -> None:
    """Take in the namespaces that have been imported by now. None of them is imported on the user's behalf."""
    for name in NAMESPACES:
        module = sys.modules.get(name)
        if module is not None and id(module) not in MODULES:
            try:
                take_in(module, importlib.import_module(f"funcgrad.{name}"))
            except ModuleNotFoundError:
                MODULES[id(module)] = (module, module)


def take_in(theirs: ModuleType, ours: ModuleType) -> None:
    for name, new in list(vars(ours).items()):
        old = getattr(theirs, name, None)
        if name.startswith("_") or old is None or old is new:
            continue
        if not isinstance(new, ModuleType):
            OBJECTS[id(old)] = (old, new)
        elif isinstance(old, ModuleType) and "__getattr__" in vars(new):  # a namespace that has all the rest, too
            take_in(old, new)
    MODULES[id(theirs)] = (theirs, ours)


def top(name: Any) -> str:
    """Return the top-level package of a module's name."""
    return name.partition(".")[0] if isinstance(name, str) else ""
