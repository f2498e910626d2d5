"""All of ``cupy.fft``, whose functions dispatch."""

from typing import Any

import cupy
import numpy as np

from funcgrad.cupy.dispatch import namespace

globals().update(namespace(cupy.fft, np.fft, "fft."))


def __getattr__(name: str) -> Any:
    return getattr(cupy.fft, name)
