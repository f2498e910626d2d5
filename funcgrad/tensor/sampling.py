"""Tensors of random numbers. The numbers are NumPy's, not PyTorch's, for the same seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.tensor import generators
from funcgrad.tensor.beside import no_number
from funcgrad.tensor.calling import check_floating, needs_tensor, operation, values_of
from funcgrad.tensor.devices import device_of, place
from funcgrad.tensor.factory import finish, shaped
from funcgrad.tensor.generators import Generator, numbers_from, target, uniform
from funcgrad.tensor.layouts import laid_out
from funcgrad.tensor.promotion import DEFAULT_DTYPE
from funcgrad.tensor.shell import Base, wrap

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("bernoulli", "multinomial", "normal", "poisson", "rand", "rand_like", "randint", "randint_like", "randn"),
    *("randn_like", "randperm"),
]


@laid_out
def randn(
    *size: Any,
    generator: Generator | None = None,
    dtype: Any = DEFAULT_DTYPE,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Make a tensor of standard normal numbers."""
    numbers = generators.normal(shaped(size, options), dtype or DEFAULT_DTYPE, generator, target(device))
    return finish(numbers, requires_grad, device)


@laid_out
def rand(
    *size: Any,
    generator: Generator | None = None,
    dtype: Any = DEFAULT_DTYPE,
    device: Any = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Make a tensor of uniform numbers from [0, 1)."""
    numbers = uniform(shaped(size, options), dtype or DEFAULT_DTYPE, generator, target(device))
    return finish(numbers, requires_grad, device)


@laid_out
def randint(
    *bounds: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **named: Any,
) -> Tensor:
    """Make a tensor of integers: ``randint(high, size)`` from 0, or ``randint(low, high, size)``, without `high`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> int(fg.randint(3, 4, (1,)))
    3
    """
    given = list(bounds)
    shape = given.pop() if size is None else size
    low, high = given if len(given) == 2 else (named.pop("low", 0), *given, *([named.pop("high")] if not given else []))
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    numbers = numbers_from(generator, target(device)).integers(low, high, shaped((shape,), named))
    return finish(no_number(numbers).astype(np.dtype(dtype or np.int64)), requires_grad, device)


@laid_out
def randperm(
    n: int, *, generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Make a tensor of the numbers from 0 to ``n - 1`` in random order."""
    numbers = numbers_from(generator, target(device)).permutation(n)
    return finish(numbers.astype(np.dtype(dtype or np.int64)), requires_grad, device)


def shape_like(name: str, input: Any) -> tuple[int, ...]:
    return tuple(needs_tensor(name, input).shape)


@laid_out
def rand_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Make uniform numbers from [0, 1), of another tensor's shape and dtype."""
    shape = shape_like("rand_like", input)
    return rand(shape, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad)


@laid_out
def randn_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Make standard normal numbers, of another tensor's shape and dtype."""
    shape = shape_like("randn_like", input)
    return randn(shape, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad)


@laid_out
def randint_like(
    input: Tensor, *bounds: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **named: Any
) -> Tensor:
    """Make integers, ``randint_like(input, low, high)``, of another tensor's shape and dtype."""
    shape = shape_like("randint_like", input)
    where = device or input.device
    return randint(*bounds, size=shape, dtype=dtype or input.dtype, device=where, requires_grad=requires_grad, **named)


@operation
def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """Return ones with the probabilities that the elements say, or with `p`, and zeros."""
    x = values_of(input)
    check_floating("bernoulli", x)
    chances = x if p is None else np.float64(p)
    if np.any((chances < 0) | (chances > 1)):
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false.")
    return wrap((no_number(numbers_from(generator, device_of(x)).random(x.shape)) < chances).astype(x.dtype))


@operation
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Draw indices, for each row with the probabilities in it, which need not sum to one.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.multinomial(fg.tensor([0.0, 1.0]), 2, replacement=True)
    tensor([1, 1])
    """
    x = values_of(input)
    where = device_of(x)
    x = place(x, "cpu")  # where the random numbers are
    if x.dtype.kind != "f":
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {x.dtype.name}")
    if x.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    weights = np.atleast_2d(x).astype(np.float64)
    if not np.all(np.isfinite(weights)) or np.any(weights < 0):
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if np.any(weights.sum(1) <= 0):
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > weights.shape[1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    source = numbers_from(generator, where)
    if replacement:
        sums = np.cumsum(weights, axis=1)
        draws = place(source.random((len(weights), num_samples)), "cpu") * sums[:, -1:]
        places = np.stack([np.searchsorted(s, d, side="right") for s, d in zip(sums, draws, strict=True)])
    else:  # the smallest of exponential waiting times come first
        with np.errstate(divide="ignore"):
            waits = place(source.standard_exponential(weights.shape), "cpu") / weights
        places = np.argsort(waits, axis=1)[:, :num_samples]
    return wrap(place(places if x.ndim == 2 else places[0], where))


def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, dtype: Any = None
) -> Tensor:
    """Return normal numbers with means and standard deviations, of tensors element by element or of a `size`."""
    if not isinstance(mean, Base) and not isinstance(std, Base):
        if size is None:
            raise TypeError("normal(): of a number for mean and std, size must be given")
        return finish(generators.normal(shaped((size,), {}), dtype or DEFAULT_DTYPE, generator) * std + mean, False)
    m, s = values_of(mean), values_of(std)
    if np.any((s if hasattr(s, "dtype") else np.asarray(s)) < 0):
        raise RuntimeError("normal expects all elements of std >= 0.0")
    found = next(x for x in (m, s) if hasattr(x, "dtype"))
    shape = np.broadcast_shapes(np.shape(m), np.shape(s))
    numbers = generators.normal(shape, found.dtype, generator, device_of(found))
    return wrap((numbers * s + m).astype(found.dtype))


@operation
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Return numbers from the Poisson distributions with the elements as rates."""
    x = values_of(input)
    check_floating("poisson", x)
    if np.any(x < 0):
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    return wrap(no_number(numbers_from(generator, device_of(x)).poisson(x)).astype(x.dtype))
