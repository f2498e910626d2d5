"""Learns to read handwritten digits, with a network that is nothing but NumPy.

The data are the 1797 images (8 x 8 pixels) of the UCI digits that scikit-learn ships: nothing is downloaded. The same
two-layer network is trained in two ways, and funcgrad supplies the gradients of both:

* SciPy's L-BFGS on ``funcgrad.value_and_grad`` of a plain NumPy function of a dict of parameters,
* a minibatch loop in the style of PyTorch: ``loss.backward()``, then a step along ``p.grad``.

Run ``python examples/digits.py`` (some seconds; ``--quick`` for a glimpse). It prints the accuracy of both on images
that were held out, draws ``examples/output/digits.png`` (``--out`` names another folder), and exits with status 1 if an
accuracy is below the bound.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import funcgrad as fg

Array: TypeAlias = NDArray[Any]
Params: TypeAlias = dict[str, Array]
Tensors: TypeAlias = dict[str, fg.Tensor]

HIDDEN = 64
DECAY = 1e-3  # how much large weights cost


# The model, in plain NumPy


def initial(rng: np.random.Generator) -> Params:
    """Draw the weights of a network with 64 pixels in, ``HIDDEN`` units and 10 scores out."""
    return {
        "W1": rng.normal(0, 1 / np.sqrt(64), (64, HIDDEN)),
        "b1": np.zeros(HIDDEN),
        "W2": rng.normal(0, 1 / np.sqrt(HIDDEN), (HIDDEN, 10)),
        "b2": np.zeros(10),
    }


def scores(params: Params, images: Array) -> Array:
    """Score every image for each of the ten digits."""
    hidden = np.tanh(images @ params["W1"] + params["b1"])
    return hidden @ params["W2"] + params["b2"]


def loss(params: Params, images: Array, labels: Array) -> Array:
    """Mean cross-entropy of the labels, and the cost of large weights."""
    s = scores(params, images)
    s = s - np.max(s, axis=1, keepdims=True)
    log_p = s - np.log(np.sum(np.exp(s), axis=1, keepdims=True))
    decay = np.sum(params["W1"] ** 2) + np.sum(params["W2"] ** 2)
    return -np.mean(log_p[np.arange(len(labels)), labels]) + DECAY * decay


def accuracy(params: Params, images: Array, labels: Array) -> float:
    """Return the share of the images that are read right."""
    return float(np.mean(np.argmax(scores(params, images), axis=1) == labels))


# First way: value_and_grad and SciPy


def fit_scipy(params: Params, images: Array, labels: Array, steps: int) -> tuple[Params, list[float]]:
    """Fit by L-BFGS; return the parameters and the loss after each step."""
    flat, unravel = ravel(params)
    value_and_grad = fg.value_and_grad(loss)
    losses: list[float] = []

    def objective(theta: Array) -> tuple[float, Array]:
        value, gradient = value_and_grad(unravel(theta), images, labels)
        return float(value), ravel(gradient)[0]

    with tqdm(total=steps, desc="L-BFGS     ", unit="step") as bar:

        def after_step(intermediate_result: OptimizeResult) -> None:
            losses.append(float(intermediate_result.fun))
            bar.set_postfix(loss=f"{losses[-1]:.4f}")
            bar.update()

        options = {"maxiter": steps}
        found = minimize(objective, flat, jac=True, method="L-BFGS-B", callback=after_step, options=options)
    return unravel(found.x), losses


def ravel(params: Params) -> tuple[Array, Callable[[Array], Params]]:
    """Lay all parameters end to end; return the vector and the way back."""
    shapes = {name: params[name].shape for name in sorted(params)}
    ends = np.cumsum([params[name].size for name in shapes])[:-1]

    def unravel(flat: Array) -> Params:
        parts = np.split(flat, ends)
        return {name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}

    return np.concatenate([params[name].ravel() for name in shapes]), unravel


# Second way: Tensor.backward() and a loop over minibatches


def fit_backward(
    params: Params, images: Array, labels: Array, epochs: int, rng: np.random.Generator
) -> tuple[Params, list[float]]:
    """Fit by stochastic gradient descent with momentum; return the parameters and the mean loss of each epoch."""
    weights = {name: fg.tensor(p, requires_grad=True) for name, p in params.items()}
    speed = {name: fg.tensor(np.zeros_like(p)) for name, p in params.items()}
    losses: list[float] = []
    with tqdm(range(epochs), desc="backward() ", unit="epoch") as bar:
        for epoch in bar:
            rate = 0.1 * (1 - epoch / epochs)
            total = 0.0
            for batch in np.array_split(rng.permutation(len(images)), len(images) // 64):
                batch_loss = tensor_loss(weights, fg.tensor(images[batch]), labels[batch])
                batch_loss.backward()
                with fg.no_grad():
                    for name, p in weights.items():
                        speed[name] = 0.9 * speed[name] - rate * p.grad
                        p += speed[name]
                        p.grad = None
                total += batch_loss.item() * len(batch)
            losses.append(total / len(images))
            bar.set_postfix(loss=f"{losses[-1]:.4f}")
    return {name: p.detach().numpy() for name, p in weights.items()}, losses


def tensor_loss(params: Tensors, images: fg.Tensor, labels: Array) -> fg.Tensor:
    """Return the same loss as `loss`, in PyTorch's words."""
    hidden = fg.tanh(images @ params["W1"] + params["b1"])
    s = hidden @ params["W2"] + params["b2"]
    s = s - s.amax(dim=1, keepdim=True).detach()
    log_p = s - s.exp().sum(dim=1, keepdim=True).log()
    decay = (params["W1"] ** 2).sum() + (params["W2"] ** 2).sum()
    return DECAY * decay - log_p[np.arange(len(labels)), labels].mean()


