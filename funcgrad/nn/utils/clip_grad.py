"""Gradients that are kept from becoming too large. Nothing here waits for a GPU, unless an error is asked for."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from funcgrad.tensor.modes import no_grad
from funcgrad.tensor.promotion import DEFAULT_DTYPE
from funcgrad.tensor.shell import wrap
from funcgrad.tensor.tensor import Tensor
from funcgrad.tensor.writing import overwrite

__all__ = ["clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]

Tensors = Tensor | Iterable[Tensor]


def listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def gradients(parameters: Tensors) -> list[Tensor]:
    return [p.grad for p in listed(parameters) if p.grad is not None]


def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """Return the norm of all elements of several tensors.

    Parameters
    ----------
    tensors : iterable of Tensor
    norm_type : float
        The order of the norm, which may be infinite.
    error_if_nonfinite : bool
        Whether to raise for a norm that is infinite or no number.
    foreach : bool, optional
        A hint that PyTorch's programs give, without effect.

    Returns
    -------
    Tensor
        Without dimensions.

    Raises
    ------
    RuntimeError
        See `error_if_nonfinite`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.utils.get_total_norm([fg.full((2,), 3.0), fg.full((2,), 4.0)])
    tensor(7.0711)
    """
    order = float(norm_type)
    with np.errstate(all="ignore"):
        norms = [np.linalg.norm(np.ravel(t.values()), order) for t in listed(tensors) if t.numel()]
        if not norms:
            return wrap(np.zeros((), DEFAULT_DTYPE))
        total = np.linalg.norm(np.stack(norms), order)
    if error_if_nonfinite and not bool(np.isfinite(total)):
        raise RuntimeError(
            f"the total norm of order {norm_type} of gradients is non-finite, so it cannot be clipped. Set "
            "error_if_nonfinite=False to scale by it anyway"
        )
    return wrap(total)


def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients of parameters, in place, by what makes a given norm at most `max_norm`.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
    max_norm : float
    total_norm : Tensor
        The norm, for example of :func:`get_total_norm`.
    foreach : bool, optional
        A hint that PyTorch's programs give, without effect.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.ones(2, requires_grad=True)
    >>> (3 * w[0] + 4 * w[1]).backward()
    >>> fg.nn.utils.clip_grads_with_norm_(w, 1.0, fg.tensor(10.0))
    >>> w.grad
    tensor([0.3000, 0.4000])
    """
    with no_grad(), np.errstate(all="ignore"):
        coefficient = np.minimum(float(max_norm) / (total_norm.values() + 1e-6), 1.0)
        for g in gradients(parameters):
            g.mul_(wrap(coefficient))


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients of parameters, in place, so that the norm of all their elements is at most `max_norm`.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Those without a gradient are left alone.
    max_norm : float
    norm_type : float
        The order of the norm, which may be infinite.
    error_if_nonfinite : bool
        Whether to raise for a norm that is infinite or no number.
    foreach : bool, optional
        A hint that PyTorch's programs give, without effect.

    Returns
    -------
    Tensor
        The norm before.

    Raises
    ------
    RuntimeError
        See `error_if_nonfinite`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.ones(2, requires_grad=True)
    >>> (3 * w[0] + 4 * w[1]).backward()
    >>> fg.nn.utils.clip_grad_norm_(w, 1.0)
    tensor(5.)
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    params = listed(parameters)
    total = get_total_norm(gradients(params), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(params, max_norm, total, foreach)
    return total


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Clip the elements of the gradients of parameters, in place.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Those without a gradient are left alone.
    clip_value : float
        Elements end up between minus this and this.
    foreach : bool, optional
        A hint that PyTorch's programs give, without effect.

    Raises
    ------
    RuntimeError
        For complex gradients, which have no order.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.ones(2, requires_grad=True)
    >>> (3 * w[0] - 4 * w[1]).backward()
    >>> fg.nn.utils.clip_grad_value_(w, 3.5)
    >>> w.grad
    tensor([ 3.0000, -3.5000])
    """
    bound = float(clip_value)
    found = gradients(parameters)
    if any(g.is_complex() for g in found):
        raise RuntimeError(
            "complex gradients have no order: clip_grad_norm_ scales them, clip_grad_value_ cannot clip them"
        )
    for g in found:
        overwrite(g, np.clip(g.values(), -bound, bound))
