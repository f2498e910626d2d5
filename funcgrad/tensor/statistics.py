"""Covariances, histograms, numerical gradients, and windows of signals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from funcgrad.tensor.calling import axes_of, axis_of, check_floating, operation, values_of
from funcgrad.tensor.factory import finish
from funcgrad.tensor.promotion import DEFAULT_DTYPE
from funcgrad.tensor.returns import described
from funcgrad.tensor.shell import Base, unwrap, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("bartlett_window", "blackman_window", "corrcoef", "cov", "gradient", "hamming_window", "hann_window"),
    *("histogram", "kaiser_window"),
]

# -- Covariances -------------------------------------------------------------------------------------------------


@operation
def cov(input: Tensor, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Tensor:
    """Return the covariances of variables in rows, whose observations are in columns.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.cov(fg.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    x = unwrap(input)
    if len(x.shape) > 2:
        raise RuntimeError(f"cov(): expected input to have two or fewer dimensions but got {len(x.shape)}")
    weights = {"fweights": values_of(fweights), "aweights": values_of(aweights)}
    y = np.cov(x, ddof=correction, **{name: w for name, w in weights.items() if w is not None})
    return wrap(y.astype(x.dtype if x.dtype.kind in "fc" else DEFAULT_DTYPE.dtype))


@operation
def corrcoef(input: Tensor) -> Tensor:
    """Return the correlation coefficients of variables in rows."""
    x = unwrap(input)
    if len(x.shape) > 2:
        raise RuntimeError(f"corrcoef(): expected input to have two or fewer dimensions but got {len(x.shape)}")
    return wrap(np.corrcoef(x).astype(x.dtype if x.dtype.kind in "fc" else DEFAULT_DTYPE.dtype))


# -- Histograms ----------------------------------------------------------------------------------------------------


class Histogram(NamedTuple):
    """What ``histogram`` returns."""

    hist: Tensor
    bin_edges: Tensor

    def __repr__(self) -> str:
        return described(self, "histogram")


@operation
def histogram(
    input: Tensor, bins: Any, *, range: tuple[float, float] | None = None, weight: Any = None, density: bool = False
) -> Histogram:
    """Count the elements in bins, given by their number or by their edges."""
    x = values_of(input)
    check_floating("histogram", x)
    w = None if weight is None else np.reshape(values_of(weight), -1)
    edges = values_of(bins)
    if isinstance(edges, int):
        low, high = range or (float(np.min(x)), float(np.max(x)))
        edges = np.linspace(*((low, high) if low != high else (low - 1, high + 1)), edges + 1).astype(x.dtype)
    counts, _ = np.histogram(np.reshape(x, -1), bins=edges, weights=w, density=density)
    return Histogram(wrap(counts.astype(x.dtype)), wrap(np.asarray(edges)))


# -- Numerical gradients -------------------------------------------------------------------------------------------


@operation
def gradient(input: Tensor, *, spacing: Any = 1, dim: Any = None, edge_order: Any = 1) -> tuple[Tensor, ...]:
    """Estimate the gradient of a function from its values on a grid, along each dimension."""
    x = unwrap(input)
    axes = axes_of(dim, len(x.shape)) if dim is None or isinstance(dim, tuple | list) else (axis_of(dim, len(x.shape)),)
    steps = list(spacing) if isinstance(spacing, tuple | list) else [spacing] * len(axes)
    steps = [step.values() if isinstance(step, Base) else step for step in steps]
    if len(steps) != len(axes):
        raise RuntimeError(f"torch.gradient expected spacing to be one for each dim, got {len(steps)} for {len(axes)}")
    parts = [np.gradient(x, step, axis=axis, edge_order=edge_order) for step, axis in zip(steps, axes, strict=True)]
    return tuple([wrap(part.astype(x.dtype)) for part in parts])


# -- Windows --------------------------------------------------------------------------------------------------------


def window(name: str, values: Callable[..., Any]) -> Callable[..., Tensor]:
    def make(
        window_length: int,
        periodic: bool = True,
        *parameters: float,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        **named: float,
    ) -> Tensor:
        if window_length < 0:
            raise RuntimeError(f"{name} requires non-negative window_length, got window_length={window_length}")
        n = window_length + (periodic and window_length > 1)
        numbers = values(n, *parameters, **named)[:window_length]
        return finish(numbers.astype(np.dtype(dtype or DEFAULT_DTYPE)), requires_grad, device)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"Return the {name.replace('_', ' ')}, one element longer and cut if `periodic`."
    return make


def cosines(n: int, *weights: float) -> Any:
    angles = 2 * np.pi * np.arange(n) / max(n - 1, 1)
    return np.ones(n) if n <= 1 else sum([(-1) ** k * w * np.cos(k * angles) for k, w in enumerate(weights)])


hann_window = window("hann_window", lambda n: cosines(n, 0.5, 0.5))
hamming_window = window("hamming_window", lambda n, alpha=0.54, beta=0.46: cosines(n, alpha, beta))
blackman_window = window("blackman_window", lambda n: cosines(n, 0.42, 0.5, 0.08))
bartlett_window = window("bartlett_window", lambda n: np.bartlett(n))
kaiser_window = window("kaiser_window", lambda n, beta=12.0: np.kaiser(n, beta))
