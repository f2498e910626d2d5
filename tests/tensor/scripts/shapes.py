"""Shapes, joining and broadcasting."""

from typing import Any

from .common import error, show, wave


def reshapes(torch: Any) -> None:
    x = torch.arange(6)
    print(
        x.view(2, 3), x.reshape(3, -1), x.view(-1, 2).shape, x.reshape((2, 3)).flatten(), x.view(1, 6).squeeze().shape
    )
    error(x.view, 4)
    error(x.reshape, -1, -1)


def axes(torch: Any) -> None:
    x = torch.ones(2, 3, 4)
    print(x.permute(2, 0, 1).shape, x.transpose(0, 2).shape, x.movedim(0, -1).shape, x.swapaxes(0, 1).shape, x.mT.shape)
    print(
        x.unsqueeze(-1).shape,
        x.unsqueeze(1).shape,
        torch.ones(1, 2, 1).squeeze().shape,
        torch.ones(1, 2, 1).squeeze(0).shape,
    )
    print(torch.ones(2, 3).T.shape, torch.ones(2, 3).t().shape, x.flatten(1).shape, x.unflatten(2, (2, 2)).shape)
    error(x.permute, 0, 1)
    error(x.unsqueeze, 7)


def joins(torch: Any) -> None:
    a, b = torch.ones(2, 2), torch.zeros(1, 2)
    print(torch.cat([a, b]), torch.stack([b, b]).shape, torch.hstack([a, a]).shape, torch.vstack([a, b]).shape)
    print(torch.cat([a, a], dim=1).shape, torch.cat((a, b), -2).shape, torch.dstack([a, a]).shape)
    error(torch.cat, [a, torch.ones(3, 3)])
    error(torch.stack, [a, b])


def gradient_of_joins(torch: Any) -> None:
    a, b = torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)
    (torch.cat([a, b, a]) * torch.arange(7.0)).sum().backward()
    print(a.grad, b.grad)


def splits(torch: Any) -> None:
    x = torch.arange(7)
    print(x.split(3), x.chunk(3), x.split([1, 6]), torch.tensor_split(x, 2), torch.arange(4).reshape(2, 2).unbind())


def gradient_of_splits(torch: Any) -> None:
    x = wave(torch, 6, leaf=True)
    a, b = x.chunk(2)
    (a * b).sum().backward()
    print(x.grad)


def expands(torch: Any) -> None:
    x = torch.tensor([[1.0], [2.0]], requires_grad=True)
    y = x.expand(2, 3)
    y.sum().backward()
    print(y, x.grad, x.expand(-1, 2).shape, x.expand(4, 2, 2).shape, x.expand_as(torch.ones(2, 5)).shape)
    error(x.expand, 3, 1)


def repeats(torch: Any) -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.repeat(2, 2)
    y.sum().backward()
    show(y, x.grad, x.detach().repeat_interleave(2), torch.tile(x.detach(), (2,)), x.detach().repeat(1, 1, 2).shape)


def broadcasting(torch: Any) -> None:
    a, b = torch.ones(3, 1), torch.arange(4.0)
    print(
        (a + b).shape,
        (a * b)[0],
        torch.broadcast_shapes((3, 1), (4,)),
        [t.shape for t in torch.broadcast_tensors(a, b)],
    )
    error(lambda: torch.ones(2) + torch.ones(3))


def gradient_of_broadcasting(torch: Any) -> None:
    a, b, c = wave(torch, 2, 1, leaf=True), wave(torch, 3, leaf=True), torch.tensor(2.0, requires_grad=True)
    ((a + b) * c).sum().backward()
    print(a.grad, b.grad, c.grad)


def flips_and_rolls(torch: Any) -> None:
    x = torch.arange(6).reshape(2, 3)
    print(x.flip(0), x.flip(0, 1), x.roll(1), x.roll(1, 1), torch.rot90(x), x.fliplr())


def triangles(torch: Any) -> None:
    x = torch.arange(9).reshape(3, 3)
    print(
        x.tril(), x.triu(1), torch.diag(torch.tensor([1, 2])), x.diag(), x.diagonal(1), torch.diag_embed(torch.ones(2))
    )


def meshes(torch: Any) -> None:
    print(
        torch.meshgrid(torch.arange(2), torch.arange(3), indexing="ij"),
        torch.cartesian_prod(torch.arange(2), torch.arange(2)),
    )


def view_of_a_view_gradient(torch: Any) -> None:
    x = wave(torch, 2, 3, leaf=True)
    y = x.t().reshape(2, 3)[1].unsqueeze(0).expand(2, 3)
    (y * torch.tensor([[1.0], [2.0]])).sum().backward()
    print(x.grad)


def strides(torch: Any) -> None:
    x = torch.ones(2, 3)
    print(
        x.stride(),
        x.t().stride(),
        x.t().is_contiguous(),
        x.t().contiguous().stride(),
        x[:, 1].stride(),
        x.storage_offset(),
    )
    print(x[1].storage_offset(), x.element_size(), x.nelement(), x.is_contiguous())


def pads(torch: Any) -> None:
    x = torch.arange(4.0).reshape(1, 2, 2)
    pad = torch.nn.functional.pad
    print(
        pad(x, (1, 0)),
        pad(x, (0, 1, 1, 0), value=9.0),
        pad(x, (1, 1), mode="reflect"),
        pad(x, (1, 1), mode="replicate"),
    )


def padded_gradient(torch: Any) -> None:
    x = wave(torch, 1, 3, leaf=True)
    y = torch.nn.functional.pad(x, (2, 2), mode="reflect")
    (y * torch.arange(7.0)).sum().backward()
    print(x.grad)
