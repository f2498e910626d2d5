"""Finds three kinds of iris without being told: a Gaussian mixture by gradient and by expectation-maximization.

The density of a flower's measures x is ``sum_k w_k N(x; m_k, S_k)``. The usual way to its largest likelihood is
expectation-maximization (EM); with a gradient it is an optimization like any other. The weights are a softmax, the
inverse covariances are ``L L^T`` with a positive diagonal of L, so that there are no constraints, and L-BFGS follows
``fg.value_and_grad``. All arrive at the same maximum. Where the kinds are as far apart as here, EM needs far fewer
steps than L-BFGS; near the maximum Newton's method with ``fg.hessian`` ends what EM began. The responsibilities, which
EM computes first of all, are derivatives too: of the log-likelihood with respect to the log weights.

Source: C. M. Bishop, "Pattern Recognition and Machine Learning" (2006), chapter 9. Data: R. A. Fisher's irises (1936),
from the UCI repository (CC BY 4.0), as scikit-learn ships them; the species serve only to judge.
"""

import argparse
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, linear_sum_assignment, minimize
from sklearn.cluster import kmeans_plusplus
from sklearn.datasets import load_iris
from sklearn.mixture import GaussianMixture

import funcgrad as fg

Array: TypeAlias = NDArray[Any]
Params: TypeAlias = dict[str, Array]

KINDS = 3
NEWTON = 14  # how many steps of EM before Newton's method takes over


# The model


def factors(raw: Array) -> Array:
    """Return lower triangular matrices with positive diagonals, from any matrices."""
    return np.tril(raw, -1) + np.exp(raw) * np.eye(raw.shape[-1])


def joint(params: Params, x: Array) -> Array:
    """Return the log density of each flower and kind: flowers x kinds."""
    factor = factors(params["factors"])
    white = np.einsum("nki,kij->nkj", x[:, None] - params["means"], factor)
    log_det = np.sum(np.log(np.diagonal(factor, axis1=1, axis2=2)), axis=1)
    log_weights = params["weights"] - np.logaddexp.reduce(params["weights"])
    return log_weights + log_det - 0.5 * np.sum(white**2, axis=2) - 0.5 * x.shape[1] * np.log(2 * np.pi)


def negative_log_likelihood(params: Params, x: Array) -> Array:
    """Return the negative log-likelihood of a flower, on average."""
    return -np.mean(np.logaddexp.reduce(joint(params, x), axis=1))


# Three ways to its maximum


def by_gradient(params: Params, x: Array, steps: int) -> list[float]:
    """Maximize by L-BFGS; return the log-likelihood after each step."""
    start, unravel = fg.ravel_pytree(params)
    loss = fg.value_and_grad(lambda theta: negative_log_likelihood(unravel(theta), x))
    course = [-float(loss(start)[0])]

    def after_step(intermediate_result: OptimizeResult) -> None:
        course.append(-float(intermediate_result.fun))

    options = {"maxiter": steps, "maxfun": 10 * steps, "ftol": 0, "gtol": 1e-8}
    minimize(loss, start, jac=True, method="L-BFGS-B", callback=after_step, options=options)
    return course


def by_newton(params: Params, x: Array, steps: int) -> tuple[Params, list[float]]:
    """Maximize by Newton's method from near the maximum; return the parameters and the course."""
    theta, unravel = fg.ravel_pytree(params)

    def loss(theta: Array) -> Array:
        return negative_log_likelihood(unravel(theta), x)

    course = [-float(loss(theta))]
    for _ in range(steps):  # neither a sum of the log weights nor what lies above the diagonals matters: no inverse
        theta = theta - np.linalg.lstsq(fg.hessian(loss)(theta), fg.grad(loss)(theta), rcond=1e-10)[0]
        course.append(-float(loss(theta)))
    return unravel(theta), course


def by_em(params: Params, x: Array, steps: int) -> tuple[Params, list[float]]:
    """Alternate expectation and maximization; return the parameters, and the log-likelihood before each step."""
    course: list[float] = []
    for _ in range(steps):
        logs = joint(params, x)
        course.append(float(np.mean(np.logaddexp.reduce(logs, axis=1))))
        r = np.exp(logs - np.logaddexp.reduce(logs, axis=1, keepdims=True))
        counts = np.sum(r, axis=0)
        means = r.T @ x / counts[:, None]
        apart = x[:, None] - means
        covariances = np.einsum("nk,nki,nkj->kij", r, apart, apart) / counts[:, None, None]
        precision = np.linalg.cholesky(np.linalg.inv(covariances))
        diagonal = np.eye(x.shape[1], dtype=bool)
        raw = np.where(diagonal, np.log(np.where(diagonal, precision, 1)), precision)
        params = {"weights": np.log(counts), "means": means, "factors": raw}
    return params, course


