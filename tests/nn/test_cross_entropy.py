"""Cross entropy of plain classes is two nodes: all reductions, shapes, orders and maps of it."""

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.nn.functional as F

SHAPES = [(5, 4), (3, 4, 2), (2, 3, 2, 2)]


def drawn(shape, dtype=np.float64):
    rng = np.random.default_rng(len(shape))
    scores = rng.standard_normal(shape).astype(dtype)
    return scores, rng.integers(shape[1], size=(shape[0], *shape[2:]))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_two_orders_are_pytorchs(shape, reduction):
    torch = pytest.importorskip("torch")
    scores, classes = drawn(shape)

    def both(lib, cross_entropy):
        x = lib.tensor(scores, requires_grad=True)
        loss = cross_entropy(x, lib.tensor(classes), reduction=reduction)
        (g,) = lib.autograd.grad((loss * loss).sum(), x, create_graph=True)
        (h,) = lib.autograd.grad((g * g).sum(), x)
        return [a.detach().numpy() for a in (loss, g, h)]

    for ours, theirs in zip(both(fg, F.cross_entropy), both(torch, torch.nn.functional.cross_entropy), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_maps_and_tangents_are_those_of_one(shape, reduction):
    scores, classes = drawn(shape)
    many = np.stack([scores, 2 * scores, -scores])

    def loss(x):
        return F.cross_entropy(x, classes, reduction=reduction)

    def gradient(x):
        return fg.grad(lambda x: np.sum(loss(x) ** 2))(x)

    for function in (loss, gradient):
        np.testing.assert_allclose(fg.vmap(function)(many), [function(x) for x in many], rtol=1e-12)
    y, dy = fg.jvp(loss, (scores,), (many[1],))
    step = 1e-6
    np.testing.assert_allclose(dy, (loss(scores + step * many[1]) - loss(scores - step * many[1])) / (2 * step), 1e-6)
    np.testing.assert_allclose(y, loss(scores))


def test_float32_stays_and_other_integers_are_classes():
    scores, classes = drawn((5, 4), np.float32)
    x = fg.tensor(scores, requires_grad=True)
    loss = F.cross_entropy(x, fg.tensor(classes))
    loss.backward()
    assert loss.dtype == x.grad.dtype == fg.float32
    for dtype in (np.int8, np.uint8, np.int32):
        assert F.cross_entropy(scores, classes.astype(dtype)) == loss.item()


def test_classes_that_are_written_to_later_do_not_change_the_gradient():
    scores, classes = drawn((5, 4))
    expected = fg.grad(lambda x: F.cross_entropy(x, classes))(scores)

    def loss(x):
        given = classes.copy()
        value = F.cross_entropy(x, given)
        given[:] = 0
        return value

    np.testing.assert_array_equal(fg.grad(loss)(scores), expected)


@pytest.mark.parametrize("wrong", [-1, 4])
def test_what_is_no_class_is_refused(wrong):
    scores, classes = drawn((5, 4))
    classes[2] = wrong
    with pytest.raises(IndexError, match=f"Target {wrong} is out of bounds"):
        F.cross_entropy(scores, classes)


def test_what_is_ignored_may_be_a_class():
    scores, classes = drawn((5, 4))
    kept = classes != classes[0]
    found = F.cross_entropy(scores, classes, ignore_index=int(classes[0]))
    np.testing.assert_allclose(found, F.cross_entropy(scores[kept], classes[kept]), rtol=1e-12)


def test_scores_may_be_written_to_later():
    x = fg.ones(2, 3, requires_grad=True)
    scores = x * 2
    loss = F.cross_entropy(scores, fg.tensor([0, 2]))
    scores.zero_()  # the loss keeps logarithms of its own
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), [[-2 / 3, 1 / 3, 1 / 3], [1 / 3, 1 / 3, -2 / 3]], rtol=1e-6)
