"""Edges of single functions."""

from typing import Any

from .common import error, fill, show, wave


def means_of_dtypes(torch: Any) -> None:
    show(torch.ones(2, dtype=torch.float16).mean(), torch.tensor([True, False]).float().mean(), torch.arange(3).sum(0))
    error(torch.tensor([True]).mean)


def argmax_ties(torch: Any) -> None:
    x = torch.tensor([[1, 3, 3], [2, 2, 1]])
    print(x.argmax(1), x.argmin(1), x.max(1).indices, x.flip(1).argmax(1), x.argmax(), x.argmax(keepdim=True))


def sort_is_stable(torch: Any) -> None:
    x = torch.tensor([2, 1, 2, 1])
    print(torch.sort(x, stable=True), x.argsort(stable=True), torch.argsort(x, descending=True, stable=True))


def squeeze_many(torch: Any) -> None:
    x = torch.ones(1, 2, 1)
    print(x.squeeze((0, 2)).shape, x.squeeze(1).shape, x[0].squeeze(-1).shape, x.squeeze(-1).shape)


def view_of_a_dtype(torch: Any) -> None:
    print(torch.ones(2).view(torch.int32), torch.tensor([1.0]).view(torch.uint8))


def view_of_a_dtype_that_does_not_fit(torch: Any) -> None:
    error(torch.ones(3).view, torch.float64)


def view_as(torch: Any) -> None:
    print(torch.arange(4).view_as(torch.ones(2, 2)), torch.arange(4).reshape_as(torch.ones(4, 1)))


def contiguous_copies(torch: Any) -> None:
    x = torch.arange(4.0).reshape(2, 2)
    y = x.t().contiguous()
    y[0, 0] = 9
    z = x.contiguous()
    z[1, 1] = 8
    print(x, y, z is x)


def std_of_one(torch: Any) -> None:
    print(torch.ones(1).std(), torch.ones(1).var(unbiased=False), torch.ones(1).std(correction=0))


def integer_powers(torch: Any) -> None:
    x = torch.tensor([2, 3])
    print(x**2, x**0, x.pow(3), x.float() ** -1, torch.pow(2, x), x**2.0)
    error(lambda: x**-1)


def floor_of_negatives(torch: Any) -> None:
    x = torch.tensor([-1.5, 1.5, 2.5, -0.5])
    print(x.floor(), x.ceil(), x.round(), x.trunc(), x.frac(), x // 1, x % 1, x.fmod(1), x.round(decimals=1))


def linspace_ends(torch: Any) -> None:
    print(torch.linspace(0, 1, 1), torch.linspace(3, 1, 3), torch.arange(0.0, 0.3, 0.1), torch.arange(1, 2, 0.5).dtype)
    error(torch.arange, 0, 3, 0)
    error(torch.arange, 0, 3, -1)


def clamp_with_tensors(torch: Any) -> None:
    x = wave(torch, 4, leaf=True)
    y = x.clamp(torch.full((4,), -0.5, dtype=torch.float64), torch.full((4,), 0.5, dtype=torch.float64))
    y.sum().backward()
    show(y, x.grad)
    error(x.clamp)


def dropout_gradient(torch: Any) -> None:
    x = torch.ones(100, requires_grad=True)
    y = torch.nn.functional.dropout(x, 0.5)
    y.sum().backward()
    print(torch.equal(x.grad, y.detach()))


def pooled_padding(torch: Any) -> None:
    F = torch.nn.functional
    x = wave(torch, 1, 1, 5, 5, leaf=True)
    y = F.max_pool2d(x, 3, stride=2, padding=1, ceil_mode=True)
    y.sum().backward()
    show(y, x.grad, F.avg_pool2d(x, 2, ceil_mode=True))


def strided_dilated_grouped(torch: Any) -> None:
    F = torch.nn.functional
    x, w = wave(torch, 1, 4, 7, 7, leaf=True), wave(torch, 4, 2, 2, 2, leaf=True)
    y = F.conv2d(x, w, stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2)
    (y**2).sum().backward()
    show(y.shape, y[0, 0], x.grad[0, 1], w.grad[3])


def three_axes_convolution(torch: Any) -> None:
    F = torch.nn.functional
    x, w = wave(torch, 1, 1, 3, 3, 3, leaf=True), wave(torch, 1, 1, 2, 2, 2)
    F.conv3d(x, w).pow(2).sum().backward()
    show(F.conv3d(x, w), x.grad[0, 0, 1])


def batch_norm_gradients(torch: Any) -> None:
    layer = torch.nn.BatchNorm2d(2).double()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([1.5, 0.5]))
        layer.bias.copy_(torch.tensor([0.5, -1.0]))
    x = wave(torch, 2, 2, 2, 2, leaf=True)
    (layer(x) ** 3).sum().backward()
    show(x.grad[0], layer.weight.grad, layer.bias.grad)
    layer.eval()
    x.grad = None
    (layer(x) ** 3).sum().backward()
    show(x.grad[0])


