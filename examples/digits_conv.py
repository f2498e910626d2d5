"""Learns to read handwritten digits with a small convolutional network, in PyTorch's words.

The data are the 1797 images (8 x 8 pixels) of the UCI digits that scikit-learn ships: nothing is downloaded. The script
is what one writes for PyTorch, with `import funcgrad as torch`. Run `python examples/digits_conv.py` (well under a
minute; `--quick` for a glimpse). It prints the accuracy on images that were held out, draws
`examples/output/digits_conv.png` (`--out` names another folder), and exits with status 1 if the accuracy is below the
bound.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import funcgrad as torch
from funcgrad import nn

try:
    from tqdm import tqdm
except ModuleNotFoundError:
    tqdm = None


class Reader(nn.Module):
    """Two convolutions, then a score for each digit."""

    def __init__(self) -> None:
        """Make the layers."""
        super().__init__()
        self.first = nn.Conv2d(1, 12, 3, padding=1)
        self.second = nn.Conv2d(12, 24, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.scores = nn.Linear(24 * 4 * 4, 10)

    def forward(self, images: torch.Tensor) -> Any:
        """Score every image (8 x 8) for each of the ten digits."""
        x = torch.relu(self.first(images))
        x = self.pool(torch.relu(self.second(x)))
        return self.scores(torch.flatten(x, 1))


def batches(images: torch.Tensor, labels: torch.Tensor, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Go through the images once, in random order."""
    for chosen in torch.randperm(len(images)).split(size):
        yield images[chosen], labels[chosen]


def train(model: Reader, images: torch.Tensor, labels: torch.Tensor, epochs: int) -> list[float]:
    """Fit the model; return the mean loss of each epoch."""
    loss_of = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    losses: list[float] = []
    model.train()
    bar = tqdm(total=epochs, unit="epoch") if tqdm else None
    for epoch in range(epochs):
        total = 0.0
        for batch, truth in batches(images, labels, 64):
            optimizer.zero_grad()
            loss = loss_of(model(batch), truth)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        scheduler.step()
        losses.append(total / len(images))
        if bar:
            bar.set_postfix(loss=f"{losses[-1]:.4f}")
            bar.update()
        else:
            print(f"epoch {epoch + 1} of {epochs}: loss {losses[-1]:.4f}")
    if bar:
        bar.close()
    return losses


@torch.no_grad()
def read(model: Reader, images: torch.Tensor) -> torch.Tensor:
    """Return the digit with the highest score of each image."""
    model.eval()
    digits: torch.Tensor = model(images).argmax(dim=1)
    return digits


def draw(picture: Path, losses: list[float], images: torch.Tensor, guesses: torch.Tensor, truth: torch.Tensor) -> None:
    """Draw the loss beside held-out images, first those that were read wrong."""
    shown = torch.argsort((guesses == truth).int(), stable=True)[:40].tolist()
    figure = Figure(figsize=(13, 5.2), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(2, 3))

    axes = left.subplots()
    axes.semilogy(range(1, len(losses) + 1), losses)
    axes.set(xlabel="epoch", ylabel="cross-entropy", title="Training loss")
    axes.spines[["top", "right"]].set_visible(False)

    right.suptitle("Held-out digits as the network reads them (red: wrong)")
    for tile, i in zip(right.subplots(4, 10).flat, shown, strict=True):
        guess, digit = guesses[i].item(), truth[i].item()
        tile.imshow(images[i, 0].numpy(), cmap="gray_r")
        tile.set_title(
            f"{guess}" if guess == digit else f"{guess}, not {digit}", color="C0" if guess == digit else "C3"
        )
        tile.set(xticks=[], yticks=[])
        tile.spines[:].set_color("0.85" if guess == digit else "C3")
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, dpi=120)


def main() -> int:
    """Train and judge; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a few epochs, and a bound of 0.90 instead of 0.96")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()
    quick, picture = args.quick, args.out / "digits_conv.png"
    bound = 0.90 if quick else 0.96

    torch.manual_seed(0)
    pixels, digits = load_digits(return_X_y=True)
    parts = train_test_split(pixels.reshape(-1, 1, 8, 8) / 16, digits, test_size=0.25, random_state=0, stratify=digits)
    images, held_out = (torch.tensor(part, dtype=torch.float32) for part in parts[:2])
    labels, truth = (torch.tensor(part) for part in parts[2:])

    model = Reader()
    print(model)
    print(f"{sum(p.numel() for p in model.parameters())} parameters")
    losses = train(model, images, labels, epochs=5 if quick else 25)
    guesses = read(model, held_out)
    accuracy = (guesses == truth).float().mean().item()
    print(f"test accuracy {accuracy:.4f} ({'at least' if accuracy >= bound else 'MISSES'} {bound})")
    draw(picture, losses, held_out, guesses, truth)
    print(f"picture: {picture.relative_to(Path.cwd()) if picture.is_relative_to(Path.cwd()) else picture}")
    return 0 if accuracy >= bound else 1


if __name__ == "__main__":
    sys.exit(main())
