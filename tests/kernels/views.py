"""Writes through views: rows, slices, transposes, diagonals, reshaped arrays, and names for the same array."""

from itertools import pairwise

import numpy as np

from kernels.table import Kernel, normal, positive


def diagonal_through_ravel(A, shift):
    A.ravel()[:: len(A) + 1] += shift
    A.ravel()[1] = A[0, 0] * A[1, 1]
    return A


def diagonal_seen(A):
    """The diagonal is a view that cannot be written to, but it shows what is written to the matrix."""
    d = A.diagonal()
    A[0, 0] = A[0, 1] * A[1, 0]
    A[1] *= 2.0
    return A * d


def transposed_rows(A):
    for i in range(1, A.shape[1]):
        A.T[i] = A.T[i] - A.T[i - 1] * A[0, 0]
    A.T[0] *= A.T[-1]
    return A


def row_views(A):
    """Elimination through names of rows."""
    for k in range(len(A) - 1):
        pivot = A[k]
        for i in range(k + 1, len(A)):
            row = A[i]
            row -= row[k] / pivot[k] * pivot
    return A


def rows_in_list(A):
    rows = [A[i] for i in range(len(A))]
    for above, below in pairwise(rows):
        below += np.sin(above)
    rows[0][:] = rows[-1] * 2
    return A


def reshaped(A):
    flat = A.reshape(-1)
    for k in range(1, A.size):
        flat[k] += 0.5 * flat[k - 1] * A[0, 0]
    A.reshape(2, -1)[1] *= flat[0]
    return A, flat


def view_of_view(A):
    inner = A[1:-1, 1:-1]
    corner = inner[:2, :2]
    corner *= A[0, 0]
    column = inner.T[0]
    column -= corner[0, 0]
    A[1, 1] = corner[1, 1] ** 2
    return A, inner, column


def halves(x):
    """np.split gives views; so does reversing."""
    left, right = np.split(x, 2)
    left += right
    right[:] = left[::-1] * right
    mirror = x[::-1]
    mirror[0] = mirror[-1] * 3
    return x


def axes_moved(A):
    np.moveaxis(A, 0, -1)[0] += 1.0
    B = np.swapaxes(A, 0, 1)
    B[1, 0] = B[0, 1] * B[1, 1]
    A[..., None][0, 1] = A[0, 0][..., None]
    np.squeeze(A[:1])[0] *= 2.0
    return A


def blocks(A):
    """A matrix as a matrix of blocks, by a view of four axes."""
    n = len(A) // 2
    B = A.reshape(2, n, 2, n).swapaxes(1, 2)
    B[0, 1] = B[0, 0] @ B[1, 1]
    B[1, 0] -= B[0, 1].T
    return A


def alias_by_name(x, y):
    z = x
    z += y
    z[0] = x[1] * x[0]
    w = z[:]
    w *= 2.0
    return x


def shifted_in_place(x):
    x[1:] = x[:-1] * x[1:]
    x[:-2] = x[2:] + x[1:-1]
    x[::2] -= x[1::2]
    x[::-1] += 0.5 * x
    return x


def out_of_views(A, b):
    np.add(A[0], b, out=A[1])
    np.exp(A[:, 0], out=A[:, -1])
    np.subtract(A[1:], A[:-1], out=A[1:])
    np.sqrt(1 + A[0] ** 2, out=A[0, :])
    np.matmul(A, A.T @ b, out=b)
    return A, b


def complex_parts(x, y):
    z = np.zeros(len(x), dtype=complex)
    z.real = x
    z.imag[:] = y
    z *= 1 + 2j
    z.real += z.imag * x
    z[0] = z[1] * np.conj(z[0])
    z.imag[-1] *= 3.0
    return z.real, np.abs(z)


def zipped_rows(A, B):
    for i, (a, b) in enumerate(zip(A, B, strict=True)):
        a *= b
        b[i] = a.sum()
        a[i] += b @ b
    return A, B


