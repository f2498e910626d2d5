"""Ways to write: with out=, where and indices of all kinds."""

import numpy as np

from kernels.table import Kernel, normal, positive


def diagonal_filled(A, v):
    np.fill_diagonal(A, v[0])
    A[np.diag_indices(len(A))] += v
    A[np.arange(2), np.arange(2)] *= A[2, :2]
    return A


def flat_places(A):
    A.flat[::2] = A.flat[1::2] ** 2
    A.flat[3] = A.flat[0] * A.flat[5]
    A.flat[[1, 4]] += 2.0
    return A


def outs(a, b, A):
    c = np.empty_like(a)
    np.add(a, b, out=c)
    np.sin(c, out=c)
    np.multiply(c, a, c)
    d = np.zeros(len(A))
    np.dot(A, c, out=d)
    s = np.empty(A.shape[1])
    np.sum(A * A, axis=0, out=s)
    np.cumsum(s, out=s)
    np.clip(d, -0.6, 0.7, out=d)
    np.divide(s, 1 + d**2, out=a)
    return a, c, d, s


def where_written(a, b, mask):
    c = np.zeros_like(a)
    np.multiply(a, b, out=c, where=mask)
    np.log(a, out=c, where=~mask)
    np.divide(c, b, out=b, where=c > 0)
    return c, b


def copies(A, b):
    B = np.empty_like(A)
    np.copyto(B, b)
    np.copyto(B, A * b, where=A > 0)
    np.copyto(A[0], B[1])
    C = np.copy(A)
    C[0, 0] = 5.0 * A[0, 0]
    return A, B, C


def masked(A):
    A[A > 0.5] = 0.5 * A[0, 0]
    A[A < -0.5] *= A[A < -0.5]
    A[np.abs(A) < 0.2] += 1.0
    rows = A.sum(axis=1) > 0
    A[rows] -= A[:, :1].mean()
    return A


def scattered(x, v, places):
    x[places] = v
    x[places[:2]] += v[:2] * x[0]
    np.add.at(x, [0, 0, 1], v[:3])
    np.subtract.at(x, places, 0.5 * v)
    np.multiply.at(x, [2, 2], v[0])
    return x


def put_in_places(A, v, order):
    np.put(A, [0, 5], v[:2])
    np.put_along_axis(A, order[:, None], v[:, None], axis=1)
    np.putmask(A, A > 1.0, A * 0.5)
    np.place(A, A < -1.0, v[:2])
    A.put([3], [A[0, 0] * A[1, 1]])
    return A


def rows_swapped(A, p):
    A[[0, 2]] = A[[2, 0]]
    A[:, [0, 1]] = A[:, [1, 0]]
    A[1], A[3] = A[3].copy(), A[1] * 2
    A[:] = A[p]
    A[0, 0], A[0, 1] = A[0, 1] * A[0, 0], A[0, 0]
    return A


def pages(A):
    """Ellipsis, new axes, steps and integers in one index."""
    A[..., 0] = A[..., 1] * A[0, ..., 0]
    A[:, -1, ::2] += A[1:2, 0, ::2]
    A[0, :, [0, 2]] *= 3.0
    A[None, 1, :, 1] = A[0, :, 1] - A[1, :, 2]
    A[()] = A * A[0, 0, 0]
    A[1, ...] /= 2.0
    return A


def sorted_in_place(x, A):
    x.sort()
    x[0] *= x[-1]
    A.sort(axis=0)
    A[0] += x
    A[:, 0].sort()
    return x, A


def filled(x):
    buffer = np.empty((3, len(x)))
    buffer.fill(2.0)
    buffer[1] = x
    buffer[2].fill(x[0])
    buffer[0, 1:] *= buffer[1, :-1]
    x.fill(buffer[0, 1])
    return x, buffer


def accumulated(x, A):
    np.add.accumulate(x, out=x)
    np.multiply.accumulate(A, axis=1, out=A)
    np.add.reduce(A, axis=0, out=A[0])
    x *= np.add.reduceat(A[0], [0, 1, 3]).sum()
    return x, A


KERNELS = (
    Kernel(diagonal_filled, lambda rng, n: (normal(rng, n, n), normal(rng, n)), wrt=1, n=4),
    Kernel(flat_places, lambda rng, n: (normal(rng, n, 3),), n=4),
    Kernel(outs, lambda rng, n: (*normal(rng, 2, n), normal(rng, n, n)), n=4),
    Kernel(where_written, lambda rng, n: (*positive(rng, 2, n), np.arange(n) % 3 > 0), n=6),
    Kernel(copies, lambda rng, n: (normal(rng, n, n), normal(rng, n)), n=4),
    Kernel(masked, lambda rng, n: (normal(rng, n, n),), n=4),
    Kernel(scattered, lambda rng, n: (normal(rng, n), normal(rng, 3), np.array([1, n - 1, 3])), n=6),
    Kernel(put_in_places, lambda rng, n: (normal(rng, n, n), normal(rng, n), rng.integers(0, n, n)), n=4),
    Kernel(rows_swapped, lambda rng, n: (normal(rng, n, n), rng.permutation(n)), n=4),
    Kernel(pages, lambda rng, n: (normal(rng, 3, n, n),), n=3),
    Kernel(sorted_in_place, lambda rng, n: (normal(rng, n), normal(rng, n, n)), n=4),
    Kernel(filled, lambda rng, n: (normal(rng, n),), n=4),
    Kernel(accumulated, lambda rng, n: (normal(rng, n), normal(rng, n, n)), wrt=1, n=4),
)
