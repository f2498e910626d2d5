"""``autograd.backward`` and ``autograd.grad``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.autograd.graph import GradientEdge
from funcgrad.core.level import Traced
from funcgrad.tensor.differentiation import backward_from
from funcgrad.tensor.hooks import outward
from funcgrad.tensor.passes import Root, capture, release_behind, root_of_tensor
from funcgrad.tensor.shell import Base, wrap
from funcgrad.tensor.tensor import Tensor
from funcgrad.transforms.batch import vmap

__all__ = ["backward", "grad"]


def listed(x: Any) -> list[Any]:
    x = tensors_of(x)
    return [x] if isinstance(x, Base) else list(x)


def gradients_for(tensors: Sequence[Any], gradients: Any) -> list[Any]:
    """Return a gradient, or None, for each tensor."""
    given = [None] * len(tensors) if gradients is None else listed(gradients)
    if len(given) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(given)} gradients")
    return given


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Tensor | Sequence[Tensor | None] | None = None,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add the gradients of several tensors together to the ``.grad`` of the graph's leaves.

    Parameters
    ----------
    tensors : Tensor or sequence of Tensor
    grad_tensors : Tensor or sequence of (Tensor or None), optional
        Weights of their elements; None for a tensor of one element.
    retain_graph, create_graph, inputs
        As for ``Tensor.backward``.
    grad_variables
        An old name of `grad_tensors`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, requires_grad=True)
    >>> fg.autograd.backward([(2 * x).sum(), x * x], [None, fg.ones(2)])
    >>> x.grad
    tensor([4., 4.])
    """
    if grad_variables is not None:
        if grad_tensors is not None:
            raise RuntimeError("`grad_tensors` and `grad_variables` (its old name) are both given: use `grad_tensors`")
        grad_tensors = grad_variables
    roots = listed(tensors)
    if inputs is not None and not isinstance(inputs, Base) and len(inputs) == 0:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    backward_from(roots, gradients_for(roots, grad_tensors), retain_graph, create_graph, tensors_of(inputs))


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor, ...]:
    """Return the gradients of the sum of `outputs` with respect to `inputs`; no ``.grad`` changes.

    Parameters
    ----------
    outputs : Tensor or sequence of Tensor
    inputs : Tensor or sequence of Tensor
        Leaves or computed tensors.
    grad_outputs : Tensor or sequence of (Tensor or None), optional
        Weights of the outputs' elements; None for an output of one element.
    retain_graph : bool, optional
        Whether the graph can be walked again; as `create_graph` by default.
    create_graph : bool
        Whether the result can be differentiated again.
    only_inputs : bool
        Must be True.
    allow_unused : bool, optional
        Whether an input that the outputs do not depend on gets None; otherwise it is an error.
    is_grads_batched : bool
        Whether `grad_outputs` have one dimension more, in front: the result has it, too.
    materialize_grads : bool
        Whether an input that the outputs do not depend on gets zeros.

    Returns
    -------
    tuple of (Tensor or None)

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.tensor(2.0, requires_grad=True)
    >>> (dx,) = fg.autograd.grad(x**3, x, create_graph=True)
    >>> dx.item()
    12.0
    >>> fg.autograd.grad(dx, x)
    (tensor(12.),)
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            f"Expected allow_unused to be True or not passed when materialize_grads=True, but got: {allow_unused=}."
        )
    if not only_inputs:
        raise NotImplementedError("grad(only_inputs=False) is no longer offered: use autograd.backward for the leaves")
    roots, wanted = listed(outputs), listed(inputs)
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    given = gradients_for(roots, grad_outputs)
    retain = create_graph if retain_graph is None else retain_graph
    for tensor in wanted:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"inputs can be Tensors only, but got {type(tensor).__name__}")
        tensor._check_outside("autograd.grad")
        if not tensor.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    if is_grads_batched:
        found = batched(roots, wanted, given, create_graph)
        if not retain:
            release_behind([tensor.node for tensor in roots])
    else:
        found = captured(roots, wanted, given, retain, create_graph)
    for number, g in enumerate(found):
        if g is None and not materialize_grads and not allow_unused:
            raise RuntimeError(
                f"The differentiated Tensor at index {number} appears to not have been used in the graph. Set "
                "allow_unused=True if this is the desired behavior."
            )
    if materialize_grads:
        found = [wrap(np.zeros_like(x.values())) if g is None else g for x, g in zip(wanted, found, strict=True)]
    return tuple(found)


def captured(
    roots: Sequence[Any], wanted: Sequence[Any], given: Sequence[Any], retain: bool, recorded: bool
) -> list[Any]:
    seeds: list[Root] = [root_of_tensor(t, g, i, recorded) for i, (t, g) in enumerate(zip(roots, given, strict=True))]
    found = capture(seeds, [tensor.node for tensor in wanted], retain=retain, recorded=recorded)
    return [shown(found.get(tensor.node)) for tensor in wanted]


def shown(g: Any) -> Any:
    """Return a cotangent as the tensor that the caller gets, which shares memory with nothing."""
    if g is None:
        return None
    g = outward(g)
    return wrap(g if isinstance(g, Traced) else g.copy() if g.shape else g + 0)


def batched(roots: Sequence[Any], wanted: Sequence[Any], given: Sequence[Any], recorded: bool) -> list[Any]:
    """Return the gradients for many `grad_outputs` at once."""
    if any(g is None for g in given):
        raise RuntimeError("grad(is_grads_batched=True) needs grad_outputs for every output")
    for number, (tensor, g) in enumerate(zip(roots, given, strict=True)):
        if tuple(g.shape[1:]) != tuple(tensor.shape):
            raise RuntimeError(
                f"If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch "
                f"dimension. Mismatch in shape: grad_output[{number}] has a shape of {list(g.shape)} and "
                f"output[{number}] has a shape of {list(tensor.shape)}."
            )
    used: list[bool] = []

    def one(gs: list[Any]) -> list[Any]:
        found = captured(roots, wanted, gs, True, recorded)
        used[:] = [g is not None for g in found]
        return [g for g in found if g is not None]

    results = iter(vmap(one)(list(given)))
    return [next(results) if yes else None for yes in used]


def tensors_of(x: Any) -> Any:
    """Replace the edges in what is given for tensors by tensors."""
    if isinstance(x, GradientEdge):
        if not isinstance(x.ownership_token, Base):
            raise RuntimeError("an edge that was put together by hand cannot be used: get it from get_gradient_edge()")
        return x.ownership_token
    return [tensors_of(item) for item in x] if isinstance(x, list | tuple) else x
