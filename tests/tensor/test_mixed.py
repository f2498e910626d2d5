"""Tensors and the functional transforms together, NumPy on tensors, threads, and what a tensor refuses."""

import copy
import gc
import inspect
import pickle
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad.tensor import writing


def tensor(*values: float, requires_grad: bool = True) -> fg.Tensor:
    return fg.tensor(list(values), dtype=fg.float64, requires_grad=requires_grad)


# -- Transforms over and around tensors --------------------------------------------------------------------


def test_a_gradient_that_closes_over_a_tensor_can_be_differentiated() -> None:
    scale = tensor(3.0)
    slope = fg.grad(lambda x: (scale * x**2).sum())(np.array([2.0]))
    assert isinstance(slope, fg.Tensor)
    assert slope.tolist() == [12.0]
    slope.sum().backward()
    assert scale.grad is not None
    assert scale.grad.tolist() == [4.0]


def test_second_derivatives_reach_a_closed_over_tensor() -> None:
    scale = tensor(3.0)
    curvature = fg.grad(fg.grad(lambda x: (scale * x**3).sum()))(2.0)
    curvature.backward()
    assert scale.grad is not None
    assert scale.grad.tolist() == [12.0]


def test_the_argument_may_be_a_tensor() -> None:
    x = tensor(1.0, 2.0)
    gradient = fg.grad(lambda x: (x**3).sum())(x)
    assert isinstance(gradient, fg.Tensor)
    gradient.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [6.0, 12.0]
    plain = fg.grad(lambda x: (x**3).sum())(x.detach())
    assert isinstance(plain, fg.Tensor)
    assert not plain.requires_grad


def test_value_and_grad_over_a_dict_of_tensors() -> None:
    params = {"w": tensor(1.0, 2.0), "b": tensor(0.5)}
    value, gradient = fg.value_and_grad(lambda p: ((p["w"] * 2 + p["b"]) ** 2).sum())(params)
    assert value.item() == pytest.approx(26.5)
    assert gradient["w"].tolist() == [10.0, 18.0]
    assert gradient["b"].tolist() == [14.0]
    (value + gradient["w"].sum()).backward()
    assert params["w"].grad is not None
    assert params["w"].grad.tolist() == [18.0, 26.0]


def test_vjp_and_jvp_of_tensors() -> None:
    x, v = tensor(1.0, 2.0, requires_grad=False), tensor(1.0, 10.0, requires_grad=False)
    y, pullback = fg.vjp(lambda x: x * x, x)
    (g,) = pullback(v)
    assert (y.tolist(), g.tolist()) == ([1.0, 4.0], [2.0, 40.0])
    y, dy = fg.jvp(lambda x: x * x, (x,), (v,))
    assert (y.tolist(), dy.tolist()) == ([1.0, 4.0], [2.0, 40.0])


def test_a_tangent_passes_through_a_closed_over_tensor() -> None:
    w = tensor(3.0)
    _, dy = fg.jvp(lambda x: w * x * x, (np.array([2.0]),), (np.array([1.0]),))
    dy.sum().backward()
    assert w.grad is not None
    assert w.grad.tolist() == [4.0]


@pytest.mark.parametrize("product", [lambda a, b: a * b, lambda a, b: b * a, np.multiply, lambda a, b: np.dot(b, a)])
def test_a_traced_value_times_a_tensor(product: Callable[[Any, Any], Any]) -> None:
    w = tensor(2.0, 3.0)
    gradient = fg.grad(lambda x: np.sum(product(x, w)))(np.array([1.0, 1.0]))
    assert gradient.tolist() == [2.0, 3.0]
    gradient.sum().backward()
    assert w.grad is not None
    assert w.grad.tolist() == [1.0, 1.0]


def test_no_grad_makes_closed_over_tensors_constants() -> None:
    w = tensor(3.0)
    with fg.no_grad():
        gradient = fg.grad(lambda x: (w * x).sum())(np.array([2.0]))
    assert not getattr(gradient, "requires_grad", False)


def test_a_closed_over_tensor_without_gradients_is_a_constant() -> None:
    w = tensor(3.0, requires_grad=False)
    gradient = fg.grad(lambda x: (w * x).sum())(np.array([2.0]))
    np.testing.assert_array_equal(np.asarray(gradient), [3.0])


