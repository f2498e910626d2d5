"""Every layer against PyTorch's: text, parameters, outputs and all gradients, in training and in evaluation."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import funcgrad as fg

torch = pytest.importorskip("torch")
pytestmark = [  # PyTorch's own warnings
    pytest.mark.filterwarnings("ignore:LSTM with projections"),
    pytest.mark.filterwarnings("ignore:enable_nested_tensor"),
]

N = np.random.default_rng(0)


def normal(*shape):
    return N.standard_normal(shape).astype(np.float32)


def positive(*shape):
    return (N.random(shape) + 0.1).astype(np.float32)


SEQUENCE = (2, 4, 9)
IMAGE = (2, 4, 7, 8)
VOLUME = (2, 4, 5, 4, 6)

#: The layer as a text in which `nn` is either library's, and the shapes of its inputs.
SMOOTH = [
    ("nn.Identity()", [IMAGE]),
    ("nn.Linear(8, 3)", [IMAGE]),
    ("nn.Linear(8, 3, bias=False)", [(8,)]),
    ("nn.Bilinear(3, 5, 2)", [(4, 3), (4, 5)]),
    ("nn.Bilinear(3, 5, 2, bias=False)", [(4, 2, 3), (4, 2, 5)]),
    ("nn.Conv1d(4, 6, 3)", [SEQUENCE]),
    ("nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2, bias=False)", [SEQUENCE]),
    ("nn.Conv2d(4, 6, 3)", [IMAGE]),
    ("nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2)", [IMAGE]),
    ("nn.Conv2d(4, 6, 3, padding='same', dilation=2)", [IMAGE]),
    ("nn.Conv2d(4, 6, 3, padding='valid')", [IMAGE]),
    ("nn.Conv2d(4, 6, 3, padding=1, padding_mode='reflect')", [IMAGE]),
    ("nn.Conv2d(4, 6, 3, padding=(1, 2), padding_mode='circular')", [IMAGE]),
    ("nn.Conv2d(4, 6, (3, 2), padding='same', padding_mode='replicate')", [IMAGE]),
    ("nn.Conv2d(4, 4, 3, groups=4)", [IMAGE[1:]]),
    ("nn.Conv3d(4, 2, 3, padding=1)", [VOLUME]),
    ("nn.ConvTranspose1d(4, 6, 3, stride=2)", [SEQUENCE]),
    ("nn.ConvTranspose2d(4, 6, 3)", [IMAGE]),
    ("nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2, bias=False)", [IMAGE]),
    ("nn.ConvTranspose2d(4, 2, (3, 2), stride=(2, 3), dilation=2)", [IMAGE]),
    ("nn.ConvTranspose3d(4, 2, 2, stride=2)", [VOLUME]),
    ("nn.MaxPool1d(3)", [SEQUENCE]),
    ("nn.MaxPool2d(3, stride=2, padding=1)", [IMAGE]),
    ("nn.MaxPool2d((3, 2), dilation=2, ceil_mode=True)", [IMAGE]),
    ("nn.MaxPool3d(2)", [VOLUME]),
    ("nn.AvgPool1d(3, stride=2)", [SEQUENCE]),
    ("nn.AvgPool2d(3, padding=1, count_include_pad=False)", [IMAGE]),
    ("nn.AvgPool2d((3, 2), ceil_mode=True, divisor_override=2)", [IMAGE]),
    ("nn.AvgPool3d(2)", [VOLUME]),
    ("nn.LPPool1d(2, 3)", [SEQUENCE]),
    ("nn.LPPool2d(2, (3, 2), stride=2)", [IMAGE]),
    ("nn.LPPool3d(2, 2)", [VOLUME]),
    ("nn.AdaptiveAvgPool1d(4)", [SEQUENCE]),
    ("nn.AdaptiveAvgPool2d((3, None))", [IMAGE]),
    ("nn.AdaptiveAvgPool3d(2)", [VOLUME]),
    ("nn.AdaptiveMaxPool1d(4)", [SEQUENCE]),
    ("nn.AdaptiveMaxPool2d((3, 4))", [IMAGE]),
    ("nn.AdaptiveMaxPool3d(2)", [VOLUME]),
    ("nn.BatchNorm1d(4)", [(5, 4)]),
    ("nn.BatchNorm1d(4, momentum=None)", [SEQUENCE]),
    ("nn.BatchNorm2d(4, eps=1e-3, momentum=0.3)", [IMAGE]),
    ("nn.BatchNorm2d(4, affine=False)", [IMAGE]),
    ("nn.BatchNorm2d(4, bias=False)", [IMAGE]),
    ("nn.BatchNorm2d(4, track_running_stats=False)", [IMAGE]),
    ("nn.BatchNorm3d(4)", [VOLUME]),
    ("nn.LayerNorm(8)", [IMAGE]),
    ("nn.LayerNorm((7, 8), eps=1e-3)", [IMAGE]),
    ("nn.LayerNorm(8, bias=False)", [IMAGE]),
    ("nn.LayerNorm(8, elementwise_affine=False)", [IMAGE]),
    ("nn.RMSNorm(8)", [IMAGE]),
    ("nn.RMSNorm((7, 8), eps=1e-3, elementwise_affine=False)", [IMAGE]),
    ("nn.GroupNorm(2, 4)", [IMAGE]),
    ("nn.GroupNorm(4, 4, affine=False)", [SEQUENCE]),
    ("nn.InstanceNorm1d(4)", [SEQUENCE]),
    ("nn.InstanceNorm1d(4)", [SEQUENCE[1:]]),
    ("nn.InstanceNorm2d(4, affine=True, track_running_stats=True)", [IMAGE]),
    ("nn.InstanceNorm3d(4, affine=True)", [VOLUME]),
    ("nn.LocalResponseNorm(3)", [IMAGE]),
    ("nn.ReLU()", [IMAGE]),
    ("nn.ReLU6()", [IMAGE]),
    ("nn.LeakyReLU(0.2)", [IMAGE]),
    ("nn.ELU(0.7)", [IMAGE]),
    ("nn.SELU()", [IMAGE]),
    ("nn.CELU(0.7)", [IMAGE]),
    ("nn.GELU()", [IMAGE]),
    ("nn.GELU('tanh')", [IMAGE]),
    ("nn.SiLU()", [IMAGE]),
    ("nn.Mish()", [IMAGE]),
    ("nn.Softplus(2.0, 3.0)", [IMAGE]),
    ("nn.Softshrink(0.3)", [IMAGE]),
    ("nn.Hardshrink()", [IMAGE]),
    ("nn.Hardtanh(-0.5, 0.7)", [IMAGE]),
    ("nn.Hardsigmoid()", [IMAGE]),
    ("nn.Hardswish()", [IMAGE]),
    ("nn.Sigmoid()", [IMAGE]),
    ("nn.LogSigmoid()", [IMAGE]),
    ("nn.Tanh()", [IMAGE]),
    ("nn.Tanhshrink()", [IMAGE]),
    ("nn.Softsign()", [IMAGE]),
    ("nn.Threshold(0.1, 2.0)", [IMAGE]),
    ("nn.PReLU()", [IMAGE]),
    ("nn.PReLU(4, 0.1)", [IMAGE]),
    ("nn.GLU(1)", [IMAGE]),
    ("nn.Softmax(-1)", [IMAGE]),
    ("nn.Softmin(1)", [IMAGE]),
    ("nn.LogSoftmax(1)", [IMAGE]),
    ("nn.Softmax2d()", [IMAGE]),
    ("nn.Flatten()", [IMAGE]),
    ("nn.Flatten(0, 2)", [IMAGE]),
    ("nn.Unflatten(1, (2, 2))", [IMAGE]),
    ("nn.Unfold((2, 3), padding=1, stride=2)", [IMAGE]),
    ("nn.Fold((4, 5), (2, 2))", [(2, 12, 12)]),
    ("nn.PixelShuffle(2)", [IMAGE]),
    ("nn.PixelUnshuffle(2)", [(2, 3, 4, 6)]),
    ("nn.ChannelShuffle(2)", [IMAGE]),
    ("nn.Upsample(scale_factor=2)", [IMAGE]),
    ("nn.Upsample(size=(5, 9), mode='bilinear')", [IMAGE]),
    ("nn.Upsample(scale_factor=2, mode='bicubic', align_corners=True)", [IMAGE]),
    ("nn.Upsample(scale_factor=1.5, mode='linear')", [SEQUENCE]),
    ("nn.UpsamplingNearest2d(scale_factor=2)", [IMAGE]),
    ("nn.UpsamplingBilinear2d(scale_factor=2)", [IMAGE]),
    ("nn.ZeroPad1d(2)", [SEQUENCE]),
    ("nn.ZeroPad2d((1, 2, 0, 1))", [IMAGE]),
    ("nn.ZeroPad3d(1)", [VOLUME]),
    ("nn.ConstantPad1d((1, 2), 0.5)", [SEQUENCE]),
    ("nn.ConstantPad2d(1, 0.5)", [IMAGE]),
    ("nn.ConstantPad3d(1, 0.5)", [VOLUME]),
    ("nn.ReflectionPad1d((1, 2))", [SEQUENCE]),
    ("nn.ReflectionPad2d(2)", [IMAGE]),
    ("nn.ReflectionPad3d(1)", [VOLUME]),
    ("nn.ReplicationPad1d((1, 2))", [SEQUENCE]),
    ("nn.ReplicationPad2d(2)", [IMAGE]),
    ("nn.ReplicationPad3d(1)", [VOLUME]),
    ("nn.CircularPad1d((1, 2))", [SEQUENCE]),
    ("nn.CircularPad2d(2)", [IMAGE]),
    ("nn.CircularPad3d(1)", [VOLUME]),
    ("nn.CosineSimilarity()", [(3, 5), (3, 5)]),
    ("nn.PairwiseDistance(3.0, keepdim=True)", [(3, 5), (3, 5)]),
    ("nn.Sequential(nn.Linear(8, 5), nn.Tanh(), nn.Sequential(nn.Linear(5, 2)))", [IMAGE]),
    ("nn.RNN(8, 5)", [(6, 3, 8)]),
    ("nn.RNN(8, 5, 2, nonlinearity='relu', bidirectional=True, batch_first=True)", [(6, 3, 8), (4, 6, 5)]),
    ("nn.RNN(8, 5, bias=False)", [(6, 8)]),
    ("nn.LSTM(8, 5)", [(6, 3, 8)]),
    ("nn.LSTM(8, 5, num_layers=2, bidirectional=True, batch_first=True)", [(6, 3, 8)]),
    ("nn.LSTM(8, 5, num_layers=2, proj_size=3, bidirectional=True)", [(6, 3, 8)]),
    ("nn.LSTM(8, 5, bias=False)", [(6, 8)]),
    ("nn.GRU(8, 5)", [(6, 3, 8), (1, 3, 5)]),
    ("nn.GRU(8, 5, 2, bidirectional=True, batch_first=True)", [(6, 3, 8)]),
    ("nn.RNNCell(8, 5)", [(3, 8), (3, 5)]),
    ("nn.RNNCell(8, 5, nonlinearity='relu', bias=False)", [(8,)]),
    ("nn.LSTMCell(8, 5)", [(3, 8)]),
    ("nn.GRUCell(8, 5)", [(3, 8), (3, 5)]),
    ("nn.MultiheadAttention(8, 2)", [(5, 3, 8), (6, 3, 8), (6, 3, 8)]),
    ("nn.MultiheadAttention(8, 2, batch_first=True, bias=False)", [(3, 5, 8), (3, 6, 8), (3, 6, 8)]),
    ("nn.MultiheadAttention(8, 4, kdim=5, vdim=6, add_bias_kv=True)", [(5, 3, 8), (7, 3, 5), (7, 3, 6)]),
    ("nn.MultiheadAttention(8, 2, add_zero_attn=True)", [(5, 8), (6, 8), (6, 8)]),
    ("nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0)", [(5, 3, 8)]),
    ("nn.TransformerEncoderLayer(8, 2, 16, 0.0, 'gelu', norm_first=True, batch_first=True, bias=False)", [(3, 5, 8)]),
    ("nn.TransformerDecoderLayer(8, 2, 16, dropout=0.0)", [(4, 3, 8), (5, 3, 8)]),
    ("nn.TransformerDecoderLayer(8, 2, 16, dropout=0.0, norm_first=True)", [(4, 3, 8), (5, 3, 8)]),
    ("nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0), 2)", [(5, 3, 8)]),
    ("nn.Transformer(8, 2, 1, 2, 16, dropout=0.0)", [(5, 3, 8), (4, 3, 8)]),
]


def pair(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = eval(text, {"nn": torch.nn})
        ours = eval(text, {"nn": fg.nn})
    with torch.no_grad():  # so that ones and zeros are told apart
        for parameter in theirs.parameters():
            parameter.add_(torch.from_numpy(0.1 * normal(*parameter.shape)))
    return theirs, ours


def copied(theirs, ours):
    ours.load_state_dict({key: value.numpy().copy() for key, value in theirs.state_dict().items()})


def flat(result):
    if isinstance(result, tuple | list):
        return [x for part in result for x in flat(part)]
    return [] if result is None else [result]


def close(a, b, rtol=2e-4):
    a, b = a.detach().numpy(), b.detach().numpy()
    assert a.shape == b.shape
    assert a.dtype == b.dtype
    np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * max(1e-3, float(np.abs(b).max(initial=0))))


def compare(theirs, ours, arrays, constants=()):
    xs = [torch.from_numpy(x.copy()).requires_grad_() for x in arrays]
    ys = [fg.from_numpy(x.copy()).requires_grad_() for x in arrays]
    expected = flat(theirs(*xs, *[torch.from_numpy(c) for c in constants]))
    found = flat(ours(*ys, *[fg.from_numpy(c) for c in constants]))
    assert len(found) == len(expected)
    total, seen = 0.0, 0.0
    for e, f in zip(expected, found, strict=True):
        close(f, e)
        weights = normal(*e.shape)
        total = total + (torch.from_numpy(weights) * e).sum()
        seen = seen + (fg.from_numpy(weights) * f).sum()
    theirs.zero_grad()
    ours.zero_grad()
    total.backward()
    seen.backward()
    for x, y in zip(xs, ys, strict=True):
        close(y.grad, x.grad, 1e-3)
    for (name, p), (label, q) in zip(theirs.named_parameters(), ours.named_parameters(), strict=True):
        assert name == label
        assert (p.grad is None) == (q.grad is None), name
        if p.grad is not None:
            close(q.grad, p.grad, 1e-3)
    for (name, p), (label, q) in zip(theirs.state_dict().items(), ours.state_dict().items(), strict=True):
        assert name == label
        close(q, p)


@pytest.mark.parametrize(("text", "shapes"), SMOOTH, ids=[f"{text}-{len(shapes)}" for text, shapes in SMOOTH])
def test_layer(text, shapes):
    theirs, ours = pair(text)
    assert repr(ours) == repr(theirs)
    assert [(k, tuple(v.shape)) for k, v in ours.state_dict().items()] == [
        (k, tuple(v.shape)) for k, v in theirs.state_dict().items()
    ]
    copied(theirs, ours)
    arrays = [normal(*shape) for shape in shapes]
    compare(theirs, ours, arrays)
    theirs.eval()
    ours.eval()
    assert not ours.training
    compare(theirs, ours, arrays)


# -- What the table cannot say -------------------------------------------------------------------------------------

LOSSES = [
    ("nn.L1Loss()", "nn"),
    ("nn.MSELoss(reduction='sum')", "nn"),
    ("nn.SmoothL1Loss(beta=0.5)", "nn"),
    ("nn.HuberLoss(delta=0.5)", "nn"),
    ("nn.PoissonNLLLoss(full=True)", "np"),
    ("nn.GaussianNLLLoss()", "nnp"),
    ("nn.KLDivLoss(reduction='batchmean')", "np"),
    ("nn.KLDivLoss(log_target=True, reduction='none')", "nn"),
    ("nn.BCELoss()", "uu"),
    ("nn.BCEWithLogitsLoss()", "nu"),
    ("nn.SoftMarginLoss()", "ns"),
    ("nn.HingeEmbeddingLoss(0.5)", "ns"),
    ("nn.MultiLabelSoftMarginLoss()", "nu"),
    ("nn.CosineEmbeddingLoss(0.1)", "nnS"),
    ("nn.MarginRankingLoss(0.1)", "nns"),
    ("nn.TripletMarginLoss(swap=True)", "nnn"),
    ("nn.TripletMarginWithDistanceLoss(margin=0.5)", "nnn"),
    ("nn.CrossEntropyLoss(label_smoothing=0.1)", "nc"),
    ("nn.CrossEntropyLoss(ignore_index=1, reduction='none')", "nc"),
    ("nn.NLLLoss()", "nc"),
    ("nn.MultiMarginLoss(p=2)", "nc"),
    ("nn.MultiLabelMarginLoss()", "nm"),
]

MAKE = {
    "n": lambda: normal(4, 5),
    "p": lambda: positive(4, 5),
    "u": lambda: N.uniform(0.05, 0.95, (4, 5)).astype(np.float32),
    "s": lambda: np.sign(normal(4, 5)),
    "S": lambda: np.sign(normal(4)),
    "c": lambda: N.integers(0, 5, 4),
    "m": lambda: np.array([[1, 3, -1, 0, 0], [0, -1, 2, 2, 2], [4, 1, 2, 3, 0], [2, -1, 0, 0, 0]]),
}


@pytest.mark.parametrize(("text", "kinds"), LOSSES)
def test_loss(text, kinds):
    theirs, ours = pair(text)
    assert repr(ours) == repr(theirs)
    arrays = [MAKE[kind]() for kind in kinds]
    learned = 1 + kinds[1:].count("n")
    compare(theirs, ours, arrays[:learned], arrays[learned:])


def test_weights_of_losses_are_buffers():
    weight = positive(5)
    theirs = torch.nn.CrossEntropyLoss(torch.from_numpy(weight))
    ours = fg.nn.CrossEntropyLoss(fg.from_numpy(weight))
    assert list(ours.state_dict()) == list(theirs.state_dict()) == ["weight"]
    compare(theirs, ours, [normal(4, 5)], [N.integers(0, 5, 4)])
    theirs = torch.nn.BCEWithLogitsLoss(pos_weight=torch.from_numpy(weight))
    ours = fg.nn.BCEWithLogitsLoss(pos_weight=fg.from_numpy(weight))
    compare(theirs, ours, [normal(4, 5)], [MAKE["u"]()])
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert fg.nn.MSELoss(size_average=False).reduction == "sum"


def test_embeddings():
    for text in ("nn.Embedding(6, 3)", "nn.Embedding(6, 3, padding_idx=2)", "nn.Embedding(6, 3, max_norm=1.0)"):
        theirs, ours = pair(text)
        assert repr(ours) == repr(theirs)
        copied(theirs, ours)
        compare(theirs, ours, [], [np.array([[0, 2, 2], [5, 1, 0]])])
    assert not fg.nn.Embedding(6, 3, padding_idx=2).weight[2].any()
    for mode in ("sum", "mean", "max"):
        theirs, ours = pair(f"nn.EmbeddingBag(6, 3, mode='{mode}')")
        copied(theirs, ours)
        compare(theirs, ours, [], [np.array([[0, 2, 2], [5, 1, 0]])])
        compare(theirs, ours, [], [np.array([0, 2, 2, 5, 1, 0]), np.array([0, 2, 3])])
    with pytest.raises(NotImplementedError, match="sparse"):
        fg.nn.Embedding(2, 2, sparse=True)


def test_masks_of_attention():
    theirs, ours = pair("nn.MultiheadAttention(8, 2, batch_first=True)")
    copied(theirs, ours)
    x = normal(3, 5, 8)
    causal = np.triu(np.ones((5, 5), bool), 1)
    padding = np.array([[False] * 5, [False] * 4 + [True], [False] * 3 + [True] * 2])
    for options in (
        {"attn_mask": causal},
        {"key_padding_mask": padding},
        {"attn_mask": np.where(causal, -1.0, 0.5).astype(np.float32), "average_attn_weights": False},
        {"need_weights": False, "attn_mask": causal, "is_causal": True},
    ):
        a, b = torch.from_numpy(x), fg.from_numpy(x)
        left = {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
        right = {k: fg.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
        for e, f in zip(flat(theirs(a, a, a, **left)), flat(ours(b, b, b, **right)), strict=True):
            close(f, e)
    theirs, ours = pair("nn.Transformer(8, 2, 2, 1, 16, dropout=0.0, batch_first=True)")
    copied(theirs, ours)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(5)
    own = fg.nn.Transformer.generate_square_subsequent_mask(5)
    assert own.numpy().tolist() == mask.numpy().tolist()
    e = theirs(a, a, tgt_mask=mask, src_key_padding_mask=torch.from_numpy(np.where(padding, -np.inf, 0).astype("f4")))
    f = ours(b, b, tgt_mask=own, src_key_padding_mask=fg.from_numpy(padding))
    close(f, e, 1e-3)


def test_dropout_keeps_the_mean_and_rests_in_evaluation():
    fg.manual_seed(0)
    x = fg.ones(200, 50)
    for layer in (fg.nn.Dropout(0.4), fg.nn.Dropout1d(0.4), fg.nn.AlphaDropout(0.4), fg.nn.FeatureAlphaDropout(0.4)):
        y = layer(x[None] if "1d" in type(layer).__name__ else x)
        assert len(np.unique(y.numpy())) == 2
        if "Alpha" not in type(layer).__name__:
            assert abs(float(y.mean()) - 1) < 0.3
        assert layer.eval()(x).equal(x)
    y = fg.nn.Dropout2d(0.5)(fg.ones(8, 8, 3, 3)).numpy().reshape(64, 9)
    assert (y == y[:, :1]).all()
    y = fg.nn.Dropout3d(0.5)(fg.ones(8, 8, 3, 3, 1)).numpy().reshape(64, 9)
    assert (y == y[:, :1]).all()
    layer = fg.nn.RReLU(0.2, 0.4)
    assert layer(-fg.ones(50)).numpy().std() > 0
    assert np.allclose(layer.eval()(-fg.ones(3)).numpy(), -0.3)
    net = fg.nn.LSTM(3, 4, num_layers=2, dropout=0.5)
    x = fg.ones(5, 2, 3)
    assert not net(x)[0].equal(net(x)[0])
    net.eval()
    assert net(x)[0].equal(net(x)[0])


@pytest.mark.parametrize(
    "text",
    [
        *("nn.Linear(30, 40)", "nn.Conv2d(8, 16, 3, groups=2)", "nn.ConvTranspose2d(8, 16, 3)", "nn.Bilinear(9, 8, 7)"),
        *("nn.Embedding(60, 20)", "nn.LSTM(9, 25)", "nn.MultiheadAttention(32, 4)", "nn.GRUCell(9, 25)"),
        *("nn.MultiheadAttention(32, 4, add_bias_kv=True, kdim=9)", "nn.Transformer(16, 2, 1, 1, 64)"),
    ],
)
def test_parameters_begin_distributed_as_in_pytorch(text):
    torch.manual_seed(0)
    fg.manual_seed(0)
    theirs = eval(text, {"nn": torch.nn})
    ours = eval(text, {"nn": fg.nn})
    for (name, p), (label, q) in zip(theirs.named_parameters(), ours.named_parameters(), strict=True):
        assert name == label
        a, b = p.detach().numpy(), q.detach().numpy()
        assert a.shape == b.shape
        if a.std() == 0:
            np.testing.assert_array_equal(a, b)
        elif a.size > 30:
            assert abs(b.std() / a.std() - 1) < 0.35, name
            assert abs(np.abs(b).max() / np.abs(a).max() - 1) < 0.4, name


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_training_follows_pytorch(optimizer):
    torch.manual_seed(0)
    nets = [
        nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.Tanh(), nn.Linear(16, 3)) for nn in (torch.nn, fg.nn)
    ]
    copied(*nets)
    rng = np.random.default_rng(0)  # of its own: that the loss falls is a matter of the numbers
    x, target = rng.standard_normal((32, 4)).astype(np.float32), rng.integers(0, 3, 32)
    histories = []
    for library, net in zip((torch, fg), nets, strict=True):
        inputs, classes = library.from_numpy(x), library.from_numpy(target)
        criterion = library.nn.CrossEntropyLoss()
        steps = getattr(library.optim, optimizer)(net.parameters(), lr=0.05)
        history = []
        for _ in range(30):
            steps.zero_grad()
            loss = criterion(net(inputs), classes)
            loss.backward()
            steps.step()
            history.append(loss.item())
        histories.append(history)
    assert histories[0][-1] < 0.9 * histories[0][0]
    np.testing.assert_allclose(histories[1], histories[0], rtol=2e-3)


def test_layers_run_in_transforms():
    net = fg.nn.Sequential(fg.nn.Linear(3, 5), fg.nn.LayerNorm(5), fg.nn.GELU(), fg.nn.Linear(5, 1)).double()
    x = fg.from_numpy(N.standard_normal((4, 3)))
    parameters = {name: p.detach() for name, p in net.named_parameters()}
    gradients = fg.grad(lambda values: fg.func.functional_call(net, values, x).sum())(parameters)
    net(x).sum().backward()
    for name, p in net.named_parameters():
        np.testing.assert_allclose(gradients[name].numpy(), p.grad.numpy(), rtol=1e-10)
    net.requires_grad_(False)
    rows = fg.vmap(net)(x)
    np.testing.assert_allclose(rows.numpy(), net(x).numpy(), rtol=1e-12)
    lstm = fg.nn.LSTM(3, 2).double().requires_grad_(False)
    assert fg.vmap(lambda s: lstm(s)[0])(fg.stack([x, x + 1])).shape == (2, 4, 2)
    tangent = fg.jvp(lambda v: lstm(v)[0].sum(), (x,), (fg.ones_like(x),))[1]
    slope = fg.grad(lambda v: lstm(v)[0].sum())(x).sum()
    np.testing.assert_allclose(float(tangent), float(slope), rtol=1e-10)


def test_float64_and_bounds_of_sizes():
    layer = fg.nn.Linear(2, 2, dtype=fg.float64)
    assert layer.weight.dtype == fg.float64
    assert layer(fg.ones(1, 2, dtype=fg.float64)).dtype == fg.float64
    layer = fg.nn.ConvTranspose2d(1, 1, 3, stride=2)
    assert layer(fg.ones(1, 1, 4, 4), output_size=(10, 9)).shape == (1, 1, 10, 9)
    with pytest.raises(ValueError, match="valid sizes"):
        layer(fg.ones(1, 1, 4, 4), output_size=(20, 9))


def test_ctc_loss():
    scores, targets = normal(12, 3, 6), N.integers(1, 6, (3, 5))
    lengths = [np.array([12, 10, 8]), np.array([5, 3, 2])]

    def program(library):
        normalize, loss = library.nn.LogSoftmax(-1), library.nn.CTCLoss()
        return type("Loss", (library.nn.Module,), {"forward": lambda self, x, *rest: loss(normalize(x), *rest)})()

    compare(program(torch), program(fg), [scores], [targets, *lengths])
