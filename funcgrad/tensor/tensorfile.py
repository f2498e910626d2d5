"""The safetensors file format, by the library of that name. No code runs on reading.

What the library does not offer of data in memory is the header's metadata: those are read here, after it has checked
the rest.
"""

from __future__ import annotations

import json
import types

import numpy as np

from funcgrad._typing import Array

try:
    import safetensors
    import safetensors.numpy
except ImportError:  # the extra is not installed
    library: types.ModuleType | None = None
else:
    library = safetensors

__all__ = ["HostArrays", "decode", "encode", "is_tensorfile"]

HostArrays = dict[str, Array]

LENGTH = 8  # bytes in which the length of the header is written


def needed() -> types.ModuleType:
    if library is None:
        raise ImportError(
            "save and load need the package safetensors: install it, or the extra that names it, "
            "pip install 'funcgrad[save]'"
        )
    return library


def encode(arrays: HostArrays, metadata: dict[str, str]) -> list[bytes]:
    """Return the parts of a file, in their order."""
    dense = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    return [needed().numpy.save(dense, metadata=metadata or None)]


def is_tensorfile(data: bytes) -> bool:
    """Whether data begins as such a file does."""
    return data[LENGTH : LENGTH + 1] == b"{" and int.from_bytes(data[:LENGTH], "little") <= len(data) - LENGTH


def decode(data: bytes) -> tuple[HostArrays, dict[str, str]]:
    """Return the arrays of a file, which own their memory, and its metadata.

    Raises
    ------
    ValueError
        If it is no such file, or a broken one.
    """
    format = needed()
    try:
        arrays = format.numpy.load(data)
    except format.SafetensorError as error:
        raise ValueError(str(error)) from error
    except KeyError as error:
        raise ValueError(f"an array has the dtype {error}, which NumPy has not") from error
    header = json.loads(data[LENGTH : LENGTH + int.from_bytes(data[:LENGTH], "little")])
    return {name: array.copy() for name, array in arrays.items()}, header.get("__metadata__", {})
