"""``autograd.graph``: hooks on saved tensors, and places in the graph."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

from funcgrad.core.graph import Output
from funcgrad.tensor.functions import Hookable
from funcgrad.tensor.functions import grad_fn as function_of
from funcgrad.tensor.packing import begin_packing, end_packing
from funcgrad.tensor.saved import SAVING

__all__ = [
    *("GradientEdge", "Node", "disable_saved_tensors_hooks", "get_gradient_edge", "save_on_cpu"),
    "saved_tensors_hooks",
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
    """

    def __init__(self, error_message: str) -> None:
        self.message = error_message

    def __enter__(self) -> None:
        self.token = DISABLED.set(self.message)

    def __exit__(self, *error: object) -> None:
        DISABLED.reset(self.token)


class GradientEdge(NamedTuple):
    """Where a gradient arrives: a node, and the number of its output."""

    node: Any
    output_nr: int


def get_gradient_edge(tensor: Any) -> GradientEdge:
    """Return where the gradient of a tensor arrives.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.ones(2, requires_grad=True)
    >>> fg.autograd.graph.get_gradient_edge(x * 2).node.name()
    'MulBackward0'
    """
    node = tensor.node
    if node is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    return GradientEdge(function_of(node), node.index if isinstance(node, Output) else 0)
