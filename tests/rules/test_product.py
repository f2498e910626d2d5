"""Products, beyond the rows of the table of cases.

A product is linear in each operand. So its derivatives can be judged without differences: the tangent is the function
with one operand replaced by its tangent, and the cotangent is right if it pairs with every tangent as it should.
"""

import gc
import itertools
import string
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.rules.product import cheapest_splits
from funcgrad.testing import DeviceArray, check_grads

Function = Callable[..., Any]
Rng = np.random.Generator


def draw(rng: Rng, *shape: int, kind: str = "f") -> Any:
    x = rng.uniform(-1, 1, shape)
    return x + 1j * rng.uniform(-1, 1, shape) if kind == "c" else x


def pairing(a: Any, b: Any) -> float:
    return float(np.sum(np.real(np.asarray(a) * np.asarray(b))))


def assert_multilinear(rng: Rng, f: Function, *xs: Any) -> None:
    """Assert that value, tangents and cotangents of a product are right, for one operand at a time and for all."""
    y, pullback = fg.vjp(f, *xs)
    want = f(*xs)
    np.testing.assert_allclose(y, want, 1e-12, 1e-14)
    assert np.shape(y) == np.shape(want)
    assert y.dtype == want.dtype
    g = draw(rng, *np.shape(y), kind=y.dtype.kind).astype(y.dtype)
    total = 0
    for i, (x, gx) in enumerate(zip(xs, pullback(g), strict=True)):
        assert (gx.shape, gx.dtype) == (np.shape(x), x.dtype)
        dx = draw(rng, *np.shape(x), kind=x.dtype.kind).astype(x.dtype)
        dy = f(*xs[:i], dx, *xs[i + 1 :])
        total = total + dy
        np.testing.assert_allclose(pairing(gx, dx), pairing(g, dy), 1e-9, 1e-9)
        alone = fg.vjp(lambda x, i=i: f(*xs[:i], x, *xs[i + 1 :]), x)[1](g)[0]
        np.testing.assert_allclose(alone, gx, 1e-12, 1e-14)
        _, tangent = fg.jvp(lambda x, i=i: f(*xs[:i], x, *xs[i + 1 :]), (x,), (dx,))
        np.testing.assert_allclose(tangent, dy, 1e-12, 1e-14)
    _, tangent = fg.jvp(f, xs, xs)
    np.testing.assert_allclose(tangent, len(xs) * want, 1e-11, 1e-13)


def assert_second_order(f: Function, *xs: Any) -> None:
    """The square of a product has a second derivative; so has that of its cotangents."""
    check_grads(lambda *xs: np.sum(np.abs(f(*xs)) ** 2), xs, order=2)


# -- Matrix products ---------------------------------------------------------------------------------

