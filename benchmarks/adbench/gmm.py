"""Gaussian mixtures: the gradient of a log likelihood with a Wishart prior.

A mixture of K Gaussians in d dimensions sees n points x_i. The inverse covariance of component k is Q_k^T Q_k, where
Q_k is lower triangular with a positive diagonal. It is stated by d logarithms (the diagonal) and d (d - 1) / 2 numbers
(below it, by columns). With q_k the sum of the logarithms,

    L = sum_i logsumexp_k (alpha_k + q_k - |Q_k (x_i - mu_k)|^2 / 2) - n logsumexp(alpha) - n d log(2 pi) / 2 + prior
    prior = sum_k (gamma^2 |Q_k|^2 / 2 - m q_k) - K c

The result is the gradient with respect to alpha, mu and the numbers of Q.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.peers import (
    AUTOGRAD,
    BY_HAND,
    JAX,
    JIT,
    MYGRAD,
    OURS,
    TORCH,
    TORCH_FUNC,
    anp,
    autograd,
    fg,
    jax,
    jnp,
    mygrad,
    torch,
)
from benchmarks.suite import Run, Workload, own

#: The numbers of dimensions, components and points in the benchmark; a size is one of each.
DIMENSIONS, COMPONENTS, POINTS = (2, 10, 20, 32, 64), (5, 10, 25, 50, 100, 200), (1_000, 10_000)


@dataclass(frozen=True)
class Mixture:
    """The parameters, the points, and the prior's two numbers."""

    alphas: Any
    means: Any
    factors: Any
    x: Any
    gamma: float = 1.0
    m: int = 0

    @property
    def parameters(self) -> tuple[Any, Any, Any]:
        return self.alphas, self.means, self.factors

    @property
    def below(self) -> tuple[Any, Any]:
        """Rows and columns below the diagonal, column by column."""
        columns, rows = np.triu_indices(self.x.shape[1], 1)
        return rows, columns

    @property
    def constant(self) -> float:
        """What does not depend on the parameters."""
        n, d = self.x.shape
        freedom = d + self.m + 1
        log_gamma = d * (d - 1) / 4 * math.log(math.pi) + sum(math.lgamma((freedom - j) / 2) for j in range(d))
        c = freedom * d * (math.log(self.gamma) - math.log(2) / 2) - log_gamma
        return -n * d * math.log(2 * math.pi) / 2 - len(self.alphas) * c


