"""Anomaly detection: which operation's backward step made a nan or failed, and where it was called."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import numpy as np

from funcgrad.core.graph import Node
from funcgrad.core.level import plain
from funcgrad.errors import user_line
from funcgrad.tensor.passes import CHECKS, FAILURES
from funcgrad.tensor.root import ROOT, grad_fn_name
from funcgrad.tensor.versions import FORWARD_LINE

__all__ = ["detect_anomaly", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "set_detect_anomaly"]

LOCK = threading.Lock()
STAMP = ROOT.stamp


class NotedKey(int):
    """A node's key that also names the line at which the node was recorded."""

    line: str


def noting() -> int:
    key = NotedKey(STAMP())
    key.line = user_line()
    return key


def line_of(node: Node) -> str | None:
    """Return the line at which a node was recorded, if that was noted."""
    return getattr(node.key, "line", None)


def place(node: Node) -> str:
    line = line_of(node)
    if line is None:
        return "No forward line was noted: the operation was recorded before anomaly detection was switched on."
    return f"It was recorded at {line}."


def check_nan(node: Node, cotangents: Any) -> None:
    for number, c in enumerate(cotangents):
        x = plain(c)
        if isinstance(x, np.ndarray | np.generic) and bool(np.isnan(x).any()):
            raise RuntimeError(f"Function {grad_fn_name(node)!r} returned nan values in its {number}th output.")


def explain(node: Node, error: BaseException) -> None:
    """Add to an error of a backward pass where the operation at fault was called."""
    error.add_note(place(node))
    warnings.warn(f"Error detected in {grad_fn_name(node)}. {place(node)}", UserWarning, stacklevel=2)


class Asked:
    """What was asked for last, whether anomaly detection is on or not."""

    nan = True


def switch(mode: bool, nan: bool) -> None:
    with LOCK:
        Asked.nan = nan
        ROOT.stamp = noting if mode else STAMP
        for found, wanted, entry in (
            (CHECKS, mode and nan, check_nan),
            (FAILURES, mode, explain),
            (FORWARD_LINE, mode, line_of),
        ):
            hooks: list[Any] = found
            if wanted and entry not in hooks:
                hooks.append(entry)
            elif not wanted and entry in hooks:
                hooks.remove(entry)


def is_anomaly_enabled() -> bool:
    """Return whether anomaly detection is on."""
    return ROOT.stamp is noting


def is_anomaly_check_nan_enabled() -> bool:
    """Return whether anomaly detection looks for nans when it is on."""
    return Asked.nan


class set_detect_anomaly:
    """Switch anomaly detection on or off: at once, or for a ``with`` block.

    Parameters
    ----------
    mode : bool
    check_nan : bool
        Whether a gradient that is nan is an error.

    Notes
    -----
    It is a switch of the whole process, as in PyTorch: all threads record the lines of their operations.

    Examples
    --------
    >>> import funcgrad as fg
    >>> with fg.autograd.set_detect_anomaly(True):
    ...     fg.is_anomaly_enabled()
    True
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        if not isinstance(mode, bool):
            raise TypeError(f"set_detect_anomaly(): argument 'mode' must be bool, not {type(mode).__name__}")
        self.before = is_anomaly_enabled(), is_anomaly_check_nan_enabled()
        switch(mode, check_nan)

    def __enter__(self) -> None:
        """Stay on until the block ends."""

    def __exit__(self, *error: object) -> None:
        switch(*self.before)


class detect_anomaly:
    """Note, in a ``with`` block, where operations are called, and raise where their backward step makes a nan.

    Parameters
    ----------
    check_nan : bool
        Whether a gradient that is nan is an error.

    Warns
    -----
    UserWarning
        That it slows everything down; and, where a backward step fails, at which line its operation was called.

    Examples
    --------
    >>> import warnings
    >>> import funcgrad as fg
    >>> x = fg.zeros(1, requires_grad=True)
    >>> with warnings.catch_warnings(action="ignore"), fg.autograd.detect_anomaly():
    ...     try:
    ...         (x / x).sum().backward()
    ...     except RuntimeError as error:
    ...         print(error)
    Function 'DivBackward0' returned nan values in its 1th output.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            UserWarning,
            stacklevel=2,
        )

    def __enter__(self) -> None:
        self.before = is_anomaly_enabled(), is_anomaly_check_nan_enabled()
        switch(True, self.check_nan)

    def __exit__(self, *error: object) -> None:
        switch(*self.before)
