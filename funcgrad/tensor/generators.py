"""Where random numbers come from: a generator for the process, as in PyTorch, and further ones.

The numbers are NumPy's: the same seed gives the same numbers in every run, but not PyTorch's.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import numpy as np

from funcgrad.tensor.beside import no_number
from funcgrad.tensor.device_numbers import DeviceNumbers, seed_devices, source_of
from funcgrad.tensor.devices import as_device, device, exact, get_default_device
from funcgrad.tensor.shell import Base, wrap

__all__ = [
    *("DRAWING", "Generator", "default_generator", "get_rng_state", "initial_seed", "manual_seed", "normal"),
    *("numbers_from", "seed", "set_rng_state", "target", "uniform"),
]

WORDS = 6  # of 64 bits: seed, state (two), increment (two), and a half-used number


class Generator:
    """A source of random numbers with a state of its own.

    Parameters
    ----------
    device : device, optional
        Where the numbers are made: ``"cpu"``, with NumPy's generator, or a GPU, with CuPy's.

    Examples
    --------
    >>> import funcgrad as fg
    >>> g = fg.Generator().manual_seed(3)
    >>> g.initial_seed()
    3
    """

    def __init__(self, device: Any = "cpu") -> None:
        self.place = exact(as_device(device))
        if self.place.type not in ("cpu", "cuda"):
            raise RuntimeError(f"random numbers are made on 'cpu' and 'cuda' devices, not on {device!r}")
        self.manual_seed(67280421310721)  # PyTorch's too: new generators are all alike

    @property
    def device(self) -> device:
        """Where the numbers are made."""
        return self.place

    @property
    def numpy(self) -> Any:
        """NumPy's generator, which has the state; on a GPU, what has its methods."""
        return self.generator

    def manual_seed(self, seed: int) -> Generator:
        """Start the sequence that belongs to a seed.

        Parameters
        ----------
        seed : int
            From ``-2**63`` to ``2**64 - 1``; negative ones count from the end.
        """
        number = operator.index(seed)
        if not -(2**63) <= number < 2**64:
            raise ValueError(f"a seed must fit into 64 bits, got {number}")
        self.first = number % 2**64
        index = self.place.index
        self.generator: Any = np.random.default_rng(self.first) if index is None else DeviceNumbers(index, self.first)
        return self

    def seed(self) -> int:
        """Start from a seed that nobody can guess, and return it."""
        self.manual_seed(int(np.random.SeedSequence().generate_state(1, np.uint64)[0]))
        return self.first

    def initial_seed(self) -> int:
        """Return the seed that the sequence began with."""
        return self.first

    def get_state(self) -> Any:
        """Return the state as a tensor of bytes, which :meth:`set_state` takes."""
        if self.place.type != "cpu":
            raise NotImplementedError("CuPy's generators do not show their state: seed them with manual_seed instead")
        state: Any = self.generator.bit_generator.state
        numbers = [self.first]
        for name in ("state", "inc"):
            numbers += divmod(state["state"][name], 2**64)
        numbers.append(state["has_uint32"] * 2**32 + state["uinteger"])
        return wrap(np.array(numbers, "<u8").view(np.uint8))

    def set_state(self, new_state: Any) -> None:
        """Continue from a state that :meth:`get_state` returned."""
        if self.place.type != "cpu":
            raise NotImplementedError("CuPy's generators do not take a state: seed them with manual_seed instead")
        if not isinstance(new_state, Base) or new_state.dtype != np.uint8:
            raise TypeError("the state of a generator is a tensor of dtype uint8")
        if new_state.values().shape != (8 * WORDS,):
            raise RuntimeError(
                f"the state of a generator has {8 * WORDS} bytes, got the shape {list(new_state.values().shape)}"
            )
        words = [int(word) for word in np.ascontiguousarray(new_state.values()).view("<u8")]
        bits = np.random.PCG64()
        bits.state = {
            "bit_generator": "PCG64",
            "state": {"state": words[1] * 2**64 + words[2], "inc": words[3] * 2**64 + words[4]},
            "has_uint32": words[5] >> 32,
            "uinteger": words[5] % 2**32,
        }
        self.first = words[0]
        self.generator = np.random.Generator(bits)

    def clone_state(self) -> Generator:
        """Return a generator that continues as this one would."""
        new = Generator()
        new.set_state(self.get_state())
        return new

    def __reduce__(self) -> Any:
        return restored, (self.get_state().numpy(),)

    def __repr__(self) -> str:
        return f"<torch._C.Generator object at {id(self):#x}>"