MATMUL_SHAPES = [
    *itertools.product([(3,), (2, 3), (4, 2, 3)], [(3,), (3, 5), (4, 3, 5)]),
    ((1, 2, 3), (4, 3, 5)),
    ((5, 1, 2, 3), (4, 3, 2)),
    ((2, 3), (5, 4, 3, 2)),
    ((5, 4, 2, 3), (3, 2)),
    ((5, 4, 2, 3), (3,)),
    ((3,), (5, 4, 3, 2)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((0, 2, 3), (3, 2)),
    ((2, 3), (0, 3, 4)),
    ((4, 0, 3), (3, 2)),
    ((0, 3), (4, 3, 2)),
    ((0,), (0,)),
]


@pytest.mark.parametrize("kinds", ["ff", "cc", "fc", "cf"])
@pytest.mark.parametrize("shapes", MATMUL_SHAPES, ids=str)
def test_matmul(shapes: Any, kinds: str, rng: Rng) -> None:
    a, b = (draw(rng, *shape, kind=kind) for shape, kind in zip(shapes, kinds, strict=True))
    assert_multilinear(rng, np.matmul, a, b)
    assert_multilinear(rng, lambda a, b: a @ b, a, b)


@pytest.mark.parametrize("shapes", MATMUL_SHAPES[:12], ids=str)
def test_matmul_second_order(shapes: Any, rng: Rng) -> None:
    assert_second_order(np.matmul, *(draw(rng, *shape) for shape in shapes))


DOT_SHAPES = [
    ((), ()),
    ((), (2, 3)),
    ((2, 3), ()),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((2, 2, 3), (3,)),
    ((2, 2, 3), (3, 2)),
    ((3,), (2, 3, 4)),
    ((2, 2, 3), (4, 3, 2)),
    ((0, 3), (3, 2)),
]


@pytest.mark.parametrize("kind", "fc")
@pytest.mark.parametrize("shapes", DOT_SHAPES, ids=str)
def test_dot_inner_outer_and_kron(shapes: Any, kind: str, rng: Rng) -> None:
    a, b = (draw(rng, *shape, kind=kind) for shape in shapes)
    assert_multilinear(rng, np.dot, a, b)
    assert_multilinear(rng, np.inner, a, np.moveaxis(b, max(0, b.ndim - 2), -1) if b.ndim else b)
    assert_multilinear(rng, np.outer, a, b)
    assert_multilinear(rng, np.kron, a, b)


@pytest.mark.parametrize("kinds", ["ff", "cc", "fc", "cf"])
def test_products_that_conjugate(kinds: str, rng: Rng) -> None:
    def pair(*shapes: tuple[int, ...]) -> list[Any]:
        return [draw(rng, *shape, kind=kind) for shape, kind in zip(shapes, kinds, strict=True)]

    assert_multilinear(rng, np.vdot, *pair((2, 3), (6,)))
    assert_multilinear(rng, np.vecdot, *pair((3,), (2, 4, 3)))
    assert_multilinear(rng, np.vecdot, *pair((4, 3), (2, 1, 3)))
    assert_multilinear(rng, lambda a, b: np.linalg.vecdot(a, b, axis=0), *pair((3, 2), (3, 2)))
    if hasattr(np, "vecmat"):
        assert_multilinear(rng, np.vecmat, *pair((5, 1, 3), (3, 2)))
        assert_multilinear(rng, np.vecmat, *pair((3,), (4, 3, 2)))
        assert_multilinear(rng, np.matvec, *pair((4, 2, 3), (5, 1, 3)))
    assert_second_order(np.vdot, *pair((3,), (3,)))
    assert_second_order(np.vecdot, *pair((2, 3), (3,)))


@pytest.mark.parametrize("f", [np.dot, np.inner, np.matmul, np.vdot, np.outer, np.kron, np.vecdot])
def test_one_operand_may_be_anything(f: Function, rng: Rng) -> None:
    x = draw(rng, 3)
    for other in ([1, 2, 3], (1.5, 2, 3), np.array([1, 2, 3]), np.array([True, False, True])):
        for g in (lambda x, other=other: f(x, other), lambda x, other=other: f(other, x)):
            value, pullback = fg.vjp(g, x)
            np.testing.assert_array_equal(value, g(x))
            np.testing.assert_allclose(pairing(pullback(np.ones_like(value))[0], x), np.sum(g(x)))


def test_numbers_promote_as_in_numpy(rng: Rng) -> None:
    x = draw(rng, 3).astype(np.float32)
    for f in (np.dot, np.inner, np.outer, np.kron):
        for g in (lambda x, f=f: f(x, 2.5), lambda x, f=f: f(2.5, x)):
            value, pullback = fg.vjp(g, x)
            assert value.dtype == g(x).dtype
            assert pullback(np.ones_like(value))[0].dtype == np.float32


def test_linalg_names(rng: Rng) -> None:
    a, b, u = draw(rng, 4, 2, 3), draw(rng, 3, 2), draw(rng, 3)
    assert_multilinear(rng, np.linalg.matmul, a, b)
    assert_multilinear(rng, np.linalg.outer, u, draw(rng, 2))
    assert_multilinear(rng, lambda a, b: np.linalg.tensordot(a, b, axes=([2, 1], [0, 1])), a, b)
    assert_multilinear(rng, lambda a, b: np.linalg.cross(a, b, axis=0), draw(rng, 3, 2), draw(rng, 3, 2))
    with pytest.raises(ValueError, match="one-dimensional"):
        fg.grad(lambda b: np.sum(np.linalg.outer(b, u)))(b)
    with pytest.raises(ValueError, match="3-dimensional"):
        fg.grad(lambda b: np.sum(np.linalg.cross(b, b)))(b)


@pytest.mark.parametrize("ends", ["MM", "vM", "Mv", "vv"])
@pytest.mark.parametrize("inner", [0, 1, 2, 4])
def test_multi_dot(ends: str, inner: int, rng: Rng) -> None:
    sizes = rng.integers(1, 6, inner + 3)
    chain = [draw(rng, m, n) for m, n in itertools.pairwise(sizes)]
    chain[0] = chain[0] if ends[0] == "M" else chain[0][0]
    chain[-1] = chain[-1] if ends[1] == "M" else chain[-1][:, 0]
    assert_multilinear(rng, lambda *chain: np.linalg.multi_dot(chain), *chain)


def test_multi_dot_multiplies_in_the_cheapest_order() -> None:
    """10 x 1000, 1000 x 5, 5 x 1000, 1000 x 7: the thin middle is never made wide."""
    assert cheapest_splits([10, 1000, 5, 1000, 7])[0, 3] == 1
    assert cheapest_splits([2, 3, 4]) == {(0, 1): 0}


def test_multi_dot_errors() -> None:
    x = np.ones((3, 3))
    with pytest.raises(np.linalg.LinAlgError, match="matrices"):
        fg.grad(lambda x: np.sum(np.linalg.multi_dot([x, x[0], x])))(x)
    with pytest.raises(ValueError, match="two"):
        fg.grad(lambda x: np.sum(np.linalg.multi_dot([x])))(x)


# -- Cross products ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", "fc")
def test_cross(kind: str, rng: Rng) -> None:
    a, b = draw(rng, 4, 3, kind=kind), draw(rng, 2, 1, 3, kind=kind)
    assert_multilinear(rng, np.cross, a, b)
    assert_multilinear(rng, lambda a, b: np.cross(a, b, axis=0), a[:3], b[0, 0])
    for axes in itertools.product((0, 1, -1), (0, -2, -1), (0, 1, -1)):
        p, q = (np.moveaxis(draw(rng, 2, 3, kind=kind), -1, axis) for axis in axes[:2])
        assert_multilinear(rng, lambda p, q, axes=axes: np.cross(p, q, *axes), p, q)
    assert_second_order(np.cross, a, b)


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors:DeprecationWarning")
@pytest.mark.parametrize("lengths", [(2, 2), (2, 3), (3, 2)])
def test_cross_in_the_plane(lengths: tuple[int, int], rng: Rng) -> None:
    a, b = draw(rng, 4, lengths[0]), draw(rng, 4, lengths[1])
    try:
        np.cross(a, b)
    except ValueError:
        pytest.skip("this NumPy has vectors of length 3 only")
    assert_multilinear(rng, np.cross, a, b)
    assert_multilinear(rng, lambda a, b: np.cross(a, b, axisc=0) if 3 in lengths else np.cross(a, b), a, b)


# -- Tensor products ---------------------------------------------------------------------------------

TENSORDOT = [
    ((2, 3, 4), (3, 4, 5), 2),
    ((2, 3), (4, 5), 0),
    ((2, 3), (3, 4), 1),
    ((2, 3, 4), (4, 3, 5), ([1, 2], [1, 0])),
    ((2, 3, 4), (4, 3, 5), ([2, 1], [0, 1])),
    ((2, 3, 4), (5, 4, 3, 2), ([0, 2, 1], [-1, -3, 2])),
    ((2, 3, 4), (5, 3), (1, 1)),
    ((2, 3, 4), (5, 3), (-2, [1])),
    ((3, 2, 3), (3, 3), ((0, 2), (1, 0))),
    ((), (2, 3), 0),
    ((2, 3), (), 0),
    ((2, 3), (3, 2), ([0, 1], [1, 0])),
    ((2, 0), (0, 3), 1),
]


@pytest.mark.parametrize("kind", "fc")
@pytest.mark.parametrize("case", TENSORDOT, ids=str)
def test_tensordot(case: Any, kind: str, rng: Rng) -> None:
    a, b = (draw(rng, *shape, kind=kind) for shape in case[:2])
    assert_multilinear(rng, lambda a, b: np.tensordot(a, b, case[2]), a, b)
    assert_multilinear(rng, lambda a, b: np.tensordot(a, b, axes=case[2]), a, b)


def test_tensordot_second_order_and_errors(rng: Rng) -> None:
    a, b = draw(rng, 2, 3, 2), draw(rng, 2, 3, 2)
    assert_second_order(lambda a, b: np.tensordot(a, b, ([2, 1], [0, 1])), a, b)
    for axes in (1, ([0], [1]), 4, ([3], [0])):
        with pytest.raises(ValueError, match=r"shape-mismatch|no axes"):
            fg.grad(lambda a, axes=axes: np.sum(np.tensordot(a, b, axes)))(a if axes != 1 else a[..., :1])


# -- Einstein sums -----------------------------------------------------------------------------------

EINSUM = [
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iii->i", [(3, 3, 3)]),
    ("iii", [(3, 3, 3)]),
    ("iijj->", [(2, 2, 3, 3)]),
    ("ijij->ji", [(2, 3, 2, 3)]),
    ("ijk->", [(2, 3, 4)]),
    ("ijk->kj", [(2, 3, 4)]),
    ("i,j->", [(2,), (3,)]),
    ("ij,kl->", [(2, 3), (3, 2)]),
    ("iij,jk->k", [(2, 2, 3), (3, 2)]),
    ("ij,jj->i", [(2, 3), (3, 3)]),
    ("ii,ii->i", [(3, 3), (3, 3)]),
    ("ii,jj", [(3, 3), (2, 2)]),
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 2)]),
    ("ij,ij,ij->ij", [(2, 3), (2, 3), (2, 3)]),
    ("i,i,i", [(3,), (3,), (3,)]),
    ("ij,ij->ij", [(1, 3), (2, 1)]),
    ("ij,j->i", [(2, 3), (1,)]),
    ("ij,j->i", [(2, 1), (3,)]),
    ("i,i->", [(1,), (3,)]),
    ("ii,i->i", [(1, 1), (3,)]),
    ("ij,kj->ik", [(2, 1), (3, 4)]),
    (",,->", [(), (), ()]),
    (",ij", [(), (2, 3)]),
    ("...", [(2, 3)]),
    ("...->...", [()]),
    ("...i->...", [(2, 3, 4)]),
    ("i...->...", [(2, 3, 4)]),
    ("...ii", [(2, 3, 3)]),
    ("i...i->...", [(2, 3, 2)]),
    ("...,...->...", [(3, 1, 2), (4, 1)]),
    ("a...b,b...->a...", [(2, 3, 4), (4, 5, 1)]),
    ("...ij,jk", [(2, 2, 3), (3, 4)]),
    ("ij...,...jk->ik...", [(2, 3, 4), (4, 3, 2)]),
    ("...a,...a->a...", [(2, 3), (3,)]),
    ("  i j , j k ->  i k ", [(2, 3), (3, 4)]),
    ("zy,yA->Az", [(2, 3), (3, 4)]),
    ("bA,Ac", [(2, 3), (3, 4)]),
    ("ij,jk->ik", [(0, 3), (3, 2)]),
    ("ij,jk->ik", [(2, 0), (0, 2)]),
    ("ij->j", [(0, 3)]),
    ("ii->", [(0, 0)]),
]


