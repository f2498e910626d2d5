"""What a saved file says about an object: JSON, in which arrays are named.

A list is a JSON list; everything else that JSON has not is an object with one key, its kind.
"""

from __future__ import annotations

import base64
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.level import Traced
from funcgrad.tensor import devices, dtypes, tensorfile
from funcgrad.tensor.interop import host, rebuild
from funcgrad.tensor.size import Size
from funcgrad.tensor.tensor import Tensor

__all__ = ["Reader", "Writer"]

NUMERIC = {name: np.dtype(name) for name in dtypes.NAMES}

# -- Writing ---------------------------------------------------------------------------------------------------


class Writer:
    """Turns an object into JSON, and collects its arrays."""

    def __init__(self) -> None:
        self.arrays: tensorfile.HostArrays = {}
        self.seen: dict[int, tuple[Any, int]] = {}  # tensors by identity (kept alive), with their number
        self.places: list[tuple[dict[str, Any], Array]] = []  # what is said of an array, and the array

    def written(self, x: Any, path: str) -> Any:
        """Return the JSON for an object at a path."""
        if x is None or type(x) in (bool, int, str):
            return x
        if type(x) is float:
            return x if math.isfinite(x) else {"float": repr(x)}
        if type(x) is list:
            return [self.written(item, join(path, i)) for i, item in enumerate(x)]
        if isinstance(x, Tensor):
            return self.written_tensor(x, path)
        for kind, (cls, pack, _) in KINDS.items():
            if type(x) is cls:
                return {kind: pack(self, x, path)}
        if isinstance(x, OrderedDict) and is_ours(type(x)):  # a module's state
            return {"ordered": self.ordered(x, path)}
        if isinstance(x, dtypes.DType):
            return {"dtype": x.name}
        if isinstance(x, np.ndarray | np.generic):
            if x.dtype.name not in NUMERIC:
                raise TypeError(f"save() cannot write an array of dtype {x.dtype}{at(path)}")
            kind = "array" if isinstance(x, np.ndarray) else "scalar"
            return {kind: self.placed(np.asarray(x), path)}
        raise TypeError(
            f"save() cannot write an object of type {type(x).__name__}{at(path)}. It writes tensors, arrays, numbers, "
            "strings and plain containers: save the object's state_dict() or vars()."
        )

    def written_tensor(self, x: Tensor, path: str) -> Any:
        if isinstance(x.payload, Traced) and x.node is None:
            raise RuntimeError(f"save() cannot write a value that a transform is tracing{at(path)}")
        found = self.seen.get(id(x))
        if found is not None:
            return {"same": found[1]}
        self.seen[id(x)] = x, len(self.seen)
        place = self.placed(host(x.memory()), path)
        place |= {"requires_grad": x.requires_grad, "device": str(x.device)}
        if type(x) is not Tensor:
            place["class"] = class_name(type(x), path)
        return {"tensor": place}

    def placed(self, array: Array, path: str) -> dict[str, Any]:
        """Note an array, and return what will say where it is."""
        place: dict[str, Any] = {"name": path or "tensor", "dtype": array.dtype.name}
        self.places.append((place, array))
        return place

    def store_shared(self) -> None:
        """Give every array its entry in the file; those that overlap get one in common."""
        spans = sorted([(*bounds(array), i) for i, (_, array) in enumerate(self.places)])
        end, groups = -1, list[list[tuple[dict[str, Any], Array]]]()
        for start, stop, i in spans:
            if start >= end or stop == start:
                groups.append([])
            groups[-1].append(self.places[i])
            end = max(end, stop)
        for group in groups:
            if len({layout(array) for _, array in group}) == 1:
                self.store_one(group)
            else:
                self.store_memory(group)

    def store_one(self, group: list[tuple[dict[str, Any], Array]]) -> None:
        name = self.free(min(place["name"] for place, _ in group))
        self.arrays[name] = as_parts(group[0][1])
        for place, _ in group:
            place["name"] = name

    def store_memory(self, group: list[tuple[dict[str, Any], Array]]) -> None:
        """Store the bytes that a group of arrays lies in, and say of each where it begins and how it goes on."""
        low = min(bounds(array)[0] for _, array in group)
        memory = np.zeros(max(bounds(array)[1] for _, array in group) - low, np.uint8)
        name = self.free(f"{min(place['name'] for place, _ in group)}.memory")
        self.arrays[name] = memory
        for place, array in group:
            place |= {"name": name, "shape": array.shape, "strides": array.strides, "offset": array.ctypes.data - low}
            np.ndarray(array.shape, array.dtype, memory, place["offset"], array.strides)[...] = array

    def free(self, name: str) -> str:
        """Return a name that no entry has yet."""
        candidates = (name if i == 0 else f"{name}#{i}" for i in range(len(self.arrays) + 1))
        return next(candidate for candidate in candidates if candidate not in self.arrays)

    def pairs(self, x: dict[Any, Any], path: str) -> list[list[Any]]:
        return [[self.written(k, join(path, "key")), self.written(v, join(path, k))] for k, v in x.items()]

    def ordered(self, x: dict[Any, Any], path: str) -> list[Any]:
        """Write an ordered dict with its attributes, of which that of a module has some."""
        return [self.pairs(x, path), self.pairs(vars(x), join(path, "attributes"))]


