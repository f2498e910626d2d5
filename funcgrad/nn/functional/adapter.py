"""How a function of `nn.functional` is written once, as NumPy text, and runs on arrays, tracers and tensors.

The text sees arrays and tracers only. Where a Tensor is among the arguments it is taken off around the call and put on
again behind it: that costs one Python frame, where a text on tensors would pay at every operation. The node that the
text ends with gets PyTorch's name for the whole function.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.graph import Node, Pending, send
from funcgrad.core.level import Traced
from funcgrad.core.silence import SILENT, restore, state, switch
from funcgrad.core.space import space_of
from funcgrad.tensor.beside import no_number
from funcgrad.tensor.devices import device_of
from funcgrad.tensor.generators import numbers_from
from funcgrad.tensor.overwriting import overwrite
from funcgrad.tensor.promotion import DEFAULT_DTYPE, type_name
from funcgrad.tensor.root import ROOT
from funcgrad.tensor.shell import Base, unwrap, unwrap_all, wrap
from funcgrad.transforms.gradient import stop_gradient

__all__ = ["constant", "draw", "functional", "in_dtype_of", "normal", "on_host", "reduce_loss", "uniform", "write_back"]

P = ParamSpec("P")
Text = Callable[P, Any]
CONTAINERS = (list, tuple)

# -- Tensors ---------------------------------------------------------------------------------------------------


class Named(Node):
    """The end of a function that is made of several calls: passes the cotangent on under the function's name."""

    __slots__ = ("label", "parent")

    def __init__(self, label: str, parent: Node) -> None:
        self.key = ROOT.stamp()
        self.cotangent = None
        self.label = label
        self.parent = parent

    def pull(self, g: Any, pending: Pending) -> None:
        send(self.parent, g, self.owned, pending)

    @property
    def name(self) -> str:
        return self.label

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return (self.parent,)


def functional(
    name: str = "", *, alike: Sequence[str] = (), floats: str = "", reals: str = "", raw: str = ""
) -> Callable[[Text[P]], Text[P]]:
    """Let a text of arrays take tensors too.

    Parameters
    ----------
    name : str
        Of the node that a result of the root level gets: PyTorch's, in small letters.
    alike : sequence of str
        Arguments that must be of one dtype where they are tensors.
    floats : str
        An argument that must not hold integers if it is a tensor.
    reals : str
        An argument whose integers count as the default dtype if it is a tensor.
    raw : str
        Arguments, separated by spaces, that the text gets as they are: it writes into them.
    """
    checked = (*alike, *[word for word in (floats, reals) if word])
    bare = frozenset(raw.split())

    def decorate(text: Text[P]) -> Text[P]:
        words = tuple(inspect.signature(text).parameters)

        @functools.wraps(text)
        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            first = args and isinstance(args[0], Base)  # as mostly
            if not first and not has_tensor(args) and not (kwargs and has_tensor(kwargs.values())):
                return text(*args, **kwargs)
            positional: Any = [x if word in bare else unwrapped(x) for word, x in zip(words, args, strict=False)]
            named: Any = {word: x if word in bare else unwrapped(x) for word, x in kwargs.items()}
            positional += [unwrapped(x) for x in args[len(words) :]]
            if checked:
                given = dict(zip(words, positional, strict=False)) | named
                if alike:
                    check_alike(text.__name__, [(word, given.get(word)) for word in alike])
                if floats:
                    check_floats(text.__name__, given.get(floats))
                if reals and given[reals].dtype.kind in "biu":
                    x = given[reals].astype(DEFAULT_DTYPE)
                    if reals in named:
                        named[reals] = x
                    else:
                        positional[words.index(reals)] = x
            token = None if state(None) is SILENT else switch(SILENT)
            try:
                return wrapped(text(*positional, **named), name)
            finally:
                if token is not None:
                    restore(token)

        return call

    return decorate


def unwrapped(x: Any) -> Any:
    """Return what the text gets for an argument."""
    return unwrap(x) if isinstance(x, Base) else unwrap_all(x) if isinstance(x, (*CONTAINERS, dict)) else x


