"""Sums, means, extrema, sorting and running totals."""

from typing import Any

from .common import error, show, wave


def sums(torch: Any) -> None:
    x = torch.arange(6.0).reshape(2, 3)
    print(
        x.sum(),
        x.sum(0),
        x.sum(dim=1, keepdim=True),
        x.sum((0, 1)),
        torch.sum(x, -1),
        x.sum(axis=0),
        x.sum(dtype=torch.float64),
    )


def means_and_spreads(torch: Any) -> None:
    x = wave(torch, 3, 4)
    print(x.mean(), x.mean(0), x.std(), x.std(1), x.var(unbiased=False), x.var(0, correction=0), torch.var_mean(x))


def gradient_of_spreads(torch: Any) -> None:
    x = wave(torch, 5, leaf=True)
    (x.std() + x.var() * 2 + x.mean()).backward()
    print(x.grad)


def extrema(torch: Any) -> None:
    x = torch.tensor([[3.0, 1.0], [2.0, 5.0]])
    print(x.max(), x.min(), x.argmax(), x.argmin(0), x.max(1).values, x.amax(0), x.amin((0, 1)), torch.aminmax(x).max)


def gradient_of_max(torch: Any) -> None:
    x = torch.tensor([[3.0, 1.0], [2.0, 5.0]], requires_grad=True)
    (x.max(0).values * torch.tensor([1.0, 10.0])).sum().backward()
    print(x.grad)
    x.grad = None
    x.max().backward()
    print(x.grad)


def ties(torch: Any) -> None:
    x = torch.tensor([2.0, 2.0, 1.0], requires_grad=True)
    for f in (torch.max, torch.amax, lambda x: torch.maximum(x, torch.tensor(2.0)).sum(), lambda x: x.max(0).values):
        print(torch.autograd.grad(f(x), x))


def max_of_two(torch: Any) -> None:
    a, b = torch.tensor([1.0, 4.0], requires_grad=True), torch.tensor([3.0, 2.0], requires_grad=True)
    torch.max(a, b).sum().backward()
    torch.minimum(a, b * 2).sum().backward()
    print(a.grad, b.grad)


def products(torch: Any) -> None:
    x = torch.tensor([2.0, 3.0, 4.0], requires_grad=True)
    x.prod().backward()
    show(x.prod(), x.grad)
    z = torch.tensor([2.0, 0.0, 4.0], requires_grad=True)
    z.prod().backward()
    show(z.grad)


def norms(torch: Any) -> None:
    x = wave(torch, 2, 3, leaf=True)
    show(
        x.norm(), x.norm(1), x.norm(dim=1), x.norm(float("inf")), x.norm(p=2, dim=0, keepdim=True), torch.linalg.norm(x)
    )
    x.norm().backward()
    show(x.grad)


def norm_at_zero(torch: Any) -> None:
    x = torch.zeros(2, requires_grad=True)
    x.norm().backward()
    print(x.grad)


def logsumexp(torch: Any) -> None:
    x = wave(torch, 2, 3, leaf=True)
    y = x.logsumexp(1)
    y.sum().backward()
    show(y, x.grad)


def softmaxes(torch: Any) -> None:
    x = wave(torch, 2, 3, leaf=True)
    y = x.softmax(-1)
    (y * y).sum().backward()
    show(y, y.sum(1), x.log_softmax(0), x.grad)


def running(torch: Any) -> None:
    x = wave(torch, 4, leaf=True)
    (x.cumsum(0) * torch.arange(4.0)).sum().backward()
    show(x.grad, x.cumprod(0), torch.cummax(x, 0).values, x.diff(), torch.logcumsumexp(x, 0))


def gradient_of_cumprod(torch: Any) -> None:
    x = torch.tensor([2.0, 0.0, 3.0], requires_grad=True)
    x.cumprod(0).sum().backward()
    print(x.grad)


def sorts(torch: Any) -> None:
    x = torch.tensor([3.0, 1.0, 2.0], requires_grad=True)
    values, order = x.sort(descending=True)
    (values * torch.tensor([1.0, 10.0, 100.0])).sum().backward()
    show(values, order, x.grad, x.argsort(), torch.sort(torch.tensor([[2, 1]]), dim=1))


def topk(torch: Any) -> None:
    x = torch.tensor([3.0, 1.0, 2.0, 5.0], requires_grad=True)
    values, order = x.topk(2)
    values.sum().backward()
    show(values, order, x.grad, x.topk(1, largest=False).values, x.kthvalue(2))


def medians(torch: Any) -> None:
    x = torch.tensor([3.0, 1.0, 2.0, 5.0], requires_grad=True)
    x.median().backward()
    show(x.median(), x.grad, x.quantile(0.25), x.detach().median(0), torch.mode(torch.tensor([1, 1, 2])))


def counts(torch: Any) -> None:
    x = torch.tensor([1, 1, 3])
    print(x.bincount(), x.unique(), torch.unique(x, return_counts=True), torch.histc(x.float(), 3), (x == 1).sum())


def any_and_all(torch: Any) -> None:
    x = torch.tensor([[True, False], [True, True]])
    print(x.any(), x.all(), x.any(0), x.all(1), torch.ones(2).all(), torch.tensor([]).any(), torch.zeros(0).all())


def empty_reductions(torch: Any) -> None:
    x = torch.zeros(0)
    print(x.sum(), x.mean(), x.prod(), x.norm())
    error(x.max)
    error(x.argmax)


def nan_reductions(torch: Any) -> None:
    x = torch.tensor([1.0, float("nan"), 3.0])
    print(x.sum(), x.max(), x.nansum(), x.nanmean(), x.isnan(), x.nan_to_num(), x.argmax())


def keepdims_and_wrong_dims(torch: Any) -> None:
    x = torch.ones(2, 3)
    print(x.mean(1, keepdim=True).shape, x.sum((), keepdim=True).shape, x.amax(-1).shape)
    error(x.sum, 5)
    error(x.mean, (0, 0))


def mean_of_a_loss(torch: Any) -> None:
    x = wave(torch, 4, leaf=True)
    loss = ((x - 1) ** 2).mean()
    loss.backward()
    print(loss, x.grad)


def trapezoids(torch: Any) -> None:
    y = wave(torch, 4, leaf=True)
    torch.trapezoid(y, dx=0.5).backward()
    print(y.grad, torch.cumulative_trapezoid(y))
