"""Tensor: PyTorch's array on funcgrad's engine.

A thin shell around a payload, which is an array, or a tracer where gradients are recorded. It translates
names (``dim`` to ``axis``) and promotes dtypes; it has no derivative rules of its own.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, NoReturn, TypeAlias

import numpy as np

from funcgrad import tree
from funcgrad._typing import Array
from funcgrad.core.engine import backward
from funcgrad.core.level import Shell, Traced
from funcgrad.core.space import space_of
from funcgrad.tensor.modes import GRAD_ENABLED
from funcgrad.tensor.printing import format_scalar, format_tensor
from funcgrad.tensor.promotion import as_real, promote
from funcgrad.tensor.root import ROOT, AccumulateGrad, GradFn, grad_fn, grad_fn_name, leaf_tracer
from funcgrad.transforms.reverse import ReverseTracer

__all__ = ["Extreme", "Tensor", "unwrap", "unwrap_all", "wrap", "wrap_all"]

Dim: TypeAlias = int | tuple[int, ...] | list[int] | None


class Extreme(NamedTuple):
    """What ``max(dim)`` and ``min(dim)`` return."""

    values: Tensor
    indices: Tensor


# -- Putting on and taking off the shell ----------------------------------------------------------------


def wrap(payload: Any) -> Tensor:
    """Return the tensor around an array or tracer."""
    tensor: Tensor = object.__new__(Tensor)
    tensor.payload = payload
    tensor.grad = None
    return tensor


def unwrap(x: Any) -> Any:
    """Return the payload of a tensor, without its place in the graph where recording is off; anything else passes."""
    if type(x) is not Tensor:
        return x
    payload = x.payload
    if type(payload) is ReverseTracer and payload.level is ROOT and not GRAD_ENABLED.get():
        return payload.value
    return payload


def unwrap_all(arguments: Any) -> Any:
    """Unwrap tensors in nested lists, tuples and dicts."""
    if isinstance(arguments, Tensor):
        return unwrap(arguments)
    if isinstance(arguments, list | tuple) and not hasattr(arguments, "_fields"):
        return type(arguments)(unwrap_all(item) for item in arguments)
    if isinstance(arguments, dict):
        return {key: unwrap_all(item) for key, item in arguments.items()}
    return arguments


def wrap_all(result: Any) -> Any:
    """Wrap the arrays that a NumPy function returned."""
    if isinstance(result, np.ndarray | np.generic | Traced):
        return wrap(result)
    if isinstance(result, list | tuple):
        parts = [wrap_all(item) for item in result]
        return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
    return result


ROOT.wrap = wrap

# -- Makers of methods ------------------------------------------------------------------------------------


def binary(function: Callable[[Any, Any], Any], *, real: bool = False) -> Any:
    """Return a method ``self op other``; `real` computes integers in the default dtype."""

    def method(self: Tensor, other: Any) -> Any:
        a = unwrap(self)
        if type(other) is Tensor:
            b = unwrap(other)
        elif isinstance(other, OPERANDS):
            b = other
        else:
            return NotImplemented
        if type(b) is not float or a.dtype.kind != "f":
            a, b = promote(a, b)
        if real:
            a, b = as_real(a), b
        return wrap(function(a, b))

    return method


def reflected(function: Callable[[Any, Any], Any], *, real: bool = False) -> Any:
    return binary(lambda a, b: function(as_real(b) if real else b, a), real=real)


def unary(function: Callable[[Any], Any], *, real: bool = False) -> Any:
    """Return a method ``self.f()``; `real` computes integers in the default dtype."""

    def method(self: Tensor) -> Tensor:
        x = unwrap(self)
        return wrap(function(as_real(x) if real else x))

    return method


def in_place(function: Callable[[Any, Any], Any]) -> Any:
    """Return a method that writes ``self op other`` into the tensor's own memory."""

    def method(self: Tensor, other: Any) -> Tensor:
        self.write(function(wrap(self.values()) if not self.requires_grad else self, other))
        return self

    return method


OPERANDS = (np.ndarray, np.generic, Traced, bool, int, float, complex)


