"""Checks of values inside rules: they see plain arrays, of all examples at once, and do not ask a device."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core.batching import stacked
from funcgrad.core.kinds import Constant
from funcgrad.errors import warn_user

__all__ = ["refuse_if", "warn_if"]


def warn_where(wrong: Any, message: str, category: type[Warning] = RuntimeWarning) -> None:
    """Warn as NumPy does."""
    if isinstance(wrong, bool | np.ndarray | np.generic) and np.any(wrong):
        warn_user(message, category)


def refuse_where(wrong: Any, error: str | Exception) -> None:
    """Raise as NumPy does, a ValueError if only a message is given."""
    if isinstance(wrong, bool | np.ndarray | np.generic) and np.any(wrong):
        raise error if isinstance(error, Exception) else ValueError(error)


warn_if = Constant(warn_where, own=True, arity=1, batch=stacked)
refuse_if = Constant(refuse_where, own=True, arity=1, batch=stacked)
