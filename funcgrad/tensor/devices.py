"""Devices: where the elements of a tensor live. The host, or a GPU if CuPy is installed.

CuPy is asked for when a GPU is first named, never imported before.
"""

from __future__ import annotations

import importlib
import re
import sys
from contextvars import ContextVar, Token
from types import ModuleType
from typing import Any

import numpy as np

from funcgrad.core.level import plain

__all__ = ["as_device", "cupy", "device", "device_of", "exact", "get_default_device", "place", "set_default_device"]

#: Kinds of device that PyTorch knows. Tensors live on the first two.
KINDS = (
    *("cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga", "maia", "xla"),
    *("lazy", "vulkan", "mps", "meta", "hpu", "mtia", "privateuseone"),
)

Found = tuple[str, int | None]


class device:
    """A place where tensors live: ``device("cpu")``, ``device("cuda:1")`` or ``device("cuda", 1)``.

    As a context manager it is where factories put tensors that name no device.

    Parameters
    ----------
    type : str or device or int
        The kind of device, with or without an index; an integer is the index of a GPU.
    index : int, optional
        Which one of its kind.

    Raises
    ------
    RuntimeError
        If there is no such kind of device.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.device("cuda:1")
    device(type='cuda', index=1)
    >>> fg.zeros(2).device
    device(type='cpu')
    """

    __slots__ = ("index", "tokens", "type")

    type: str
    index: int | None

    def __init__(self, type: Any, index: int | None = None) -> None:
        self.type, self.index = parsed(type, index)
        self.tokens: list[Token[device | None]] = []  # may be entered again while it is active

    def __enter__(self) -> device:
        self.tokens.append(DEFAULT.set(device(self)))
        return self

    def __exit__(self, *error: object) -> None:
        DEFAULT.reset(self.tokens.pop())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"device(type={self.type!r}" + ("" if self.index is None else f", index={self.index}") + ")"

    def __reduce__(self) -> Any:
        return device, (self.type, self.index)


#: Where factories put tensors that name no device; None is the host.
DEFAULT: ContextVar[device | None] = ContextVar("default_device", default=None)


def parsed(type: Any, index: int | None) -> Found:
    """Return kind and index of what a program gave for a device."""
    if isinstance(type, device):
        return type.type, type.index
    if isinstance(type, int) and not isinstance(type, bool):
        if index is not None:
            raise TypeError("device() takes an index alone, or a kind of device and an index")
        try:
            cupy()
        except AssertionError as error:
            raise RuntimeError(f"a number is the index of a GPU: {error}") from None
        return "cuda", checked(type)
    if not isinstance(type, str):
        raise TypeError(f"device() takes a name such as 'cpu' or 'cuda:1', got {type!r}")
    if not type:
        raise RuntimeError("Device string must not be empty")
    kind, colon, number = type.partition(":")
    if kind not in KINDS:
        raise RuntimeError(f"Expected one of {', '.join(KINDS)} device type at start of device string: {type}")
    if not colon:
        return kind, None if index is None else checked(index)
    if index is not None:
        raise RuntimeError(f"type (string) must not include an index because index was passed explicitly: {type}")
    if not re.fullmatch("0|[1-9][0-9]*", number):
        raise RuntimeError(f"Invalid device string: '{type}'")
    return kind, int(number)


def checked(index: int) -> int:
    if index < 0:
        raise RuntimeError("Device index must not be negative")
    return index


def as_device(where: Any) -> device:
    """Return the device that a name, an index or a device stands for."""
    return where if isinstance(where, device) else device(where)


def get_default_device() -> device:
    """Return the device on which factories make tensors that name none.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.get_default_device()
    device(type='cpu')
    """
    return DEFAULT.get() or device("cpu")


def set_default_device(device: Any) -> None:
    """Set the device on which factories make tensors that name none, in this context; None is the host.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.set_default_device("cpu")
    """
    DEFAULT.set(None if device is None else as_device(device))


# -- CuPy -----------------------------------------------------------------------------------------------------


def cupy() -> ModuleType:
    """Return CuPy, or raise what PyTorch raises where it was built without GPUs, or finds none."""
    try:
        module = importlib.import_module("cupy")
    except ImportError:
        raise AssertionError(
            "tensors live on a GPU only where CuPy is installed: pip install 'funcgrad[cuda12]' or 'funcgrad[cuda13]'"
        ) from None
    try:
        count = module.cuda.runtime.getDeviceCount()
    except Exception as error:  # CuPy has its own class of errors for each library
        raise RuntimeError(f"CuPy is installed, but finds no GPU: {error}") from error
    if not count:
        raise RuntimeError("CuPy is installed, but finds no GPU")
    return module


def is_on_gpu(array: Any) -> bool:
    """Whether an array is CuPy's; it is not imported for that."""
    module = sys.modules.get("cupy")
    return module is not None and isinstance(array, module.ndarray)


def device_of(array: Any) -> device:
    """Return the device on which an array, or what a tracer stands for, lives."""
    array = plain(array)
    return device("cuda", array.device.id) if is_on_gpu(array) else device("cpu")


def exact(where: device) -> device:
    """Return a device as :func:`device_of` gives it: the host without an index, a GPU with one."""
    if where.type == "cpu":
        return device("cpu")
    if where.type == "cuda" and where.index is None:
        return device("cuda", cupy().cuda.runtime.getDevice())
    return where


def place(array: Any, where: Any = None) -> Any:
    """Return a plain array on a device; itself if it lives there.

    Without a device it is the default one of the context.

    Raises
    ------
    AssertionError
        If the device is a GPU and CuPy is not installed.
    RuntimeError
        If there is no such GPU.
    NotImplementedError
        If it is of another kind.
    """
    where = DEFAULT.get() if where is None else as_device(where)
    if where is None:
        return array
    if where.type == "cpu":
        return array.get() if is_on_gpu(array) else array
    if where.type != "cuda":
        raise NotImplementedError(f"tensors live on 'cpu' and 'cuda' devices, not on '{where}'")
    module, index = cupy(), exact(where).index
    assert index is not None
    if index >= module.cuda.runtime.getDeviceCount():
        raise RuntimeError(f"there is no GPU {index}: CuPy finds {module.cuda.runtime.getDeviceCount()}")
    if is_on_gpu(array) and array.device.id == index:
        return array
    with module.cuda.Device(index):
        return module.asarray(array if is_on_gpu(array) else np.asarray(array))
