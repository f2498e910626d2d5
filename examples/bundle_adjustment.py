"""Rebuilds a scene from photographs: bundle adjustment with exact Jacobians of single observations.

Cameras stand around a scene and see its points, each where ``f r(p) p`` lies: the point in the camera's coordinates,
``P = R(w) X + t``, is projected to ``p = -(P_x, P_y) / P_z``; the lens distorts by ``r = 1 + k1 |p|^2 + k2 |p|^4``.
Points and cameras are moved until the sum of squared errors in the pictures is least. An observation knows one camera
and one point: ``fg.vmap`` of ``fg.jacfwd`` gives all blocks of the Jacobian at once, 2 x 9 and 2 x 3 each, and the
method of Levenberg and Marquardt eliminates the points (Schur's complement), so that a small system is left.

Source: the camera of S. Agarwal, N. Snavely, S. Seitz and R. Szeliski, "Bundle adjustment in the large" (2010). The
scene is made up, so that the truth is known: points on a sphere and its pedestal, seen with an error of half a pixel.
"""

import argparse
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

import funcgrad as fg

Array: TypeAlias = NDArray[Any]

NOISE = 0.5  # pixels


def project(camera: Array, point: Array) -> Array:
    """Return where a camera (rotation, translation, focal length, two distortions) sees a point, in pixels."""
    w, translation, focal, k = camera[:3], camera[3:6], camera[6], camera[7:9]
    square = w @ w + 1e-30
    angle = np.sqrt(square)
    turned = (
        np.cos(angle) * point
        + np.sin(angle) / angle * np.cross(w, point)
        + (1 - np.cos(angle)) / square * (w @ point) * w
    )
    seen = turned + translation
    p = -seen[:2] / seen[2]
    radius = p @ p
    return focal * (1 + k[0] * radius + k[1] * radius**2) * p


predict = fg.vmap(project)
blocks = fg.vmap(fg.jacfwd(project, argnums=(0, 1)))


class Scene:
    """What was seen: of each observation the camera, the point and the pixel."""

    def __init__(self, camera: Array, point: Array, pixel: Array) -> None:
        """Keep the observations."""
        self.camera, self.point, self.pixel = camera, point, pixel

    def residuals(self, cameras: Array, points: Array) -> Array:
        """Return the error of each observation, in pixels."""
        return predict(cameras[self.camera], points[self.point]) - self.pixel

    def step(self, cameras: Array, points: Array, damping: float) -> tuple[Array, Array]:
        """Return the step of Levenberg and Marquardt."""
        error = self.residuals(cameras, points)
        of_camera, of_point = blocks(cameras[self.camera], points[self.point])
        U, V = np.zeros((len(cameras), 9, 9)), np.zeros((len(points), 3, 3))
        W = np.zeros((len(cameras), len(points), 9, 3))
        ea, eb = np.zeros_like(cameras), np.zeros_like(points)
        np.add.at(U, self.camera, np.einsum("nia,nib->nab", of_camera, of_camera))
        np.add.at(V, self.point, np.einsum("nia,nib->nab", of_point, of_point))
        np.add.at(W, (self.camera, self.point), np.einsum("nia,nib->nab", of_camera, of_point))
        np.add.at(ea, self.camera, -np.einsum("nia,ni->na", of_camera, error))
        np.add.at(eb, self.point, -np.einsum("nia,ni->na", of_point, error))
        U = U * (1 + damping * np.eye(9))
        V = np.linalg.inv(V * (1 + damping * np.eye(3)))
        WV = np.einsum("cpab,pbd->cpad", W, V)
        S = -np.einsum("cpab,dpeb->cade", WV, W)
        S[np.arange(len(cameras)), :, np.arange(len(cameras))] += U
        right = ea - np.einsum("cpab,pb->ca", WV, eb)
        da = np.linalg.solve(S.reshape(cameras.size, -1), right.ravel()).reshape(cameras.shape)
        db = np.einsum("pab,pb->pa", V, eb - np.einsum("cpab,ca->pb", W, da))
        return da, db

    def adjust(self, cameras: Array, points: Array, steps: int) -> tuple[Array, Array, list[float]]:
        """Minimize the squared errors; return cameras, points and the course of the root mean square error."""
        damping, course = 1e-2, [self.rms(cameras, points)]
        for _ in range(steps):
            da, db = self.step(cameras, points, damping)
            rms = self.rms(cameras + da, points + db)
            if rms < course[-1]:
                cameras, points, damping = cameras + da, points + db, damping / 10
                course.append(rms)
            else:
                damping *= 10
            if len(course) > 2 and course[-2] - course[-1] < 1e-9 * course[-1]:
                break
        return cameras, points, course

    def rms(self, cameras: Array, points: Array) -> float:
        """Return the root mean square error of a coordinate, in pixels."""
        return float(np.sqrt(np.mean(self.residuals(cameras, points) ** 2)))