@pytest.mark.parametrize("kind", "fc")
@pytest.mark.parametrize(("subscripts", "shapes"), EINSUM, ids=str)
def test_einsum(subscripts: str, shapes: Any, kind: str, rng: Rng) -> None:
    xs = [draw(rng, *shape, kind=kind) for shape in shapes]
    assert_multilinear(rng, lambda *xs: np.einsum(subscripts, *xs), *xs)


@pytest.mark.parametrize(("subscripts", "shapes"), EINSUM[::3], ids=str)
def test_einsum_second_order(subscripts: str, shapes: Any, rng: Rng) -> None:
    assert_second_order(lambda *xs: np.einsum(subscripts, *xs), *(draw(rng, *shape) for shape in shapes))


@pytest.mark.parametrize("seed", range(60))
def test_einsum_of_random_subscripts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    letters = [string.ascii_letters[i] for i in rng.choice(52, 4, replace=False)]
    size = {letter: int(rng.integers(1, 4)) for letter in letters}
    terms = ["".join(rng.choice(letters, rng.integers(0, 4))) for _ in range(rng.integers(1, 4))]
    used = sorted(set("".join(terms)))
    output = "".join(rng.permutation([letter for letter in used if rng.random() < 0.5]))
    subscripts = ",".join(terms) + ("->" + output if rng.random() < 0.7 else "")
    xs = [draw(rng, *(size[letter] for letter in term)) for term in terms]
    assert_multilinear(rng, lambda *xs: np.einsum(subscripts, *xs), *xs)


