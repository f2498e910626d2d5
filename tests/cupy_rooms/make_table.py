"""Write down what an installed CuPy can do: ``python tests/cupy_rooms/make_table.py`` (no GPU is needed).

The table says for each public function and method of CuPy which parameters it has, and for each ufunc which loops
and methods. With it the stand-in of `funcgrad.testing` refuses on any machine what CuPy would refuse.
"""

import importlib
import inspect
import json
import re
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[2] / "funcgrad" / "testing" / "cupy.json"

#: The modules that NumPy's functions are looked up in, below ``cupy``.
MODULES = (
    *("", "linalg", "fft", "lib", "lib.stride_tricks"),
    *("polynomial", "polynomial.polynomial", "polynomial.polyutils"),
)

METHODS = ("reduce", "accumulate", "reduceat", "outer", "at")


def parameters(function: Any) -> str:
    """Return the parameters of a function: those with a default end in ``=``."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # compiled: its docstring begins with the signature
        return from_docstring(function.__doc__ or "")
    words = []
    kinds = [p.kind for p in signature.parameters.values()]
    for p, following in zip(signature.parameters.values(), [*kinds, None][1:], strict=True):
        if p.kind is p.KEYWORD_ONLY and "*" not in words and not any(w.startswith("*") for w in words):
            words.append("*")
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        words.append(f"{star}{p.name}{'' if p.default is p.empty else '='}")
        if p.kind is p.POSITIONAL_ONLY and following is not p.POSITIONAL_ONLY:
            words.append("/")
    return ", ".join(words)


def from_docstring(text: str) -> str:
    found = re.match(r"[\w.]+\((.*?)\)(?: ->.*)?$", text.strip().split("\n")[0])
    if found is None:
        return "*args, **kwargs"
    words = []
    for part in re.split(r", (?![^(]*\))", found[1]):
        name, equals, _ = part.partition("=")
        name = name.strip().rpartition(" ")[2]
        if name and name != "self":
            words.append(name + equals)
    return ", ".join(words)


def described(ufunc: Any) -> dict[str, Any]:
    """Return the loops of a ufunc, and which of its methods work."""
    works = {"outer"}
    if ufunc._scatter_op is not None:
        works.add("at")
    if ufunc.name == "cupy_add":
        works |= {"reduce", "accumulate", "reduceat"}
    if ufunc.name == "cupy_multiply":
        works |= {"reduce", "accumulate"}
    return {"loops": " ".join(ufunc.types), "methods": " ".join(m for m in METHODS if m in works)}


def table() -> dict[str, Any]:
    """Return the table of the CuPy that is installed."""
    cupy, numpy = importlib.import_module("cupy"), importlib.import_module("numpy")
    scipy_special = importlib.import_module("cupyx.scipy.special")
    functions, ufuncs = {}, {}
    for module in MODULES:
        home = importlib.import_module(f"cupy.{module}" if module else "cupy")
        for name in sorted(dir(home)):
            value = getattr(home, name)
            path = f"{module}.{name}" if module else name
            if name.startswith("_") or not callable(value) or inspect.isclass(value):
                continue
            if getattr(value, "__module__", "").partition(".")[0] == "numpy" or value is getattr(numpy, name, None):
                continue  # NumPy's own: CuPy does not dispatch to these
            if isinstance(value, cupy.ufunc):
                ufuncs[path] = described(value)
            elif isinstance(value, cupy._core._gufuncs._GUFunc):
                ufuncs[path] = {"parameters": parameters(value), "methods": ""}
            else:
                functions[path] = parameters(value)
    special, special_functions = {}, {}
    for name in sorted(dir(scipy_special)):
        value = getattr(scipy_special, name)
        if isinstance(value, cupy.ufunc):
            special[name] = described(value)
        elif inspect.isfunction(value) and not name.startswith("_"):
            special_functions[name] = parameters(value)
    methods, attributes = {}, []
    for name in sorted(dir(cupy.ndarray)):
        value = getattr(cupy.ndarray, name)
        if name.startswith("_"):
            continue
        if callable(value):
            methods[name] = parameters(value).removeprefix("self, ").removeprefix("self")
        else:
            attributes.append(name)
    return {
        "version": cupy.__version__,
        "functions": functions,
        "ufuncs": ufuncs,
        "special": special,
        "special_functions": special_functions,
        "methods": methods,
        "attributes": attributes,
    }


if __name__ == "__main__":
    TABLE.write_text(json.dumps(table(), indent=1) + "\n")
    print(f"wrote {TABLE}")
