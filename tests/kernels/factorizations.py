"""Factorizations, triangular systems and iterations of linear algebra, mostly in place."""

import numpy as np

from kernels.table import Kernel, definite, dominant, normal, positive


def lu(A):
    """L below the diagonal, U on it and above; no pivoting."""
    n = A.shape[0]
    for i in range(n):
        for j in range(i):
            for k in range(j):
                A[i, j] -= A[i, k] * A[k, j]
            A[i, j] /= A[j, j]
        for j in range(i, n):
            for k in range(i):
                A[i, j] -= A[i, k] * A[k, j]
    return A


def lu_outer(A):
    """The same, with slices: one rank-1 update a step."""
    for k in range(len(A) - 1):
        A[k + 1 :, k] /= A[k, k]
        A[k + 1 :, k + 1 :] -= np.outer(A[k + 1 :, k], A[k, k + 1 :])
    return A


def lu_pivoted(A):
    n = len(A)
    order = np.arange(n)
    for k in range(n - 1):
        pivot = k + np.argmax(np.abs(A[k:, k]))
        if pivot != k:
            A[[k, pivot]] = A[[pivot, k]]
            order[[k, pivot]] = order[[pivot, k]]
        for i in range(k + 1, n):
            A[i, k] /= A[k, k]
            A[i, k + 1 :] -= A[i, k] * A[k, k + 1 :]
    return A, A[order]


def lu_solve(A, b):
    """Factorize, then substitute forward and back."""
    n = len(b)
    lu_outer(A)
    y = np.zeros_like(b)
    x = np.zeros_like(b)
    for i in range(n):
        y[i] = b[i] - A[i, :i] @ y[:i]
    for i in range(n - 1, -1, -1):
        x[i] = (y[i] - A[i, i + 1 :] @ x[i + 1 :]) / A[i, i]
    return x


def cholesky(A):
    """Scalar by scalar, in the lower triangle."""
    n = A.shape[0]
    for i in range(n):
        for j in range(i):
            for k in range(j):
                A[i, j] -= A[i, k] * A[j, k]
            A[i, j] /= A[j, j]
        for k in range(i):
            A[i, i] -= A[i, k] ** 2
        A[i, i] = np.sqrt(A[i, i])
    return A


def cholesky_slices(A):
    n = A.shape[0]
    A[0, 0] = np.sqrt(A[0, 0])
    for i in range(1, n):
        for j in range(i):
            A[i, j] -= np.dot(A[i, :j], A[j, :j])
            A[i, j] /= A[j, j]
        A[i, i] -= np.dot(A[i, :i], A[i, :i])
        A[i, i] = np.sqrt(A[i, i])
    return A


def trisolv(L, b):
    x = np.zeros(len(b))
    for i in range(len(b)):
        x[i] = (b[i] - np.dot(L[i, :i], x[:i])) / L[i, i]
    return x


def thomas(lower, diagonal, upper, d):
    """Tridiagonal system: the diagonal and the right-hand side are overwritten, the latter by the solution."""
    n = len(d)
    for i in range(1, n):
        w = lower[i - 1] / diagonal[i - 1]
        diagonal[i] -= w * upper[i - 1]
        d[i] -= w * d[i - 1]
    d[-1] /= diagonal[-1]
    for i in range(n - 2, -1, -1):
        d[i] = (d[i] - upper[i] * d[i + 1]) / diagonal[i]
    return d


def gramschmidt(A):
    n = A.shape[1]
    Q = np.zeros_like(A)
    R = np.zeros((n, n))
    for k in range(n):
        R[k, k] = np.sqrt(np.dot(A[:, k], A[:, k]))
        Q[:, k] = A[:, k] / R[k, k]
        for j in range(k + 1, n):
            R[k, j] = np.dot(Q[:, k], A[:, j])
            A[:, j] -= Q[:, k] * R[k, j]
    return Q, R


def householder(A):
    """Triangularize with reflections; the reflectors are kept in an array of their own."""
    m, n = A.shape
    V = np.zeros((n, m))
    for k in range(n):
        v = V[k, k:]
        v[:] = A[k:, k]
        v[0] += np.sign(v[0]) * np.linalg.norm(v)
        v /= np.linalg.norm(v)
        A[k:, k:] -= 2 * np.outer(v, v @ A[k:, k:])
    return A, V


