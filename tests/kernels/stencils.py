"""Stencils on grids: two buffers, one buffer, staggered grids, sweeps in alternating directions."""

import numpy as np

from kernels.table import Kernel, normal


def jacobi_1d(steps, A, B):
    for _ in range(steps):
        B[1:-1] = (A[:-2] + A[1:-1] + A[2:]) / 3
        A[1:-1] = (B[:-2] + B[1:-1] + B[2:]) / 3
    return A, B


def jacobi_1d_loops(steps, A, B):
    for _ in range(steps):
        for i in range(1, len(A) - 1):
            B[i] = 0.33333 * (A[i - 1] + A[i] + A[i + 1])
        for i in range(1, len(A) - 1):
            A[i] = 0.33333 * (B[i - 1] + B[i] + B[i + 1]) ** 2
    return A


def jacobi_2d(steps, A, B):
    for _ in range(steps):
        B[1:-1, 1:-1] = 0.2 * (A[1:-1, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:] + A[2:, 1:-1] + A[:-2, 1:-1])
        A[1:-1, 1:-1] = 0.2 * (B[1:-1, 1:-1] + B[1:-1, :-2] + B[1:-1, 2:] + B[2:, 1:-1] + B[:-2, 1:-1])
    return A, B


def jacobi_swapped(steps, A):
    """The buffers change places by name."""
    B = A.copy()
    for _ in range(steps):
        B[1:-1, 1:-1] = 0.25 * (A[1:-1, :-2] + A[1:-1, 2:] + A[2:, 1:-1] + A[:-2, 1:-1]) * A[1:-1, 1:-1]
        A, B = B, A
    return A


def heat_3d(steps, A, B):
    for _ in range(steps):
        for new, old in ((B, A), (A, B)):
            inner = old[1:-1, 1:-1, 1:-1]
            new[1:-1, 1:-1, 1:-1] = (
                0.125 * (old[2:, 1:-1, 1:-1] - 2.0 * inner + old[:-2, 1:-1, 1:-1])
                + 0.125 * (old[1:-1, 2:, 1:-1] - 2.0 * inner + old[1:-1, :-2, 1:-1])
                + 0.125 * (old[1:-1, 1:-1, 2:] - 2.0 * inner + old[1:-1, 1:-1, :-2])
                + inner
            )
    return A


def seidel_2d(steps, A):
    """Each point at once with the mean of its neighbours, new ones among them."""
    n = len(A)
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                A[i, j] = np.sum(A[i - 1 : i + 2, j - 1 : j + 2]) / 9.0
    return A


def seidel_rows(steps, A):
    """The same by rows: what does not wait for its left neighbour comes first, in one slice."""
    n = len(A)
    for _ in range(steps):
        for i in range(1, n - 1):
            A[i, 1:-1] += A[i - 1, :-2] + A[i - 1, 1:-1] + A[i - 1, 2:] + A[i, 2:]
            A[i, 1:-1] += A[i + 1, :-2] + A[i + 1, 1:-1] + A[i + 1, 2:]
            for j in range(1, n - 1):
                A[i, j] += A[i, j - 1]
                A[i, j] /= 9.0
    return A


def red_black(steps, A, f):
    """Gauss-Seidel in two colours, with strides and relaxation."""
    for _ in range(steps):
        for first in (1, 2):
            for i in range(1, len(A) - 1):
                start = 1 + (i + first) % 2
                new = 0.25 * (
                    A[i - 1, start:-1:2]
                    + A[i + 1, start:-1:2]
                    + A[i, start - 1 : -2 : 2]
                    + A[i, start + 1 :: 2]
                    - f[i, start:-1:2]
                )
                A[i, start:-1:2] *= -0.2
                A[i, start:-1:2] += 1.2 * new
    return A


