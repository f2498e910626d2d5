"""Training steps where the arrays live on a device: nothing is copied to the host, and the numbers are the host's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as torch
from funcgrad import nn
from funcgrad.nn import functional as F
from funcgrad.tensor.shell import wrap
from funcgrad.testing import DeviceArray, host_copies

SHAPES = {
    "convolutional": (3, 2, 8, 8),
    "sequence": (5, 3, 4),
    "attention": (3, 5, 8),
    "transposed": (3, 2, 4, 4),
    "flat": (3, 4),
}
TARGET = np.array([2, 0, 1])


def convolutional() -> Any:
    return nn.Sequential(
        *(nn.Conv2d(2, 4, 3, padding=1, stride=2), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(4, 4, 2, groups=2), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)),
    )


def pooled() -> Any:
    return nn.Sequential(
        *(nn.Conv2d(2, 2, 3, dilation=2), nn.MaxPool2d(2, return_indices=False, stride=1), nn.AvgPool2d(2)),
        *(nn.GroupNorm(1, 2), nn.Flatten(), nn.LazyLinear(3)),
    )


def transposed() -> Any:
    return nn.Sequential(
        *(nn.ConvTranspose2d(2, 2, 3, stride=2), nn.Upsample(scale_factor=2), nn.SiLU()),
        *(nn.Upsample(size=(5, 5), mode="bilinear"), nn.Flatten(), nn.Linear(50, 3)),
    )


class Last(nn.Module):
    """The last outputs of a recurrent net, as scores."""

    def __init__(self, kind: Any, **options: Any) -> None:
        super().__init__()
        self.net = kind(4, 6, **options)
        ways = 2 if options.get("bidirectional") else 1
        self.scores = nn.Linear(6 * ways, 3)
        self.states = ways * options.get("num_layers", 1)

    def forward(self, x: Any) -> Any:
        zero = (x[:1, :, :1] * 0).repeat(
            self.states, 1, 6
        )  # without it, it is made on `x.device`: the stand-in has none
        start = (zero, zero) if isinstance(self.net, nn.LSTM) else zero
        return self.scores(self.net(x, start)[0][-1])


class Attending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.scores = nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        return self.scores(self.norm(x + self.attention(x, x, x)[0]).mean(1))


def flat() -> Any:
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.LayerNorm(8), nn.Linear(8, 3))


NETS: dict[str, tuple[Callable[[], Any], str]] = {
    "convolutional": (convolutional, "convolutional"),
    "pooled": (pooled, "convolutional"),
    "transposed": (transposed, "transposed"),
    "rnn": (lambda: Last(nn.RNN), "sequence"),
    "lstm": (lambda: Last(nn.LSTM, num_layers=2, bidirectional=True), "sequence"),
    "gru": (lambda: Last(nn.GRU), "sequence"),
    "attention": (Attending, "attention"),
    "encoder": (
        lambda: nn.Sequential(
            nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True), nn.Flatten(), nn.Linear(40, 3)
        ),
        "attention",
    ),
    "flat": (flat, "flat"),
}


def move(net: Any) -> None:
    """Put the parameters and buffers of a net on the device."""
    for p in net.parameters():
        p.payload = DeviceArray(p.detach().numpy())
        p.requires_grad_()
    for module in net.modules():
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = wrap(DeviceArray(buffer.numpy()))


def trained(net: Any, x: Any, target: Any, loss: Any) -> list[Any]:
    """Return what two steps make of the parameters."""
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    for _ in range(2):
        optimizer.zero_grad()
        loss(net(x), target).backward()
        optimizer.step()
    return [p.detach().payload for p in net.parameters()]


def compare(make: Any, x: np.ndarray, target: np.ndarray, loss: Any) -> None:
    torch.manual_seed(0)
    host = make().eval()
    host(torch.tensor(x))  # lazy layers learn their size
    host.train()
    device = make().eval()
    device(torch.tensor(x))
    device.train()
    device.load_state_dict(host.state_dict())
    move(device)
    want = trained(host, torch.tensor(x), torch.tensor(target), loss)
    with host_copies() as copies:
        got = trained(device, wrap(DeviceArray(x)), wrap(DeviceArray(target)), loss)
    assert not copies
    for g, w in zip(got, want, strict=True):
        assert type(g) is DeviceArray
        np.testing.assert_allclose(g.array, w, 1e-4, 1e-5)


@pytest.mark.parametrize("name", NETS)
def test_training_stays_on_the_device(name: str) -> None:
    make, shape = NETS[name]
    x = np.random.default_rng(0).normal(size=SHAPES[shape]).astype(np.float32)
    compare(make, x, TARGET, F.cross_entropy)


class Words(nn.Module):
    def __init__(self, bags: bool) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(7, 4) if bags else nn.Embedding(7, 4, padding_idx=0)
        self.scores = nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        rows = self.table(x)
        return self.scores(rows if rows.ndim == 2 else rows.mean(1))


@pytest.mark.parametrize("bags", [False, True])
def test_embeddings_stay_on_the_device(bags: bool) -> None:
    compare(lambda: Words(bags), np.array([[1, 2], [0, 3], [6, 1]]), TARGET, F.cross_entropy)


def test_bags_in_a_list_stay_on_the_device() -> None:
    weight = np.linspace(0.0, 1.0, 12, dtype=np.float32).reshape(4, 3)
    numbers, starts = np.array([1, 2, 1, 3]), np.array([0, 1, 3])
    want = F.embedding_bag(torch.tensor(numbers), torch.tensor(weight), torch.tensor(starts)).numpy()
    with host_copies() as copies:
        got = F.embedding_bag(*(wrap(DeviceArray(x)) for x in (numbers, weight, starts)))
    assert not copies
    np.testing.assert_array_equal(got.payload.array, want)


Y = np.array([[0.2, 0.7, -0.4], [1.2, -0.3, 0.1], [0.3, 0.9, 0.5]], np.float32)
SAME = np.array([[0.5, 0.1, 0.9], [1.0, 0.0, 0.3], [0.2, 0.6, 0.7]], np.float32)


@pytest.mark.parametrize(
    ("loss", "target"),
    [
        (lambda y, t: F.cross_entropy(y, t, label_smoothing=0.1), TARGET),
        (lambda y, t: F.cross_entropy(y, t, ignore_index=1), TARGET),
        (lambda y, t: F.nll_loss(F.log_softmax(y, 1), t), TARGET),
        (F.multi_margin_loss, TARGET),
        (F.mse_loss, SAME),
        (F.l1_loss, SAME),
        (F.smooth_l1_loss, SAME),
        (F.huber_loss, SAME),
        (lambda y, t: F.kl_div(y, t, reduction="batchmean"), SAME),
        (lambda y, t: F.binary_cross_entropy(F.sigmoid(y), t), SAME),
        (F.binary_cross_entropy_with_logits, SAME),
        (F.poisson_nll_loss, SAME),
        (F.soft_margin_loss, np.sign(SAME - 0.5)),
        (F.hinge_embedding_loss, np.where(SAME > 0.5, 1, -1).astype(np.float32)),
        (lambda y, t: F.gaussian_nll_loss(y, t, y * y + 1), SAME),
        (lambda y, t: F.gumbel_softmax(y * 0, hard=True).sum() * 0 + F.mse_loss(y, t), SAME),
        (F.multilabel_margin_loss, np.array([[0, -1, 1], [1, 2, -1], [2, -1, 0]])),
        (lambda y, t: F.triplet_margin_loss(y, t, t + 1), SAME),
        (lambda y, t: F.cosine_similarity(y, t).sum(), SAME),
    ],
)
def test_losses_stay_on_the_device(loss: Any, target: np.ndarray) -> None:
    y = torch.tensor(Y, requires_grad=True)
    loss(y, torch.tensor(target)).backward()
    z = wrap(DeviceArray(Y)).requires_grad_()
    with host_copies() as copies:
        loss(z, wrap(DeviceArray(target))).backward()
    assert not copies
    assert y.grad is not None
    assert z.grad is not None
    np.testing.assert_allclose(z.grad.payload.array, y.grad.numpy(), 1e-5, 1e-6)
