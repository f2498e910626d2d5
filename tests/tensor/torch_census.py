"""A census of PyTorch's public names: each is here, or in the ledger of what does not belong here, with its reason."""

import types
from typing import Any

from torch_ledger import GROUPS, ONLY_SOMETIMES

import funcgrad

CHAPTERS = ("torch", "Tensor", "linalg", "fft", "special")


def pair(chapter: str, torch: Any) -> tuple[Any, Any]:
    if chapter == "torch":
        return torch, funcgrad
    return getattr(torch, chapter), getattr(funcgrad, chapter)


def public(chapter: str, torch: Any) -> set[str]:
    """Return the names that users meet: functions, classes, attributes of tensors, but no modules."""
    theirs, _ = pair(chapter, torch)
    found = {name for name in dir(theirs) if not name.startswith("_")}
    modules = {name for name in found if isinstance(getattr(theirs, name, None), types.ModuleType)}
    typing = {name for name in found if getattr(getattr(theirs, name, None), "__module__", "") == "typing"}
    typing |= {name for name in found if name in ("TYPE_CHECKING", "Any", "Callable", "annotations")}
    return found - modules - typing if chapter != "Tensor" else found


def missing(chapter: str, torch: Any) -> set[str]:
    _, ours = pair(chapter, torch)
    return public(chapter, torch) - {name for name in dir(ours) if not name.startswith("_")}


def excused(chapter: str) -> dict[str, str]:
    """Return the names of a chapter that the ledger excuses, with the reasons."""
    return {name: reason for reason, chapters in GROUPS.items() for name in chapters.get(chapter, "").split()}


def forgotten(chapter: str, torch: Any) -> list[str]:
    return sorted(missing(chapter, torch) - set(excused(chapter)))


def needless(chapter: str, torch: Any) -> list[str]:
    """Return what the ledger excuses although it is here, or no longer in PyTorch."""
    return sorted(set(excused(chapter)) - missing(chapter, torch) - ONLY_SOMETIMES)
