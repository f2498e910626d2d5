"""What all optimizers share: groups, errors, hooks, saving, and how the graph learns of their writes."""

import copy
import importlib
import pickle
from typing import Any

import numpy as np
import pytest
from training_programs import error_of, leaves, torch

import funcgrad as fg
from funcgrad.tensor import versions

ALL = ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "ASGD", "Rprop"]


# -- The tutorials (S67 to S70) --------------------------------------------------------------------------------


def tutorial(lib: Any, zero: bool) -> list[str]:
    x, y = lib.tensor(3.0), lib.tensor(18.0)
    w, b = lib.tensor(4.0, requires_grad=True), lib.tensor(5.0, requires_grad=True)
    optimizer = lib.optim.SGD([w, b], lr=0.01)
    lines = []
    for epoch in range(2):
        if zero:
            optimizer.zero_grad()
        loss = (y - (w * x + b)) ** 2
        loss.backward()
        lines.append(f"Epoch {epoch + 1}: w.grad={w.grad}, b.grad={b.grad}")
    optimizer.step()
    return [*lines, f"{w} {b}"]


@pytest.mark.parametrize("zero", [True, False])
def test_the_tutorials_print_what_they_print(zero: bool) -> None:
    ours = tutorial(fg, zero)
    assert ours == tutorial(torch, zero)
    assert ours[0] == "Epoch 1: w.grad=-6.0, b.grad=-2.0"
    assert ours[1] == ("Epoch 2: w.grad=-6.0, b.grad=-2.0" if zero else "Epoch 2: w.grad=-12.0, b.grad=-4.0")


def test_a_regression_is_learned() -> None:
    def program(lib: Any) -> list[str]:
        x = lib.tensor([[1.0], [2.0], [3.0]])
        y = 2 * x + 1
        w, b = lib.zeros(1, requires_grad=True), lib.zeros(1, requires_grad=True)
        optimizer = lib.optim.SGD([w, b], lr=0.1)
        for _ in range(400):
            optimizer.zero_grad()
            loss = ((x * w + b - y) ** 2).mean()
            loss.backward()
            optimizer.step()
        return [str(w), str(b)]

    assert (
        program(fg)
        == program(torch)
        == ["tensor([2.0000], requires_grad=True)", "tensor([1.0000], requires_grad=True)"]
    )


# -- Memory --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_views_see_the_step_and_a_saved_value_is_noticed(name: str) -> None:
    w = fg.ones(3, requires_grad=True)
    before = w.grad_fn, id(w), w.detach()
    optimizer = getattr(fg.optim, name)([w], lr=0.1)
    (w * w).sum().backward()
    again = (w * w).sum()
    version = w._version
    optimizer.step()
    assert before[2].tolist() == w.tolist() != [1.0, 1.0, 1.0]
    assert (w.grad_fn, id(w), w.is_leaf, w.requires_grad) == (*before[:2], True, True)
    assert w._version == version + 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        again.backward()


def test_training_leaves_no_log_behind() -> None:
    versions.WRITES.clear()
    w = fg.ones(3, requires_grad=True)
    optimizer = fg.optim.Adam([w])
    for _ in range(3):
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        optimizer.step()
    assert not versions.WRITES


def test_parameters_may_be_views_in_any_order() -> None:
    memory = np.arange(12.0).reshape(3, 4)
    w = fg.from_numpy(memory[::2, ::-1].T).requires_grad_()
    w.sum().backward()
    fg.optim.SGD([w], lr=1.0).step()
    np.testing.assert_array_equal(memory[::2], np.arange(12.0).reshape(3, 4)[::2] - 1)
    np.testing.assert_array_equal(memory[1], np.arange(4.0, 8.0))


def test_gradients_are_not_changed() -> None:
    for name in ALL:
        w = fg.ones(3, requires_grad=True)
        w.grad = fg.tensor([1.0, -2.0, 3.0])
        optimizer = getattr(fg.optim, name)([w])
        for _ in range(2):
            optimizer.step()
        assert w.grad.tolist() == [1.0, -2.0, 3.0]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_numbers_without_dimensions_keep_their_dtype(name: str, dtype: str) -> None:
    w = fg.tensor(1.0, dtype=getattr(fg, dtype), requires_grad=True)
    optimizer = getattr(fg.optim, name)([w], lr=np.float64(0.1))
    for _ in range(3):
        optimizer.zero_grad()
        (w * w).backward()
        optimizer.step()
    assert w.shape == ()
    assert str(w.dtype) == f"torch.{dtype}"
    assert w.item() < 1.0
    assert {str(v.dtype) for k, v in optimizer.state[w].items() if v.dtype.itemsize != 4} <= {f"torch.{dtype}"}


