"""The likelihood of sequences of classes whose alignment is not known."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.nn.functional.adapter import constant, functional, on_host

__all__ = ["ctc_loss"]

IMPOSSIBLE = -1e30  # for the logarithm of zero: finite, so that differences of two are, too


@functional("ctc_loss", floats="log_probs")
def ctc_loss(
    log_probs: Array,
    targets: Array,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Array:
    """Return the negative log likelihood of label sequences, summed over all their alignments.

    Parameters
    ----------
    log_probs : Tensor or array, (T, N, C) or (T, C)
        Logarithms of the probabilities of the classes at each time.
    targets : Tensor or array of integers, (N, S), or all sequences in one row
        The labels, none of them the blank.
    input_lengths, target_lengths : Tensor or sequence of int, (N,)
        How many times, and labels, each sequence has.
    blank : int
        The class that stands for no label.
    reduction : str
        ``"mean"`` of the losses per label, ``"sum"`` or ``"none"``.
    zero_infinity : bool
        Whether impossible sequences count as zero.

    Returns
    -------
    Tensor or array

    Notes
    -----
    The derivative is that with respect to `log_probs` alone. PyTorch's takes into account that they come from a
    log-softmax; behind one, the two agree.
    """
    if log_probs.ndim not in (2, 3):
        raise RuntimeError(f"ctc_loss: log_probs must have 2 or 3 dimensions, but got {log_probs.ndim}")
    single = log_probs.ndim == 2
    logs = log_probs[:, None] if single else log_probs
    steps, examples, classes = logs.shape
    if not 0 <= blank < classes:
        raise RuntimeError(f"blank must be in label range, but got {blank} for {classes} classes")
    times, lengths = (np.reshape(on_host(n), -1) for n in (input_lengths, target_lengths))
    if times.size != examples or lengths.size != examples:
        raise RuntimeError(f"input_lengths and target_lengths must be of size {examples}")
    if np.any(times > steps) or np.any(times < 0):
        raise RuntimeError(f"Expected input_lengths to have values between 0 and {steps}, but got {times.tolist()}")
    labels = with_blanks(on_host(targets), lengths, blank, examples)
    loss = -forward(logs, labels, times, lengths, blank)
    never = loss > -IMPOSSIBLE / 10
    loss = np.where(never, 0 if zero_infinity else np.inf, loss)
    if reduction == "mean":
        return np.mean(loss / constant(np.maximum(lengths, 1).astype(loss.dtype), loss))
    if reduction == "sum":
        return np.sum(loss)
    if reduction != "none":
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss[0] if single else loss


def with_blanks(targets: Array, lengths: Array, blank: int, examples: int) -> Array:
    """Return the labels with blanks before, between and behind them, (N, 2 S + 1)."""
    most = int(lengths.max(initial=0))
    labels = np.full((examples, 2 * most + 1), blank)
    starts = np.cumsum(lengths) - lengths
    for i, n in enumerate(lengths):
        labels[i, 1 : 2 * n : 2] = targets[i, :n] if targets.ndim == 2 else targets[starts[i] : starts[i] + n]
    return labels


def forward(logs: Array, labels: Array, times: Array, lengths: Array, blank: int) -> Array:
    """Return the logarithms of the probabilities of all alignments, by going through the times."""
    examples, count = labels.shape
    seen = logs[:, np.arange(examples)[:, None], labels]
    numbers = np.arange(count)
    skips = np.zeros(labels.shape, bool)  # a blank between different labels may be left out
    skips[:, 2:] = (labels[:, 2:] != blank) & (labels[:, 2:] != labels[:, :-2])
    reach = constant(skips, logs)
    start = constant((numbers < 2) & (numbers <= 2 * lengths[:, None]), logs)
    alpha = np.where(start, seen[0], IMPOSSIBLE) if len(seen) else np.where(start, 0, IMPOSSIBLE)
    for t in range(1, len(seen)):
        one = np.pad(alpha, [(0, 0), (1, 0)], constant_values=IMPOSSIBLE)[:, :count]
        two = np.pad(alpha, [(0, 0), (2, 0)], constant_values=IMPOSSIBLE)[:, :count]
        both = log_add(log_add(alpha, one), np.where(reach, two, IMPOSSIBLE))
        running = constant((t < times)[:, None], logs)
        alpha = np.where(running, np.maximum(both + seen[t], IMPOSSIBLE), alpha)
    rows = np.arange(examples)
    last = alpha[rows, 2 * lengths]
    before = np.where(constant(lengths > 0, logs), alpha[rows, np.maximum(2 * lengths - 1, 0)], IMPOSSIBLE)
    return log_add(last, before)


def log_add(a: Array, b: Array) -> Array:
    return np.logaddexp(a, b)
