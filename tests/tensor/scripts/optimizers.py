"""Optimizers, schedules and clipping."""

from collections.abc import Callable
from typing import Any

from .common import error, wave


def _descend(torch: Any, make: Callable[[Any], Any], steps: int = 4) -> Any:
    p = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    optimizer = make([p])
    for _ in range(steps):
        optimizer.zero_grad()
        ((p - 3) ** 2 * torch.tensor([1.0, 0.1])).sum().backward()
        optimizer.step()
    print(p)
    return optimizer


def sgd(torch: Any) -> None:
    _descend(torch, lambda p: torch.optim.SGD(p, lr=0.1))
    _descend(torch, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9))
    _descend(torch, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1))
    _descend(torch, lambda p: torch.optim.SGD(p))


def adam(torch: Any) -> None:
    _descend(torch, lambda p: torch.optim.Adam(p, lr=0.1))
    _descend(torch, lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.5, 0.9), weight_decay=0.1, amsgrad=True))


def adamw(torch: Any) -> None:
    _descend(torch, lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.5))


def rmsprop(torch: Any) -> None:
    _descend(torch, lambda p: torch.optim.RMSprop(p, lr=0.1, momentum=0.9, centered=True))


def adagrad(torch: Any) -> None:
    _descend(torch, lambda p: torch.optim.Adagrad(p, lr=0.1, lr_decay=0.1))


def others(torch: Any) -> None:
    for name in ("Adadelta", "Adamax", "NAdam", "RAdam", "ASGD", "Rprop"):
        print(name)
        _descend(torch, lambda p, name=name: getattr(torch.optim, name)(p, lr=0.1), steps=8)


def lbfgs(torch: Any) -> None:
    p = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([p], max_iter=50, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2
        loss.backward()
        return loss

    optimizer.step(closure)
    print(p)


def printed(torch: Any) -> None:
    p = torch.ones(1, requires_grad=True)
    print(torch.optim.SGD([p], lr=0.1))
    print(torch.optim.Adam([{"params": [p], "lr": 0.5}], lr=0.1))


def groups(torch: Any) -> None:
    a, b = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    optimizer = torch.optim.SGD([{"params": [a]}, {"params": [b], "lr": 1.0}], lr=0.1)
    (a + b).sum().backward()
    optimizer.step()
    print(a, b, [g["lr"] for g in optimizer.param_groups])
    c = torch.ones(1, requires_grad=True)
    optimizer.add_param_group({"params": [c], "lr": 0.01})
    print(len(optimizer.param_groups))
    error(optimizer.add_param_group, {"params": [a]})


def wrong_arguments(torch: Any) -> None:
    p = torch.ones(1, requires_grad=True)
    error(torch.optim.SGD, [], lr=0.1)
    error(torch.optim.SGD, [p], lr=-1)
    error(torch.optim.SGD, [p * 2], lr=0.1)
    error(torch.optim.SGD, p, lr=0.1)
    error(torch.optim.Adam, [p], betas=(1.5, 0.9))
    error(torch.optim.SGD, [p], lr=0.1, nesterov=True)


def zero_grad(torch: Any) -> None:
    p = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.1)
    p.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    print(p.grad)
    optimizer.zero_grad()
    print(p.grad)
    optimizer.step()
    print(p)


def closures(torch: Any) -> None:
    p = torch.tensor([2.0], requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (p**2).sum()
        loss.backward()
        return loss

    print(optimizer.step(closure), p)


def state_dicts(torch: Any) -> None:
    optimizer = _descend(torch, lambda p: torch.optim.Adam(p, lr=0.1))
    state = optimizer.state_dict()
    print(sorted(state), sorted(state["state"][0]), state["param_groups"][0]["lr"], state["param_groups"][0]["params"])
    p = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    other = torch.optim.Adam([p], lr=0.9)
    other.load_state_dict(state)
    p.sum().backward()
    other.step()
    print(p, other.param_groups[0]["lr"], other.state[p]["step"])


def maximized(torch: Any) -> None:
    _descend(torch, lambda p: torch.optim.SGD(p, lr=0.01, maximize=True))


def schedules(torch: Any) -> None:
    s = torch.optim.lr_scheduler
    for make in (
        lambda o: s.StepLR(o, 2, 0.5),
        lambda o: s.MultiStepLR(o, [1, 3]),
        lambda o: s.ExponentialLR(o, 0.9),
        lambda o: s.CosineAnnealingLR(o, 4),
        lambda o: s.LambdaLR(o, lambda e: 1 / (1 + e)),
        lambda o: s.LinearLR(o, total_iters=3),
        lambda o: s.PolynomialLR(o, 4, 2.0),
        lambda o: s.ConstantLR(o),
        lambda o: s.OneCycleLR(o, 1.0, total_steps=6),
        lambda o: s.CyclicLR(o, 0.1, 1.0, step_size_up=2),
        lambda o: s.CosineAnnealingWarmRestarts(o, 3),
        lambda o: s.MultiplicativeLR(o, lambda e: 0.5),
    ):
        p = torch.ones(1, requires_grad=True)
        optimizer = torch.optim.SGD([p], lr=1.0, momentum=0.9)
        scheduler = make(optimizer)
        rates = []
        for _ in range(5):
            optimizer.step()
            rates.append(f"{scheduler.get_last_lr()[0]:.5f}")
            scheduler.step()
        print(type(scheduler).__name__, rates)


def plateau(torch: Any) -> None:
    p = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, factor=0.1)
    for loss in (1.0, 0.9, 0.95, 0.95, 0.95, 0.1):
        scheduler.step(loss)
        print(f"{optimizer.param_groups[0]['lr']:.4f}")


def chained_schedules(torch: Any) -> None:
    s = torch.optim.lr_scheduler
    p = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=1.0)
    scheduler = s.SequentialLR(optimizer, [s.ConstantLR(optimizer, 0.1, 2), s.ExponentialLR(optimizer, 0.5)], [2])
    for _ in range(5):
        optimizer.step()
        print(f"{optimizer.param_groups[0]['lr']:.4f}")
        scheduler.step()


def clipping(torch: Any) -> None:
    a, b = wave(torch, 3, leaf=True), wave(torch, 2, leaf=True)
    (a * 3).sum().backward()
    (b * 4).sum().backward()
    print(torch.nn.utils.clip_grad_norm_([a, b], 2.0), a.grad, b.grad)
    torch.nn.utils.clip_grad_value_([a], 0.1)
    print(a.grad)


def leaves_keep_their_identity(torch: Any) -> None:
    p = torch.ones(2, requires_grad=True)
    data = p.data_ptr()
    optimizer = torch.optim.Adam([p], lr=0.1)
    (p * p).sum().backward()
    optimizer.step()
    print(p.data_ptr() == data, p.is_leaf, p.grad, p._version > 0)
