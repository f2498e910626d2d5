"""Reading and choosing elements."""

from typing import Any

from .common import error, show, wave


def basic(torch: Any) -> None:
    x = torch.arange(12).reshape(3, 4)
    print(x[0], x[1, 2], x[-1, -1], x[:, 1], x[1:, ::2], x[..., 0], x[None, 0], x[0][None].shape, x[:2, 1:3])


def negative_steps_are_refused(torch: Any) -> None:
    error(lambda: torch.arange(4)[::-1])
    print(torch.arange(4).flip(0))


def out_of_range(torch: Any) -> None:
    x = torch.ones(2, 2)
    error(lambda: x[2])
    error(lambda: x[0, 0, 0])
    error(lambda: x[torch.tensor([5])])
    error(lambda: x[1.5])
    print(x[5:])


def by_a_word(torch: Any) -> None:
    error(lambda: torch.ones(2)["a"])


def with_lists(torch: Any) -> None:
    x = torch.arange(12).reshape(3, 4)
    print(x[[0, 2]], x[[0, 2], [1, 3]], x[:, [1, 0]], x[[[0], [2]], [0, 1]])


def with_tensors(torch: Any) -> None:
    x = torch.arange(12).reshape(3, 4)
    i = torch.tensor([2, 0])
    print(x[i], x[i, i], x[:, i], x[i].shape, x[torch.tensor(1)], x[i, 1:], x[1:, i].shape)


def with_masks(torch: Any) -> None:
    x = torch.arange(6).reshape(2, 3)
    print(x[x > 2], x[torch.tensor([True, False])], x[:, torch.tensor([True, False, True])], x[x > 9])
    error(lambda: x[torch.tensor([True])])


def gradient_of_reads(torch: Any) -> None:
    x = wave(torch, 3, 4, leaf=True)
    (x[0] * 2 + x[:, 1].sum() + x[1, 2]).sum().backward()
    print(x.grad)


def gradient_of_repeated_indices(torch: Any) -> None:
    x = wave(torch, 3, leaf=True)
    x[torch.tensor([0, 0, 2, 0])].sum().backward()
    print(x.grad)


def gradient_of_a_mask(torch: Any) -> None:
    x = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
    (x[x > 0] ** 2).sum().backward()
    print(x.grad)


def gather(torch: Any) -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = x.gather(1, torch.tensor([[0, 0], [1, 0]]))
    y.sum().backward()
    show(y, x.grad)


def index_select(torch: Any) -> None:
    x = torch.arange(6.0).reshape(2, 3).requires_grad_(True)
    y = torch.index_select(x, 1, torch.tensor([2, 0, 2]))
    y.sum().backward()
    show(y, x.grad)


def take_and_put(torch: Any) -> None:
    x = torch.arange(6.0).reshape(2, 3).requires_grad_(True)
    y = torch.take(x, torch.tensor([0, 5, 5]))
    y.sum().backward()
    show(y, x.grad)


def scatter(torch: Any) -> None:
    src = torch.ones(2, 2, requires_grad=True)
    y = torch.zeros(2, 3).scatter(1, torch.tensor([[0, 2], [1, 0]]), src * 3)
    (y * torch.arange(6.0).reshape(2, 3)).sum().backward()
    show(y, src.grad)


def scatter_add(torch: Any) -> None:
    src = torch.ones(4, requires_grad=True)
    y = torch.zeros(2).scatter_add(0, torch.tensor([0, 1, 1, 1]), src)
    (y**2).sum().backward()
    show(y, src.grad)


def where(torch: Any) -> None:
    x = torch.tensor([-1.0, 2.0], requires_grad=True)
    y = torch.where(x > 0, x * 2, x * 10)
    y.sum().backward()
    print(y, x.grad, torch.where(torch.tensor([True, False]), 1.0, 0.0), torch.where(x > 0))


def masked_select(torch: Any) -> None:
    x = torch.arange(4.0).requires_grad_(True)
    y = torch.masked_select(x, x > 1)
    y.prod().backward()
    show(y, x.grad)


def nonzero(torch: Any) -> None:
    x = torch.tensor([[0, 1], [2, 0]])
    print(x.nonzero(), torch.nonzero(x, as_tuple=True), torch.argwhere(x), x.count_nonzero())


def iteration(torch: Any) -> None:
    x = torch.arange(6).reshape(3, 2)
    for row in x:
        print(row)
    first, *rest = x
    print(first, rest, [int(e) for e in x[0]], 3 in x, 9 in x)
    error(iter, torch.tensor(1))


def select_and_narrow(torch: Any) -> None:
    x = torch.arange(12).reshape(3, 4)
    print(
        x.select(1, 2), x.narrow(0, 1, 2), x.diagonal(), x.unfold(1, 2, 1)[0], torch.take_along_dim(x, x[:, :1] * 0, 1)
    )


def advanced_next_to_slices(torch: Any) -> None:
    x = wave(torch, 2, 3, 4, leaf=True)
    i = torch.tensor([0, 1])
    y = x[i, :, i]
    print(y.shape, x[:, i, i].shape, x[i, None].shape, x[..., i].shape)
    y.sum().backward()
    print(x.grad[0])


def embeddings_by_index(torch: Any) -> None:
    table = wave(torch, 4, 2, leaf=True)
    words = torch.tensor([[0, 1], [1, 3]])
    table[words].sum().backward()
    print(table[words].shape, table.grad)


def loop_over_elements(torch: Any) -> None:
    x = wave(torch, 4, leaf=True)
    total = 0
    for i in range(3):
        total = total + x[i] * x[i + 1]
    total.backward()
    print(x.grad)


def losses_by_labels(torch: Any) -> None:
    logits = wave(torch, 3, 4, leaf=True)
    labels = torch.tensor([0, 3, 1])
    loss = -torch.log_softmax(logits, 1)[torch.arange(3), labels].mean()
    loss.backward()
    print(loss, logits.grad)