def test_inside_a_transform_a_tensor_refuses_what_would_lose_the_gradient() -> None:
    def gradient_of(f: Callable[[Any], Any]) -> Callable[[], Any]:
        return lambda: fg.grad(f)(tensor(1.0, 2.0, requires_grad=False))

    with pytest.raises(RuntimeError, match="transform"):
        gradient_of(lambda x: x.sum().backward())()
    with pytest.raises(RuntimeError, match="transform"):
        gradient_of(lambda x: x * float(x[0]))()
    outside = fg.zeros(2, dtype=fg.float64)

    def leaks(x: fg.Tensor) -> Any:
        outside[0] = x[0]
        return x.sum()

    with pytest.raises(fg.LostGradientError, match="from outside"):
        gradient_of(leaks)()


def test_writing_inside_a_transform() -> None:
    def f(x: fg.Tensor) -> Any:
        y = fg.zeros_like(x)
        y[0] = x[1] * 3
        y += x
        return (y * y).sum()

    assert fg.grad(f)(tensor(1.0, 2.0, requires_grad=False)).tolist() == [14.0, 46.0]


# -- NumPy on tensors ----------------------------------------------------------------------------------------


def test_numpy_functions_take_tensors() -> None:
    x = tensor(1.0, 2.0)
    y = np.sum(np.sin(x) * np.stack([x, x])[0])
    assert isinstance(y, fg.Tensor)
    y.backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), np.sin([1, 2]) + np.array([1, 2]) * np.cos([1, 2]))


def test_an_array_times_a_tensor_is_a_tensor() -> None:
    array, x = np.array([[1.0, 2.0]]), fg.ones(1, 2, requires_grad=True)
    for y in (array * x, x * array, array + x, array @ x.T, np.float64(2) * x, 2 - x):
        assert isinstance(y, fg.Tensor)
        assert y.requires_grad
    assert (array * x).shape == (1, 2)
    assert (np.arange(2) * x).dtype == (x * np.arange(2)).dtype == fg.float32


def test_asarray_refuses_and_copies_like_pytorch() -> None:
    x = fg.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="Can't call numpy"):
        np.asarray(x)
    d = x.detach()
    assert np.shares_memory(np.asarray(d), x.detach().numpy())
    assert not np.shares_memory(np.array(d), np.asarray(d))


@pytest.mark.filterwarnings("ignore:Converting a tensor")
@pytest.mark.parametrize(
    "write",
    [
        lambda t: np.multiply(t, 2, out=t),
        lambda t: np.add.at(t, [0], 1.0),
        lambda t: np.copyto(t, 1.0),
        lambda t: np.put(t, [0], 1.0),
        lambda t: np.sum(t, keepdims=True, out=t),
        lambda t: np.multiply(np.ones(2), t, out=np.ones(2)),
    ],
)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_numpy_may_not_write_into_a_tensor(write: Callable[[fg.Tensor], Any], requires_grad: bool) -> None:
    t = fg.ones(2, requires_grad=requires_grad)
    with pytest.raises(TypeError, match="in-place methods"):
        write(t)
    assert t.is_leaf
    assert t.tolist() == [1.0, 1.0]


def test_a_conversion_that_loses_the_gradient_warns() -> None:
    x = fg.tensor(2.0, requires_grad=True)
    with pytest.warns(UserWarning, match="requires_grad=True to a scalar"):
        assert float(x) == 2.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert x.item() == 2.0
    with pytest.warns(UserWarning, match="copy construct"):
        fg.tensor(x)


# -- backward ------------------------------------------------------------------------------------------------


def test_a_gradient_argument_broadcasts_to_the_shape_of_the_tensor() -> None:
    x = fg.ones(2, 3, requires_grad=True)
    (x * 2).backward(fg.tensor([1.0, 2.0, 3.0]))
    assert x.grad is not None
    assert x.grad.tolist() == [[2.0, 4.0, 6.0], [2.0, 4.0, 6.0]]
    with pytest.raises(RuntimeError, match="does not broadcast"):
        (x * 2).backward(fg.ones(2, 2, 3))
    with pytest.raises(RuntimeError, match="does not broadcast"):
        (x * 2).sum().backward(fg.ones(3))


