"""Eigenvalues, singular values, QR and least squares, beyond the rows of the table of cases."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.errors import NoDerivativeError
from funcgrad.testing import DeviceArray, check_grads

Function = Callable[..., Any]
Rng = np.random.Generator
linalg = np.linalg
kinds = pytest.mark.parametrize("kind", "fc")


def draw(rng: Rng, *shape: int, kind: str = "f") -> Any:
    x = rng.uniform(-1, 1, shape)
    return x + 1j * rng.uniform(-1, 1, shape) if kind == "c" else x


def hermitian(x: Any) -> Any:
    return (x + np.conj(np.swapaxes(x, -1, -2))) / 2


def with_values(rng: Rng, *values: float, kind: str = "f") -> Any:
    """A Hermitian matrix with these eigenvalues."""
    q = linalg.qr(draw(rng, len(values), len(values), kind=kind))[0]
    return hermitian((q * np.array(values)) @ np.conj(q.T))


def through_eigh(f: Function) -> Function:
    """The function of a matrix that `f` is of numbers."""

    def of_matrix(x: Any) -> Any:
        w, v = linalg.eigh(x)
        return (v * f(w)[..., None, :]) @ np.conj(v.mT)

    return of_matrix


def through_svd(f: Function) -> Function:
    def of_matrix(x: Any) -> Any:
        u, s, vh = linalg.svd(x, full_matrices=False)
        return (u * f(s)[..., None, :]) @ vh

    return of_matrix


def same(x: Any) -> Any:
    return x


def ones(x: Any) -> Any:
    return 0 * x + 1


def against(ours: Function, simple: Function, x: Any, weight: Any, symmetric: bool = False) -> None:
    """Compare gradients with those of a function that needs no decomposition; Hermitian parts, if it reads one."""

    def gradient(f: Function) -> Any:
        return fg.grad(lambda x: np.sum(np.real(weight * f(x))))(x)

    want = gradient(simple)
    np.testing.assert_allclose(gradient(ours), hermitian(want) if symmetric else want, 1e-9, 1e-10)


def against_torch(ours: Function, theirs: Function, *xs: Any) -> None:
    """Compare gradients of a real scalar with those of PyTorch, which returns the conjugate."""
    torch = pytest.importorskip("torch")
    tensors = [torch.tensor(x, requires_grad=True) for x in xs]
    theirs(torch, *tensors).backward()
    for got, tensor in zip(fg.grad(ours, tuple(range(len(xs))))(*xs), tensors, strict=True):
        np.testing.assert_allclose(got, np.conj(tensor.grad.resolve_conj().numpy()), 1e-8, 1e-9)


# -- PyTorch -----------------------------------------------------------------------------------------


@kinds
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 3, 2)], ids=str)
def test_qr_agrees_with_torch(shape: Any, kind: str, rng: Rng) -> None:
    x, w = draw(rng, *shape, kind=kind), draw(rng, *shape, kind=kind)

    def f(xp: Any, x: Any, w: Any) -> Any:
        q, r = xp.linalg.qr(x)
        return xp.sum(xp.real(q * w + (w @ r) ** 2))

    against_torch(lambda x, w: f(np, x, w), f, x, w)


@kinds
@pytest.mark.parametrize("uplo", "LU")
def test_eigh_agrees_with_torch(uplo: str, kind: str, rng: Rng) -> None:
    x, w = draw(rng, 2, 3, 3, kind=kind), draw(rng, 2, 3, 3, kind=kind)

    def f(xp: Any, x: Any, w: Any) -> Any:
        values, v = xp.linalg.eigh(x + x.mT.conj(), uplo)
        parts = (v * xp.sin(values)[..., None, :]) @ v.mT.conj() + v[..., :1] @ v[..., :1].mT.conj()
        return xp.sum(xp.real(parts * w)) + xp.sum(xp.linalg.eigvalsh(x + x.mT.conj(), uplo)[..., 0] ** 2)

    against_torch(lambda x, w: f(np, x, w), f, x, w)


@kinds
def test_eig_agrees_with_torch(kind: str, rng: Rng) -> None:
    """Of functions that depend on neither lengths nor phases."""
    x, w = draw(rng, 2, 3, 3, kind=kind), draw(rng, 2, 3, 3, kind=kind)

    def f(xp: Any, x: Any, w: Any) -> Any:
        values, v = xp.linalg.eig(x)
        parts = (v * xp.sin(values)[..., None, :]) @ xp.linalg.inv(v)
        sizes = xp.abs(v) ** 2 * xp.real(w)
        return xp.sum(xp.real(parts * w)) + xp.sum(sizes) + xp.sum(xp.abs(xp.linalg.eigvals(x)) ** 2)

    against_torch(lambda x, w: f(np, x, w), f, x, w)


@kinds
@pytest.mark.parametrize("shape", [(4, 2), (3, 3)], ids=str)
def test_lstsq_agrees_with_torch(shape: Any, kind: str, rng: Rng) -> None:
    a, b = draw(rng, *shape, kind=kind), draw(rng, shape[0], 2, kind=kind)
    against_torch(
        lambda a, b: np.sum(np.real(linalg.lstsq(a, b)[0] ** 2)),
        lambda torch, a, b: torch.sum(torch.real(torch.linalg.lstsq(a, b).solution ** 2)),
        a,
        b,
    )


@kinds
def test_pinv_of_hermitian_agrees_with_torch(kind: str, rng: Rng) -> None:
    x = with_values(rng, 1, -2, 3, kind=kind)
    against_torch(
        lambda x: np.sum(np.real(linalg.pinv(x, hermitian=True) ** 2)),
        lambda torch, x: torch.sum(torch.real(torch.linalg.pinv(x, hermitian=True) ** 2)),
        x,
    )


# -- Which triangle, lengths and phases --------------------------------------------------------------


@kinds
@pytest.mark.parametrize(
    "f",
    [
        lambda x: linalg.eigvalsh(x),
        lambda x: linalg.eigh(x, "U")[0],
        lambda x: through_eigh(np.sin)(x),
        lambda x: linalg.svd(x, hermitian=True)[1],
        lambda x: linalg.svd(x, compute_uv=False, hermitian=True),
        lambda x: linalg.pinv(x, hermitian=True),
    ],
)
def test_gradients_of_functions_of_hermitian_matrices_are_hermitian(f: Function, kind: str, rng: Rng) -> None:
    x = with_values(rng, 1, -2, 4, kind=kind)
    gradient = fg.grad(lambda x: np.sum(np.real(f(x)) ** 2))(x)
    np.testing.assert_allclose(gradient, hermitian(gradient), 1e-12, 1e-14)
    check_grads(lambda x: f(hermitian(x)), (x,), order=1)


@kinds
def test_eigenvectors_keep_length_and_phase(kind: str, rng: Rng) -> None:
    """The tangent of each eigenvector is what NumPy's own change of it is."""
    x, dx = 0.3 * draw(rng, 4, 4, kind=kind) + np.diag([1, 2, 3, 4]), draw(rng, 4, 4, kind=kind)
    x[:2, :2] += np.array([[0, 1], [-1, 0]])
    v, dv = fg.jvp(lambda x: linalg.eig(x)[1], (x,), (dx,))
    np.testing.assert_allclose(np.real(np.sum(np.conj(v) * dv, axis=0)), 0, atol=1e-12)
    largest = np.argmax(np.abs(v), axis=0)
    assert np.abs(np.imag(dv[largest, np.arange(4)])).max() < 1e-12
    check_grads(lambda x: linalg.eig(x), (x,), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.real(linalg.eigh(hermitian(x))[1]),
        lambda x: np.real(linalg.svd(x)[0]),
        lambda x: np.imag(linalg.svd(x)[2]),
    ],
)
def test_phases_are_not_determined(f: Function, rng: Rng) -> None:
    x = draw(rng, 3, 3, kind="c")
    with pytest.raises(NoDerivativeError, match="phase"):
        fg.grad(lambda x: np.sum(f(x)))(x)


