"""Classifies tumours and irises: logistic and softmax regression, by Newton's method and by L-BFGS.

Logistic regression: the probability that a tumour is malignant is ``1 / (1 + exp(-(w . x + b)))`` in the measures x of
its cells. The negative log-likelihood is convex, so Newton's method with ``fg.grad`` and ``fg.hessian`` finds its
minimum in a few steps; the inverse Hessian there gives the standard errors of the weights. statsmodels is the judge.

Softmax regression: the probabilities of three species are ``softmax(W x + b)``, with a penalty on large weights;
``fg.value_and_grad`` of a function of a dict goes into SciPy's L-BFGS. scikit-learn is the judge.

Data: the Wisconsin breast cancer data of W. H. Wolberg and the irises of R. A. Fisher (1936), from the UCI repository
(CC BY 4.0), as scikit-learn ships them.
"""

import argparse
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import statsmodels.api as sm
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression

import funcgrad as fg

Array: TypeAlias = NDArray[Any]
Params: TypeAlias = dict[str, Array]

MEASURES = [20, 21, 24, 27]  # of the thirty: size, texture and shape of the worst cells


# Logistic regression


def negative_log_likelihood(weights: Array, x: Array, y: Array) -> Array:
    """Return the negative log-likelihood of labels 0 and 1; the first column of `x` is all ones."""
    score = x @ weights
    return np.sum(np.logaddexp(0, score) - y * score)


def newton(weights: Array, x: Array, y: Array, steps: int) -> Array:
    """Minimize the negative log-likelihood; print how the gradient vanishes."""
    for step in range(steps):
        value, gradient = fg.value_and_grad(negative_log_likelihood)(weights, x, y)
        print(f"Newton step {step}: loss {value:9.4f}, gradient {np.linalg.norm(gradient):.1e}")
        weights = weights - np.linalg.solve(fg.hessian(negative_log_likelihood)(weights, x, y), gradient)
    return weights


# Softmax regression


def log_probabilities(params: Params, x: Array) -> Array:
    """Return the logarithms of the probabilities of the classes."""
    scores = x @ params["W"] + params["b"]
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def cross_entropy(params: Params, x: Array, y: Array, penalty: float) -> Array:
    """Return what the labels cost, and large weights."""
    return 0.5 * penalty * np.sum(params["W"] ** 2) - np.sum(log_probabilities(params, x)[np.arange(len(y)), y])


def fit_softmax(x: Array, y: Array, penalty: float) -> Params:
    """Minimize the cross-entropy by L-BFGS."""
    start, unravel = fg.ravel_pytree({"W": np.zeros((x.shape[1], 3)), "b": np.zeros(3)})
    loss = fg.value_and_grad(lambda theta: cross_entropy(unravel(theta), x, y, penalty))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-8, "ftol": 1e-15, "maxiter": 500})
    print(f"softmax: L-BFGS took {found.nit} steps to loss {found.fun:.6f}")
    params: Params = unravel(found.x)
    return params


# The picture and the run


def draw(weights: Array, errors: Array, names: list[str], params: Params, x: Array, y: Array) -> Figure:
    """Draw the weights with their errors, and the regions of the three species."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    places = np.arange(len(weights))
    left.errorbar(weights, places, xerr=1.96 * errors, fmt="o", capsize=4)
    left.axvline(0, color="0.7", zorder=0)
    left.set(yticks=places, yticklabels=names, title="Malignant tumour", xlabel="weight, with 95 % interval")

    low, high = x.min(axis=0) - 0.3, x.max(axis=0) + 0.3
    across, up = np.meshgrid(np.linspace(low[0], high[0], 300), np.linspace(low[1], high[1], 300))
    p = np.exp(log_probabilities(params, np.stack([across.ravel(), up.ravel()], axis=1)))
    colours = np.array([[0.12, 0.47, 0.71], [1.0, 0.5, 0.05], [0.17, 0.63, 0.17]])
    image = (0.6 + 0.4 * p @ colours).reshape(*across.shape, 3)
    right.imshow(image, extent=(low[0], high[0], low[1], high[1]), origin="lower", aspect="auto")
    for k, name in enumerate(("setosa", "versicolor", "virginica")):
        right.scatter(*x[y == k].T, s=16, color=colours[k], edgecolor="white", linewidth=0.4, label=name)
    right.set(xlabel="petal length (cm)", ylabel="petal width (cm)", title="Probabilities of three irises")
    right.legend(loc="upper left")
    left.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Fit, judge and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="without effect: this takes no time")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()

    tumours = load_breast_cancer()
    measures = tumours.data[:, MEASURES]
    x = sm.add_constant((measures - measures.mean(axis=0)) / measures.std(axis=0))
    y = 1.0 - tumours.target  # 1 is malignant
    names = ["constant", *tumours.feature_names[MEASURES]]
    weights = newton(np.zeros(x.shape[1]), x, y, steps=10)
    errors = np.sqrt(np.diagonal(np.linalg.inv(fg.hessian(negative_log_likelihood)(weights, x, y))))
    judge = sm.Logit(y, x).fit(disp=False, tol=1e-12)
    for name, weight, error, same in zip(names, weights, errors, judge.params, strict=True):
        print(f"{name:20} {weight:+.4f} +- {error:.4f} (statsmodels {same:+.4f})")
    accuracy = np.mean((x @ weights > 0) == y)
    print(f"tumours: accuracy {accuracy:.3f}")
    assert np.allclose(weights, judge.params, rtol=1e-6)
    assert np.allclose(errors, judge.bse, rtol=1e-6)
    assert accuracy > 0.94

    iris, species = load_iris(return_X_y=True)
    petals = iris[:, 2:]
    params = fit_softmax(petals, species, penalty=0.1)
    peer = LogisticRegression(C=1 / 0.1, tol=1e-10, max_iter=5000).fit(petals, species)
    accuracy = np.mean(np.argmax(log_probabilities(params, petals), axis=1) == species)
    print(f"irises: accuracy {accuracy:.3f}, scikit-learn {peer.score(petals, species):.3f}")
    print(f"largest difference of a weight {np.abs(params['W'].T - peer.coef_).max():.1e}")
    assert np.allclose(params["W"].T, peer.coef_, atol=1e-3)
    assert accuracy > 0.95

    args.out.mkdir(parents=True, exist_ok=True)
    draw(weights, errors, names, params, petals, species).savefig(args.out / "logistic.png", dpi=120)
    print(f"picture: {args.out / 'logistic.png'}")


if __name__ == "__main__":
    main()
