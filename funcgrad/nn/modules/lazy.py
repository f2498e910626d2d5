"""Layers that learn the size of their input when they are first called."""

from __future__ import annotations

from typing import Any

from funcgrad.nn.module import Module
from funcgrad.nn.modules.batchnorm import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)
from funcgrad.nn.modules.convolution import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
)
from funcgrad.nn.modules.linear import Linear
from funcgrad.nn.modules.sizes import Sizes
from funcgrad.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from funcgrad.tensor.factory import tensor

__all__ = [
    *("LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyConv1d", "LazyConv2d", "LazyConv3d"),
    *("LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d", "LazyInstanceNorm1d"),
    *("LazyInstanceNorm2d", "LazyInstanceNorm3d", "LazyLinear", "LazyModuleMixin"),
]


class LazyModuleMixin(Module):
    """A module some of whose parameters wait for the first input; then it becomes one of another class.

    A subclass defines ``initialize_parameters(*args, **kwargs)``, which gets the first call's arguments, and names the
    class in ``cls_to_become``.
    """

    cls_to_become: type[Module] | None = None

    def _begin_lazy(self) -> None:
        self._initialize_hook = self.register_forward_pre_hook(infer, with_kwargs=True)

    def has_uninitialized_params(self) -> bool:
        """Whether there are parameters or buffers without a shape."""
        return any(is_lazy(member) for member in [*self._parameters.values(), *self._buffers.values()])

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give shapes to the parameters, from the first call's arguments."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        for name, member in [*self._parameters.items(), *self._buffers.items()]:
            new = state_dict.get(prefix + name)
            if is_lazy(member) and new is not None and not is_lazy(new):
                member.materialize(new.shape)
            elif is_lazy(member) and is_lazy(new):
                state_dict = {key: value for key, value in state_dict.items() if key != prefix + name}
        super()._load_from_state_dict(state_dict, prefix, *rest)


def infer(module: Any, args: Any, kwargs: Any) -> None:
    """Initialize a lazy module before its first call."""
    module.initialize_parameters(*args, **kwargs)
    if module.has_uninitialized_params():
        raise RuntimeError(f"module {module._get_name()} has not been fully initialized")
    module._initialize_hook.remove()
    del module._initialize_hook
    if module.cls_to_become is not None:
        module.__class__ = module.cls_to_become


def place_of(device: Any, dtype: Any) -> dict[str, Any]:
    return {"device": device, "dtype": dtype}


class LazyLinear(LazyModuleMixin, Linear):
    """A :class:`Linear` whose `in_features` is that of the first input.

    Examples
    --------
    >>> import funcgrad as fg
    >>> m = fg.nn.LazyLinear(3)
    >>> m(fg.ones(2, 5)).shape
    torch.Size([2, 3])
    >>> m
    Linear(in_features=5, out_features=3, bias=True)
    """

    cls_to_become = Linear
    weight: Any
    bias: Any

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False, device, dtype)
        self.out_features = out_features
        self.weight = UninitializedParameter(**place_of(device, dtype))
        if bias:
            self.bias = UninitializedParameter(**place_of(device, dtype))
        self._begin_lazy()

    def reset_parameters(self) -> None:
        """Draw the parameters anew, once they have shapes."""
        if not self.has_uninitialized_params() and self.in_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        """Take the size of the last dimension."""
        if self.has_uninitialized_params():
            self.in_features = input.shape[-1]
            self.weight.materialize((self.out_features, self.in_features))
            if self.bias is not None:
                self.bias.materialize((self.out_features,))
            self.reset_parameters()
        if not self.in_features:
            self.in_features = input.shape[-1]


