"""Sharpens a photograph, and finds out how blurred it is: deconvolution with the fast Fourier transform.

A photograph was blurred by a round Gaussian of unknown width, and got noise. First the width: the spectra of
photographs fall with frequency f like ``A f^-b``, so what is seen has the spectrum ``S = A f^-b B(f)^2 + s^2``, where B
is that of the blur; width, A, b and noise s maximize the likelihood ``-sum(|Y|^2 / S + log S)`` of its Fourier
transform Y. Then the photograph: the image x that minimizes ``|B x - y|^2 / 2 + a sum sqrt(|grad x|^2 + e^2)``. Blurred
it is what is seen, and it has few edges (total variation). ``fg.value_and_grad`` differentiates through ``np.fft``, and
L-BFGS minimizes over all pixels. Wiener's filter, the best linear one for that spectrum, is the peer.

Source: L. I. Rudin, S. Osher and E. Fatemi, "Nonlinear total variation based noise removal algorithms", Physica D 60
(1992) 259. Photograph: "flower.jpg" of scikit-learn (CC BY 2.0, www.flickr.com/photos/vultilion), cut out and grey.
"""

import argparse
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.datasets import load_sample_image

import funcgrad as fg

Array: TypeAlias = NDArray[Any]

WIDTH = 1.7  # pixels
NOISE = 0.003
WEIGHT, SOFT = 8e-5, 0.01


def squared_frequency(shape: tuple[int, ...]) -> Array:
    """Return the squares of the frequencies of `np.fft.rfft2`, in periods per pixel."""
    square: Array = np.fft.fftfreq(shape[0])[:, None] ** 2 + np.fft.rfftfreq(shape[1]) ** 2
    return square


def blur(image: Array, width: float) -> Array:
    """Convolve with a Gaussian of standard deviation `width`, periodically."""
    transfer = np.exp(-2 * (np.pi * width) ** 2 * squared_frequency(image.shape))
    return np.fft.irfft2(np.fft.rfft2(image) * transfer, s=image.shape)


# How blurred it is


def spectra(log_params: Array, shape: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Return the spectrum of a sharp photograph, the blur, and the spectrum of the noise."""
    width, level, fall, noise = np.exp(log_params)
    square = squared_frequency(shape)
    sharp = level * (square + 1e-6) ** (-fall / 2)
    return sharp, np.exp(-2 * (np.pi * width) ** 2 * square), noise**2


def surprise(log_params: Array, power: Array, shape: tuple[int, ...]) -> Array:
    """Return the negative log-likelihood of the squared amplitudes, but for a constant."""
    sharp, transfer, noise = spectra(log_params, shape)
    expected = sharp * transfer**2 + noise
    return np.mean(power / expected + np.log(expected))


def measure(seen: Array) -> Array:
    """Return the logarithms of width, level, fall and noise."""
    power = np.abs(np.fft.rfft2(seen - seen.mean())) ** 2 / seen.size
    start = np.log([0.5, 1e-3, 2.0, 0.03])
    loss = fg.value_and_grad(lambda p: surprise(p, power, seen.shape))
    found = minimize(loss, start, jac=True, method="BFGS")
    params: Array = found.x
    return params


# What it shows


def roughness(image: Array) -> Array:
    """Return the total variation, rounded where it is near zero."""
    down, across = np.roll(image, -1, axis=0) - image, np.roll(image, -1, axis=1) - image
    return np.sum(np.sqrt(down**2 + across**2 + SOFT**2))


def loss(image: Array, seen: Array, width: float) -> Array:
    """Return how badly an image explains what is seen, and what its edges cost."""
    return 0.5 * np.sum((blur(image, width) - seen) ** 2) + WEIGHT * roughness(image)


def sharpen(seen: Array, width: float, steps: int) -> Array:
    """Minimize the loss over the image."""

    def objective(flat: Array) -> tuple[float, Array]:
        value, gradient = fg.value_and_grad(loss)(flat.reshape(seen.shape), seen, width)
        return float(value), gradient.ravel()

    found = minimize(objective, seen.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": steps})
    image: Array = found.x.reshape(seen.shape)
    return image


def wiener(seen: Array, log_params: Array) -> Array:
    """Return the best linear estimate."""
    sharp, transfer, noise = spectra(log_params, seen.shape)
    mean = seen.mean()
    return mean + np.fft.irfft2(
        np.fft.rfft2(seen - mean) * transfer * sharp / (transfer**2 * sharp + noise), s=seen.shape
    )


def decibels(image: Array, truth: Array) -> float:
    """Return the ratio of signal to noise: the larger the better."""
    return float(-10 * np.log10(np.mean((image - truth) ** 2)))


# The picture and the run


def draw(images: dict[str, Array], truth: Array) -> Figure:
    """Draw the images beside each other."""
    figure = Figure(figsize=(13, 3.8), layout="constrained")
    for axes, (name, image) in zip(figure.subplots(1, len(images)), images.items(), strict=True):
        axes.imshow(image, cmap="gray", vmin=0, vmax=1)
        quality = "" if image is truth else f", {decibels(image, truth):.1f} dB"
        axes.set(xticks=[], yticks=[], title=f"{name}{quality}")
    return figure


def main() -> None:
    """Blur, measure, sharpen, judge and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smaller part of the photograph, and fewer steps")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()

    size = 128 if args.quick else 240
    photograph = load_sample_image("flower.jpg").mean(axis=2) / 255
    truth = photograph[100 : 100 + size, 200 : 200 + size]
    seen = blur(truth, WIDTH) + NOISE * np.random.default_rng(0).standard_normal(truth.shape)

    params = measure(seen)
    width, _, fall, noise = np.exp(params)
    print(f"blur {width:.3f} pixels (truth {WIDTH}), noise {noise:.5f} (truth {NOISE}), spectrum like f^-{fall:.2f}")
    linear, sharp = wiener(seen, params), sharpen(seen, width, steps=40 if args.quick else 150)
    for name, image in (("as seen", seen), ("Wiener's filter", linear), ("total variation", sharp)):
        print(f"{name:16} {decibels(image, truth):.2f} dB")

    probe = np.random.default_rng(1).standard_normal(truth.shape)
    difference = (loss(seen + 1e-6 * probe, seen, width) - loss(seen - 1e-6 * probe, seen, width)) / 2e-6
    slope = np.sum(fg.grad(loss)(seen, seen, width) * probe)
    print(f"slope along a random direction: {slope:.6f}, by finite differences {difference:.6f}")
    assert abs(slope - difference) < 1e-5 * (1 + abs(slope))
    assert abs(width - WIDTH) < 0.15
    assert abs(noise - NOISE) < 0.0005
    assert decibels(sharp, truth) > decibels(seen, truth) + 3
    assert decibels(sharp, truth) > decibels(linear, truth)

    args.out.mkdir(parents=True, exist_ok=True)
    images = {"As seen": seen, "Wiener's filter": linear, "Total variation": sharp, "Before the blur": truth}
    draw(images, truth).savefig(args.out / "deblurring.png", dpi=120)
    print(f"picture: {args.out / 'deblurring.png'}")


if __name__ == "__main__":
    main()