@pytest.mark.parametrize("name", ALL)
def test_infinite_gradients_do_not_warn(name: str) -> None:
    def program(lib: Any) -> str:
        w = lib.ones(4, requires_grad=True)
        optimizer = getattr(lib.optim, name)([w], lr=0.125)
        for _ in range(2):
            w.grad = lib.tensor([float("nan"), float("inf"), 0.0, -1e38])
            optimizer.step()
        return str(w)

    assert program(fg) == program(torch)


# -- Calling -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_a_closure_is_called_where_gradients_are_recorded(name: str) -> None:
    w = fg.ones(2, requires_grad=True)
    optimizer = getattr(fg.optim, name)([w])

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with fg.no_grad():
        assert optimizer.step(closure).item() == 2.0
        assert not fg.is_grad_enabled()
    assert w.tolist() != [1.0, 1.0]
    assert optimizer.step() is None


def test_gradients_are_cleared() -> None:
    w, v = fg.ones(2, requires_grad=True), fg.ones(2, requires_grad=True)
    optimizer = fg.optim.SGD([w, v])
    w.sum().backward()
    held = w.grad
    optimizer.zero_grad(set_to_none=False)
    assert w.grad is held
    assert held is not None
    assert held.tolist() == [0.0, 0.0]
    assert v.grad is None
    optimizer.zero_grad()
    assert w.grad is None
    for recorded in (w * 2, fg.ones(2, requires_grad=True)):
        w.grad = recorded
        optimizer.zero_grad(set_to_none=False)
        assert w.grad is recorded
        assert recorded.tolist() == [0.0, 0.0]
        assert not recorded.requires_grad


def test_a_step_of_the_user_s_own() -> None:
    class Descent(fg.optim.Optimizer):
        def __init__(self, params: Any, lr: float) -> None:
            super().__init__(params, {"lr": lr})

        @fg.no_grad()
        def step(self, closure: Any = None) -> None:
            for group in self.param_groups:
                for p in group["params"]:
                    p -= group["lr"] * p.grad
                    self.state[p]["count"] = self.state[p].get("count", 0) + 1

    class Counted(Descent):
        def step(self, closure: Any = None) -> None:
            super().step(closure)

    w = fg.ones(2, requires_grad=True)
    optimizer = Counted([w], 0.5)
    calls = []
    optimizer.register_step_post_hook(lambda *_: calls.append(1))
    scheduler = fg.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    w.sum().backward()
    for _ in range(2):
        optimizer.step()
        scheduler.step()
    assert w.tolist() == [0.25, 0.25]
    assert optimizer.state_dict()["state"] == {0: {"count": 2}}
    assert len(calls) == 2
    with pytest.raises(NotImplementedError, match="step"):
        fg.optim.Optimizer([w], {}).step()


def test_hooks_are_called_as_pytorch_calls_them() -> None:
    def program(lib: Any) -> list[Any]:
        seen: list[Any] = []
        w = lib.ones(2, requires_grad=True)
        optimizer = lib.optim.SGD([w], lr=0.1, momentum=0.9)
        w.sum().backward()

        def note(name: str) -> Any:
            return lambda o, *rest: seen.append((name, o is optimizer, len(rest)))

        def swap(o: Any, args: Any, kwargs: Any) -> Any:
            return (o, lambda: seen.append("closure")), {}

        handles = [
            optimizer.register_step_pre_hook(note("before")),
            optimizer.register_step_pre_hook(swap),
            optimizer.register_step_post_hook(note("after")),
            optimizer.register_state_dict_pre_hook(note("before saving")),
            optimizer.register_state_dict_post_hook(note("after saving")),
            optimizer.register_state_dict_post_hook(lambda o, state: {**state, "more": 1}, prepend=True),
            optimizer.register_load_state_dict_pre_hook(note("before loading")),
            optimizer.register_load_state_dict_pre_hook(note("first"), prepend=True),
            optimizer.register_load_state_dict_post_hook(note("after loading")),
        ]
        optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
        seen.append(sorted(optimizer.state_dict()))
        for handle in handles:
            handle.remove()
        optimizer.step()
        return seen

    assert program(fg) == program(torch)


# -- Groups --------------------------------------------------------------------------------------------------------


REQUIRED = importlib.import_module("torch.optim.optimizer").required


def leaf(lib: Any) -> Any:
    return lib.ones(2, requires_grad=True)


