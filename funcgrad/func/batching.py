"""``vmap`` with PyTorch's signature."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad import tree
from funcgrad.core.level import Traced
from funcgrad.tensor.generators import default_generator
from funcgrad.tensor.shell import Base
from funcgrad.transforms import batch

__all__ = ["check_randomness", "vmap"]


def check_randomness(randomness: str) -> None:
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Return a function that applies `func` to many examples at once.

    Parameters
    ----------
    func : callable
        Of tensors, or trees of them; returns tensors.
    in_dims : int, None, or tree of these
        Along which dimension of each argument the examples lie; None for what all share.
    out_dims : int, None, or tree of these
        Where the examples' dimension goes in the outputs.
    randomness : {"error", "same", "different"}
        Whether `func` may draw random numbers, and whether each example gets its own: then they run one by one.
    chunk_size : int, optional
        How many examples to run at once.

    Returns
    -------
    callable

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.func.vmap(lambda x: x.sum())(fg.ones(3, 2))
    tensor([2., 2., 2.])
    """
    check_randomness(randomness)
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def checked(*args: Any, **kwargs: Any) -> Any:
        result = func(*args, **kwargs)
        for leaf in tree.flatten(result)[0]:
            if not isinstance(leaf, Base | Traced | np.ndarray | np.generic) and out_dims is not None:
                raise ValueError(
                    f"vmap({name_of(func)}, ...): `{name_of(func)}` must only return Tensors, got type {type(leaf)}."
                )
        return result

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        size = 1 if randomness == "different" else chunk_size
        mapped = batch.vmap(checked, in_dims, out_dims, chunk_size=size)
        before = state()
        result = mapped(*args, **kwargs)
        if randomness == "error" and state() != before:
            raise RuntimeError(
                "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
                "'different' randomness flags on vmap or perform the randomness operation out of vmap"
            )
        return result

    if randomness == "same" and chunk_size is not None:
        raise NotImplementedError("vmap: randomness='same' with chunk_size: each chunk would draw its own numbers")
    return call


def state() -> Any:
    return default_generator.numpy.bit_generator.state


def name_of(func: Any) -> str:
    return str(getattr(func, "__name__", func))
