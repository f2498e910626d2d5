"""``autograd.graph``: hooks on saved tensors, and places in the graph."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from funcgrad.autograd.multi import register_multi_grad_hook as register_multi_grad_hook
from funcgrad.core.graph import Output
from funcgrad.tensor.functions import Hookable
from funcgrad.tensor.functions import grad_fn as function_of
from funcgrad.tensor.packing import begin_packing, end_packing
from funcgrad.tensor.root import ROOT
from funcgrad.tensor.saved import SAVING
from funcgrad.tensor.shell import Base, wrap
from funcgrad.tensor.versions import count_write

__all__ = [
    *("GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks", "get_gradient_edge"),
    *("increment_version", "register_multi_grad_hook", "save_on_cpu", "saved_tensors_hooks"),
]

#: What a ``grad_fn`` is an instance of.
Node = Hookable

#: Why hooks on saved tensors may not be used now.
DISABLED: ContextVar[str | None] = ContextVar("disabled", default=None)


class saved_tensors_hooks:
    """Let a pair of functions store what operations save for their backward pass.

    Parameters
    ----------
    pack_hook : callable
        Takes a tensor that is about to be saved; returns anything.
    unpack_hook : callable
        Takes what `pack_hook` returned; returns the tensor.

    Notes
    -----
    Within the block operations are slower. An inner block's hooks are used instead of an outer one's.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, requires_grad=True)
    >>> def pack(t):
    ...     print("packing", t)
    ...     return t
    >>> with fg.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
    ...     y = x.exp()
    packing tensor([2.7183, 2.7183])
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.hooks = pack_hook, unpack_hook

    def __enter__(self) -> None:
        reason = DISABLED.get()
        if reason is not None:
            raise RuntimeError(reason)
        SAVING.set((self.hooks, *SAVING.get()))
        begin_packing()

    def __exit__(self, *error: object) -> None:
        end_packing()
        SAVING.set(SAVING.get()[1:])


class save_on_cpu(saved_tensors_hooks):
    """Keep what operations save for their backward pass in the memory of the host.

    Parameters
    ----------
    pin_memory : bool
        Must be False for tensors that live there already.
    device_type : str
        Accepted for compatibility.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, requires_grad=True)
    >>> with fg.autograd.graph.save_on_cpu():
    ...     y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([2., 2.])
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        if pin_memory:
            raise NotImplementedError("save_on_cpu(pin_memory=True) is not offered: leave pin_memory out")

        def pack(tensor: Any) -> Any:
            return tensor.device, (tensor.clone() if str(tensor.device) == "cpu" else tensor.cpu())

        def unpack(packed: Any) -> Any:
            device, tensor = packed
            return tensor if str(device) == "cpu" else tensor.to(device)

        super().__init__(pack, unpack)


class disable_saved_tensors_hooks:
    """Make :class:`saved_tensors_hooks` an error within a block.

    Parameters
    ----------
    error_message : str

    Examples
    --------
    >>> import funcgrad as fg
    >>> with fg.autograd.graph.disable_saved_tensors_hooks("no hooks here"):
    ...     with fg.autograd.graph.save_on_cpu():
    ...         pass
    Traceback (most recent call last):
    RuntimeError: no hooks here
    """

    def __init__(self, error_message: str) -> None:
        self.message = error_message

    def __enter__(self) -> None:
        self.token = DISABLED.set(self.message)

    def __exit__(self, *error: object) -> None:
        DISABLED.reset(self.token)


# -- Writing into what was saved ---------------------------------------------------------------------------------

MUTABLE: ContextVar[bool] = ContextVar("MUTABLE", default=False)


class allow_mutation_on_saved_tensors(saved_tensors_hooks):
    """Let tensors be written to that operations have saved for their backward pass, in a ``with`` block.

    Forward and backward pass must both be in the block.

    Notes
    -----
    Each saved value is copied when it is saved, which takes the memory of all of them once more.

    Examples
    --------
    >>> import funcgrad as fg
    >>> with fg.autograd.graph.allow_mutation_on_saved_tensors():
    ...     a = fg.ones(2, requires_grad=True)
    ...     b = a.clone()
    ...     y = (b**2).sum()
    ...     _ = b.zero_()
    ...     y.backward()
    >>> a.grad
    tensor([2., 2.])
    """

    def __init__(self) -> None:
        self.over = False
        super().__init__(lambda tensor: tensor.detach().clone(), self.unpack)

    def unpack(self, tensor: Any) -> Any:
        if self.over:
            raise AssertionError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context in which the graph was "
                "originally recorded: call backward() inside of the block"
            )
        return tensor

    def __enter__(self) -> allow_mutation_on_saved_tensors:  # type: ignore[override]
        if MUTABLE.get():
            raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
        super().__enter__()
        self.token = MUTABLE.set(True)
        return self

    def __exit__(self, *error: object) -> None:
        MUTABLE.reset(self.token)
        self.over = True
        super().__exit__(*error)


def increment_version(tensor: Any) -> None:
    """Note that tensors were written to by something that funcgrad cannot see, as through a NumPy array.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2)
    >>> x.numpy()[0] = 5
    >>> fg.autograd.graph.increment_version(x)
    >>> x._version
    1
    """
    for x in list(tensor) if isinstance(tensor, list | tuple) else [tensor]:
        if not isinstance(x, Base):
            raise RuntimeError(f"increment_version expects a tensor, or each element to be one, got {type(x).__name__}")
        count_write(x.memory(), True, ROOT.stamp())


# -- Edges -------------------------------------------------------------------------------------------------------


class GradientEdge(NamedTuple):
    """Where a gradient arrives: a node, and the number of its output.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, requires_grad=True)
    >>> edge = fg.autograd.graph.get_gradient_edge((x * 2).sum())
    >>> edge.node.name(), edge.output_nr
    ('SumBackward0', 0)
    """

    node: Any
    output_nr: int
    ownership_token: Any = None  # a tensor without values at this place in the graph


def get_gradient_edge(tensor: Any) -> GradientEdge:
    """Return where the gradient of a tensor arrives; ``autograd.grad`` and ``backward`` take it for the tensor.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, requires_grad=True)
    >>> y = x * 2
    >>> edge = fg.autograd.graph.get_gradient_edge(y)
    >>> edge.node.name()
    'MulBackward0'
    >>> fg.autograd.grad(y.sum(), edge)
    (tensor([1., 1.]),)
    """
    node = tensor.node
    if node is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    space = tensor.payload.space
    token = wrap(ROOT.tracer(np.broadcast_to(np.zeros((), space.dtype), space.shape), node, space))
    return GradientEdge(function_of(node), node.index if isinstance(node, Output) else 0, token)
