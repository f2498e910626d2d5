"""Dynamic programming: tables filled from minima and maxima, soft ones, and sums over paths."""

import numpy as np

from kernels.table import Kernel, normal, positive


def floyd_warshall(path):
    for k in range(len(path)):
        path[:] = np.minimum(path[:], np.add.outer(path[:, k], path[k, :]))
    return path


def floyd_warshall_out(path):
    """The same, one row at a time, into where it comes from."""
    for k in range(len(path)):
        for i in range(len(path)):
            np.minimum(path[i], path[i, k] + path[k], out=path[i])
    return path


def bellman_ford(weights, tails, heads, n):
    distance = np.full(n, np.inf)
    distance[0] = 0.0
    for _ in range(n - 1):
        for e in range(len(weights)):
            candidate = distance[tails[e]] + weights[e]
            if candidate < distance[heads[e]]:
                distance[heads[e]] = candidate
    return distance


def nussinov(score):
    """The best pairing of a strand with itself."""
    n = len(score)
    table = np.zeros((n, n))
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            table[i, j] = max(table[i, j - 1], table[i + 1, j])
            if i < j - 1:
                table[i, j] = max(table[i, j], table[i + 1, j - 1] + score[i, j])
            for k in range(i + 1, j):
                table[i, j] = np.maximum(table[i, j], table[i, k] + table[k + 1, j])
    return table


def smith_waterman(score, gap):
    m, n = score.shape
    H = np.zeros((m + 1, n + 1))
    for i in range(1, m + 1):
        for j in range(1, n + 1):
            H[i, j] = max(0.0, H[i - 1, j - 1] + score[i - 1, j - 1], H[i - 1, j] - gap, H[i, j - 1] - gap)
    return H


def time_warping(x, y):
    cost = np.full((len(x) + 1, len(y) + 1), np.inf)
    cost[0, 0] = 0.0
    for i in range(len(x)):
        for j in range(len(y)):
            best = np.minimum(np.minimum(cost[i, j + 1], cost[i + 1, j]), cost[i, j])
            cost[i + 1, j + 1] = (x[i] - y[j]) ** 2 + best
    return cost[1:, 1:]


def soft_time_warping(x, y, gamma):
    cost = np.full((len(x) + 1, len(y) + 1), np.inf)
    cost[0, 0] = 0.0
    for i in range(1, len(x) + 1):
        for j in range(1, len(y) + 1):
            steps = np.array([cost[i - 1, j - 1], cost[i - 1, j], cost[i, j - 1]])
            low = steps.min()
            cost[i, j] = (x[i - 1] - y[j - 1]) ** 2 + low - gamma * np.log(np.sum(np.exp((low - steps) / gamma)))
    return cost[-1, -1]


def edit_diagonals(a, b):
    """Costs of alignments, row by row: the insertions of a row by a running minimum."""
    steps = np.arange(len(b) + 1.0)
    row = steps.copy()
    for x in a:
        row[1:] = np.minimum(row[1:] + 1.0, row[:-1] + np.tanh((x - b) ** 2))
        row[0] += 1.0
        row[:] = np.minimum.accumulate(row - 1.01 * steps) + 1.01 * steps
    return row


def knapsack(values, weights, capacity):
    best = np.zeros(capacity + 1)
    for value, weight in zip(values, weights, strict=True):
        best[weight:] = np.maximum(best[weight:], best[:-weight] + value)
    return best


def viterbi(start, transition, emission, seen):
    """Scores are logarithms; the path is traced back in an array of integers."""
    n, steps = len(start), len(seen)
    score = np.zeros((steps, n))
    back = np.zeros((steps, n), dtype=int)
    score[0] = start + emission[:, seen[0]]
    for t in range(1, steps):
        through = score[t - 1][:, None] + transition
        back[t] = np.argmax(through, axis=0)
        score[t] = through[back[t], np.arange(n)] + emission[:, seen[t]]
    path = np.zeros(steps, dtype=int)
    path[-1] = np.argmax(score[-1])
    for t in range(steps - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return score, score[np.arange(steps), path]


def hidden_markov(start, transition, emission, seen):
    """Forward and backward, each step normalized in place."""
    n, steps = len(start), len(seen)
    alpha, beta = np.zeros((steps, n)), np.ones((steps, n))
    scale = np.zeros(steps)
    for t in range(steps):
        before = start if t == 0 else alpha[t - 1] @ transition
        alpha[t] = before * emission[:, seen[t]]
        scale[t] = alpha[t].sum()
        alpha[t] /= scale[t]
    for t in range(steps - 2, -1, -1):
        beta[t] = transition @ (emission[:, seen[t + 1]] * beta[t + 1])
        beta[t] /= scale[t + 1]
    gamma = alpha * beta
    gamma /= gamma.sum(axis=1, keepdims=True)
    return gamma, np.log(scale)


def chain_order(sizes):
    """What the cheapest order of a chain of matrix products costs."""
    n = len(sizes) - 1
    cost = np.zeros((n, n))
    for length in range(2, n + 1):
        for i in range(n - length + 1):
            j = i + length - 1
            ways = [cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)]
            cost[i, j] = min(ways)
    return cost


def draw_paths(rng, n):
    return (positive(rng, n, n) + np.abs(np.subtract.outer(np.arange(n), np.arange(n))) ** 1.5,)


def draw_edges(rng, n):
    tails = np.concatenate([np.arange(n - 1), rng.integers(0, n, n)])
    heads = np.concatenate([np.arange(1, n), rng.integers(0, n, n)])
    return positive(rng, 2 * n - 1), tails, heads, n


def draw_chain(rng, n):
    return np.log(positive(rng, n)), np.log(positive(rng, n, n)), np.log(positive(rng, n, 3)), rng.integers(0, 3, 6)


def draw_markov(rng, n):
    return positive(rng, n) / n, positive(rng, n, n) / n, positive(rng, n, 3) / 3, rng.integers(0, 3, 6)


KERNELS = (
    Kernel(floyd_warshall, draw_paths, n=6),
    Kernel(floyd_warshall_out, draw_paths),
    Kernel(bellman_ford, draw_edges),
    Kernel(nussinov, lambda rng, n: (positive(rng, n, n),), n=6),
    Kernel(smith_waterman, lambda rng, n: (normal(rng, n, n + 1), 0.4)),
    Kernel(time_warping, lambda rng, n: (normal(rng, n), normal(rng, n + 1))),
    Kernel(soft_time_warping, lambda rng, n: (normal(rng, n), normal(rng, n + 1), 0.7), n=4),
    Kernel(edit_diagonals, lambda rng, n: (normal(rng, n), normal(rng, n + 1)), wrt=1),
    Kernel(knapsack, lambda rng, n: (positive(rng, n), rng.integers(1, 4, n), 2 * n)),
    Kernel(viterbi, draw_chain, wrt=1, n=3),
    Kernel(hidden_markov, draw_markov, wrt=1, n=3),
    Kernel(chain_order, lambda rng, n: (3 * positive(rng, n),), n=6),
)
