"""Names of Function nodes: what an operation of several steps ends with is called as PyTorch calls the operation."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

from funcgrad.core.graph import Pointwise
from funcgrad.tensor.root import ROOT
from funcgrad.transforms.reverse import ReverseTracer

__all__ = ["christen", "name_of"]

#: Operations whose last step has another name, and which PyTorch calls by their own.
OWN = (
    *("acosh", "angle", "asinh", "atan2", "atanh", "block_diag", "cholesky_inverse", "cholesky_solve", "complex"),
    *("diagonal_scatter", "digamma", "ldexp", "lgamma", "select_scatter", "sinc", "slice_scatter", "unbind", "unfold"),
    *("t", "vdot", "view_as_complex", "view_as_real", "split_with_sizes"),
    *("addbmm", "addcdiv", "addcmul", "addmm", "addmv", "addr", "amax", "amin", "aminmax", "baddbmm", "cdist"),
    *("clamp_max", "clamp_min", "cummax", "cummin", "cumprod", "diag_embed", "dist", "flip", "frac", "gather"),
    *("heaviside", "index_add", "index_copy", "index_fill", "index_put", "index_select", "kthvalue", "log_softmax"),
    *("logcumsumexp", "logit", "logsumexp", "masked_scatter", "masked_select", "mode", "nan_to_num"),
    *("nansum", "polar", "polygamma", "put", "renorm", "repeat", "rot90", "rsqrt", "scatter_add", "scatter_reduce"),
    *("sgn", "softmax", "sort", "stack", "std", "std_mean", "take", "topk", "trace", "var", "var_mean", "xlogy"),
)
LINALG = (
    *("cross", "det", "eig", "eigh", "lu", "matrix_exp", "pinv", "qr", "slogdet", "svd", "vector_norm"),
    *("cholesky_ex", "inv_ex", "solve_ex", "solve_triangular"),
)


def camel(name: str) -> str:
    return "".join([part[:1].upper() + part[1:] for part in name.split("_")])


NAMES: dict[str, str] = {name: f"{camel(name)}Backward0" for name in OWN}
NAMES |= {name: f"Linalg{camel(name)}Backward0" for name in LINALG}
NAMES |= {name: f"Linalg{camel(name)}ExBackward0" for name in ("cholesky", "inv", "solve")}
NAMES |= {"eigvalsh": "LinalgEighBackward0", "multigammaln": "MvlgammaBackward0", "norm": "LinalgVectorNormBackward0"}
NAMES |= {"svdvals": "LinalgSvdBackward0", "take_along_dim": "GatherBackward0"}
NAMES |= {"imag": "SelectBackward0", "real": "SelectBackward0"}  # of the pairs that complex numbers are


def variant(name: str, second: Callable[[tuple[Any, ...], dict[str, Any]], bool]) -> Callable[..., str]:
    """Return the namer of an operation that has two nodes in PyTorch, the second for some arguments."""
    return lambda args, kwargs: f"{camel(name)}Backward{int(second(args, kwargs))}"


def is_given(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return len(args) > 1 or "dim" in kwargs


def has_tensor(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return any(hasattr(x, "payload") for x in (*args[1:], *kwargs.values()))


def ends_with_tensor(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return any(hasattr(x, "payload") for x in (*args[2:], *kwargs.values()))


def extreme(name: str, of_two: str) -> Callable[..., str]:
    """Return the namer of ``max`` and ``min``: of all elements, along a dimension, or of two tensors."""

    def find(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        if has_tensor(args, kwargs):
            return f"{camel(of_two)}Backward0"
        return f"{camel(name)}Backward{int(not is_given(args, kwargs))}"

    return find


def split_name(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    sections = args[1] if len(args) > 1 else kwargs.get("split_size_or_sections")
    return "SplitBackward0" if isinstance(sections, int) else "SplitWithSizesBackward0"


def einsum_name(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Return what PyTorch's sum of products ends with."""
    inputs, arrow, output = args[0].replace(" ", "").partition("->")
    kept = output if arrow else "".join([letter for letter in inputs if inputs.count(letter) == 1])
    summed = any(letter.isalpha() and letter not in kept for letter in inputs)
    if "," in inputs:
        return "ViewBackward0" if summed else "MulBackward0"
    return "SumBackward1" if summed else "PermuteBackward0"


#: Operations with several nodes in PyTorch.
VARIANTS: dict[str, Callable[..., str]] = {
    "clamp": variant("clamp", lambda args, kwargs: not has_tensor(args, kwargs)),
    "einsum": einsum_name,
    "fmod": variant("fmod", has_tensor),
    "lerp": variant("lerp", ends_with_tensor),
    "masked_fill": variant("masked_fill", ends_with_tensor),
    "max": extreme("max", "maximum"),
    "median": variant("median", is_given),
    "min": extreme("min", "minimum"),
    "nanmedian": variant("nanmedian", is_given),
    "remainder": variant("remainder", has_tensor),
    "round": variant("round", lambda args, kwargs: bool(kwargs.get("decimals"))),
    "rsub": variant("rsub", lambda args, kwargs: not has_tensor(args, kwargs)),
    "split": split_name,
    "prod": variant("prod", is_given),
    "scatter": variant("scatter", lambda args, kwargs: not ends_with_tensor(args[1:], kwargs)),
}


def name_of(function: str) -> str | Callable[..., str] | None:
    """Return PyTorch's name of an operation's node, or how to find it; None where the last step has it already."""
    return NAMES.get(function) or VARIANTS.get(function)


def christen(result: Any, name: str, start: int = 1) -> None:
    """Name the nodes of results that were recorded since `start`; keys decrease with time."""
    for part in result if isinstance(result, tuple) else (result,):
        payload = getattr(part, "payload", part)
        if isinstance(payload, ReverseTracer) and payload.level is ROOT and payload.node.key < start:
            rename(getattr(payload.node, "call", payload.node), name)  # what several outputs have in common


def rename(node: Any, name: str) -> None:
    """Give a node a name. One of an elementwise call stays of its class, which the engine knows by heart."""
    if type(node) is Pointwise:
        node.shorts = named_shorts(node.shorts, name)
    else:
        cls: Any = type(node)
        node.__class__ = named_class(cls, name)


@functools.cache
def named_shorts(shorts: tuple[Any, Any], name: str) -> tuple[Any, Any]:
    """Return the rules of a node under another name, also for when its values are let go."""
    new = []
    for short in shorts:
        if short is not None:
            renamed = copy.copy(short)
            renamed.name = name
            renamed.freed = renamed if short.freed is short else copy.copy(short.freed)
            renamed.freed.name = name
            short = renamed
        new.append(short)
    return new[0], new[1]


@functools.cache
def named_class(cls: Any, name: str) -> Any:
    """Return the class of nodes of a class with another name."""
    cls = getattr(cls, "unnamed", cls)
    return type(cls.__name__, (cls,), {"__slots__": (), "is_named": True, "name": name, "unnamed": cls})