def givens(A):
    """Rotate rows in pairs until the matrix is triangular."""
    m, n = A.shape
    for j in range(n):
        for i in range(m - 1, j, -1):
            a, b = A[i - 1, j], A[i, j]
            r = np.hypot(a, b)
            c, s = a / r, b / r
            A[i - 1], A[i] = c * A[i - 1] + s * A[i], c * A[i] - s * A[i - 1]
    return A


def gauss_jordan(A):
    """Inverse, by eliminating in the rows of (A | I)."""
    n = len(A)
    M = np.hstack([A, np.eye(n)])
    for k in range(n):
        M[k] /= M[k, k]
        for i in range(n):
            if i != k:
                M[i] -= M[i, k] * M[k]
    return M[:, n:]


def jacobi_eigenvalues(A, sweeps):
    """Turn one pair of rows and columns after the other towards the diagonal."""
    n = len(A)
    for _ in range(sweeps):
        for p in range(n):
            for q in range(p + 1, n):
                angle = 0.5 * np.arctan2(2 * A[p, q], A[q, q] - A[p, p])
                c, s = np.cos(angle), np.sin(angle)
                rows = A[[p, q]]
                A[p] = c * rows[0] - s * rows[1]
                A[q] = s * rows[0] + c * rows[1]
                columns = A[:, [p, q]]
                A[:, p] = c * columns[:, 0] - s * columns[:, 1]
                A[:, q] = s * columns[:, 0] + c * columns[:, 1]
    return A.diagonal()


def durbin(r):
    """Yule-Walker equations by Durbin's recursion."""
    y = np.empty_like(r)
    y[0] = alpha = -r[0]
    beta = 1.0
    for k in range(1, len(r)):
        beta *= 1.0 - alpha * alpha
        alpha = -(r[k] + np.dot(r[:k][::-1], y[:k])) / beta
        y[:k] += alpha * y[:k][::-1]
        y[k] = alpha
    return y


def conjugate_gradients(A, b, steps):
    x = np.zeros_like(b)
    r = b.copy()
    p = r.copy()
    old = r @ r
    for _ in range(steps):
        Ap = A @ p
        alpha = old / (p @ Ap)
        x += alpha * p
        r -= alpha * Ap
        new = r @ r
        p *= new / old
        p += r
        old = new
    return x


def power_iteration(A, v, steps):
    for _ in range(steps):
        v[:] = A @ v
        v /= np.linalg.norm(v)
    return v, v @ A @ v


KERNELS = (
    Kernel(lu, lambda rng, n: (dominant(rng, n),)),
    Kernel(lu_outer, lambda rng, n: (dominant(rng, n),), n=6),
    Kernel(lu_pivoted, lambda rng, n: (normal(rng, n, n),)),
    Kernel(lu_solve, lambda rng, n: (dominant(rng, n), normal(rng, n))),
    Kernel(cholesky, lambda rng, n: (definite(rng, n),)),
    Kernel(cholesky_slices, lambda rng, n: (definite(rng, n),)),
    Kernel(trisolv, lambda rng, n: (dominant(rng, n), normal(rng, n)), n=6),
    Kernel(
        thomas,
        lambda rng, n: (positive(rng, n - 1), 3 + positive(rng, n), positive(rng, n - 1), normal(rng, n)),
        wrt=1,
        n=6,
    ),
    Kernel(gramschmidt, lambda rng, n: (dominant(rng, n)[:, :-1],)),
    Kernel(householder, lambda rng, n: (dominant(rng, n)[:, :-1],)),
    Kernel(givens, lambda rng, n: (dominant(rng, n)[:, :-1] + 0.5,)),
    Kernel(gauss_jordan, lambda rng, n: (dominant(rng, n),)),
    Kernel(jacobi_eigenvalues, lambda rng, n: (definite(rng, n) + np.diag(np.arange(3.0 * n)[::3]), 2), n=4),
    Kernel(durbin, lambda rng, n: (0.4 * positive(rng, n) / np.arange(1, n + 1),), n=6),
    Kernel(conjugate_gradients, lambda rng, n: (definite(rng, n), normal(rng, n), 3)),
    Kernel(power_iteration, lambda rng, n: (definite(rng, n), positive(rng, n), 3)),
)