# -- Completed bases ---------------------------------------------------------------------------------

COMPLETED = [
    lambda x: linalg.qr(x, "complete")[0],
    lambda x: linalg.svd(x)[0],
    lambda x: np.conj(linalg.svd(np.conj(x.mT))[2].mT),
]


@kinds
@pytest.mark.parametrize("f", COMPLETED)
def test_projection_on_the_complement(f: Function, kind: str, rng: Rng) -> None:
    x, w = draw(rng, 5, 2, kind=kind), draw(rng, 5, 5, kind=kind)

    def by_completion(x: Any) -> Any:
        rest = f(x)[:, 2:]
        return rest @ np.conj(rest.mT)

    def by_pinv(x: Any) -> Any:
        return np.eye(5) - x @ linalg.pinv(x)

    against(by_completion, by_pinv, x, w)
    check_grads(by_completion, (x,), rtol=1e-5, atol=1e-5)


@kinds
@pytest.mark.parametrize("f", COMPLETED)
def test_what_depends_on_how_a_basis_is_completed(f: Function, kind: str, rng: Rng) -> None:
    x, w = draw(rng, 5, 2, kind=kind), draw(rng, 5, 5, kind=kind)
    with pytest.raises(NoDerivativeError, match="free choice"):
        fg.grad(lambda x: np.sum(np.real(f(x) * w)))(x)
    single = draw(rng, 3, 2)  # a single vector has only a sign
    check_grads(f, (single,), order=1)


