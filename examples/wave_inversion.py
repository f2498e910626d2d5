"""Looks into the ground with sound: the inverse problem of the wave equation, with checkpoints.

Sources along one side of a square send waves ``u_tt = c(x, y)^2 (u_xx + u_yy) + s`` through it, receivers along the
other side record them. From the records alone, the slow and fast bodies inside are to be found: the speed c in every
cell is fitted by L-BFGS, with a little smoothing, to the squared error of the records (full-waveform inversion). The
gradient needs all waves at all times, in the order opposite to that in which they are computed. Kept, they would fill
the memory; ``fg.checkpoint`` around segments of about the root of the number of steps keeps the waves between segments
only, and computes a segment again when the backward pass arrives there. The program measures what that saves and costs.

Source: A. Tarantola, "Inversion of seismic reflection data in the acoustic approximation", Geophysics 49 (1984) 1259.
The ground is made up, and the records are those of the same solver with noise of 1 per cent.
"""

import argparse
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.optimize import minimize

import funcgrad as fg

Array: TypeAlias = NDArray[Any]
State: TypeAlias = tuple[Array, Array]

SPACING, STEP = 1.0, 0.45  # with speeds near 1: below the limit of stability
EDGE = 8  # cells in which waves are damped
ROUGHNESS = 2e-3


class Survey:
    """A square of cells, sources at the left, receivers at the right."""

    def __init__(self, size: int, sources: int, steps: int) -> None:
        """Lay out the square."""
        self.size, self.steps = size, steps
        inside = np.arange(EDGE, size - EDGE)
        self.sources = inside[np.linspace(0, len(inside) - 1, sources).round().astype(int)]
        self.receivers = inside
        depth = np.minimum(np.arange(size), np.arange(size)[::-1])
        wall = 0.015 * np.maximum(EDGE - depth, 0) ** 1.5
        self.keep = np.exp(-np.maximum(wall[:, None], wall) * STEP)
        t = STEP * np.arange(steps) - 10
        self.pulse = (1 - 2 * (0.25 * t) ** 2) * np.exp(-((0.25 * t) ** 2))  # Ricker's wavelet
        self.place = np.zeros((sources, size, size))
        self.place[np.arange(sources), self.sources, EDGE] = 1

    def segment(self, c2: Array, state: State, begin: int, end: int) -> tuple[State, Array]:
        """Follow the waves of all sources for some steps; return the last state, and what the receivers record."""
        before, now = state
        records = []
        for i in range(begin, end):
            padded = np.pad(now, ((0, 0), (1, 1), (1, 1)))
            around = padded[:, 2:, 1:-1] + padded[:, :-2, 1:-1] + padded[:, 1:-1, 2:] + padded[:, 1:-1, :-2]
            force = c2 * (around - 4 * now) / SPACING**2 + self.pulse[i] * self.place
            before, now = self.keep * now, self.keep * (now + self.keep * (now - before) + STEP**2 * force)
            records.append(now[:, self.receivers, -EDGE])
        return (before, now), np.stack(records)

    def records(self, c: Array, length: int | None = None) -> Array:
        """Return what all receivers record: steps x sources x receivers; checkpointed in segments of a `length`."""
        segment: Callable[..., tuple[State, Array]] = fg.checkpoint(self.segment, static_argnums=(2, 3))
        state = (np.zeros_like(self.place), np.zeros_like(self.place))
        if length is None:
            return self.segment(c**2, state, 0, self.steps)[1]
        parts = []
        for begin in range(0, self.steps, length):
            state, part = segment(c**2, state, begin, min(begin + length, self.steps))
            parts.append(part)
        return np.concatenate(parts)

    def loss(self, c: Array, recorded: Array, length: int | None = None) -> Array:
        """Return half the squared error of the records, and what roughness costs."""
        error = self.records(c, length) - recorded
        rough = np.sum(np.diff(c, axis=0) ** 2) + np.sum(np.diff(c, axis=1) ** 2)
        return 0.5 * np.sum(error**2) / np.mean(recorded**2) / len(recorded) + ROUGHNESS * recorded[0].size * rough

    def ground(self) -> Array:
        """Return the speeds that are to be found: two slow bodies and a fast one."""
        y, x = np.mgrid[: self.size, : self.size] / self.size
        c = np.ones((self.size, self.size))
        for (cy, cx), radius, change in (
            ((0.36, 0.40), 0.11, -0.12),
            ((0.62, 0.62), 0.10, -0.10),
            ((0.63, 0.34), 0.08, 0.1),
        ):
            c = c + change * ((y - cy) ** 2 + (x - cx) ** 2 < radius**2)
        smooth: Array = gaussian_filter(c, 0.8)
        return smooth


