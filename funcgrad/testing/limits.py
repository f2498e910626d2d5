"""What CuPy can do, as a table that a machine without CuPy can ask.

``cupy.json`` is written by ``tests/cupy_rooms/make_table.py`` from an installed CuPy: the parameters of its functions
and methods, the loops and methods of its ufuncs. Here are the questions, each answered as CuPy would: an unknown name
is NotImplemented to NumPy's protocols, an unknown argument is a TypeError. What no signature tells (a value that a
known argument must not have) is stated below by hand.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["bind_method", "has_function", "has_loop", "has_ufunc", "refuse_arguments", "table"]


@functools.cache
def table() -> dict[str, Any]:
    """Return the table as it was written."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("cupy.json").read_text())
    return found


@functools.cache
def signature(text: str) -> inspect.Signature:
    """Return a signature from parameters as the table has them: ``"a, axis=, *, dtype="``."""
    parameters: list[inspect.Parameter] = []
    kind: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
    words = [word for word in text.split(", ") if word]
    for word in words:
        name = word.strip("*=")
        if word == "/":
            parameters = [p.replace(kind=p.POSITIONAL_ONLY) for p in parameters]
        elif word.startswith("**"):
            parameters.append(inspect.Parameter(name, inspect.Parameter.VAR_KEYWORD))
        elif word.startswith("*"):
            kind = inspect.Parameter.KEYWORD_ONLY
            if name:
                parameters.append(inspect.Parameter(name, inspect.Parameter.VAR_POSITIONAL))
        else:
            default = None if word.endswith("=") else inspect.Parameter.empty
            parameters.append(inspect.Parameter(name, kind, default=default))
    return inspect.Signature(parameters)


def bound(text: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments by name; raise TypeError as a call of CuPy's function would."""
    try:
        return dict(signature(text).bind(*args, **kwargs).arguments)
    except TypeError as error:
        raise TypeError(f"cupy.{name}({text}): {error}") from None


# -- Functions -------------------------------------------------------------------------------------------------


@functools.cache
def path_of(function: Any) -> str:
    """Return where CuPy looks for its own form of a NumPy function: below the module that the function names."""
    module = function.__module__.partition(".")[2]
    return f"{module}.{function.__name__}" if module else str(function.__name__)


def has_function(function: Any) -> bool:
    """Whether CuPy answers NumPy's ``__array_function__`` for this function."""
    path = path_of(function)
    return path in table()["functions"] or path in table()["ufuncs"]


def refuse_arguments(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], is_device: Any) -> None:
    """Raise as CuPy would if its form of a NumPy function does not take these arguments."""
    path = path_of(function)
    text = table()["functions"].get(path)
    if text is None:
        refuse_ufunc_keywords(table()["ufuncs"][path], path, kwargs)
        return
    given = bound(text, path, args, kwargs)
    refuse_moved(function, path, text, len(args))
    check = REFUSED.get(path)
    if check is not None:
        check(given, is_device)


@functools.cache
def refuse_moved(function: Any, path: str, text: str, count: int) -> None:
    """Raise if an argument given by position would be another one for CuPy."""
    try:
        ours = list(inspect.signature(function).parameters)
    except ValueError:
        return
    theirs = list(signature(text).parameters)
    for place, name in enumerate(theirs[:count]):
        if name in ours and ours.index(name) != place and ours[place] in theirs:
            raise TypeError(f"cupy.{path}({text}): argument {place} is {name!r}; NumPy's is {ours[place]!r}")


def arrays_only(name: str, error: type[Exception] = TypeError) -> Callable[[dict[str, Any], Any], None]:
    """Return a check that an argument is an array on the device."""

    def check(given: dict[str, Any], is_device: Any) -> None:
        if name in given and given[name] is not None and not is_device(given[name]):
            raise error(f"CuPy takes only device arrays as {name!r}, not {type(given[name]).__name__}")

    return check


def lists_of_arrays(name: str) -> Callable[[dict[str, Any], Any], None]:
    """Return a check that an argument is a device array or a sequence of nothing else."""

    def check(given: dict[str, Any], is_device: Any) -> None:
        x = given[name]
        if not is_device(x) and not all(map(is_device, x)):
            raise TypeError(f"CuPy takes only device arrays in {name!r}, not {[type(item).__name__ for item in x]}")

    return check


def no_text_for_bins(given: dict[str, Any], is_device: Any) -> None:
    if isinstance(given.get("bins"), str):
        raise NotImplementedError("CuPy takes only numbers and arrays of edges as 'bins'")


def no_functions(given: dict[str, Any], is_device: Any) -> None:
    if any(map(callable, given["funclist"])):
        raise NotImplementedError("CuPy's piecewise takes no functions")


def searched(given: dict[str, Any], is_device: Any) -> None:
    if not is_device(given["a"]):
        raise NotImplementedError("CuPy's searchsorted takes only a device array as 'a'")
    if not is_device(given["v"]) and not isinstance(given["v"], int | float | complex):
        raise NotImplementedError("CuPy's searchsorted takes only a device array or a number as 'v'")


def selected(given: dict[str, Any], is_device: Any) -> None:
    lists_of_arrays("choicelist")(given, is_device)
    if not np.isscalar(given.get("default", 0)):
        raise TypeError("CuPy's select takes only a number as 'default'")


def not_writeable(given: dict[str, Any], is_device: Any) -> None:
    if given.get("writeable"):
        raise NotImplementedError("CuPy's sliding_window_view gives no writeable views")


def known_method(given: dict[str, Any], is_device: Any) -> None:
    if given.get("method", "linear") not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise ValueError(f"CuPy knows no method {given['method']!r} of quantiles")


