"""Corners of modules and optimizers: what they return, or raise, is what PyTorch's do."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

import funcgrad as fg

torch = pytest.importorskip("torch")


def missing(lib: Any) -> Any:
    net = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3))
    return net.load_state_dict({"0.weight": lib.ones(3, 2), "other": lib.ones(1)})


def loose(lib: Any) -> Any:
    net = lib.nn.Sequential(lib.nn.Linear(2, 3))
    return net.load_state_dict({"0.weight": lib.ones(3, 2), "other": lib.ones(1)}, strict=False)


def other_shape(lib: Any) -> Any:
    return lib.nn.Linear(2, 3).load_state_dict({"weight": lib.ones(3, 3), "bias": lib.ones(3)})


def assigned(lib: Any) -> Any:
    m = lib.nn.Linear(2, 3)
    m.load_state_dict({"weight": lib.ones(3, 2).double(), "bias": lib.zeros(3).double()}, assign=True)
    return str(m.weight.dtype), m.weight.requires_grad, type(m.weight).__name__


def shared(lib: Any) -> Any:
    layer = lib.nn.Linear(2, 2)
    net = lib.nn.Sequential(layer, lib.nn.ReLU(), layer)
    return (
        [name for name, _ in net.named_parameters()],
        [name for name, _ in net.named_parameters(remove_duplicate=False)],
        [name for name, _ in net.named_modules()],
        list(net.state_dict()),
        [name for name, _ in copy.deepcopy(net).named_parameters()],
    )


def converted(lib: Any) -> Any:
    state = lib.nn.BatchNorm1d(2).to(lib.float64).state_dict()
    return {name: str(value.dtype).rpartition(".")[2] for name, value in state.items()}


def assigned_tensor(lib: Any) -> Any:
    lib.nn.Linear(2, 2).weight = lib.ones(2, 2)


def without_forward(lib: Any) -> Any:
    return type("Bare", (lib.nn.Module,), {})()(1)


def groups(lib: Any) -> Any:
    a, b = lib.nn.Linear(2, 2), lib.nn.Linear(1, 1)
    optimizer = lib.optim.Adam([{"params": [a.weight], "lr": 1.0}, {"params": a.bias}], lr=0.1)
    optimizer.add_param_group({"params": b.parameters(), "weight_decay": 0.1})
    return [(len(g["params"]), g["lr"], g["weight_decay"]) for g in optimizer.param_groups], optimizer


def closure(lib: Any) -> Any:
    w = lib.tensor([1.0, 2.0], requires_grad=True)
    optimizer = lib.optim.LBFGS([w], max_iter=3)

    def loss() -> Any:
        optimizer.zero_grad()
        value = ((w - 1) ** 2).sum()
        value.backward()
        return value

    return round(optimizer.step(loss).item(), 4), [round(x, 4) for x in w.tolist()]


SAME = (missing, loose, other_shape, assigned, shared, converted, assigned_tensor, without_forward, groups, closure)


def outcome(program: Callable[[Any], Any], lib: Any) -> str:
    try:
        return repr(program(lib))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("program", SAME, ids=[program.__name__ for program in SAME])
def test_the_same(program: Callable[[Any], Any]) -> None:
    assert outcome(program, fg) == outcome(program, torch)


def in_two_groups(lib: Any) -> Any:
    a = lib.nn.Linear(2, 2)
    lib.optim.SGD(a.parameters(), lr=0.1).add_param_group({"params": [a.weight]})


def other_groups(lib: Any) -> Any:
    lib.optim.SGD(lib.nn.Linear(2, 1).parameters(), lr=0.1).load_state_dict({"state": {}, "param_groups": []})


REFUSED: tuple[Callable[[Any], Any], ...] = (
    in_two_groups,
    other_groups,
    lambda lib: lib.optim.Adam([]),
    lambda lib: lib.optim.Adam([1.0]),
    lambda lib: lib.optim.Adam(lib.ones(1)),
    lambda lib: lib.nn.Linear(3, 2)(lib.ones(2, 4)),
    lambda lib: lib.nn.Linear(2, 2).to(lib.int64),
    lambda lib: lib.nn.Conv2d(3, 4, 3)(lib.ones(1, 2, 5, 5)),
    lambda lib: lib.nn.BatchNorm2d(3)(lib.ones(2, 3)),
)


@pytest.mark.parametrize("program", REFUSED)
def test_refused_with_the_same_type(program: Callable[[Any], Any]) -> None:
    kinds = []
    for lib in (fg, torch):
        with pytest.raises(Exception, match=r".") as caught:
            program(lib)
        kinds.append(caught.type.__name__)
    assert kinds[0] == kinds[1]
