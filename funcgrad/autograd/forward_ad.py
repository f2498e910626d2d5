"""``autograd.forward_ad``: tensors that carry a tangent."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, NamedTuple

from funcgrad.core.space import space_of
from funcgrad.tensor.shell import Base, unwrap, wrap
from funcgrad.transforms.forward import ForwardLevel, ForwardTracer

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]

CURRENT: ContextVar[ForwardLevel | None] = ContextVar("current", default=None)


class UnpackedDualTensor(NamedTuple):
    """What :func:`unpack_dual` returns.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     x = fwAD.make_dual(fg.tensor(3.0), fg.tensor(1.0))
    ...     fwAD.unpack_dual(x * x)
    UnpackedDualTensor(primal=tensor(9.), tangent=tensor(6.))
    """

    primal: Any
    tangent: Any


def enter_dual_level() -> int:
    """Begin a level at which tensors carry tangents.

    Examples
    --------
    >>> import funcgrad.autograd.forward_ad as fwAD
    >>> fwAD.enter_dual_level()
    0
    >>> fwAD.exit_dual_level()
    """
    if CURRENT.get() is not None:
        raise RuntimeError("Nested forward mode AD is not supported at the moment: use funcgrad.func.jvp in itself")
    CURRENT.set(ForwardLevel())
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """End the level: its tensors lose their tangents, and can no longer be used.

    Examples
    --------
    >>> import funcgrad.autograd.forward_ad as fwAD
    >>> fwAD.exit_dual_level()
    Traceback (most recent call last):
    RuntimeError: Trying to exit a forward AD level, but none is running
    """
    found = CURRENT.get()
    if found is None:
        raise RuntimeError("Trying to exit a forward AD level, but none is running")
    found.close()
    CURRENT.set(None)


class dual_level:
    """A block within which tensors carry tangents.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     x = fwAD.make_dual(fg.tensor([1.0, 2.0]), fg.tensor([1.0, 10.0]))
    ...     fwAD.unpack_dual(x * x).tangent
    tensor([ 2., 40.])
    """

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *error: object) -> None:
        exit_dual_level()


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Any:
    """Return a tensor that carries a tangent, of its shape and dtype.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     x = fwAD.make_dual(fg.tensor(3.0), fg.tensor(1.0))
    ...     fwAD.unpack_dual(x.exp()).tangent
    tensor(20.0855)
    """
    found = CURRENT.get()
    if found is None:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    for x, name in ((tensor, "tensor"), (tangent, "tangent")):
        if not isinstance(x, Base):
            raise TypeError(f"make_dual(): argument '{name}' must be Tensor, not {type(x).__name__}")
    if space_of(tensor.payload) != space_of(tangent.payload) or not space_of(tensor.payload).is_inexact:
        raise ValueError(
            f"Expected the primal and the tangent to be floating point of one shape and dtype, got "
            f"{space_of(tensor.payload)} and {space_of(tangent.payload)}"
        )
    return wrap(found.tracer(unwrap(tensor), unwrap(tangent)))


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """Return a tensor without its tangent, and the tangent, None if it has none.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     x = fwAD.make_dual(fg.tensor(3.0), fg.tensor(1.0))
    ...     primal, tangent = fwAD.unpack_dual(x * 2)
    >>> primal, tangent
    (tensor(6.), tensor(2.))
    """
    payload = unwrap(tensor)
    if not isinstance(payload, ForwardTracer) or payload.level is not CURRENT.get():
        return UnpackedDualTensor(tensor, None)
    tangent = payload.tangent
    return UnpackedDualTensor(wrap(payload.value), None if tangent is None else wrap(tangent))
