"""L-BFGS takes PyTorch's steps, with and without a line search."""

from typing import Any

import numpy as np
import pytest
from training_programs import START, agree, leaves, torch

import funcgrad as fg


def rosenbrock(lib: Any, params: list[Any]) -> Any:
    (x,) = params
    a, b = x[:-1], x[1:]
    return (100 * (b - a * a) ** 2 + (1 - a) ** 2).sum()


def quartic(lib: Any, params: list[Any]) -> Any:
    return sum([((p * p - 1) ** 2).sum() + (p * 0.3).sum() + (p * p * p * p).sum() * 0.1 for p in params])


def run(lib: Any, loss_of: Any, start: tuple[Any, ...], dtype: str, steps: int, **options: Any) -> tuple[Any, ...]:
    params = leaves(lib, dtype, start)
    optimizer = lib.optim.LBFGS(params, **options)
    calls = []

    def closure() -> Any:
        optimizer.zero_grad()
        loss = loss_of(lib, params)
        loss.backward()
        calls.append(1)
        return loss

    losses = [optimizer.step(closure).item() for _ in range(steps)]
    state = optimizer.state_dict()["state"][0]
    counts = state["func_evals"], state["n_iter"], len(calls)
    return np.concatenate([p.detach().numpy().ravel() for p in params]), losses, counts, state


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
@pytest.mark.parametrize("options", [{}, {"history_size": 3, "max_iter": 7}, {"lr": 0.3, "max_iter": 5, "max_eval": 6}])
@pytest.mark.parametrize(("loss_of", "start"), [(rosenbrock, (np.array([-1.2, 1.0, 0.4]),)), (quartic, START)])
def test_steps_are_pytorch_s(search: Any, options: dict[str, Any], loss_of: Any, start: Any) -> None:
    if loss_of is rosenbrock and search is None:
        options = {**options, "lr": 1e-3}  # it diverges without a search
    steps, rtol = (2, 1e-4) if loss_of is rosenbrock else (4, 1e-9)  # rounding grows in the valley
    found = [run(lib, loss_of, start, "float64", steps, line_search_fn=search, **options) for lib in (fg, torch)]
    (ours, our_losses, our_counts, our_state), (theirs, losses, counts, state) = found
    assert our_counts == counts
    np.testing.assert_allclose(our_losses, losses, rtol=rtol)
    np.testing.assert_allclose(ours, theirs, rtol=rtol)
    assert our_state.keys() == state.keys()
    assert len(our_state["old_dirs"]) == len(state["old_dirs"])
    assert [a is None for a in our_state["al"]] == [a is None for a in state["al"]]


def test_single_precision() -> None:
    found = [run(lib, quartic, START, "float32", 2, line_search_fn="strong_wolfe", max_iter=4) for lib in (fg, torch)]
    agree(found[0][0], found[1][0], "float32")
    assert found[0][2] == found[1][2]


def test_a_loaded_state_goes_on() -> None:
    def program(interrupted: bool) -> Any:
        (x,) = leaves(fg, "float64", (np.array([-1.2, 1.0]),))
        optimizer = fg.optim.LBFGS([x], line_search_fn="strong_wolfe", max_iter=3)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = rosenbrock(fg, [x])
            loss.backward()
            return loss

        optimizer.step(closure)
        if interrupted:
            state = optimizer.state_dict()
            optimizer = fg.optim.LBFGS([x])
            optimizer.load_state_dict(state)
        optimizer.step(closure)
        return x.detach().numpy().copy()

    np.testing.assert_array_equal(program(False), program(True))


def test_complex_parameters_and_missing_gradients() -> None:
    def program(lib: Any) -> np.ndarray:
        z, unused = leaves(lib, "complex128", (np.array([1 + 2j, -0.5j]), np.ones(2)))
        optimizer = lib.optim.LBFGS([unused, z], line_search_fn="strong_wolfe", max_iter=5)

        def closure() -> Any:
            x = z.detach().numpy()
            z.grad = lib.tensor(2 * (x - 1j) * (1 + np.abs(x - 1j) ** 2))
            return float(np.sum(np.abs(x - 1j) ** 2 + 0.5 * np.abs(x - 1j) ** 4))

        optimizer.step(closure)
        assert unused.tolist() == [1, 1]
        return np.asarray(z.detach().numpy())

    agree(program(fg), program(torch), "complex128")


def test_what_it_refuses() -> None:
    w = fg.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="one group"):
        fg.optim.LBFGS([{"params": [w]}, {"params": [fg.ones(1, requires_grad=True)]}])
    with pytest.raises(ValueError, match="learning rate"):
        fg.optim.LBFGS([w], lr=-1)
    with pytest.raises(RuntimeError, match="strong_wolfe"):
        fg.optim.LBFGS([w], line_search_fn="weak")
    with pytest.raises(TypeError, match="closure"):
        fg.optim.LBFGS([w]).step()
