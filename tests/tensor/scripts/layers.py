"""`nn.functional`."""

from typing import Any

from .common import error, show, wave


def activations(torch: Any) -> None:
    F = torch.nn.functional
    x = torch.tensor([-1.5, -0.2, 0.3, 2.0], dtype=torch.float64, requires_grad=True)
    functions = [
        F.relu,
        F.leaky_relu,
        F.elu,
        F.gelu,
        F.silu,
        F.softplus,
        F.logsigmoid,
        F.tanh,
        F.sigmoid,
        F.mish,
        F.selu,
    ]
    for f in functions:
        print(f(x).detach(), torch.autograd.grad(f(x).sum(), x))


def softmax(torch: Any) -> None:
    F = torch.nn.functional
    x = wave(torch, 2, 3)
    print(
        F.softmax(x, dim=1), F.log_softmax(x, dim=0), F.softmin(x, dim=1), F.softmax(x.float(), -1, dtype=torch.float64)
    )


def cross_entropy(torch: Any) -> None:
    F = torch.nn.functional
    x = wave(torch, 3, 4, leaf=True)
    loss = F.cross_entropy(x, torch.tensor([1, 0, 3]), weight=torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64))
    loss.backward()
    print(loss, x.grad, F.cross_entropy(x, torch.tensor([1, 0, 3]), reduction="none"))
    error(F.cross_entropy, x, torch.tensor([1, 0, 9]))


def nll(torch: Any) -> None:
    F = torch.nn.functional
    x = wave(torch, 2, 3).log_softmax(1)
    print(F.nll_loss(x, torch.tensor([2, 0])), F.nll_loss(x, torch.tensor([2, 0]), reduction="sum"))


def regression_losses(torch: Any) -> None:
    F = torch.nn.functional
    a, b = wave(torch, 4, leaf=True), torch.zeros(4, dtype=torch.float64)
    losses = [F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss]
    for f in losses:
        print(f(a, b), torch.autograd.grad(f(a, b, reduction="sum"), a))


def binary_losses(torch: Any) -> None:
    F = torch.nn.functional
    a, t = wave(torch, 4, leaf=True), torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=torch.float64)
    f = F.binary_cross_entropy_with_logits
    print(f(a, t), torch.autograd.grad(f(a, t), a), F.binary_cross_entropy(a.sigmoid(), t))
    error(F.binary_cross_entropy, a, t)


def linear(torch: Any) -> None:
    F = torch.nn.functional
    x, w, b = wave(torch, 2, 3, leaf=True), wave(torch, 4, 3), wave(torch, 4)
    F.linear(x, w, b).sum().backward()
    print(F.linear(x, w, b), F.linear(x, w).shape, x.grad)
    error(F.linear, x, w.T)


def bilinear(torch: Any) -> None:
    print(torch.nn.functional.bilinear(wave(torch, 2, 3), wave(torch, 2, 2), wave(torch, 1, 3, 2)))


def conv1d(torch: Any) -> None:
    F = torch.nn.functional
    x, w = wave(torch, 1, 2, 6, leaf=True), wave(torch, 3, 2, 3, leaf=True)
    y = F.conv1d(x, w, stride=2, padding=1)
    (y**2).sum().backward()
    print(y, x.grad, w.grad[0])


def conv2d(torch: Any) -> None:
    F = torch.nn.functional
    x, w, b = wave(torch, 1, 2, 4, 4, leaf=True), wave(torch, 2, 2, 3, 3, leaf=True), wave(torch, 2, leaf=True)
    y = F.conv2d(x, w, b, padding="same")
    (y**2).sum().backward()
    print(y[0, 0], x.grad[0, 0], w.grad[0, 0], b.grad)
    error(F.conv2d, x, wave(torch, 2, 3, 3, 3))


def conv_transpose2d(torch: Any) -> None:
    F = torch.nn.functional
    x, w = wave(torch, 1, 2, 2, 2, leaf=True), wave(torch, 2, 1, 3, 3, leaf=True)
    y = F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1)
    (y**2).sum().backward()
    print(y, x.grad, w.grad[0])


