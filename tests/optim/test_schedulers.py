"""Schedulers set PyTorch's learning rates and momenta, and keep PyTorch's states."""

import copy
import importlib
import warnings
from typing import Any

import numpy as np
import pytest
from training_programs import error_of, torch

import funcgrad as fg

SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("LambdaLR", {"lr_lambda": lambda e: 0.9**e}),
    ("LambdaLR", {"lr_lambda": [lambda e: 0.9**e, lambda e: 1 / (e + 1)]}),
    ("MultiplicativeLR", {"lr_lambda": lambda e: 1 - 0.01 * e}),
    ("StepLR", {"step_size": 3}),
    ("MultiStepLR", {"milestones": [2, 5, 5, 9], "gamma": 0.5}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.2, "total_iters": 7}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.7, "total_iters": 9}),
    ("ExponentialLR", {"gamma": 0.93}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"total_iters": 12, "power": 2.5}),
    ("CosineAnnealingLR", {"T_max": 5}),
    ("CosineAnnealingLR", {"T_max": 7, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3}),
    ("CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 2, "eta_min": 0.01}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 4}),
    ("CyclicLR", {"base_lr": [0.1, 0.2], "max_lr": [1.0, 2.0], "step_size_up": 3, "step_size_down": 5}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 3, "mode": "triangular2"}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 3, "mode": "exp_range", "gamma": 0.9}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 3, "scale_fn": lambda x: 1 / (1 + x)}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 3, "cycle_momentum": False}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 20}),
    ("OneCycleLR", {"max_lr": [1.0, 0.5], "epochs": 4, "steps_per_epoch": 6, "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 25, "three_phase": True, "pct_start": 0.4, "div_factor": 5.0}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 25, "cycle_momentum": False}),
]
IDS = [f"{name}-{i}" for i, (name, _) in enumerate(SCHEDULES)]


def optimizer_of(lib: Any, kind: str = "SGD") -> Any:
    groups = [{"params": [lib.ones(1, requires_grad=True)]}, {"params": [lib.ones(2, requires_grad=True)], "lr": 0.3}]
    options = {"lr": 0.1, "momentum": 0.9} if kind == "SGD" else {"lr": 0.1}
    return getattr(lib.optim, kind)(groups, **options)


def seen(optimizer: Any) -> list[float]:
    names = ("lr", "momentum", "betas", "initial_lr")
    return [np.ravel(group[name])[0].item() for group in optimizer.param_groups for name in names if name in group]


def walk(lib: Any, make: Any, steps: int = 19, kind: str = "SGD") -> tuple[list[Any], Any]:
    optimizer = optimizer_of(lib, kind)
    scheduler = make(lib, optimizer)
    found = [seen(optimizer)]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        found.append(seen(optimizer) + list(scheduler.get_last_lr()))
    return found, scheduler


def agree(ours: Any, theirs: Any) -> None:
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15)


def same_states(ours: Any, theirs: Any) -> None:
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        if name == "_schedulers":
            for a, b in zip(ours[name], value, strict=True):
                same_states(a, b)
        elif isinstance(value, float):
            assert ours[name] == pytest.approx(value, rel=1e-13)
        elif name in ("_last_lr", "base_lrs"):
            assert list(map(float, ours[name])) == pytest.approx(list(map(float, value)), rel=1e-13)
        else:
            assert ours[name] == value, name


def making(name: str, options: dict[str, Any]) -> Any:
    return lambda lib, optimizer, **more: getattr(lib.optim.lr_scheduler, name)(optimizer, **options, **more)


@pytest.mark.parametrize(("name", "options"), SCHEDULES, ids=IDS)
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_rates_and_states_are_pytorch_s(name: str, options: dict[str, Any], kind: str) -> None:
    make = making(name, options)
    (ours, scheduler), (theirs, oracle) = walk(fg, make, kind=kind), walk(torch, make, kind=kind)
    agree(ours, theirs)
    same_states(scheduler.state_dict(), oracle.state_dict())