def powers(x, n):
    """A Vandermonde matrix, column by column, with its history in views."""
    V = np.ones((len(x), n))
    for k in range(1, n):
        column = V[:, k]
        column[:] = V[:, k - 1]
        column *= x
    V **= 2
    return V[:, 1:] + np.sqrt(x)[:, None]


def windows(x):
    """A window that slides over a table of what has been computed."""
    y = np.zeros(len(x) + 2)
    y[:2] = x[:2]
    for i in range(len(x)):
        window = y[i : i + 3]
        window[2] = 0.5 * window[0] - 0.3 * window[1] + x[i]
        window[:2] *= 1.1
    return y


def flattened(A):
    """What is flattened is a view of a whole matrix, and a copy of some of its columns, also after many writes."""
    A[0] = A[1] * A[2]
    A[1] = A[0] * A[2]
    A[2] = A[0] * A[1]
    copy, view = A[:, 1:3].reshape(-1), A[1:].ravel()
    packed = np.ascontiguousarray(A[:, :2])
    A += np.sin(A)
    return copy, view, packed


def flipped(A):
    """The same of a matrix upside down, which is written as a whole."""
    A[1:, 1:] -= np.sum(A)
    v = A[::-1]
    np.sin(v, out=v)
    v.ravel()[::2] += v[0, 0]
    w = v[1:2].reshape(-1)
    w *= 2.0
    return A


def overwritten(A):
    """A view of what becomes constant is written to, from what it was and from what it is."""
    v = A[1:].ravel()
    first = v[0] * v[1]
    A[:] = 0.3
    v[1:3] = v[0]
    v[3] += first
    return A


def rows_picked(A):
    """Indices copy, and the copy can be seen flat."""
    rows = A[[0, -1]]
    rows.ravel()[::2] += A.flat[0]
    columns = A[:, [0, -1]]
    columns *= rows[0, 1]
    return rows, columns.T.ravel()


KERNELS = (
    Kernel(diagonal_through_ravel, lambda rng, n: (normal(rng, n, n), 0.5), n=4),
    Kernel(diagonal_seen, lambda rng, n: (normal(rng, n, n),), n=4),
    Kernel(transposed_rows, lambda rng, n: (normal(rng, n, n),), n=4),
    Kernel(row_views, lambda rng, n: (normal(rng, n, n) + n * np.eye(n),), n=4),
    Kernel(rows_in_list, lambda rng, n: (normal(rng, n, n),), n=4),
    Kernel(reshaped, lambda rng, n: (normal(rng, n, 3),), n=4),
    Kernel(view_of_view, lambda rng, n: (normal(rng, n, n),), n=5),
    Kernel(halves, lambda rng, n: (normal(rng, n),), n=8),
    Kernel(axes_moved, lambda rng, n: (normal(rng, n, n),), n=4),
    Kernel(blocks, lambda rng, n: (normal(rng, n, n),), n=4),
    Kernel(alias_by_name, lambda rng, n: (normal(rng, n), normal(rng, n))),
    Kernel(shifted_in_place, lambda rng, n: (normal(rng, n),), n=8),
    Kernel(out_of_views, lambda rng, n: (normal(rng, n, n), normal(rng, n)), n=4),
    Kernel(complex_parts, lambda rng, n: (normal(rng, n), normal(rng, n))),
    Kernel(zipped_rows, lambda rng, n: (normal(rng, n, n), normal(rng, n, n)), wrt=1, n=4),
    Kernel(powers, lambda rng, n: (positive(rng, n), 4), n=4),
    Kernel(windows, lambda rng, n: (normal(rng, n),), n=6),
    Kernel(flattened, lambda rng, n: (normal(rng, n, n),), n=4),
    Kernel(flipped, lambda rng, n: (normal(rng, n, n),), n=4),
    Kernel(overwritten, lambda rng, n: (normal(rng, n, n),), n=4),
    Kernel(rows_picked, lambda rng, n: (normal(rng, n, n),), n=4),
)
