"""Foretells carbon dioxide: a Gaussian process whose hyperparameters follow the gradient of the evidence.

The air over Mauna Loa holds more carbon dioxide every year, and a little less every summer. The prior is a Gaussian
process whose covariance is the sum of four kernels: a smooth trend, a yearly rhythm that may change slowly, ups and
downs of some years, and noise. The log evidence of n measurements y is ``-(y . K^-1 y + log det K + n log 2 pi) / 2``.
Its nine hyperparameters are fitted by L-BFGS on the exact gradient, through the Cholesky factor of K. The last ten
years, which the fit has not seen, are then foretold.

Source: C. E. Rasmussen and C. K. I. Williams, "Gaussian Processes for Machine Learning" (2006), section 5.4.3. Data:
C. D. Keeling and T. P. Whorf, in the public domain, as statsmodels ships them.
"""

import argparse
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import statsmodels.api as sm
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import minimize

import funcgrad as fg

Array: TypeAlias = NDArray[Any]
Params: TypeAlias = dict[str, Array]

# Logarithms of standard deviations (ppm) and of lengths (years)
START = {
    "trend": np.log([60.0, 50.0]),  # deviation, length
    "season": np.log([3.0, 60.0, 1.2]),  # deviation, length of its changes, length within a year
    "medium": np.log([1.0, 1.5, 1.0]),  # deviation, length, shape of the rational quadratic kernel
    "noise": np.log([0.4]),
}


def kernel(log_params: Params, s: Array, t: Array) -> Array:
    """Return the covariances of the curve at times `s` with the curve at times `t`, without noise."""
    p = {name: np.exp(values) for name, values in log_params.items()}
    apart = s[:, None] - t
    squared = apart**2
    trend = p["trend"][0] ** 2 * np.exp(-squared / (2 * p["trend"][1] ** 2))
    deviation, change, within = p["season"]
    season = deviation**2 * np.exp(-squared / (2 * change**2) - 2 * np.sin(np.pi * apart) ** 2 / within**2)
    deviation, length, shape = p["medium"]
    medium = deviation**2 * (1 + squared / (2 * shape * length**2)) ** -shape
    return trend + season + medium


def negative_log_evidence(log_params: Params, t: Array, y: Array) -> Array:
    """Return the negative logarithm of the probability density of `y`."""
    factor = np.linalg.cholesky(kernel(log_params, t, t) + np.exp(2 * log_params["noise"]) * np.eye(len(t)))
    white = np.linalg.solve(factor, y)
    return 0.5 * white @ white + np.sum(np.log(np.diagonal(factor))) + 0.5 * len(t) * np.log(2 * np.pi)


def fit(t: Array, y: Array, steps: int) -> Params:
    """Maximize the evidence; return the logarithms of the hyperparameters."""
    start, unravel = fg.ravel_pytree(START)
    loss = fg.value_and_grad(lambda theta: negative_log_evidence(unravel(theta), t, y))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps, "gtol": 1e-4})
    print(f"L-BFGS: {found.nit} steps, {found.nfev} gradients")
    params: Params = unravel(found.x)
    return params


def forecast(log_params: Params, t: Array, y: Array, new: Array) -> tuple[Array, Array]:
    """Return mean and standard deviation of measurements at times `new`, given `y` at times `t`."""
    noise = np.exp(2 * log_params["noise"])
    factor = np.linalg.cholesky(kernel(log_params, t, t) + noise * np.eye(len(t)))
    across = np.linalg.solve(factor, kernel(log_params, t, new))
    mean = across.T @ np.linalg.solve(factor, y)
    here = np.diagonal(kernel(log_params, new, new))
    return mean, np.sqrt(here + noise - np.sum(across**2, axis=0))


def measurements(every: int) -> tuple[Array, Array]:
    """Return times and monthly means of the concentration, one of `every` months."""
    monthly = sm.datasets.co2.load_pandas().data["co2"].resample("MS").mean().dropna()
    time = monthly.index.year + (monthly.index.month - 0.5) / 12
    return time.to_numpy()[::every], monthly.to_numpy()[::every]


def draw(time: Array, level: Array, end: float, new: Array, mean: Array, deviation: Array) -> Figure:
    """Draw measurements and forecast, all of them and the last years."""
    figure = Figure(figsize=(12, 4.8), layout="constrained")
    for axes, begin in zip(figure.subplots(1, 2), (1958.0, end - 2), strict=True):
        shown = new >= begin
        band = (mean - 2 * deviation)[shown], (mean + 2 * deviation)[shown]
        axes.fill_between(new[shown], *band, color="C0", alpha=0.25, label="two standard deviations")
        axes.plot(new[shown], mean[shown], "C0", linewidth=1, label="mean of the process")
        for era, colour, name in ((time < end, "k", "measured"), (time >= end, "C3", "measured, held back")):
            seen = era & (time >= begin)
            axes.plot(time[seen], level[seen], ".", color=colour, markersize=4, label=name)
        axes.axvline(end, color="0.7", zorder=0)
        axes.set(xlabel="year", ylabel="carbon dioxide (ppm)")
        axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left")
    figure.suptitle("Carbon dioxide over Mauna Loa, foretold")
    return figure


def main() -> None:
    """Fit, judge and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a measurement in five, and fewer steps")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()

    time, level = measurements(every=5 if args.quick else 1)
    end = 1992.0
    past, later = time < end, time >= end
    middle = level[past].mean()
    t, y = time[past], level[past] - middle
    params = fit(t, y, steps=15 if args.quick else 60)
    for name, values in params.items():
        print(f"{name:7}", *(f"{value:10.3f}" for value in np.exp(values)))
    before, after = (-negative_log_evidence(p, t, y) for p in (START, params))
    print(f"log evidence of {len(t)} measurements: {before:.2f} at the start, {after:.2f} at the end")

    mean, deviation = forecast(params, t, y, time[later])
    error = level[later] - middle - mean
    rms = np.sqrt(np.mean(error**2))
    above = level[later].mean() - middle
    within = np.mean(np.abs(error) < 2 * deviation)
    print(f"forecast of {len(error)} measurements in {time[-1] - end:.0f} years: error {rms:.2f} ppm")
    print(f"  {within:.0%} lie within two standard deviations; they are {above:.0f} ppm above the mean of the past")

    gradient = fg.grad(negative_log_evidence)(params, t, y)["season"][2]
    shifted = [{**params, "season": params["season"] + [0, 0, step]} for step in (1e-4, -1e-4)]
    difference = (negative_log_evidence(shifted[0], t, y) - negative_log_evidence(shifted[1], t, y)) / 2e-4
    print(f"one derivative of the evidence: {gradient:.6f}, by finite differences {difference:.6f}")
    assert abs(gradient - difference) < 1e-4 * (1 + abs(gradient))
    assert after > before + 5, "the evidence has not grown"
    assert rms < 3
    assert within > 0.7

    new = np.linspace(1958, time[-1] + 2, 500)
    mean, deviation = forecast(params, t, y, new)
    args.out.mkdir(parents=True, exist_ok=True)
    draw(time, level, end, new, mean + middle, deviation).savefig(args.out / "gaussian_process.png", dpi=120)
    print(f"picture: {args.out / 'gaussian_process.png'}")


if __name__ == "__main__":
    main()