def test_raw_qr(rng: Rng) -> None:
    with pytest.raises(NoDerivativeError, match=r"qr.*mode='raw'"):
        fg.grad(lambda x: np.sum(linalg.qr(x, "raw")[0]))(draw(rng, 3, 3))


def test_qr_of_dependent_columns(rng: Rng) -> None:
    for x in (np.ones((3, 2)), np.zeros((2, 2)), draw(rng, 3, 1) @ draw(rng, 1, 2)):
        with pytest.raises(NoDerivativeError, match="linearly dependent"):
            fg.grad(lambda x: np.sum(linalg.qr(x)[0]))(x)
        with pytest.raises(NoDerivativeError, match="linearly dependent"):
            fg.jvp(lambda x: linalg.qr(x)[1], (x,), (np.ones_like(x),))
    check_grads(linalg.qr, (draw(rng, 3, 2) * np.array([1, 1e-3]),), order=1, rtol=1e-4, eps=1e-7)


# -- Equal values ------------------------------------------------------------------------------------


@kinds
@pytest.mark.parametrize("values", [(1, 1, 1), (2, 2, 5), (2, 5, 5, 5), (2, 2, 7, 7), (-3, -3, 1)], ids=str)
def test_functions_of_matrices_with_equal_eigenvalues(values: Any, kind: str, rng: Rng) -> None:
    x, w = with_values(rng, *values, kind=kind), draw(rng, len(values), len(values), kind=kind)
    against(through_eigh(same), same, x, w, symmetric=True)
    against(through_eigh(lambda w: w**3), lambda x: x @ x @ x, x, w, symmetric=True)
    against(through_eigh(lambda w: 1 / w), linalg.inv, x, w, symmetric=True)
    against(through_eigh(lambda w: 1 / (w + 4)), lambda x: linalg.inv(x + 4 * np.eye(len(x))), x, w, symmetric=True)


@kinds
@pytest.mark.parametrize("values", [(1, 1, 1), (2, 2, 5), (2, 5, 5, 5), (2, 2, 7, 7)], ids=str)
def test_functions_of_matrices_with_equal_singular_values(values: Any, kind: str, rng: Rng) -> None:
    n = len(values)
    x = with_values(rng, *values, kind=kind) @ linalg.qr(draw(rng, n, n, kind=kind))[0]
    w = draw(rng, n, n, kind=kind)
    against(through_svd(same), same, x, w)
    against(through_svd(lambda s: s**3), lambda x: x @ np.conj(x.mT) @ x, x, w)
    against(through_svd(lambda s: 1 / s), lambda x: np.conj(linalg.inv(x).mT), x, w)
    polar = linalg.inv  # the derivative of the unitary factor by Newton's iteration towards it

    def unitary(x: Any) -> Any:
        for _ in range(12):
            x = (x + np.conj(polar(x).mT)) / 2
        return x

    against(through_svd(ones), unitary, x, w)
    tall = np.concatenate([x, x[:2]])
    against(through_svd(same), same, tall, draw(rng, *tall.shape, kind=kind))
    against(through_svd(same), same, np.conj(tall.mT), draw(rng, *tall.mT.shape, kind=kind))