def double_backward_through_conv(torch: Any) -> None:
    F = torch.nn.functional
    x, w = wave(torch, 1, 1, 4, 4, leaf=True), wave(torch, 1, 1, 2, 2, leaf=True)
    (g,) = torch.autograd.grad(F.conv2d(x, w).tanh().sum(), x, create_graph=True)
    g.pow(2).sum().backward()
    print(w.grad, x.grad)


def max_pool2d(torch: Any) -> None:
    F = torch.nn.functional
    x = wave(torch, 1, 1, 4, 4, leaf=True)
    y, where = F.max_pool2d(x, 2, return_indices=True)
    (y**2).sum().backward()
    print(y, where, x.grad)


def avg_pools(torch: Any) -> None:
    F = torch.nn.functional
    x = wave(torch, 1, 1, 4, 4)
    print(F.avg_pool2d(x, 2), F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False), F.avg_pool1d(x[0], 2))
    print(F.adaptive_avg_pool2d(x, 3), F.adaptive_max_pool2d(x, (1, 2)))


def norms(torch: Any) -> None:
    F = torch.nn.functional
    x = wave(torch, 3, 4, leaf=True)
    print(F.layer_norm(x, (4,)), F.normalize(x, dim=1), F.batch_norm(x, None, None, training=True))
    F.normalize(x).sum().backward()
    print(x.grad)


def dropout(torch: Any) -> None:
    F = torch.nn.functional
    x = torch.ones(4, requires_grad=True)
    print(F.dropout(x, 0.0), F.dropout(x, 0.9, training=False), F.dropout(x.detach(), 1.0))
    error(F.dropout, x, 1.5)


def one_hot(torch: Any) -> None:
    F = torch.nn.functional
    print(F.one_hot(torch.tensor([0, 2])), F.one_hot(torch.tensor([[1]]), 3))


def embedding(torch: Any) -> None:
    F = torch.nn.functional
    w = wave(torch, 3, 2, leaf=True)
    F.embedding(torch.tensor([1, 1, 0]), w).sum().backward()
    print(w.grad)


def similarity(torch: Any) -> None:
    F = torch.nn.functional
    a, b = wave(torch, 2, 3, leaf=True), wave(torch, 2, 3) + 0.3
    F.cosine_similarity(a, b).sum().backward()
    show(F.cosine_similarity(a, b), a.grad, F.pairwise_distance(a, b))


def attention(torch: Any) -> None:
    F = torch.nn.functional
    q = wave(torch, 1, 2, 3, 4, leaf=True)
    y = F.scaled_dot_product_attention(q, q, q, is_causal=True)
    y.sum().backward()
    show(y, q.grad[0, 0])


def interpolate(torch: Any) -> None:
    F = torch.nn.functional
    x = wave(torch, 1, 1, 2, 2, leaf=True)
    y = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    (y * y).sum().backward()
    print(F.interpolate(x, size=3), y, x.grad)


def unfold_and_fold(torch: Any) -> None:
    F = torch.nn.functional
    x = wave(torch, 1, 1, 3, 3)
    columns = F.unfold(x, 2)
    print(columns, F.fold(columns, (3, 3), 2))


def margin_losses(torch: Any) -> None:
    F = torch.nn.functional
    a, b, y = wave(torch, 3), wave(torch, 3) * -0.5, torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)
    print(F.margin_ranking_loss(a, b, y, margin=0.3), F.hinge_embedding_loss(a, y), F.soft_margin_loss(a, y))
    print(
        F.triplet_margin_loss(a[None], b[None], a[None] * 0.3),
        F.kl_div(a.log_softmax(0), b.softmax(0), reduction="sum"),
    )
    print(F.poisson_nll_loss(a, b.abs()), F.gaussian_nll_loss(a, b, y * y))


def glu(torch: Any) -> None:
    F = torch.nn.functional
    x = wave(torch, 2, 4)
    print(
        F.glu(x),
        F.threshold(x, 0.1, 9.0),
        F.hardtanh(x, -0.5, 0.5),
        F.prelu(x, torch.tensor([0.3], dtype=torch.float64)),
    )
