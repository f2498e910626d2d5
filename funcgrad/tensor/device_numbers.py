"""Random numbers made on a GPU: CuPy's generators under the names of NumPy's methods."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.tensor.devices import cupy

__all__ = ["ON_DEVICES", "DeviceNumbers", "seed_devices", "source_of"]


class DeviceNumbers:
    """The methods of NumPy's generator that tensors use, with numbers that are made on one GPU.

    Parameters
    ----------
    index : int
        Which GPU.
    seed : int
        What the sequence begins with. The numbers are others than NumPy's for the same seed.
    """

    def __init__(self, index: int, seed: int) -> None:
        self.library: Any = cupy()
        self.index = index
        with self.library.cuda.Device(index):
            self.source = self.library.random.Generator(self.library.random.XORWOW(seed))

    def draw(self, name: str, *args: Any, **kwargs: Any) -> Any:
        with self.library.cuda.Device(self.index):
            return getattr(self.source, name)(*args, **kwargs)

    def random(self, size: Any = (), dtype: Any = np.float64) -> Any:
        """Draw from [0, 1)."""
        return self.draw("random", size, dtype=dtype)

    def standard_normal(self, size: Any = (), dtype: Any = np.float64) -> Any:
        """Draw from the standard normal distribution."""
        return self.draw("standard_normal", size, dtype=dtype)

    def standard_exponential(self, size: Any = ()) -> Any:
        """Draw from the exponential distribution of mean 1."""
        return self.draw("standard_exponential", size)

    def exponential(self, scale: float = 1.0, size: Any = ()) -> Any:
        """Draw from the exponential distribution of this mean."""
        return self.standard_exponential(size) * scale

    def uniform(self, low: float = 0.0, high: float = 1.0, size: Any = ()) -> Any:
        """Draw from [low, high)."""
        return self.random(size) * (high - low) + low

    def normal(self, loc: float = 0.0, scale: float = 1.0, size: Any = ()) -> Any:
        """Draw from a normal distribution."""
        return self.standard_normal(size) * scale + loc

    def integers(self, low: int, high: int, size: Any = ()) -> Any:
        """Draw integers from `low` to below `high`."""
        return self.draw("integers", low, high, size)

    def permutation(self, n: int) -> Any:
        """Draw an order of the numbers below `n`."""
        return np.argsort(self.random((n,)))

    def poisson(self, lam: Any) -> Any:
        """Draw from Poisson distributions."""
        return self.draw("poisson", lam, lam.shape)

    def binomial(self, n: Any, p: Any) -> Any:
        """Draw from binomial distributions."""
        return self.draw("binomial", n, p, np.broadcast_shapes(np.shape(n), np.shape(p)))

    def geometric(self, p: float, size: Any = ()) -> Any:
        """Draw from the geometric distribution."""
        return self.draw("geometric", p, size)

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(
            f"numbers of this kind ({name}) are not made on a GPU: leave out the generator, and they are copied there"
        )


#: The generators of the GPUs, by their index; they are made when numbers are first drawn there.
ON_DEVICES: dict[int, DeviceNumbers] = {}

#: The seed of generators to come, if another one than the host's.
SEEDS: list[int] = []


def seed_devices(seed: int | None) -> None:
    """Start the sequences of all GPUs again, from a seed; with None from that of the host."""
    SEEDS[:] = [] if seed is None else [seed % 2**64]
    ON_DEVICES.clear()


def source_of(index: int, seed: int) -> DeviceNumbers:
    """Return the generator of a GPU, which begins with a seed if it has not been asked before."""
    found = ON_DEVICES.get(index)
    if found is None:
        found = ON_DEVICES[index] = DeviceNumbers(index, (SEEDS or [seed])[0])
    return found