@pytest.mark.parametrize(
    "sublists",
    [
        ([0, 1], [1, 2], [0, 2]),
        ([0, 1], [1, 2]),
        ([30, 1], [1, 2]),
        ([Ellipsis, 0, 1], [1, 2], [Ellipsis, 2, 0]),
        ((0, 0), (0, 2), (2,)),
    ],
    ids=str,
)
def test_einsum_with_sublists(sublists: Any, rng: Rng) -> None:
    a, b = draw(rng, 3, 3), draw(rng, 3, 4)
    assert_multilinear(rng, lambda a, b: np.einsum(a, sublists[0], b, sublists[1], *sublists[2:]), a, b)


@pytest.mark.parametrize("optimize", [False, True, "greedy", "optimal", ["einsum_path", (0, 1), (0, 1)]], ids=str)
def test_einsum_plans_when_it_pays(optimize: Any, rng: Rng) -> None:
    xs = [draw(rng, 40, 40) for _ in range(3)]
    assert_multilinear(rng, lambda *xs: np.einsum("ij,jk,kl->il", *xs, optimize=optimize), *xs)


def test_einsum_dtype_and_errors(rng: Rng) -> None:
    a, b = draw(rng, 2, 3).astype(np.float32), draw(rng, 3, 2).astype(np.float32)
    value, pullback = fg.vjp(lambda a: np.einsum("ij,jk", a, b, dtype=np.float64, order="C", casting="safe"), a)
    assert value.dtype == np.float64
    assert pullback(value)[0].dtype == np.float32
    for subscripts in ("ij", "ij,jk,kl", "ij,j...->i", "ij,jk->iik", "ijk,jk"):
        with pytest.raises(ValueError, match=r"ein|operand|subscript"):
            fg.grad(lambda a, subscripts=subscripts: np.sum(np.einsum(subscripts, a, b)))(a)