REFUSED = {
    "a single tensor": lambda lib: lib.optim.SGD(leaf(lib)),
    "nothing": lambda lib: lib.optim.SGD([]),
    "a number": lambda lib: lib.optim.SGD([3.0]),
    "a set": lambda lib: lib.optim.SGD([{"params": {leaf(lib)}}]),
    "a computed tensor": lambda lib: lib.optim.SGD([leaf(lib) * 2]),
    "a group that is no dict": lambda lib: lib.optim.SGD([leaf(lib)]).add_param_group([leaf(lib)]),
    "a group without params": lambda lib: lib.optim.SGD([{"lr": 0.1}]),
    "a parameter in two groups": lambda lib: (lambda w: lib.optim.SGD([{"params": w}, {"params": [w]}]))(leaf(lib)),
    "no value of what is required": lambda lib: lib.optim.Optimizer(
        [{"params": leaf(lib)}], {"lr": (fg.optim.optimizer.required if lib is fg else REQUIRED)}
    ),
    "names of some": lambda lib: lib.optim.SGD([("w", leaf(lib)), leaf(lib)]),
    "another number of groups": lambda lib: lib.optim.SGD([leaf(lib)]).load_state_dict(
        {"state": {}, "param_groups": []}
    ),
    "another number of parameters": lambda lib: lib.optim.SGD([leaf(lib)]).load_state_dict(
        {"state": {}, "param_groups": [{"params": [0, 1]}]}
    ),
    "a hook that returns a number": lambda lib: (lambda o: (o.register_step_pre_hook(lambda *_: 3), o.step()))(
        lib.optim.SGD([leaf(lib)])
    ),
    "a rate of several numbers": lambda lib: lib.optim.Adam([leaf(lib)], lr=lib.ones(2)),
    "a rate that is a tensor with foreach": lambda lib: lib.optim.Adam([leaf(lib)], lr=lib.tensor(0.1), foreach=True),
    "fused and foreach": lambda lib: lib.optim.Adam([leaf(lib)], fused=True, foreach=True),
    "fused and differentiable": lambda lib: lib.optim.SGD([leaf(lib)], fused=True, differentiable=True),
    "nesterov without momentum": lambda lib: lib.optim.SGD([leaf(lib)], nesterov=True),
    "nesterov with dampening": lambda lib: lib.optim.SGD([leaf(lib)], nesterov=True, momentum=0.9, dampening=0.1),
} | {
    f"{name} with {option}={value}": (
        lambda lib, n=name, o=option, v=value: getattr(lib.optim, n)([leaf(lib)], **{o: v})
    )
    for name, option, value in [
        *[(name, "lr", -0.1) for name in ALL],
        *[(name, "weight_decay", -1.0) for name in ALL if name != "Rprop"],
        *[(name, "eps", -1.0) for name in ALL if name not in ("SGD", "ASGD", "Rprop")],
        *[(name, "betas", (1.0, 0.9)) for name in ("Adam", "AdamW", "Adamax", "NAdam", "RAdam")],
        *[(name, "betas", (0.5, -0.1)) for name in ("Adam", "AdamW", "Adamax", "NAdam", "RAdam")],
        ("Adam", "lr", float("nan")),
        ("SGD", "momentum", -0.5),
        ("RMSprop", "momentum", -0.5),
        ("RMSprop", "alpha", -0.5),
        ("Adagrad", "lr_decay", -0.5),
        ("Adagrad", "initial_accumulator_value", -0.5),
        ("Adadelta", "rho", 1.5),
        ("NAdam", "momentum_decay", -0.5),
        ("Rprop", "etas", (1.5, 1.2)),
    ]
}


@pytest.mark.parametrize("program", REFUSED.values(), ids=REFUSED)
def test_errors_are_of_pytorch_s_type(program: Any) -> None:
    ours, theirs = [error_of(lambda lib=lib: program(lib)) for lib in (fg, torch)]
    assert ours is theirs is not None


def test_errors_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="can't optimize a non-leaf Tensor"):
        fg.optim.SGD([leaf(fg) * 2])
    with pytest.raises(ValueError, match=r"Invalid learning rate value: -0\.1"):
        fg.optim.Adam([leaf(fg)], lr=-0.1)


def test_duplicates_warn() -> None:
    w = leaf(fg)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        fg.optim.SGD([w, w])


def test_names_are_kept() -> None:
    def program(lib: Any) -> Any:
        optimizer = lib.optim.SGD([("a", leaf(lib)), ("b", leaf(lib))])
        optimizer.add_param_group({"params": [("c", leaf(lib))], "lr": 3})
        return optimizer.state_dict()

    assert program(fg) == program(torch)