@pytest.mark.parametrize(("name", "options"), SCHEDULES, ids=IDS)
def test_a_scheduler_may_begin_in_the_middle(name: str, options: dict[str, Any]) -> None:
    def program(lib: Any) -> list[Any]:
        make = making(name, options)
        optimizer = walk(lib, make, 4)[1].optimizer
        again = make(lib, optimizer, last_epoch=4)
        found = [seen(optimizer)]
        for _ in range(8):
            optimizer.step()
            again.step()
            found.append(seen(optimizer))
        return found

    agree(program(fg), program(torch))


@pytest.mark.parametrize(("name", "options"), SCHEDULES, ids=IDS)
def test_a_loaded_scheduler_goes_on(name: str, options: dict[str, Any]) -> None:
    make = making(name, options)
    _, scheduler = walk(fg, make, 4)
    optimizer = scheduler.optimizer
    other = optimizer_of(fg)
    again = make(fg, other)
    other.load_state_dict(optimizer.state_dict())
    again.load_state_dict(copy.deepcopy(scheduler.state_dict()))
    for _ in range(5):
        for o, s in ((optimizer, scheduler), (other, again)):
            o.step()
            s.step()
        assert seen(optimizer) == seen(other)
        assert scheduler.get_last_lr() == again.get_last_lr()


@pytest.mark.parametrize(("name", "options"), SCHEDULES, ids=IDS)
@pytest.mark.filterwarnings("ignore")
def test_steps_by_number(name: str, options: dict[str, Any]) -> None:
    def program(lib: Any) -> list[Any]:
        optimizer = optimizer_of(lib)
        scheduler = making(name, options)(lib, optimizer)
        found = []
        for epoch in (3, 4, 11, 2):
            optimizer.step()
            scheduler.step(epoch)
            found.append(seen(optimizer))
        return found

    agree(program(fg), program(torch))


def test_warm_restarts_take_fractions() -> None:
    def program(lib: Any) -> list[Any]:
        optimizer = optimizer_of(lib)
        scheduler = lib.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 3, 2)
        found = []
        for i in range(30):
            optimizer.step()
            scheduler.step(i / 2.5)
            found.append(seen(optimizer))
        return found

    agree(program(fg), program(torch))


def sequential(lib: Any, optimizer: Any) -> Any:
    s = lib.optim.lr_scheduler
    parts = [
        s.LinearLR(optimizer, 0.1, total_iters=4),
        s.ExponentialLR(optimizer, 0.9),
        s.CosineAnnealingWarmRestarts(optimizer, 3),
        s.ChainedScheduler([s.ConstantLR(optimizer), s.StepLR(optimizer, 2, 0.5)]),
    ]
    return s.SequentialLR(optimizer, parts[:3], [4, 9])


def chained(lib: Any, optimizer: Any) -> Any:
    s = lib.optim.lr_scheduler
    parts = [s.ConstantLR(optimizer, 0.1, 4), s.ExponentialLR(optimizer, 0.9), s.CosineAnnealingLR(optimizer, 7)]
    return s.ChainedScheduler(parts)


def nested(lib: Any, optimizer: Any) -> Any:
    s = lib.optim.lr_scheduler
    inner = s.SequentialLR(optimizer, [s.ConstantLR(optimizer, 0.5, 2), s.ExponentialLR(optimizer, 0.9)], [3])
    return s.SequentialLR(optimizer, [inner, s.StepLR(optimizer, 2, 0.5)], [8])


def chain_first(lib: Any, optimizer: Any) -> Any:
    s = lib.optim.lr_scheduler
    parts = [s.ConstantLR(optimizer, 0.5, 2), s.ExponentialLR(optimizer, 0.9), s.StepLR(optimizer, 3, 0.5)]
    parts += [s.LinearLR(optimizer, 0.3), s.PolynomialLR(optimizer, 9), s.MultiStepLR(optimizer, [3, 4])]
    parts += [s.MultiplicativeLR(optimizer, lambda e: 0.99), s.CosineAnnealingLR(optimizer, 8)]
    return s.SequentialLR(optimizer, [s.ChainedScheduler(parts), s.LambdaLR(optimizer, lambda e: 0.7**e)], [6])


def from_the_second_on(lib: Any, optimizer: Any) -> Any:
    s = lib.optim.lr_scheduler
    return s.SequentialLR(optimizer, [s.ConstantLR(optimizer), s.StepLR(optimizer, 2, 0.5)], [0])


