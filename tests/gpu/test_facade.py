"""On a GPU: scripts as PyTorch's users write them."""

import io
from typing import Any

import numpy as np
import pytest

import funcgrad as torch
from funcgrad import nn, optim
from funcgrad.nn import functional as F


def network() -> Any:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad])
def test_training_is_that_on_the_host(kind: Any) -> None:
    torch.manual_seed(0)
    host = network()
    device = network()
    device.load_state_dict(host.state_dict())
    device.to("cuda")
    x, target = torch.randn(5, 4), torch.tensor([0, 1, 2, 1, 0])
    for net, place in ((host, "cpu"), (device, "cuda")):
        optimizer = kind(net.parameters(), lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            F.cross_entropy(net(x.to(place)), target.to(place)).backward()
            optimizer.step()
    for p, q in zip(host.parameters(), device.parameters(), strict=True):
        assert q.device.type == "cuda"
        assert q.grad.device.type == "cuda"
        np.testing.assert_allclose(q.detach().cpu().numpy(), p.detach().numpy(), 2e-5, 2e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: (nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2)), (2, 1, 8, 8)),
        lambda: (nn.Sequential(nn.LayerNorm(4), nn.GELU(), nn.Softmax(-1)), (3, 4)),
        lambda: (nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True), (2, 5, 8)),
    ],
)
def test_layers_are_those_of_the_host(make: Any) -> None:
    net, shape = make()
    x = torch.randn(*shape)
    gradients = []
    for place in ("cpu", "cuda"):
        net.to(place)
        net.zero_grad()
        net(x.to(place)).pow(2).sum().backward()
        gradients.append([p.grad.cpu().numpy() for p in net.parameters()])
    for g, h in zip(*gradients, strict=True):
        np.testing.assert_allclose(g, h, 1e-3, 1e-4)


def test_saving_and_loading() -> None:
    file = io.BytesIO()
    torch.save({"w": torch.arange(3.0).cuda()}, file)
    file.seek(0)
    assert torch.load(file)["w"].is_cuda
    file.seek(0)
    assert not torch.load(file, map_location="cpu")["w"].is_cuda


def test_a_number_on_the_host_goes_to_the_device() -> None:
    w = torch.tensor(2.0, requires_grad=True)
    x = torch.ones(3, device="cuda")
    y = (w * x).sum()
    y.backward()
    assert y.is_cuda
    assert w.grad is not None
    assert w.grad.device.type == "cpu"
    assert w.grad.item() == 3.0


def test_other_mixtures_raise() -> None:
    with pytest.raises(RuntimeError, match="same device"):
        torch.ones(3, device="cuda") + torch.ones(3)


def test_printing_names_the_device() -> None:
    assert repr(torch.ones(2, device="cuda")) == "tensor([1., 1.], device='cuda:0')"