def join(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


def at(path: str) -> str:
    return f" (at {path!r})" if path else ""


def bounds(array: Array) -> tuple[int, int]:
    """Return the addresses where an array begins and ends."""
    start: int = array.ctypes.data
    return np.lib.array_utils.byte_bounds(array) if array.size else (start, start)


def layout(array: Array) -> tuple[Any, ...]:
    return array.ctypes.data, array.shape, array.strides, array.dtype


def as_parts(array: Array) -> Array:
    """Return real numbers: for complex ones a last axis of their two parts."""
    if array.dtype.kind != "c":
        return array
    return np.stack([array.real, array.imag], axis=-1)


def is_ours(cls: type[Any]) -> bool:
    return cls.__module__.startswith("funcgrad.")


def class_name(cls: type[Any], path: str) -> str:
    if not is_ours(cls):
        raise TypeError(f"save() cannot write a tensor of the class {cls.__name__}{at(path)}: save its detach()")
    return f"{cls.__module__}.{cls.__qualname__}"


# -- Reading ---------------------------------------------------------------------------------------------------


class Reader:
    """Turns JSON and arrays back into an object."""

    def __init__(self, arrays: tensorfile.HostArrays, map_location: Any) -> None:
        self.arrays = arrays
        self.map_location = map_location
        self.tensors: list[Tensor] = []
        self.moved: dict[tuple[str, str], Array] = {}

    def read(self, x: Any) -> Any:
        if isinstance(x, list):
            return [self.read(item) for item in x]
        if not isinstance(x, dict):
            return x
        ((kind, content),) = x.items()
        match kind:
            case "float":
                return float(content)
            case "tensor":
                return self.read_tensor(content)
            case "same":
                return self.tensors[content]
            case "dtype":
                return dtypes.missing(content) if content in ("bfloat16", "complex32") else dtypes.as_dtype(content)
            case "array":
                return self.array(content)
            case "scalar":
                return self.array(content)[()]
        _, _, unpack = KINDS[kind]
        return unpack(self, content)

    def read_tensor(self, content: dict[str, Any]) -> Tensor:
        number = len(self.tensors)
        self.tensors.append(None)  # type: ignore[arg-type]
        tensor = self.tensor(self.array(content), content["device"])
        cls = class_named(content["class"]) if "class" in content else Tensor
        tensor = rebuild(cls, tensor.payload, content["requires_grad"])
        self.tensors[number] = tensor
        return tensor

    def array(self, content: dict[str, Any]) -> Array:
        """Return the array that was saved, with all others of its memory in one memory again."""
        stored, dtype = self.arrays[content["name"]], NUMERIC[content["dtype"]]
        if "strides" in content:
            return np.ndarray(content["shape"], dtype, stored, content["offset"], content["strides"])
        if dtype.kind == "c":
            return stored.view(dtype).reshape(stored.shape[:-1])
        if stored.dtype != dtype:
            raise ValueError(f"{content['name']!r} has dtype {stored.dtype}, not {dtype}")
        return stored

    def tensor(self, array: Array, location: str = "cpu") -> Tensor:
        """Return a tensor on the device where it is wanted."""
        target: Any = self.map_location
        if callable(target) and not isinstance(target, devices.device):
            chosen = target(rebuild(Tensor, array, False), location)
            if chosen is not None:
                if not isinstance(chosen, Tensor):
                    raise TypeError(f"map_location must return a tensor, got {type(chosen).__name__}")
                return chosen
            target = None
        if isinstance(target, dict):
            target = {str(source): where for source, where in target.items()}.get(location)
        where = devices.as_device(location if target is None else target)
        try:
            return rebuild(Tensor, devices.place(array, where), False)
        except (AssertionError, RuntimeError) as error:
            raise RuntimeError(f"a tensor was saved from '{location}'. Use map_location='cpu' here: {error}") from error


def class_named(name: str) -> type[Any]:
    """Return a class of tensors that this library has defined."""
    for cls in subclasses(Tensor):
        if f"{cls.__module__}.{cls.__qualname__}" == name and name.startswith("funcgrad."):
            return cls
    raise ValueError(f"there is no class {name} of tensors: is it imported?")


def subclasses(cls: type[Any]) -> Iterator[type[Any]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from subclasses(sub)


def read_ordered(reader: Reader, content: Any) -> Any:
    pairs, attributes = content
    ordered = OrderedDict(reader.read(pairs))
    vars(ordered).update(reader.read(attributes))
    return ordered


def read_complex(reader: Reader, parts: list[str]) -> complex:
    real, imag = parts
    return complex(float(real), float(imag))


Pack: TypeAlias = Callable[[Writer, Any, str], Any]
Unpack: TypeAlias = Callable[[Reader, Any], Any]

#: By the kind in the file: the class, and how it is written and read.
KINDS: dict[str, tuple[type[Any], Pack, Unpack]] = {
    "dict": (dict, Writer.pairs, lambda reader, pairs: dict(reader.read(pairs))),
    "ordered": (OrderedDict, Writer.ordered, read_ordered),
    "tuple": (tuple, lambda writer, x, path: writer.written(list(x), path), lambda reader, x: tuple(reader.read(x))),
    "set": (set, lambda writer, x, path: writer.written(list(x), path), lambda reader, x: set(reader.read(x))),
    "frozenset": (
        frozenset,
        lambda writer, x, path: writer.written(list(x), path),
        lambda reader, x: frozenset(reader.read(x)),
    ),
    "size": (Size, lambda writer, x, path: list(x), lambda reader, x: Size(x)),
    "complex": (
        complex,
        lambda writer, x, path: [repr(x.real), repr(x.imag)],
        lambda reader, x: complex(*map(float, x)),
    ),
    "bytes": (bytes, lambda writer, x, path: base64.b64encode(x).decode(), lambda reader, x: base64.b64decode(x)),
    "device": (devices.device, lambda writer, x, path: str(x), lambda reader, x: devices.device(x)),
}
