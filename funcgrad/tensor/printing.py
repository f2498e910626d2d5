"""Printing: the text of a tensor, to the character as PyTorch 2.13 writes it.

    format_tensor   an array and its suffixes -> "tensor([1., 2.], requires_grad=True)"
    format_scalar   a 0-d tensor under a format spec, as in f"{loss:.3f}"
    dtype_name      np.dtype("float32") -> "torch.float32"

Everything here is a function of a host array. The only state is the print options, and they are local to the context
(thread, asyncio task), so one thread's options never change what another prints.

The order of work: choose the `_shown` corners of a large array, write every shown value as a text of its `_column`,
`_nest` the texts in brackets and lines, then let the `_suffixes` follow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from itertools import compress
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from funcgrad.tensor.dtypes import DEFAULTS

HostArray = NDArray[Any]

# ---------------------------------------------------------------------------------------------------- options


@dataclass(frozen=True, slots=True)
class PrintOptions:
    """How tensors print: the fields of `torch.set_printoptions`. `sci_mode=None` decides by the values."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None

    def __post_init__(self) -> None:
        for name in ("precision", "edgeitems"):
            if getattr(self, name) < 0:
                raise ValueError(f"print option {name} must not be negative, got {getattr(self, name)}")


PROFILES = MappingProxyType(
    {
        "default": PrintOptions(),
        "short": PrintOptions(precision=2, edgeitems=2),
        "full": PrintOptions(threshold=math.inf),
    }
)

_options: ContextVar[PrintOptions] = ContextVar("funcgrad_print_options", default=PROFILES["default"])


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print from here on in this context (thread, asyncio task).

    What is not given stays. Only `sci_mode` goes back to None, the automatic choice: this is PyTorch's rule.

    Parameters
    ----------
    precision : int, optional
        Digits after the point.
    threshold : float, optional
        The number of elements above which only the corners are shown.
    edgeitems : int, optional
        How many items of a dimension a corner has.
    linewidth : int, optional
        Characters of a line.
    profile : {"default", "short", "full"}, optional
        Sets every option at once; those that are given override it.
    sci_mode : bool, optional
        Whether numbers are in scientific notation; None decides by the values.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.set_printoptions(precision=2)
    >>> fg.tensor([0.5])
    tensor([0.50])
    >>> fg.set_printoptions(profile="default")
    """
    if profile is not None and profile not in PROFILES:
        raise ValueError(f"unknown print profile {profile!r}: choose from {', '.join(map(repr, PROFILES))}")
    base = _options.get() if profile is None else PROFILES[profile]
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    _options.set(replace(base, **changes, sci_mode=sci_mode))


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Print with other options inside of the ``with`` block.

    Parameters
    ----------
    **options
        The keywords of :func:`set_printoptions`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> with fg.printoptions(sci_mode=True):
    ...     print(fg.tensor([0.5]))
    tensor([5.0000e-01])
    """
    outside = _options.get()
    set_printoptions(**options)
    try:
        yield
    finally:
        _options.set(outside)


# ----------------------------------------------------------------------------------------------------- public


def format_tensor(
    array: HostArray | np.generic,
    *,
    requires_grad: bool = False,
    grad_fn: str | None = None,
    default_dtype: DTypeLike | None = None,
    device: str | None = None,
    prefix: str = "tensor(",
) -> str:
    """The repr of the tensor that holds `array`.

    `grad_fn` is the node's bare name and takes the place of `requires_grad`; `device` is shown when it is given. The
    dtype is shown unless a reader can tell it, given the default dtype (by default the one that is set).

    >>> print(format_tensor(np.ones((2, 2), np.float32), requires_grad=True))
    tensor([[1., 1.],
            [1., 1.]], requires_grad=True)
    >>> print(format_tensor(np.float32(27), grad_fn="MeanBackward0"))
    tensor(27., grad_fn=<MeanBackward0>)
    """
    array = np.asarray(array)
    options = _options.get()
    text = prefix + _body(array, len(prefix), options)
    suffixes = [] if device is None else [f"device='{device}'"]
    if _shows_size(array, options):
        suffixes.append(f"size={array.shape}")
    if not _is_default(array, np.dtype(DEFAULTS.real if default_dtype is None else default_dtype)):
        suffixes.append(f"dtype={dtype_name(array.dtype)}")
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    return _with_suffixes(text, suffixes, len(prefix), options.linewidth) + ")"


def format_scalar(value: HostArray | np.generic, spec: str) -> str:
    """`format(t, spec)` of a 0-d tensor: its value as a Python number, so a float32 shows all digits of its double.

    >>> format_scalar(np.float32(0.1), ""), format_scalar(np.float32(0.1), ".2f")
    ('0.10000000149011612', '0.10')
    """
    return format(value.item(), spec)


def dtype_name(dtype: DTypeLike) -> str:
    """PyTorch's name of a dtype.

    >>> dtype_name(np.float32)
    'torch.float32'
    """
    return f"torch.{np.dtype(dtype).name}"


# ---------------------------------------------------------------------------------------------- values as texts


class _Column(NamedTuple):
    """Texts of values, padded to stand under each other, and the width that the line breaks reckon with."""

    texts: list[str]
    width: int