def restored(state: Any) -> Generator:
    new = Generator()
    new.set_state(wrap(state))
    return new


#: What to tell that numbers are about to be drawn: ``vmap`` has a say in that.
DRAWING: ContextVar[Callable[[Generator], None] | None] = ContextVar("DRAWING", default=None)

#: What random functions use unless they are given another.
default_generator = Generator()
default_generator.seed()


def numbers_from(generator: Generator | None, where: Any = None) -> Any:
    """Return NumPy's generator for a ``generator=`` argument; for numbers on a GPU, what has its methods there.

    Without a device it is the host: what is made there is copied by whom it concerns.
    """
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(f"generator must be a funcgrad.Generator, got {type(generator).__name__}")
    source = generator or default_generator
    tell = DRAWING.get()
    if tell is not None:
        tell(source)
    if where is None or where.type != "cuda":
        return source.numpy
    where = exact(where)
    if generator is None:
        return source_of(where.index, default_generator.first)
    if generator.device != where:
        raise RuntimeError(
            f"Expected a '{where}' device type for generator but found '{generator.device}': make it with "
            f"Generator(device='{where}')"
        )
    return generator.numpy


def target(where: Any) -> device:
    """Return the device that a ``device=`` argument stands for."""
    return exact(get_default_device() if where is None else as_device(where))


def uniform(shape: tuple[int, ...], dtype: Any, generator: Generator | None = None, where: Any = None) -> Any:
    """Return numbers from [0, 1), both parts of complex ones: all that the dtype can tell apart below 1."""
    dtype, source = np.dtype(dtype), numbers_from(generator, where)
    if dtype.kind not in "fc":
        raise RuntimeError(f"random numbers from [0, 1) are not of dtype {dtype.name}: use randint")
    if dtype.kind == "c":
        return pairs(source.random((*shape, 2), dtype.type(0).real.dtype), dtype)
    if dtype == np.float16:  # a cast would round up to 1
        return (no_number(source.integers(0, 2**11, shape)) / 2**11).astype(dtype)
    return no_number(source.random(shape, dtype.type))


def normal(shape: tuple[int, ...], dtype: Any, generator: Generator | None = None, where: Any = None) -> Any:
    """Return standard normal numbers; complex ones have variance 1 too, half of it in each part."""
    dtype, source = np.dtype(dtype), numbers_from(generator, where)
    if dtype.kind not in "fc":
        raise RuntimeError(f"normal random numbers are not of dtype {dtype.name}")
    if dtype.kind == "c":
        real = dtype.type(0).real.dtype
        return pairs(source.standard_normal((*shape, 2), real) * real.type(0.5**0.5), dtype)
    wide = np.float64 if dtype == np.float64 else np.float32
    return no_number(source.standard_normal(shape, wide)).astype(dtype, copy=False)


def pairs(parts: Any, dtype: np.dtype[Any]) -> Any:
    """Return the complex numbers whose parts lie along the last axis."""
    return parts.view(dtype)[..., 0]


def manual_seed(seed: Any) -> Generator:
    """Seed the random numbers of all tensors, in all threads and on all devices.

    The numbers are not PyTorch's; the same seed gives the same ones in every run.

    Parameters
    ----------
    seed : int

    Returns
    -------
    Generator
        The one that random functions use unless they are given another.

    Examples
    --------
    >>> import funcgrad as fg
    >>> _ = fg.manual_seed(0)
    >>> x = fg.rand(2)
    >>> _ = fg.manual_seed(0)
    >>> bool((x == fg.rand(2)).all())
    True
    """
    seed_devices(None)
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the random numbers of all tensors from a number that nobody can guess, and return it.

    Examples
    --------
    >>> import funcgrad as fg
    >>> isinstance(fg.seed(), int)
    True
    """
    seed_devices(None)
    return default_generator.seed()


def initial_seed() -> int:
    """Return the seed that the random numbers began with.

    Examples
    --------
    >>> import funcgrad as fg
    >>> _ = fg.manual_seed(7)
    >>> fg.initial_seed()
    7
    """
    return default_generator.initial_seed()


def get_rng_state() -> Any:
    """Return the state of the random numbers as a tensor of bytes.

    Examples
    --------
    >>> import funcgrad as fg
    >>> state = fg.get_rng_state()
    >>> x = fg.rand(2)
    >>> fg.set_rng_state(state)
    >>> bool((x == fg.rand(2)).all())
    True
    """
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Continue the random numbers from a state that :func:`get_rng_state` returned.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.set_rng_state(fg.get_rng_state())
    """
    default_generator.set_state(new_state)
