"""Sums of products of matrices and vectors, as loops and as slices, into arrays that are there already."""

import numpy as np

from kernels.table import Kernel, normal


def gemm(alpha, beta, A, B, C):
    C *= beta
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            C[i, :] += alpha * A[i, k] * B[k, :]
    return C


def two_products(alpha, beta, A, B, C, D):
    """D becomes alpha A B C + beta D, with a buffer for A B."""
    buffer = np.zeros((A.shape[0], B.shape[1]))
    np.matmul(A, B, out=buffer)
    buffer *= alpha
    D *= beta
    D += buffer @ C
    return D


def gemver(alpha, beta, A, u1, v1, u2, v2, x, y, z, w):
    A += np.outer(u1, v1) + np.outer(u2, v2)
    x += beta * y @ A + z
    w += alpha * A @ x
    return A, x, w


def gesummv(alpha, beta, A, B, x):
    y = np.zeros(len(A))
    for i in range(len(A)):
        for j in range(len(x)):
            y[i] += (alpha * A[i, j] + beta * B[i, j]) * x[j]
    return y


def atax(A, x):
    """A^T A x in one pass over the rows."""
    y = np.zeros(A.shape[1])
    buffer = np.zeros(A.shape[0])
    for i in range(A.shape[0]):
        buffer[i] = A[i, :] @ x
        y += A[i, :] * buffer[i]
    return y


def bicg(A, p, r):
    s = np.zeros(A.shape[1])
    q = np.zeros(A.shape[0])
    for i in range(A.shape[0]):
        s[:] += r[i] * A[i]
        for j in range(A.shape[1]):
            q[i] = q[i] + A[i, j] * p[j]
    return s, q


def mvt(x1, x2, y1, y2, A):
    x1 += A @ y1
    x2 += y2 @ A
    return x1, x2


def doitgen(A, C):
    buffer = np.empty(C.shape[1])
    for r in range(A.shape[0]):
        for q in range(A.shape[1]):
            for p in range(C.shape[1]):
                buffer[p] = A[r, q, :] @ C[:, p]
            A[r, q, :] = buffer
    return A


def symm(alpha, beta, C, A, B):
    """A is symmetric, and only its lower triangle is read."""
    m, n = C.shape
    for i in range(m):
        for j in range(n):
            inner = 0.0
            for k in range(i):
                C[k, j] += alpha * B[i, j] * A[i, k]
                inner += B[k, j] * A[i, k]
            C[i, j] = beta * C[i, j] + alpha * B[i, j] * A[i, i] + alpha * inner
    return C


def trmm(alpha, A, B):
    """B becomes alpha A^T B, where A is lower triangular with ones on its diagonal."""
    m, n = B.shape
    for i in range(m):
        for j in range(n):
            B[i, j] += np.dot(A[i + 1 :, i], B[i + 1 :, j])
    B *= alpha
    return B


def syrk(alpha, beta, C, A):
    """The lower triangle of beta C + alpha A A^T."""
    for i in range(len(A)):
        C[i, : i + 1] *= beta
        for k in range(A.shape[1]):
            C[i, : i + 1] += alpha * A[i, k] * A[: i + 1, k]
    return C


def syr2k(alpha, beta, C, A, B):
    for i in range(len(A)):
        C[i, : i + 1] *= beta
        for k in range(A.shape[1]):
            C[i, : i + 1] += A[: i + 1, k] * alpha * B[i, k] + B[: i + 1, k] * alpha * A[i, k]
    return C


def covariance(data):
    count, m = data.shape
    mean = np.zeros(m)
    for j in range(m):
        mean[j] = data[:, j].sum() / count
    data -= mean
    cov = np.zeros((m, m))
    for i in range(m):
        for j in range(i, m):
            cov[i, j] = (data[:, i] * data[:, j]).sum() / (count - 1.0)
            cov[j, i] = cov[i, j]
    return cov


def correlation(data):
    count, m = data.shape
    deviation = data.std(axis=0)
    deviation[deviation <= 0.1] = 1.0
    data -= data.mean(axis=0)
    data /= np.sqrt(count) * deviation
    corr = np.eye(m)
    for i in range(m - 1):
        corr[i, i + 1 :] = data[:, i] @ data[:, i + 1 :]
        corr[i + 1 :, i] = corr[i, i + 1 :]
    return corr


def kronecker(A, B):
    """Block by block."""
    p, q = B.shape
    out = np.empty((A.shape[0] * p, A.shape[1] * q))
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            np.multiply(A[i, j], B, out=out[i * p : (i + 1) * p, j * q : (j + 1) * q])
    return out


def sparse_product(values, x, columns, starts):
    """Compressed sparse rows times a vector."""
    y = np.zeros(len(starts) - 1)
    for i in range(len(y)):
        row = slice(starts[i], starts[i + 1])
        y[i] = values[row] @ x[columns[row]]
    return y


def matrices(count):
    return lambda rng, n: (1.5, 0.7, *(normal(rng, n, n) for _ in range(count)))


def draw_gemver(rng, n):
    return (1.5, 0.7, normal(rng, n, n), *normal(rng, 8, n))


KERNELS = (
    Kernel(gemm, matrices(3), wrt=4, n=4),
    Kernel(two_products, matrices(4), wrt=2, n=4),
    Kernel(gemver, draw_gemver, wrt=2),
    Kernel(gesummv, lambda rng, n: (1.5, 0.7, *normal(rng, 2, n, n), normal(rng, n)), wrt=4, n=4),
    Kernel(atax, lambda rng, n: (normal(rng, n, n + 1), normal(rng, n + 1))),
    Kernel(bicg, lambda rng, n: (normal(rng, n, n + 1), normal(rng, n + 1), normal(rng, n))),
    Kernel(mvt, lambda rng, n: (*normal(rng, 4, n), normal(rng, n, n)), wrt=4),
    Kernel(doitgen, lambda rng, n: (normal(rng, 3, 3, n), normal(rng, n, n)), n=4),
    Kernel(symm, matrices(3), wrt=3, n=4),
    Kernel(trmm, lambda rng, n: (1.5, normal(rng, n, n), normal(rng, n, n)), wrt=2),
    Kernel(syrk, matrices(2), wrt=3),
    Kernel(syr2k, matrices(3), wrt=4),
    Kernel(covariance, lambda rng, n: (normal(rng, n + 2, n),)),
    Kernel(correlation, lambda rng, n: (normal(rng, n + 2, n),)),
    Kernel(kronecker, lambda rng, n: (normal(rng, 2, 3), normal(rng, n, n)), n=3),
    Kernel(
        sparse_product,
        lambda rng, n: (normal(rng, 2 * n), normal(rng, n), rng.integers(0, n, 2 * n), 2 * np.arange(n + 1)),
    ),
)