def has_tensor(arguments: Any) -> bool:
    for x in arguments:
        if isinstance(x, Base):
            return True
        if isinstance(x, CONTAINERS) and has_tensor(x):
            return True
    return False


def wrapped(result: Any, name: str) -> Any:
    """Wrap what a text returned, and give its node the name."""
    if isinstance(result, Base):
        return result
    if isinstance(result, tuple | list):
        return type(result)([wrapped(part, name) for part in result])
    if isinstance(result, Traced):
        node = getattr(result, "node", None)
        if name and node is not None and result.level is ROOT and node.name != name:
            result = ROOT.tracer(result.value, Named(name, node), result.space)
        return wrap(result)
    return wrap(result) if isinstance(result, np.ndarray | np.generic) or hasattr(result, "dtype") else result


def check_alike(name: str, arguments: list[tuple[str, Any]]) -> None:
    if len({x.dtype for _, x in arguments if hasattr(x, "dtype")}) == 1:
        return
    given = [(word, space_of(x).dtype) for word, x in arguments if x is not None]
    for word, dtype in given[1:]:
        if dtype != given[0][1]:
            raise RuntimeError(
                f"{name}: {given[0][0]} and {word} must have one dtype, but got {type_name(given[0][1])} and "
                f"{type_name(dtype)}"
            )


def check_floats(name: str, x: Any) -> None:
    if hasattr(x, "dtype") and x.dtype.kind in "biu":
        raise NotImplementedError(f"{name} is not defined for {type_name(x.dtype)}: convert to a floating-point dtype")


def write_back(target: Any, value: Array) -> None:
    """Write into a buffer that the caller owns, such as a running mean: a constant as far as gradients go."""
    value = stop_gradient(value)
    if isinstance(target, Base) and not isinstance(value, Traced):
        overwrite(target, value.astype(target.values().dtype))
    else:
        target[...] = value


# -- Random numbers and constants ------------------------------------------------------------------------------


def constant(values: Any, like: Array) -> Array:
    """Bring an array of our own to where the data lives."""
    while isinstance(like, Traced):
        like = like.value
    return values if isinstance(like, np.ndarray | np.generic) else np.asarray(values, like=like)


def on_host(x: Any) -> Array:
    """Bring lengths or labels to where loops over them run."""
    get = getattr(x, "get", None)
    return np.asarray(x if get is None else get())


def source_for(like: Array) -> Any:
    """Return what draws random numbers where the data lives."""
    return numbers_from(None, device_of(like))


def uniform(shape: Sequence[int], like: Array, low: float = 0.0, high: float = 1.0) -> Array:
    """Draw uniform numbers in the dtype of `like`."""
    return constant(source_for(like).uniform(low, high, tuple(shape)).astype(like.dtype), like)


def normal(shape: Sequence[int], like: Array) -> Array:
    """Draw standard normal numbers in the dtype of `like`."""
    return constant(no_number(source_for(like).standard_normal(tuple(shape))).astype(like.dtype), like)


def draw(shape: Sequence[int], like: Array, p: float) -> Array:
    """Draw a mask that is true with probability `p`."""
    return constant(no_number(source_for(like).random(tuple(shape)) < p), like)


# -- Losses ------------------------------------------------------------------------------------------------------


def in_dtype_of(target: Any, input: Array) -> Any:
    """Return integers in the dtype of what they are compared with: PyTorch's promotion, where NumPy's would widen."""
    kind = getattr(target, "dtype", input.dtype).kind
    return target.astype(input.dtype) if kind in "biu" and input.dtype.kind == "f" else target


def reduce_loss(loss: Array, reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> Array:
    """Apply a loss's ``reduction``, or what the older arguments stand for."""
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
    if reduction == "none":
        return loss
    if reduction == "mean":
        return np.mean(loss)
    if reduction == "sum":
        return np.sum(loss)
    raise ValueError(f"{reduction} is not a valid value for reduction: 'none', 'mean' and 'sum' are")
