"""All of CuPy, with what does not reach its hooks made to: the one-line change ``import funcgrad.cupy as cp``.

A function that NumPy has too is NumPy's where an argument is traced or a tensor (in a list or tuple as well), and
CuPy's own otherwise. CuPy's ufuncs are its own objects, which dispatch by themselves. Creation functions make constants
of the running transform on the current device (:mod:`funcgrad.cupy.creation`). Everything else (``random``, ``cuda``,
``ElementwiseKernel``, ...) is CuPy's.

Examples
--------
>>> import funcgrad as fg
>>> import numpy as np
>>> import pytest
>>> cp = pytest.importorskip("funcgrad.cupy")
>>> fg.grad(lambda x: cp.linalg.norm(cp.concatenate([x, cp.sin(x)])))(np.zeros(2) + 1e-9)
array([1., 1.])
"""

from __future__ import annotations

from typing import Any

try:
    import cupy
except ImportError as error:
    raise ImportError(
        "funcgrad.cupy needs CuPy, which is not installed. Install it for the CUDA of your driver: "
        "pip install 'funcgrad[cuda12]' or pip install 'funcgrad[cuda13]'."
    ) from error

import numpy as np

import funcgrad.numpy as fnp
from funcgrad.cupy import fft as fft
from funcgrad.cupy import linalg as linalg
from funcgrad.cupy.creation import CREATION, creating
from funcgrad.cupy.creation import array as array
from funcgrad.cupy.creation import asarray as asarray
from funcgrad.cupy.creation import fuse as fuse
from funcgrad.cupy.creation import get_array_module as get_array_module
from funcgrad.cupy.creation import isscalar as isscalar
from funcgrad.cupy.dispatch import namespace

OWN = frozenset(("array", "asarray", "fuse", "get_array_module", "isscalar", *CREATION))

globals().update({name: value for name, value in namespace(cupy, np, "", OWN).items() if name not in OWN})
globals().update({name: creating(getattr(cupy, name), getattr(fnp, name)) for name in CREATION})


def __getattr__(name: str) -> Any:
    return getattr(cupy, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(cupy)})
