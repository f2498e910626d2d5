"""One step of recurrent networks, and sequences of steps, as NumPy text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import constant, draw, functional
from funcgrad.tensor.operators import sigmoid

__all__ = ["CHUNKS", "gru_step", "lstm_step", "rnn_step", "run_layers"]

#: What one direction of one layer has: (input weights, state weights, input bias, state bias, projection).
Weights: TypeAlias = "Sequence[Any]"
State: TypeAlias = "tuple[Any, ...]"

#: How many times the size of the state the gates of a mode are.
CHUNKS = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


def affine(x: Array, weight: Array, bias: Array | None) -> Array:
    y = x @ np.swapaxes(weight, 0, 1)
    return y if bias is None else y + bias


def parts(gates: Array, count: int) -> list[Array]:
    size = gates.shape[-1] // count
    return [gates[..., i * size : (i + 1) * size] for i in range(count)]


# -- One step, given what the input contributes to the gates ---------------------------------------------------------


def tanh_next(gx: Array, state: State, weights: Weights) -> State:
    return (np.tanh(gx + affine(state[0], weights[1], weights[3])),)


def relu_next(gx: Array, state: State, weights: Weights) -> State:
    return (np.maximum(gx + affine(state[0], weights[1], weights[3]), 0),)


def lstm_next(gx: Array, state: State, weights: Weights) -> State:
    h, c = state
    i, f, g, o = parts(gx + affine(h, weights[1], weights[3]), 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return (h if weights[4] is None else affine(h, weights[4], None), c)


def gru_next(gx: Array, state: State, weights: Weights) -> State:
    (h,) = state
    gh = affine(h, weights[1], weights[3])
    (rx, zx, nx), (rh, zh, nh) = parts(gx, 3), parts(gh, 3)
    z = sigmoid(zx + zh)
    n = np.tanh(nx + sigmoid(rx + rh) * nh)
    return (n + z * (h - n),)


NEXT: dict[str, Callable[[Array, State, Weights], State]] = {
    "RNN_TANH": tanh_next,
    "RNN_RELU": relu_next,
    "LSTM": lstm_next,
    "GRU": gru_next,
}


@functional("tanh")
def rnn_step(mode: str, x: Array, h: Array, weights: Weights) -> Array:
    """Return the next state of a simple network."""
    return NEXT[mode](affine(x, weights[0], weights[2]), (h,), weights)[0]


@functional("mul")
def lstm_step(x: Array, h: Array, c: Array, weights: Weights) -> State:
    """Return the next states of a long short-term memory."""
    return lstm_next(affine(x, weights[0], weights[2]), (h, c), weights)


@functional("add")
def gru_step(x: Array, h: Array, weights: Weights) -> Array:
    """Return the next state of a gated recurrent unit."""
    return gru_next(affine(x, weights[0], weights[2]), (h,), weights)[0]


# -- Layers ----------------------------------------------------------------------------------------------------------


def run_direction(mode: str, x: Array, sizes: Sequence[int], state: State, weights: Weights, back: bool) -> Any:
    """Go through a sequence, (T, N, features); return all first states, stacked, and the last states.

    `sizes` says how many examples, the first ones, are still running at each time.
    """
    gx = affine(x, weights[0], weights[2])
    step = NEXT[mode]
    steps = len(sizes)
    outputs: list[Any] = [None] * steps
    for t in reversed(range(steps)) if back else range(steps):
        running = sizes[t]
        if running == gx.shape[1]:
            state = step(gx[t], state, weights)
            outputs[t] = state[0]
        else:
            new = step(gx[t, :running], tuple([s[:running] for s in state]), weights)
            state = tuple([np.concatenate([a, s[running:]]) for a, s in zip(new, state, strict=True)])
            outputs[t] = np.concatenate([new[0], np.zeros_like(state[0][running:])])
    return np.stack(outputs), state


@functional("stack")
def run_layers(
    mode: str, x: Array, sizes: Sequence[int], start: State, layers: Sequence[Sequence[Weights]], dropout: float
) -> Any:
    """Go through all layers and directions.

    Parameters
    ----------
    mode : str
    x : array, (T, N, features)
    sizes : sequence of int
        How many examples, the first ones, are running at each time.
    start : tuple of arrays, (layers * directions, N, size)
    layers : sequence
        For each layer the weights of each direction.
    dropout : float
        The probability of an element between layers to become zero.

    Returns
    -------
    array, (T, N, directions * size), and the last states as `start`
    """
    ends: list[State] = []
    for number, directions in enumerate(layers):
        if number and dropout:
            keep = 1 - draw(x.shape, x, dropout).astype(x.dtype)
            x = x * constant(keep * (1 / (1 - dropout) if dropout < 1 else 0), x).astype(x.dtype)
        outputs = []
        for back, weights in enumerate(directions):
            place = number * len(directions) + back
            output, end = run_direction(mode, x, sizes, tuple([s[place] for s in start]), weights, bool(back))
            outputs.append(output)
            ends.append(end)
        x = outputs[0] if len(outputs) == 1 else np.concatenate(outputs, axis=-1)
    return (x, *[np.stack(states) for states in zip(*ends, strict=True)])
