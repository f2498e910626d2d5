"""Asks how much coaching helps at eight schools: Hamiltonian Monte Carlo with exact gradients.

At eight schools coaching changed the points in a test by y_j, with standard errors s_j. How different are the schools?
The model: ``y_j ~ N(m + t z_j, s_j)``, ``z_j ~ N(0, 1)``, ``m ~ N(0, 5)``, t half-Cauchy with scale 5. Hamiltonian
Monte Carlo draws from the posterior: it gives (m, log t, z) a random momentum, follows Newton's law in the landscape of
the negative log density by leapfrog steps, each with one exact gradient, and accepts the end by Metropolis' rule, which
makes up for the finite steps. All chains are rows of one array: the gradient of the sum of their energies is that of
each. With m and t held, z is normal, so the posterior of t is an integral over m alone: quadrature is the judge.

Source: R. M. Neal, "MCMC using Hamiltonian dynamics" (2011). Data: D. B. Rubin, "Estimation in parallel randomized
experiments", Journal of Educational Statistics 6 (1981) 377.
"""

import argparse
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import funcgrad as fg

Array: TypeAlias = NDArray[Any]

EFFECT = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
ERROR = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def energy(q: Array) -> Array:
    """Return the negative log density of each row (m / 5, log t, z_1 ... z_8), but for a constant."""
    m, log_t, z = 5 * q[:, 0], q[:, 1], q[:, 2:]
    t = np.exp(log_t)
    residual = (EFFECT - m[:, None] - t[:, None] * z) / ERROR
    prior = 0.5 * q[:, 0] ** 2 + 0.5 * np.sum(z**2, axis=1) + np.log1p((t / 5) ** 2) - log_t
    return prior + 0.5 * np.sum(residual**2, axis=1)


force = fg.grad(lambda q: np.sum(energy(q)))


def sample(rng: np.random.Generator, chains: int, draws: int, step: float, length: int) -> tuple[Array, float]:
    """Run many chains; return draws x chains x coordinates after as many draws to warm up, and the acceptance."""
    q = 0.1 * rng.standard_normal((chains, 10))
    kept, accepted = [], 0.0
    for number in range(2 * draws):
        p = rng.standard_normal(q.shape)
        before = energy(q) + 0.5 * np.sum(p**2, axis=1)
        size = step * rng.uniform(0.8, 1.2)  # no orbit closes by accident
        new, gradient = q, force(q)
        for _ in range(length):
            p = p - 0.5 * size * gradient
            new = new + size * p
            gradient = force(new)
            p = p - 0.5 * size * gradient
        after = energy(new) + 0.5 * np.sum(p**2, axis=1)
        accept = np.log(rng.random(chains)) < before - after
        q = np.where(accept[:, None], new, q)
        if number >= draws:
            kept.append(q)
            accepted += accept.mean() / draws
    return np.stack(kept), accepted


def exact_density(t: Array) -> Array:
    """Return the posterior density of t by quadrature, at evenly spaced t."""
    m = np.linspace(-30, 40, 281)
    variance = ERROR**2 + t[:, None, None] ** 2
    log_p = -0.5 * np.sum((EFFECT - m[:, None]) ** 2 / variance + np.log(variance), axis=2) - 0.5 * (m / 5) ** 2
    density = np.exp(log_p - log_p.max()).sum(axis=1) / (1 + (t / 5) ** 2)
    normal: Array = density / (density.sum() * (t[1] - t[0]))
    return normal


def r_hat(x: Array) -> float:
    """Compare the spread between chains with that within them (Gelman and Rubin): 1 if they agree."""
    within = x.var(axis=0, ddof=1).mean()
    between = x.mean(axis=0).var(ddof=1)
    return float(np.sqrt((len(x) - 1) / len(x) + between / within))


def draw(t_draws: Array, schools: Array, grid: Array, density: Array) -> Figure:
    """Draw the posterior of t beside the truth, the funnel, and the effects at the schools."""
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    left.hist(t_draws, bins=np.linspace(0, 25, 76), density=True, color="C0", alpha=0.4, label="draws")
    left.plot(grid, density, "k", label="quadrature")
    left.set(xlabel="how different schools are, t", ylabel="density", xlim=(0, 25), title="Posterior")
    left.legend(frameon=False)
    middle.plot(schools[:4000, 0], np.log(t_draws[:4000]), ".", markersize=2, alpha=0.4)
    middle.set(xlabel="effect at the first school", ylabel="log t", title="Funnel", xlim=(-20, 45), ylim=(-4, 4))
    places = np.arange(8)
    right.errorbar(places - 0.12, EFFECT, ERROR, fmt="o", color="0.6", capsize=3, label="measured")
    right.errorbar(
        places + 0.12, schools.mean(axis=0), schools.std(axis=0), fmt="o", color="C0", capsize=3, label="posterior"
    )
    right.set(xticks=places, xticklabels=list("ABCDEFGH"), xlabel="school", title="Effect of coaching (points)")
    right.legend(frameon=False)
    for axes in (left, middle, right):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Draw samples, judge and draw the picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer draws")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()

    rng = np.random.default_rng(0)
    draws, accepted = sample(rng, chains=64, draws=100 if args.quick else 500, step=0.3, length=8)
    worst = max(r_hat(draws[:, :, i]) for i in range(10))
    flat = draws.reshape(-1, 10)
    m, t = 5 * flat[:, 0], np.exp(flat[:, 1])
    schools = m[:, None] + t[:, None] * flat[:, 2:]
    grid = np.arange(0.025, 100, 0.05)
    density = exact_density(grid)
    mean = np.sum(grid * density) * (grid[1] - grid[0])
    below = np.sum(density[grid < 5]) * (grid[1] - grid[0])
    print(f"{len(flat)} draws, {accepted:.0%} accepted; chains agree to {worst:.3f} (1 is perfect)")
    print(f"mean of t:     {t.mean():.3f}, by quadrature {mean:.3f}")
    print(f"P(t < 5):      {np.mean(t < 5):.3f}, by quadrature {below:.3f}")
    print(f"mean effect:   {m.mean():.2f} +- {m.std():.2f} points")
    print(f"first school:  {schools[:, 0].mean():.2f} +- {schools[:, 0].std():.2f} points (measured: 28 +- 15)")

    q = flat[:5]
    differences = np.stack([(energy(q + e) - energy(q - e)) / 2e-6 for e in 1e-6 * np.eye(10)], axis=1)
    print(f"forces and finite differences differ by {np.abs(force(q) - differences).max():.1e}")
    assert np.allclose(force(q), differences, atol=1e-5)
    assert accepted > 0.7
    assert worst < 1.1
    assert abs(t.mean() - mean) < (0.5 if args.quick else 0.2)
    assert abs(np.mean(t < 5) - below) < (0.06 if args.quick else 0.02)

    args.out.mkdir(parents=True, exist_ok=True)
    shown = grid < 25
    order = rng.permutation(len(flat))
    draw(t[order], schools[order], grid[shown], density[shown]).savefig(args.out / "hmc.png", dpi=120)
    print(f"picture: {args.out / 'hmc.png'}")


if __name__ == "__main__":
    main()
