"""Saving and loading: nested containers of tensors and plain values, in a file that cannot run code.

The arrays are in the safetensors format, so other programs read them too; what holds them is written in JSON into the
file's metadata.
"""

from __future__ import annotations

import io
import json
import os
import pickle
from typing import Any, TypeAlias

from funcgrad.tensor import checkpoints, tensorfile
from funcgrad.tensor.serial import Reader, Writer

__all__ = ["load", "save"]

KEY = "funcgrad"  # of the metadata
VERSION = 1

File: TypeAlias = "str | os.PathLike[str] | io.IOBase | Any"


def save(obj: Any, f: File) -> None:
    """Save tensors, and containers of them, to a file.

    Parameters
    ----------
    obj : object
        A tensor, or any nesting of dicts, lists, tuples and sets of tensors, NumPy arrays, numbers, strings, bytes,
        None, dtypes, devices and sizes: such as the ``state_dict()`` of a module or of an optimizer.
    f : str, path or file object
        Where to write.

    Raises
    ------
    TypeError
        If there is anything else in it. Nothing is written then.

    Notes
    -----
    The file has the safetensors format, and never holds code; the package `safetensors` writes and reads it (the extra
    ``funcgrad[save]``). Tensors that share memory share it when loaded.
    ``.grad`` and the graph are not saved.

    Examples
    --------
    >>> import io
    >>> import funcgrad as fg
    >>> file = io.BytesIO()
    >>> fg.save({"weight": fg.ones(2), "epoch": 3}, file)
    >>> _ = file.seek(0)
    >>> fg.load(file)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    writer = Writer()
    structure = writer.written(obj, "")
    writer.store_shared()
    text = json.dumps({"version": VERSION, "object": structure}, allow_nan=False)
    parts = tensorfile.encode(writer.arrays, {KEY: text})
    if isinstance(f, str | os.PathLike):
        with open(f, "wb") as file:
            file.writelines(parts)
    else:
        for part in parts:
            f.write(part)


def load(f: File, map_location: Any = None, *, weights_only: bool = True, mmap: bool | None = None) -> Any:
    """Load what :func:`save` saved, a safetensors file as a dict of its tensors, or weights that PyTorch saved.

    Parameters
    ----------
    f : str, path or file object
        What to read.
    map_location : device, str, dict or callable, optional
        Where to put tensors that were on another device: one device for all, a dict from devices to devices, or a
        function of a tensor on the host and the name of its device, which returns the tensor. By default where they
        were.
    weights_only : bool
        False says that the file is trusted: then it may also be one that `pickle` wrote. Loading such a file can run
        any code that whoever made the file put there.
    mmap : bool, optional
        True is not offered.

    Raises
    ------
    pickle.UnpicklingError
        If the file was written by `pickle`, and `weights_only` is not False; or by PyTorch's own ``save``, with more in
        it than tensors and plain containers.
    RuntimeError
        If the file is broken, or of another kind; or if a tensor was on a GPU and there is none.

    Notes
    -----
    Of PyTorch's files parameters come as tensors, and bfloat16 as float32. No code of the file runs.

    Examples
    --------
    >>> import io
    >>> import funcgrad as fg
    >>> file = io.BytesIO()
    >>> fg.save([fg.arange(3), "abc"], file)
    >>> _ = file.seek(0)
    >>> fg.load(file, map_location="cpu")
    [tensor([0, 1, 2]), 'abc']
    """
    if mmap:
        raise NotImplementedError("load(mmap=True): files are read as a whole")
    if isinstance(f, str | os.PathLike):
        with open(f, "rb") as file:
            data = file.read()
    else:
        data = f.read()
    if data[:1] == b"\x80" and not tensorfile.is_tensorfile(data):
        if weights_only:
            raise pickle.UnpicklingError(
                "The file was written by pickle, and loading it could run any code that it holds. If you trust where "
                "it comes from, use load(..., weights_only=False)."
            )
        return pickle.loads(data)
    try:
        if checkpoints.is_checkpoint(data):
            return checkpoints.read(data, Reader({}, map_location).tensor)
        arrays, metadata = tensorfile.decode(data)
        reader = Reader(arrays, map_location)
        if KEY not in metadata:
            return {name: reader.tensor(array) for name, array in arrays.items()}
        saved = json.loads(metadata[KEY])
        if saved["version"] != VERSION:
            raise ValueError(f"it has version {saved['version']!r}, this is version {VERSION}")
        return reader.read(saved["object"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise RuntimeError(f"the file cannot be loaded: {error}") from error