def test_an_error_in_a_backward_pass_leaves_no_half_pass_behind() -> None:
    x = tensor(1.0)
    h = x.exp()
    a = (h * h).sum()
    b = h.sin().sum()
    a.backward()
    with pytest.raises(RuntimeError, match="second time"):
        b.backward()
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [3.0]


def test_threads_share_leaves() -> None:
    x = tensor(*np.ones(50))
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(50):
                y = x
                for _ in range(10):
                    y = y * 1.0 + x * 0.0
                y.sum().backward()
                with fg.no_grad():
                    assert not (x * 2).requires_grad
                assert (x * 2).requires_grad
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert x.grad is not None
    assert x.grad.tolist() == [200.0] * 50


def test_no_grad_decorates_functions_only() -> None:
    with pytest.raises(TypeError, match="decorates"):
        fg.no_grad(3)


# -- Writing -------------------------------------------------------------------------------------------------


def test_writes_are_logged_only_while_somebody_can_notice() -> None:
    writing.WRITES.clear()
    w = fg.ones(3, requires_grad=True)
    for _ in range(3):
        loss = (w * w).sum()
        loss.backward()
        with fg.no_grad():
            w -= 0.1 * w.grad
        w.grad = None
    assert not writing.WRITES
    y = (w * w).sum()
    with fg.no_grad():
        w.zero_()
    assert len(writing.WRITES) == 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()
    del w, y, loss
    assert not writing.WRITES


def test_a_graph_recorded_after_the_write_is_right() -> None:
    w = tensor(1.0, 2.0)
    old = (w * w).sum()
    with fg.no_grad():
        w.mul_(10)
    new = (w * w).sum()
    new.backward()
    assert w.grad is not None
    assert w.grad.tolist() == [20.0, 40.0]
    with pytest.raises(RuntimeError, match="modified"):
        old.backward()


def test_an_index_that_was_changed_is_noticed() -> None:
    w, i = tensor(1.0, 2.0), fg.tensor([0, 0])
    y = w[i].sum()
    i.add_(1)
    with pytest.raises(RuntimeError, match="modified"):
        y.backward()


def test_a_call_of_several_outputs_is_checked_too() -> None:
    w = tensor(1.0, 2.0)
    h = np.stack([w * 2, w]) + np.eye(2)
    a = np.linalg.slogdet(h)[1]
    h.detach().zero_()
    with pytest.raises(RuntimeError, match="modified"):
        a.backward()


def test_memory_returns_without_the_garbage_collector() -> None:
    x = fg.ones(3, requires_grad=True)
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(20):
            y = (x * x).exp().sum()
            y.backward()
            z = x * 2
            z[0] = 1
            z.mul_(x)
            del y, z
        assert len(gc.get_objects()) - before < 20
    finally:
        gc.enable()


def test_copies_and_pickles() -> None:
    x = fg.ones(2, requires_grad=True)
    assert copy.deepcopy({"x": x})["x"].requires_grad
    assert np.shares_memory(copy.copy(x).detach().numpy(), x.detach().numpy())
    assert pickle.loads(pickle.dumps(x)).requires_grad


def test_an_array_made_of_a_constant_can_be_written_to() -> None:
    def f(x: Any) -> Any:
        c = fnp.zeros(3)
        for array in (np.array(c), np.array(c, np.float32), np.asarray(c, copy=True)):
            array[0] = 1
        assert not np.asarray(c).flags.writeable
        assert float(c[0]) == 0
        return x.sum()

    assert fg.grad(f)(np.ones(3)).tolist() == [1, 1, 1]


def test_a_function_under_a_mode_keeps_its_name_and_signature() -> None:
    @fg.no_grad()
    def f(a: int, b: str = "x") -> str:
        """Say both."""
        return f"{a}{b}"

    assert f(1) == "1x"
    assert (f.__name__, f.__doc__) == ("f", "Say both.")
    assert str(inspect.signature(f)) == "(a: int, b: str = 'x') -> str"
