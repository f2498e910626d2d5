"""Hand tracking: the Jacobian of the distances between measured points and a skinned model of a hand.

26 numbers pose the hand: a rotation vector, a translation, and four angles for each of five fingers (two at the first
joint, one at each of the next two). Joint j turns its bone by R(angles_j), so that with the pose B_j of the bone in its
parent's frame, A_j = A_parent B_j R_j, and T_j = A_j I_j, where I_j leads from the resting hand into the bone's frame.
A vertex with weights w_j rests at x and goes to rotation * sum_j w_j T_j x + translation.

In the simple problem a measured point belongs to a vertex. In the complicated one it belongs to a place in a triangle
of vertices, u_1 v_1 + u_2 v_2 + (1 - u_1 - u_2) v_3, and the two u of each point are variables too. Only its own point
depends on them, so a point's block of the Jacobian is 3 x 28: all points' u move at once.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.adbench.geometry import rotated_by_vector, rotation_matrices
from benchmarks.adbench.skeleton import (
    BONES,
    PARENTS,
    PLACES,
    ROOTS,
    VERTICES,
    Hand,
    chain,
    complicated_problem,
    simple_problem,
)
from benchmarks.peers import (
    AUTOGRAD,
    BY_HAND,
    JAX,
    JIT,
    OURS,
    TORCH,
    TORCH_FUNC,
    anp,
    autograd,
    fg,
    jax,
    jnp,
    torch,
)
from benchmarks.suite import Run, Workload, own

#: Measured points in the benchmark's problems.
SIZES = (100, 192, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 100_000)


# ---- NumPy's text


def distances(xp: Any, hand: Hand) -> Callable[[Any], Any]:
    zero, skew, eye = np.zeros(1), -np.cross(np.eye(3)[:, None], np.eye(3)[None]), np.eye(3)

    def matrices(rows: Any, shape: tuple[int, ...]) -> Any:
        return xp.reshape(xp.stack(rows, axis=-1), shape)

    def joints(theta: Any) -> Any:
        angles = xp.concatenate([theta, zero])[PLACES]
        (sx, sz, sy), (cx, cz, cy) = xp.sin(angles).T, xp.cos(angles).T
        first = [cz * cy, -sz * cx - cz * sy * sx, sz * sx - cz * sy * cx]
        second = [sz * cy, cz * cx - sz * sy * sx, -cz * sx - sz * sy * cx]
        return matrices([*first, *second, sy, cy * sx, cy * cx], (BONES, 3, 3))

    def rotation(v: Any) -> Any:
        angle = xp.sqrt(xp.sum(v**2))
        axis = v / angle
        c = xp.cos(angle)
        return c * eye + (1 - c) * axis[:, None] * axis + xp.sin(angle) * xp.matmul(skew, axis)

    def skinned(theta: Any) -> Any:
        turned = xp.matmul(hand.base[:, :, :3], joints(theta))
        relatives = xp.concatenate([turned, hand.base[:, :, 3:]], axis=2)
        transforms = xp.matmul(chain(xp.concatenate, relatives), hand.inverse)
        blended = xp.matmul(hand.weights, xp.reshape(transforms[:, :3], (BONES, 12)))
        vertices = xp.sum(xp.reshape(blended, (VERTICES, 3, 4)) * hand.vertices[:, None], axis=2)
        return xp.matmul(vertices, rotation(theta[:3]).T) + theta[3:6]

    def simple(theta: Any) -> Any:
        return hand.points - skinned(theta)[hand.owners]

    def complicated(variables: Any) -> Any:
        u, v = hand.u + variables[:2], skinned(variables[2:])
        first, second = u[:, :1], u[:, 1:]
        corners = hand.triangles[hand.owners]
        at = first * v[corners[:, 0]] + second * v[corners[:, 1]] + (1 - first - second) * v[corners[:, 2]]
        return hand.points - at

    return simple if hand.triangles is None else complicated


def forward(hand: Hand) -> Run:
    f = own(distances)(np, hand)
    return lambda: f(hand.variables)


def by_hand(hand: Hand) -> Run:
    """An angle turns everything behind its joint: its derivative is a fixed matrix times where that is now."""
    behind = np.eye(BONES, dtype=bool)
    for bone, parent in enumerate(PARENTS):
        if parent >= 0:
            behind[:, bone] |= behind[:, parent]
    about_x, about_z = np.zeros((2, 4, 4))
    about_x[2, 1], about_x[1, 2] = 1, -1
    about_z[1, 0], about_z[0, 1] = 1, -1
    turning = np.concatenate([ROOTS, ROOTS + 5, ROOTS + 10])  # the bones that turn about x
    order = np.argsort(np.concatenate([PLACES[turning, 0], PLACES[ROOTS, 1]]))
    parts = behind[np.concatenate([turning, ROOTS])][order].astype(float)

    def skinned(theta: Any) -> tuple[Any, Any]:
        """The vertices and their derivatives, which come first."""
        angles = np.append(theta, 0.0)[PLACES]
        s, c = np.sin(angles), np.cos(angles)
        x, z = np.tile(np.eye(4), (2, BONES, 1, 1))
        x[:, 1, 1] = x[:, 2, 2] = c[:, 0]
        x[:, 2, 1], x[:, 1, 2] = s[:, 0], -s[:, 0]
        z[:, 0, 0] = z[:, 1, 1] = c[:, 1]
        z[:, 1, 0], z[:, 0, 1] = s[:, 1], -s[:, 1]
        poses = chain(np.concatenate, hand.base @ z @ x)
        transforms = poses @ hand.inverse
        roots = poses[ROOTS] @ np.linalg.inv(x[ROOTS])
        frames = np.concatenate([poses[turning], roots])[order]
        axes = np.concatenate([np.tile(about_x, (len(turning), 1, 1)), np.tile(about_z, (len(roots), 1, 1))])[order]
        moves = frames @ axes @ np.linalg.inv(frames)

        blended = (parts[:, :, None, None] * (moves[:, None] @ transforms))[:, :, :3].reshape(-1, BONES, 12)
        blended = np.concatenate([transforms[None, :, :3].reshape(1, BONES, 12), blended])
        v = np.einsum("kvij,vj->kvi", (hand.weights @ blended).reshape(-1, VERTICES, 3, 4), hand.vertices)
        turn = rotation_matrices(theta[None, :3])[0]
        by_rotation = rotated_by_vector(theta[None, :3], turn[None], v[0])
        shifts = np.broadcast_to(np.eye(3)[:, None], (3, VERTICES, 3))
        v = v @ turn.T
        return v[0] + theta[3:6], np.concatenate([np.moveaxis(by_rotation, 2, 0), shifts, v[1:]])

    def simple() -> Any:
        return -np.moveaxis(skinned(hand.theta)[1], 0, 2)[hand.owners]

    def complicated() -> Any:
        v, slopes = skinned(hand.theta)
        a, b, c = hand.triangles[hand.owners].T
        slopes = np.moveaxis(slopes, 0, 2)
        first, second = hand.u[:, :1, None], hand.u[:, 1:, None]
        by_pose = first * slopes[a] + second * slopes[b] + (1 - first - second) * slopes[c]
        return -np.concatenate([(v[a] - v[c])[:, :, None], (v[b] - v[c])[:, :, None], by_pose], axis=2)

    return simple if hand.triangles is None else complicated


def ours(hand: Hand) -> Run:
    jacobian = fg.jacfwd(own(distances)(np, hand))
    return lambda: jacobian(hand.variables)


def with_autograd(hand: Hand) -> Run:
    """Forward mode, a column at a time."""
    push = autograd.make_jvp(own(distances)(anp, hand))

    def jacobian() -> Any:
        x = hand.variables
        columns = push(x)
        return np.stack([columns(v)[1] for v in np.eye(len(x))], axis=2)

    return jacobian


# ---- the others' own


def torch_distances(hand: Hand) -> Callable[[Any], Any]:
    zero, places = torch.zeros(1, dtype=torch.float64), torch.tensor(PLACES)
    eye = torch.eye(3, dtype=torch.float64)
    skew = -torch.linalg.cross(eye[:, None].expand(3, 3, 3), eye.expand(3, 3, 3))

    def joints(theta: Any) -> Any:
        angles = torch.cat([theta, zero])[places]
        (sx, sz, sy), (cx, cz, cy) = torch.sin(angles).unbind(1), torch.cos(angles).unbind(1)
        first = [cz * cy, -sz * cx - cz * sy * sx, sz * sx - cz * sy * cx]
        second = [sz * cy, cz * cx - sz * sy * sx, -cz * sx - sz * sy * cx]
        return torch.stack([*first, *second, sy, cy * sx, cy * cx], -1).unflatten(-1, (3, 3))

    def rotation(v: Any) -> Any:
        angle = torch.linalg.vector_norm(v)
        axis, c = v / angle, torch.cos(angle)
        return c * eye + (1 - c) * torch.outer(axis, axis) + torch.sin(angle) * (skew @ axis)

    def skinned(theta: Any) -> Any:
        relatives = torch.cat([hand.base[:, :, :3] @ joints(theta), hand.base[:, :, 3:]], 2)
        transforms = chain(torch.cat, relatives) @ hand.inverse
        blended = (hand.weights @ transforms[:, :3].flatten(1)).unflatten(1, (3, 4))
        return (blended * hand.vertices[:, None]).sum(2) @ rotation(theta[:3]).T + theta[3:6]

    def simple(theta: Any) -> Any:
        return hand.points - skinned(theta)[hand.owners]

    def complicated(variables: Any) -> Any:
        u, v = hand.u + variables[:2], skinned(variables[2:])
        first, second = u[:, :1], u[:, 1:]
        a, b, c = hand.triangles[hand.owners].unbind(1)
        return hand.points - (first * v[a] + second * v[b] + (1 - first - second) * v[c])

    return simple if hand.triangles is None else complicated


def with_torch(hand: Hand) -> Run:
    f, x = torch_distances(hand.arrays(torch.tensor)), torch.tensor(hand.variables)
    return lambda: torch.autograd.functional.jacobian(f, x, strategy="forward-mode", vectorize=True)


def with_torch_func(hand: Hand) -> Run:
    jacobian, x = torch.func.jacfwd(torch_distances(hand.arrays(torch.tensor))), torch.tensor(hand.variables)
    return lambda: jacobian(x)


def with_jax(hand: Hand) -> Run:
    jacobian, x = jax.jacfwd(own(distances)(jnp, hand.arrays(jnp.asarray))), jnp.asarray(hand.variables)
    return lambda: jax.block_until_ready(jacobian(x))


def with_jit(hand: Hand) -> Run:
    jacobian, x = jax.jit(jax.jacfwd(own(distances)(jnp, hand.arrays(jnp.asarray)))), jnp.asarray(hand.variables)
    return lambda: jax.block_until_ready(jacobian(x))


# MyGrad has no forward mode, and a graph of its can be walked once: a Jacobian would take an evaluation for each row.
BUILDERS = {
    OURS: ours,
    BY_HAND: by_hand,
    AUTOGRAD: with_autograd,
    TORCH: with_torch,
    TORCH_FUNC: with_torch_func,
    JAX: with_jax,
    JIT: with_jit,
}
SIMPLE, COMPLICATED = (
    Workload(
        name=name,
        group="ADBench",
        problem=problem,
        builders=BUILDERS,
        forward=forward,
        sizes=(SIZES[0], SIZES[5], SIZES[9]),
        quick=(10,),
    )
    for name, problem in (("hand, simple", simple_problem), ("hand, complicated", complicated_problem))
)
