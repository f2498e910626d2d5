"""``vmap`` of the top namespace, in the spellings of JAX and of PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from funcgrad._typing import AnyFunction
from funcgrad.func.batching import apply_random, check_randomness
from funcgrad.transforms.arguments import Transformed

__all__ = ["vmap"]


class Unset:
    """The default of an argument for which None has a meaning."""

    def __repr__(self) -> str:
        return "0"


UNSET = Unset()


def vmap(
    f: AnyFunction,
    in_axes: Any = UNSET,
    out_axes: Any = UNSET,
    randomness: str = "error",
    *,
    in_dims: Any = UNSET,
    out_dims: Any = UNSET,
    axis_size: int | None = None,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Return a function that applies `f` to many examples at once.

    Parameters
    ----------
    f : callable
        A function of one example.
    in_axes : int, None, or tree of these
        Along which axis of each positional argument the examples lie, 0 by default; None for an argument that all
        share. A tree is a prefix of the arguments' tree. Arrays given by keyword have them along their first axis.
    out_axes : int, None, or tree of these
        Where the examples' axis goes in the outputs, 0 by default; None for an output that is the same for all.
    randomness : {"error", "same", "different"}
        Whether `f` may draw numbers from funcgrad's generators, and whether each example gets its own: then the
        examples run one by one.
    in_dims, out_dims
        PyTorch's names of `in_axes` and `out_axes`.
    axis_size : int, optional
        The number of examples, needed only if no argument has an axis of them.
    chunk_size : int, optional
        How many examples to run at once, which bounds the memory; all by default.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If the arguments disagree on the number of examples.
    TypeError
        If an argument is given under both names.
    RuntimeError
        If `f` draws random numbers, unless `randomness` allows it.

    Warns
    -----
    BatchFallbackWarning
        Where examples are run one by one: a function without batching rule, a branch on a value that differs between
        examples (``if x > 0``), ``x.item()``, ``float(x)``, a boolean mask. The results are right, and slower.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.vmap(fg.grad(lambda x: np.sin(x) * x))(np.array([0.0, 1.0]))
    array([0.        , 1.38177329])
    >>> fg.vmap(lambda x: x.sum(), in_dims=1)(fg.ones(2, 3))
    tensor([2., 2., 2.])
    """
    check_randomness(randomness)
    options = {
        "in_axes": chosen("in_axes", in_axes, "in_dims", in_dims),
        "out_axes": chosen("out_axes", out_axes, "out_dims", out_dims),
    }
    return Transformed(
        apply_random, f, options | {"axis_size": axis_size, "chunk_size": chunk_size, "randomness": randomness}
    )


def chosen(name: str, value: Any, other: str, its_value: Any) -> Any:
    """Return an argument that may be given under one of two names."""
    if value is not UNSET and its_value is not UNSET:
        raise TypeError(f"vmap: {name} and {other} are two names for the same argument: give one of them")
    given = its_value if value is UNSET else value
    return 0 if given is UNSET else given