def stable_only(given: dict[str, Any], is_device: Any) -> None:
    if given.get("kind") not in (None, "stable"):
        raise ValueError("CuPy's sort knows only the kind 'stable'")


def trimmed(given: dict[str, Any], is_device: Any) -> None:
    if given["filt"].ndim > 1:
        raise NotImplementedError("CuPy trims only arrays of one axis")


def hermitian_roots(given: dict[str, Any], is_device: Any) -> None:
    if len(np.trim_zeros(given["p"].array)) > 2:
        raise NotImplementedError("CuPy finds the roots only of polynomials whose companion matrix is Hermitian")


def square_or_roots(given: dict[str, Any], is_device: Any) -> None:
    if not is_device(given["seq_of_zeros"]):
        raise AttributeError("CuPy's poly takes only a device array")


def indices_only(given: dict[str, Any], is_device: Any) -> None:
    if not all(map(is_device, given["multi_index"])):
        raise TypeError("CuPy takes only device arrays in 'multi_index'")


def with_axes(given: dict[str, Any], is_device: Any) -> None:
    arrays_only("arr")(given, is_device)
    arrays_only("indices")(given, is_device)


#: Functions that refuse values of arguments that they know.
REFUSED: dict[str, Callable[[dict[str, Any], Any], None]] = {
    "choose": arrays_only("choices", AttributeError),
    "column_stack": lists_of_arrays("tup"),
    "concatenate": lists_of_arrays("tup"),
    "delete": arrays_only("arr", ValueError),
    "diff": arrays_only("a"),
    "dstack": lists_of_arrays("tup"),
    "ediff1d": arrays_only("arr"),
    "extract": arrays_only("a"),
    "hstack": lists_of_arrays("tup"),
    "histogram": no_text_for_bins,
    "histogram2d": no_text_for_bins,
    "histogramdd": no_text_for_bins,
    "lexsort": arrays_only("keys", AttributeError),
    "lib.stride_tricks.sliding_window_view": not_writeable,
    "partition": arrays_only("a"),
    "percentile": known_method,
    "piecewise": no_functions,
    "poly": square_or_roots,
    "put_along_axis": with_axes,
    "quantile": known_method,
    "ravel_multi_index": indices_only,
    "roots": hermitian_roots,
    "searchsorted": searched,
    "select": selected,
    "sort": stable_only,
    "stack": lists_of_arrays("tup"),
    "take_along_axis": arrays_only("indices"),
    "trapezoid": arrays_only("y"),
    "trim_zeros": trimmed,
    "unravel_index": arrays_only("indices"),
    "vstack": lists_of_arrays("tup"),
}


# -- Ufuncs ----------------------------------------------------------------------------------------------------

#: Comparisons take NumPy arrays of no axes, other ufuncs do not.
COMPARISONS = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")


def has_ufunc(ufunc: np.ufunc) -> dict[str, Any] | None:
    """Return what CuPy's form of a ufunc can do, or None if there is none."""
    name = ufunc.__name__
    for kind in ("ufuncs", "special"):
        if name in table()[kind]:
            found: dict[str, Any] = table()[kind][name]
            return found
        text = table()["functions" if kind == "ufuncs" else "special_functions"].get(name)
        if text is not None:
            return {"parameters": text, "methods": ""}
    return None


def refuse_ufunc_keywords(entry: dict[str, Any], name: str, kwargs: dict[str, Any]) -> None:
    if "parameters" in entry:
        unknown = set(kwargs) - set(signature(entry["parameters"]).parameters)
    else:
        unknown = set(kwargs) - {"out", "dtype", "casting"}
    if unknown:
        raise TypeError(f"cupy.{name} takes no {', '.join(sorted(unknown))}: CuPy's ufuncs have out, dtype, casting")


#: What the methods of a ufunc take besides the operands.
METHOD_KEYWORDS = {
    "reduce": "array, axis=, dtype=, out=, keepdims=",
    "accumulate": "array, axis=, dtype=, out=",
    "reduceat": "array, indices, axis=, dtype=, out=",
    "at": "a, indices, b=",
}


def refuse_ufunc_call(
    entry: dict[str, Any], name: str, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Raise as CuPy would if its ufunc has no such method, or takes no such keywords."""
    if method in METHOD_KEYWORDS:
        if method not in entry["methods"].split():
            raise NotImplementedError(f"cupy.{name}.{method} is not supported by CuPy")
        bound(METHOD_KEYWORDS[method], f"{name}.{method}", inputs, kwargs)
    else:
        refuse_ufunc_keywords(entry, name, kwargs)


def has_loop(entry: dict[str, Any], inputs: tuple[Any, ...]) -> bool:
    """Whether one of a ufunc's loops takes operands of these dtypes; numbers adapt to it."""
    if "loops" not in entry:
        return True
    return takes(entry["loops"], tuple(map(kind_of, inputs)))


@functools.cache
def takes(loops: str, given: tuple[Any, ...]) -> bool:
    """Whether one of the loops takes these dtypes."""
    inputs = (word.partition("->")[0] for word in loops.split() if "E" not in word)  # NumPy has no complex32
    return any(all(map(np.can_cast, given, loop)) for loop in inputs)


def kind_of(x: Any) -> Any:
    """Return the least dtype that an operand needs."""
    return {bool: "?", int: "b", float: "e", complex: "F"}.get(type(x)) or getattr(x, "dtype", None) or "O"


# -- Methods ---------------------------------------------------------------------------------------------------


def bind_method(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise as CuPy would if its array has no such method, or takes no such arguments."""
    text = table()["methods"].get(name)
    if text is None:
        raise AttributeError(f"CuPy's arrays have no method {name}")
    given = bound(text, f"ndarray.{name}", args, kwargs)
    if name in ("sort", "argsort"):
        stable_only(given, None)
