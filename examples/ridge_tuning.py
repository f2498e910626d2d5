"""Tunes a penalty for every measure of a patient: implicit differentiation of ridge regression.

Ridge regression finds weights w that minimize ``|X w - y|^2 / 2 + sum_j exp(p_j) w_j^2 / 2``. How large should the
penalties be? The error on patients that were held out is a function of w, and w one of the logarithms p of the
penalties: at the minimum the gradient vanishes, and the implicit function theorem gives ``dw/dp`` from one more linear
system, however w was found. ``fg.implicit_diff`` does that: the solver below is scikit-learn's, of which funcgrad knows
nothing. So all penalties descend at once, where a search over a grid can afford but one.

Source: Y. Bengio, "Gradient-based optimization of hyperparameters", Neural Computation 12 (2000) 1889. Data: 442
patients with diabetes of B. Efron et al., "Least angle regression", Annals of Statistics 32 (2004) 407, as scikit-learn
ships them.
"""

import argparse
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

import funcgrad as fg

Array: TypeAlias = NDArray[Any]


def objective(w: Array, log_penalty: Array, x: Array, y: Array) -> Array:
    """Return what the weights minimize."""
    return 0.5 * np.sum((x @ w - y) ** 2) + 0.5 * np.sum(np.exp(log_penalty) * w**2)


def sklearn_solver(start: Array | None, log_penalty: Array, x: Array, y: Array) -> Array:
    """Minimize it: a penalty of one for each measure, once the measures are scaled."""
    scale = np.exp(-0.5 * log_penalty)
    weights: Array = scale * Ridge(alpha=1.0, fit_intercept=False, tol=1e-12).fit(x * scale, y).coef_
    return weights


ridge = fg.implicit_diff(sklearn_solver, fg.grad(objective))  # the gradient is zero at the solution


def validation(log_penalty: Array, train: tuple[Array, Array], held_out: tuple[Array, Array]) -> Array:
    """Return the mean squared error on patients that were held out."""
    w = ridge(None, log_penalty, *train)
    x, y = held_out
    return np.mean((x @ w - y) ** 2)


def standardized(
    rng: np.random.Generator,
) -> tuple[tuple[Array, Array], tuple[Array, Array], tuple[Array, Array], list[str]]:
    """Return three shares of the patients: measures, their squares and products, and the progress of the disease."""
    data = load_diabetes()
    x, y = data.data / data.data.std(axis=0), data.target
    first, second = np.triu_indices(x.shape[1])
    pairs = [f"{data.feature_names[i]} {data.feature_names[j]}" for i, j in zip(first, second, strict=True)]
    x = np.concatenate([x, x[:, first] * x[:, second]], axis=1)
    order = rng.permutation(len(x))
    shares = [order[:150], order[150:300], order[300:]]
    middle, width, mean = x[shares[0]].mean(axis=0), x[shares[0]].std(axis=0), y[shares[0]].mean()
    train, held_out, test = (((x[s] - middle) / width, (y[s] - mean) / y.std()) for s in shares)
    return train, held_out, test, [*data.feature_names, *pairs]


def draw(grid: Array, curve: Array, slopes: Array, tuned: float, weights: Array, names: list[str]) -> Figure:
    """Draw the error along one penalty for all, with its gradient, and the weights of all penalties tuned."""
    figure = Figure(figsize=(12, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(grid, curve, "C0", label="one penalty for all measures")
    width = 0.25 * (grid[1] - grid[0]) * len(grid) / 10
    for p, value, slope in list(zip(grid, curve, slopes, strict=True))[:: len(grid) // 10]:
        left.plot([p - width, p + width], [value - slope * width, value + slope * width], "C3", linewidth=2)
    left.plot([], [], "C3", label="its exact slope")
    left.axhline(tuned, color="C2", linestyle="--", label="a penalty for each, by the gradient")
    left.set(xlabel="logarithm of the penalty", ylabel="error on held-out patients", title="Validation")
    left.legend(frameon=False)
    order = np.argsort(np.abs(weights))[-16:]
    right.barh(np.arange(16), weights[order], color=np.where(weights[order] > 0, "C3", "C0"))
    right.set(
        yticks=np.arange(16), yticklabels=[names[i] for i in order], title="Weights that are left", xlabel="weight"
    )
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Tune, judge and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer steps")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()

    train, held_out, test, names = standardized(np.random.default_rng(0))
    count = train[0].shape[1]
    grid = np.linspace(-2, 9, 31 if args.quick else 101)
    both = [fg.value_and_grad(validation)(np.full(count, p), train, held_out) for p in grid]
    curve, slopes = np.array([value for value, _ in both]), np.array([slope.sum() for _, slope in both])
    best = np.full(count, grid[np.argmin(curve)])

    hyper = fg.value_and_grad(lambda p: validation(p, train, held_out))
    options = {"maxiter": 15 if args.quick else 60}
    found = minimize(hyper, best, jac=True, method="L-BFGS-B", bounds=[(-4, 12)] * count, options=options)
    tuned = found.x

    results = {"no penalty": np.full(count, -20.0), "one penalty": best, f"{count} penalties": tuned}
    print("mean squared error    training  held out (tuned on)  test")
    for name, p in results.items():
        errors = [float(validation(p, train, share)) for share in (train, held_out, test)]
        print(f"{name:20} {errors[0]:9.4f} {errors[1]:12.4f} {errors[2]:13.4f}")

    gradient = hyper(best)[1]
    steps = 1e-4 * np.eye(count)[:8]
    differences = [(hyper(best + e)[0] - hyper(best - e)[0]) / 2e-4 for e in steps]
    x, y = train
    A = x.T @ x + np.diag(np.exp(best))
    w = np.linalg.solve(A, x.T @ y)
    by_hand = (
        -np.exp(best) * w * np.linalg.solve(A, 2 * held_out[0].T @ (held_out[0] @ w - held_out[1]) / len(held_out[1]))
    )
    print(f"gradient: {np.abs(gradient - by_hand).max():.1e} from that by hand,", end=" ")
    print(f"{np.abs(gradient[:8] - differences).max():.1e} from finite differences")
    assert np.allclose(gradient, by_hand, rtol=1e-6, atol=1e-10)
    assert np.allclose(gradient[:8], differences, rtol=1e-4, atol=1e-7)
    assert np.allclose(slopes[1:-1], (curve[2:] - curve[:-2]) / (grid[2] - grid[0]), atol=0.05)
    assert found.fun < curve.min(), "the gradient does not lead down"
    assert validation(best, train, test) < validation(results["no penalty"], train, test)

    args.out.mkdir(parents=True, exist_ok=True)
    figure = draw(grid, curve, slopes, float(found.fun), ridge(None, tuned, *train), names)
    figure.savefig(args.out / "ridge_tuning.png", dpi=120)
    print(f"picture: {args.out / 'ridge_tuning.png'}")


if __name__ == "__main__":
    main()
