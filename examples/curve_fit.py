"""Measures the temperature of the universe: a curve fit with uncertainties from the Hessian.

The cosmic microwave background, at 43 wavenumbers as the COBE satellite saw it, is compared with the radiation of a
black body of temperature T that may lack equilibrium by a chemical potential mu (0 in Planck's law):
``I(nu) = 2 h nu^3 / c^2 / (exp(h nu / k T + mu) - 1)``. Half the sum of squared, weighted residuals is a negative
log-likelihood L, so Newton's method needs its gradient and Hessian, and the inverse Hessian at the minimum is the
covariance of what is fitted: ``fg.hessian`` gives it exactly, where a fit usually makes do with ``J.T @ J``.

Data: Fixsen et al., Astrophysical Journal 473 (1996) 576, see ``data/cobe_firas.txt``. Their papers state 2.7255(6) K
(the instrument's thermometer limits it, not the noise seen here) and a mu of less than 9e-5.
"""

import argparse
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.constants import c, h, k
from scipy.optimize import curve_fit

import funcgrad as fg

Array: TypeAlias = NDArray[Any]

HERE = Path(__file__).parent
WAVENUMBER, INTENSITY, DEVIATION = np.loadtxt(HERE / "data" / "cobe_firas.txt", unpack=True)
DEVIATION = DEVIATION / 1000  # in MJy/sr, like the intensity


def spectrum(wavenumber: Array, temperature: Array, potential: Array) -> Array:
    """Return the intensity (MJy/sr) at wavenumbers (1/cm), with the chemical potential in units of 1e-4."""
    frequency = 100 * c * wavenumber
    exponent = h * frequency / (k * temperature) + 1e-4 * potential
    return 1e20 * (2 * h * frequency**3 / c**2) / np.expm1(exponent)


def loss(theta: Array) -> Array:
    """Return the negative log-likelihood of (T, mu), but for a constant."""
    residual = (spectrum(WAVENUMBER, theta[0], theta[1]) - INTENSITY) / DEVIATION
    return 0.5 * np.sum(residual**2)


def newton(theta: Array, steps: int) -> Array:
    """Minimize the loss; print how the gradient vanishes."""
    for step in range(steps):
        gradient = fg.grad(loss)(theta)
        print(f"step {step}: T {theta[0]:.9f} K, loss {loss(theta):12.4f}, gradient {np.linalg.norm(gradient):.1e}")
        theta = theta - np.linalg.solve(fg.hessian(loss)(theta), gradient)
    return theta


def draw(theta: Array, covariance: Array) -> Figure:
    """Draw the spectrum, its residuals, and the ellipses of one and two standard deviations."""
    figure = Figure(figsize=(11, 5), layout="constrained")
    parts = figure.subplot_mosaic(
        [["fit", "ellipse"], ["residual", "ellipse"]], height_ratios=(3, 1), width_ratios=(3, 2)
    )
    fine = np.linspace(1, 22, 300)
    parts["fit"].plot(fine, spectrum(fine, *theta), "C0", label=f"black body of {theta[0]:.5f} K")
    parts["fit"].errorbar(WAVENUMBER, INTENSITY, 400 * DEVIATION, fmt="C3.", label="COBE FIRAS, error bars times 400")
    parts["fit"].set(ylabel="intensity (MJy/sr)", title="Cosmic microwave background")
    parts["fit"].legend(frameon=False)
    residual = 1000 * (INTENSITY - spectrum(WAVENUMBER, *theta))
    parts["residual"].errorbar(WAVENUMBER, residual, 1000 * DEVIATION, fmt="C3.")
    parts["residual"].axhline(0, color="C0")
    parts["residual"].set(xlabel="wavenumber (1/cm)", ylabel="residual (kJy/sr)", ylim=(-150, 150))

    angle = np.linspace(0, 2 * np.pi, 200)
    circle = np.linalg.cholesky(covariance) @ np.stack([np.cos(angle), np.sin(angle)])
    for radius, style, name in ((1, "C0-", "one standard deviation"), (2, "C0--", "two")):
        x, y = theta[:, None] + radius * circle
        parts["ellipse"].plot(1e6 * (x - theta[0]), y, style, label=name)
    parts["ellipse"].axhline(0, color="0.7", zorder=0)
    parts["ellipse"].set(
        xlabel=f"temperature - {theta[0]:.6f} K (µK)", ylabel="chemical potential (1e-4)", title="Inverse Hessian"
    )
    parts["ellipse"].legend(frameon=False)
    for axes in parts.values():
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Fit, judge and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="start nearer to the solution")
    parser.add_argument("--out", type=Path, default=HERE / "output", help="the folder of the picture")
    args = parser.parse_args()

    wien = WAVENUMBER[np.argmax(INTENSITY)] / 1.961  # the peak is at 1.961 T
    theta = newton(np.array([2.725 if args.quick else wien, 0.0]), steps=4 if args.quick else 6)
    covariance = np.linalg.inv(fg.hessian(loss)(theta))
    errors = np.sqrt(np.diagonal(covariance))
    found, estimate = curve_fit(spectrum, WAVENUMBER, INTENSITY, p0=(2.7, 0), sigma=DEVIATION, absolute_sigma=True)
    print(f"temperature         {theta[0]:.6f} +- {errors[0]:.6f} K")
    print(f"  curve_fit of SciPy {found[0]:.6f} +- {estimate[0, 0] ** 0.5:.6f} K, from finite differences")
    print(f"chemical potential  ({theta[1]:.3f} +- {errors[1]:.3f}) 1e-4")
    print(f"  curve_fit of SciPy ({found[1]:.3f} +- {estimate[1, 1] ** 0.5:.3f}) 1e-4")
    print(f"chi squared {2 * loss(theta):.1f} for {len(WAVENUMBER) - 2} degrees of freedom")

    jacobian = fg.jacobian(lambda theta: spectrum(WAVENUMBER, theta[0], theta[1]) / DEVIATION)(theta)
    assert np.linalg.norm(fg.grad(loss)(theta)) < 1e-3, "Newton's method has not converged"
    assert np.allclose(theta, found, rtol=1e-6, atol=1e-3), "SciPy finds another minimum"
    assert np.allclose(covariance, np.linalg.inv(jacobian.T @ jacobian), rtol=1e-3), "the model is all but linear here"
    assert np.allclose(covariance, estimate, rtol=0.1)
    assert abs(theta[0] - 2.7255) < 1e-3, "not the temperature of the universe"
    assert 2 * loss(theta) < 60, "not the spectrum of a black body"

    args.out.mkdir(parents=True, exist_ok=True)
    draw(theta, covariance).savefig(args.out / "curve_fit.png", dpi=120)
    print(f"picture: {args.out / 'curve_fit.png'}")


if __name__ == "__main__":
    main()