# The picture and the run


def draw(picture: Path, curves: dict[str, list[float]], params: Params, images: Array, labels: Array) -> None:
    """Draw the loss curves beside a grid of held-out images, first those that were read wrong."""
    read = np.argmax(scores(params, images), axis=1)
    shown = np.argsort(read == labels, kind="stable")[:40]
    figure = Figure(figsize=(13, 5.2), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(2, 3))

    axes = left.subplots()
    for name, losses in curves.items():
        axes.semilogy(np.linspace(0, 1, len(losses)), losses, label=f"{name} ({len(losses)})")
    axes.set(xlabel="progress of the training", ylabel="loss", title="Training loss")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)

    right.suptitle("Held-out digits as the network reads them (red: wrong)")
    for tile, i in zip(right.subplots(4, 10).flat, shown, strict=True):
        wrong = read[i] != labels[i]
        tile.imshow(images[i].reshape(8, 8), cmap="gray_r")
        tile.set_title(f"{read[i]}, not {labels[i]}" if wrong else f"{read[i]}", color="C3" if wrong else "C0", size=10)
        tile.set(xticks=[], yticks=[])
        tile.spines[:].set_color("C3" if wrong else "0.85")
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, dpi=120)


def main() -> int:
    """Train in both ways; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a few steps, and a bound of 0.90 instead of 0.96")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()
    quick, picture = args.quick, args.out / "digits.png"
    bound = 0.90 if quick else 0.96

    pixels, digits = load_digits(return_X_y=True)
    images, held_out, labels, truth = train_test_split(
        pixels / 16, digits, test_size=0.25, random_state=0, stratify=digits
    )
    rng = np.random.default_rng(0)
    start = initial(rng)
    first, first_losses = fit_scipy(start, images, labels, steps=25 if quick else 150)
    second, second_losses = fit_backward(start, images, labels, epochs=5 if quick else 40, rng=rng)

    reached = {
        "value_and_grad + L-BFGS": accuracy(first, held_out, truth),
        "Tensor.backward() + SGD": accuracy(second, held_out, truth),
    }
    for name, value in reached.items():
        print(f"{name}: test accuracy {value:.4f} ({'at least' if value >= bound else 'MISSES'} {bound})")
    curves = {"L-BFGS, steps": first_losses, "minibatches, epochs": second_losses}
    draw(picture, curves, second, held_out, truth)
    print(f"picture: {picture.relative_to(Path.cwd()) if picture.is_relative_to(Path.cwd()) else picture}")
    return 0 if min(reached.values()) >= bound else 1


if __name__ == "__main__":
    sys.exit(main())
