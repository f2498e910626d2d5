"""One step of recurrent networks, as functions of the weights: ``torch.lstm_cell`` and its kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import functional

__all__ = ["gru_cell", "lstm_cell", "rnn_relu_cell", "rnn_tanh_cell"]


def affine(x: Array, w: Array, b: Array | None) -> Array:
    y = x @ np.swapaxes(w, -1, -2)
    return y if b is None else y + b


def sigmoid(x: Array) -> Array:
    return (np.tanh(x / 2) + 1) / 2  # never overflows


def parts(x: Array, count: int) -> list[Array]:
    n = x.shape[-1] // count
    return [x[..., i * n : (i + 1) * n] for i in range(count)]


@functional()
def rnn_tanh_cell(
    input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> Array:
    """Return the next state ``tanh(w_ih input + b_ih + w_hh hx + b_hh)``."""
    return np.tanh(affine(input, w_ih, b_ih) + affine(hx, w_hh, b_hh))


@functional()
def rnn_relu_cell(
    input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> Array:
    """Return the next state ``relu(w_ih input + b_ih + w_hh hx + b_hh)``."""
    x = affine(input, w_ih, b_ih) + affine(hx, w_hh, b_hh)
    return np.where(x > 0, x, x.dtype.type(0))


@functional()
def lstm_cell(
    input: Array, hx: Any, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> tuple[Array, Array]:
    """Return the next state and the next cell, of which `hx` holds the last ones."""
    hidden, cell = hx
    i, f, c, o = parts(affine(input, w_ih, b_ih) + affine(hidden, w_hh, b_hh), 4)
    cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(c)
    return sigmoid(o) * np.tanh(cell), cell


@functional()
def gru_cell(
    input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> Array:
    """Return the next state, a mixture of the last one and of what it and the input propose."""
    ri, zi, ni = parts(affine(input, w_ih, b_ih), 3)
    rh, zh, nh = parts(affine(hx, w_hh, b_hh), 3)
    new = np.tanh(ni + sigmoid(ri + rh) * nh)
    z = sigmoid(zi + zh)
    return (1 - z) * new + z * hx