class Tensor(Shell):
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

    __slots__ = ("__weakref__", "grad", "payload")

    payload: Any
    grad: Tensor | None

    __array_priority__ = 2000

    # -- Place in the graph -----------------------------------------------------------------------

    @property
    def node(self) -> Any:
        """The Function node of the payload at the root level, or None."""
        payload = self.payload
        return payload.node if type(payload) is ReverseTracer and payload.level is ROOT else None

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        return isinstance(self.payload, Traced)

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Change, in place, whether operations on this tensor are recorded."""
        if requires_grad and not self.requires_grad:
            if self.dtype.kind not in "fc":
                raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
            self.payload = leaf_tracer(self, self.payload)
        elif not requires_grad and self.requires_grad:
            if not self.is_leaf:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed "
                    "variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
                )
            self.payload = self.payload.value
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was made by the user, or does not require gradients."""
        return not self.requires_grad or isinstance(self.node, AccumulateGrad)

    @property
    def grad_fn(self) -> GradFn | None:
        """The Function node that made this tensor; None for a leaf."""
        return None if self.is_leaf or self.node is None else grad_fn(self.node)

    def detach(self) -> Tensor:
        """Return a tensor that shares the data and is not part of the graph."""
        return wrap(self.values())

    @property
    def data(self) -> Tensor:
        """The same data, outside the graph."""
        return self.detach()

    @data.setter
    def data(self, new: Tensor) -> None:
        if self.requires_grad:
            self.payload = leaf_tracer(self, new.values())
        else:
            self.payload = new.values()

    def values(self) -> Any:
        """Return the payload without its place in the root level's graph."""
        payload = self.payload
        return payload.value if self.node is not None else payload

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
            If this tensor does not require gradients, has several elements and no `gradient` was given, or the
            graph was freed by an earlier call.
        """
        node = self.node
        if node is None:
            raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
        if create_graph:
            raise NotImplementedError("backward(create_graph=True): nest funcgrad.grad for derivatives of higher order")
        seed = self.seed(gradient)
        backward([(node, seed)], release=not retain_graph)

    def seed(self, gradient: Any) -> Array:
        value = self.payload.value
        if gradient is None:
            if value.size != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            return np.ones_like(value)
        g = Tensor.values(gradient) if isinstance(gradient, Tensor) else np.asarray(gradient)
        try:
            return np.broadcast_to(g, value.shape).astype(value.dtype)
        except ValueError:
            raise RuntimeError(
                f"Mismatch in shape: gradient has a shape of {list(g.shape)} and the output has a shape of "
                f"{list(value.shape)}, to which it does not broadcast."
            ) from None

    def accumulate(self, g: Array) -> None:
        """Add an owned array to ``.grad``, in place if there is one."""
        if self.grad is None:
            self.grad = wrap(g)
        else:
            self.grad.write(wrap(self.grad.values() + g))

    def write(self, new: Any) -> None:
        """Take over the values of `new` as PyTorch's in-place operations do: into the same memory."""
        if self.requires_grad and GRAD_ENABLED.get():
            if self.is_leaf:
                raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
            self.payload = unwrap(new)
            return
        value, target = unwrap(new), self.values()
        if isinstance(value, Traced):
            self.payload = value
        elif isinstance(target, np.ndarray):
            target[...] = value
        elif self.node is not None:
            self.payload.value = value
        else:
            self.payload = value

    # -- NumPy --------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return wrap_all(getattr(ufunc, method)(*unwrap_all(inputs), **unwrap_all(kwargs)))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return wrap_all(function(*unwrap_all(args), **unwrap_all(kwargs)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self.numpy(), dtype=dtype)

    def numpy(self) -> Array:
        """Return the data as a NumPy array that shares memory."""
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return np.asarray(self.payload)

    def item(self) -> Any:
        """Return the only element as a Python number."""
        value = np.asarray(self.values())
        if value.size != 1:
            raise RuntimeError(f"a Tensor with {value.size} elements cannot be converted to Scalar")
        return value.item()

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers."""
        return self.values().tolist()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        if self.numel() != 1:
            raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
        return bool(self.item())

    def __index__(self) -> int:
        return operator.index(self.item())

    # -- Text -----------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        if isinstance(self.payload, Traced) and self.node is None:
            return f"tensor({self.payload!r})"
        name = None if self.is_leaf else grad_fn_name(self.node)
        return format_tensor(np.asarray(self.values()), requires_grad=self.requires_grad and self.is_leaf, grad_fn=name)

    def __format__(self, spec: str) -> str:
        return format_scalar(np.asarray(self.values()), spec) if self.ndim == 0 else object.__format__(self, spec)

    # -- Shape -----------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.payload.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        return space_of(self.payload).dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def dim(self) -> int:
        """Return the number of dimensions."""
        return len(self.shape)

    def size(self, dim: int | None = None) -> Any:
        """Return the shape, or the length of one dimension."""
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        """Return the number of elements."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Tensor:
        return wrap(unwrap(self)[unwrap_all(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        if self.requires_grad and GRAD_ENABLED.get() and self.is_leaf:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        target = unwrap(self)
        target[unwrap_all(index)] = unwrap(value)

    def reshape(self, *shape: Any) -> Tensor:
        """Return the same elements in another shape."""
        return wrap(np.reshape(unwrap(self), shape[0] if len(shape) == 1 else shape))

    view = reshape

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Join the dimensions from `start_dim` to `end_dim`."""
        start, end = start_dim % max(self.ndim, 1), end_dim % max(self.ndim, 1)
        return self.reshape((*self.shape[:start], -1, *self.shape[end + 1 :]))

    def t(self) -> Tensor:
        """Return the transpose of a matrix."""
        return wrap(np.transpose(unwrap(self)))

    @property
    def T(self) -> Tensor:
        return self.t()

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Exchange two dimensions."""
        return wrap(np.swapaxes(unwrap(self), dim0, dim1))

    def permute(self, *dims: Any) -> Tensor:
        """Put the dimensions into another order."""
        return wrap(np.transpose(unwrap(self), dims[0] if len(dims) == 1 else dims))

    def unsqueeze(self, dim: int) -> Tensor:
        """Insert a dimension of length one."""
        return wrap(np.expand_dims(unwrap(self), dim))

    def squeeze(self, dim: int | None = None) -> Tensor:
        """Drop dimensions of length one."""
        if dim is not None and self.shape[dim] != 1:
            return self
        return wrap(np.squeeze(unwrap(self), dim))

    def expand(self, *sizes: Any) -> Tensor:
        """Broadcast to a shape, in which -1 keeps a dimension."""
        wanted = tuple(sizes[0] if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes)
        own = (1,) * (len(wanted) - self.ndim) + self.shape
        return wrap(np.broadcast_to(unwrap(self), [m if n == -1 else n for n, m in zip(wanted, own, strict=True)]))

    # -- Copies and casts ---------------------------------------------------------------------------------

    def clone(self) -> Tensor:
        """Return a copy through which gradients flow."""
        return wrap(np.copy(unwrap(self)))

    def to(self, dtype: Any) -> Tensor:
        """Cast to a dtype."""
        return self if np.dtype(dtype) == self.dtype else wrap(unwrap(self).astype(np.dtype(dtype)))

    type = to

    def double(self) -> Tensor:
        """Cast to float64."""
        return self.to(np.float64)

    def float(self) -> Tensor:
        """Cast to float32."""
        return self.to(np.float32)

    def long(self) -> Tensor:
        """Cast to int64."""
        return self.to(np.int64)

    def __deepcopy__(self, memo: Any) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError("Only Tensors created explicitly by the user support the deepcopy protocol")
        new = wrap(np.array(self.values()))
        new.requires_grad_(self.requires_grad)
        return new

    def __reduce__(self) -> NoReturn:
        raise TypeError("Tensors are not pickled: use tensor.detach().numpy()")

    # -- Reductions -----------------------------------------------------------------------------------------

    def sum(self, dim: Dim = None, keepdim: bool = False) -> Tensor:
        """Sum over all dimensions, or the given ones."""
        return self.reduce(np.sum, dim, keepdim)

    def mean(self, dim: Dim = None, keepdim: bool = False) -> Tensor:
        """Average over all dimensions, or the given ones."""
        return self.reduce(np.mean, dim, keepdim)

    def prod(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Multiply over all dimensions, or the given one."""
        return self.reduce(np.prod, dim, keepdim)

    def amax(self, dim: Dim = None, keepdim: bool = False) -> Tensor:
        """Return the maximum over all dimensions, or the given ones; ties share the gradient."""
        return self.reduce(np.amax, dim, keepdim)

    def amin(self, dim: Dim = None, keepdim: bool = False) -> Tensor:
        """Return the minimum over all dimensions, or the given ones; ties share the gradient."""
        return self.reduce(np.amin, dim, keepdim)

    def var(self, dim: Dim = None, keepdim: bool = False, *, correction: int = 1) -> Tensor:
        """Return the variance, unbiased unless `correction` is 0."""
        return self.reduce(np.var, dim, keepdim, ddof=correction)

    def std(self, dim: Dim = None, keepdim: bool = False, *, correction: int = 1) -> Tensor:
        """Return the standard deviation, from the unbiased variance unless `correction` is 0."""
        return self.reduce(np.std, dim, keepdim, ddof=correction)

    def max(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """Return the maximum; along a dimension, values and indices."""
        return self.amax() if dim is None else self.extreme(np.argmax, dim, keepdim)

    def min(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """Return the minimum; along a dimension, values and indices."""
        return self.amin() if dim is None else self.extreme(np.argmin, dim, keepdim)

    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Return the place of the maximum."""
        return wrap(np.argmax(self.values(), axis=dim, keepdims=keepdim))

    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Return the place of the minimum."""
        return wrap(np.argmin(self.values(), axis=dim, keepdims=keepdim))

    def all(self) -> Tensor:
        """Return whether all elements are true."""
        return wrap(np.all(self.values()))

    def any(self) -> Tensor:
        """Return whether any element is true."""
        return wrap(np.any(self.values()))

    def reduce(self, function: Any, dim: Dim, keepdim: bool, **options: Any) -> Tensor:
        axis = tuple(dim) if isinstance(dim, list) else dim
        return wrap(function(unwrap(self), axis=axis, keepdims=keepdim, **options))

    def extreme(self, place: Any, dim: int, keepdim: bool) -> Extreme:
        indices = place(self.values(), axis=dim, keepdims=True)
        values = np.take_along_axis(unwrap(self), indices, axis=dim)
        if not keepdim:
            values, indices = np.squeeze(values, dim), np.squeeze(indices, dim)
        return Extreme(wrap(values), wrap(indices))

    # -- Operators --------------------------------------------------------------------------------------------

    __add__ = __radd__ = add = binary(operator.add)
    __sub__ = sub = binary(operator.sub)
    __rsub__ = reflected(operator.sub)
    __mul__ = __rmul__ = mul = binary(operator.mul)
    __truediv__ = div = binary(operator.truediv, real=True)
    __rtruediv__ = reflected(operator.truediv, real=True)
    __pow__ = pow = binary(operator.pow)
    __rpow__ = reflected(operator.pow)
    __mod__ = remainder = binary(operator.mod)
    __floordiv__ = binary(operator.floordiv)
    __matmul__ = matmul = mm = mv = binary(operator.matmul)
    __rmatmul__ = reflected(operator.matmul)
    dot = binary(np.dot)
    __lt__ = lt = binary(operator.lt)
    __le__ = le = binary(operator.le)
    __gt__ = gt = binary(operator.gt)
    __ge__ = ge = binary(operator.ge)
    __eq__ = eq = binary(operator.eq)
    __ne__ = ne = binary(operator.ne)
    __hash__ = object.__hash__
    maximum = binary(np.maximum)
    minimum = binary(np.minimum)

    __iadd__ = add_ = in_place(operator.add)
    __isub__ = sub_ = in_place(operator.sub)
    __imul__ = mul_ = in_place(operator.mul)
    __itruediv__ = div_ = in_place(operator.truediv)

    def zero_(self) -> Tensor:
        """Fill with zeros, in place."""
        self.write(wrap(np.zeros_like(self.values())))
        return self

    # -- Functions ----------------------------------------------------------------------------------------------

    __neg__ = neg = unary(operator.neg)
    __abs__ = abs = unary(np.absolute)
    exp = unary(np.exp, real=True)
    log = unary(np.log, real=True)
    log1p = unary(np.log1p, real=True)
    sqrt = unary(np.sqrt, real=True)
    square = unary(np.square)
    reciprocal = unary(np.reciprocal, real=True)
    sin = unary(np.sin, real=True)
    cos = unary(np.cos, real=True)
    tan = unary(np.tan, real=True)
    sinh = unary(np.sinh, real=True)
    cosh = unary(np.cosh, real=True)
    tanh = unary(np.tanh, real=True)
    asin = unary(np.arcsin, real=True)
    acos = unary(np.arccos, real=True)
    atan = unary(np.arctan, real=True)

    def sigmoid(self) -> Tensor:
        """Return ``1 / (1 + exp(-x))``."""
        return (1 + (-self).exp()).reciprocal()

    def relu(self) -> Tensor:
        """Return the positive part; its derivative at zero is zero."""
        x = unwrap(self)
        return wrap(np.where(x > 0, x, 0))

    def clamp(self, min: Any = None, max: Any = None) -> Tensor:
        """Limit the elements to an interval."""
        return wrap(np.clip(unwrap(self), unwrap(min), unwrap(max)))


def register_tensors() -> None:
    """Make a tensor a pytree node around its payload, so that the transforms see through it."""
    tree.register(Tensor, lambda tensor: ([unwrap(tensor)], None), lambda _, children: wrap(children[0]))
