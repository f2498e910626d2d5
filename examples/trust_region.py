"""Finds the surface of a soap film: Newton's method and trust regions with Hessian-vector products.

A film across a frame takes the least area: ``sum sqrt(1 + |grad z|^2)`` over a grid of heights z, held at the edge. The
frame follows Scherk's surface ``z = log(cos y / cos x)``, one of the few minimal surfaces that have a formula, so the
truth is known. A thousand heights have a Hessian of a million elements, but Newton's method needs only its products
with vectors: ``fg.hvp`` computes one for the cost of a few gradients. It goes into SciPy's Newton-CG, trust-ncg and
trust-krylov as ``hessp``. Beside them stands L-BFGS, which has gradients alone: on a film as tame as this it has less
work, while the others take a tenth of the steps and come closer.

Source: J. Nocedal and S. J. Wright, "Numerical Optimization" (2006), chapters 4 and 7.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import minimize

import funcgrad as fg

Array: TypeAlias = NDArray[Any]

METHODS = ("L-BFGS-B", "Newton-CG", "trust-ncg", "trust-krylov")
SIDE = 1.2  # the square reaches from -SIDE to SIDE; at pi / 2 the surface has poles


def scherk(size: int) -> tuple[Array, Array, Array]:
    """Return Scherk's surface over a square: x, y and z."""
    x, y = np.meshgrid(np.linspace(-SIDE, SIDE, size), np.linspace(-SIDE, SIDE, size))
    return x, y, np.log(np.cos(y) / np.cos(x))


def area(inner: Array, frame: Array) -> Array:
    """Return the area of the film: `inner` heights, as one vector, and the edge of `frame`."""
    n = len(frame)
    row = np.concatenate([frame[1:-1, :1], inner.reshape(n - 2, n - 2), frame[1:-1, -1:]], axis=1)
    z = np.concatenate([frame[:1], row, frame[-1:]])
    h = 2 * SIDE / (n - 1)
    dx, dy = np.diff(z, axis=1) / h, np.diff(z, axis=0) / h
    slope = 0.5 * (dx[1:] ** 2 + dx[:-1] ** 2 + dy[:, 1:] ** 2 + dy[:, :-1] ** 2)  # in each cell, between its edges
    return h**2 * np.sum(np.sqrt(1 + slope))


def solve(method: str, frame: Array) -> tuple[Array, Array, Array]:
    """Minimize the area; return the heights, and after each step the work so far and the norm of the gradient."""
    work = {"gradients": 0, "products": 0}
    course: list[tuple[float, float]] = []

    def counted(f: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*args: Array) -> Any:
            work[name] += 1
            return f(*args)

        return call

    loss = counted(fg.value_and_grad(lambda inner: area(inner, frame)), "gradients")
    product = counted(lambda inner, v: fg.hvp(lambda u: area(u, frame), inner, v), "products")
    gradient = fg.grad(lambda inner: area(inner, frame))

    def after_step(x: Array) -> None:
        course.append((work["gradients"] + 2 * work["products"], float(np.linalg.norm(gradient(x)))))

    start = np.zeros((len(frame) - 2) ** 2)
    options: dict[str, Any] = {"gtol": 1e-8, "maxiter": 1000}
    if method == "Newton-CG":
        options = {"xtol": 1e-10}
    if method == "L-BFGS-B":
        options = {"gtol": 1e-9, "ftol": 0, "maxiter": 1000, "maxfun": 5000}
    hessian = {} if method == "L-BFGS-B" else {"hessp": product}
    found = minimize(loss, start, jac=True, method=method, callback=after_step, options=options, **hessian)
    print(
        f"{method:13} {len(course):4d} steps, {work['gradients']:4d} gradients, {work['products']:4d} products, "
        f"area {found.fun:.9f}, gradient {course[-1][1]:.0e}"
    )
    return found.x, *np.array(course).T


def draw(x: Array, y: Array, film: Array, courses: dict[str, tuple[Array, Array]]) -> Figure:
    """Draw the film, and how fast the gradient vanishes."""
    figure = Figure(figsize=(11.5, 4.8), layout="constrained")
    left = figure.add_subplot(1, 2, 1, projection="3d")
    left.plot_surface(x, y, film, cmap="viridis", linewidth=0.2, edgecolor="white", alpha=0.95)
    for edge in (np.s_[0, :], np.s_[-1, :], np.s_[:, 0], np.s_[:, -1]):
        left.plot(x[edge], y[edge], film[edge], "k", linewidth=2, zorder=10)
    left.set(title="Soap film in Scherk's frame", xlabel="x", ylabel="y")
    right = figure.add_subplot(1, 2, 2)
    for name, (work, norm) in courses.items():
        right.semilogy(work, norm, ".-", label=name)
    right.set(xlabel="gradients + 2 x products", ylabel="norm of the gradient", title="Work")
    right.legend(frameon=False)
    right.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Solve in all ways, judge and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a coarser grid")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()

    x, y, truth = scherk(17 if args.quick else 41)
    film, courses, solutions = truth.copy(), {}, {}
    for method in METHODS:
        solutions[method], *course = solve(method, truth)
        courses[method] = tuple(course)
    film[1:-1, 1:-1] = solutions["trust-krylov"].reshape(film[1:-1, 1:-1].shape)
    off = np.abs(film - truth).max()
    coarse = scherk((len(film) + 1) // 2)[2]
    found, _, _ = solve("trust-ncg", coarse)
    coarse_off = np.abs(found.reshape(len(coarse) - 2, -1) - coarse[1:-1, 1:-1]).max()
    print(f"off Scherk's surface by {off:.2e}, on a grid of half as many lines by {coarse_off:.2e}")

    rng = np.random.default_rng(0)
    point, v = solutions["trust-ncg"] + 0.1, rng.standard_normal(solutions["trust-ncg"].shape)
    gradient = fg.grad(lambda inner: area(inner, truth))
    difference = (gradient(point + 1e-5 * v) - gradient(point - 1e-5 * v)) / 2e-5
    product = fg.hvp(lambda inner: area(inner, truth), point, v)
    error = np.linalg.norm(product - difference) / np.linalg.norm(product)
    print(f"a product differs from that by finite differences by {error:.1e} of its length")
    assert error < 1e-6
    for method in METHODS:
        assert np.abs(solutions[method] - solutions["trust-ncg"]).max() < 1e-5, f"{method} finds another film"
    assert off < 0.02
    assert 3 < coarse_off / off < 5, "the error of the grid is of second order"

    args.out.mkdir(parents=True, exist_ok=True)
    draw(x, y, film, courses).savefig(args.out / "trust_region.png", dpi=120)
    print(f"picture: {args.out / 'trust_region.png'}")


if __name__ == "__main__":
    main()
