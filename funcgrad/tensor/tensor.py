"""Tensor: PyTorch's array on funcgrad's engine.

A thin shell around a payload, which is an array, or a tracer where gradients are recorded. It translates
names (``dim`` to ``axis``) and promotes dtypes; it has no derivative rules of its own. Here are its place in the graph,
``backward``, NumPy's protocols and conversions; the other chapters are its base classes.
"""

from __future__ import annotations

import operator
import threading
import warnings
from typing import Any, NoReturn

import numpy as np

from funcgrad import tree
from funcgrad._typing import Array
from funcgrad.core.engine import backward
from funcgrad.core.level import Traced
from funcgrad.tensor.operators import Arithmetic, operand
from funcgrad.tensor.printing import format_scalar, format_tensor
from funcgrad.tensor.promotion import promote, type_name
from funcgrad.tensor.reduction import Reduced
from funcgrad.tensor.root import GradFn, grad_fn, grad_fn_name, leaf_tracer
from funcgrad.tensor.shape import Shaped
from funcgrad.tensor.shell import Base, unwrap, unwrap_all, wrap, wrap_all
from funcgrad.tensor.writing import Writing, check_saved, overwrite

__all__ = ["Tensor", "register_tensors"]

PASS = threading.Lock()  # cotangents wait in the nodes, and threads may share leaves: one pass at a time

#: NumPy functions that write into their first argument.
WRITERS = {np.copyto, np.put, np.putmask, np.place, np.put_along_axis, np.fill_diagonal}


