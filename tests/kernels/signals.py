"""Signals: recursive filters, transforms in place, running sums, estimation."""

import numpy as np

from kernels.table import Kernel, definite, dominant, normal, positive


def fft(signal):
    """Radix 2, in place in a complex buffer: elements in bit-reversed order, then butterflies."""
    n = len(signal)
    x = np.zeros(n, dtype=np.complex128)
    x[:] = signal
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            x[i], x[j] = x[j], x[i]
    size = 2
    while size <= n:
        half = size // 2
        twiddle = np.exp(-2j * np.pi * np.arange(half) / size)
        for start in range(0, n, size):
            upper, lower = x[start : start + half], x[start + half : start + size]
            t = twiddle * lower
            lower[:] = upper - t
            upper += t
        size *= 2
    return x.real, x.imag


def haar(x):
    """Wavelets by lifting: odd and even places are views that write to each other."""
    step = 1
    while step < len(x):
        even, odd = x[:: 2 * step], x[step :: 2 * step]
        odd -= even
        even += odd / 2
        step *= 2
    return x


def deriche(image, alpha):
    """A recursive filter to and fro along the rows, then along the columns."""
    k = (1 - np.exp(-alpha)) ** 2 / (1 + 2 * alpha * np.exp(-alpha) - np.exp(-2 * alpha))
    a2 = k * np.exp(-alpha) * (alpha - 1)
    b1, b2 = 2 * np.exp(-alpha), -np.exp(-2 * alpha)
    out = image.copy()
    for plane in (out.T, out):
        y1, y2 = np.zeros_like(plane), np.zeros_like(plane)
        n = len(plane)
        y1[0] = k * plane[0]
        y1[1] = k * plane[1] + a2 * plane[0] + b1 * y1[0]
        for i in range(2, n):
            y1[i] = k * plane[i] + a2 * plane[i - 1] + b1 * y1[i - 1] + b2 * y1[i - 2]
        for i in range(n - 3, -1, -1):
            y2[i] = a2 * plane[i + 1] + k * plane[i + 2] + b1 * y2[i + 1] + b2 * y2[i + 2]
        plane[:] = y1 + y2
    return out


def biquad(x, b, a):
    y = np.zeros_like(x)
    for i in range(len(x)):
        y[i] = b[0] * x[i]
        for k in range(1, min(i, 2) + 1):
            y[i] += b[k] * x[i - k] - a[k - 1] * y[i - k]
    return y


def overlap_add(x, h):
    y = np.zeros(len(x) + len(h) - 1)
    for i in range(len(x)):
        y[i : i + len(h)] += x[i] * h
    return y


def running_sum(x):
    for i in range(1, len(x)):
        x[i] += x[i - 1]
    return x


def doubling_sum(x):
    """The same in a logarithmic number of steps: each addition reads what was there before it."""
    shift = 1
    while shift < len(x):
        x[shift:] += x[:-shift]
        shift *= 2
    return x


def running_product(x):
    for i in range(1, len(x)):
        x[i, 1:] *= x[i - 1, :-1]
        x[i, 0] = np.sin(x[i, 0]) * x[i - 1, -1]
    return x


def horner(coefficients, x):
    y = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        np.multiply(y, x, out=y)
        np.add(y, c, out=y)
    return y


def clenshaw(coefficients, x):
    """A Chebyshev series, with three buffers that take turns."""
    b0, b1, b2 = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    for c in coefficients[:0:-1]:
        np.multiply(2 * x, b1, out=b0)
        b0 -= b2
        b0 += c
        b2, b1, b0 = b1, b0, b2
    return coefficients[0] + x * b1 - b2


def kalman(z, F, H, Q, R):
    """Means and covariances of all steps are written into tables."""
    steps, n = len(z), len(F)
    means, covariances = np.zeros((steps + 1, n)), np.zeros((steps + 1, n, n))
    covariances[0] = np.eye(n)
    for t in range(steps):
        m = F @ means[t]
        P = F @ covariances[t] @ F.T + Q
        gain = np.linalg.solve(H @ P @ H.T + R, H @ P).T
        means[t + 1] = m + gain @ (z[t] - H @ m)
        covariances[t + 1] = P - gain @ H @ P
    return means, covariances


def adaptive_filter(x, wanted, taps, rate):
    """Least mean squares: the weights learn while the signal goes by."""
    w = np.zeros(taps)
    errors = np.zeros(len(x) - taps)
    for i in range(len(errors)):
        window = x[i : i + taps]
        errors[i] = wanted[i] - w @ window
        w += rate * errors[i] * window
    return w, errors


def welford(x):
    """Mean and variance in one pass."""
    mean, spread = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for i, row in enumerate(x):
        delta = row - mean
        mean += delta / (i + 1)
        spread += delta * (row - mean)
    spread /= len(x)
    return mean, spread


def total_variation(signal, steps, rate):
    """Smoothing by descent: a smooth penalty on jumps, whose slopes are scattered to both sides."""
    u = signal.copy()
    slope = np.empty_like(u)
    for _ in range(steps):
        jump = np.diff(u)
        jump /= np.sqrt(jump**2 + 0.1)
        slope[:] = u - signal
        slope[:-1] -= jump
        slope[1:] += jump
        u -= rate * slope
    return u


KERNELS = (
    Kernel(fft, lambda rng, n: (normal(rng, n),), n=8),
    Kernel(haar, lambda rng, n: (normal(rng, n),), n=8),
    Kernel(deriche, lambda rng, n: (normal(rng, n, n + 1), 0.25)),
    Kernel(biquad, lambda rng, n: (normal(rng, n), normal(rng, 3), 0.3 * normal(rng, 2)), n=8),
    Kernel(overlap_add, lambda rng, n: (normal(rng, n), normal(rng, 3)), n=6),
    Kernel(running_sum, lambda rng, n: (normal(rng, n),), n=8),
    Kernel(doubling_sum, lambda rng, n: (normal(rng, n),), n=7),
    Kernel(running_product, lambda rng, n: (normal(rng, 4, n),)),
    Kernel(horner, lambda rng, n: (normal(rng, 5), normal(rng, n)), wrt=1, n=6),
    Kernel(clenshaw, lambda rng, n: (normal(rng, 5), rng.uniform(-1, 1, n)), wrt=1, n=6),
    Kernel(
        kalman,
        lambda rng, n: (normal(rng, 3, 2), dominant(rng, n) / n, normal(rng, 2, n), definite(rng, n), definite(rng, 2)),
        wrt=1,
        n=3,
    ),
    Kernel(adaptive_filter, lambda rng, n: (normal(rng, n), normal(rng, n), 3, 0.1), n=8),
    Kernel(welford, lambda rng, n: (positive(rng, n, 3),)),
    Kernel(total_variation, lambda rng, n: (normal(rng, n), 3, 0.2), n=7),
)