def adi(steps, u):
    """Heat equation, implicit in one direction at a time."""
    n = len(u)
    a = 0.3
    v = np.zeros_like(u)
    p = np.zeros_like(u)
    q = np.zeros_like(u)
    for _ in range(steps):
        for new, old in ((v, u), (u, v)):
            new[0, 1:-1] = 1.0
            p[1:-1, 0] = 0.0
            q[1:-1, 0] = new[0, 1:-1]
            for j in range(1, n - 1):
                p[1:-1, j] = a / (1.0 + 2.0 * a - a * p[1:-1, j - 1])
                q[1:-1, j] = (
                    a * old[j, :-2] + (1.0 - 2.0 * a) * old[j, 1:-1] + a * old[j, 2:] + a * q[1:-1, j - 1]
                ) / (1.0 + 2.0 * a - a * p[1:-1, j - 1])
            new[n - 1, 1:-1] = 1.0
            for j in range(n - 2, 0, -1):
                new[j, 1:-1] = p[1:-1, j] * new[j + 1, 1:-1] + q[1:-1, j]
    return u


def fdtd_2d(steps, ex, ey, hz, source):
    for t in range(steps):
        ey[0, :] = source[t]
        ey[1:, :] -= 0.5 * (hz[1:, :] - hz[:-1, :])
        ex[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])
        hz[:-1, :-1] -= 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])
    return ex, ey, hz


def horizontal_diffusion(field, coefficient):
    """Laplacian, limited fluxes along both axes, and their divergence."""
    lap = np.zeros_like(field)
    inner = field[1:-1, 1:-1]
    lap[1:-1, 1:-1] = 4.0 * inner - (field[2:, 1:-1] + field[:-2, 1:-1] + field[1:-1, 2:] + field[1:-1, :-2])
    flux_x = lap[1:, :] - lap[:-1, :]
    flux_y = lap[:, 1:] - lap[:, :-1]
    flux_x[flux_x * (field[1:, :] - field[:-1, :]) > 0] = 0.0
    flux_y[flux_y * (field[:, 1:] - field[:, :-1]) > 0] = 0.0
    out = field.copy()
    out[1:-1, 1:-1] -= coefficient * (flux_x[1:, 1:-1] - flux_x[:-1, 1:-1])
    out[1:-1, 1:-1] -= coefficient * (flux_y[1:-1, 1:] - flux_y[1:-1, :-1])
    return out


def wave_1d(steps, u, speed):
    """Three buffers that take turns, with the history in a table."""
    old, now, new = u.copy(), u.copy(), np.zeros_like(u)
    history = np.zeros((steps, len(u)))
    for t in range(steps):
        new[1:-1] = 2 * now[1:-1] - old[1:-1] + speed**2 * (now[2:] - 2 * now[1:-1] + now[:-2])
        new[0] = new[1]
        new[-1] = 0.0
        history[t] = new
        old, now, new = now, new, old
    return history


def upwind(steps, u, c):
    """Advection, in place: the right-hand side overlaps with what is written."""
    for _ in range(steps):
        u[1:] -= c * (u[1:] - u[:-1])
        u[:-1] += 0.1 * u[1:] * u[:-1]
    return u


KERNELS = (
    Kernel(jacobi_1d, lambda rng, n: (3, *normal(rng, 2, n)), wrt=1, n=8),
    Kernel(jacobi_1d_loops, lambda rng, n: (2, *normal(rng, 2, n)), wrt=1, n=8),
    Kernel(jacobi_2d, lambda rng, n: (2, *normal(rng, 2, n, n)), wrt=1, n=6),
    Kernel(jacobi_swapped, lambda rng, n: (3, normal(rng, n, n)), wrt=1, n=6),
    Kernel(heat_3d, lambda rng, n: (2, *normal(rng, 2, n, n, n)), wrt=1),
    Kernel(seidel_2d, lambda rng, n: (2, normal(rng, n, n)), wrt=1, n=6),
    Kernel(seidel_rows, lambda rng, n: (2, normal(rng, n, n)), wrt=1, n=6),
    Kernel(red_black, lambda rng, n: (2, *normal(rng, 2, n, n)), wrt=1, n=6),
    Kernel(adi, lambda rng, n: (2, normal(rng, n, n)), wrt=1, n=6),
    Kernel(fdtd_2d, lambda rng, n: (3, *normal(rng, 3, n, n + 1), normal(rng, 3)), wrt=3),
    Kernel(horizontal_diffusion, lambda rng, n: (normal(rng, n, n), 0.1), n=7),
    Kernel(wave_1d, lambda rng, n: (4, normal(rng, n), 0.5), wrt=1, n=7),
    Kernel(upwind, lambda rng, n: (3, normal(rng, n), 0.3), wrt=1, n=7),
)
