"""Arrays with labels, xarray's: containers whose leaves are the arrays in them. xarray itself is never imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["CONTAINERS", "Labels", "name_of"]


class Labels:
    """What a labelled array is beside its data: another one is alike if it has the same labels."""

    __slots__ = ("like",)

    def __init__(self, like: Any) -> None:
        self.like = like

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Labels) or type(self.like) is not type(other.like):
            return False
        return bool(self.like.sizes == other.like.sizes and same(self.like, other.like))

    def __hash__(self) -> int:
        return hash(type(self.like))

    def __repr__(self) -> str:
        return f"{type(self.like).__name__}({', '.join(map(str, self.like.sizes))})"


def same(a: Any, b: Any) -> bool:
    """Whether two arrays or sets of arrays have the same names and coordinates."""
    if hasattr(a, "data_vars") and {k: v.dims for k, v in a.items()} != {k: v.dims for k, v in b.items()}:
        return False
    names, others = getattr(a, "coords", {}), getattr(b, "coords", {})
    return set(names) == set(others) and all(names[k].variable.equals(others[k].variable) for k in names)


def filled(labels: Labels, children: Any) -> Any:
    """Put data behind labels; what has another shape (a Jacobian, an example of a batch) has none."""
    (data,) = children
    like = labels.like
    return like.copy(data=data) if getattr(data, "shape", None) == like.shape else data


def filled_set(labels: Labels, children: Any) -> Any:
    """Put arrays into a set of them, if all have their shapes; else return a dict."""
    arrays = dict(zip(labels.like, children, strict=True))
    if all(getattr(x, "shape", None) == labels.like[name].shape for name, x in arrays.items()):
        return labels.like.copy(data=arrays)
    return arrays


#: How classes are taken apart and put together, by module and name.
CONTAINERS: dict[str, tuple[Callable[[Any], Any], Callable[..., Any]]] = {
    "xarray.core.dataarray.DataArray": (lambda x: ([x.data], Labels(x)), filled),
    "xarray.core.variable.Variable": (lambda x: ([x.data], Labels(x)), filled),
    "xarray.core.dataset.Dataset": (lambda x: ([v.data for v in x.values()], Labels(x)), filled_set),
}


def name_of(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
