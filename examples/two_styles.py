"""Foretells sunspots twice: the same model in functional and in object style.

A small network foretells the number of sunspots from those of eleven years before. It is written twice, as the two
schools do it: as functions of a dict of arrays, with ``fg.value_and_grad`` and an optimizer of five lines; and as an
``nn.Module`` with ``loss.backward()`` and ``optim.Adam``. From the same weights both follow the same path: first the
gradients, then hundreds of steps agree to rounding. The styles mix, too: ``func.functional_call`` makes a function of
the module, and ``fg.grad`` of that is the gradient once more.

Data: yearly mean sunspot numbers 1700-2008 of the National Geophysical Data Center, in the public domain, as
statsmodels ships them. An autoregression of the same order by statsmodels is the peer.
"""

import argparse
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import statsmodels.api as sm
from matplotlib.figure import Figure
from numpy.typing import NDArray
from statsmodels.tsa.ar_model import AutoReg

import funcgrad as fg
from funcgrad import nn, optim

Array: TypeAlias = NDArray[Any]
Params: TypeAlias = dict[str, Array]

LAGS, HIDDEN = 11, 16  # the cycle of the sun takes about eleven years
RATE, DECAY = 3e-3, 1e-3


# Functional style: parameters are data, the model a function


def initial(rng: np.random.Generator) -> Params:
    """Draw the weights."""
    return {
        "first.weight": rng.normal(0, LAGS**-0.5, (HIDDEN, LAGS)),
        "first.bias": np.zeros(HIDDEN),
        "second.weight": rng.normal(0, HIDDEN**-0.5, (1, HIDDEN)),
        "second.bias": np.zeros(1),
    }


def predict(p: Params, x: Array) -> Array:
    """Foretell a year from the years before."""
    hidden = np.tanh(x @ p["first.weight"].T + p["first.bias"])
    return (hidden @ p["second.weight"].T + p["second.bias"])[:, 0]


def loss(p: Params, x: Array, y: Array) -> Array:
    """Return the mean squared error, and what large weights cost."""
    decay = np.sum(p["first.weight"] ** 2) + np.sum(p["second.weight"] ** 2)
    return np.mean((predict(p, x) - y) ** 2) + DECAY * decay


def train(params: Params, x: Array, y: Array, steps: int) -> Params:
    """Minimize the loss by Adam."""
    gradient = fg.grad(loss)
    first = second = fg.tree.map(np.zeros_like, params)
    for step in range(1, steps + 1):
        g = gradient(params, x, y)
        first = fg.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, g)
        second = fg.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, second, g)
        a, b = RATE / (1 - 0.9**step), (1 - 0.999**step) ** 0.5
        params = fg.tree.map(lambda p, m, v, a=a, b=b: p - a * m / (np.sqrt(v) / b + 1e-8), params, first, second)
    return params


# Object style: parameters belong to the model


class Network(nn.Module):
    """The same network."""

    def __init__(self, params: Params) -> None:
        """Make the layers, with the same weights."""
        super().__init__()
        self.first = nn.Linear(LAGS, HIDDEN, dtype=fg.float64)
        self.second = nn.Linear(HIDDEN, 1, dtype=fg.float64)
        self.load_state_dict({name: fg.tensor(p) for name, p in params.items()})

    def forward(self, x: fg.Tensor) -> Any:
        """Foretell a year from the years before."""
        return self.second(fg.tanh(self.first(x))).squeeze(1)

    def loss(self, x: fg.Tensor, y: fg.Tensor) -> Any:
        """Return the mean squared error, and what large weights cost."""
        decay = self.first.weight.square().sum() + self.second.weight.square().sum()
        return nn.functional.mse_loss(self(x), y) + DECAY * decay


def train_module(model: Network, x: fg.Tensor, y: fg.Tensor, steps: int) -> None:
    """Minimize the loss by Adam, in place."""
    optimizer = optim.Adam(model.parameters(), lr=RATE)
    for _ in range(steps):
        optimizer.zero_grad()
        model.loss(x, y).backward()
        optimizer.step()


# The picture and the run


