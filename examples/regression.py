"""Fits a straight line in PyTorch's words: `import funcgrad as torch`.

First the gradients of one point, with the numbers of a textbook example (x = 3, w = 4, b = 5, target 18); then why
gradients are cleared before each pass; then a training by `torch.optim.SGD` on noisy points. Run
`python examples/regression.py` (a second or two; `--quick` for fewer steps). It exits with status 1 if the line
found is not the line of least squares.
"""

import argparse
import sys

import numpy as np

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


def fit(x: torch.Tensor, y: torch.Tensor, epochs: int) -> tuple[float, float]:
    """Return the slope and the height that gradient descent finds."""
    w = torch.zeros(1, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=0.05)
    for epoch in range(epochs):
        optimizer.zero_grad()
        loss = ((w * x + b - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        if epoch % max(1, epochs // 5) == 0:
            print(f"epoch {epoch:4d}: loss {loss.item():.5f}, w {w.item():+.4f}, b {b.item():+.4f}")
    return w.item(), b.item()


def main() -> int:
    """Run the three parts; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="100 steps instead of 300")
    quick = parser.parse_args().quick

    one_point()
    x, y = points(200)
    found = fit(x, y, epochs=100 if quick else 300)
    expected = np.polyfit(x.numpy(), y.numpy(), 1)
    agrees = bool(np.allclose(found, expected, atol=1e-2 if quick else 1e-4))
    print(f"found {found[0]:.4f} x {found[1]:+.4f}, least squares {expected[0]:.4f} x {expected[1]:+.4f}")
    print("the same line" if agrees else "NOT the same line")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
