"""Questions about GPUs, as ``fg.cuda``. They have answers without CuPy; what needs a GPU says that there is none."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from funcgrad.tensor import devices
from funcgrad.tensor.device_numbers import seed_devices

__all__ = [
    *("current_device", "device", "device_count", "empty_cache", "get_device_name", "is_available", "is_initialized"),
    *("manual_seed", "manual_seed_all", "memory_allocated", "memory_reserved", "set_device", "synchronize"),
]


def is_available() -> bool:
    """Return whether tensors can live on a GPU: whether CuPy is installed and finds one.

    Examples
    --------
    >>> import funcgrad as fg
    >>> device = "cuda" if fg.cuda.is_available() else "cpu"
    """
    return device_count() > 0


def device_count() -> int:
    """Return the number of GPUs; 0 without CuPy.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.cuda.device_count() >= 0
    True
    """
    try:
        return int(devices.cupy().cuda.runtime.getDeviceCount())
    except (AssertionError, RuntimeError):
        return 0


is_initialized = is_available


def current_device() -> int:
    """Return the index of the GPU that ``"cuda"`` stands for."""
    return int(devices.cupy().cuda.runtime.getDevice())


def set_device(device: Any) -> None:
    """Choose the GPU that ``"cuda"`` stands for."""
    library = devices.cupy()
    library.cuda.Device(index_of(device)).use()


def index_of(device: Any) -> int:
    if device is None:
        return current_device()
    found = devices.as_device(device)
    if found.type != "cuda":
        raise ValueError(f"expected a GPU, got the device '{found}'")
    return current_device() if found.index is None else found.index


class device:
    """Let ``"cuda"`` stand for a certain GPU inside of the ``with`` block."""

    def __init__(self, device: Any) -> None:
        self.device = devices.cupy().cuda.Device(index_of(device))

    def __enter__(self) -> None:
        self.device.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.device.__exit__(kind, error, trace)


def get_device_name(device: Any = None) -> str:
    """Return the name of a GPU."""
    library = devices.cupy()
    name: bytes = library.cuda.runtime.getDeviceProperties(index_of(device))["name"]
    return name.decode()


def synchronize(device: Any = None) -> None:
    """Wait until a GPU has done what it was asked for."""
    devices.cupy().cuda.Device(index_of(device)).synchronize()


def empty_cache() -> None:
    """Give memory back that CuPy keeps for later; nothing without a GPU."""
    if is_available():
        devices.cupy().get_default_memory_pool().free_all_blocks()


def memory_allocated(device: Any = None) -> int:
    """Return the bytes that arrays on a GPU take; 0 without one."""
    return pool_bytes("used_bytes", device)


def memory_reserved(device: Any = None) -> int:
    """Return the bytes that CuPy has from a GPU; 0 without one."""
    return pool_bytes("total_bytes", device)


def pool_bytes(name: str, device: Any) -> int:
    if not is_available():
        return 0
    library = devices.cupy()
    with library.cuda.Device(index_of(device)):  # each GPU has its own part of the pool
        return int(getattr(library.get_default_memory_pool(), name)())


def manual_seed(seed: int) -> None:
    """Seed the random numbers that are made on GPUs; nothing without one."""
    if is_available():
        seed_devices(seed)


manual_seed_all = manual_seed
