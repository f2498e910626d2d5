"""Reading PyTorch's own checkpoint files, with no code run: weights, state dicts and what is in them.

Such a file is a zip archive with a pickle, in which tensors name storages, and the storages. Pickles are programs, so
this one may call only what is listed here, which makes tensors and plain containers.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from funcgrad._typing import Array
from funcgrad.tensor import dtypes
from funcgrad.tensor.devices import device
from funcgrad.tensor.size import Size

__all__ = ["is_checkpoint", "read"]

#: Makes a tensor of an array and the name of the device that it was on.
Place: TypeAlias = Callable[[Array, str], Any]

#: NumPy's dtypes by the names of storages.
STORAGES = {
    "HalfStorage": np.float16,
    "FloatStorage": np.float32,
    "DoubleStorage": np.float64,
    "CharStorage": np.int8,
    "ShortStorage": np.int16,
    "IntStorage": np.int32,
    "LongStorage": np.int64,
    "ByteStorage": np.uint8,
    "BoolStorage": np.bool_,
    "ComplexFloatStorage": np.complex64,
    "ComplexDoubleStorage": np.complex128,
    "BFloat16Storage": np.uint16,
    "UntypedStorage": np.uint8,
}
BFLOAT16 = "BFloat16Storage"


class Kind(NamedTuple):
    """The class of a storage."""

    name: str


class Storage(NamedTuple):
    """The memory of tensors."""

    array: Array
    location: str


def is_checkpoint(data: bytes) -> bool:
    """Whether data begins as a zip archive does."""
    return data[:4] == b"PK\x03\x04"


def read(data: bytes, place: Place) -> Any:
    """Return the object in a checkpoint.

    Tensors of dtype bfloat16, which NumPy has not, come as float32, with the same values.

    Raises
    ------
    pickle.UnpicklingError
        If there is anything but tensors and plain containers in it.
    ValueError
        If it is no such file.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        names = archive.namelist()
        (program,) = [name for name in names if name.endswith("/data.pkl")]
        folder = program.removesuffix("data.pkl")
        if f"{folder}byteorder" in names and archive.read(f"{folder}byteorder") != b"little":
            raise ValueError("it has another byte order")
        return Checkpoint(archive, folder, place).load()
    except (zipfile.BadZipFile, LookupError, EOFError) as error:
        raise ValueError(f"it is no checkpoint: {error}") from error


class Checkpoint(pickle.Unpickler):
    """Runs the pickle of a checkpoint."""

    def __init__(self, archive: zipfile.ZipFile, folder: str, place: Place) -> None:
        super().__init__(io.BytesIO(archive.read(f"{folder}data.pkl")))
        self.archive = archive
        self.folder = folder
        self.place = place
        self.storages: dict[str, Storage] = {}
        self.allowed: dict[tuple[str, str], Any] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch", "Size"): Size,
            ("torch", "device"): device,
            ("builtins", "set"): set,
            ("builtins", "complex"): complex,
            ("__builtin__", "set"): set,
            ("__builtin__", "complex"): complex,
            ("_codecs", "encode"): encoded,
            ("torch._utils", "_rebuild_tensor_v2"): self.tensor,
            ("torch._utils", "_rebuild_tensor_v3"): self.typed_tensor,
            ("torch._utils", "_rebuild_parameter"): parameter,
        }

    def find_class(self, module: str, name: str) -> Any:
        if module in ("torch", "torch.storage") and name in STORAGES:
            return Kind(name)
        if module == "torch" and (name in dtypes.NAMES or name == "bfloat16"):
            return dtypes.bfloat16 if name == "bfloat16" else dtypes.as_dtype(name)
        if (module, name) not in self.allowed:
            raise pickle.UnpicklingError(
                f"The file was written by PyTorch's save, and holds an object that needs {module}.{name}. Only tensors "
                "and plain containers are read: save a state_dict() there."
            )
        return self.allowed[module, name]

    def persistent_load(self, pid: Any) -> Storage:
        kind, storage, key, location, _ = pid
        if kind != "storage" or not isinstance(storage, Kind):
            raise pickle.UnpicklingError(f"unknown reference {kind!r}")
        if key not in self.storages:
            content = bytearray(self.archive.read(f"{self.folder}data/{key}"))
            array: Array = np.frombuffer(content, np.dtype(STORAGES[storage.name]))
            if storage.name == BFLOAT16:
                array = (array.astype(np.uint32) << 16).view(np.float32)
            self.storages[key] = Storage(array, str(location))
        return self.storages[key]

    def tensor(self, storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, *rest: Any) -> Any:
        """Return a tensor that shares its memory with all others of the storage."""
        array, location = storage
        width = array.itemsize
        view: Array = np.ndarray(size, array.dtype, array, offset * width, [step * width for step in stride])
        return self.place(view, location).requires_grad_(bool(requires_grad))

    def typed_tensor(
        self, storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, dtype: Any, *rest: Any
    ) -> Any:
        """Return a tensor whose storage does not say its dtype."""
        typed = Storage(storage.array.view(dtype.dtype), storage.location)
        return self.tensor(typed, offset, size, stride, requires_grad)


def parameter(data: Any, requires_grad: Any, hooks: Any) -> Any:
    return data.requires_grad_(bool(requires_grad))


def encoded(text: Any, encoding: Any) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"unknown encoding {encoding!r}")
    return str(text).encode("latin1")