def sunspots() -> tuple[Array, Array]:
    """Return years and roots of the numbers, which vary alike at maxima and minima."""
    data = sm.datasets.sunspots.load_pandas().data
    return data["YEAR"].to_numpy().astype(int), np.sqrt(data["SUNACTIVITY"].to_numpy()) / 10


def windows(z: Array) -> tuple[Array, Array]:
    """Return eleven years for every year from the twelfth on, and that year."""
    return np.lib.stride_tricks.sliding_window_view(z, LAGS)[:-1], z[LAGS:]


def draw(year: Array, curves: list[Array], end: int) -> Figure:
    """Draw the sunspots and both forecasts, and how far these differ."""
    truth, functional, objects = curves
    figure = Figure(figsize=(11.5, 5), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot(year, truth, "k.-", linewidth=0.5, markersize=4, label="sunspots")
    upper.plot(year, functional, "C0", linewidth=2.5, alpha=0.7, label="a year ahead, functional style")
    upper.plot(year, objects, "C1--", linewidth=1.2, label="a year ahead, object style")
    upper.axvline(end, color="0.6", linestyle=":")
    upper.annotate("from here on not seen in training", (end + 0.5, truth.max()), color="0.4")
    upper.set(ylabel="sunspots", title="The same model in two styles")
    upper.legend(frameon=False, ncols=3, loc="upper left", bbox_to_anchor=(0, 0.93))
    lower.semilogy(year, np.abs(functional - objects) + 1e-16)
    lower.set(xlabel="year", ylabel="difference", ylim=(1e-16, 1))
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Train twice, compare, judge and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer steps")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()
    steps = 300 if args.quick else 1500

    year, z = sunspots()
    x, y = windows(z)
    end = 1950
    past = year[LAGS:] < end
    start = initial(np.random.default_rng(0))
    model = Network(start)
    x_past, y_past = fg.tensor(x[past]), fg.tensor(y[past])

    gradient = fg.grad(loss)(start, x[past], y[past])
    model.loss(x_past, y_past).backward()
    mixed = fg.grad(
        lambda p: (
            fg.mean((fg.func.functional_call(model, p, (x_past,)) - y_past) ** 2)
            + DECAY * sum((p[name] ** 2).sum() for name in ("first.weight", "second.weight"))
        )
    )({name: p.detach() for name, p in model.named_parameters()})
    for name, p in model.named_parameters():
        assert np.allclose(p.grad.numpy(), gradient[name], rtol=1e-12, atol=1e-15), f"gradients of {name} differ"
        assert np.allclose(mixed[name].numpy(), gradient[name], rtol=1e-12, atol=1e-15), f"gradients of {name} differ"
    print("gradients of both styles, and of their mixture, agree to rounding")

    params = train(start, x[past], y[past], steps)
    train_module(model, x_past, y_past, steps)
    functional = predict(params, x)
    with fg.no_grad():
        objects = model(fg.tensor(x)).numpy()
    apart = np.abs(functional - objects).max()
    print(f"after {steps} steps forecasts differ by {apart:.1e} at most")
    assert apart < 1e-9

    peer = AutoReg(z[year < end], LAGS).fit().params
    errors = {
        "network": functional[~past] - y[~past],
        "autoregression (statsmodels)": peer[0] + x[~past][:, ::-1] @ peer[1:] - y[~past],
        "as last year": x[~past][:, -1] - y[~past],
    }
    rms = {name: float(np.sqrt(np.mean((10 * error) ** 2))) for name, error in errors.items()}
    print(f"error of the roots, {end} to {year[-1]}:", ", ".join(f"{name} {value:.3f}" for name, value in rms.items()))
    assert rms["network"] < 0.75 * rms["as last year"]

    args.out.mkdir(parents=True, exist_ok=True)
    curves = [(10 * v) ** 2 for v in (y, functional, objects)]
    draw(year[LAGS:], curves, end).savefig(args.out / "two_styles.png", dpi=120)
    print(f"picture: {args.out / 'two_styles.png'}")


if __name__ == "__main__":
    main()