def make(rng: np.random.Generator, cameras: int, points: int) -> tuple[Scene, Array, Array]:
    """Make a scene; return what was seen, the true cameras and the true points."""
    direction = rng.normal(size=(points, 3))
    sphere = direction / np.linalg.norm(direction, axis=1, keepdims=True)
    pedestal = np.stack([*rng.uniform(-1.5, 1.5, (2, points)), np.full(points, -1.2)], axis=1)
    truth = np.where(np.arange(points)[:, None] % 3 > 0, sphere, pedestal)

    around = np.linspace(0, 2 * np.pi, cameras, endpoint=False) + rng.normal(0, 0.05, cameras)
    place = np.stack([5 * np.cos(around), 5 * np.sin(around), rng.uniform(0.5, 2.5, cameras)], axis=1)
    z = place / np.linalg.norm(place, axis=1, keepdims=True)  # cameras look along -z
    x = np.cross([0.0, 0.0, 1.0], z)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    turn = np.stack([x, np.cross(z, x), z], axis=1)
    translation = -np.einsum("nij,nj->ni", turn, place)
    lens = np.stack([rng.uniform(480, 520, cameras), *rng.normal(0, 0.02, (2, cameras))], axis=1)
    true_cameras = np.concatenate([Rotation.from_matrix(turn).as_rotvec(), translation, lens], axis=1)

    facing = np.einsum("cj,pj->cp", z, truth) > 0.1
    camera, point = np.nonzero((facing | (truth[:, 2] == -1.2)) & (rng.random((cameras, points)) < 0.9))
    often = np.bincount(point, minlength=points)[point] >= 3  # what fewer cameras see is left out
    camera, (kept, point) = camera[often], np.unique(point[often], return_inverse=True)
    truth = truth[kept]
    pixel = predict(true_cameras[camera], truth[point]) + NOISE * rng.standard_normal((len(camera), 2))
    return Scene(camera, point, pixel), true_cameras, truth


def aligned(points: Array, truth: Array) -> Array:
    """Move, turn and scale points to the truth: pictures do not tell where the scene is, and how large."""
    a, b = points - points.mean(axis=0), truth - truth.mean(axis=0)
    turn, _ = Rotation.align_vectors(b, a)
    a = turn.apply(a)
    return a * np.sum(a * b) / np.sum(a**2) + truth.mean(axis=0)


def draw(truth: Array, before: Array, after: Array, course: list[float]) -> Figure:
    """Draw the scene before and after, and how the error falls."""
    figure = Figure(figsize=(13, 4.4), layout="constrained")
    for place, points, title in ((1, before, "First guess"), (2, after, "Adjusted")):
        axes = figure.add_subplot(1, 3, place, projection="3d")
        axes.scatter(*truth.T, s=20, facecolors="none", edgecolors="0.6", label="truth")
        axes.scatter(*points.T, s=6, c=truth[:, 2] == -1.2, cmap="coolwarm", label="found")
        axes.set(title=title, xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), zlim=(-1.4, 1.2), box_aspect=(1, 1, 0.8))
        axes.legend()
    axes = figure.add_subplot(1, 3, 3)
    axes.semilogy(course, "o-")
    axes.axhline(NOISE, color="0.6", linestyle="--", label="noise of the pixels")
    axes.set(xlabel="step", ylabel="error (pixels)", title="Levenberg and Marquardt")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Adjust, judge and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer cameras and points")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()

    rng = np.random.default_rng(0)
    scene, true_cameras, truth = make(rng, *((6, 60) if args.quick else (12, 300)))
    spread = np.array([0.03] * 3 + [0.1] * 3 + [20.0, 0.02, 0.02])
    cameras = true_cameras + spread * rng.standard_normal(true_cameras.shape)
    points = truth + 0.15 * rng.standard_normal(truth.shape)
    print(f"{len(cameras)} cameras, {len(points)} points, {len(scene.camera)} observations")

    fitted, found, course = scene.adjust(cameras, points, steps=40)
    print("error (pixels):", *(f"{rms:.4g}" for rms in course))
    before, after = aligned(points, truth), aligned(found, truth)
    rms_before, rms_after = (np.sqrt(np.mean((p - truth) ** 2)) for p in (before, after))
    print(f"points are off by {rms_before:.4f} before and {rms_after:.4f} after; the sphere's radius is 1")
    freedom = 2 * len(scene.camera) - fitted.size - found.size + 7
    expected = NOISE * np.sqrt(freedom / (2 * len(scene.camera)))
    print(f"error at the end {course[-1]:.4f} pixels; from the noise one expects {expected:.4f}")

    camera, point = fitted[0], found[scene.point[0]]
    exact = fg.jacfwd(project)(camera, point)
    steps = 1e-6 * np.eye(9)
    differences = np.stack([(project(camera + e, point) - project(camera - e, point)) / 2e-6 for e in steps], axis=1)
    print(f"a block of the Jacobian and finite differences differ by {np.abs(exact - differences).max():.1e}")
    assert np.allclose(exact, differences, rtol=1e-5, atol=1e-4)
    turned = Rotation.from_rotvec(camera[:3]).apply(point) + camera[3:6]
    flat = np.append(camera[:7], [0, 0])
    assert np.allclose(project(flat, point), -camera[6] * turned[:2] / turned[2]), "not a rotation"
    assert abs(course[-1] - expected) < 0.1 * expected
    assert rms_after < 0.1 * rms_before

    if args.quick:  # SciPy, without knowing which derivatives are zero
        split = fitted.size
        peer = least_squares(
            lambda v: scene.residuals(v[:split].reshape(-1, 9), v[split:].reshape(-1, 3)).ravel(),
            np.concatenate([cameras.ravel(), points.ravel()]),
            x_scale="jac",
            max_nfev=30,
        )
        print(f"SciPy's least_squares, by finite differences: {np.sqrt(np.mean(peer.fun**2)):.4f} pixels")
        assert course[-1] < np.sqrt(np.mean(peer.fun**2)) * 1.01

    args.out.mkdir(parents=True, exist_ok=True)
    draw(truth, before, after, course).savefig(args.out / "bundle_adjustment.png", dpi=120)
    print(f"picture: {args.out / 'bundle_adjustment.png'}")


if __name__ == "__main__":
    main()