class LazyConvolution(LazyModuleMixin):
    """What the lazy convolutions have."""

    spatial: int
    transposed: bool

    def __init__(
        self,
        out_channels: int,
        kernel_size: Sizes,
        *args: Any,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(0, 0, kernel_size, *args, bias=False, **place_of(device, dtype), **kwargs)  # type: ignore[call-arg]
        self.out_channels = out_channels
        self.weight: Any = UninitializedParameter(**place_of(device, dtype))
        if bias:
            self.bias: Any = UninitializedParameter(**place_of(device, dtype))
        self._begin_lazy()

    def reset_parameters(self) -> None:
        """Draw the parameters anew, once they have shapes."""
        if not self.has_uninitialized_params() and self.in_channels:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Any, *args: Any, **kwargs: Any) -> None:
        """Take the number of channels."""
        if input.ndim not in (self.spatial + 1, self.spatial + 2):
            raise RuntimeError(
                f"Expected {self.spatial + 1}D (unbatched) or {self.spatial + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {tuple(input.shape)}"
            )
        channels = input.shape[-self.spatial - 1]
        if self.has_uninitialized_params():
            if channels % self.groups:
                raise ValueError("in_channels must be divisible by groups")
            self.in_channels = channels
            first, second = (channels, self.out_channels)[:: 1 if self.transposed else -1]
            self.weight.materialize((first, second // self.groups, *self.kernel_size))
            if self.bias is not None:
                self.bias.materialize((self.out_channels,))
            self.reset_parameters()
        if not self.in_channels:
            self.in_channels = channels


class LazyConv1d(LazyConvolution, Conv1d):
    """A :class:`Conv1d` whose `in_channels` is that of the first input."""

    cls_to_become = Conv1d


class LazyConv2d(LazyConvolution, Conv2d):
    """A :class:`Conv2d` whose `in_channels` is that of the first input.

    Examples
    --------
    >>> import funcgrad as fg
    >>> m = fg.nn.LazyConv2d(4, 3)
    >>> m(fg.ones(1, 2, 5, 5)).shape
    torch.Size([1, 4, 3, 3])
    """

    cls_to_become = Conv2d


class LazyConv3d(LazyConvolution, Conv3d):
    """A :class:`Conv3d` whose `in_channels` is that of the first input."""

    cls_to_become = Conv3d


class LazyConvTranspose1d(LazyConvolution, ConvTranspose1d):
    """A :class:`ConvTranspose1d` whose `in_channels` is that of the first input."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(LazyConvolution, ConvTranspose2d):
    """A :class:`ConvTranspose2d` whose `in_channels` is that of the first input."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(LazyConvolution, ConvTranspose3d):
    """A :class:`ConvTranspose3d` whose `in_channels` is that of the first input."""

    cls_to_become = ConvTranspose3d


class LazyNorm(LazyModuleMixin):
    """What the lazy batch and instance normalizations have."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, device, dtype)  # type: ignore[call-arg]
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight: Any = UninitializedParameter(**place_of(device, dtype))
            self.bias: Any = UninitializedParameter(**place_of(device, dtype))
        if track_running_stats:
            self.running_mean: Any = UninitializedBuffer(**place_of(device, dtype))
            self.running_var: Any = UninitializedBuffer(**place_of(device, dtype))
            self.num_batches_tracked: Any = tensor(0, device=device)
        self._begin_lazy()

    def reset_parameters(self) -> None:
        """Set the weights to one and the biases to zero, once they have shapes."""
        if not self.has_uninitialized_params() and self.num_features:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Any) -> None:
        """Take the number of channels."""
        if self.has_uninitialized_params():
            self.num_features = input.shape[1]
            for member in (self.weight, self.bias, self.running_mean, self.running_var):
                if is_lazy(member):
                    member.materialize((self.num_features,))
            self.reset_parameters()
        if not self.num_features:
            self.num_features = input.shape[1]


class LazyBatchNorm1d(LazyNorm, BatchNorm1d):
    """A :class:`BatchNorm1d` whose `num_features` is that of the first input."""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(LazyNorm, BatchNorm2d):
    """A :class:`BatchNorm2d` whose `num_features` is that of the first input."""

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(LazyNorm, BatchNorm3d):
    """A :class:`BatchNorm3d` whose `num_features` is that of the first input."""

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(LazyNorm, InstanceNorm1d):
    """An :class:`InstanceNorm1d` whose `num_features` is that of the first input."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(LazyNorm, InstanceNorm2d):
    """An :class:`InstanceNorm2d` whose `num_features` is that of the first input."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(LazyNorm, InstanceNorm3d):
    """An :class:`InstanceNorm3d` whose `num_features` is that of the first input."""

    cls_to_become = InstanceNorm3d