def test_identity_rebuilt(rng: Rng) -> None:
    w = draw(rng, 3, 3)
    gradient = fg.grad(lambda x: np.sum(w * through_svd(same)(x)))(np.eye(3))
    np.testing.assert_allclose(gradient, w, 1e-12)


@kinds
def test_values_need_no_vectors(kind: str, rng: Rng) -> None:
    for values in ((1, 1, 1), (2, 2, 5)):
        x, dx = with_values(rng, *values, kind=kind), draw(rng, 3, 3, kind=kind)
        for f in (linalg.eigvalsh, linalg.svdvals, linalg.eigvals, lambda x: linalg.svd(x, compute_uv=False)):
            got = fg.grad(lambda x, f=f: np.sum(np.real(f(x) ** 3)))(x)
            np.testing.assert_allclose(got, 3 * np.conj(x @ x), 1e-9, 1e-9)
            tangent = fg.jvp(lambda x, f=f: np.sum(np.real(f(x) ** 3)), (x,), (dx,))[1]
            np.testing.assert_allclose(tangent, np.sum(np.real(got * dx)), 1e-9)


def test_projections_with_equal_eigenvalues(rng: Rng) -> None:
    x, w = with_values(rng, 2, 2, 5), draw(rng, 3, 3)

    def simple(x: Any) -> Any:
        return (5 * np.eye(3) - x) / 3  # the projection on the pair, to first order along what keeps the values

    block = fg.grad(lambda x: np.sum(w * (lambda v: v @ v.mT)(linalg.eigh(x)[1][:, :2])))(x)
    single = fg.grad(lambda x: np.sum(w * (lambda v: v @ v.mT)(linalg.eigh(x)[1][:, 2:])))(x)
    np.testing.assert_allclose(block, -single, 1e-10, 1e-12)
    p = simple(x)
    np.testing.assert_allclose(block, -hermitian((p @ w @ (np.eye(3) - p) + (np.eye(3) - p) @ w @ p) / 3), 1e-10, 1e-12)


UNKNOWN = {
    "one vector of a pair": lambda x, w: w @ linalg.eigh(x)[1][:, 0],
    "one projection of a pair": lambda x, w: w * (lambda v: v @ v.mT)(linalg.eigh(x)[1][:, :1]),
    "left vectors": lambda x, w: w * linalg.svd(x)[0],
    "two functions": lambda x, w: (lambda s, v: w * ((v * s) @ v.mT) + w.T[::-1] * ((v / s) @ v.mT))(*linalg.eigh(x)),
    "logarithm of 1": lambda x, w: w * through_eigh(np.log)(x / x[0, 0]),
    "general vectors": lambda x, w: w * linalg.eig(x)[1],
    "general, rebuilt": lambda x, w: (lambda s, v: w * np.real((v * s) @ linalg.inv(v)))(*linalg.eig(x)),
}


@pytest.mark.parametrize("f", UNKNOWN.values(), ids=UNKNOWN)
def test_what_cotangents_do_not_tell_is_refused(f: Function, rng: Rng) -> None:
    w = draw(rng, 3, 3)
    with pytest.raises(NoDerivativeError, match="equal"):
        fg.grad(lambda x: np.sum(f(x, w)))(2 * np.eye(3))
    if f is not UNKNOWN["logarithm of 1"]:
        with pytest.raises(NoDerivativeError, match="equal"):
            fg.grad(lambda x: np.sum(f(x, w)))(np.diag([2.0, 2, 5]))