# The picture and the run


def draw(courses: dict[str, tuple[list[float], int]], params: Params, x: Array, species: Array) -> Figure:
    """Draw how fast both rise, and the kinds that were found with ellipses of two standard deviations."""
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    best = max(max(course) for course, _ in courses.values())
    for name, (course, begin) in courses.items():
        left.loglog(1 + begin + np.arange(len(course)), best - np.array(course) + 1e-15, ".-", label=name)
    left.set(xlabel="steps", ylabel="log-likelihood per flower below its maximum", ylim=(1e-13, None))
    left.legend(frameon=False)
    kinds = np.argmax(joint(params, x), axis=1)
    circle = np.stack([np.cos(np.linspace(0, 2 * np.pi, 100)), np.sin(np.linspace(0, 2 * np.pi, 100))])
    for k, factor in enumerate(factors(params["factors"])):
        covariance = np.linalg.inv(factor @ factor.T)[np.ix_([0, 2], [0, 2])]
        ellipse = params["means"][k, [0, 2], None] + 2 * np.linalg.cholesky(covariance) @ circle
        right.plot(*ellipse, color=f"C{k}")
        for s, marker in enumerate("os^"):
            right.scatter(*x[(kinds == k) & (species == s)][:, [0, 2]].T, s=18, marker=marker, color=f"C{k}", alpha=0.7)
    right.set(
        xlabel="sepal length (cm)",
        ylabel="petal length (cm)",
        title="colour: kind that was found, marker: species",
    )
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Fit in three ways, judge and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer steps")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()

    x, species = load_iris(return_X_y=True)
    means, _ = kmeans_plusplus(x, KINDS, random_state=3)
    width = -0.5 * np.log(np.var(x, axis=0))
    start = {"weights": np.zeros(KINDS), "means": means, "factors": np.stack([np.diag(width)] * KINDS)}
    gradient_course = by_gradient(start, x, 60 if args.quick else 500)
    near, em_course = by_em(start, x, NEWTON)
    params, newton_course = by_newton(near, x, 6)
    em_course += by_em(near, x, 30)[1]
    judge = GaussianMixture(KINDS, means_init=params["means"], reg_covar=0, tol=1e-10, max_iter=500, random_state=0)
    judge.fit(x)
    print(f"log-likelihood per flower: EM {em_course[-1]:.9f} after {len(em_course) - 1} steps,")
    print(f"  Newton {newton_course[-1]:.9f} after {NEWTON} of EM and {len(newton_course) - 1} of its own,")
    print(f"  L-BFGS {gradient_course[-1]:.9f} after {len(gradient_course) - 1}, scikit-learn {judge.score(x):.9f}")
    kinds = np.argmax(joint(params, x), axis=1)
    table = np.array([[np.sum((kinds == k) & (species == s)) for s in range(3)] for k in range(KINDS)])
    right = table[linear_sum_assignment(table, maximize=True)].sum()
    print(f"{right} of {len(x)} flowers are with their species, which nobody told")

    def log_likelihood(log_factors: Array) -> Array:
        return np.mean(np.logaddexp.reduce(joint(params, x) + log_factors, axis=1))

    shares = fg.grad(log_likelihood)(np.zeros(KINDS))
    weights = np.exp(params["weights"] - np.logaddexp.reduce(params["weights"]))
    print("weights:", *(f"{w:.6f}" for w in weights), "  mean responsibilities:", *(f"{s:.6f}" for s in shares))
    assert np.allclose(shares, weights, atol=1e-8), "at the maximum, weights are mean responsibilities"
    assert np.isclose(newton_course[-1], judge.score(x), atol=1e-7)
    assert abs(gradient_course[-1] - newton_course[-1]) < (0.2 if args.quick else 1e-5)
    assert right >= 140

    args.out.mkdir(parents=True, exist_ok=True)
    courses = {
        "L-BFGS": (gradient_course, 0),
        "EM": (em_course, 0),
        f"Newton's method after {NEWTON} steps of EM": (newton_course, NEWTON),
    }
    figure = draw(courses, params, x, species)
    figure.savefig(args.out / "gaussian_mixture.png", dpi=120)
    print(f"picture: {args.out / 'gaussian_mixture.png'}")


if __name__ == "__main__":
    main()
