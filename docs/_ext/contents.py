"""What there is to document: the pages of the reference, and the public names that each takes.

A page has the names that one or several rooms of the house define, in the order of the code. A name that no page takes
is an error.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import funcgrad as fg


@dataclass
class Page:
    """A page: which names of which namespace it has.

    Attributes
    ----------
    name, title : str
    namespace : str
        Where users find the names.
    rooms : tuple of str
        Of the main namespace: the modules and packages whose names it takes, in this order. Others have one page.
    members : bool
        Whether classes are shown with their own methods and attributes.
    more : tuple of str
        Names that it takes besides.
    """

    name: str
    title: str
    namespace: str
    rooms: tuple[str, ...] = ()
    members: bool = False
    more: tuple[str, ...] = ()


def rooms(package: str, names: str) -> tuple[str, ...]:
    return tuple(f"funcgrad.{package}.{name}" for name in names.split())


def whole(name: str, members: bool = False) -> Page:
    """Return the page of a namespace, under its own name."""
    return Page(name, f"funcgrad.{name}", f"funcgrad.{name}", members=members)


GROUPS: dict[str, list[Page]] = {
    "Functions of NumPy code": [
        Page(
            "transforms",
            "Transforms",
            "funcgrad",
            (
                *rooms("transforms", "gradient forward linearize jacobian products"),
                "funcgrad.func.spellings",
                "funcgrad.adopt",
                *rooms("transforms", "custom_vjp custom_jvp custom_batching numeric"),
                *rooms("transforms", "checkpoint policies binomial loops branches"),
                *rooms("transforms", "linear linear_solve krylov implicit root"),
            ),
            more=("checkpoint_policies", "argmin", "float0", "ravel_pytree"),
        ),
        Page("tree", "Trees", "funcgrad.tree"),
        Page("errors", "Errors and warnings", "funcgrad", ("funcgrad.errors",)),
        whole("numpy"),
        whole("scipy.special"),
        whole("scipy.linalg"),
        whole("scipy.stats"),
        whole("scipy.signal"),
        whole("scipy.ndimage"),
        whole("scipy.interpolate", members=True),
        whole("scipy.optimize"),
        whole("cupy"),
    ],
    "Tools": [
        Page("extend", "Own rules for foreign functions", "funcgrad.extend", members=True),
        Page("debug", "Debugging", "funcgrad.debug", members=True),
        Page("testing", "Testing", "funcgrad.testing", members=True),
    ],
    "Tensors": [
        Page("tensor", "Tensor", "funcgrad.Tensor"),
        Page("creation", "Making tensors", "funcgrad", rooms("tensor", "factory sharing ranges legacy saving")),
        Page("random", "Random numbers", "funcgrad", rooms("tensor", "sampling generators")),
        Page("elementwise", "Elementwise", "funcgrad", rooms("tensor", "pointwise paired comparing elements")),
        Page(
            "reductions",
            "Reductions, order and statistics",
            "funcgrad",
            rooms("tensor", "reduction extremes running sorting counting statistics"),
        ),
        Page(
            "shapes",
            "Shapes, views and indices",
            "funcgrad",
            rooms("tensor", "viewing arranging splitting choosing masking diagonals strided size"),
        ),
        Page(
            "products",
            "Products, norms and factors",
            "funcgrad",
            rooms("tensor", "linear linalg norms decompositions factored names special spectrograms"),
        ),
        Page("writers", "Functions that write", "funcgrad", rooms("tensor", "writers")),
        Page(
            "settings",
            "Modes, dtypes, devices, settings",
            "funcgrad",
            (
                *rooms("tensor", "modes dtypes casting devices layouts printing settings"),
                "funcgrad.autograd.anomaly",
                "funcgrad.core.heap",
            ),
        ),
        Page("layers", "Layers as functions", "funcgrad", ("funcgrad.nn",)),
        whole("linalg"),
        whole("fft"),
        whole("special"),
        whole("cuda"),
    ],
    "Derivatives of tensors": [
        whole("autograd", members=True),
        whole("autograd.functional"),
        whole("autograd.forward_ad"),
        whole("autograd.graph", members=True),
        whole("func"),
    ],
    "Networks": [
        whole("nn"),
        whole("nn.functional"),
        whole("nn.init"),
        whole("nn.utils"),
        whole("nn.utils.rnn"),
        whole("nn.utils.parametrize"),
        whole("nn.utils.parametrizations"),
        whole("optim"),
        whole("optim.lr_scheduler"),
        whole("optim.swa_utils"),
        whole("utils.data", members=True),
        whole("utils.checkpoint"),
    ],
}

if find_spec("cupy") is None:  # funcgrad.cupy cannot be imported then
    GROUPS["Functions of NumPy code"] = [page for page in GROUPS["Functions of NumPy code"] if page.name != "cupy"]

#: What stands in a namespace for the house itself: it is not for users.
INTERNAL = {"install", "install_later", "install_short_paths", "install_forward_paths", "install_batch_paths"}
INTERNAL |= {"register_tensors", "register_parameters", "FAMILIES", "LATE"}
INTERNAL |= {"payload"}  # of tensors
PLAIN = {"e", "inf", "nan", "newaxis", "pi"}  # numbers, which say nothing but themselves

# -- What there is -------------------------------------------------------------------------------------------


def module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:  # a module by another name
        found: Any = fg
        for part in name.split(".")[1:]:
            found = getattr(found, part)
        return found


def public(namespace: str) -> dict[str, Any]:
    """Return the public names of a namespace that are funcgrad's own."""
    found = module(namespace)
    names = getattr(found, "__all__", None) or [name for name in vars(found) if not name.startswith("_")]
    objects = {name: getattr(found, name) for name in names if name not in INTERNAL}
    return {name: x for name, x in objects.items() if not isinstance(x, types.ModuleType) and is_own(x, namespace)}


def is_own(x: Any, namespace: str) -> bool:
    home = home_of(x)
    if not callable(x):
        return namespace == "funcgrad"
    aliases = getattr(x, "__name__", "").startswith("_") or home.startswith("funcgrad._typing")
    return home.startswith("funcgrad") and not aliases


def home_of(x: Any) -> str:
    return str(getattr(x, "__module__", None) or type(x).__module__)


def by_room(objects: dict[str, Any], order: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Sort objects into the rooms that define them: first those in `order`."""
    homes: dict[str, dict[str, Any]] = {room: {} for room in order}
    for name, x in objects.items():
        homes.setdefault(home_of(x), {})[name] = x
    return ((room, members) for room, members in homes.items() if members)


def contents() -> list[tuple[Page, dict[str, Any]]]:
    """Return the pages, each with its objects by their names in the page's namespace."""
    pages = [page for group in GROUPS.values() for page in group]
    left = {name: x for name, x in public("funcgrad").items() if x is not fg.Tensor and name not in PLAIN}
    found = []
    for page in pages:
        if page.namespace != "funcgrad":
            chosen = {} if page.name == "tensor" else public(page.namespace)
        else:
            chosen = {name: x for name, x in left.items() if takes(page, name, home_of(x))}
            left = {name: x for name, x in left.items() if name not in chosen}
        found.append((page, chosen))
    if left:
        raise RuntimeError(f"docs/_ext/contents.py: no page takes {', '.join(left)}")
    return found


def takes(page: Page, name: str, home: str) -> bool:
    return name in page.more or any(home == room or home.startswith(f"{room}.") for room in page.rooms)
