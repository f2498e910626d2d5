"""The model of a hand: how its bones hang together, its skin, and random ones with what was measured of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.adbench.geometry import rotation_matrices

VERTICES, BONES, ANGLES = 544, 22, 26

#: The palm has two bones; then come the first bones of all fingers, the second ones, the third and the fourth.
PARENTS = (-1, 0, *[1] * 5, *range(2, BONES - 5))
ROOTS = np.arange(2, 7)


def angle_places() -> Any:
    """Which of the 26 numbers, or a zero after them, is the bones' rotation about x, z and y."""
    places = np.full((BONES, 3), ANGLES)
    for finger, bone in enumerate(ROOTS):
        first = 6 + 4 * finger
        places[bone, :2] = first, first + 1
        places[bone + 5, 0], places[bone + 10, 0] = first + 2, first + 3
    return places


PLACES = angle_places()


@dataclass(frozen=True)
class Hand:
    """The pose, the resting hand, and what was measured. With triangles, `u` are the variables of each point."""

    theta: Any
    base: Any
    inverse: Any
    vertices: Any
    weights: Any
    points: Any
    owners: Any
    triangles: Any = None
    u: Any = None

    def arrays(self, convert: Callable[[Any], Any]) -> "Hand":
        """The same in another library."""
        values = [getattr(self, name) for name in self.__dataclass_fields__]
        return Hand(*(None if x is None else convert(x) for x in values))

    @property
    def variables(self) -> Any:
        """The point at which the Jacobian is taken: the pose, and how far the u have moved."""
        return self.theta if self.triangles is None else np.concatenate([np.zeros(2), self.theta])


def simple_problem(n: int) -> Hand:
    rng = np.random.default_rng(0)
    base = np.tile(np.eye(4), (BONES, 1, 1))
    base[:, :3, :3] = rotation_matrices(rng.normal(size=(BONES, 3)) / 5)
    base[:, :3, 3] = rng.normal(size=(BONES, 3))
    inverse = np.linalg.inv(chain(np.concatenate, base))
    vertices = np.column_stack([rng.normal(size=(VERTICES, 3)), np.ones(VERTICES)])
    weights = rng.uniform(size=(VERTICES, BONES)) ** 8
    weights /= weights.sum(1, keepdims=True)
    return Hand(
        theta=rng.normal(size=ANGLES) / 2,
        base=base,
        inverse=inverse,
        vertices=vertices,
        weights=weights,
        points=rng.normal(size=(n, 3)),
        owners=rng.integers(VERTICES, size=n),
    )


def complicated_problem(n: int) -> Hand:
    hand, rng = simple_problem(n), np.random.default_rng(1)
    triangles = rng.integers(VERTICES, size=(2 * VERTICES, 3))
    owners, u = rng.integers(2 * VERTICES, size=n), rng.uniform(size=(n, 2)) / 2
    known = {name: getattr(hand, name) for name in hand.__dataclass_fields__}
    return Hand(**known | {"owners": owners, "triangles": triangles, "u": u})


def chain(concatenate: Any, relatives: Any) -> Any:
    """Poses of the bones from their poses in their parents' frames, all fingers at once."""
    palm = relatives[:1]
    finger = palm @ relatives[1]
    absolutes = [palm, finger]
    for first in range(2, BONES, 5):
        finger = finger @ relatives[first : first + 5]
        absolutes.append(finger)
    return concatenate(absolutes)
