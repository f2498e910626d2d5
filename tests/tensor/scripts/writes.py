"""In-place operations, views and versions."""

import operator
from typing import Any

from .common import error, show


def leaf_in_place(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    error(x.add_, 1)
    error(operator.iadd, x, 1)
    error(operator.setitem, x, 0, 1.0)
    error(x.zero_)
    error(x[0].mul_, 2)
    print(x)


def inner_in_place(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.mul_(3)
    y += 1
    print(y)
    y.sum().backward()
    print(x.grad)


def saved_value_is_changed(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    z = y * y
    y.add_(1)
    error(z.sum().backward)


def saved_result_is_changed(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    y.add_(1)
    error(y.sum().backward)
    y = x.sin()
    y.add_(1)
    y.sum().backward()
    print(x.grad)


def version_counter(torch: Any) -> None:
    x = torch.ones(3)
    print(x._version)
    x.add_(1)
    x[0] = 5
    print(x._version, x[1:]._version, x.detach()._version)
    v = x[1:]
    v.zero_()
    print(x._version, v._version, x.clone()._version)


def write_an_element(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y[1] = 7
    (y * y).sum().backward()
    print(y, x.grad)


def write_a_tracked_value(torch: Any) -> None:
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    y = torch.zeros(3)
    y[0] = x[1]
    y[1:] = x * 10
    print(y)
    y.sum().backward()
    print(x.grad)


def write_with_a_mask(torch: Any) -> None:
    x = torch.tensor([-1.0, 2.0, -3.0], requires_grad=True)
    y = x * 1
    y[x < 0] = 0
    y.sum().backward()
    show(y, x.grad)


def write_with_indices(torch: Any) -> None:
    x = torch.ones(4, requires_grad=True)
    y = x * 1
    y[[0, 2]] = torch.tensor([5.0, 6.0])
    y.sum().backward()
    show(y, x.grad)


def write_through_a_view(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    y = x * 2
    y[0].mul_(10)
    y.sum().backward()
    print(y, x.grad)


def write_through_a_transpose(torch: Any) -> None:
    x = torch.ones(2, 3, requires_grad=True)
    y = x * 1
    y.t()[0] = 5
    y.sum().backward()
    print(y, x.grad)


def view_sees_the_base(torch: Any) -> None:
    x = torch.zeros(4)
    v = x.view(2, 2)
    x[3] = 9
    v[0, 0] = 1
    print(x, v, x.data_ptr() == v.data_ptr())


def view_made_before_the_write(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    v = y[:2]
    y.mul_(5)
    v.sum().backward()
    show(v, x.grad)


def reshape_or_view(torch: Any) -> None:
    x = torch.arange(6.0).reshape(2, 3).t()
    error(x.view, 6)
    print(x.reshape(6), x.contiguous().view(6), x.is_contiguous(), x.stride())


def fills(torch: Any) -> None:
    x = torch.empty(2, 2)
    print(x.zero_(), x.fill_(3), x.copy_(torch.tensor([1.0, 2.0])), x.fill_diagonal_(9))


def parts_of_diagonals(torch: Any) -> None:
    x = torch.arange(9.0).reshape(3, 3).requires_grad_()
    y = x * 1
    y.diagonal()[1:].mul_(2.0)
    y.sum().backward()
    print(y, x.grad)


def chained(torch: Any) -> None:
    print(torch.ones(2).add_(1).mul_(3).sub_(1).div_(2).neg_().abs_().pow_(2).sqrt_().clamp_(0, 2))


def in_place_changes_no_dtype(torch: Any) -> None:
    x = torch.ones(2, dtype=torch.int64)
    error(x.add_, 0.5)
    error(x.div_, 2)
    print(x.mul_(3), torch.ones(2).add_(torch.ones(2, dtype=torch.float64)))


def in_place_changes_no_shape(torch: Any) -> None:
    error(torch.ones(2).add_, torch.ones(2, 2))
    print(torch.ones(2, 2).add_(torch.ones(2)))


def copy_keeps_the_graph(torch: Any) -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.zeros(2)
    y.copy_(x * 3)
    y.sum().backward()
    print(y.requires_grad, x.grad)


def write_into_an_expanded(torch: Any) -> None:
    x = torch.zeros(1).expand(3)
    error(x.add_, 1)
    print(x)


def in_place_activation(torch: Any) -> None:
    x = torch.tensor([-1.0, 2.0], requires_grad=True)
    y = (x * 3).relu_()
    y.sum().backward()
    print(y, x.grad)


def masked_fill(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = (x * 2).masked_fill_(torch.tensor([True, False, False]), -5)
    y.sum().backward()
    print(y, x.grad)


def scatter_in_place(torch: Any) -> None:
    print(torch.zeros(3).scatter_(0, torch.tensor([0, 2]), torch.tensor([5.0, 6.0])))
    print(torch.zeros(3).scatter_add_(0, torch.tensor([1, 1]), torch.tensor([5.0, 6.0])))
    print(torch.zeros(3, 2).index_add_(0, torch.tensor([0, 0]), torch.ones(2, 2)))
    print(torch.zeros(3).index_fill_(0, torch.tensor([1]), 4.0), torch.zeros(3).put_(torch.tensor([2]), torch.ones(1)))


def detach_shares(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = (x * x).sum()
    x.detach().mul_(5)
    print(x)
    error(y.backward)


def data_is_not_counted(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = (x * x).sum()
    x.data.mul_(5)
    y.backward()
    print(x, x.grad)


def clone_is_a_copy(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x.clone()
    y[0] = 4
    y.sum().backward()
    print(x, y, x.grad)


def swap_columns(torch: Any) -> None:
    x = torch.arange(4.0).reshape(2, 2)
    x[:, 0], x[:, 1] = x[:, 1].clone(), x[:, 0].clone()
    print(x)


def in_place_of_a_no_grad_view(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    with torch.no_grad():
        x[0].zero_()
        x[1] = 3
    print(x)
    (x * x).sum().backward()
    print(x.grad)


def filling_a_result_in_a_loop(torch: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    out = torch.empty(4)
    for i in range(4):
        out[i] = x**i
    print(out)
    out.sum().backward()
    print(x.grad)


def unbound_views_refuse_writes(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    a, b = (x * 2).unbind(0)
    error(a.add_, 1)
    show(b)


def resize_and_set(torch: Any) -> None:
    x = torch.zeros(2)
    x.data = torch.ones(3)
    print(x.shape, x.t_().shape, torch.ones(2, 3).t_().shape, torch.ones(2).unsqueeze_(0).shape)


def requires_grad_of_a_view_of_a_leaf(torch: Any) -> None:
    x = torch.zeros(2, 2)
    v = x[0]
    v.requires_grad_(True)
    (v * 3).sum().backward()
    print(v.grad, x.requires_grad)


def random_fills_keep_shapes(torch: Any) -> None:
    x = torch.empty(3, 2)
    print(x.uniform_(2, 3).shape, bool((x >= 2).all() and (x <= 3).all()), x.normal_(0, 0).sum(), x.bernoulli_(1.0))
