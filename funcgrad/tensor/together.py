"""Operands on several devices: a tensor without dimensions goes where the others are, anything else is refused."""

from __future__ import annotations

from typing import Any

from funcgrad.tensor.conversion import moved
from funcgrad.tensor.devices import device, device_of

__all__ = ["are_apart", "brought_together"]


def are_apart(operands: tuple[Any, ...]) -> bool:
    """Whether arrays, or what tracers stand for, live on several devices."""
    return len({device_of(x) for x in operands if hasattr(x, "dtype")}) > 1


def brought_together(operands: tuple[Any, ...]) -> list[Any]:
    """Return the operands on one device: those without dimensions follow from the host to a GPU.

    Raises
    ------
    RuntimeError
        If others live on different devices.
    """
    arrays = [x for x in operands if hasattr(x, "dtype")]
    places = {device_of(x) for x in arrays if x.shape or device_of(x).type != "cpu"}
    if len(places) > 1:
        first, second = sorted(map(str, places))[:2]
        raise RuntimeError(
            "Expected all tensors to be on the same device, but found at least two devices, "
            f"{second} and {first}! Move one of them with to()"
        )
    (target,) = places
    host = device("cpu")
    return [
        moved(x, source=host, target=target) if hasattr(x, "dtype") and device_of(x) != target else x for x in operands
    ]
