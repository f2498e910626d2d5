"""Saving, loading and copying."""

import copy
import io
from typing import Any

from .common import error, fill, wave


def _there_and_back(torch: Any, value: Any) -> Any:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    buffer.seek(0)
    return torch.load(buffer)


def tensors(torch: Any) -> None:
    print(_there_and_back(torch, torch.arange(3.0)), _there_and_back(torch, wave(torch, 2, 2)))
    print(_there_and_back(torch, torch.tensor([True])), _there_and_back(torch, torch.tensor([1j])))


def containers(torch: Any) -> None:
    print(_there_and_back(torch, {"a": torch.ones(2), "b": [1, "x", None, 2.5, (torch.zeros(1),)]}))


def flags_survive(torch: Any) -> None:
    x = _there_and_back(torch, torch.ones(2, requires_grad=True))
    print(x, x.is_leaf)


def state_of_a_module(torch: Any) -> None:
    a, b = fill(torch, torch.nn.Linear(2, 1)), torch.nn.Linear(2, 1)
    b.load_state_dict(_there_and_back(torch, a.state_dict()))
    print(b.weight, b.bias)


def state_of_an_optimizer(torch: Any) -> None:
    p = torch.ones(2, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.1, momentum=0.9)
    p.sum().backward()
    optimizer.step()
    print(_there_and_back(torch, optimizer.state_dict()))


def shared_storage_survives(torch: Any) -> None:
    x = torch.arange(4.0)
    loaded = _there_and_back(torch, [x, x[:2]])
    loaded[0][0] = 9
    print(loaded)


def deepcopy(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    x.sum().backward()
    y = copy.deepcopy(x)
    print(y, y.grad, y is x, y.is_leaf)
    error(copy.deepcopy, x * 2)
    print(copy.deepcopy((x * 2).detach()))


def deepcopy_of_shared(torch: Any) -> None:
    x = torch.ones(2)
    a, b = copy.deepcopy([x, x])
    print(a is b)


def deepcopy_of_a_module(torch: Any) -> None:
    m = fill(torch, torch.nn.Linear(2, 1))
    c = copy.deepcopy(m)
    with torch.no_grad():
        c.weight.zero_()
    print(m.weight, c.weight, c)


def shallow_copy(torch: Any) -> None:
    x = torch.ones(2)
    y = copy.copy(x)
    y[0] = 5
    print(x, y is x)


def garbage_is_refused(torch: Any) -> None:
    try:
        torch.load(io.BytesIO(b"this is no tensor file"))
    except Exception:
        print("refused")


def functions_are_not_loaded(torch: Any) -> None:
    buffer = io.BytesIO()
    try:
        torch.save({"f": print}, buffer)
        buffer.seek(0)
        torch.load(buffer)
    except Exception:
        print("refused")
