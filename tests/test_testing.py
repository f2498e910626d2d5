"""The checker finds wrong derivatives and says where; the stand-in device array is as strict as it claims."""

import copy
import inspect
import math
import types

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import testing
from funcgrad.testing import DeviceArray, check_grads, host_copies

# check_grads


def test_right_derivatives_pass() -> None:
    check_grads(lambda x, y: np.sin(x) * y, [np.arange(3.0), 2.0])
    check_grads(lambda p, n, name: p["w"] ** n, [{"w": np.ones((2, 2)), "b": None}, 3, "text"], order=3)
    check_grads(lambda x: (np.real(x) * np.conj(x), np.abs(x)), [np.array([1 + 2j, -0.5j])])
    check_grads(np.tanh, [np.linspace(-1, 1, 100)], modes=("rev",))
    check_grads(np.tanh, [np.ones(3, np.float32)], modes=("fwd",))


def half(x, p):
    """A square whose derivative is half of what it should be, in one element."""
    return p["w"] * np.stack([p["w"][0], p["w"][1], fg.stop_gradient(p["w"][2])])


def test_wrong_derivative_is_named() -> None:
    args = [1, {"w": np.array([1.0, 2.0, 3.0])}]
    with pytest.raises(AssertionError) as forward:
        check_grads(half, args, modes=("fwd",))
    message = str(forward.value)
    assert "forward mode of half" in message
    assert "argument 1['w'][2], output 0[2]" in message
    assert "derivative       3" in message
    assert "by differences   6" in message
    with pytest.raises(AssertionError, match=r"reverse mode of half(.|\n)*argument 1\['w'\]\[2\]\n"):
        check_grads(half, args, modes=("rev",))


def test_wrong_second_derivative_is_named() -> None:
    def f(x):
        return (2 * x - fg.stop_gradient(x)) * fg.stop_gradient(x)

    check_grads(f, [np.array([2.0])], order=1)
    with pytest.raises(AssertionError, match=r"mode of (forward|reverse) mode of f"):
        check_grads(f, [np.array([2.0])])


def test_wrong_imaginary_direction_is_named() -> None:
    def f(z):
        return np.real(z) + 1j * fg.stop_gradient(np.imag(z))

    with pytest.raises(AssertionError, match=r"argument 0\[1\], imaginary direction|argument 0\[0\], imaginary"):
        check_grads(f, [np.array([1j, 2.0])])


def test_random_directions_of_large_arrays() -> None:
    with pytest.raises(AssertionError, match="a random direction of argument 0"):
        check_grads(lambda x: fg.stop_gradient(x) * x, [np.ones(100)])


def test_check_grads_refuses() -> None:
    with pytest.raises(ValueError, match="modes are 'fwd', 'rev' and 'lin', not \\['forward'\\]"):
        check_grads(np.sin, [1.0], modes=("forward",))
    with pytest.raises(ValueError, match="no argument holds a floating or complex array"):
        check_grads(np.sin, [1])
    with pytest.raises(ValueError, match="not none"):
        check_grads(np.sin, [1.0], modes=())


def test_check_grads_is_called_as_that_of_jax() -> None:
    parameters = list(inspect.signature(check_grads).parameters)
    assert parameters == ["f", "args", "order", "modes", "atol", "rtol", "eps"]
    jax_test_util = pytest.importorskip("jax.test_util")
    assert parameters == list(inspect.signature(jax_test_util.check_grads).parameters)
    check_grads(np.sin, (1.0,), 2, ("rev",), 1e-6, 1e-5, 1e-3)
    check_grads(np.sin, (1.0,), 3, "lin")
    with pytest.raises(AssertionError, match="linearize of half_of disagrees"):
        check_grads(half_of, (2.0,), modes="lin")
    with pytest.raises(AssertionError, match=r"allowed is 0 \(rtol=0, atol=0"):
        check_grads(np.exp, (1.0,), 1, atol=0.0, rtol=0.0)


def half_of(x):
    return x * fg.stop_gradient(x)