def test_low_rank(rng: Rng) -> None:
    w, wide = draw(rng, 3, 3), draw(rng, 3, 4)
    one, two = draw(rng, 3, 1) @ draw(rng, 1, 3), draw(rng, 3, 2) @ draw(rng, 2, 3)
    against(through_svd(same), same, two, w)
    for x in (one, two, np.zeros((3, 3))):
        against(through_svd(lambda s: s**3), lambda x: x @ x.mT @ x, x, w)
        np.testing.assert_allclose(fg.grad(lambda x: np.sum(linalg.svdvals(x) ** 2))(x), 2 * x, 1e-9, 1e-9)
    tall = np.concatenate([two, two[:1]])
    against(through_svd(lambda s: s**3), lambda x: x @ x.mT @ x, tall, draw(rng, 4, 3))
    for x, weight in ((one, w), (np.zeros((3, 3)), w), (two @ draw(rng, 3, 4), wide)):
        with pytest.raises(NoDerivativeError, match="equal"):
            fg.grad(lambda x, weight=weight: np.sum(weight * through_svd(same)(x)))(x)


def test_forward_mode_with_equal_values(rng: Rng) -> None:
    x = with_values(rng, 2, 2, 5)
    v = linalg.eigh(x)[1]
    along = (v * np.array([1.0, 2, 3])) @ v.T  # does not mix the vectors that NumPy chose
    got = fg.jvp(through_eigh(np.exp), (x,), (along,))[1]
    np.testing.assert_allclose(got, (v * np.exp([2, 2, 5]) * np.array([1.0, 2, 3])) @ v.T, 1e-9, 1e-9)
    for f in (through_eigh(same), through_svd(same), lambda x: linalg.eig(x)[1]):
        with pytest.raises(NoDerivativeError, match="equal"):
            fg.jvp(f, (x,), (hermitian(draw(rng, 3, 3)),))


SECOND = [
    lambda x: np.sum(linalg.eigvalsh(x) ** 2),
    lambda x: np.sum(np.real(linalg.eigvals(x)) ** 2),
    lambda x: np.sum(through_eigh(np.exp)(x) ** 2),
    lambda x: np.sum(through_svd(same)(x) ** 2),
    lambda x: linalg.norm(x, 2),
    lambda x: linalg.norm(x, "nuc"),
    lambda x: linalg.norm(x, -2),
]


@pytest.mark.parametrize("f", SECOND)
def test_second_derivatives_with_equal_values_are_refused(f: Function, rng: Rng) -> None:
    x, v = 2 * np.eye(3), hermitian(draw(rng, 3, 3))
    fg.grad(f)(x)
    with pytest.raises(NoDerivativeError, match="equal"):
        fg.jvp(fg.grad(f), (x,), (v,))
    with pytest.raises(NoDerivativeError, match="equal"):
        fg.grad(lambda x: np.sum(v * fg.grad(f)(x)))(x)


def test_spectral_norm_sees_only_the_largest(rng: Rng) -> None:
    """Equal singular values that do not count do no harm to the second derivative in reverse mode."""
    x, v, h = with_values(rng, 1, 1, 3), draw(rng, 3, 3), 1e-5
    gradient = fg.grad(lambda x: linalg.norm(x, 2))
    second = fg.grad(lambda x: np.sum(v * gradient(x)))(x)
    np.testing.assert_allclose(second, (gradient(x + h * v) - gradient(x - h * v)) / (2 * h), 1e-6, 1e-8)


@pytest.mark.parametrize("gap", [1e-16, 1e-14, 1e-9, 1e-6, 1e-3])
def test_nearly_equal_values(gap: float, rng: Rng) -> None:
    w = draw(rng, 3, 3)
    x = with_values(rng, 2, 2 + gap, 5)
    precision = 1e-9 + 1e-15 / gap if gap > 1e-13 else 1e-9
    for f in (through_eigh(same), through_svd(same)):
        gradient = fg.grad(lambda x, f=f: np.sum(hermitian(w) * f(x)))(x)
        np.testing.assert_allclose(gradient, hermitian(w), precision, 10 * precision)


def test_defective_matrices() -> None:
    for x in (np.array([[1.0, 1], [0, 1]]), np.array([[0.0, 1], [0, 0]]), np.eye(3, k=1) + 2 * np.eye(3)):
        with pytest.raises(NoDerivativeError, match="defective"):
            fg.grad(lambda x: np.sum(np.real(linalg.eigvals(x) ** 2 + linalg.eigvals(x))))(x)
        with pytest.raises(NoDerivativeError, match="defective"):
            fg.jvp(linalg.eigvals, (x,), (x,))


