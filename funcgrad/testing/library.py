"""What the stand-in for a device array is asked for by name, as CuPy is for its arrays."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from funcgrad.core.backend import Library
from funcgrad.testing.device import to_device
from funcgrad.testing.switches import lenient

__all__ = ["StandIn"]


class StandIn(Library):
    """NumPy's and SciPy's own functions in the place of CuPy's."""

    fuses = False  # what the stand-in is strict about is the text of the rules

    def add_at(self, target: Any, index: Any, value: Any) -> None:
        with lenient():
            np.add.at(target, index, value)

    def strided(self, x: Any, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
        return to_device(np.lib.stride_tricks.as_strided(x.array, shape, strides))

    def special(self, name: str) -> Any:
        function = getattr(importlib.import_module("scipy.special"), name)

        def call(*operands: Any) -> Any:
            with lenient():
                return function(*operands)

        return call
