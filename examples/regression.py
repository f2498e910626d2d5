"""Fits a straight line in PyTorch's words: `import funcgrad as torch`.

First the gradients of one point, with the numbers of a textbook example (x = 3, w = 4, b = 5, target 18); then why
gradients are cleared before each pass; then a training by `torch.optim.SGD` on noisy points. Run
`python examples/regression.py` (a second or two; `--quick` for fewer steps). It draws the way of the line, and exits
with status 1 if the line found is not the line of least squares.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import funcgrad as torch

SLOPE, HEIGHT = 2.0, -1.0


def one_point() -> None:
    """Show what the forward pass records and what the backward pass leaves."""
    x, target = torch.tensor(3.0), torch.tensor(18.0)
    w = torch.tensor(4.0, requires_grad=True)
    b = torch.tensor(5.0, requires_grad=True)
    prediction = w * x + b
    loss = (prediction - target) ** 2
    print(f"prediction {prediction}, made by {prediction.grad_fn.name()}")
    print(f"loss {loss}, made by {loss.grad_fn.name()}")
    print(f"before the backward pass: w.grad {w.grad}, b.grad {b.grad}")
    loss.backward()
    print(f"after it:                 w.grad {w.grad}, b.grad {b.grad}")

    ((w * x + b - target) ** 2).backward()
    print(f"a second one adds:        w.grad {w.grad}, b.grad {b.grad}")


def points(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw noisy points of the line `SLOPE * x + HEIGHT`."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, count)
    y = SLOPE * x + HEIGHT + 0.3 * rng.standard_normal(count)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


def fit(x: torch.Tensor, y: torch.Tensor, epochs: int) -> np.ndarray:
    """Return slope and height before each step of gradient descent, and at the end."""
    w = torch.zeros(1, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=0.05)
    course = []
    for epoch in range(epochs):
        course.append((w.item(), b.item()))
        optimizer.zero_grad()
        loss = ((w * x + b - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        if epoch % max(1, epochs // 5) == 0:
            print(f"epoch {epoch:4d}: loss {loss.item():.5f}, w {w.item():+.4f}, b {b.item():+.4f}")
    return np.array([*course, (w.item(), b.item())])


def draw(x: np.ndarray, y: np.ndarray, course: np.ndarray, expected: np.ndarray) -> Figure:
    """Draw the points and the line as it moves, and its way down the loss."""
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(x, y, ".", color="0.6")
    ends = np.array([-2.0, 2.0])
    steps = [0, 2, 5, 10, 20, len(course) - 1]
    for shade, step in zip(np.linspace(0.2, 1, len(steps)), steps, strict=True):
        left.plot(ends, course[step, 0] * ends + course[step, 1], "C0", alpha=shade, label=f"after {step} steps")
    left.set(xlabel="x", ylabel="y", title="The line")
    left.legend(frameon=False)

    w, b = np.meshgrid(np.linspace(-0.5, 2.6, 100), np.linspace(-1.8, 0.5, 100))
    loss = np.mean((w[..., None] * x + b[..., None] - y) ** 2, axis=-1)
    right.contour(w, b, loss, levels=20, colors="0.8")
    right.plot(*course.T, "C0.-", label="gradient descent")
    right.plot(*expected, "C3*", markersize=12, label="least squares")
    right.set(xlabel="w", ylabel="b", title="Its way down the loss")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> int:
    """Run the three parts; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="100 steps instead of 300")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()

    one_point()
    x, y = points(200)
    course = fit(x, y, epochs=100 if args.quick else 300)
    found = course[-1]
    expected = np.polyfit(x.numpy(), y.numpy(), 1)
    agrees = bool(np.allclose(found, expected, atol=1e-2 if args.quick else 1e-4))
    print(f"found {found[0]:.4f} x {found[1]:+.4f}, least squares {expected[0]:.4f} x {expected[1]:+.4f}")
    print("the same line" if agrees else "NOT the same line")
    args.out.mkdir(parents=True, exist_ok=True)
    draw(x.numpy(), y.numpy(), course, expected).savefig(args.out / "regression.png", dpi=120)
    print(f"picture: {args.out / 'regression.png'}")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
