"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from funcgrad.tensor.tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def check_device(known: object, param: Tensor) -> object:
    """Return the device of a parameter; raise TypeError if another was met before."""
    if known is not None and known != param.device:
        raise TypeError(f"parameters are on different devices, which this does not support: {known} and {param.device}")
    return param.device


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Return all elements of the parameters in one vector; it stays part of the graph.

    Parameters
    ----------
    parameters : iterable of Tensor

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.utils.parameters_to_vector([fg.zeros(2), fg.ones(1, 2)])
    tensor([0., 0., 1., 1.])
    """
    found = list(parameters)
    device: object = None
    for param in found:
        device = check_device(device, param)
    if not found:
        raise RuntimeError("parameters_to_vector: expected a non-empty iterable of Tensors")
    vector: Tensor = np.concatenate([param.reshape(-1) for param in found])  # type: ignore[assignment]
    return vector


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Let the parameters show parts of a vector, which they share from then on.

    Parameters
    ----------
    vec : Tensor
    parameters : iterable of Tensor

    Raises
    ------
    TypeError
        If `vec` is no tensor.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.zeros(2, requires_grad=True)
    >>> fg.nn.utils.vector_to_parameters(fg.tensor([1.0, 2.0]), [w])
    >>> w
    tensor([1., 2.], requires_grad=True)
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"vector_to_parameters takes a Tensor, got {type(vec).__name__}")
    device: object = None
    begin = 0
    for param in parameters:
        device = check_device(device, param)
        end = begin + param.numel()
        param.data = vec[begin:end].reshape(param.shape).data
        begin = end