def _column(values: HostArray, options: PrintOptions) -> _Column:
    match values.dtype.kind:
        case "c":
            return _complex_column(values, options)
        case "f":
            return _float_column(values, options)
        case _:
            texts = [str(value) for value in values.tolist()]
            return _padded(texts, max(map(len, texts), default=0))


def _float_column(values: HostArray, options: PrintOptions) -> _Column:
    """Only finite nonzero values have a say in style and width: zeros, infinities and nan stick out if they must."""
    telling = np.isfinite(values) & (values != 0)
    style = _float_style(values[telling], options)
    texts = [format(value, style) for value in values.tolist()]
    return _padded(texts, max(map(len, compress(texts, telling)), default=1))


def _complex_column(values: HostArray, options: PrintOptions) -> _Column:
    """Each part has a style of its own. The imaginary part is not padded, and the `j` is not counted."""
    real, imag = _float_column(values.real, options), _float_column(values.imag, options)
    signed = (text if text.startswith("-") else f"+{text}" for text in map(str.lstrip, imag.texts))
    return _Column([f"{re}{im}j" for re, im in zip(real.texts, signed, strict=True)], real.width + imag.width + 1)


def _float_style(telling: HostArray, options: PrintOptions) -> str:
    """The format spec for a column with these telling values: whole numbers (`1.`), fixed or scientific."""
    whole, fixed, scientific = "#.0f", f".{options.precision}f", f".{options.precision}e"
    if telling.size == 0:
        return whole
    sizes = np.abs(telling.astype(np.float64))
    smallest, largest = float(sizes.min()), float(sizes.max())
    integral = bool(np.all(sizes == np.ceil(sizes)))
    if options.sci_mode is None:
        is_scientific = largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4
    else:
        is_scientific = options.sci_mode
    return scientific if is_scientific else whole if integral else fixed


def _padded(texts: list[str], width: int) -> _Column:
    return _Column([text.rjust(width) for text in texts], width)


# ------------------------------------------------------------------------------------------- texts as a nest


def _body(array: HostArray, indent: int, options: PrintOptions) -> str:
    """The brackets and all that is in them, for a text that starts in column `indent`."""
    edge = options.edgeitems
    summarised = array.ndim > 0 and array.size > options.threshold
    if summarised and edge == 0:
        return "[...]"
    if array.size == 0:
        return "[]"
    cut = [summarised and size > 2 * edge for size in array.shape]
    shown = _shown(array, cut, edge)
    column = _column(shown.ravel(), options)
    texts = np.array(column.texts, dtype=object).reshape(shown.shape)
    return _nest(texts, cut, column.width, indent, options)


def _shown(array: HostArray, cut: Sequence[bool], edge: int) -> HostArray:
    """The array without the middle of its cut axes."""
    if not any(cut):
        return array
    kept = (
        np.r_[:edge, size - edge : size] if is_cut else np.arange(size)
        for size, is_cut in zip(array.shape, cut, strict=True)
    )
    corners: HostArray = array[np.ix_(*kept)]
    return corners


def _nest(texts: HostArray, cut: Sequence[bool], width: int, indent: int, options: PrintOptions) -> str:
    """Brackets around `texts`, the dots of cut axes in their middle; `width` is one text's share of a line."""
    if texts.ndim == 0:
        return str(texts.item())
    margin = "\n" + " " * (indent + 1)
    if texts.ndim == 1:
        items = _dotted(texts.tolist(), cut[0], options.edgeitems, " ...")
        per_line = max(1, (options.linewidth - indent) // (width + len(", ")))
        lines = [", ".join(items[start : start + per_line]) for start in range(0, len(items), per_line)]
        return "[" + f",{margin}".join(lines) + "]"
    blocks = [_nest(block, cut[1:], width, indent + 1, options) for block in texts]
    blank_lines = "\n" * (texts.ndim - 2)
    return "[" + f",{blank_lines}{margin}".join(_dotted(blocks, cut[0], options.edgeitems, "...")) + "]"


def _dotted(items: list[str], is_cut: bool, edge: int, dots: str) -> list[str]:
    return [*items[:edge], dots, *items[edge:]] if is_cut else items


# --------------------------------------------------------------------------------------------------- suffixes


def _shows_size(array: HostArray, options: PrintOptions) -> bool:
    """The brackets tell the shape, unless nothing is in them: `[]` is taken for the shape `(0,)`."""
    return array.ndim != 1 if array.size == 0 else options.edgeitems == 0


def _is_default(array: HostArray, default: np.dtype[Any]) -> bool:
    """Whether a reader can tell the dtype from the values: what Python's own numbers would become."""
    if array.size == 0:
        return array.dtype == default
    complex_default = np.complex128 if default == np.float64 else np.complex64
    return array.dtype in (default, complex_default, np.int64, np.bool_)


def _with_suffixes(text: str, suffixes: Sequence[str], indent: int, linewidth: int) -> str:
    """Each suffix follows on the line if it fits there, else on a line of its own.

    PyTorch keeps two columns free after the brackets, but not after a line that a suffix began.
    """
    column = len(text) - (text.rfind("\n") + 1) + 2
    for suffix in suffixes:
        if column + len(f", {suffix}") <= linewidth:
            text += f", {suffix}"
            column += len(f", {suffix}")
        else:
            text += f",\n{' ' * indent}{suffix}"
            column = indent + len(suffix)
    return text
