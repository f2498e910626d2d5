"""Explains the lynx and the hare: parameters of a differential equation, through the steps that solve it.

Lotka and Volterra's equations say that hares u multiply and are eaten, lynxes v feed on them and starve:
``du/dt = (a - b v) u``, ``dv/dt = (-c + d u) v``. Four rates and the two numbers of 1900 are fitted to the pelts that
trappers sold in 21 years; errors are factors, so logarithms are compared, and priors say what is plausible. The
equations are solved by the classical Runge-Kutta method in a plain Python loop, which ``fg.grad`` differentiates;
``fg.hessian`` gives the uncertainties of the logarithms (Laplace's method).

Source: B. Carpenter, "Predator-Prey Population Dynamics: the Lotka-Volterra model in Stan" (2018), whose priors on the
rates these are, and whose means of the posterior are printed beside. Data: C. G. Hewitt (1921), C. Elton and
M. Nicholson (1942), see ``data/lynx_hare.txt``.
"""

import argparse
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

import funcgrad as fg

Array: TypeAlias = NDArray[Any]

HERE = Path(__file__).parent
TABLE = np.loadtxt(HERE / "data" / "lynx_hare.txt")
YEAR, PELTS = TABLE[:, 0], TABLE[:, 1:]  # of hares and lynxes
NAMES = ("a", "b", "c", "d", "hares in 1900", "lynxes in 1900", "spread of hares", "spread of lynxes")
STAN = (0.55, 0.028, 0.80, 0.024, 33.96, 5.95, 0.25, 0.25)  # means of the posterior
PRIOR = np.array([1.0, 0.05, 1.0, 0.05])  # means of a, b, c, d before the data are seen
WIDTH = np.array([0.5, 0.05, 0.5, 0.05])  # and their standard deviations


def rate(state: Array, p: Array) -> Array:
    """Return how fast both populations change."""
    u, v = state
    return np.stack([(p[0] - p[1] * v) * u, (-p[2] + p[3] * u) * v])


def solve(p: Array, steps: int, shown: int = 1) -> Array:
    """Return the populations `shown` times a year, by `steps` steps of Runge and Kutta in between."""
    state, step = p[4:6], 1 / (steps * shown)
    course = [state]
    for _ in range((len(YEAR) - 1) * shown):
        for _ in range(steps):
            k1 = rate(state, p)
            k2 = rate(state + step / 2 * k1, p)
            k3 = rate(state + step / 2 * k2, p)
            k4 = rate(state + step * k3, p)
            state = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        course.append(state)
    return np.stack(course)


def loss(theta: Array, steps: int) -> Array:
    """Return the negative log-posterior of the logarithms of all parameters, but for a constant."""
    p = np.exp(theta)
    spread = p[6:]
    residual = (np.log(PELTS) - np.log(solve(p, steps))) / spread
    likelihood = -0.5 * np.sum(residual**2) - len(YEAR) * np.sum(theta[6:])
    rates = -0.5 * np.sum(((p[:4] - PRIOR) / WIDTH) ** 2)
    others = -0.5 * np.sum((theta[4:6] - np.log(10)) ** 2) - 0.5 * np.sum((theta[6:] + 1) ** 2)
    return -(likelihood + rates + others)


def draw(theta: Array, covariance: Array, rng: np.random.Generator) -> Figure:
    """Draw pelts and populations over time, with draws from the posterior, and the orbit."""
    figure = Figure(figsize=(12, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    for number, draw_of in enumerate([*rng.multivariate_normal(theta, covariance, 40), theta]):
        best = number == 40
        curve = solve(np.exp(draw_of), 1, shown=12)
        style = {"linewidth": 2} if best else {"linewidth": 0.5, "alpha": 0.3}
        time = 1900 + np.arange(len(curve)) / 12
        for animal, colour in ((0, "C0"), (1, "C3")):
            left.plot(time, curve[:, animal], colour, **style)
        right.plot(*curve.T, "C2", **style)
    for animal, (colour, name) in enumerate((("C0", "hares"), ("C3", "lynxes"))):
        left.plot(YEAR, PELTS[:, animal], "o", color=colour, markersize=5, label=name)
    right.plot(*PELTS.T, "k.", label="pelts")
    left.set(xlabel="year", ylabel="pelts (thousands)", title="Hudson's Bay Company", xticks=range(1900, 1921, 4))
    right.set(xlabel="hares", ylabel="lynxes", title="Orbit")
    left.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Fit, judge and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="longer steps in time")
    parser.add_argument("--out", type=Path, default=HERE / "output", help="the folder of the picture")
    args = parser.parse_args()
    steps = 5 if args.quick else 10

    start = np.log([0.6, 0.03, 0.9, 0.03, 30, 4, 0.5, 0.5])
    found = minimize(fg.value_and_grad(lambda theta: loss(theta, steps)), start, jac=True, method="BFGS")
    hessian = fg.hessian(loss)(found.x, steps)
    theta = found.x - np.linalg.solve(hessian, fg.grad(loss)(found.x, steps))  # Newton's last step
    covariance = np.linalg.inv(hessian)
    errors = np.sqrt(np.diagonal(covariance))  # of logarithms: relative ones
    print(f"BFGS: {found.nit} steps, {found.nfev} gradients; posterior mode, and Stan's mean")
    for name, log_value, error, stan in zip(NAMES, theta, errors, STAN, strict=True):
        print(f"{name:17} {np.exp(log_value):8.4f} +- {np.exp(log_value) * error:.4f}   ({stan})")

    exact = solve_ivp(lambda t, state: rate(state, np.exp(theta)), (0, 20), np.exp(theta[4:6]), rtol=1e-10, atol=1e-10)
    off = np.abs(solve(np.exp(theta), steps)[-1] / exact.y[:, -1] - 1).max()
    differences = [(loss(theta + step, steps) - loss(theta - step, steps)) / 2e-5 for step in 1e-5 * np.eye(len(theta))]
    gradient = fg.grad(loss)(theta, steps)
    print(f"the solution is {off:.0e} off SciPy's; gradient {np.abs(gradient).max():.1e}")
    print(f"  it differs from finite differences by {np.abs(gradient - differences).max():.1e}")
    assert off < 1e-3
    assert np.abs(gradient - differences).max() < 1e-4
    assert np.abs(gradient).max() < 1e-2
    assert np.all(np.abs(theta - np.log(STAN)) < 2 * errors), "not what Stan finds"

    args.out.mkdir(parents=True, exist_ok=True)
    draw(theta, covariance, np.random.default_rng(0)).savefig(args.out / "lynx_hare.png", dpi=120)
    print(f"picture: {args.out / 'lynx_hare.png'}")


if __name__ == "__main__":
    main()
