"""From CuPy's function to NumPy's of the same name, where an argument is traced."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.core.level import Shell, Traced
from funcgrad.errors import LostGradientError

__all__ = ["dispatching", "is_met", "namespace"]

#: What NumPy 2 calls functions that CuPy still has under their old name.
RENAMED: dict[str, Callable[..., Any]] = {
    "alltrue": np.all,
    "cumproduct": np.cumprod,
    "in1d": np.isin,
    "product": np.prod,
    "round_": np.round,
    "row_stack": np.vstack,
    "sometrue": np.any,
    "trapz": np.trapezoid,
}


def is_met(tree: Any) -> bool:
    """Whether there are traced values or tensors, also in nested lists, tuples and dicts."""
    if isinstance(tree, dict):
        tree = tree.values()
    elif not isinstance(tree, list | tuple):
        return isinstance(tree, Traced | Shell)
    return any(map(is_met, tree))


def dispatching(path: str, theirs: Any, counterpart: Callable[..., Any] | None) -> Any:
    """Return a function that is CuPy's `theirs` on plain arrays and NumPy's `counterpart` on traced ones."""
    if counterpart is None:
        return refusing(path, theirs)
    names = renamed(theirs, counterpart)

    def call(*args: Any, **kwargs: Any) -> Any:
        if not is_met(args) and not is_met(kwargs):
            return theirs(*args, **kwargs)
        return counterpart(*args, **{names.get(key, key): value for key, value in kwargs.items()})

    return functools.update_wrapper(call, theirs)


def refusing(path: str, theirs: Any) -> Any:
    """Return CuPy's function, which refuses traced arguments with a reason."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if is_met(args) or is_met(kwargs):
            raise LostGradientError(
                f"cupy.{path} takes plain arrays only, and NumPy has no function of this name whose derivative could "
                "serve. Write it with functions that NumPy has, give it a derivative with funcgrad.extend.primitive, "
                "or pass funcgrad.stop_gradient(x) if no gradient is wanted."
            )
        return theirs(*args, **kwargs)

    return functools.update_wrapper(call, theirs)


def renamed(theirs: Any, ours: Any) -> dict[str, str]:
    """Return how NumPy calls the parameters that CuPy calls otherwise: those in the same place."""
    try:
        names = list(inspect.signature(theirs).parameters.values())
        others = list(inspect.signature(ours).parameters.values())
    except ValueError:
        return {}
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    known = {p.name for p in others}
    return {
        a.name: b.name
        for a, b in zip(names, others, strict=False)
        if a.name not in known and a.kind in positional and b.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    }


def namespace(module: Any, counterpart: Any, prefix: str, keep: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the public names of one of CuPy's modules, its functions made to dispatch.

    Names in `keep`, ufuncs (which dispatch by themselves) and what is no function stay what they are.
    """
    found: dict[str, Any] = {}
    for name in dir(module):
        value = getattr(module, name)
        if name.startswith("_") or inspect.ismodule(value):
            continue
        is_function = callable(value) and not inspect.isclass(value) and not hasattr(value, "nargs")
        if is_function and name not in keep and getattr(value, "__module__", "").partition(".")[0] != "numpy":
            old = RENAMED.get(name)
            value = dispatching(prefix + name, value, old or getattr(counterpart, name, None))
        found[name] = value
    return found
