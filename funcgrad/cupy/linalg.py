"""All of ``cupy.linalg``, whose functions dispatch."""

from typing import Any

import cupy
import numpy as np

from funcgrad.cupy.dispatch import namespace

globals().update(namespace(cupy.linalg, np.linalg, "linalg."))


def __getattr__(name: str) -> Any:
    return getattr(cupy.linalg, name)