def test_devices_are_not_asked(rng: Rng) -> None:
    """Where a host would raise, a device gets nan, and only there."""
    w = draw(rng, 3, 3)
    x = np.stack([np.diag([1.0, 2, 4]), np.diag([2.0, 2, 4])])
    f, weight = through_eigh(same), DeviceArray(hermitian(w))

    def gradient_of(f: Function) -> Any:
        return lambda x: fg.vjp(f, x)[1](DeviceArray(1.0))[0]

    gradient = gradient_of(lambda x: np.sum(weight * f(x)))(DeviceArray(x)).get()
    np.testing.assert_allclose(gradient, np.stack([hermitian(w)] * 2), 1e-9, 1e-12)
    gradient = gradient_of(lambda x: np.sum(DeviceArray(w) * linalg.eigh(x)[1]))(DeviceArray(x)).get()
    assert np.isfinite(gradient[0]).all()
    assert np.isnan(gradient[1]).any()
    squared = gradient_of(lambda x: np.sum(weight * f(x) ** 2))
    second = fg.jvp(squared, (DeviceArray(x),), (DeviceArray(x + w),))[1].get()
    want = fg.jvp(fg.grad(lambda x: np.sum(hermitian(w) * f(x) ** 2)), (x[0],), (x[0] + w,))[1]
    np.testing.assert_allclose(second[0], want, 1e-9, 1e-12)
    assert np.isnan(second[1]).any()


GUARDED = {
    "eigh": (lambda x: linalg.eigh(x)[1], 2 * np.eye(3)),
    "eig": (lambda x: linalg.eig(x)[1], 2 * np.eye(3)),
    "eigvals": (lambda x: linalg.eigvals(x), np.eye(3, k=1)),
    "svd": (lambda x: linalg.svd(x)[0], np.zeros((3, 3))),
    "qr": (lambda x: linalg.qr(x)[0], np.ones((3, 3))),
}


@pytest.mark.parametrize(("f", "bad"), GUARDED.values(), ids=GUARDED)
def test_what_is_not_asked_for_is_not_refused(f: Function, bad: Any, rng: Rng) -> None:
    x, w = np.stack([bad, with_values(rng, 1, 2, 5)]), draw(rng, 3, 3)
    gradient = fg.grad(lambda x: np.sum(w * np.real(f(x)[1])))(x)
    np.testing.assert_array_equal(gradient[0], 0)
    np.testing.assert_allclose(gradient[1], fg.grad(lambda x: np.sum(w * np.real(f(x))))(x[1]), 1e-10, 1e-12)


# -- Least squares and pseudo-inverses ---------------------------------------------------------------


def test_lstsq_outputs(rng: Rng) -> None:
    a, b = draw(rng, 4, 2), draw(rng, 4)
    x, residuals, rank, s = fg.vjp(linalg.lstsq, a, b)[0]
    assert rank == 2
    for got, want in zip((x, residuals, rank, s), linalg.lstsq(a, b), strict=True):
        np.testing.assert_array_equal(got, want)
    for i in (0, 1, 3):
        check_grads(lambda a, b, i=i: linalg.lstsq(a, b)[i], (a, b))
    low = draw(rng, 4, 1) @ draw(rng, 1, 2)
    assert fg.vjp(lambda a: linalg.lstsq(a, b)[1], low)[0].shape == (0,)
    by_pinv = fg.grad(lambda a, b: np.sum(linalg.pinv(a, 1e-10) @ b), (0, 1))(low, b)
    by_lstsq = fg.grad(lambda a, b: np.sum(linalg.lstsq(a, b, 1e-10)[0]), (0, 1))(low, b)
    for got, want in zip(by_lstsq, by_pinv, strict=True):
        np.testing.assert_allclose(got, want, 1e-9, 1e-9)


def test_a_rank_that_is_cut_is_refused(rng: Rng) -> None:
    x, b = np.diag([1.0, 0.5, 0.01]), np.ones(3)
    for f in (
        lambda x: linalg.pinv(x, 0.1),
        lambda x: linalg.pinv(x, rtol=0.1),
        lambda x: linalg.pinv(x, rcond=0.1, hermitian=True),
        lambda x: linalg.lstsq(x, b, 0.1)[0],
    ):
        with pytest.raises(NoDerivativeError, match="rcond"):
            fg.grad(lambda x, f=f: np.sum(f(x)))(x)


