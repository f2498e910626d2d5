"""Draws digits that nobody wrote: a variational autoencoder, in plain NumPy.

An encoder reads an image x as a normal distribution of two numbers z, ``q(z | x) = N(m(x), s(x)^2)``; a decoder draws
from z the probability of ink in each pixel. Both are networks of one hidden layer, and are trained together on the
evidence lower bound ``E_q log p(x | z) - KL(q(z | x) || N(0, 1))``. With ``z = m + s e``, e drawn from N(0, 1), the
bound is a plain function of the parameters, whose gradient ``fg.value_and_grad`` gives; Adam is five lines on the tree
of parameters. The picture is the plane of z: where the encoder puts the digits, and what the decoder draws everywhere.

Source: D. P. Kingma and M. Welling, "Auto-encoding variational Bayes" (2014). Data: the UCI digits (E. Alpaydin and
C. Kaynak, CC BY 4.0), 1797 images of 8 x 8 pixels, as scikit-learn ships them.
"""

import argparse
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.special import ndtri
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

import funcgrad as fg

Array: TypeAlias = NDArray[Any]
Params: TypeAlias = dict[str, Array]

HIDDEN = 128


def initial(rng: np.random.Generator) -> Params:
    """Draw the weights of an encoder from 64 pixels to two means and two log deviations, and of a decoder."""
    sizes = {"encode": (64, HIDDEN), "code": (HIDDEN, 4), "decode": (2, HIDDEN), "ink": (HIDDEN, 64)}
    weights = {name: rng.normal(0, (1 / rows) ** 0.5, (rows, columns)) for name, (rows, columns) in sizes.items()}
    return weights | {f"{name} bias": np.zeros(columns) for name, (_, columns) in sizes.items()}


def encoder(p: Params, x: Array) -> tuple[Array, Array]:
    """Return means and log deviations of the codes of images."""
    code = np.tanh(x @ p["encode"] + p["encode bias"]) @ p["code"] + p["code bias"]
    return code[:, :2], code[:, 2:]


def decoder(p: Params, z: Array) -> Array:
    """Return the log odds of ink in each pixel."""
    return np.tanh(z @ p["decode"] + p["decode bias"]) @ p["ink"] + p["ink bias"]


def loss(p: Params, x: Array, e: Array) -> Array:
    """Return the negative evidence lower bound of an image, on average, with `e` drawn from N(0, 1)."""
    mean, log_deviation = encoder(p, x)
    odds = decoder(p, mean + np.exp(log_deviation) * e)
    log_likelihood = np.sum(x * odds - np.logaddexp(0, odds), axis=1)
    divergence = np.sum(0.5 * (mean**2 + np.exp(2 * log_deviation) - 1) - log_deviation, axis=1)
    return np.mean(divergence - log_likelihood)


def train(params: Params, images: Array, epochs: int, rng: np.random.Generator) -> Params:
    """Minimize the loss by Adam; return the parameters."""
    value_and_grad = fg.value_and_grad(loss)
    first = second = fg.tree.map(np.zeros_like, params)
    step = 0
    for epoch in range(epochs):
        rate, total = 5e-3 * (1 - epoch / epochs), 0.0
        for batch in np.array_split(rng.permutation(len(images)), len(images) // 64):
            value, g = value_and_grad(params, images[batch], rng.standard_normal((len(batch), 2)))
            step += 1
            scale = rate * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step)
            first = fg.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, g)
            second = fg.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, second, g)
            params = fg.tree.map(lambda p, m, v, s=scale: p - s * m / (np.sqrt(v) + 1e-8), params, first, second)
            total += float(value) * len(batch)
        if epoch % max(1, epochs // 8) == 0:
            print(f"epoch {epoch:3d}: loss {total / len(images):.3f}")
    return params


def draw(params: Params, images: Array, digits: Array) -> Figure:
    """Draw the plane of codes: where the digits are, and what the decoder makes of every place."""
    figure = Figure(figsize=(11.5, 5.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    mean, _ = encoder(params, images)
    for digit in range(10):
        chosen = mean[digits == digit]
        left.scatter(*chosen.T, s=6, color=f"C{digit}")
        left.text(*np.median(chosen, axis=0), str(digit), size=16, weight="bold", ha="center", va="center")
    left.set(xlabel="first number", ylabel="second number", title="What the encoder reads", aspect="equal")

    places = ndtri(np.linspace(0.015, 0.985, 18))  # equal shares of N(0, 1)
    z = np.stack(np.meshgrid(places, places[::-1]), axis=-1).reshape(-1, 2)
    ink = 1 / (1 + np.exp(-decoder(params, z)))
    tiles = np.pad(ink.reshape(18, 18, 8, 8), ((0, 0), (0, 0), (1, 1), (1, 1)))
    sheet = tiles.transpose(0, 2, 1, 3).reshape(180, 180)
    right.imshow(sheet, cmap="gray_r", interpolation="nearest")
    right.set(xticks=[], yticks=[], title="What the decoder draws")
    return figure


def main() -> None:
    """Train, judge and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer epochs")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()

    rng = np.random.default_rng(0)
    pixels, digits = load_digits(return_X_y=True)
    images, held_out = pixels[:1500] / 16, pixels[1500:] / 16
    start = initial(rng)
    params = train(start, images, epochs=12 if args.quick else 120, rng=rng)

    noise = np.random.default_rng(1).standard_normal((len(held_out), 2))
    before, after = (float(loss(p, held_out, noise)) for p in (start, params))
    print(f"loss of {len(held_out)} images that were held out: {before:.2f} before, {after:.2f} after")
    neighbours = KNeighborsClassifier(10).fit(encoder(params, images)[0], digits[:1500])
    accuracy = neighbours.score(encoder(params, held_out)[0], digits[1500:])
    print(f"share of them whose neighbours in the plane are the same digit: {accuracy:.3f}")

    direction = {name: rng.standard_normal(p.shape) for name, p in params.items()}
    moved = [
        loss(fg.tree.map(lambda p, d, s=step: p + s * d, params, direction), held_out, noise) for step in (1e-5, -1e-5)
    ]
    difference = (moved[0] - moved[1]) / 2e-5
    gradient = fg.grad(loss)(params, held_out, noise)
    slope = sum(np.sum(gradient[name] * direction[name]) for name in params)
    print(f"slope along a random direction: {slope:.6f}, by finite differences {difference:.6f}")
    assert abs(slope - difference) < 1e-5 * (1 + abs(slope))
    assert after < (27.5 if args.quick else 25)
    assert accuracy > (0.45 if args.quick else 0.65)

    args.out.mkdir(parents=True, exist_ok=True)
    draw(params, pixels / 16, digits).savefig(args.out / "autoencoder.png", dpi=120)
    print(f"picture: {args.out / 'autoencoder.png'}")


if __name__ == "__main__":
    main()
