"""Changing all parameters and buffers of a module: their dtype, their device, whether they are learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from funcgrad.nn.traversal import Traversed
from funcgrad.tensor import dtypes
from funcgrad.tensor.conversion import is_dtype
from funcgrad.tensor.dtypes import as_dtype
from funcgrad.tensor.modes import no_grad

__all__ = ["Converting"]


class Converting(Traversed):
    """What changes a module in place and returns it."""

    def _apply(self, fn: Callable[[Any], Any], recurse: bool = True) -> Self:
        """Replace the data of all parameters, gradients and buffers by what a function returns for them."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        for parameter in self._parameters.values():
            if parameter is not None:
                with no_grad():
                    parameter.data = fn(parameter.data)
                    if parameter.grad is not None:
                        parameter.grad.data = fn(parameter.grad.data)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def apply(self, fn: Callable[[Any], Any]) -> Self:
        """Call a function on all modules below this one and then on itself; it may change them.

        Examples
        --------
        >>> import funcgrad as fg
        >>> net = fg.nn.Sequential(fg.nn.Linear(1, 1), fg.nn.ReLU())
        >>> _ = net.apply(lambda module: print(type(module).__name__))
        Linear
        ReLU
        Sequential
        """
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Cast to a floating-point dtype, move to a device, or both, in place.

        Called as ``to(dtype)``, ``to(device, dtype)`` or ``to(tensor)``, as a tensor's method, or with keywords.

        Raises
        ------
        TypeError
            If the dtype is not one of floating-point or complex numbers.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.nn.Linear(1, 1).to(fg.float64).weight.dtype
        torch.float64
        """
        others = {key: value for key, value in kwargs.items() if key != "dtype"}
        for x in [*args, kwargs.get("dtype")]:
            if x is not None and is_dtype(x) and as_dtype(x).kind not in "fc":
                raise TypeError(
                    f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={as_dtype(x)!r}"
                )
        places = [x for x in args if not (x is not None and is_dtype(x))]

        def convert(tensor: Any) -> Any:
            if tensor.is_floating_point() or tensor.is_complex():
                return tensor.to(*args, **kwargs)
            if places and hasattr(places[0], "payload"):
                return tensor.to(places[0].device, *places[1:], **others)
            return tensor.to(*places, **others) if places or others else tensor

        return self._apply(convert)

    def type(self, dst_type: Any) -> Self:
        """Cast all parameters and buffers to a dtype, in place."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self) -> Self:
        """Cast floating-point parameters and buffers to float32, in place."""
        return self._apply(lambda t: t.float() if t.is_floating_point() else t)

    def double(self) -> Self:
        """Cast floating-point parameters and buffers to float64, in place."""
        return self._apply(lambda t: t.double() if t.is_floating_point() else t)

    def half(self) -> Self:
        """Cast floating-point parameters and buffers to float16, in place."""
        return self._apply(lambda t: t.half() if t.is_floating_point() else t)

    def bfloat16(self) -> Self:
        """Raise, for NumPy has no such numbers."""
        return self._apply(lambda t: t.to(dtypes.bfloat16) if t.is_floating_point() else t)

    def cpu(self) -> Self:
        """Move all parameters and buffers to the host, in place."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device: Any = None) -> Self:
        """Move all parameters and buffers to a GPU, in place."""
        return self._apply(lambda t: t.cuda(device))

    # -- Modes -----------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set this module and all below it to training, or to evaluation: dropout and the like work then or not.

        Raises
        ------
        ValueError
            If the mode is no bool.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Set this module and all below it to evaluation.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.nn.Dropout(0.5).eval()(fg.ones(3))
        tensor([1., 1., 1.])
        """
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say, in place, whether the parameters are learned."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients of all parameters: to None, or to zeros."""
        for parameter in self.parameters():
            if parameter.grad is not None:
                if set_to_none:
                    parameter.grad = None
                else:
                    parameter.grad = parameter.grad.detach()
                    parameter.grad.zero_()
