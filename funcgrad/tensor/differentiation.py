"""Tensors in the graph: ``backward``, gradients, hooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.core.graph import Output
from funcgrad.core.hooks import extra_of, watch
from funcgrad.core.level import Traced
from funcgrad.core.primitive import CALLS
from funcgrad.tensor.functions import grad_fn
from funcgrad.tensor.hooks import RemovableHandle, handle, outward, tensor_hook
from funcgrad.tensor.modes import GRAD_ENABLED
from funcgrad.tensor.passes import is_traced, propagate, propagate_one, root_of_tensor
from funcgrad.tensor.root import retain
from funcgrad.tensor.shell import Base, link_of, wrap
from funcgrad.tensor.writing import overwrite

if TYPE_CHECKING:
    from funcgrad.tensor.tensor import Tensor

__all__ = ["Differentiated"]


class Differentiated(Base):
    """What a tensor has to do with derivatives."""

    __slots__ = ()

    @property
    def grad_fn(self) -> Any:
        """The Function node that made this tensor; None for a leaf."""
        return None if self.is_leaf or self.node is None else grad_fn(self.node)

    @property
    def output_nr(self) -> int:
        """Which output of its ``grad_fn`` this tensor is, 0 for a leaf.

        Examples
        --------
        >>> import funcgrad as fg
        >>> values, vectors = fg.linalg.eigh(fg.eye(2, requires_grad=True))
        >>> values.output_nr, vectors.output_nr
        (0, 1)
        """
        known = link_of(self)
        if known is not None and known.number:
            return known.number
        node = self.node
        return node.index if isinstance(node, Output) else 0

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Tensor | Sequence[Tensor] | None = None,
    ) -> None:
        """Add the gradient of this tensor with respect to the graph's leaves to their ``.grad``.

        Parameters
        ----------
        gradient : Tensor, optional
            Weights of the elements, of a shape that broadcasts to this tensor's. Not needed for one element.
        retain_graph : bool, optional
            Whether the graph can be walked again. By default what it saved is freed, unless `create_graph`.
        create_graph : bool
            Whether to record the pass itself, so that the gradients can be differentiated.
        inputs : Tensor or sequence of Tensor, optional
            Add to the ``.grad`` of these only; those that are no leaves retain it.

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
        if gradient is None and inputs is None and not create_graph:
            self._check_outside("backward()")
            propagate_one(root_of_tensor(self, None, 0), bool(retain_graph))
        else:
            backward_from([self], [gradient], retain_graph, create_graph, inputs)

    def _accumulate(self, g: Any) -> None:
        """Add an owned array to ``.grad``: in place if there is one, unless the pass is recorded."""
        g = outward(g)
        if GRAD_ENABLED.get():
            held = None if self._grad is None else self._grad.payload
            if held is None:
                self._grad = wrap(CALLS[np.copy](g) if isinstance(g, Traced) else np.asarray(g))
            else:
                total = held + g
                self._grad = wrap(np.asarray(total) if isinstance(total, np.generic) else total)
        elif self._grad is None:
            self._grad = wrap(g)
        else:
            overwrite(self._grad, self._grad.values() + g)

    # -- Hooks ----------------------------------------------------------------------------------------

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call ``hook(grad)`` whenever the gradient of this tensor has been computed.

        Parameters
        ----------
        hook : callable
            May return a tensor, which then takes the gradient's place. It must not change its argument.

        Returns
        -------
        RemovableHandle
            Its ``remove()`` takes the hook away.

        Examples
        --------
        >>> import funcgrad as fg
        >>> x = fg.ones(2, requires_grad=True)
        >>> handle = x.register_hook(lambda grad: grad * 2)
        >>> x.sum().backward()
        >>> x.grad
        tensor([2., 2.])
        >>> handle.remove()
        """
        self._check_outside("register_hook()")
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return handle(watch(self.node).arrival, tensor_hook(hook))

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        """Call ``hook(tensor)`` after a backward pass has added to the ``.grad`` of this leaf.

        Examples
        --------
        >>> import funcgrad as fg
        >>> x = fg.ones(2, requires_grad=True)
        >>> handle = x.register_post_accumulate_grad_hook(lambda x: print(x.grad))
        >>> x.sum().backward()
        tensor([1., 1.])
        """
        self._check_outside("register_post_accumulate_grad_hook()")
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if not self.is_leaf:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")

        def call(tensor: Any) -> None:
            if hook(tensor) is not None:
                raise RuntimeError("hooks that run after the gradient was accumulated must return None")

        if self.node.finished is None:
            self.node.finished = {}
        return handle(self.node.finished, call)

    def retain_grad(self) -> None:
        """Let backward passes leave the gradient in ``.grad`` although this tensor is no leaf.

        Examples
        --------
        >>> import funcgrad as fg
        >>> x = fg.ones(2, requires_grad=True)
        >>> y = x * 2
        >>> y.retain_grad()
        >>> (y * y).sum().backward()
        >>> y.grad
        tensor([4., 4.])
        """
        self._check_outside("retain_grad()")
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.is_leaf or self.retains_grad:
            return
        retain(self)  # type: ignore[arg-type]

    def _accumulate_copy(self, g: Any) -> None:
        """Add a cotangent that others hold too to ``.grad``."""
        g = outward(g)
        total = np.copy(g) if self._grad is None else self._grad.payload + g
        self._grad = wrap(np.asarray(total) if isinstance(total, np.generic) else total)

    @property
    def retains_grad(self) -> bool:
        """Whether this tensor is no leaf, and backward passes leave the gradient in its ``.grad``."""
        return not self.is_leaf and self.node is not None and extra_of(self.node).retain is not None

    def _check_outside(self, what: str) -> None:
        """Refuse what has no meaning for a value of a transform."""
        if isinstance(self.payload, Traced) and self.node is None:
            raise RuntimeError(
                f"{what} of a tensor that a transform (funcgrad.grad, vjp, ...) is tracing: use funcgrad.stop_gradient "
                "for a constant, or call it outside of the transformed function."
            )


def backward_from(
    tensors: Sequence[Any], gradients: Sequence[Any], retain_graph: bool | None, create_graph: bool, inputs: Any
) -> None:
    """Start a backward pass from several tensors."""
    chosen: list[Any] = []
    if inputs is not None:
        chosen = [inputs] if isinstance(inputs, Base) else list(inputs)
        if not chosen:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    for number, (tensor, gradient) in enumerate(zip(tensors, gradients, strict=True)):
        if isinstance(tensor, Differentiated):
            tensor._check_outside("backward()")
        if isinstance(gradient, Base) and is_traced(gradient.payload):
            raise RuntimeError(
                f"backward(): gradient {number} is a value that a transform is tracing; stop_gradient it"
            )
    roots = [root_of_tensor(t, g, i, create_graph) for i, (t, g) in enumerate(zip(tensors, gradients, strict=True))]
    for tensor in chosen:
        tensor.retain_grad()
    propagate(
        roots,
        retain=create_graph if retain_graph is None else retain_graph,
        recorded=create_graph,
        ends=[tensor.node for tensor in chosen if not tensor.is_leaf],
        passed=[tensor.node for tensor in chosen if tensor.is_leaf],
    )