@pytest.mark.filterwarnings("ignore:Detected call", "ignore:lr_scheduler.step")
@pytest.mark.parametrize("make", [sequential, chained, nested, chain_first, from_the_second_on])
def test_combined_schedulers(make: Any) -> None:
    (ours, scheduler), (theirs, oracle) = walk(fg, make), walk(torch, make)
    agree(ours, theirs)
    same_states(scheduler.state_dict(), oracle.state_dict())
    other = make(fg, scheduler.optimizer)
    other.load_state_dict(copy.deepcopy(scheduler.state_dict()))
    assert other.state_dict() == scheduler.state_dict()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"factor": 0.5, "patience": 2, "cooldown": 3},
        {"mode": "max", "patience": 1, "min_lr": [0.01, 0.02], "threshold": 0.1},
        {"threshold_mode": "abs", "threshold": 0.05, "patience": 0, "factor": 0.7, "min_lr": 0.05},
        {"mode": "max", "threshold_mode": "abs", "patience": 1, "eps": 0.05},
    ],
)
def test_reduction_on_a_plateau(options: dict[str, Any], rng: np.random.Generator) -> None:
    values = np.cumsum(rng.standard_normal(60)) * 0.1 + 1

    def program(lib: Any) -> Any:
        optimizer = optimizer_of(lib)
        scheduler = lib.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        found = []
        for value in values:
            scheduler.step(lib.tensor(value))
            found.append(seen(optimizer) + list(scheduler.get_last_lr()))
        return found, scheduler.state_dict()

    (ours, state), (theirs, expected) = program(fg), program(torch)
    agree(ours, theirs)
    same_states(state, expected)


def test_a_rate_that_is_a_tensor_stays_one() -> None:
    def program(lib: Any) -> Any:
        rate = lib.tensor(0.5)
        optimizer = lib.optim.SGD([lib.ones(1, requires_grad=True)], lr=rate)
        scheduler = lib.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
        for _ in range(2):
            optimizer.step()
            scheduler.step()
        assert optimizer.param_groups[0]["lr"] is rate
        return [rate.item(), *[float(x) for x in scheduler.get_last_lr() + scheduler.base_lrs]]

    assert program(fg) == program(torch)


