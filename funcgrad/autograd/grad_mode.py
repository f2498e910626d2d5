"""Whether gradients are recorded, and whether backward passes may use several threads."""

from __future__ import annotations

from contextvars import ContextVar

from funcgrad.tensor.modes import enable_grad as enable_grad
from funcgrad.tensor.modes import inference_mode as inference_mode
from funcgrad.tensor.modes import no_grad as no_grad
from funcgrad.tensor.modes import set_grad_enabled as set_grad_enabled

__all__ = [
    *("enable_grad", "inference_mode", "is_multithreading_enabled", "no_grad", "set_grad_enabled"),
    "set_multithreading_enabled",
]

MULTITHREADING: ContextVar[bool] = ContextVar("MULTITHREADING", default=True)


def is_multithreading_enabled() -> bool:
    """Return what :class:`set_multithreading_enabled` has set."""
    return MULTITHREADING.get()


class set_multithreading_enabled:
    """Allow or forbid that a backward pass uses several threads: at once, or for a ``with`` block.

    Parameters
    ----------
    mode : bool

    Notes
    -----
    Backward passes run in the thread that calls them, whatever is allowed.

    Examples
    --------
    >>> import funcgrad as fg
    >>> with fg.autograd.set_multithreading_enabled(False):
    ...     fg.autograd.is_multithreading_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise TypeError(f"set_multithreading_enabled(): argument 'mode' must be bool, not {type(mode).__name__}")
        self.before = MULTITHREADING.get()
        MULTITHREADING.set(mode)
        self.mode = mode

    def __enter__(self) -> None:
        """Stay so until the block ends."""

    def __exit__(self, *error: object) -> None:
        MULTITHREADING.set(self.before)

    def clone(self) -> set_multithreading_enabled:
        """Return another one of the same mode."""
        return type(self)(self.mode)
