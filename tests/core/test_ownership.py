"""Cotangents that nobody else holds are handed on without a copy; those that somebody holds are never written to."""

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.nn.functional as F
from funcgrad.core.kinds import Multilinear, Opaque
from funcgrad.tensor.root import AccumulateGrad
from funcgrad.tensor.shell import unwrap, wrap

KEPT = []


def remembered(x):
    KEPT.append((x, x.copy()))
    return x


def made(x):
    """Two primitives of the identity, whose rules keep what they give."""
    one = Opaque(lambda x: x + 0, lambda dx: dx, lambda g: remembered(g * 1), name="kept", own=True)
    two = Opaque(
        lambda a, b: a + b,
        lambda dxs: dxs[0] + dxs[1],
        lambda g: (remembered(g * 1), remembered(g * 1)),
        arity=2,
        name="kept_twice",
        own=True,
    )
    three = Multilinear(lambda x: x + 0, lambda g: remembered(g * 1), name="kept_linear", own=True)
    return one(x), two(x, x), three(x)


def test_what_a_rule_keeps_is_not_written_to():
    KEPT.clear()
    x = np.arange(3.0)

    def f(x):
        y = x * 1.0
        return sum(np.sum(part * part) for part in made(y)) + np.sum(y)

    gradient = fg.grad(f)(x)
    np.testing.assert_allclose(gradient, 2 * x + 8 * x + 2 * x + 1)
    gradient += 1
    assert len(KEPT) == 4
    for now, then in KEPT:
        np.testing.assert_array_equal(now, then)


def test_a_view_that_a_rule_keeps_is_not_written_to():
    views = []

    def rule(g):
        c = g * 1
        views.append(c[1:])
        return c

    kept = Opaque(lambda x: x + 0, lambda dx: dx, rule, name="viewed", own=True)
    x = fg.ones(3, requires_grad=True)
    y = x.clone()
    (wrap(kept(unwrap(y))).sum() + (y * 3).sum()).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [4, 4, 4])
    x.grad += 1
    np.testing.assert_array_equal(views[0], [1, 1])


@pytest.mark.parametrize("layer", [lambda x, w: F.linear(x, w, fg.zeros(3)), lambda x, w: x @ w])
def test_the_gradient_of_a_weight_is_handed_on(layer, monkeypatch):
    w = fg.ones(3, 3, requires_grad=True)
    owned = []
    step = AccumulateGrad.step

    def noted(node, g, pending):
        owned.append(node.owned)
        step(node, g, pending)

    monkeypatch.setattr(AccumulateGrad, "step", noted)
    for _ in range(2):
        layer(fg.ones(2, 3), w).sum().backward()
    assert owned == [True, True]
    np.testing.assert_array_equal(w.grad.numpy(), np.full((3, 3), 4.0))
