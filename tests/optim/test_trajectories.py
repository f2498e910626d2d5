"""Every optimizer walks where PyTorch's walks, with every option."""

from typing import Any

import numpy as np
import pytest
from training_programs import START, agree, leaves, set_gradients, torch, trajectory

import funcgrad as fg
from funcgrad.optim import elementwise

OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.02, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.001, "maximize": True, "momentum": 0.5}),
    ("SGD", {"lr": 0.05, "foreach": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.7, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.1, "amsgrad": True}),
    ("Adam", {"lr": 0.01, "maximize": True, "amsgrad": True, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.01, "decoupled_weight_decay": True, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.1, "fused": True}),
    ("Adam", {"lr": 0.1, "betas": (0.0, 0.9)}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True, "foreach": True}),
    ("AdamW", {"lr": 0.01, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.8, "eps": 1e-2, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.01, "momentum": 0.9}),
    ("RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.5, "maximize": True}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-5}),
    ("Adagrad", {"lr": 0.1, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.7, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    ("Adamax", {}),
    ("Adamax", {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    ("NAdam", {}),
    ("NAdam", {"lr": 0.01, "betas": (0.8, 0.9), "weight_decay": 0.1, "momentum_decay": 0.1}),
    ("NAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}),
    ("RAdam", {}),
    ("RAdam", {"lr": 0.05, "betas": (0.8, 0.9), "weight_decay": 0.1, "eps": 1e-3}),
    ("RAdam", {"lr": 0.05, "betas": (0.8, 0.9), "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}),
    ("ASGD", {}),
    ("ASGD", {"lr": 0.05, "lambd": 0.01, "alpha": 0.6, "t0": 10.0, "weight_decay": 0.1}),
    ("ASGD", {"lr": 0.001, "maximize": True}),
    ("Rprop", {}),
    ("Rprop", {"lr": 0.1, "etas": (0.3, 1.5), "step_sizes": (1e-3, 0.2)}),
    ("Rprop", {"maximize": True}),
]
IDS = [f"{name}-{'-'.join(options) or 'defaults'}" for name, options in OPTIONS]


def making(name: str, options: dict[str, Any]) -> Any:
    return lambda lib, params: getattr(lib.optim, name)(params, **options)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=IDS)
def test_trajectories_are_pytorch_s(name: str, options: dict[str, Any], dtype: str) -> None:
    make = making(name, options)
    agree(trajectory(fg, make, dtype), trajectory(torch, make, dtype), dtype)


COMPLEX = START[0][:, 0] + 1j * START[0][:, 1], np.asarray(0.3 - 0.4j)


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=IDS)
def test_complex_trajectories_are_pytorch_s(name: str, options: dict[str, Any]) -> None:
    if options.get("fused"):
        options = options | {"fused": None}  # PyTorch has it for real numbers only
    make = making(name, options)
    ours, theirs = [trajectory(lib, make, "complex128", start=COMPLEX) for lib in (fg, torch)]
    agree(ours, theirs, "complex128")


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Adagrad", "ASGD", "Rprop", "NAdam"])
def test_a_parameter_whose_gradient_is_sometimes_missing(name: str) -> None:
    make = making(name, {"lr": 0.03})
    ours, theirs = trajectory(fg, make, missing=1), trajectory(torch, make, missing=1)
    agree(ours, theirs, "float64")


def in_groups(lib: Any, params: list[Any]) -> Any:
    groups = [{"params": params[:1], "lr": 0.1, "weight_decay": 0.2}, {"params": params[1:], "betas": (0.5, 0.7)}]
    return lib.optim.Adam(groups, lr=0.01)


def test_groups_have_hyperparameters_of_their_own() -> None:
    agree(trajectory(fg, in_groups), trajectory(torch, in_groups), "float64")


def test_a_learning_rate_may_be_a_tensor() -> None:
    def make(lib: Any, params: list[Any]) -> Any:
        return lib.optim.AdamW(params, lr=lib.tensor(0.05, dtype=lib.float64))

    agree(trajectory(fg, make), trajectory(torch, make), "float64")


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=IDS)
def test_states_and_groups_are_saved_in_pytorch_s_format(name: str, options: dict[str, Any]) -> None:
    found = []
    for lib in (fg, torch):
        params = leaves(lib, "float32")
        optimizer = getattr(lib.optim, name)(params, **options)
        for p in params:
            p.grad = lib.ones_like(p.detach())
        optimizer.step()
        found.append(optimizer.state_dict())
    ours, theirs = found
    assert ours["param_groups"] == theirs["param_groups"]
    assert list(ours["param_groups"][0]) == list(theirs["param_groups"][0])
    assert ours["state"].keys() == theirs["state"].keys()
    for key, state in theirs["state"].items():
        assert ours["state"][key].keys() == state.keys()
        for part, value in state.items():
            assert str(ours["state"][key][part].dtype) == str(value.dtype)
            np.testing.assert_allclose(ours["state"][key][part].numpy(), value.numpy(), rtol=1e-6)


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=IDS)
def test_a_loaded_optimizer_goes_on_as_pytorch_s(name: str, options: dict[str, Any]) -> None:
    def program(lib: Any) -> np.ndarray:
        first = leaves(lib, "float64")
        optimizer = getattr(lib.optim, name)(first, **options)
        for _ in range(3):
            set_gradients(lib, first)
            optimizer.step()
        second = [p.detach().clone().requires_grad_() for p in first]
        other = getattr(lib.optim, name)(second, lr=100.0)
        other.load_state_dict(optimizer.state_dict())
        for _ in range(3):
            set_gradients(lib, second)
            other.step()
        return np.concatenate([p.detach().numpy().ravel() for p in second])

    agree(program(fg), program(torch), "float64")


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Adagrad", "ASGD", "Rprop", "NAdam"])
@pytest.mark.parametrize("contiguous", [True, False])
def test_large_parameters_are_updated_in_parts(name: str, contiguous: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elementwise, "BLOCK", 4)
    options = {"momentum": 0.9} if name == "SGD" else {}
    start = np.linspace(-1, 1, 82).reshape(2, 41)

    def program(lib: Any) -> np.ndarray:
        w = lib.tensor(start, requires_grad=True)
        w = w if contiguous else w.detach().t().requires_grad_()
        optimizer = getattr(lib.optim, name)([w], lr=0.05, **options)
        for _ in range(4):
            set_gradients(lib, [w])
            optimizer.step()
        return np.asarray(w.detach().numpy())

    agree(program(fg), program(torch), "float64")
