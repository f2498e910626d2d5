"""What made a tensor, by name."""

from typing import Any


def _names(*made: Any) -> None:
    for y in made:
        print(y.grad_fn.name())


def arithmetic(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    _names(x + 1, x - 1, x * 2, x / 2, x**2, x @ x, -x, x + x, x - x, x * x, x / x)


def reflected_difference(torch: Any) -> None:
    _names(2 - torch.ones(2, requires_grad=True))


def reflected_quotient(torch: Any) -> None:
    _names(2 / torch.ones(2, requires_grad=True))


def reflected_power(torch: Any) -> None:
    _names(2 ** torch.ones(2, requires_grad=True))


def power_of_tensors(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    _names(x**x)


def elementwise(torch: Any) -> None:
    x = torch.full((2,), 0.5, requires_grad=True)
    _names(x.exp(), x.log(), x.sin(), x.cos(), x.tanh(), x.sigmoid(), x.relu(), x.sqrt(), x.abs(), x.erf(), x.log1p())
    _names(x.clone(), x.sign(), torch.where(x > 0, x, -x), x.reciprocal(), x.square(), torch.maximum(x, x * 2))


def reductions(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    _names(x.sum(), x.sum(0), x.mean(), x.mean(1), x.amax(0), x.std(), x.var(0))


def largest(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    _names(x.max(), x.max(0).values)


def product(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    _names(x.prod(), x.prod(0))


def norm(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    _names(x.norm(), torch.linalg.norm(x))


def views(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    _names(
        x.view(4), x.reshape(4, 1), x.unsqueeze(0), x.permute(1, 0), x.transpose(0, 1), x.expand(3, 2, 2), x.squeeze()
    )
    _names(x[0], x[:, 1], x[0:1], x[None], x.select(0, 1), x.diagonal())


def transposed(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    _names(x.t(), x.T)


def joined(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    _names(torch.cat([x, x]), torch.stack([x, x]))


def repeated(torch: Any) -> None:
    _names(torch.ones(2, requires_grad=True).repeat(2))


def unbound(torch: Any) -> None:
    _names(*torch.ones(2, 2, requires_grad=True).unbind())


def splits(torch: Any) -> None:
    _names(*torch.ones(4, requires_grad=True).split(2))


def chosen_by_an_index(torch: Any) -> None:
    x, i = torch.ones(2, requires_grad=True), torch.tensor([0])
    _names(x[i], x[x > 0])


def gathered(torch: Any) -> None:
    _names(torch.ones(2, requires_grad=True).gather(0, torch.tensor([0])))


def selected(torch: Any) -> None:
    _names(torch.ones(2, requires_grad=True).index_select(0, torch.tensor([0])))


def scattered(torch: Any) -> None:
    i, x = torch.tensor([0]), torch.ones(2, requires_grad=True)
    _names(torch.zeros(2).scatter(0, i, x), torch.zeros(2).scatter_add(0, i, x))


def written(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 1
    y[0] = 5
    _names(y)


def written_by_an_index(torch: Any) -> None:
    y = torch.ones(3, requires_grad=True) * 1
    y[[0, 1]] = 5
    _names(y)


def clamped(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    _names(x.clamp(0, 1), x.clamp(min=0))


def softmax(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    _names(x.softmax(0), x.log_softmax(0), x.logsumexp(0))


def running(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    _names(x.cumsum(0), x.cumprod(0), x.cummax(0).values)


def sorted_values(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    _names(x.sort().values, x.topk(1).values)


def interpolated(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    _names(torch.lerp(x, x, 0.5), torch.addcdiv(x, x, x))


def products(torch: Any) -> None:
    x, v = torch.ones(2, 2, requires_grad=True), torch.ones(2, requires_grad=True)
    _names(torch.dot(v, v), x @ v, torch.mm(x, x), torch.bmm(x[None], x[None]), torch.addmm(x, x, x))


def einsum(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    _names(torch.einsum("ij,jk->ik", x, x))


def factorizations(torch: Any) -> None:
    x = torch.eye(2).requires_grad_(True)
    _names(torch.linalg.inv(x), torch.linalg.det(x), torch.linalg.cholesky(x), torch.linalg.solve(x, x))


def spectra(torch: Any) -> None:
    x = torch.tensor([[2.0, 0.0], [0.0, 1.0]], requires_grad=True)
    _names(torch.linalg.eigvalsh(x), torch.linalg.svdvals(x))


def converted(torch: Any) -> None:
    _names(torch.ones(2, requires_grad=True).double())


def complex_parts(torch: Any) -> None:
    z = torch.ones(2, dtype=torch.complex64, requires_grad=True)
    _names(z.real, z.imag, z.abs(), torch.view_as_real(z))


def layers(torch: Any) -> None:
    F = torch.nn.functional
    x, image = torch.ones(2, 3, requires_grad=True), torch.ones(1, 1, 4, 4, requires_grad=True)
    w, b = torch.ones(2, 3), torch.ones(2)
    _names(F.linear(x, w, b), F.linear(x, w), F.conv2d(image, torch.ones(1, 1, 2, 2)), F.max_pool2d(image, 2))
    _names(F.gelu(x), F.silu(x), F.elu(x), F.softplus(x), F.layer_norm(x, (3,)), F.embedding(torch.tensor([0]), x))


def losses(torch: Any) -> None:
    F = torch.nn.functional
    x, t = torch.full((2, 3), 0.5, requires_grad=True), torch.zeros(2, 3)
    _names(F.mse_loss(x, t), F.l1_loss(x, t), F.smooth_l1_loss(x, t), F.huber_loss(x, t), F.binary_cross_entropy(x, t))
    _names(F.cross_entropy(x, torch.tensor([0, 1])), F.nll_loss(x, torch.tensor([0, 1])))


def attention(torch: Any) -> None:
    x = torch.ones(1, 2, 3, 4, requires_grad=True)
    _names(torch.nn.functional.scaled_dot_product_attention(x, x, x))


def prelu(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    _names(torch.nn.functional.prelu(x, torch.ones(1)))


def iterated(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    _names(*x, *x[0])


def kinds_of_writes(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    for index, value in (((0, [0, 1]), 5), (..., 5), (slice(None), x), (x > 0, 5), ((slice(None), 0), x[0])):
        y = x * 1
        y[index] = value
        _names(y)
    _names((x * 1).fill_(1), (x * 1).fill_(torch.tensor(1.0)), (x * 1).zero_(), (x * 1).copy_(x))


def kinds_of_einsum(torch: Any) -> None:
    x, v = torch.ones(2, 2, requires_grad=True), torch.ones(2, requires_grad=True)
    _names(torch.einsum("ij->ji", x), torch.einsum("ii->", x))
    _names(torch.einsum("i,j->ij", v, v), torch.einsum("ij,j", x, v))


def steps_of_a_reflected_quotient(torch: Any) -> None:
    node = (3 / torch.ones(2, requires_grad=True)).grad_fn
    print([None if before is None else before.name() for before, _ in node.next_functions])