def one_value_per_channel(torch: Any) -> None:
    error(torch.nn.BatchNorm1d(2), torch.ones(1, 2))
    error(torch.nn.LayerNorm(3), torch.ones(2, 4))
    error(torch.nn.Conv2d(3, 1, 3), torch.ones(1, 1, 5, 5))


def masked_attention(torch: Any) -> None:
    layer = fill(torch, torch.nn.MultiheadAttention(4, 2, batch_first=True).double())
    x = wave(torch, 2, 3, 4)
    mask = torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)
    padding = torch.tensor([[False, False, True], [False, False, False]])
    y, weights = layer(x, x, x, attn_mask=mask, average_attn_weights=False)
    show(y, weights.shape)
    show(layer(x, x, x, key_padding_mask=padding, need_weights=False))


def lstm_with_states(torch: Any) -> None:
    layer = fill(torch, torch.nn.LSTM(2, 2, batch_first=True, bidirectional=True, num_layers=2).double())
    x = wave(torch, 2, 3, 2, leaf=True)
    h, c = wave(torch, 4, 2, 2), wave(torch, 4, 2, 2) * 0.5
    y, (h, c) = layer(x, (h, c))
    y.pow(2).sum().backward()
    show(y, h, c, x.grad)


def loss_reductions(torch: Any) -> None:
    F = torch.nn.functional
    a, labels = wave(torch, 2, 3, 2), torch.tensor([[0, 2], [1, -100]])
    show(
        F.cross_entropy(a, labels),
        F.cross_entropy(a, labels, reduction="none"),
        F.cross_entropy(a, labels, reduction="sum"),
    )
    error(F.mse_loss, a, a, reduction="average")


def index_put_accumulates(torch: Any) -> None:
    x = torch.zeros(3)
    x.index_put_((torch.tensor([0, 0, 2]),), torch.ones(3), accumulate=True)
    print(
        x,
        torch.zeros(2).index_copy(0, torch.tensor([1]), torch.ones(1)),
        torch.zeros(2).index_add(0, torch.tensor([1, 1]), torch.ones(2)),
    )


def scatter_reductions(torch: Any) -> None:
    x = torch.ones(4, requires_grad=True)
    y = torch.zeros(2).scatter_reduce(0, torch.tensor([0, 0, 1, 1]), x * torch.arange(4.0), reduce="sum")
    (y**2).sum().backward()
    show(y, x.grad, torch.zeros(2).scatter_reduce(0, torch.tensor([0, 1]), torch.ones(2), reduce="amax"))


def numpy_functions_of_results(torch: Any) -> None:
    x = torch.ones(2, 2)
    print(x.numpy().shape, x.tolist(), x.T.numpy().flags["C_CONTIGUOUS"], x.sum().numpy())


def unused_module_parameters(torch: Any) -> None:
    a, b = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    a(torch.ones(1, 1)).sum().backward()
    print(a.weight.grad, b.weight.grad)
    optimizer = torch.optim.Adam([*a.parameters(), *b.parameters()])
    optimizer.step()
    print(len(optimizer.state))


def normalized_weights(torch: Any) -> None:
    w = wave(torch, 3, 2, leaf=True)
    (w / w.norm(dim=1, keepdim=True)).sum().backward()
    print(w.grad)


def log_of_determinant(torch: Any) -> None:
    a = wave(torch, 2, 2)
    s = (a @ a.T + torch.eye(2, dtype=torch.float64)).requires_grad_(True)
    (2 * torch.linalg.cholesky(s).diagonal().log().sum()).backward()
    print(s.grad)


def distances(torch: Any) -> None:
    x = wave(torch, 3, 2, leaf=True)
    d = torch.cdist(x, x.detach() + 1)
    d.sum().backward()
    show(d, x.grad)


def products_of_many_axes(torch: Any) -> None:
    a, b = wave(torch, 2, 1, 2, 3, leaf=True), wave(torch, 4, 3, 2, leaf=True)
    y = a @ b
    (y**2).sum().backward()
    show(y.shape, a.grad[0], b.grad[0])
