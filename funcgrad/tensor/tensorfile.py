"""The safetensors file format: a header in JSON that says where each array is, then the bytes. No code runs on reading.

A file is eight bytes with the length of the header, the header, and the elements in C order.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from funcgrad._typing import Array

__all__ = ["HostArrays", "decode", "encode", "is_tensorfile"]

HostArrays = dict[str, Array]

LENGTH = 8  # bytes in which the length of the header is written; the data begins at a multiple of it
LONGEST = 100_000_000  # bytes of header that a reader accepts

CODES = {
    **{
        f"{kind}{bits}": f"{letter}{bits}" for kind, letter in (("int", "I"), ("uint", "U")) for bits in (8, 16, 32, 64)
    },
    **{f"float{bits}": f"F{bits}" for bits in (16, 32, 64)},
    "bool": "BOOL",
}
DTYPES = {code: np.dtype(name) for name, code in CODES.items()}


def encode(arrays: HostArrays, metadata: dict[str, str]) -> list[bytes]:
    """Return the parts of a file, in their order."""
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    names = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))  # so that all are aligned
    parts, start = [], 0
    for name in names:
        array = arrays[name]
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        data = little.tobytes()
        span = [start, start + len(data)]
        header[name] = {"dtype": CODES[array.dtype.name], "shape": list(array.shape), "data_offsets": span}
        parts.append(data)
        start += len(data)
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % LENGTH)
    return [len(text).to_bytes(LENGTH, "little"), text, *parts]


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
    length = int.from_bytes(data[:LENGTH], "little")
    if len(data) < LENGTH or length > min(LONGEST, len(data) - LENGTH):
        raise ValueError("it does not begin with the length of a header")
    try:
        header = json.loads(data[LENGTH : LENGTH + length].decode())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"its header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise ValueError("its header is not a JSON object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError("its metadata is not a mapping to strings")
    body = memoryview(data)[LENGTH + length :]
    check_cover([entry_span(name, entry) for name, entry in header.items()], len(body))
    return {name: entry_array(name, entry, body) for name, entry in header.items()}, metadata


def entry_span(name: str, entry: Any) -> tuple[int, int]:
    span = entry.get("data_offsets") if isinstance(entry, dict) else None
    if not isinstance(span, list) or len(span) != 2 or not all(type(n) is int for n in span):
        raise ValueError(f"the header does not say where {name!r} is")
    return span[0], span[1]


def check_cover(spans: list[tuple[int, int]], size: int) -> None:
    """Raise unless the arrays fill the data, one after the other."""
    end = 0
    for start, stop in sorted(spans):
        if start != end or stop < start:
            raise ValueError("its arrays overlap, or leave holes")
        end = stop
    if end != size:
        raise ValueError(f"it has {size} bytes of data, the header says {end}")


def entry_array(name: str, entry: dict[str, Any], body: memoryview) -> Array:
    dtype, shape = DTYPES.get(entry.get("dtype", "")), entry.get("shape")
    if dtype is None:
        raise ValueError(f"{name!r} has the dtype {entry.get('dtype')!r}, which NumPy has not")
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError(f"{name!r} has no shape")
    start, stop = entry_span(name, entry)
    flat = np.frombuffer(body[start:stop], dtype.newbyteorder("<")) if stop > start else np.empty(0, dtype)
    return flat.reshape(shape).astype(dtype)  # a copy, which can be written to
