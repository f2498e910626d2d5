"""``autograd.functional``: Jacobians, Hessians and products with them, of functions of tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.autograd.gradients import grad
from funcgrad.tensor.modes import enable_grad
from funcgrad.tensor.shell import Base, wrap
from funcgrad.tensor.trees import bare_function, put_on, taken_off
from funcgrad.transforms import gradient as reverse
from funcgrad.transforms.jacobian import jacfwd

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Function = Callable[..., Any]

# -- Inputs and outputs ----------------------------------------------------------------------------------------


def as_tuple(x: Any, what: str, name: str) -> tuple[bool, tuple[Any, ...]]:
    """Return whether `x` is a tuple, and a tuple of tensors."""
    is_tuple = isinstance(x, tuple)
    parts = x if is_tuple else (x,)
    for i, part in enumerate(parts):
        if not isinstance(part, Base):
            kind = "outputs of the user-provided function given" if what == "outputs" else f"{what} given"
            raise TypeError(
                f"The {kind} to {name} must be either a Tensor or a tuple of Tensors but the value at index {i} has "
                f"type {type(part)}."
            )
    return is_tuple, parts


def prepared(inputs: Sequence[Any], create_graph: bool) -> tuple[Any, ...]:
    """Return tensors in the place of the inputs that require gradients, of their graph only if one is created."""
    return tuple([wrap_input(x, create_graph) for x in inputs])


def wrap_input(x: Any, create_graph: bool) -> Any:
    if create_graph and x.requires_grad:
        return x[...] if x.ndim else x * 1  # a tensor of its own, whose gradient is wanted
    return x.detach().requires_grad_()


def finished(tensors: Any, create_graph: bool) -> Any:
    """Return the results, without a graph unless one is created."""
    if isinstance(tensors, tuple):
        return tuple([finished(x, create_graph) for x in tensors])
    return tensors if create_graph else tensors.detach()


def run(
    func: Function, inputs: Any, create_graph: bool, name: str
) -> tuple[bool, tuple[Any, ...], bool, tuple[Any, ...]]:
    is_tuple, given = as_tuple(inputs, "inputs", name)
    given = prepared(given, create_graph)
    out_is_tuple, outputs = as_tuple(func(*given), "outputs", name)
    return is_tuple, given, out_is_tuple, outputs


def checked_vector(v: Any, like: Sequence[Any], like_is_tuple: bool) -> tuple[Any, ...]:
    """Check that `v` has the shapes of other tensors."""
    _, parts = as_tuple(v, "v", "the product")
    if len(parts) != len(like):
        raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(parts)}.")
    for i, (a, b) in enumerate(zip(parts, like, strict=True)):
        if tuple(a.shape) != tuple(b.shape):
            place = f"Entry {i} in v" if like_is_tuple else "v"
            raise RuntimeError(f"{place} has invalid size: should be {tuple(b.shape)} but got {tuple(a.shape)}.")
    return parts


def pulled(
    outputs: Sequence[Any], inputs: Sequence[Any], v: Any, create_graph: bool, strict: bool, what: str = "Output"
) -> tuple[Any, ...]:
    """Return the gradients of outputs, zeros where there is none, which `strict` refuses."""
    known = [(y, None if v is None else v[i]) for i, y in enumerate(outputs) if y.requires_grad]
    if strict and len(known) < len(outputs):
        number = next(i for i, y in enumerate(outputs) if not y.requires_grad)
        raise RuntimeError(
            f"{what} {number} of the user-provided function does not require gradients. The outputs must be computed "
            "in a differentiable manner from the input when running in strict mode."
        )
    if not known:
        return tuple([zeros_like(x) for x in inputs])
    found = grad(
        [y for y, _ in known], inputs, [g for _, g in known], create_graph=create_graph, retain_graph=True,
        allow_unused=True,
    )  # fmt: skip
    if strict and any(g is None for g in found):
        number = next(i for i, g in enumerate(found) if g is None)
        raise RuntimeError(
            f"{what} of the user-provided function is independent of input {number}. This is not allowed "
            "in strict mode."
        )
    return tuple([zeros_like(x) if g is None else g for x, g in zip(inputs, found, strict=True)])


def zeros_like(x: Any) -> Any:
    return wrap(np.zeros_like(x.values()))


def same_form(parts: tuple[Any, ...], is_tuple: bool) -> Any:
    return parts if is_tuple else parts[0]


# -- Products --------------------------------------------------------------------------------------------------


def vjp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """Compute `func` and the product of a vector with its Jacobian.

    Parameters
    ----------
    func : callable
        Of tensors; returns a tensor or a tuple of tensors.
    inputs : Tensor or tuple of Tensor
    v : Tensor or tuple of Tensor, optional
        Like the outputs; not needed for a single element.
    create_graph : bool
        Whether the results can be differentiated.
    strict : bool
        Whether an output that does not depend on the inputs, or an input without influence, is an error.

    Returns
    -------
    tuple
        ``(outputs, product)``, the product like `inputs`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.autograd.functional.vjp(lambda x: x**2, fg.tensor([1.0, 2.0]), fg.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        is_tuple, given, out_is_tuple, outputs = run(func, inputs, create_graph, "vjp")
        weights = vector_for(outputs, v, out_is_tuple)
        found = pulled(outputs, given, weights, create_graph, strict)
    return (
        finished(same_form(outputs, out_is_tuple), create_graph),
        finished(same_form(found, is_tuple), create_graph),
    )


def vector_for(outputs: Sequence[Any], v: Any, is_tuple: bool) -> tuple[Any, ...] | None:
    if v is not None:
        return checked_vector(v, outputs, is_tuple)
    if len(outputs) != 1 or outputs[0].numel() != 1:
        raise RuntimeError(
            "The vector v can only be None if the user-provided function returns a single Tensor with a single element."
        )
    return (wrap(np.ones_like(outputs[0].values())),)


def pushed(outputs: Sequence[Any], inputs: Sequence[Any], v: Any, create_graph: bool, strict: bool) -> tuple[Any, ...]:
    """Return the tangents of outputs: the pullback is linear, and this is its transpose."""
    weights = tuple([wrap(np.zeros_like(y.values())).requires_grad_() for y in outputs])
    found = pulled(outputs, inputs, weights, True, strict)
    known = [(g, dx) for g, dx in zip(found, v, strict=True) if g.requires_grad]
    if not known:
        return tuple([zeros_like(y) for y in outputs])
    tangents = grad(
        [g for g, _ in known], weights, [dx for _, dx in known], create_graph=create_graph, retain_graph=True,
        allow_unused=True,
    )  # fmt: skip
    return tuple([zeros_like(y) if dy is None else dy for y, dy in zip(outputs, tangents, strict=True)])


def jvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """Compute `func` and the product of its Jacobian with a vector.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As for :func:`vjp`.
    v : Tensor or tuple of Tensor, optional
        Like the inputs; not needed for a single element.

    Returns
    -------
    tuple
        ``(outputs, product)``, the product like the outputs.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.autograd.functional.jvp(lambda x: x**2, fg.tensor([1.0, 2.0]), fg.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        _, given, out_is_tuple, outputs = run(func, inputs, create_graph, "jvp")
        found = pushed(outputs, given, direction_for(given, v, isinstance(inputs, tuple)), create_graph, strict)
    return (
        finished(same_form(outputs, out_is_tuple), create_graph),
        finished(same_form(found, out_is_tuple), create_graph),
    )


def direction_for(inputs: Sequence[Any], v: Any, is_tuple: bool) -> tuple[Any, ...]:
    if v is not None:
        return checked_vector(v, inputs, is_tuple)
    if len(inputs) != 1 or inputs[0].numel() != 1:
        raise RuntimeError(
            "The vector v can only be None if the input to the user-provided function is a single Tensor with a single "
            "element."
        )
    return (wrap(np.ones_like(inputs[0].values())),)


def scalar(outputs: tuple[Any, ...], is_tuple: bool, name: str) -> Any:
    if is_tuple or outputs[0].numel() != 1:
        raise RuntimeError(f"The function given to {name} should return a single Tensor that contains a single element")
    return outputs[0]


def vhp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """Compute a scalar function, and the product of a vector with its Hessian.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As for :func:`vjp`; `func` returns a single element.
    v : Tensor or tuple of Tensor, optional
        Like the inputs.

    Returns
    -------
    tuple
        ``(output, product)``, the product like the inputs.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.autograd.functional.vhp(lambda x: (x**3).sum(), fg.ones(2), fg.tensor([1.0, 2.0]))
    (tensor(2.), tensor([ 6., 12.]))
    """
    return second("vhp", func, inputs, v, create_graph, strict)


def hvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """Compute a scalar function, and the product of its Hessian with a vector.

    Parameters
    ----------
    func, inputs, v, create_graph, strict
        As for :func:`vhp`, which is faster.

    Returns
    -------
    tuple
        ``(output, product)``, the product like the inputs.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.autograd.functional.hvp(lambda x: (x**3).sum(), fg.ones(2), fg.tensor([1.0, 2.0]))
    (tensor(2.), tensor([ 6., 12.]))
    """
    return second("hvp", func, inputs, v, create_graph, strict)


def second(name: str, func: Function, inputs: Any, v: Any, create_graph: bool, strict: bool) -> Any:
    with enable_grad():
        is_tuple, given, out_is_tuple, outputs = run(func, inputs, create_graph, name)
        output = scalar(outputs, out_is_tuple, name)
        weights = direction_for(given, v, is_tuple)
        first = pulled([output], given, None, True, strict)
        if name == "vhp":
            found = pulled(first, given, weights, create_graph, strict, "The jacobian")
        else:
            found = pushed(first, given, weights, create_graph, strict)
    return finished(output, create_graph), finished(same_form(found, is_tuple), create_graph)


# -- Matrices --------------------------------------------------------------------------------------------------


def jacobian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """Compute the Jacobian of a function of tensors.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As for :func:`vjp`.
    vectorize : bool
        Whether to compute all rows at once.
    strategy : {"reverse-mode", "forward-mode"}
        The latter computes columns, and needs `vectorize`.

    Returns
    -------
    Tensor, or tuple of these, or tuple of tuples
        Of shape output shape + input shape, for each output, for each input.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.autograd.functional.jacobian(lambda x: x**2, fg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(f'Expected strategy to be either "forward-mode" or "reverse-mode", got {strategy!r}')
    if strategy == "forward-mode":
        return by_columns(func, inputs, create_graph, strict, vectorize)
    if strict and vectorize:
        raise RuntimeError("jacobian: `strict=True` and `vectorize=True` are not supported together.")
    with enable_grad():
        is_tuple, given, out_is_tuple, outputs = run(func, inputs, create_graph, "jacobian")
        rows = [rows_of(y, given, create_graph, strict, vectorize, i) for i, y in enumerate(outputs)]
    parts = tuple([same_form(row, is_tuple) for row in rows])
    return finished(same_form(parts, out_is_tuple), create_graph)


def rows_of(
    output: Any, inputs: Sequence[Any], create_graph: bool, strict: bool, vectorize: bool, number: int
) -> tuple[Any, ...]:
    shape = tuple(output.shape)
    if strict and not output.requires_grad:
        pulled([output], inputs, None, create_graph, strict, f"Output {number}")
    if not output.requires_grad or output.numel() == 0:
        return tuple([wrap(np.zeros((*shape, *x.shape), x.values().dtype)) for x in inputs])
    if vectorize:
        size = output.numel()
        basis = wrap(np.eye(size, dtype=output.values().dtype).reshape(size, *shape))
        found = grad(
            output, inputs, basis, create_graph=create_graph, retain_graph=True, allow_unused=True,
            is_grads_batched=True,
        )  # fmt: skip
        return tuple(
            [
                wrap(np.zeros((*shape, *x.shape), x.values().dtype)) if g is None else g.reshape(*shape, *x.shape)
                for x, g in zip(inputs, found, strict=True)
            ]
        )
    rows = []
    for place in np.ndindex(shape):
        element = np.zeros(shape, output.values().dtype)
        element[place] = 1
        rows.append(pulled([output], inputs, (wrap(element),), create_graph, strict, f"Output {number}"))
    columns: list[Any] = [np.stack(list(parts)) for parts in zip(*rows, strict=True)]
    return tuple([column.reshape(*shape, *x.shape) for column, x in zip(columns, inputs, strict=True)])


def by_columns(func: Function, inputs: Any, create_graph: bool, strict: bool, vectorize: bool) -> Any:
    if create_graph:
        raise NotImplementedError(
            'jacobian: `create_graph=True` and `strategy="forward-mode"` are not supported together'
        )
    if strict:
        raise RuntimeError('jacobian: `strict=True` and `strategy="forward-mode"` are not supported together')
    if not vectorize:
        raise NotImplementedError('jacobian: `strategy="forward-mode"` needs `vectorize=True`')
    is_tuple, given = as_tuple(inputs, "inputs", "jacobian")
    plain = [x.detach() for x in given]

    def checked(*xs: Any) -> Any:
        y = func(*xs)
        as_tuple(y, "outputs", "jacobian")
        return y

    numbers = tuple(range(len(plain))) if is_tuple else 0
    return put_on(jacfwd(bare_function(checked), numbers)(*taken_off(plain)))


def hessian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """Compute the second derivatives of a function that returns a single element.

    Parameters
    ----------
    func, inputs, create_graph, strict, vectorize
        As for :func:`jacobian`.
    outer_jacobian_strategy : {"reverse-mode", "forward-mode"}
        How the gradient is differentiated.

    Returns
    -------
    Tensor, or tuple of tuples of these

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.autograd.functional.hessian(lambda x: (x**3).sum(), fg.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    is_tuple, given = as_tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode"')

    def gradient(*xs: Any) -> Any:
        out_is_tuple, outputs = as_tuple(func(*xs), "outputs", "hessian")
        output = scalar(outputs, out_is_tuple, "hessian")
        return same_form(pulled([output], xs, None, True, strict), is_tuple)

    if outer_jacobian_strategy == "forward-mode":
        if not vectorize:
            raise NotImplementedError('hessian: `outer_jacobian_strategy="forward-mode"` needs `vectorize=True`')
        return forward_over_reverse(func, given, is_tuple, create_graph, strict)
    return jacobian(gradient, inputs, create_graph, strict, vectorize)


def forward_over_reverse(
    func: Function, inputs: Sequence[Any], is_tuple: bool, create_graph: bool, strict: bool
) -> Any:
    if create_graph or strict:
        raise NotImplementedError("hessian: create_graph and strict need the strategy reverse-mode")
    numbers: Any = tuple(range(len(inputs))) if is_tuple else 0

    def checked(*xs: Any) -> Any:
        out_is_tuple, outputs = as_tuple(func(*xs), "outputs", "hessian")
        return scalar(outputs, out_is_tuple, "hessian").reshape(())

    derive = jacfwd(reverse.grad(bare_function(checked), numbers), numbers)
    return put_on(derive(*taken_off([x.detach() for x in inputs])))
