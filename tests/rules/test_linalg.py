"""Linear algebra, beyond the rows of the table of cases."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.testing import DeviceArray, check_grads

Function = Callable[..., Any]
Rng = np.random.Generator
linalg = np.linalg


def draw(rng: Rng, *shape: int, kind: str = "f") -> Any:
    x = rng.uniform(-1, 1, shape)
    return x + 1j * rng.uniform(-1, 1, shape) if kind == "c" else x


def invertible(rng: Rng, *shape: int, kind: str = "f") -> Any:
    return draw(rng, *shape, kind=kind) + 2 * np.eye(shape[-1])


def positive(rng: Rng, *shape: int, kind: str = "f") -> Any:
    x = draw(rng, *shape, kind=kind)
    return x @ np.conj(x.mT) + np.eye(shape[-1])


def hermitian(x: Any) -> Any:
    return (x + np.conj(np.swapaxes(x, -1, -2))) / 2


def real_and_imaginary(y: Any) -> Any:
    return np.real(y), np.imag(y)


def assert_value(f: Function, *xs: Any) -> None:
    """Assert that a traced value is what NumPy returns."""
    want = f(*xs)
    for got in (fg.vjp(f, *xs)[0], fg.jvp(f, xs, xs)[0]):
        assert type(got) is type(want)
        for g, w in zip(got, want, strict=True) if isinstance(want, tuple) else [(got, want)]:
            assert (g.shape, g.dtype) == (w.shape, w.dtype)
            np.testing.assert_allclose(g, w, 1e-12, 1e-13)


def against_torch(ours: Function, theirs: Function, *xs: Any) -> None:
    """Compare gradients of a real scalar with those of PyTorch, which returns the conjugate."""
    torch = pytest.importorskip("torch")
    tensors = [torch.tensor(x, requires_grad=True) for x in xs]
    theirs(torch, *tensors).backward()
    for got, tensor in zip(fg.grad(ours, tuple(range(len(xs))))(*xs), tensors, strict=True):
        np.testing.assert_allclose(got, np.conj(tensor.grad.resolve_conj().numpy()), 1e-9, 1e-10)


kinds = pytest.mark.parametrize("kind", "fc")

# -- Inverses and solutions --------------------------------------------------------------------------


@kinds
@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (2, 3, 3)], ids=str)
def test_inv(shape: Any, kind: str, rng: Rng) -> None:
    x = invertible(rng, *shape, kind=kind)
    assert_value(linalg.inv, x)
    check_grads(linalg.inv, (x,))


@kinds
@pytest.mark.parametrize(
    "shapes",
    [
        ((3, 3), (3,)),
        ((3, 3), (3, 2)),
        ((2, 3, 3), (3,)),
        ((2, 3, 3), (3, 1)),
        ((3, 3), (2, 3, 1)),
        ((2, 1, 2, 2), (3, 2, 2)),
    ],
    ids=str,
)
def test_solve(shapes: Any, kind: str, rng: Rng) -> None:
    a, b = invertible(rng, *shapes[0], kind=kind), draw(rng, *shapes[1], kind=kind)
    assert_value(linalg.solve, a, b)
    check_grads(linalg.solve, (a, b))
    check_grads(lambda b: linalg.solve(a, b), (b,), order=1)
    check_grads(lambda a: linalg.solve(a, b.tolist()), (a,), order=1)


@kinds
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2)], ids=str)
def test_pinv(shape: Any, kind: str, rng: Rng) -> None:
    x = draw(rng, *shape, kind=kind)
    assert_value(linalg.pinv, x)
    check_grads(linalg.pinv, (x,), order=2 if shape[0] != 3 else 1)
    check_grads(lambda x: linalg.pinv(x, 1e-10), (x,), order=1)


def test_pinv_of_a_matrix_that_keeps_its_low_rank(rng: Rng) -> None:
    u, v = draw(rng, 4, 2), draw(rng, 2, 3)
    check_grads(lambda u, v: linalg.pinv(u @ v), (u, v), order=1)


@kinds
@pytest.mark.parametrize("n", [-3, -1, 0, 1, 2, 5, 7, np.int64(4)])
def test_matrix_power(n: Any, kind: str, rng: Rng) -> None:
    x = invertible(rng, 2, 2, 2, kind=kind)
    assert_value(lambda x: linalg.matrix_power(x, n), x)
    check_grads(lambda x: linalg.matrix_power(x, n) * x, (x,), rtol=1e-5)


# -- Determinants ------------------------------------------------------------------------------------


def minors(x: Any) -> Any:
    """The cofactor matrix by its definition."""
    n = len(x)
    signs = (-1.0) ** np.add.outer(np.arange(n), np.arange(n))
    cut = [[linalg.det(np.delete(np.delete(x, i, 0), j, 1)) for j in range(n)] for i in range(n)]
    return signs * np.array(cut)


def with_rank(rng: Rng, n: int, rank: int, kind: str) -> Any:
    """A matrix whose determinant is exactly zero: of small integers, with the last rows copied."""
    x = np.round(4 * draw(rng, n, n, kind=kind)) + 5 * np.eye(n)
    x[rank:] = 0
    return x


@kinds
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_det(n: int, kind: str, rng: Rng) -> None:
    x = invertible(rng, n, n, kind=kind)
    assert_value(linalg.det, x)
    check_grads(linalg.det, (x,))
    check_grads(linalg.det, (invertible(rng, 2, n, n, kind=kind),), order=1)


@kinds
@pytest.mark.parametrize(("n", "lost"), [(n, lost) for n in range(1, 6) for lost in (1, 2) if lost <= n])
def test_det_of_singular_matrices(n: int, lost: int, kind: str, rng: Rng) -> None:
    x = with_rank(rng, n, n - lost, kind)
    assert linalg.det(x) == 0
    holomorphic = kind == "c"
    np.testing.assert_allclose(fg.grad(linalg.det, holomorphic=holomorphic)(x), minors(x), 1e-9, 1e-9)
    check_grads(linalg.det, (x,), rtol=1e-5, atol=1e-5)
    both = np.stack([x, invertible(rng, n, n, kind=kind)])
    gradient = fg.grad(lambda both: np.sum(linalg.det(both)), holomorphic=holomorphic)(both)
    np.testing.assert_allclose(gradient, [minors(one) for one in both], 1e-9, 1e-9)


def test_det_of_nearly_singular_matrices(rng: Rng) -> None:
    for n in (3, 4, 6):
        x = np.arange(1.0, n * n + 1).reshape(n, n) + (n > 3) * np.triu(np.ones((n, n)))
        x[-1] = x[0] + x[1] / 3
        np.testing.assert_allclose(fg.grad(linalg.det)(x), minors(x), 1e-8, 1e-8)


@pytest.mark.parametrize("rank", [0, 1, 2, 3, 4, 5])
def test_second_derivative_of_det_is_made_of_minors(rank: int, rng: Rng) -> None:
    x = with_rank(rng, 5, rank, "f")
    second = fg.jvp(fg.grad(linalg.det), (x,), (np.eye(5, k=1)[::-1],))[1]
    want = np.zeros_like(x)
    for i, j, k, m in itertools.product(range(5), repeat=4):
        if i != k and j != m and np.eye(5, k=1)[::-1][k, m]:
            cut = np.delete(np.delete(x, [i, k], 0), [j, m], 1)
            want[i, j] += (-1) ** (i + j + k + m) * np.sign((k - i) * (m - j)) * linalg.det(cut)
    np.testing.assert_allclose(second, want, 1e-9, 1e-8)


def test_third_derivative_of_det_of_a_large_singular_matrix_is_nan_not_wrong(rng: Rng) -> None:
    x, v = with_rank(rng, 4, 3, "f"), draw(rng, 4, 4)

    def second(x: Any) -> Any:
        return fg.jvp(fg.grad(linalg.det), (x,), (v,))[1]

    assert np.isnan(fg.jvp(second, (x,), (v,))[1]).any()


@kinds
@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (3, 2, 2)], ids=str)
def test_slogdet(shape: Any, kind: str, rng: Rng) -> None:
    x = invertible(rng, *shape, kind=kind)
    x[..., 0, :] = -x[..., 0, :]
    assert_value(linalg.slogdet, x)
    check_grads(lambda x: tuple(linalg.slogdet(x)), (x,))
    result = fg.vjp(linalg.slogdet, x)[0]
    assert result._fields == ("sign", "logabsdet")
    sign = fg.vjp(lambda x: linalg.slogdet(x).sign, x)[1](np.ones(shape[:-2]).astype(x.dtype)[()])[0]
    if kind == "f":
        np.testing.assert_array_equal(sign, 0)
    else:
        assert np.abs(sign).max() > 0.1


@kinds
def test_a_guard_against_singular_matrices_works(kind: str, rng: Rng) -> None:
    x = np.stack([with_rank(rng, 3, 2, kind), invertible(rng, 3, 3, kind=kind)])

    def guarded(x: Any) -> Any:
        sign, size = linalg.slogdet(x)
        return np.sum(np.where(sign == 0, 0, size))

    gradient = fg.grad(guarded)(x)
    np.testing.assert_array_equal(gradient[0], 0)
    np.testing.assert_allclose(gradient[1], linalg.inv(x[1]).T)
    assert np.isnan(fg.grad(lambda x: linalg.slogdet(x)[1])(x[0])).all()


# -- Factorizations ----------------------------------------------------------------------------------


@kinds
@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (2, 3, 3)], ids=str)
def test_cholesky(shape: Any, upper: bool, kind: str, rng: Rng) -> None:
    x = positive(rng, *shape, kind=kind)
    options = {"upper": True} if upper else {}
    assert_value(lambda x: linalg.cholesky(x, **options), x)
    check_grads(lambda x: linalg.cholesky(hermitian(x), **options), (x,))
    gradient = fg.grad(lambda x: np.sum(np.real(linalg.cholesky(x, **options) ** 3)))(x)
    np.testing.assert_allclose(gradient, hermitian(gradient), 1e-12)
    against_torch(
        lambda x: np.sum(np.real(linalg.cholesky(hermitian(x), **options) ** 3)),
        lambda torch, x: torch.sum(torch.real(torch.linalg.cholesky((x + x.mH) / 2, upper=upper) ** 3)),
        x,
    )


SVD_SHAPES = [(3, 3), (4, 2), (2, 4), (2, 3, 2), (1, 3), (3, 1)]


@kinds
@pytest.mark.parametrize("shape", SVD_SHAPES, ids=str)
def test_svd(shape: Any, kind: str, rng: Rng) -> None:
    """Singular vectors have a free phase, so functions that do not depend on it are judged."""
    x = draw(rng, *shape, kind=kind)
    k = min(shape[-2:])
    target = draw(rng, *shape, kind=kind)

    def rebuilt(x: Any) -> Any:
        u, s, vh = linalg.svd(x, full_matrices=False)
        weighted = (u * np.sin(s)[..., None, :]) @ vh
        projected = u[..., :1] @ (np.conj(np.swapaxes(u[..., :1], -1, -2)) @ target)
        return s, weighted, projected, (target @ np.conj(np.swapaxes(vh[..., :1, :], -1, -2))) @ vh[..., :1, :]

    assert_value(lambda x: linalg.svd(x, full_matrices=False), x)
    assert_value(lambda x: linalg.svd(x, compute_uv=False), x)
    check_grads(rebuilt, (x,), order=1)
    check_grads(lambda x: rebuilt(x)[1], (x,), order=2, rtol=1e-5, atol=1e-5)
    check_grads(lambda x: linalg.svd(x, compute_uv=False), (x,))
    assert fg.vjp(linalg.svdvals, x)[0].shape == (*shape[:-2], k)


def test_svd_agrees_with_torch(rng: Rng) -> None:
    for shape, kind in itertools.product([(3, 3), (4, 2), (2, 4)], "fc"):
        x, w = draw(rng, *shape, kind=kind), draw(rng, *shape, kind=kind)

        def f(xp: Any, svd: Any, x: Any, w: Any) -> Any:
            u, s, vh = svd(x, full_matrices=False)
            return xp.sum(xp.real(((u * s**3) @ vh) * w)) + xp.sum(s**2)

        against_torch(
            lambda x, w, f=f: f(np, linalg.svd, x, w), lambda torch, x, w, f=f: f(torch, torch.linalg.svd, x, w), x, w
        )


def test_svd_with_all_matrices(rng: Rng) -> None:
    square = draw(rng, 3, 3)
    assert_value(linalg.svd, square)
    check_grads(lambda x: linalg.svd(x)[1], (square,), order=1)
    check_grads(lambda x: linalg.svd(hermitian(x), hermitian=True).S, (square,), order=1)
    assert_value(linalg.svd, square[:2])
    check_grads(lambda x: linalg.svd(x)[1], (square[:2],), order=1)


# -- Norms -------------------------------------------------------------------------------------------

VECTOR_ORDERS = [None, 0, 1, 2, 3, 2.5, 0.5, -1, -2, np.inf, -np.inf, np.float64(4)]
MATRIX_ORDERS = [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]


@kinds
@pytest.mark.parametrize("ord", VECTOR_ORDERS, ids=str)
def test_norm_of_vectors(ord: Any, kind: str, rng: Rng) -> None:
    x = draw(rng, 4, 3, kind=kind)
    order = 1 if ord in (0, np.inf, -np.inf) else 2
    for axis, keepdims in itertools.product((0, -1, (1,)), (False, True)):
        assert_value(lambda x, axis=axis, keepdims=keepdims: linalg.norm(x, ord, axis, keepdims), x)
    check_grads(lambda x: linalg.norm(x, ord, 0), (x,), order=order)
    check_grads(lambda x: linalg.norm(x, ord), (x[0],), order=1)
    check_grads(lambda x: linalg.norm(x, ord, -1, keepdims=True), (x,), order=1)


@kinds
@pytest.mark.parametrize("ord", MATRIX_ORDERS, ids=str)
def test_norm_of_matrices(ord: Any, kind: str, rng: Rng) -> None:
    x = draw(rng, 3, 2, 4, kind=kind)
    for axis, keepdims in itertools.product(((0, 1), (2, 0), (-2, -1)), (False, True)):
        assert_value(lambda x, axis=axis, keepdims=keepdims: linalg.norm(x, ord, axis, keepdims), x)
        check_grads(lambda x, axis=axis, keepdims=keepdims: linalg.norm(x, ord, axis, keepdims), (x,), order=1)
    assert_value(lambda x: linalg.norm(x, ord), x[0])
    check_grads(lambda x: linalg.norm(x, ord), (x[0],), order=2, rtol=1e-5, atol=1e-5)
    check_grads(lambda x: linalg.matrix_norm(x, ord=ord or "fro", keepdims=True), (x,), order=1)


@kinds
@pytest.mark.parametrize("ord", VECTOR_ORDERS[1:], ids=str)
def test_vector_norm(ord: Any, kind: str, rng: Rng) -> None:
    x = draw(rng, 3, 2, 2, kind=kind)
    for axis, keepdims in itertools.product((None, 0, (2, 0), (0, 1, 2), (-1,)), (False, True)):

        def f(x: Any, axis: Any = axis, keepdims: bool = keepdims) -> Any:
            return linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)

        assert_value(f, x)
        check_grads(f, (x,), order=1)


@kinds
@pytest.mark.parametrize("ord", VECTOR_ORDERS, ids=str)
def test_norm_of_vectors_with_zeros(ord: Any, kind: str) -> None:
    """The derivative is zero at zero, and finite everywhere, also the second."""
    x = np.array([[0.0, 0.0], [0.0, 2.0], [3.0, 4.0]], complex if kind == "c" else float)

    def f(x: Any) -> Any:
        return np.sum(linalg.norm(x, ord, axis=1))

    with np.errstate(divide="ignore"):  # NumPy's own, for negative orders
        gradient = fg.grad(f)(x)
        second = fg.jvp(fg.grad(f), (x,), (np.ones_like(x),))[1]
        assert_value(lambda x: linalg.norm(x, ord, axis=1), x)
    assert np.isfinite(gradient).all()
    assert np.isfinite(second).all()
    np.testing.assert_array_equal(gradient[0], 0)
    assert gradient[1, 0] == 0
    if ord not in (None, 2, 1, -np.inf, np.inf, 0):
        np.testing.assert_array_equal(second[:2, 0], 0)
    check_grads(f, (x[2:],), order=1)


@kinds
@pytest.mark.parametrize("ord", MATRIX_ORDERS, ids=str)
def test_norm_of_a_zero_matrix(ord: Any, kind: str) -> None:
    x = np.zeros((2, 3), complex if kind == "c" else float)
    np.testing.assert_array_equal(fg.grad(lambda x: linalg.norm(x, ord))(x), 0)
    np.testing.assert_array_equal(fg.jvp(lambda x: linalg.norm(x, ord), (x,), (x + 1,))[1], 0)


def test_ties_share_equally() -> None:
    x = np.array([[3.0, -3.0], [1.0, 3.0]])
    np.testing.assert_allclose(fg.grad(lambda x: linalg.norm(x[0], np.inf))(x), [[0.5, -0.5], [0, 0]])
    np.testing.assert_allclose(fg.grad(lambda x: linalg.norm(x, 1))(x), [[0, -1], [0, 1]])
    both = fg.grad(lambda x: linalg.norm(x, 2))(2 * np.eye(2))
    np.testing.assert_allclose(both, np.eye(2) / 2)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: linalg.norm(x[0], "fro"),
        lambda x: linalg.norm(x[0], "nuc"),
        lambda x: linalg.norm(x, 3),
        lambda x: linalg.norm(x, "new"),
        lambda x: linalg.norm(x[None], 2),
        lambda x: linalg.norm(x[None], axis=(0, 1, 2)),
    ],
)
def test_norm_errors(call: Function) -> None:
    x = np.ones((2, 2))
    with pytest.raises(ValueError, match=r"norm"):
        call(x)
    with pytest.raises(ValueError, match=r"norm"):
        fg.grad(call)(x)


@pytest.mark.parametrize("p", [None, 1, -1, 2, -2, np.inf, "fro", "nuc"])
def test_cond(p: Any, rng: Rng) -> None:
    x = invertible(rng, 2, 3, 3)
    assert_value(lambda x: linalg.cond(x, p), x)
    check_grads(lambda x: linalg.cond(x, p), (x,), order=1)


# -- All of them -------------------------------------------------------------------------------------


def test_torch_agrees(rng: Rng) -> None:
    for kind in "fc":
        x, b = invertible(rng, 2, 4, 4, kind=kind), draw(rng, 2, 4, 3, kind=kind)

        def f(xp: Any, la: Any, x: Any, b: Any) -> Any:
            sign, size = la.slogdet(x)
            solved = la.solve(x, b) + la.inv(x) @ b + la.pinv(b).mT + la.matrix_power(x, 3) @ b
            parts = solved * la.norm(x) + xp.exp(size).sum() * sign[..., None, None] * la.det(x)[..., None, None]
            return xp.sum(xp.real(parts**2))

        against_torch(
            lambda x, b, f=f: f(np, linalg, x, b), lambda torch, x, b, f=f: f(torch, torch.linalg, x, b), x, b
        )


@pytest.mark.parametrize("kind", [np.float32, np.complex64])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: linalg.pinv(x[:, :2]),
        lambda x: linalg.det(x),
        lambda x: linalg.det(x * (np.arange(4) > 0)),
        lambda x: linalg.svd(x[:2], full_matrices=False)[1],
        lambda x: linalg.matrix_power(x, -3),
        lambda x: linalg.norm(x, "nuc"),
        lambda x: linalg.norm(x, 3, axis=0),
        lambda x: linalg.cond(x),
        lambda x: linalg.vector_norm(x, ord=np.float64(2.5), axis=(0, 1)),
        lambda x: tuple(linalg.slogdet(x)),
    ],
)
def test_single_precision_stays(f: Function, kind: Any, rng: Rng) -> None:
    x = invertible(rng, 4, 4, kind=np.dtype(kind).kind).astype(kind)
    y, pullback = fg.vjp(f, x)
    assert pullback(y)[0].dtype == kind
    wide = pullback(y)[0]
    y, tangent = fg.jvp(f, (x,), (x,))
    for part, dpart, plain in zip(*(t if isinstance(t, tuple) else (t,) for t in (y, tangent, f(x))), strict=True):
        assert part.dtype == dpart.dtype == plain.dtype
    x = x.astype(np.result_type(kind, np.float64))
    y, pullback = fg.vjp(f, x)
    np.testing.assert_allclose(wide, pullback(y)[0], 5e-3, 5e-3)


@pytest.mark.parametrize(
    "f",
    [
        linalg.inv,
        linalg.det,
        lambda x: linalg.slogdet(x).logabsdet,
        lambda x: linalg.solve(x, x),
        lambda x: linalg.solve(x, x[:, :0]),
        linalg.cholesky,
        linalg.norm,
        lambda x: linalg.norm(x, axis=0),
        lambda x: linalg.norm(x, 3, axis=0),
        lambda x: linalg.vector_norm(x, axis=(0, 1)),
        lambda x: linalg.matrix_power(x, 3),
        linalg.pinv,
        linalg.matrix_transpose,
    ],
)
@pytest.mark.parametrize("shape", [(0, 0), (0, 2, 2)], ids=str)
def test_empty(f: Function, shape: Any) -> None:
    x = np.zeros(shape)
    try:
        want = f(x)
    except (ValueError, linalg.LinAlgError):
        pytest.skip("NumPy refuses")
    value, pullback = fg.vjp(f, x)
    np.testing.assert_array_equal(value, want)
    assert pullback(value)[0].shape == shape
    assert fg.jvp(f, (x,), (x,))[1].shape == np.shape(want)


def test_views(rng: Rng) -> None:
    x = draw(rng, 2, 3, 4)
    for f in (
        linalg.matrix_transpose,
        linalg.diagonal,
        linalg.trace,
        lambda x: linalg.diagonal(x, offset=-1),
        lambda x: linalg.trace(x, offset=1),
        lambda x: linalg.trace(x, dtype=np.float32),
    ):
        assert_value(f, x)
        check_grads(lambda x, f=f: f(x) ** 2, (x,), **({"rtol": 1e-2, "atol": 1e-2} if f(x).dtype == "f" else {}))


def test_third_order(rng: Rng) -> None:
    x, v = invertible(rng, 4, 4), draw(rng, 4, 4)

    def along(f: Function) -> Function:
        return lambda x: fg.jvp(f, (x,), (v,))[1]

    for f in (linalg.det, lambda x: linalg.slogdet(x)[1], lambda x: np.sum(linalg.inv(x)), linalg.norm):
        second, h = along(along(f)), 1e-4
        difference = (second(x + h * v) - second(x - h * v)) / (2 * h)
        np.testing.assert_allclose(along(second)(x), difference, 1e-5, 1e-6)
        np.testing.assert_allclose(fg.vjp(second, x)[1](np.float64(1))[0].ravel() @ v.ravel(), difference, 1e-5, 1e-6)


def test_on_a_device(rng: Rng) -> None:
    x = DeviceArray(invertible(rng, 2, 4, 4))
    for f in (
        linalg.det,
        lambda x: linalg.matrix_power(x, 0) @ x,
        lambda x: linalg.matrix_power(x, -2),
        linalg.pinv,
        lambda x: linalg.svd(x[:, :2], full_matrices=False)[1],
        lambda x: linalg.norm(x, "nuc", axis=(1, 2)),
        linalg.cond,
    ):
        value, pullback = fg.vjp(f, x)
        assert {type(y) for y in (value, pullback(value)[0])} == {DeviceArray}
