"""``autograd.Function``: operations on tensors whose derivative the user states."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any, NoReturn

from funcgrad.autograd.context import FunctionCtx, FunctionNode
from funcgrad.autograd.traced import apply_traced
from funcgrad.core.graph import Node, Output, Pending
from funcgrad.core.level import Traced
from funcgrad.core.space import space_of
from funcgrad.tensor.modes import GRAD_ENABLED, no_grad
from funcgrad.tensor.root import ROOT, AccumulateGrad
from funcgrad.tensor.saved import Saved
from funcgrad.tensor.shell import Base, wrap
from funcgrad.tensor.versions import count_write
from funcgrad.transforms.reverse import ReverseTracer

__all__ = ["Function", "once_differentiable"]


class Function:
    """An operation on tensors with a backward rule of its own: subclass it, and call ``apply``.

    ``forward(ctx, *args)`` computes, and keeps what ``backward(ctx, *grad_outputs)`` needs. Or ``forward(*args)``
    computes, and ``setup_context(ctx, inputs, output)`` keeps. ``jvp(ctx, *tangents)`` serves forward mode.

    Attributes
    ----------
    generate_vmap_rule : bool
        Whether ``vmap`` may batch ``forward``, ``backward`` and ``jvp``; otherwise it calls
        ``vmap(info, in_dims, *args)``, which returns ``(output, out_dims)``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> class Cube(fg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad_output):
    ...         (x,) = ctx.saved_tensors
    ...         return grad_output * 3 * x**2
    >>> x = fg.tensor(2.0, requires_grad=True)
    >>> y = Cube.apply(x)
    >>> y
    tensor(8., grad_fn=<CubeBackward>)
    >>> y.backward()
    >>> x.grad
    tensor(12.)
    """

    generate_vmap_rule = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError(f"{type(self).__name__} is not to be instantiated: call {type(self).__name__}.apply(...)")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._context_class = type(f"{cls.__name__}Backward", (FunctionCtx,), {"_function": cls, "__doc__": None})

    _context_class: type[FunctionCtx]

    # -- What subclasses state

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Keep what ``backward`` needs, where ``forward`` takes no `ctx`."""
        raise NotImplementedError("setup_context is not implemented")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Return the gradient of each argument of ``forward``, given those of the outputs."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    #: Another name for ``backward``.
    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Return the tangents of the outputs, given those of the arguments."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *args: Any) -> Any:
        """Return ``(output, out_dims)`` for arguments with one more dimension at `in_dims`."""
        raise NotImplementedError("To use autograd.Function with vmap, override vmap or set generate_vmap_rule = True.")

    # -- Calling

    @classmethod
    def states(cls, name: str) -> bool:
        """Whether a subclass states something."""
        return getattr(cls, name) is not getattr(Function, name)

    @classmethod
    def backward_rule(cls) -> Callable[..., Any]:
        """Return ``backward`` or ``vjp``, whichever is stated."""
        if cls.states("backward") and cls.states("vjp"):
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only "
                "implement one of them."
            )
        return cls.vjp if cls.states("vjp") else cls.backward

    @classmethod
    def run(cls, ctx: FunctionCtx, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run ``forward`` in the style in which it is written."""
        if not cls.states("setup_context"):
            return cls.forward(ctx, *args, **kwargs)
        output = cls.forward(*args, **kwargs)
        cls.setup_context(ctx, args, output)
        return output

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Compute, and record the operation.

        Parameters
        ----------
        *args
            What ``forward`` takes. Tensors inside of lists and the like are constants.

        Returns
        -------
        Tensor or tuple
            What ``forward`` returns.
        """
        payloads = [x.payload for x in args if isinstance(x, Base)]
        if any(isinstance(x, Traced) and x.level is not ROOT for x in payloads):
            return apply_traced(cls, args, kwargs)
        ctx = cls._context_class()
        ctx.needs_input_grad = tuple([isinstance(x, Base) and x.requires_grad for x in args])
        recorded = bool(GRAD_ENABLED.get()) and any(ctx.needs_input_grad)
        with no_grad():
            output = cls.run(ctx, args, kwargs)
        outputs = list(output) if isinstance(output, tuple) else [output]
        if recorded:
            record(ctx, args, outputs)
        else:
            outputs = [wrap(y.memory()) if is_in(y, args) and not is_in(y, ctx.dirty_tensors) else y for y in outputs]
        return tuple(outputs) if isinstance(output, tuple) else outputs[0]


def is_in(x: Any, tensors: tuple[Any, ...]) -> bool:
    return any(x is y for y in tensors)


def record(ctx: FunctionCtx, args: tuple[Any, ...], outputs: list[Any]) -> None:
    """Give the outputs their place in the graph, and keep what ``forward`` wants to be kept."""
    for x in ctx.dirty_tensors:
        if not is_in(x, tuple(outputs)):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that "
                "are modified inplace must all be outputs of the Function."
            )
        if isinstance(x, Base) and type(x.node) is AccumulateGrad:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    node: Any = FunctionNode(ctx, args, outputs)
    numbers: list[tuple[Any, int]] = []
    for i, y in enumerate(outputs):
        if not isinstance(y, Base):
            continue
        dirty = is_in(y, ctx.dirty_tensors)
        if is_in(y, args) and not dirty:
            numbers.append((y, -1))  # saved as the input that it is
            y = outputs[i] = wrap(y.memory())
        space = space_of(y.payload)
        if is_in(y, ctx.non_differentiable) or not space.is_inexact:
            if y.requires_grad:
                outputs[i] = wrap(y.memory())
            continue
        memory = y.memory()
        if dirty:  # written to by whatever means
            count_write(memory, True, ROOT.stamp())
        place = ROOT.tracer(memory, Output(ROOT.stamp(), node, i), space)
        payload: Any = y.payload
        if dirty and isinstance(payload, ReverseTracer):
            payload.become(place)
        else:
            y.payload = place
        numbers.append((y, i))
    found = {id(y): i for y, i in numbers if i >= 0}
    writer = weakref.ref(node)
    ctx._saved = [None if x is None else Saved(x, found.get(id(x)), writer) for x in ctx.to_save]
    ctx.to_save = ctx.dirty_tensors = ctx.non_differentiable = ()


