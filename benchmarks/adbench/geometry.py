"""Rotations by vectors, for the derivatives that are written by hand. Examples along the first axis."""

from typing import Any

import numpy as np


def crosses(v: Any) -> Any:
    """The matrices whose products are vector products with v."""
    zero = np.zeros(len(v))
    x, y, z = v.T
    return np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)


def rotation_matrices(v: Any) -> Any:
    """Rodrigues' formula, for vectors that are not zero."""
    angle = np.linalg.norm(v, axis=1)[:, None, None]
    k = crosses(v) / angle
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k)


def rotated_by_vector(v: Any, turn: Any, x: Any) -> Any:
    """The derivatives of R x with respect to v: -R [x] (v v^T + (R^T - I) [v]) / |v|^2."""
    inner = v[:, :, None] * v[:, None] + (turn.swapaxes(1, 2) - np.eye(3)) @ crosses(v)
    return -turn @ crosses(x) @ inner / np.sum(v**2, axis=1)[:, None, None]
