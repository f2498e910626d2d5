"""Cells: one step of a recurrent network of one layer."""

from __future__ import annotations

import math
from typing import Any

from funcgrad.nn.module import Module
from funcgrad.nn.modules.cells import gru_step, lstm_step, rnn_step
from funcgrad.nn.modules.recurrent import zeros_for
from funcgrad.nn.modules.starts import new_parameter, start_uniform

__all__ = ["GRUCell", "LSTMCell", "RNNCell"]


class RNNCellBase(Module):
    """What all cells have: `num_chunks` gates, the weights of which lie one below the other."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        place = {"device": device, "dtype": dtype}
        gates = num_chunks * hidden_size
        self.weight_ih = new_parameter(gates, input_size, **place)
        self.weight_hh = new_parameter(gates, hidden_size, **place)
        self.register_parameter("bias_ih", new_parameter(gates, **place) if bias else None)
        self.register_parameter("bias_hh", new_parameter(gates, **place) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for weight in self.parameters():
            start_uniform(weight, bound)

    def _weights(self) -> list[Any]:
        return [self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh, None]

    def _prepared(self, input: Any, states: Any) -> tuple[Any, list[Any], bool]:
        """Check input and states, and add the dimension of the batch if it is missing."""
        name = type(self).__name__
        given = [] if states is None else list(states)
        for label, x in [("input", input), *[("hidden", h) for h in given]]:
            if x.ndim not in (1, 2):
                raise ValueError(f"{name}: Expected {label} to be 1D or 2D, got {x.ndim}D instead")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {input.shape[-1]} expected {self.input_size}")
        single = input.ndim == 1
        x = input[None] if single else input
        if states is None:
            given = [zeros_for(x, (x.shape[0], self.hidden_size))] * 2
        else:
            given = [h[None] if h.ndim == 1 else h for h in given]
        for h in given:
            if tuple(h.shape) != (x.shape[0], self.hidden_size):
                raise RuntimeError(
                    f"{name}: hidden of shape {list(h.shape)} does not fit {x.shape[0]} inputs and states of size "
                    f"{self.hidden_size}"
                )
        return x, given, single

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if self.bias is not True:
            parts.append(f"bias={self.bias}")
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            parts.append(f"nonlinearity={self.nonlinearity}")
        return ", ".join(parts)


class RNNCell(RNNCellBase):
    """One step of an :class:`RNN` of one layer.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.RNNCell(10, 20)(fg.ones(3, 10)).shape
    torch.Size([3, 20])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Return the next state."""
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        x, states, single = self._prepared(input, None if hx is None else (hx,))
        h = rnn_step(f"RNN_{self.nonlinearity.upper()}", x, states[0], self._weights())
        return h[0] if single else h


class LSTMCell(RNNCellBase):
    """One step of an :class:`LSTM` of one layer.

    Examples
    --------
    >>> import funcgrad as fg
    >>> h, c = fg.nn.LSTMCell(10, 20)(fg.ones(3, 10))
    >>> h.shape, c.shape
    (torch.Size([3, 20]), torch.Size([3, 20]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Any, hx: tuple[Any, Any] | None = None) -> tuple[Any, Any]:
        """Return the two next states."""
        x, states, single = self._prepared(input, hx)
        h, c = lstm_step(x, states[0], states[1], self._weights())
        return (h[0], c[0]) if single else (h, c)


class GRUCell(RNNCellBase):
    """One step of a :class:`GRU` of one layer.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.GRUCell(10, 20)(fg.ones(3, 10)).shape
    torch.Size([3, 20])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Return the next state."""
        x, states, single = self._prepared(input, None if hx is None else (hx,))
        h = gru_step(x, states[0], self._weights())
        return h[0] if single else h