def problem(size: tuple[int, int, int]) -> Mixture:
    d, k, n = size
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(k, d * (d + 1) // 2)) / np.sqrt(d)
    return Mixture(rng.normal(size=k), rng.uniform(size=(k, d)), factors, rng.normal(size=(n, d)))


# ---- NumPy's text


def written(p: Mixture) -> Callable[[Any, Any], Any]:
    """A lower triangle, written into an array."""

    def triangle(diagonal: Any, rest: Any) -> Any:
        q = diagonal[:, :, None] * np.eye(p.x.shape[1])
        q[:, *p.below] = rest
        return q

    return triangle


def read(p: Mixture) -> Callable[[Any, Any], Any]:
    """The same where arrays cannot be written to: each element says which number it is."""
    d = p.x.shape[1]
    where = np.full((d, d), d * (d + 1) // 2)
    where[np.diag_indices(d)] = np.arange(d)
    where[p.below] = np.arange(d, d * (d + 1) // 2)

    def triangle(diagonal: Any, rest: Any) -> Any:
        return anp.concatenate([diagonal, rest, anp.zeros((len(rest), 1))], axis=1)[:, where]

    return triangle


def objective(xp: Any, p: Mixture, triangle: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    x, (n, d) = p.x, p.x.shape

    def logsumexp(y: Any) -> Any:
        top = xp.max(y, axis=0)
        return top + xp.log(xp.sum(xp.exp(y - top), axis=0))

    def log_posterior(alphas: Any, means: Any, factors: Any) -> Any:
        logs = xp.sum(factors[:, :d], axis=1)
        q = triangle(xp.exp(factors[:, :d]), factors[:, d:])
        y = xp.matmul(x - means[:, None], xp.swapaxes(q, 1, 2))  # components, points, dimensions
        inside = logsumexp((alphas + logs)[:, None] - 0.5 * xp.sum(y**2, axis=2))
        prior = 0.5 * p.gamma**2 * xp.sum(q**2) - p.m * xp.sum(logs)
        return xp.sum(inside) - n * logsumexp(alphas) + prior + p.constant

    return log_posterior


def forward(p: Mixture) -> Run:
    f = own(objective)(np, p, written(p))
    return lambda: f(*p.parameters)


def by_hand(p: Mixture) -> Run:
    x, (n, d), triangle, rows_columns = p.x, p.x.shape, written(p), p.below

    def gradient() -> tuple[Any, ...]:
        alphas, means, factors = p.parameters
        diagonal = np.exp(factors[:, :d])
        q = triangle(diagonal, factors[:, d:])
        away = x - means[:, None]
        y = away @ q.swapaxes(1, 2)
        inside = (alphas + factors[:, :d].sum(1))[:, None] - 0.5 * np.einsum("kni,kni->kn", y, y)
        share = np.exp(inside - inside.max(0))
        share /= share.sum(0)
        total = share.sum(1)
        y *= -share[:, :, None]
        gq = y.swapaxes(1, 2) @ away + p.gamma**2 * q
        glog = np.einsum("kii->ki", gq) * diagonal + total[:, None] - p.m
        weights = np.exp(alphas - alphas.max())
        gmeans = -(y.sum(1)[:, None] @ q)[:, 0]
        return total - n * weights / weights.sum(), gmeans, np.concatenate([glog, gq[:, *rows_columns]], axis=1)

    return gradient


def ours(p: Mixture) -> Run:
    gradient = fg.grad(own(objective)(np, p, written(p)), (0, 1, 2))
    return lambda: gradient(*p.parameters)


def with_autograd(p: Mixture) -> Run:
    gradient = autograd.grad(own(objective)(anp, p, read(p)), (0, 1, 2))
    return lambda: gradient(*p.parameters)


# ---- the others' own


def torch_objective(p: Mixture) -> Callable[..., Any]:
    x, (n, d), (rows, columns) = torch.tensor(p.x), p.x.shape, p.below

    def log_posterior(alphas: Any, means: Any, factors: Any) -> Any:
        logs = factors[:, :d].sum(1)
        q = torch.diag_embed(factors[:, :d].exp())
        q[:, rows, columns] = factors[:, d:]
        y = (x - means[:, None]) @ q.mT
        inside = torch.logsumexp((alphas + logs)[:, None] - 0.5 * y.square().sum(2), 0)
        prior = 0.5 * p.gamma**2 * q.square().sum() - p.m * logs.sum()
        return inside.sum() - n * torch.logsumexp(alphas, 0) + prior + p.constant

    return log_posterior


def with_torch(p: Mixture) -> Run:
    f = torch_objective(p)
    parameters = [torch.tensor(x, requires_grad=True) for x in p.parameters]
    return lambda: torch.autograd.grad(f(*parameters), parameters)


def with_torch_func(p: Mixture) -> Run:
    gradient = torch.func.grad(torch_objective(p), (0, 1, 2))
    parameters = [torch.tensor(x) for x in p.parameters]
    return lambda: gradient(*parameters)


def with_mygrad(p: Mixture) -> Run:
    x, (n, d), (rows, columns) = p.x, p.x.shape, p.below

    def logsumexp(y: Any) -> Any:
        top = np.max(y.data, axis=0)
        return top + mygrad.log(mygrad.sum(mygrad.exp(y - top), axis=0))

    def gradient() -> tuple[Any, ...]:
        alphas, means, factors = parameters = [mygrad.tensor(x) for x in p.parameters]
        logs = mygrad.sum(factors[:, :d], axis=1)
        q = mygrad.exp(factors[:, :d])[:, :, None] * np.eye(d)
        q[:, rows, columns] = factors[:, d:]
        y = mygrad.matmul(x - means[:, None], q.transpose(0, 2, 1))
        inside = logsumexp((alphas + logs)[:, None] - 0.5 * mygrad.sum(y**2, axis=2))
        prior = 0.5 * p.gamma**2 * mygrad.sum(q**2) - p.m * mygrad.sum(logs)
        (mygrad.sum(inside) - n * logsumexp(alphas) + prior + p.constant).backward()
        return tuple(x.grad for x in parameters)

    return gradient


def jax_gradient(p: Mixture) -> Callable[..., Any]:
    x, (n, d), (rows, columns) = jnp.asarray(p.x), p.x.shape, p.below
    logsumexp = jax.nn.logsumexp

    def log_posterior(alphas: Any, means: Any, factors: Any) -> Any:
        logs = factors[:, :d].sum(1)
        q = jnp.exp(factors[:, :d])[:, :, None] * jnp.eye(d)
        q = q.at[:, rows, columns].set(factors[:, d:])
        y = (x - means[:, None]) @ q.mT
        inside = logsumexp((alphas + logs)[:, None] - 0.5 * jnp.sum(y**2, 2), 0)
        prior = 0.5 * p.gamma**2 * jnp.sum(q**2) - p.m * jnp.sum(logs)
        return jnp.sum(inside) - n * logsumexp(alphas) + prior + p.constant

    return jax.grad(log_posterior, (0, 1, 2))


def with_jax(p: Mixture) -> Run:
    gradient, parameters = jax_gradient(p), [jnp.asarray(x) for x in p.parameters]
    return lambda: jax.block_until_ready(gradient(*parameters))


def with_jit(p: Mixture) -> Run:
    gradient, parameters = jax.jit(jax_gradient(p)), [jnp.asarray(x) for x in p.parameters]
    return lambda: jax.block_until_ready(gradient(*parameters))


WORKLOAD = Workload(
    name="GMM",
    group="ADBench",
    problem=problem,
    builders={
        OURS: ours,
        BY_HAND: by_hand,
        AUTOGRAD: with_autograd,
        TORCH: with_torch,
        TORCH_FUNC: with_torch_func,
        MYGRAD: with_mygrad,
        JAX: with_jax,
        JIT: with_jit,
    },
    forward=forward,
    sizes=((2, 5, 1_000), (10, 25, 1_000), (20, 50, 1_000), (64, 25, 1_000), (10, 25, 10_000)),
    quick=((2, 5, 100),),
)
