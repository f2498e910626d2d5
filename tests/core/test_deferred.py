"""Products whose sum alone is wanted: never formed there, formed wherever anything else asks for them."""

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.deferred import DeferredProduct
from funcgrad.testing import check_grads

RNG = np.random.default_rng(0)
DATA = RNG.normal(size=(3, 6, 4))
FACTORS = {"one": RNG.normal(size=(4, 5)), "stack": RNG.normal(size=(3, 4, 5)), "spread": RNG.normal(size=(1, 4, 5))}
MEANS = [(3, 1, 4), (1, 1, 4), (1, 4), (4,), (3, 1, 1), (1, 1), ()]


def away(x: Any, m: Any) -> Any:
    return x - m


def back(x: Any, m: Any) -> Any:
    return m - x


def shifted(x: Any, m: Any) -> Any:
    return x + m


@pytest.fixture
def formed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is formed, as it comes."""
    found: list[Any] = []
    usual = DeferredProduct.formed
    monkeypatch.setattr(DeferredProduct, "formed", lambda self: found.append(self) or usual(self))
    return found


@pytest.fixture
def made(constructed: Any) -> list[Any]:
    """What is deferred, as it comes."""
    return constructed(DeferredProduct)  # type: ignore[no-any-return]


@pytest.mark.parametrize("shape", MEANS, ids=str)
@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("shift", [away, back, shifted])
def test_the_gradient(shift: Any, factor: str, shape: tuple[int, ...], made: list[Any], formed: list[Any]) -> None:
    q = FACTORS[factor]
    m = np.asarray(RNG.normal(size=shape))

    def f(m: Any, q: Any) -> Any:
        return np.sum(np.sin(shift(DATA, m) @ q))

    expected = np.cos(shift(DATA, m) @ q) @ np.swapaxes(q, -1, -2) * (-1 if shift is away else 1)
    total = expected.sum(tuple(d for d in range(3) if d < 3 - m.ndim or m.shape[d - 3 + m.ndim] == 1))
    found = fg.grad(f)(m, q)
    assert len(made) == 1
    assert not formed
    np.testing.assert_allclose(found, total.reshape(shape), rtol=1e-12, atol=1e-12)
    check_grads(f, (m, q), order=2)


def test_whatever_else_arrives_is_added(made: list[Any], formed: list[Any]) -> None:
    q, r = FACTORS["one"], RNG.normal(size=(4, 2))
    m = RNG.normal(size=4)

    def before(m: Any) -> Any:
        y = DATA - m
        return np.sum(np.sin(y @ q)) + np.sum(np.exp(y))

    def after(m: Any) -> Any:
        y = DATA - m
        return np.sum(np.exp(y)) + np.sum(np.sin(y @ q))

    def twice(m: Any) -> Any:
        y = DATA - m
        return np.sum(np.sin(y @ q)) * np.sum(np.cos(y @ r))

    for f in (before, after, twice):
        made.clear()
        formed.clear()
        check_grads(f, (m,), order=2)
        assert made
        assert formed


def test_both_sides_of_a_difference_are_served(made: list[Any]) -> None:
    q = FACTORS["one"]

    def f(x: Any, m: Any) -> Any:
        return np.sum(np.sin((x - m) @ q))

    check_grads(f, (DATA, np.ones(4)), order=2)
    assert not made  # the product is wanted for its own sake


def test_one_row_is_no_sum(made: list[Any]) -> None:
    check_grads(lambda m: np.sum(np.sin((DATA[:, :1] - m) @ FACTORS["one"])), (np.ones((3, 1, 4)),), order=2)
    assert not made


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_dtypes(dtype: Any) -> None:
    x, q = DATA.astype(dtype), FACTORS["one"].astype(dtype)
    m = np.ones(4, dtype)
    g = fg.grad(lambda m: np.sum(np.abs((x - m) @ q) ** 2))(m)
    assert g.dtype == dtype
    wide = fg.grad(lambda m: np.sum(np.abs((DATA - m) @ FACTORS["one"]) ** 2))(np.ones(4))
    np.testing.assert_allclose(g, wide, rtol=1e-4 if dtype == np.float32 else 1e-12)


def test_real_means_of_complex_data() -> None:
    x = DATA + 1j * DATA[::-1]
    m = np.ones(4)
    f = lambda m: np.sum(np.abs((x - m) @ FACTORS["one"]) ** 2)  # noqa: E731
    check_grads(f, (m,), order=2)
    assert fg.grad(f)(m).dtype == np.float64


def test_infinities_and_zeros() -> None:
    x = DATA.copy()
    x[0, 0, 0] = np.inf
    g = fg.grad(lambda m: np.sum((np.where(np.isinf(x), 0.0, x - m) @ FACTORS["one"])[1:]))(np.zeros(4))
    np.testing.assert_allclose(g, -2 * 6 * FACTORS["one"].sum(1))


def test_vmap_and_jacobians_agree_with_loops() -> None:
    q, ms = FACTORS["stack"], RNG.normal(size=(7, 4))
    f = lambda m: np.sum(np.sin((DATA - m) @ q))  # noqa: E731
    np.testing.assert_allclose(fg.vmap(fg.grad(f))(ms), [fg.grad(f)(m) for m in ms])
    rows = lambda m: np.sum(np.sin((DATA - m) @ q), axis=(0, 2))  # noqa: E731
    np.testing.assert_allclose(fg.jacrev(rows)(ms[0]), fg.jacfwd(rows)(ms[0]))


def test_tensors_see_it_formed() -> None:
    """Hooks, retained gradients, and gradients with respect to the difference itself."""
    m, q = fg.tensor(np.ones(4), requires_grad=True), fg.tensor(FACTORS["one"])
    expected = np.cos((DATA - 1) @ FACTORS["one"]) @ FACTORS["one"].T

    def values() -> Any:
        y = fg.tensor(DATA) - m
        return y, fg.sin(y @ q).sum()

    y, loss = values()
    np.testing.assert_allclose(fg.autograd.grad(loss, y)[0].numpy(), expected)
    y, loss = values()
    both = fg.autograd.grad(loss, [y, m])
    np.testing.assert_allclose(both[0].numpy(), expected)
    np.testing.assert_allclose(both[1].numpy(), -expected.sum((0, 1)))
    y, loss = values()
    y.retain_grad()
    seen: list[Any] = []
    y.register_hook(lambda g: seen.append(g.numpy()))
    loss.backward()
    np.testing.assert_allclose(y.grad.numpy(), expected)
    np.testing.assert_allclose(seen[0], expected)
    np.testing.assert_allclose(m.grad.numpy(), -expected.sum((0, 1)))
    y, loss = values()
    (g,) = fg.autograd.grad(loss, m, create_graph=True)
    check_grads(lambda m: np.sum(fg.grad(lambda m: np.sum(np.sin((DATA - m) @ FACTORS["one"])))(m)), (np.ones(4),))
    (second,) = fg.autograd.grad(g.sum(), m)
    wanted = fg.hessian(lambda m: np.sum(np.sin((DATA - m) @ FACTORS["one"])))(np.ones(4)).sum(0)
    np.testing.assert_allclose(second.numpy(), wanted)


def test_a_pullback_can_be_called_again() -> None:
    q = FACTORS["one"]
    y, pullback = fg.vjp(lambda m: np.sin((DATA - m) @ q), np.ones(4))
    g = RNG.normal(size=y.shape)
    first, again = pullback(g), pullback(g)
    np.testing.assert_array_equal(first[0], again[0])
