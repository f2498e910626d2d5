"""Kernels in plain NumPy, as they are, under every transform: `fg.adopt` is all that is done to them."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from kernels import KERNELS
from kernels.table import Array, Kernel

import funcgrad as fg

every_kernel = pytest.mark.parametrize("kernel", KERNELS, ids=str)


# A kernel as a function of some of its arguments


def leaves(outputs: Any) -> tuple[Any, ...]:
    return tuple(outputs) if isinstance(outputs, list | tuple) else (outputs,)


def run(kernel: Kernel, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Run in NumPy, on copies."""
    return leaves(kernel.function(*copy.deepcopy(args)))


def weights(outputs: tuple[Any, ...]) -> list[Array]:
    """Draw what the outputs are multiplied with, so that each of them counts."""
    rng = np.random.default_rng(7)
    return [rng.uniform(0.5, 1.5, np.shape(y)) * rng.choice([-1, 1], np.shape(y)) for y in outputs]


class Setting:
    """A kernel with its arguments drawn, as a function of one of them: in NumPy, and adopted."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.args = kernel, kernel.arguments()
        self.untouched = copy.deepcopy(self.args)
        self.expected = run(kernel, self.args)
        self.weights = weights(self.expected)
        self.x = self.args[kernel.wrt]

    def with_(self, x: Any) -> tuple[Any, ...]:
        return (*self.args[: self.kernel.wrt], x, *self.args[self.kernel.wrt + 1 :])

    def outputs(self, x: Any) -> tuple[Any, ...]:
        """Run adopted."""
        return leaves(fg.adopt(self.kernel.function)(*self.with_(x)))

    def weighted(self, x: Any) -> Any:
        return sum(np.sum(w * y) for w, y in zip(self.weights, self.outputs(x), strict=True))

    def total(self, x: Any) -> Any:
        return sum(np.sum(y) for y in self.outputs(x))

    def plain(self, x: Array) -> float:
        """`weighted`, in NumPy alone."""
        return float(sum(np.sum(w * y) for w, y in zip(self.weights, run(self.kernel, self.with_(x)), strict=True)))

    def plain_total(self, x: Array) -> float:
        return float(sum(np.sum(y) for y in run(self.kernel, self.with_(x))))

    def assert_untouched(self) -> None:
        for got, want in zip(self.args, self.untouched, strict=True):
            np.testing.assert_array_equal(got, want, "a transform has written to the caller's array")


def difference_quotient(f: Callable[[Any], Any], x: Array, dx: Array, h: float = 1e-4) -> Any:
    """Return the derivative along `dx` by central differences of fourth order."""
    a, b, c, d = (f(x + t * h * dx) for t in (1, -1, 2, -2))
    return (8 * (a - b) - (c - d)) / (12 * h)


def assert_same_outputs(got: tuple[Any, ...], want: tuple[Any, ...]) -> None:
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        assert (np.shape(g), g.dtype) == (np.shape(w), w.dtype)
        np.testing.assert_allclose(g, w, 1e-12, 1e-12)


# What holds for every kernel


@every_kernel
def test_outputs_are_those_of_numpy(kernel: Kernel) -> None:
    setting = Setting(kernel)
    assert_same_outputs(fg.vjp(setting.outputs, setting.x)[0], setting.expected)
    assert_same_outputs(fg.jvp(setting.outputs, (setting.x,), (setting.x,))[0], setting.expected)
    setting.assert_untouched()


@every_kernel
def test_gradient_agrees_with_differences(kernel: Kernel, rng: np.random.Generator) -> None:
    setting = Setting(kernel)
    for traced, plain in ((setting.weighted, setting.plain), (setting.total, setting.plain_total)):
        g = fg.grad(traced)(setting.x)
        assert (g.shape, g.dtype) == (setting.x.shape, setting.x.dtype)
        for dx in rng.normal(size=(2, *setting.x.shape)):
            slope = difference_quotient(plain, setting.x, dx)
            np.testing.assert_allclose(np.sum(g * dx), slope, rtol=1e-6, atol=1e-8)
    setting.assert_untouched()


@every_kernel
def test_forward_mode_agrees_with_the_gradient(kernel: Kernel, rng: np.random.Generator) -> None:
    setting = Setting(kernel)
    dx = rng.normal(size=setting.x.shape)
    slope = fg.jvp(setting.weighted, (setting.x,), (dx,))[1]
    np.testing.assert_allclose(slope, np.sum(fg.grad(setting.weighted)(setting.x) * dx), rtol=1e-9, atol=1e-11)
    setting.assert_untouched()


@every_kernel
def test_gradients_of_all_arguments_at_once(kernel: Kernel, rng: np.random.Generator) -> None:
    setting = Setting(kernel)
    args = setting.args
    places = tuple(i for i, x in enumerate(args) if isinstance(x, np.ndarray) and x.dtype == float)
    directions = {i: rng.normal(size=args[i].shape) for i in places}

    def weighted(*args: Any) -> Any:
        return sum(np.sum(w * y) for w, y in zip(setting.weights, leaves(adopted(*args)), strict=True))

    def along(t: float) -> float:
        moved = tuple(x + t * directions[i] if i in directions else x for i, x in enumerate(args))
        return float(sum(np.sum(w * y) for w, y in zip(setting.weights, run(kernel, moved), strict=True)))

    adopted = fg.adopt(kernel.function)
    gradients = fg.grad(weighted, argnums=places)(*args)
    slope = difference_quotient(along, np.float64(0.0), np.float64(1.0))
    assert sum(np.sum(g * directions[i]) for i, g in zip(places, gradients, strict=True)) == pytest.approx(slope, 1e-6)
    setting.assert_untouched()


@every_kernel
def test_gradient_of_the_gradient_agrees_with_differences(kernel: Kernel, rng: np.random.Generator) -> None:
    setting = Setting(kernel)
    v, dx = rng.normal(size=(2, *setting.x.shape))

    def slope(x: Any) -> Any:
        return np.sum(fg.grad(setting.weighted)(x) * v)

    expected = difference_quotient(slope, setting.x, dx)
    np.testing.assert_allclose(np.sum(fg.grad(slope)(setting.x) * dx), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(fg.jvp(slope, (setting.x,), (dx,))[1], expected, rtol=1e-6, atol=1e-7)
    setting.assert_untouched()


@every_kernel
def test_vmap_of_the_gradient_is_a_loop(kernel: Kernel, rng: np.random.Generator) -> None:
    setting = Setting(kernel)
    examples = setting.x * rng.uniform(0.99, 1.01, (3, *setting.x.shape))
    kept = examples.copy()
    expected = np.stack([fg.grad(setting.weighted)(x) for x in examples])
    np.testing.assert_allclose(fg.vmap(fg.grad(setting.weighted))(examples), expected, rtol=1e-9, atol=1e-11)
    np.testing.assert_array_equal(examples, kept)
    setting.assert_untouched()


@every_kernel
def test_checkpoint_changes_nothing(kernel: Kernel) -> None:
    setting = Setting(kernel)
    expected = fg.grad(setting.weighted)(setting.x)
    np.testing.assert_allclose(fg.grad(fg.checkpoint(setting.weighted))(setting.x), expected, rtol=1e-12, atol=1e-12)
    setting.assert_untouched()


def test_names_are_unique() -> None:
    names = [kernel.name for kernel in KERNELS]
    assert len(set(names)) == len(names)
