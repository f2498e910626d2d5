"""``vmap`` with PyTorch's signature."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

import funcgrad.tree as tree
from funcgrad.core.level import RUNNING, Traced
from funcgrad.tensor.generators import DRAWING, Generator
from funcgrad.tensor.shell import Base
from funcgrad.transforms import batch

__all__ = ["apply_random", "check_randomness", "name_of", "vmap"]


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
        How many examples to run at once. With ``randomness="same"`` all chunks draw the same numbers.

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
        options = {"in_axes": in_dims, "out_axes": out_dims, "axis_size": None, "chunk_size": chunk_size}
        return apply_random(checked, args, kwargs, randomness=randomness, **options)

    return call


class Differ(BaseException):
    """Each example has to draw its own numbers. No ``Exception``: it is not for the user to catch."""

    def __init__(self, draws: Draws) -> None:
        self.draws = draws


class Draws:
    """What one ``vmap`` has to say to random numbers."""

    def __init__(self, randomness: str) -> None:
        self.randomness = randomness
        self.outer = DRAWING.get()
        self.level: Any = None  # of the run
        self.one_by_one = False
        self.states: dict[Generator, Any] = {}  # those in which generators were when they were first asked
        self.asked: set[Generator] = set()  # the generators that this run of the function has asked

    def __call__(self, generator: Generator) -> None:
        if self.outer is not None:
            self.outer(generator)
        if self.randomness == "error":
            raise RuntimeError(
                "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
                "'different' randomness flags on vmap or perform the randomness operation out of vmap"
            )
        if self.randomness == "different" and not self.one_by_one:
            raise Differ(self)
        if self.randomness == "same" and generator not in self.asked:
            self.asked.add(generator)
            bits = generator.numpy.bit_generator
            if generator in self.states:
                bits.state = self.states[generator]
            else:
                self.states[generator] = bits.state

    def around(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return `func`, whose random numbers are what was asked for, each time it runs."""

        def call(*args: Any, **kwargs: Any) -> Any:
            self.asked, self.level = set(), RUNNING.get()
            token = DRAWING.set(self)
            try:
                return func(*args, **kwargs)
            finally:
                DRAWING.reset(token)

        return call


def apply_random(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    randomness: str,
    chunk_size: int | None,
    **options: Any,
) -> Any:
    """Apply a mapped function; where each example draws its own numbers, the examples run one by one."""
    draws = Draws(randomness)
    function = draws.around(f)
    try:
        return batch.apply_vmap(function, args, kwargs, chunk_size=chunk_size, **options)
    except Differ as differ:
        if differ.draws is not draws:
            raise
    draws.one_by_one = True
    return batch.apply_vmap(function, args, kwargs, chunk_size=1, **options)


def name_of(func: Any) -> str:
    return str(getattr(func, "__name__", func))
