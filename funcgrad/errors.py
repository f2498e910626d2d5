"""Named errors, and the user's line that a late error points back to.

Every message says which function and argument are meant, the shapes, and the next step.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from types import CodeType, FrameType

__all__ = [
    *("BatchFallbackWarning", "EscapedTracerError", "LostGradientError", "NoDerivativeError"),
    *("library_call", "line_name", "public_name", "user_frame", "user_line", "warn_user"),
]

PACKAGE = str(Path(__file__).parent)


class NoDerivativeError(NotImplementedError):
    """A derivative was asked for that no rule states.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.extend import primitive
    >>> square = primitive(lambda x: x**2)
    >>> try:
    ...     fg.grad(square)(3.0)
    ... except fg.NoDerivativeError as error:
    ...     print(error)
    <lambda> has no rule for reverse mode. ...
    """


class LostGradientError(TypeError):
    """A traced value was about to become a plain one, which would lose its gradient silently.

    Examples
    --------
    >>> import funcgrad as fg
    >>> try:
    ...     fg.grad(lambda x: float(x) ** 2)(3.0)
    ... except fg.LostGradientError as error:
    ...     print(error)
    float() of a traced value of shape () and dtype float64 would lose its gradient. ...
    """


class EscapedTracerError(RuntimeError):
    """A tracer was used after the transform that made it had ended.

    Examples
    --------
    >>> import funcgrad as fg
    >>> kept = []
    >>> slope = fg.grad(lambda x: kept.append(x) or x**2)(3.0)
    >>> try:
    ...     kept[0] + 1
    ... except fg.EscapedTracerError as error:
    ...     print(error)
    A traced value was used after the transform that made it had ended. ...
    """


class BatchFallbackWarning(UserWarning):
    """``vmap`` runs one example after the other, because it could not run all at once.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> halved = fg.vmap(lambda x: x / 2 if x > 1 else x)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     print(halved(np.array([0.5, 4.0])), caught[0].category.__name__)
    [0.5 2. ] BatchFallbackWarning
    """


def user_frame() -> FrameType:
    """Return the innermost frame outside this package and NumPy."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        file = frame.f_code.co_filename
        if not file.startswith(PACKAGE) and "/numpy/" not in file:
            break
        frame = frame.f_back
    return frame


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the user's line, once for each line as Python does by default."""
    frame = user_frame()
    registry = frame.f_globals.setdefault("__warningregistry__", {})
    warnings.warn_explicit(message, category, frame.f_code.co_filename, frame.f_lineno, registry=registry)


def user_line() -> str:
    """Name the innermost line outside this package and NumPy, as ``file:line, in function``."""
    frame = user_frame()
    return line_name(frame.f_code, frame.f_lineno)


def line_name(code: CodeType, line: int) -> str:
    """Name a line, as ``file:line, in function``."""
    return f"{code.co_filename}:{line}, in {code.co_name}"


def called(frame: FrameType) -> str:
    """Name the function of a frame; of a call of an object, the object."""
    name = frame.f_code.co_name
    return str(getattr(frame.f_locals.get("self"), "__name__", name)) if name == "__call__" else name


def public_name(module: str, name: str) -> str:
    """Return how a user calls a function that stands in a private module."""
    top = module.partition(".")[0]
    if top == "cupy" and hasattr(sys.modules.get(top), name):
        return f"{top}.{name}"
    return ".".join([*[part for part in module.split(".") if not part.startswith("_")], name])


def library_call() -> str | None:
    """Name the function of NumPy, SciPy or CuPy, written in Python, that the user's line called, or None."""
    name, frame = None, sys._getframe(1)
    while frame.f_back is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(("numpy.", "scipy.", "cupy.")):
            if "._lib" not in module and not frame.f_code.co_name.endswith("wrapper"):  # decorators
                name = public_name(module, called(frame))
        elif not frame.f_code.co_filename.startswith(PACKAGE):
            break
        frame = frame.f_back
    return name