def test_values_and_dtypes_are_checked(monkeypatch) -> None:
    def other_value(f, *xs):
        ys, pullback = fg.vjp(f, *xs)
        return tuple(y + 1 for y in ys), pullback

    def other_dtype(f, *xs):
        ys, pullback = fg.vjp(f, *xs)
        return ys, lambda gs: tuple(g.astype(np.float32) for g in pullback(gs))

    def other_tangent_value(f, xs, dxs):
        ys, dys = fg.jvp(f, xs, dxs)
        return tuple(-y for y in ys), dys

    for name, wrong, message in (
        ("vjp", other_value, "reverse mode of sin: output 0 is"),
        ("vjp", other_dtype, "reverse mode of sin: argument 0 has dtype float64, its derivative float32"),
        ("jvp", other_tangent_value, "forward mode of sin: output 0 is"),
    ):
        stand_in = types.SimpleNamespace(jvp=fg.jvp, vjp=fg.vjp, linearize=fg.linearize)
        setattr(stand_in, name, wrong)
        monkeypatch.setattr(testing.checking, "fg", stand_in)
        with pytest.raises(AssertionError, match=message):
            check_grads(np.sin, (1.0,), order=1)


# DeviceArray


def test_device_arrays_compute() -> None:
    x = DeviceArray([[1.0, 2.0], [3.0, 4.0]])
    for result in (x + 1, 2 * x, x @ x, -x, x[0], x.T, x.sum(), np.sum(x), np.linalg.inv(x), x > 2, np.float64(2) * x):
        assert isinstance(result, DeviceArray)
    assert np.sum(x).shape == ()
    assert isinstance(np.linalg.slogdet(x).logabsdet, DeviceArray)
    assert all(isinstance(part, DeviceArray) for part in (*np.split(x, 2), *x, *np.nonzero(x)))
    assert isinstance(np.zeros(3, like=x), DeviceArray)
    assert (x.shape, x.dtype, x.ndim, x.size, len(x)) == ((2, 2), np.float64, 2, 4, 2)
    assert repr(np.sum(x)) == "DeviceArray(10.)"
    np.testing.assert_array_equal((x @ x).get(), x.get() @ x.get())


def test_device_arrays_are_written_in_place() -> None:
    x = DeviceArray(np.zeros(3))
    y = x
    x += 1
    x[0] = 5
    x[1:][:1] *= 3
    np.add.at(x, [2, 2], 1)
    np.multiply(x, 2, out=x)
    x[np.array([True, False, False])] = DeviceArray(7.0)
    assert y is x
    np.testing.assert_array_equal(x.get(), [7, 6, 6])


def test_device_arrays_are_copies() -> None:
    values = np.zeros(2)
    x = DeviceArray(values)
    for twin in (DeviceArray(x), copy.copy(x), copy.deepcopy(x), x.copy()):
        twin += 1
    values += 1
    np.testing.assert_array_equal(x.get(), [0, 0])


@pytest.mark.parametrize(
    "mix",
    [
        lambda x, host: x + host,
        lambda x, host: host * x,
        lambda x, host: np.maximum(host, x),
        lambda x, host: np.where(host > 0, x, x),
        lambda x, host: np.concatenate([x, host]),
        lambda x, host: np.einsum("i,i", x, host),
        lambda x, host: x.dot(host),
        lambda x, host: x.__setitem__(0, host),
        lambda x, host: np.add(x, 1, out=host),
        lambda x, host: np.sum(x, where=host > 0),
        lambda x, host: np.asarray(x),
        lambda x, host: np.array([x, x]),
        lambda x, host: host.__setitem__(slice(None), x),
        lambda x, host: np.add(x, [1.0, 2.0]),
    ],
)
def test_device_arrays_refuse_the_host(mix) -> None:
    with pytest.raises(TypeError):
        mix(DeviceArray([1.0, 2.0]), np.ones(2))


def test_copies_to_the_host_are_counted() -> None:
    x = DeviceArray(2.0)
    with host_copies() as copies:
        assert x * x + 1 > 0
        math.sin(x)
        x.get()
        f"{x.item():.1f}"
        assert np.array_equal(x, x)  # CuPy returns an array, whose truth is on the device
    assert copies == ["bool()", "float()", "get()", "item()", "bool()"]
    with host_copies() as copies:
        np.linalg.solve(DeviceArray(np.eye(2)), DeviceArray([1.0, 2.0]))
    assert copies == []
