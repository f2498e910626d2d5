"""Layers of networks, written with buffers and loops over windows."""

import numpy as np

from kernels.table import Kernel, normal, positive


def relu(x):
    return np.maximum(x, 0)


def softmax(x):
    """In place, along the last axis."""
    x -= np.max(x, axis=-1, keepdims=True)
    np.exp(x, out=x)
    x /= np.sum(x, axis=-1, keepdims=True)
    return x


def mlp(x, w1, b1, w2, b2, w3, b3):
    x = relu(x @ w1 + b1)
    x = relu(x @ w2 + b2)
    return softmax(x @ w3 + b3)


def conv2d(x, w, b):
    """Images (N, H, W, C), window (K, K, C, D)."""
    k = w.shape[0]
    height, width = x.shape[1] - k + 1, x.shape[2] - k + 1
    out = np.empty((x.shape[0], height, width, w.shape[3]))
    for i in range(height):
        for j in range(width):
            out[:, i, j, :] = np.sum(x[:, i : i + k, j : j + k, :, np.newaxis] * w[np.newaxis], axis=(1, 2, 3))
    out += b
    return out


def conv2d_shifts(x, w):
    """One plane of images at a time: add up shifted images."""
    k = w.shape[0]
    height, width = x.shape[1] - k + 1, x.shape[2] - k + 1
    out = np.zeros((x.shape[0], height, width, w.shape[3]))
    for i in range(k):
        for j in range(k):
            out += x[:, i : i + height, j : j + width, :] @ w[i, j]
    return out


def max_pool(x):
    n, height, width, channels = x.shape
    out = np.empty((n, height // 2, width // 2, channels))
    for i in range(height // 2):
        for j in range(width // 2):
            out[:, i, j] = np.max(x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2], axis=(1, 2))
    return out


def batch_norm(x):
    x -= np.mean(x, axis=0, keepdims=True)
    x /= np.sqrt(np.mean(x * x, axis=0, keepdims=True) + 1e-2)
    return x


def resnet_block(x, w1, w2):
    """Two padded convolutions, normalized, with a way around them."""
    padded = np.zeros((x.shape[0], x.shape[1] + 2, x.shape[2] + 2, x.shape[3]))
    padded[:, 1:-1, 1:-1, :] = x
    h = batch_norm(conv2d_shifts(padded, w1))
    h[h < 0] = 0.0
    padded[:, 1:-1, 1:-1, :] = h
    h = batch_norm(conv2d_shifts(padded, w2))
    h += x
    h[h < 0] *= 0.1
    return h


def layer_norm(x, scale, shift):
    """Row by row, through the rows themselves."""
    for row in x:
        row -= row.mean()
        row /= np.sqrt(row.var() + 1e-3)
        row *= scale
        row += shift
    return x


def attention(q, k, v):
    """Causal: what lies ahead is masked."""
    n = len(q)
    scores = q @ k.T
    scores /= np.sqrt(q.shape[1])
    scores[np.triu_indices(n, 1)] = -np.inf
    return softmax(scores) @ v


def lstm(x, w, u, b):
    """Hidden states and memory of all steps in two tables."""
    steps, size = len(x), u.shape[0]
    h, c = np.zeros((steps + 1, size)), np.zeros((steps + 1, size))
    for t in range(steps):
        gates = x[t] @ w + h[t] @ u + b
        gates[: 3 * size] = 1 / (1 + np.exp(-gates[: 3 * size]))
        forget, enter, leave = gates[:size], gates[size : 2 * size], gates[2 * size : 3 * size]
        c[t + 1] = forget * c[t] + enter * np.tanh(gates[3 * size :])
        h[t + 1] = leave * np.tanh(c[t + 1])
    return h, c


def adam(w, x, y, steps, rate):
    """Training itself: a logistic regression whose weights and moments are updated in place."""
    m, s = np.zeros_like(w), np.zeros_like(w)
    for t in range(1, steps + 1):
        p = 1 / (1 + np.exp(-(x @ w)))
        g = x.T @ (p - y) / len(y)
        m *= 0.9
        m += 0.1 * g
        s *= 0.99
        s += 0.01 * g**2
        w -= rate * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.99**t)) + 1e-3)
    return w


def embedding_bag(table, words, counts):
    """Means of rows of a table over bags of words, by scattered additions."""
    out = np.zeros((len(counts), table.shape[1]))
    bags = np.repeat(np.arange(len(counts)), counts)
    np.add.at(out, bags, table[words])
    out /= counts[:, None]
    return out


def draw_mlp(rng, n):
    layers = (normal(rng, n, n) / np.sqrt(n) if i % 2 == 0 else normal(rng, n) for i in range(6))
    return normal(rng, 3, n), *layers


def draw_lstm(rng, n):
    return normal(rng, 3, n), normal(rng, n, 4 * n) / 2, normal(rng, n, 4 * n) / 2, normal(rng, 4 * n)


KERNELS = (
    Kernel(softmax, lambda rng, n: (normal(rng, 3, n),)),
    Kernel(mlp, draw_mlp, wrt=1),
    Kernel(conv2d, lambda rng, n: (normal(rng, 2, n, n, 2), normal(rng, 3, 3, 2, 3), normal(rng, 3)), wrt=1),
    Kernel(conv2d_shifts, lambda rng, n: (normal(rng, 2, n, n, 2), normal(rng, 3, 3, 2, 3))),
    Kernel(max_pool, lambda rng, n: (normal(rng, 2, n, n, 2),), n=4),
    Kernel(batch_norm, lambda rng, n: (normal(rng, n, 3),)),
    Kernel(resnet_block, lambda rng, n: (normal(rng, 2, n, n, 2), *normal(rng, 2, 3, 3, 2, 2)), n=4),
    Kernel(layer_norm, lambda rng, n: (normal(rng, 3, n), positive(rng, n), normal(rng, n))),
    Kernel(attention, lambda rng, n: tuple(normal(rng, 3, n, 3)), n=4),
    Kernel(lstm, draw_lstm, n=3),
    Kernel(adam, lambda rng, n: (normal(rng, 3), normal(rng, n, 3), rng.uniform(0, 1, n), 3, 0.1), wrt=1),
    Kernel(embedding_bag, lambda rng, n: (normal(rng, n, 3), rng.integers(0, n, 6), np.array([1, 3, 2]))),
)
