"""Packed sequences beside PyTorch's, alone and through recurrent networks."""

from __future__ import annotations

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.nn.utils import rnn

torch = pytest.importorskip("torch")
theirs = torch.nn.utils.rnn

N = np.random.default_rng(1)
LENGTHS = [3, 5, 1, 4]


def close(a, b):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-5, atol=1e-6)


def sequences(library):
    rows = np.random.default_rng(0)
    return [library.from_numpy(rows.standard_normal((n, 3)).astype(np.float32)) for n in LENGTHS]


@pytest.mark.parametrize(
    "options", [{}, {"batch_first": True}, {"padding_side": "left", "padding_value": 2.0}], ids=str
)
def test_padding(options):
    close(rnn.pad_sequence(sequences(fg), **options), theirs.pad_sequence(sequences(torch), **options))


def test_packing_and_back():
    a, b = (lib.pack_sequence(sequences(x), enforce_sorted=False) for lib, x in ((rnn, fg), (theirs, torch)))
    for x, y in zip(a, b, strict=True):
        close(x, y)
    for options in ({}, {"batch_first": True, "total_length": 7}, {"padding_value": -1.0}):
        for x, y in zip(rnn.pad_packed_sequence(a, **options), theirs.pad_packed_sequence(b, **options), strict=True):
            close(x, y)
    x, lengths = rnn.pad_packed_sequence(a)
    for part, whole in zip(rnn.unpad_sequence(x, lengths), sequences(fg), strict=True):
        close(part, whole)
    assert a.double().data.dtype == fg.float64


@pytest.mark.parametrize("lengths", [[1, 2], [2, 0], [2]], ids=str)
def test_lengths_that_do_not_fit(lengths):
    for lib, x in ((rnn, fg), (theirs, torch)):
        with pytest.raises(RuntimeError):
            lib.pack_padded_sequence(x.ones(2, 2, 1), lengths)


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize(
    "text",
    ["RNN(3, 4)", "GRU(3, 4, 2, bidirectional=True)", "LSTM(3, 4, 2, bidirectional=True)", "LSTM(3, 4, proj_size=2)"],
)
def test_networks(text):
    net, own = (eval(f"nn.{text}", {"nn": library.nn}) for library in (torch, fg))
    own.load_state_dict({key: value.numpy() for key, value in net.state_dict().items()})
    results = []
    for library, lib, network in ((torch, theirs, net), (fg, rnn, own)):
        inputs = [x.requires_grad_() for x in sequences(library)]
        packed = lib.pack_sequence(inputs, enforce_sorted=False)
        output, state = network(packed)
        again = network(packed, state)[0].data
        ends = state if isinstance(state, tuple) else (state,)
        (again.pow(2).sum() + sum(end.sin().sum() for end in ends)).backward()
        weights = [p.grad for p in network.parameters()]
        results.append([output.data, output.batch_sizes, *ends, again, *[x.grad for x in inputs], *weights])
    for a, b in zip(*reversed(results), strict=True):
        close(a, b)