class Tensor(Arithmetic, Shaped, Reduced, Writing):
    """An array with PyTorch's interface, whose operations are recorded where it requires gradients.

    Made by :func:`funcgrad.tensor` and the other factories.

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

    def __init__(self) -> None:
        raise TypeError("Tensors are made by funcgrad.tensor(data) and the other factories")

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
            self.payload = leaf_tracer(self, self.memory())
        elif not requires_grad and self.requires_grad:
            if not self.is_leaf:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed "
                    "variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
                )
            self.payload = self.payload.value
        return self

    @property
    def grad_fn(self) -> GradFn | None:
        """The Function node that made this tensor; None for a leaf."""
        return None if self.is_leaf or self.node is None else grad_fn(self.node)

    def detach(self) -> Tensor:
        """Return a tensor that shares the data and is not part of the graph."""
        self.check_outside("detach()")
        return wrap(self.memory())

    @property
    def data(self) -> Tensor:
        """The same data, outside the graph: changing it is not recorded."""
        return self.detach()

    @data.setter
    def data(self, new: Tensor) -> None:
        self.check_outside("Setting .data")
        memory = new.detach().payload
        if self.requires_grad and not self.is_leaf:
            if memory.shape != self.shape or memory.dtype != self.dtype:
                raise RuntimeError("a computed tensor's .data can only be set to values of the same shape and dtype")
            self.payload.value = memory
        elif self.requires_grad:
            self.payload = leaf_tracer(self, memory)
        else:
            self.payload = memory

    def check_outside(self, what: str) -> None:
        """Refuse what has no meaning for a value of a transform."""
        if isinstance(self.payload, Traced) and self.node is None:
            raise RuntimeError(
                f"{what} of a tensor that a transform (funcgrad.grad, vjp, ...) is tracing: use funcgrad.stop_gradient "
                "for a constant, or call it outside of the transformed function."
            )

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """Add the gradient of this tensor with respect to the graph's leaves to their ``.grad``.

        Parameters
        ----------
        gradient : Tensor, optional
            Weights of the elements, of a shape that broadcasts to this tensor's. Not needed for one element.
        retain_graph : bool, optional
            Whether the graph can be walked again. By default what it saved is freed.
        create_graph : bool
            Must be False; for derivatives of higher order nest :func:`funcgrad.grad`.

        Raises
        ------
        RuntimeError
            If this tensor does not require gradients, has several elements and no `gradient` was given, the graph was
            freed by an earlier call, or a value that it saved was changed in place since.

        Notes
        -----
        For complex leaves ``.grad`` is PyTorch's, the conjugate of :func:`funcgrad.grad`'s.

        Examples
        --------
        >>> import funcgrad as fg
        >>> x = fg.tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).backward(fg.tensor([1.0, 10.0]))
        >>> x.grad
        tensor([ 2., 40.])
        """
        self.check_outside("backward()")
        node = self.node
        if node is None:
            raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
        if create_graph:
            raise NotImplementedError("backward(create_graph=True): nest funcgrad.grad for derivatives of higher order")
        seed = self.seed(gradient)
        with PASS:
            check_saved(node)
            backward([(node, seed)], release=not retain_graph)

    def seed(self, gradient: Any) -> Array:
        value = self.payload.value
        if gradient is None:
            if value.size != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            if value.dtype.kind == "c":
                raise RuntimeError(
                    f"grad can be implicitly created only for real scalar outputs but got {type_name(value.dtype)}"
                )
            return np.ones_like(value)
        g = gradient.values() if isinstance(gradient, Base) else np.asarray(gradient)
        if isinstance(g, Traced):
            raise RuntimeError("backward(): the gradient is a value that a transform is tracing; stop_gradient it")
        try:
            seed = np.broadcast_to(g, value.shape).astype(value.dtype)
        except ValueError:
            raise RuntimeError(
                f"Mismatch in shape: gradient has a shape of {list(g.shape)} and the output has a shape of "
                f"{list(value.shape)}, to which it does not broadcast."
            ) from None
        return np.conj(seed) if value.dtype.kind == "c" else seed

    def accumulate(self, g: Array) -> None:
        """Add an owned array to ``.grad``, in place if there is one."""
        if g.dtype.kind == "c":
            g = np.conj(g)
        if self.grad is None:
            self.grad = wrap(g)
        else:
            overwrite(self.grad, self.grad.values() + g)

    # -- NumPy --------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is not None or method == "at":
            refuse_write(f"np.{ufunc.__name__}" + (".at" if method == "at" else " with out="))
        if method == "__call__" and len(inputs) == 2 and not kwargs:  # also what ``ndarray * tensor`` arrives as
            if not all(hasattr(x, "dtype") or isinstance(x, bool | int | float | complex) for x in inputs):
                return NotImplemented
            return wrap_all(ufunc(*promote(operand(inputs[0]), operand(inputs[1]))))
        return wrap_all(getattr(ufunc, method)(*unwrap_all(inputs), **unwrap_all(kwargs)))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in WRITERS or kwargs.get("out") is not None:
            refuse_write(f"np.{function.__name__}" + ("" if function in WRITERS else " with out="))
        return wrap_all(function(*unwrap_all(args), **unwrap_all(kwargs)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def numpy(self) -> Array:
        """Return the data as a NumPy array that shares memory."""
        self.check_outside("numpy()")
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return np.asarray(self.memory())

    def item(self) -> Any:
        """Return the only element as a Python number."""
        if self.numel() != 1:
            raise RuntimeError(f"a Tensor with {self.numel()} elements cannot be converted to Scalar")
        return self.values().item()

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers."""
        return self.values().tolist()

    def as_number(self) -> Any:
        """Return the only element for ``float()`` and the like, with a warning where that loses a gradient."""
        if self.requires_grad:
            self.check_outside("float() or int()")
            warnings.warn(
                "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
                "Consider using tensor.detach() first.",
                UserWarning,
                stacklevel=3,
            )
        return self.item()

    def __float__(self) -> float:
        return float(self.as_number())

    def __int__(self) -> int:
        return int(self.as_number())

    def __complex__(self) -> complex:
        return complex(self.as_number())

    def __index__(self) -> int:
        return operator.index(self.as_number())

    def __bool__(self) -> bool:
        if self.numel() != 1:
            raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
        return bool(self.item())

    # -- Text and copies ---------------------------------------------------------------------------------

    def __repr__(self) -> str:
        if isinstance(self.payload, Traced) and self.node is None:
            return f"tensor({self.payload!r})"
        name = None if self.is_leaf else grad_fn_name(self.node)
        return format_tensor(np.asarray(self.values()), requires_grad=self.requires_grad, grad_fn=name)

    def __format__(self, spec: str) -> str:
        if self.ndim or (isinstance(self.payload, Traced) and self.node is None):
            return object.__format__(self, spec)
        return format_scalar(np.asarray(self.values()), spec)

    def __deepcopy__(self, memo: Any) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError("Only Tensors created explicitly by the user support the deepcopy protocol")
        new = wrap(np.array(self.values())).requires_grad_(self.requires_grad)
        if self.grad is not None:
            new.grad = self.grad.__deepcopy__(memo)
        memo[id(self)] = new
        return new

    def __reduce__(self) -> NoReturn:
        raise TypeError("Tensors are not pickled: use tensor.detach().numpy()")


Base.concrete = Tensor


def refuse_write(what: str) -> NoReturn:
    raise TypeError(
        f"{what} cannot write where a Tensor takes part: the graph would not know. Use the returned value, or "
        "a tensor's own in-place methods (add_, copy_, x[i] = v)."
    )


def register_tensors() -> None:
    """Make a tensor a pytree node around its payload, so that the transforms see through it."""
    tree.register(Tensor, lambda tensor: ([unwrap(tensor)], None), lambda _, children: as_tensor(children[0]))


def as_tensor(x: Any) -> Any:
    """Wrap a payload; what a transform has shown as a tensor already is one."""
    return x if isinstance(x, Base) else wrap(x)
