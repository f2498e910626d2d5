"""Named errors, and the user's line that a late error points back to.

Every message says which function and argument are meant, the shapes, and the next step.
"""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["EscapedTracerError", "LostGradientError", "NoDerivativeError", "user_line"]

PACKAGE = str(Path(__file__).parent)


class NoDerivativeError(NotImplementedError):
    """A derivative was asked for that no rule states."""


class LostGradientError(TypeError):
    """A traced value was about to become a plain one, which would lose its gradient silently."""


class EscapedTracerError(RuntimeError):
    """A tracer was used after the transform that made it had ended."""


def user_line() -> str:
    """Name the innermost line outside this package and NumPy, as ``file:line, in function``."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        file = frame.f_code.co_filename
        if not file.startswith(PACKAGE) and "/numpy/" not in file:
            break
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}, in {frame.f_code.co_name}"
