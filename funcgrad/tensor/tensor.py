"""Tensor: PyTorch's array on funcgrad's engine.

A thin shell around a payload, which is an array, or a tracer where gradients are recorded. It translates
names (``dim`` to ``axis``) and promotes dtypes; it has no derivative rules of its own. Here are its place in the graph,
``backward``, NumPy's protocols and conversions; the other chapters are its base classes.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

import funcgrad.tree as tree
from funcgrad.core.kernels import apply_kernel, apply_reduction
from funcgrad.core.level import Traced
from funcgrad.core.silence import silence
from funcgrad.core.space import space_of
from funcgrad.tensor.conversion import Converted
from funcgrad.tensor.differentiation import Differentiated
from funcgrad.tensor.dtypes import DEFAULTS
from funcgrad.tensor.inference import mark
from funcgrad.tensor.interop import Exchanged, host
from funcgrad.tensor.legacy import constructed
from funcgrad.tensor.methods import Operations
from funcgrad.tensor.modes import INFERENCE
from funcgrad.tensor.operators import operand
from funcgrad.tensor.printing import format_scalar, format_tensor
from funcgrad.tensor.promotion import promote
from funcgrad.tensor.root import ROOT, grad_fn_name, leaf_tracer
from funcgrad.tensor.shell import Base, tensors_in, unwrap, unwrap_all, wrap, wrap_all
from funcgrad.tensor.silence import silently
from funcgrad.tensor.versions import alias, apart
from funcgrad.tensor.writing import Writing
from funcgrad.transforms.gradient import stop_gradient

__all__ = ["Tensor", "as_tensor"]

#: NumPy functions that write into their first argument.
WRITERS = {np.copyto, np.put, np.putmask, np.place, np.put_along_axis, np.fill_diagonal}


class Tensor(Differentiated, Converted, Exchanged, Operations, Writing):
    """An array with PyTorch's interface, whose operations are recorded where it requires gradients.

    Made by :func:`funcgrad.tensor` and the other factories. ``Tensor([1, 2])`` has the default dtype, and the elements
    of ``Tensor(2, 3)`` are not set.

    Attributes
    ----------
    grad : Tensor or None
        What ``backward`` has accumulated, for a leaf that requires gradients.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, 2, requires_grad=True)
    >>> out = ((x + 2) * (x + 2) * 3).mean()
    >>> out
    tensor(27., grad_fn=<MeanBackward0>)
    >>> out.backward()
    >>> x.grad
    tensor([[4.5000, 4.5000],
            [4.5000, 4.5000]])
    """

    __slots__ = ()

    def __init__(self, *data: Any, device: Any = None) -> None:
        self.payload = constructed(data, DEFAULTS.real, device)
        if INFERENCE.get():
            mark(self.payload)
        self.grad = None

    # -- Place in the graph -----------------------------------------------------------------------

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Change, in place, whether operations on this tensor are recorded.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.ones(2).requires_grad_()
        tensor([1., 1.], requires_grad=True)
        """
        if requires_grad and not self.requires_grad:
            if self.dtype.kind not in "fc":
                raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
            if self.is_inference() and not INFERENCE.get():
                raise RuntimeError(
                    "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed: set it on a "
                    "clone() of it."
                )
            self.payload = leaf_tracer(self, self.memory())
        elif not requires_grad and self.requires_grad:
            if not self.is_leaf:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed "
                    "variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
                )
            self.payload = self.payload.value
        return self

    def detach(self) -> Tensor:
        """Return a tensor that shares the data and is not part of the graph."""
        if self.node is None and isinstance(self.payload, Traced):  # of a transform
            return wrap(stop_gradient(self.payload))
        return wrap(alias(self.memory()))

    @property
    def data(self) -> Tensor:
        """The same data, outside the graph: changing it is not recorded."""
        if self.node is None and isinstance(self.payload, Traced):
            return wrap(stop_gradient(self.payload))
        return wrap(apart(self.memory()))

    @data.setter
    def data(self, new: Tensor) -> None:
        self._check_outside("Setting .data")
        if self.is_set_to(new):  # the end of ``x.data *= 2``
            return
        memory = new.detach().payload
        if self.requires_grad and not self.is_leaf:
            if memory.shape != self.shape or memory.dtype != self.dtype:
                raise RuntimeError("a computed tensor's .data can only be set to values of the same shape and dtype")
            self.payload.value = memory
        elif self.requires_grad:
            node = self.node  # hooks stay, and graphs recorded before still lead here
            self.payload = ROOT.tracer(memory, node, space_of(memory))
        else:
            self.payload = memory

    # -- NumPy --------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is not None or method == "at":
            refuse_write(f"np.{ufunc.__name__}" + (".at" if method == "at" else " with out="))
        if method == "__call__" and len(inputs) == 2 and not kwargs:  # also what ``ndarray * tensor`` arrives as
            if not all(hasattr(x, "dtype") or isinstance(x, bool | int | float | complex) for x in inputs):
                return NotImplemented
            return wrap_all(silently(ufunc, *promote(operand(inputs[0]), operand(inputs[1]))))
        with silence():
            return wrap_all(getattr(ufunc, method)(*unwrap_all(inputs), **unwrap_all(kwargs)))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in WRITERS or kwargs.get("out") is not None:
            refuse_write(f"np.{function.__name__}" + ("" if function in WRITERS else " with out="))
        with silence():
            return wrap_all(function(*unwrap_all(args), **unwrap_all(kwargs)), tensors_in((args, kwargs)))

    # -- CuPy's hooks --------------------------------------------------------------------------------------

    def __cupy_override_elementwise_kernel__(self, kernel: Any, *args: Any, **kwargs: Any) -> Any:
        return apply_kernel(kernel, args, kwargs)

    def __cupy_override_reduction_kernel__(self, kernel: Any, axis: Any, dtype: Any, out: Any, keepdims: Any) -> Any:
        return apply_reduction(kernel, self, axis, dtype, out, keepdims)

    # -- Text --------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        if isinstance(self.payload, Traced) and self.node is None:
            return f"tensor({self.payload!r})"
        name = None if self.is_leaf else grad_fn_name(self.node)
        return format_tensor(
            host(self.values()),
            requires_grad=self.requires_grad,
            grad_fn=name,
            device=None if self.is_cpu else str(self.device),
        )

    def __format__(self, spec: str) -> str:
        if self.ndim or (isinstance(self.payload, Traced) and self.node is None):
            return object.__format__(self, spec)
        return format_scalar(host(self.values()), spec)


Base.concrete = Tensor


def refuse_write(what: str) -> NoReturn:
    raise TypeError(
        f"{what} cannot write where a Tensor takes part: the graph would not know. Use the returned value, or "
        "a tensor's own in-place methods (add_, copy_, x[i] = v)."
    )


def as_tensor(x: Any) -> Any:
    """Wrap a payload; what a transform has shown as a tensor already is one."""
    return x if isinstance(x, Base) else wrap(x)


# A tensor is a pytree node around its payload, so that the transforms see through it.
tree.register(Tensor, lambda tensor: ([unwrap(tensor)], None), lambda _, children: as_tensor(children[0]))