Function._context_class = FunctionCtx


# -- once_differentiable -----------------------------------------------------------------------------------------


class Once(Node):
    """The place in the graph of what a ``backward`` returned that cannot be differentiated."""

    __slots__ = ("links",)

    name = "error"

    def __init__(self, links: tuple[Node | None, ...]) -> None:
        self.key = ROOT.stamp()
        self.cotangent = None
        self.links = links

    def pull(self, g: Any, pending: Pending) -> NoReturn:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")

    @property
    def parents(self) -> tuple[Node | None, ...]:
        return self.links


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a ``backward`` that is not written with differentiable operations: a second derivative raises.

    Examples
    --------
    >>> import funcgrad as fg
    >>> class Double(fg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return 2 * x
    ...
    ...     @staticmethod
    ...     @fg.autograd.function.once_differentiable
    ...     def backward(ctx, g):
    ...         return fg.tensor(2 * g.numpy())
    >>> x = fg.ones(1, requires_grad=True)
    >>> fg.autograd.grad(Double.apply(x), x)
    (tensor([2.]),)
    """

    @functools.wraps(fn)
    def call(ctx: Any, *args: Any) -> Any:
        with no_grad():
            outputs = fn(ctx, *args)
        links = tuple([x.node for x in args if isinstance(x, Base) and x.requires_grad])
        if not GRAD_ENABLED.get() or not links:
            return outputs
        found = outputs if isinstance(outputs, tuple) else (outputs,)
        marked = tuple([marked_once(y, links) for y in found])
        return marked if isinstance(outputs, tuple) else marked[0]

    return call


def marked_once(y: Any, links: tuple[Any, ...]) -> Any:
    if not isinstance(y, Base) or not space_of(y.payload).is_inexact:
        return y
    memory = y.memory()
    return wrap(ROOT.tracer(memory, Once(links), space_of(memory)))