def memory(f: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what `f` returns, the peak of memory in MB that it needed, and the seconds (of a second call)."""
    tracemalloc.start()
    result = f()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    begin = time.process_time()
    f()
    return result, peak, time.process_time() - begin


def draw(survey: Survey, truth: Array, found: Array, recorded: Array) -> Figure:
    """Draw what was recorded, what was found, and what was to be found."""
    figure = Figure(figsize=(13, 4.4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    bound = 0.5 * np.abs(recorded).max()
    extent = (EDGE, survey.size - EDGE, survey.steps * STEP, 0)
    left.imshow(
        recorded[:, len(survey.sources) // 2], cmap="gray", aspect="auto", vmin=-bound, vmax=bound, extent=extent
    )
    left.set(xlabel="receiver", ylabel="time", title="Records of one source")
    for axes, c, title in ((middle, found, "Speed that was found"), (right, truth, "Speed of the ground")):
        image = axes.imshow(c, cmap="RdBu", vmin=0.86, vmax=1.14)
        axes.plot(np.full(len(survey.sources), EDGE), survey.sources, "k*", label="sources")
        axes.plot(np.full(len(survey.receivers), survey.size - EDGE), survey.receivers, "k|", label="receivers")
        axes.set(xticks=[], yticks=[], title=title)
    middle.legend(loc="lower center", ncols=2)
    figure.colorbar(image, ax=(middle, right), shrink=0.8)
    return figure


def main() -> None:
    """Record, invert, judge and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smaller square and fewer steps")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()

    survey = Survey(36, 4, 120) if args.quick else Survey(48, 6, 160)
    truth, start = survey.ground(), np.ones((survey.size, survey.size))
    recorded = survey.records(truth)
    recorded = recorded + 0.01 * recorded.std() * np.random.default_rng(0).standard_normal(recorded.shape)

    length = round(survey.steps**0.5)
    gradient, all_kept, once = memory(lambda: fg.grad(survey.loss)(start, recorded))
    again, few_kept, twice = memory(lambda: fg.grad(survey.loss)(start, recorded, length))
    print(f"gradient, all {survey.steps} steps kept:         {all_kept:6.1f} MB, {once:.2f} s")
    print(f"gradient, checkpoints every {length} steps: {few_kept:6.1f} MB, {twice:.2f} s")
    assert np.allclose(gradient, again, rtol=1e-10, atol=1e-12), "checkpoints change nothing"
    assert few_kept < all_kept / 2

    spot = np.zeros_like(start)
    spot[survey.size // 2, survey.size // 2] = 1e-5
    difference = (survey.loss(start + spot, recorded) - survey.loss(start - spot, recorded)) / 2e-5
    slope = gradient[survey.size // 2, survey.size // 2]
    print(f"derivative in the middle {slope:.6f}, by finite differences {difference:.6f}")
    assert abs(slope - difference) < 1e-4 * abs(difference)

    def loss(flat: Array) -> tuple[float, Array]:
        value, slope = fg.value_and_grad(survey.loss)(flat.reshape(start.shape), recorded, length)
        return float(value), slope.ravel()

    steps = 10 if args.quick else 24
    result = minimize(
        loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": steps}, bounds=[(0.7, 1.3)] * start.size
    )
    found = result.x.reshape(start.shape)
    inside = (slice(EDGE, -EDGE), slice(EDGE, -EDGE))
    likeness = np.corrcoef(found[inside].ravel(), truth[inside].ravel())[0, 1]
    print(f"{result.nit} steps: loss {survey.loss(start, recorded):.3f} -> {result.fun:.3f}")
    print(f"correlation of the speeds that were found with those of the ground: {likeness:.3f}")
    assert likeness > (0.6 if args.quick else 0.8)

    args.out.mkdir(parents=True, exist_ok=True)
    draw(survey, truth, found, recorded).savefig(args.out / "wave_inversion.png", dpi=120)
    print(f"picture: {args.out / 'wave_inversion.png'}")


if __name__ == "__main__":
    main()
