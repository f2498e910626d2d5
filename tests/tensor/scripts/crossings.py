"""Where several things meet: modes, hooks, views, writes, graphs that are kept, printing, errors."""

import copy
import pickle
import warnings
from typing import Any

from .common import error, show


def hook_that_writes_under_no_grad(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    seen = []
    x.register_hook(lambda g: seen.append(torch.is_grad_enabled()))
    (x * 2).sum().backward()
    (x * x).sum().backward(create_graph=True)
    print(seen)


def hook_on_a_tensor_that_is_written_to_later(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: print("before", g))
    y.mul_(3)
    y.register_hook(lambda g: print("after", g))
    y.sum().backward()
    print(x.grad)


def hook_on_a_view_of_a_base_that_is_written_to(torch: Any) -> None:
    x = torch.ones(4, requires_grad=True)
    y = x * 2
    v = y[:2]
    v.register_hook(lambda g: print("view", g))
    w = v * 3
    y.add_(1)
    (w.sum() + y.sum()).backward()
    print(x.grad)


def retain_then_backward_twice(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 3
    y.retain_grad()
    y.add_(1)
    z = (y * y).sum()
    z.backward(retain_graph=True)
    z.backward()
    print(y.grad, x.grad, y.retains_grad)


def retain_of_a_base_written_through_a_view(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.retain_grad()
    v = y[:2]
    v.mul_(3)
    print(y.retains_grad, v.retains_grad)
    (y * y).sum().backward()
    print(y.grad, x.grad)


def retain_of_a_view_whose_base_is_written_to(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    v = y[:2]
    v.retain_grad()
    y.mul_(3)
    ((v * v).sum() + y.sum()).backward()
    print(v.grad, v.retains_grad, x.grad)


def retain_of_a_view_not_used_again(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    v = y[:2]
    v.retain_grad()
    y.mul_(3)
    y.sum().backward()
    print(v.grad, x.grad)


def retain_then_assign_to_an_index(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y[0] = 5.0
    y[torch.tensor([1, 2])] = y[:1].clone()
    y.masked_fill_(torch.tensor([False, False, True]), 2.0)
    y.sum().backward()
    print(y.grad, x.grad)


def retain_then_zero(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.retain_grad()
    z = y * 1
    y.zero_()
    (y * 3 + z).sum().backward()
    print(y.grad, x.grad)


def retain_of_what_joins_the_graph(torch: Any) -> None:
    b = torch.zeros(3)
    x = torch.ones(3, requires_grad=True)
    b.add_(x)
    b.retain_grad()
    v = b[1:]
    v.retain_grad()
    b.mul_(x)
    (v.sum() + b.sum()).backward()
    print(b.grad, v.grad, x.grad)


def where_reading_grad_warns(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    with torch.no_grad():
        z = x * 2
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for tensor in (x, y, z, y.detach(), y.view(2, 1)):
            before = len(caught)
            _ = tensor.grad
            print(len(caught) - before, [w.category.__name__ for w in caught[before:]])
        y.retain_grad()
        _ = y.grad
        w = x * 3
        w.grad = torch.ones(2)
        _ = w.grad
        print(len(caught))


def saved_value_changed_through_a_detached_twin(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    z = y.sum()
    y.detach().mul_(2)
    error(z.backward)
    print(y._version)


def saved_value_changed_under_no_grad(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * x
    with torch.no_grad():
        x.mul_(2)
    error(y.sum().backward)
    print(x)


def view_made_under_no_grad_and_written_to(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    with torch.no_grad():
        v = y[:2]
        v.mul_(5)
    error(v.mul_, 2)
    show(y, v)


def views_that_come_together(torch: Any) -> None:
    y = torch.ones(4, requires_grad=True) * 2
    a, b = y.split(2)
    error(a.mul_, 2)
    with torch.no_grad():
        b.mul_(2)
    show(y, a, b)


def leaf_and_its_views(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    error(x.add_, 1)
    error(x[0].add_, 1)
    error(x.view(3, 1).__setitem__, 0, 1.0)
    with torch.no_grad():
        x[0].add_(1)
        x.view(3, 1)[1] = 7
    print(x, x._version)


def requires_grad_inside_no_grad(torch: Any) -> None:
    with torch.no_grad():
        x = torch.ones(2, requires_grad=True)
        y = x * 2
        error(y.backward)
        with torch.enable_grad():
            z = x * 2
    z.sum().backward()
    print(x.grad, y.requires_grad, z.is_leaf)


def graph_freed_in_part(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    a, b = y.sum(), (y * y).sum()
    a.backward()
    error(b.backward)
    error(a.backward)
    print(x.grad)


def detach_in_place_of_a_part_of_the_graph(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    z = y * 3
    y.detach_()
    print(y.requires_grad, y.is_leaf, z.requires_grad)
    z.sum().backward()
    print(x.grad)
    error((z * 1)[:1].detach_)


def copies_of_all_kinds(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    (x * 2).sum().backward()
    for twin in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x)), x.clone(), x.detach(), x.data):
        print(twin.requires_grad, twin.is_leaf, twin.data_ptr() == x.data_ptr())
    print(copy.deepcopy(x).grad)
    error(copy.deepcopy, x * 2)


def numbers_of_tensors(torch: Any) -> None:
    for t in (torch.tensor(2.5), torch.tensor([[3]]), torch.tensor(True), torch.tensor([1 + 0j])):
        print(float(t), int(t), complex(t), bool(t))
    for t in (torch.ones(2), torch.ones(0), torch.tensor(1j), torch.tensor(float("nan"))):
        for kind in (float, int, complex, bool):
            error(kind, t)
    error([1, 2].__getitem__, torch.tensor([1, 0]))
    error([1, 2].__getitem__, torch.tensor(1.0))
    print([1, 2][torch.tensor(1)], [1, 2][torch.tensor([1])])


def data_that_is_not_numbers(torch: Any) -> None:
    for data in (
        [1, "a"],
        ["a"],
        "a",
        [[1, 2], [3, "a"]],
        [1.5, None],
        None,
        [1, [2]],
        [[1], 2],
        [[1], [2, 3]],
        [[1], []],
    ):
        error(torch.tensor, data)
    error(torch.tensor, [b"a"])
    error(torch.tensor, {})


def indices_that_are_not(torch: Any) -> None:
    x = torch.ones(3)
    for index in ("a", 1.5, 3, (0, 0), {}, object(), torch.ones(3), [0, "a"], slice("a", None)):
        error(x.__getitem__, index)
    error(torch.tensor(1.0).__getitem__, 0)
    print(x[()], x[None], x[True], x[False])


def shapes_that_do_not_fit(torch: Any) -> None:
    x = torch.ones(2, 3)
    for dims in ((0,), (0, 0), (0, 2), (0, 1, 2), (-1, 1), ()):
        error(x.permute, *dims)
    for action in (x.view, x.expand, x.t().view):
        error(action)
    error(torch.ones(3).view, torch.float64)
    error(x.t().view, torch.float64)
    error(torch.tensor(1.0).view, torch.float64)
    print(
        torch.ones(4).view(torch.float64).shape,
        torch.tensor(1.0).view(torch.int32),
        torch.ones(3).view(torch.float16).shape,
    )
    error(torch.tensor(1.0).narrow, 0, 0, 1)
    error(torch.tensor(1.0).unbind, 0)


def reductions_of_a_number(torch: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    names = ["sum", "mean", "prod", "std", "var", "amax", "amin", "logsumexp", "nansum", "nanmean", "norm", "all"]
    names += ["any", "max", "min", "median", "argmax", "cumsum"]
    for name in names:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for dim in (0, -1):
                show(getattr(x, name)(dim=dim))
        error(getattr(x, name), dim=1)
    show(x.mean(0, keepdim=True), x.sum((0,)), torch.std_mean(x.detach(), 0), torch.var_mean(x.detach(), dim=0))
    error(x.mean, (0, -1))
    x.mean(0).backward()
    print(x.grad)


def layouts(torch: Any) -> None:
    strided = torch.strided
    print(
        strided, torch.ones(2).layout is strided, isinstance(strided, torch.layout), repr(pickle.loads(pickle.dumps(1)))
    )
    print(torch.zeros(2, layout=strided), torch.full((1,), 2.0, layout=strided), torch.arange(2, layout=strided))
    print(
        torch.ones_like(torch.ones(1), layout=strided),
        torch.eye(1, layout=strided),
        torch.rand(1, layout=strided).shape,
    )
    print(
        torch.ones(1).new_full((1,), 3, layout=strided),
        torch.linspace(0, 1, 2, layout=None),
        torch.zeros(1, pin_memory=False),
    )
    error(torch.zeros, 2, layout="strided")
    error(torch.layout)


def numbers_of_outputs(torch: Any) -> None:
    x = torch.ones(4, requires_grad=True)
    print([t.output_nr for t in (x, x * 2, *x.unbind(), *x.split(2), *x.chunk(2), x.max(0)[0], x[:2])])
    m = torch.eye(2, requires_grad=True)
    print([t.output_nr for t in (*torch.linalg.eigh(m), *torch.linalg.qr(m), *torch.linalg.slogdet(m))])


def what_is_printed_along_the_way(torch: Any) -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.clone()
    print(x, y, y.detach(), x[0], y.data, torch.zeros(0), x.view(2, 1), x.sum())
    y.mul_(2)
    print(y)
    with torch.no_grad():
        print(x, x * 2, y)
    y.requires_grad_(True)
    error(y.requires_grad_, False)
    print(f"{x[0]:.3f}", f"{x.sum().item():.1f}", str(x.grad))


def writes_that_are_refused_leave_no_trace(torch: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    for action in (lambda: y.add_(torch.ones(4)), lambda: y.__setitem__(5, 1.0), lambda: y.copy_(torch.ones(2, 3))):
        error(action)
    error(torch.ones(2, dtype=torch.int64).mul_, 1.5)
    error(torch.ones(1).expand(3).add_, 1)
    print(y._version)
    y.sum().backward()
    print(x.grad)


def not_finite_in_silence(torch: Any) -> None:
    x = torch.tensor([0.0, -1.0, float("inf"), 3e38], requires_grad=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        y = x.log() + x.sqrt() + 1 / x + x * x - x / x + x.exp() + x**3 + x.sin() + x.double().float()
        y.mul_(10).add_(x)
        y[0] = 3e38
        y.div_(0)
        y.sum().backward()
        show(y, x.grad[1:], x.mean(), x.std(), x @ x, x.softmax(0), x.cumsum(0), x.prod())
    print(len(caught))