# -- Empty matrices, single precision ----------------------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [
        lambda x: linalg.eigh(x),
        lambda x: linalg.eigvalsh(x),
        lambda x: linalg.eig(x),
        lambda x: linalg.eigvals(x),
        lambda x: linalg.qr(x),
        lambda x: linalg.qr(x, "complete"),
        lambda x: linalg.qr(x, "r"),
        lambda x: linalg.svd(x),
        lambda x: linalg.svd(x, full_matrices=False),
        lambda x: linalg.svdvals(x),
        lambda x: linalg.pinv(x),
        lambda x: linalg.lstsq(x, x)[0],
        lambda x: linalg.lstsq(x, x)[1],
    ],
)
@pytest.mark.parametrize("shape", [(0, 0), (0, 2), (2, 0), (0, 2, 2), (0, 3, 2), (2, 0, 3)], ids=str)
def test_empty(f: Function, shape: Any) -> None:
    x = np.zeros(shape)
    try:
        want = f(x)
    except (ValueError, linalg.LinAlgError):
        pytest.skip("NumPy refuses")
    value, pullback = fg.vjp(f, x)
    for got, plain in itertools.zip_longest(*((y if isinstance(y, tuple) else (y,)) for y in (value, want))):
        np.testing.assert_array_equal(got, plain)
    assert pullback(value)[0].shape == shape
    fg.jvp(f, (x,), (x,))


def test_results_keep_their_names(rng: Rng) -> None:
    x = hermitian(draw(rng, 3, 3))
    seen = []

    def f(x: Any) -> Any:
        seen.extend([linalg.eigh(x)._fields, linalg.eig(x)._fields, linalg.qr(x)._fields, linalg.svd(x)._fields])
        return linalg.eigh(x).eigenvalues[0]

    fg.grad(f)(x)
    assert seen == [("eigenvalues", "eigenvectors")] * 2 + [("Q", "R"), ("U", "S", "Vh")]


@pytest.mark.filterwarnings("ignore:vmap runs one example after the other")
@pytest.mark.parametrize("ranks", [(2, 2), (2, 1)], ids=str)
def test_lstsq_of_many_examples(ranks: Any, rng: Rng) -> None:
    """Of different ranks, too: then the residuals of the examples differ in shape."""
    a, b = np.stack([draw(rng, 4, r) @ draw(rng, r, 2) for r in ranks]), draw(rng, 4)
    x, s = fg.vmap(lambda a: linalg.lstsq(a, b)[::3])(a)
    for i, one in enumerate(a):
        np.testing.assert_allclose(x[i], linalg.lstsq(one, b)[0], 1e-12)
        np.testing.assert_allclose(s[i], linalg.lstsq(one, b)[3], 1e-12, 1e-15)


@pytest.mark.parametrize(
    "values",
    [
        lambda x: np.linalg.eigh(x)[0],
        lambda x: np.linalg.eigh(x).eigenvalues,
        lambda x: np.linalg.svd(x)[1],
        lambda x: np.linalg.svd(x, full_matrices=False)[1],
        lambda x: np.real(np.linalg.eig(x)[0]),
    ],
)
def test_values_alone_have_a_derivative_where_they_are_equal(values: Any) -> None:
    """Nobody used the vectors, so it does not matter that they are not determined."""
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(values(x) ** 3))(2 * np.eye(3)), 12 * np.eye(3))
    rng = np.random.default_rng(0)
    a = rng.normal(size=(3, 3))
    a = a @ a.T + np.eye(3)
    v = rng.normal(size=(3, 3))
    np.testing.assert_allclose(
        fg.hvp(lambda x: np.sum(values(x) ** 3), a, v + v.T), 3 * (a @ (v + v.T) + (v + v.T) @ a)
    )


def test_values_of_a_wide_matrix_alone() -> None:
    x = np.ones((2, 3))
    np.testing.assert_allclose(fg.grad(lambda x: np.sum(np.linalg.svd(x)[1] ** 2))(x), 2 * x)
