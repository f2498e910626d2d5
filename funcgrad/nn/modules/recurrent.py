"""Recurrent networks over sequences: RNN, LSTM and GRU."""

from __future__ import annotations

import math
import warnings
from typing import Any

from funcgrad.nn.module import Module
from funcgrad.nn.modules.cells import CHUNKS, run_layers
from funcgrad.nn.modules.starts import new_parameter, start_uniform
from funcgrad.nn.utils.rnn import PackedSequence, integers, padded, places
from funcgrad.tensor.factory import zeros
from funcgrad.tensor.sharing import from_numpy

__all__ = ["GRU", "LSTM", "RNN", "RNNBase"]


class RNNBase(Module):
    """What all recurrent networks have."""

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        check_network(self, dropout)
        place = {"device": device, "dtype": dtype}
        gates, output = CHUNKS[mode] * hidden_size, proj_size or hidden_size
        for layer in range(num_layers):
            for suffix in self._suffixes(layer):
                size = input_size if layer == 0 else output * (1 + bidirectional)
                setattr(self, f"weight_ih{suffix}", new_parameter(gates, size, **place))
                setattr(self, f"weight_hh{suffix}", new_parameter(gates, output, **place))
                if bias:
                    setattr(self, f"bias_ih{suffix}", new_parameter(gates, **place))
                    setattr(self, f"bias_hh{suffix}", new_parameter(gates, **place))
                if proj_size:
                    setattr(self, f"weight_hr{suffix}", new_parameter(proj_size, hidden_size, **place))
        self.reset_parameters()

    def _suffixes(self, layer: int) -> list[str]:
        """Return what the names of the parameters of a layer end with."""
        return [f"_l{layer}", f"_l{layer}_reverse"][: 1 + self.bidirectional]

    def _weights_of(self, suffix: str) -> list[Any]:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
        return [self._parameters.get(name + suffix) for name in names]

    @property
    def all_weights(self) -> list[list[Any]]:
        """The parameters of each direction of each layer."""
        suffixes = [suffix for layer in range(self.num_layers) for suffix in self._suffixes(layer)]
        return [[weight for weight in self._weights_of(suffix) if weight is not None] for suffix in suffixes]

    def reset_parameters(self) -> None:
        """Draw the parameters anew: uniform, up to one by the root of the size of the state."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for weight in self.parameters():
            start_uniform(weight, bound)

    def flatten_parameters(self) -> None:
        """Do nothing: memory needs no rearrangement here."""

    def _run(self, input: Any, start: tuple[Any, ...] | None) -> tuple[Any, tuple[Any, ...]]:
        """Check the input, add the dimension of the batch if it is missing, and go through all layers."""
        if isinstance(input, PackedSequence):
            return self._run_packed(input, start)
        name = type(self).__name__
        if input.ndim not in (2, 3):
            raise ValueError(f"{name}: Expected input to be 2D or 3D, got {input.ndim}D tensor instead")
        single = input.ndim == 2
        axis = 0 if self.batch_first and not single else 1
        x = input[:, None] if single else input.swapaxes(0, 1) if axis == 0 else input
        output, ends = self._run_through(x, [x.shape[1]] * x.shape[0], start, single)
        if single:
            return output[:, 0], tuple([end[:, 0] for end in ends])
        return output.swapaxes(0, 1) if axis == 0 else output, ends

    def _run_packed(self, packed: PackedSequence, start: tuple[Any, ...] | None) -> tuple[Any, tuple[Any, ...]]:
        """Go through sequences of several lengths."""
        order, back = packed.sorted_indices, packed.unsorted_indices
        if start is not None and order is not None:
            start = tuple([h[:, order] for h in start])
        running = integers(packed.batch_sizes)
        output, ends = self._run_through(padded(packed, 0.0), running.tolist(), start, False)
        times, examples = places(running)
        if back is not None:
            ends = tuple([end[:, back] for end in ends])
        return packed._replace(data=output[from_numpy(times), from_numpy(examples)]), ends

    def _run_through(self, x: Any, running: list[int], start: Any, single: bool) -> tuple[Any, tuple[Any, ...]]:
        """Go through all layers; `running` says how many sequences are, at each time."""
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {x.shape[-1]}"
            )
        count = self.num_layers * (1 + self.bidirectional)
        sizes = [self.proj_size or self.hidden_size, self.hidden_size][: 2 if self.mode == "LSTM" else 1]
        if start is None:
            start = tuple([zeros_for(x, (count, x.shape[1], size)) for size in sizes])
        else:
            check_states(self, start, single, [(count, x.shape[1], size) for size in sizes])
            start = tuple([h[:, None] if single else h for h in start])
        layers = [[self._weights_of(suffix) for suffix in self._suffixes(layer)] for layer in range(self.num_layers)]
        dropout = self.dropout if self.training else 0.0
        output, *ends = run_layers(self.mode, x, running, start, layers, dropout)
        return output, tuple(ends)

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if self.proj_size:
            parts.append(f"proj_size={self.proj_size}")
        if self.num_layers != 1:
            parts.append(f"num_layers={self.num_layers}")
        if self.bias is not True:
            parts.append(f"bias={self.bias}")
        if self.batch_first is not False:
            parts.append(f"batch_first={self.batch_first}")
        if self.dropout:
            parts.append(f"dropout={self.dropout}")
        if self.bidirectional is not False:
            parts.append(f"bidirectional={self.bidirectional}")
        return ", ".join(parts)


def check_network(network: Any, dropout: Any) -> None:
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
        )
    if dropout > 0 and network.num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
            f"greater than 1, but got dropout={dropout} and num_layers={network.num_layers}",
            stacklevel=4,
        )
    if not isinstance(network.hidden_size, int):
        raise TypeError(f"hidden_size should be of type int, got: {type(network.hidden_size).__name__}")
    if network.hidden_size <= 0:
        raise ValueError("hidden_size must be greater than zero")
    if network.num_layers <= 0:
        raise ValueError("num_layers must be greater than zero")
    if network.proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if network.proj_size >= network.hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")


def check_states(network: Any, states: tuple[Any, ...], single: bool, wanted: list[tuple[int, ...]]) -> None:
    for name, state, shape in zip(("hidden[0]", "hidden[1]"), states, wanted, strict=False):
        if state.ndim != (2 if single else 3):
            kind = "unbatched 2-D" if single else "batched 3-D"
            raise RuntimeError(
                f"For {kind} input, hx should also be {2 if single else 3}-D but got {state.ndim}-D tensor"
            )
        found = (state.shape[0], 1, state.shape[1]) if single else tuple(state.shape)
        if found != shape:
            label = name if network.mode == "LSTM" else "hidden"
            raise RuntimeError(f"Expected {label} size {shape}, got {list(found)}")


def zeros_for(x: Any, shape: tuple[int, ...]) -> Any:
    """Return zeros where, and of the dtype of which, an input is."""
    return zeros(*shape, dtype=x.dtype, device=getattr(x, "device", None))


class RNN(RNNBase):
    """A network whose state is tanh (or the positive part) of a sum over input and last state.

    Parameters
    ----------
    input_size, hidden_size : int
        The number of features of input and state.
    num_layers : int
        How many layers, each of which takes the states of the one before.
    nonlinearity : str
        ``"tanh"`` or ``"relu"``.
    bias : bool
    batch_first : bool
        Whether inputs and outputs are (N, T, features) instead of (T, N, features).
    dropout : float
        The probability of an element between layers to become zero in training.
    bidirectional : bool
        Whether another network goes through the sequence backwards.
    device : device, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> output, h = fg.nn.RNN(10, 20, num_layers=2)(fg.ones(5, 3, 10))
    >>> output.shape, h.shape
    (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        mode = f"RNN_{nonlinearity.upper()}"
        options = (num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype)
        super().__init__(mode, input_size, hidden_size, *options)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """Return the states of the last layer at all times, and those of all layers at the end."""
        output, (end,) = self._run(input, None if hx is None else (hx,))
        return output, end


class LSTM(RNNBase):
    """A long short-term memory: gates decide what a second state keeps, takes in and shows.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype
        As for :class:`RNN`.
    proj_size : int
        The size to which the state that is shown is projected; 0 for none.

    Examples
    --------
    >>> import funcgrad as fg
    >>> output, (h, c) = fg.nn.LSTM(10, 20, batch_first=True)(fg.ones(3, 5, 10))
    >>> output.shape, h.shape, c.shape
    (torch.Size([3, 5, 20]), torch.Size([1, 3, 20]), torch.Size([1, 3, 20]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        options = (num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype)
        super().__init__("LSTM", input_size, hidden_size, *options)

    def forward(self, input: Any, hx: tuple[Any, Any] | None = None) -> tuple[Any, tuple[Any, Any]]:
        """Return the states of the last layer at all times, and the two states of all layers at the end."""
        output, (h, c) = self._run(input, None if hx is None else tuple(hx))
        return output, (h, c)


class GRU(RNNBase):
    """A network of gated recurrent units.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype
        As for :class:`RNN`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> output, h = fg.nn.GRU(10, 20, bidirectional=True)(fg.ones(5, 3, 10))
    >>> output.shape, h.shape
    (torch.Size([5, 3, 40]), torch.Size([2, 3, 20]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        options = (num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype)
        super().__init__("GRU", input_size, hidden_size, *options)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """Return the states of the last layer at all times, and those of all layers at the end."""
        output, (end,) = self._run(input, None if hx is None else (hx,))
        return output, end
