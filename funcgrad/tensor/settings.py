"""Settings of the process that PyTorch's programs make, as far as they mean something here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from funcgrad.tensor.calling import needs_tensor
from funcgrad.tensor.conversion import dtype_named
from funcgrad.tensor.dtypes import set_default_dtype
from funcgrad.tensor.shell import Base

__all__ = [
    *("are_deterministic_algorithms_enabled", "get_device", "get_float32_matmul_precision"),
    *("is_deterministic_algorithms_warn_only_enabled", "is_signed", "set_default_tensor_type"),
    *("set_float32_matmul_precision", "to_dlpack"),
    *("typename", "use_deterministic_algorithms"),
]


@dataclass
class Settings:
    """What was asked for."""

    deterministic: bool = False
    warn_only: bool = False
    precision: str = "highest"


SETTINGS = Settings()


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for results that do not differ from run to run. NumPy's never do; the answer is kept for whoever asks.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.use_deterministic_algorithms(True)
    >>> fg.are_deterministic_algorithms_enabled()
    True
    >>> fg.use_deterministic_algorithms(False)
    """
    SETTINGS.deterministic, SETTINGS.warn_only = bool(mode), bool(warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """Return whether :func:`use_deterministic_algorithms` was asked for."""
    return SETTINGS.deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Return whether only a warning was asked for where an algorithm is not deterministic."""
    return SETTINGS.warn_only


def set_float32_matmul_precision(precision: str) -> None:
    """Allow products of float32 matrices to lose digits for speed: "highest", "high" or "medium".

    It is a permission, of which nothing here makes use: all products have the highest precision.
    """
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(f"{precision!r} is no precision: expected 'highest', 'high' or 'medium'")
    SETTINGS.precision = precision


def get_float32_matmul_precision() -> str:
    """Return what :func:`set_float32_matmul_precision` was given."""
    return SETTINGS.precision


def set_default_tensor_type(t: Any) -> None:
    """Make the dtype of a class of tensors, or of its name, the default one. In new programs: ``set_default_dtype``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.set_default_tensor_type("torch.DoubleTensor")
    >>> fg.ones(1).dtype
    torch.float64
    >>> fg.set_default_tensor_type(fg.FloatTensor)
    """
    set_default_dtype(dtype_named(t) if isinstance(t, str) else t.dtype)


# -- About tensors ----------------------------------------------------------------------------------------------------


def get_device(input: Base) -> int:
    """Return the index of the GPU where a tensor lives; -1 for the host."""
    return int(needs_tensor("get_device", input).get_device())


def is_signed(input: Base) -> bool:
    """Return whether the elements of a tensor may be negative."""
    return bool(needs_tensor("is_signed", input).dtype.is_signed)


def to_dlpack(tensor: Base) -> Any:
    """Return the capsule in which other libraries take a tensor's memory."""
    return needs_tensor("to_dlpack", tensor).__dlpack__()


def typename(obj: Any) -> str:
    """Return the name of a tensor's kind, such as ``torch.FloatTensor``, or of any other object's class.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.typename(fg.ones(2))
    'torch.FloatTensor'
    """
    if isinstance(obj, Base):
        tensor: Any = obj
        return str(tensor.type())
    module = getattr(obj, "__module__", "") or ""
    name = getattr(obj, "__qualname__", None)
    if name is None:
        module, name = type(obj).__module__, type(obj).__qualname__
    return name if module in ("", "builtins", "__builtin__") else f"{module}.{name}"