def warned(program: Any, lib: Any) -> list[type[Warning]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        program(lib)
    return [w.category for w in caught]


def in_the_wrong_order(lib: Any) -> None:
    optimizer = optimizer_of(lib)
    scheduler = lib.optim.lr_scheduler.StepLR(optimizer, 2)
    scheduler.step()
    optimizer.step()
    scheduler.step()


def after_earlier_steps(lib: Any) -> None:
    optimizer = optimizer_of(lib)
    optimizer.step()
    lib.optim.lr_scheduler.StepLR(optimizer, 2).step()


def with_a_replaced_step(lib: Any) -> None:
    optimizer = optimizer_of(lib)
    scheduler = lib.optim.lr_scheduler.StepLR(optimizer, 2)
    optimizer.step = lambda: None
    optimizer.step()
    scheduler.step()


def with_a_number(lib: Any) -> None:
    optimizer = optimizer_of(lib)
    scheduler = lib.optim.lr_scheduler.StepLR(optimizer, 2)
    optimizer.step()
    scheduler.step(3)


def asked_outside(lib: Any) -> None:
    optimizer = optimizer_of(lib)
    lib.optim.lr_scheduler.StepLR(optimizer, 2).get_lr()


def one_after_the_other(lib: Any) -> None:
    walk(lib, sequential)


def several_at_once(lib: Any) -> None:
    walk(lib, chained)


def one_in_the_other(lib: Any) -> None:
    walk(lib, nested)


@pytest.mark.parametrize(
    "program",
    [
        in_the_wrong_order,
        after_earlier_steps,
        with_a_replaced_step,
        with_a_number,
        asked_outside,
        one_after_the_other,
        several_at_once,
        one_in_the_other,
    ],
)
def test_warnings_come_where_pytorch_s_do(program: Any) -> None:
    assert warned(program, fg) == warned(program, torch)


REFUSED = {
    "an optimizer that is none": lambda s, o: s.StepLR(object(), 2),
    "too few functions": lambda s, o: s.LambdaLR(o, [lambda e: e]),
    "a factor above one": lambda s, o: s.ConstantLR(o, 1.5),
    "a start of zero": lambda s, o: s.LinearLR(o, 0.0),
    "an end above one": lambda s, o: s.LinearLR(o, end_factor=2.0),
    "no steps": lambda s, o: s.OneCycleLR(o, 1.0),
    "a number of steps that is none": lambda s, o: s.OneCycleLR(o, 1.0, total_steps=-1),
    "a part above one": lambda s, o: s.OneCycleLR(o, 1.0, total_steps=4, pct_start=1.5),
    "a strategy of no name": lambda s, o: s.OneCycleLR(o, 1.0, total_steps=4, anneal_strategy="tan"),
    "a mode of no name": lambda s, o: s.CyclicLR(o, 0.1, 1.0, mode="square"),
    "too few rates": lambda s, o: s.CyclicLR(o, [0.1], 1.0),
    "a period of zero": lambda s, o: s.CosineAnnealingWarmRestarts(o, 0),
    "a period that is no integer": lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 1.5),
    "a step before the first": lambda s, o: s.CosineAnnealingWarmRestarts(o, 2).step(-1),
    "growth on a plateau": lambda s, o: s.ReduceLROnPlateau(o, factor=1.0),
    "a plateau of no mode": lambda s, o: s.ReduceLROnPlateau(o, mode="mid"),
    "a threshold of no mode": lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="mid"),
    "too few lowest rates": lambda s, o: s.ReduceLROnPlateau(o, min_lr=[0.1]),
    "no schedulers": lambda s, o: s.SequentialLR(o, [], []),
    "too many milestones": lambda s, o: s.SequentialLR(o, [s.StepLR(o, 2)], [3]),
    "a chain of nothing": lambda s, o: s.ChainedScheduler([]),
    "a chain with a plateau": lambda s, o: s.ChainedScheduler([s.ReduceLROnPlateau(o)]),
    "an epoch without a beginning": lambda s, o: s.StepLR(o, 2, last_epoch=3),
}


@pytest.mark.parametrize("program", REFUSED.values(), ids=REFUSED)
def test_errors_are_of_pytorch_s_type(program: Any) -> None:
    ours, theirs = [error_of(lambda lib=lib: program(lib.optim.lr_scheduler, optimizer_of(lib))) for lib in (fg, torch)]
    assert ours is theirs is not None


def test_one_cycle_ends() -> None:
    optimizer = optimizer_of(fg)
    scheduler = fg.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=2)
    optimizer.step()
    for _ in range(2):
        scheduler.step()
    with pytest.raises(ValueError, match="total number of steps is 2"):
        scheduler.step()


@pytest.mark.parametrize(
    "options", [{}, {"anneal_epochs": 4, "anneal_strategy": "linear"}, {"anneal_epochs": 0}, {"swa_lr": [0.05, 0.1]}]
)
def test_rates_for_weight_averaging(options: dict[str, Any]) -> None:
    def make(lib: Any, optimizer: Any) -> Any:
        utils = importlib.import_module(f"{lib.__name__}.optim.swa_utils")
        return utils.SWALR(optimizer, **{"swa_lr": 0.05, **options})

    agree(walk(fg, make)[0], walk(torch, make)[0])


def test_weights_are_averaged() -> None:
    def program(lib: Any) -> list[Any]:
        utils = importlib.import_module(f"{lib.__name__}.optim.swa_utils")
        a, x, n = lib.tensor([1.0, 2.0]), lib.tensor([3.0, 5.0]), lib.tensor(3)
        found = [utils.get_ema_avg_fn(0.9)(a, x, n).tolist(), utils.get_swa_avg_fn()(a, x, n).tolist()]
        for average in (utils.get_ema_multi_avg_fn(0.9), utils.get_swa_multi_avg_fn()):
            average([a], [x], n)
            found.append(a.tolist())
        return found

    agree(program(fg), program(torch))
    with pytest.raises(ValueError, match="between 0 and 1"):
        fg.optim.swa_utils.get_ema_avg_fn(2.0)