def test_einsum_agrees_with_jax(rng: Rng) -> None:
    jax = pytest.importorskip("jax")
    q, k, v = (draw(rng, 2, 5, 3, 4) for _ in range(3))

    def attention(np: Any, q: Any, k: Any, v: Any) -> Any:
        scores = np.exp(np.einsum("bqhd,bkhd->bhqk", q, k) / 2)
        return np.sum(np.einsum("bhqk,bkhd->bqhd", scores / np.sum(scores, axis=-1, keepdims=True), v) ** 3)

    want = jax.grad(lambda *xs: attention(jax.numpy, *xs), (0, 1, 2))(q, k, v)
    got = fg.grad(lambda *xs: attention(np, *xs), (0, 1, 2))(q, k, v)
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(g, w, 1e-10)


# -- All of them -------------------------------------------------------------------------------------


def test_third_order(rng: Rng) -> None:
    """The cube of ``x @ x`` summed up is a polynomial of degree six."""
    x, v = draw(rng, 3, 3), draw(rng, 3, 3)

    def along(f: Function) -> Function:
        return lambda x: fg.jvp(f, (x,), (v,))[1]

    products = (np.matmul, np.dot, lambda a, b: np.einsum("ij,jk", a, b), lambda a, b: np.tensordot(a, b, 1))
    for product in products:
        third = along(along(along(lambda x, product=product: np.sum(product(x, x) ** 3))))(x)
        coefficients = np.polyfit(t := np.linspace(-1, 1, 13), [np.sum(((x + s * v) @ (x + s * v)) ** 3) for s in t], 6)
        np.testing.assert_allclose(third, 6 * coefficients[3], 1e-8)


def test_on_a_device(rng: Rng) -> None:
    a, b = DeviceArray(draw(rng, 2, 3, 3)), DeviceArray(draw(rng, 2, 3, 3))
    for f in (
        lambda a, b: np.einsum("bii,bij->j", a, b),
        lambda a, b: np.einsum("bij,bkl->i", a, b),
        lambda a, b: np.tensordot(a, b, ([2, 0], [1, 0])),
        lambda a, b: np.linalg.multi_dot([a[0], b[0], a[1]]),
        lambda a, b: np.kron(a, b),
        np.vecdot,
    ):
        value, pullback = fg.vjp(f, a, b)
        assert {type(x) for x in (value, *pullback(value))} == {DeviceArray}


@pytest.mark.parametrize("f", [lambda x: np.linalg.multi_dot([x, x, x]), lambda x: np.einsum("ij,jk", x, x)])
def test_memory_returns_without_the_collector(f: Function) -> None:
    gc.collect()
    gc.disable()
    try:
        x = np.ones((3, 3)).view(Watched)
        fg.grad(lambda x: np.sum(f(x)))(x)
        alive = weakref.ref(x)
        del x
        assert alive() is None
    finally:
        gc.enable()


class Watched(np.ndarray[Any, Any]):
    """An array that can be watched."""