def test_they_print_as_pytorch_s() -> None:
    for name in ALL:
        ours, theirs = [
            getattr(lib.optim, name)([{"params": leaf(lib)}, {"params": leaf(lib), "lr": 3}]) for lib in (fg, torch)
        ]
        assert repr(ours) == repr(theirs)


# -- Saving --------------------------------------------------------------------------------------------------------


def test_optimizers_can_be_copied_and_pickled() -> None:
    w = leaf(fg)
    optimizer = fg.optim.Adam([w], lr=0.1)
    w.sum().backward()
    optimizer.step()
    for other in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        (p,) = other.param_groups[0]["params"]
        assert p is not w
        assert p.tolist() == w.tolist()
        assert other.state[p]["exp_avg"].tolist() == optimizer.state[w]["exp_avg"].tolist()
        p.grad = fg.ones(2)
        other.step()
        assert other.state[p]["step"].item() == 2.0
    assert optimizer.state[w]["step"].item() == 1.0


def test_a_loaded_state_has_the_parameter_s_dtype_and_memory_of_its_own() -> None:
    w, v = leaf(fg), fg.ones(2, dtype=fg.float64, requires_grad=True)
    first, second = fg.optim.Adam([w]), fg.optim.Adam([v])
    w.sum().backward()
    first.step()
    saved = first.state_dict()
    second.load_state_dict(saved)
    assert second.state[v]["exp_avg"].dtype is fg.float64
    assert second.state[v]["step"].dtype is fg.float32
    v.sum().backward()
    second.step()
    assert saved["state"][0]["step"].item() == 1.0


def test_states_that_older_programs_saved() -> None:
    w = leaf(fg)
    optimizer = fg.optim.Adam([w])
    old = {
        "state": {0: {"step": 4, "exp_avg": fg.ones(2), "exp_avg_sq": fg.ones(2)}},
        "param_groups": [{"lr": 0.5, "params": [0]}],
    }
    optimizer.load_state_dict(old)
    w.sum().backward()
    optimizer.step()
    assert optimizer.state[w]["step"].item() == 5.0
    assert optimizer.param_groups[0]["betas"] == (0.9, 0.999)


# -- Steps that are recorded ---------------------------------------------------------------------------------------


def three_steps(lib: Any, name: str, factor: float) -> tuple[Any, list[Any], Any]:
    """Return a loss after three recorded steps, and what it depends on."""
    start = leaves(lib, "float64")
    rate = lib.tensor(factor, dtype=lib.float64, requires_grad=True)
    params = [p * rate for p in start]
    slopes = [lib.tensor(np.cos(p.detach().numpy()) * factor, requires_grad=True) for p in start]
    optimizer = getattr(lib.optim, name)(params, lr=0.1, differentiable=True)
    for _ in range(3):
        for p, slope in zip(params, slopes, strict=True):
            p.grad = slope * 1.5
        optimizer.step()
    return sum([(p * p).sum() for p in params]), start, [rate, *slopes]


@pytest.mark.filterwarnings("ignore:The .grad attribute")
@pytest.mark.parametrize("name", sorted({*ALL} - {"NAdam", "Adamax", "Rprop"}))  # there PyTorch's own raises
def test_steps_can_be_differentiated(name: str) -> None:
    found = []
    for lib in (fg, torch):
        loss, start, others = three_steps(lib, name, 0.9)
        loss.backward()
        found.append([np.asarray(t.grad) for t in (*start, *others)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)  # PyTorch counts steps in float32 here


@pytest.mark.filterwarnings("ignore:The .grad attribute")
@pytest.mark.parametrize("name", ALL)
def test_the_derivatives_of_steps_are_right(name: str) -> None:
    loss, _, (rate, *slopes) = three_steps(fg, name, 0.9)
    loss.backward()
    along = rate.grad.item() + sum([(s.grad * s.detach() / 0.9).sum().item() for s in slopes if s.grad is not None])
    higher, lower = [three_steps(fg, name, 0.9 + e)[0].item() for e in (1e-6, -1e-6)]
    assert along == pytest.approx((higher - lower) / 2e-6, rel=1e-6)


def test_complex_numbers_cannot_be_recorded() -> None:
    z = fg.ones(1, dtype=fg.complex64, requires_grad=True)
    z.grad = fg.ones(1, dtype=fg.complex64)
    with pytest.raises(NotImplementedError, match="real parameters"):
        fg.optim.Adam([z], differentiable=True).step()
