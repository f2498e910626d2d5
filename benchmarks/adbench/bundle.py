"""Bundle adjustment: the sparse Jacobian of weighted reprojection errors.

A camera is eleven numbers: a rotation vector, its centre C, a focal length f, a principal point c, and two coefficients
of radial distortion. It sees a point X at

    (a, b, c) = R(rotation) (X - C),   u = (a / c, b / c),   f (1 + k1 |u|^2 + k2 |u|^4) u + principal point

An observation has a weight w and two residuals, w (projection - measured), and each weight has one, 1 - w^2. A residual
depends on one camera, one point and one weight: the result is a block of 2 x (11 + 3 + 1) for each observation, and a
number for each weight. No rotation is zero.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.adbench.geometry import rotated_by_vector, rotation_matrices
from benchmarks.peers import (
    AUTOGRAD,
    BY_HAND,
    JAX,
    JIT,
    MYGRAD,
    OURS,
    TORCH,
    TORCH_FUNC,
    anp,
    autograd,
    fg,
    jax,
    jnp,
    mygrad,
    torch,
)
from benchmarks.suite import Run, Workload, own

#: Cameras, points and observations of the benchmark's first problems, which go on to 13,682 cameras.
SIZES = ((49, 7_776, 31_843), (21, 11_315, 36_455), (161, 48_126, 182_072), (372, 47_423, 204_472))


@dataclass(frozen=True)
class Scene:
    """Cameras and points; of each observation which of them, its weight, and where the point was seen."""

    cameras: Any
    points: Any
    camera_of: Any
    point_of: Any
    weights: Any
    seen: Any

    @property
    def observed(self) -> tuple[Any, ...]:
        """The arguments of each observation."""
        return self.cameras[self.camera_of], self.points[self.point_of], self.weights, self.seen


def problem(size: tuple[int, int, int]) -> Scene:
    """Points around the origin, and cameras that look at it from about six units away."""
    n, m, p = size
    rng = np.random.default_rng(0)
    rotations, points = rng.normal(size=(n, 3)), rng.uniform(-1, 1, size=(m, 3))
    ahead = rng.normal(size=(n, 3)) / 2 + [0, 0, 6]
    centres = -np.einsum("nij,ni->nj", rotation_matrices(rotations), ahead)
    lenses = np.column_stack([rng.uniform(0.5, 2, n), rng.normal(size=(n, 2)), rng.normal(size=(n, 2)) / 10])
    cameras = np.concatenate([rotations, centres, lenses], axis=1)
    camera_of, point_of = rng.integers(n, size=p), rng.integers(m, size=p)
    return Scene(cameras, points, camera_of, point_of, rng.uniform(0.5, 1.5, size=p), rng.normal(size=(p, 2)))


# ---- NumPy's text: a single observation, or observations along the first axes


def residual(xp: Any) -> Callable[..., Any]:
    def dot(a: Any, b: Any) -> Any:
        return xp.sum(a * b, axis=-1)[..., None]

    def of_observation(camera: Any, point: Any, weight: Any, seen: Any) -> Any:
        rotation, x = camera[..., :3], point - camera[..., 3:6]
        angle = xp.sqrt(dot(rotation, rotation))
        axis, cos = rotation / angle, xp.cos(angle)
        x = x * cos + xp.cross(axis, x) * xp.sin(angle) + axis * (dot(axis, x) * (1 - cos))
        u = x[..., :2] / x[..., 2:]
        r = dot(u, u)
        lens = 1 + camera[..., 9:10] * r + camera[..., 10:] * r**2
        return weight[..., None] * (camera[..., 6:7] * lens * u + camera[..., 7:9] - seen)

    return of_observation


def weight_residual(weight: Any) -> Any:
    return 1 - weight**2


def forward(s: Scene) -> Run:
    f, g = own(residual)(np), own(weight_residual)
    return lambda: (f(*s.observed), g(s.weights))


def by_hand(s: Scene) -> Run:
    def jacobian() -> tuple[Any, Any]:
        cameras, points, weights, seen = s.observed
        p, v, f, k = len(cameras), cameras[:, :3], cameras[:, 6, None], cameras[:, 9:]
        turn = rotation_matrices(v)
        x = points - cameras[:, 3:6]
        y = (turn @ x[:, :, None])[:, :, 0]
        u = y[:, :2] / y[:, 2:]
        r = np.sum(u**2, axis=1, keepdims=True)
        lens = 1 + k[:, :1] * r + k[:, 1:] * r**2
        slope = 2 * (k[:, :1] + 2 * k[:, 1:] * r)  # of the lens, along u

        by_u = f[:, :, None] * (lens[:, :, None] * np.eye(2) + slope[:, :, None] * u[:, :, None] * u[:, None])
        by_y = np.concatenate([by_u, -by_u @ u[:, :, None]], axis=2) / y[:, 2, None, None]
        by_point = by_y @ turn
        by_rotation = by_y @ rotated_by_vector(v, turn, x)

        blocks = np.empty((p, 2, 15))
        blocks[:, :, :3], blocks[:, :, 3:6], blocks[:, :, 11:14] = by_rotation, -by_point, by_point
        blocks[:, :, 6] = lens * u
        blocks[:, :, 7:9] = np.eye(2)
        blocks[:, :, 9], blocks[:, :, 10] = f * r * u, f * r**2 * u
        blocks[:, :, :14] *= weights[:, None, None]
        blocks[:, :, 14] = f * lens * u + cameras[:, 7:9] - seen
        return blocks, -2 * weights

    return jacobian


def block(parts: Any, xp: Any) -> Any:
    """Derivatives with respect to camera, point and weight, side by side."""
    camera, point, weight = parts
    return xp.concatenate([camera, point, weight[..., None]], axis=-1)


def ours(s: Scene) -> Run:
    blocks = fg.vmap(fg.jacrev(own(residual)(np), (0, 1, 2)))
    slopes = fg.vmap(fg.grad(own(weight_residual)))
    return lambda: (block(blocks(*s.observed), np), slopes(s.weights))


def with_autograd(s: Scene) -> Run:
    """No vmap: all observations at once, of which each residual depends on its own arguments."""
    f, slopes = own(residual)(anp), autograd.elementwise_grad(own(weight_residual))

    def jacobian() -> tuple[Any, Any]:
        *arguments, seen = s.observed
        pullback, value = autograd.make_vjp(lambda arguments: f(*arguments, seen))(tuple(arguments))
        rows = [block(pullback(np.broadcast_to(row, value.shape)), np) for row in np.eye(2)]
        return np.stack(rows, axis=1), slopes(s.weights)

    return jacobian


# ---- the others' own


def torch_residual(camera: Any, point: Any, weight: Any, seen: Any) -> Any:
    rotation, x = camera[..., :3], point - camera[..., 3:6]
    angle = torch.linalg.vector_norm(rotation, dim=-1, keepdim=True)
    axis, cos = rotation / angle, torch.cos(angle)
    along = (axis * x).sum(-1, keepdim=True)
    x = x * cos + torch.linalg.cross(axis, x) * torch.sin(angle) + axis * (along * (1 - cos))
    u = x[..., :2] / x[..., 2:]
    r = u.square().sum(-1, keepdim=True)
    lens = 1 + camera[..., 9:10] * r + camera[..., 10:] * r.square()
    return weight[..., None] * (camera[..., 6:7] * lens * u + camera[..., 7:9] - seen)


def as_torch(s: Scene) -> Scene:
    return Scene(*(torch.tensor(getattr(s, name)) for name in s.__dataclass_fields__))


def with_torch(s: Scene) -> Run:
    t = as_torch(s)

    def jacobian() -> tuple[Any, Any]:
        camera, point, weight, seen = t.observed
        arguments = [x.detach().requires_grad_() for x in (camera, point, weight)]
        value = torch_residual(*arguments, seen)
        rows = [
            block(torch.autograd.grad(value, arguments, row.expand(value.shape), retain_graph=True), torch)
            for row in torch.eye(2, dtype=torch.float64)
        ]
        weights = t.weights.detach().requires_grad_()
        (slopes,) = torch.autograd.grad(weight_residual(weights).sum(), weights)
        return torch.stack(rows, 1), slopes

    return jacobian


def with_torch_func(s: Scene) -> Run:
    t = as_torch(s)
    blocks = torch.func.vmap(torch.func.jacrev(torch_residual, (0, 1, 2)))
    slopes = torch.func.vmap(torch.func.grad(own(weight_residual)))
    return lambda: (block(blocks(*t.observed), torch), slopes(t.weights))


def with_mygrad(s: Scene) -> Run:
    """A graph can be walked once: the residuals are evaluated for each row."""

    def dot(a: Any, b: Any) -> Any:
        return mygrad.sum(a * b, axis=1, keepdims=True)

    def cross(a: Any, b: Any) -> Any:
        (a0, a1, a2), (b0, b1, b2) = [[v[:, i] for i in range(3)] for v in (a, b)]
        return mygrad.stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], axis=1)

    def row(i: int) -> Any:
        *arguments, seen = s.observed
        camera, point, weight = arguments = [mygrad.tensor(x) for x in arguments]
        rotation, x = camera[:, :3], point - camera[:, 3:6]
        angle = mygrad.sqrt(dot(rotation, rotation))
        axis, cos = rotation / angle, mygrad.cos(angle)
        x = x * cos + cross(axis, x) * mygrad.sin(angle) + axis * (dot(axis, x) * (1 - cos))
        u = x[:, :2] / x[:, 2:]
        r = dot(u, u)
        lens = 1 + camera[:, 9:10] * r + camera[:, 10:] * r**2
        value = weight[:, None] * (camera[:, 6:7] * lens * u + camera[:, 7:9] - seen)
        mygrad.sum(value[:, i]).backward()
        return block([x.grad for x in arguments], np)

    def jacobian() -> tuple[Any, Any]:
        weights = mygrad.tensor(s.weights)
        mygrad.sum(weight_residual(weights)).backward()
        return np.stack([row(0), row(1)], axis=1), weights.grad

    return jacobian


def jax_jacobian(s: Scene) -> tuple[Callable[..., Any], Scene]:
    blocks = jax.vmap(jax.jacrev(own(residual)(jnp), (0, 1, 2)))
    slopes = jax.vmap(jax.grad(own(weight_residual)))
    on_device = Scene(*(jnp.asarray(getattr(s, name)) for name in s.__dataclass_fields__))
    return lambda *observed: (block(blocks(*observed), jnp), slopes(observed[2])), on_device


def with_jax(s: Scene) -> Run:
    f, t = jax_jacobian(s)
    return lambda: jax.block_until_ready(f(*t.observed))


def with_jit(s: Scene) -> Run:
    f, t = jax_jacobian(s)
    f = jax.jit(f)
    return lambda: jax.block_until_ready(f(*t.observed))


WORKLOAD = Workload(
    name="bundle adjustment",
    group="ADBench",
    problem=problem,
    builders={
        OURS: ours,
        BY_HAND: by_hand,
        AUTOGRAD: with_autograd,
        TORCH: with_torch,
        TORCH_FUNC: with_torch_func,
        MYGRAD: with_mygrad,
        JAX: with_jax,
        JIT: with_jit,
    },
    forward=forward,
    sizes=SIZES[0::2],
    quick=((3, 20, 50),),
)
