"""Swings a pendulum up with a weak motor: optimal control by the gradient through the motion.

A pendulum hangs down, and its motor is too weak to lift it: it holds a good quarter of the weight. The torque u(t) that
ends upright and at rest, with the least energy, has to swing back and forth first. Newton's law is followed by the
Runge-Kutta method in a plain loop: ``theta'' = -sin theta - c theta' + u``; the cost is ``sum u^2 dt`` and the distance
from the goal at the end. ``fg.value_and_grad`` gives its derivatives with respect to the torques at all times in one
backward pass, and L-BFGS with bounds finds the torques. Pontryagin's adjoint equations, which one would else derive by
hand and solve backwards in time, are that backward pass.

Source: A. E. Bryson and Y. C. Ho, "Applied Optimal Control" (1975), chapter 2.
"""

import argparse
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

import funcgrad as fg

Array: TypeAlias = NDArray[Any]

DURATION = 16.0  # in units of the root of length / gravity
LIMIT = 0.28  # of the weight times the length
FRICTION = 0.02
GOAL = np.array([np.pi, 0.0])  # upright, at rest


def change(state: Array, torque: Array) -> Array:
    """Return how angle and speed change."""
    angle, speed = state
    return np.stack([speed, torque - np.sin(angle) - FRICTION * speed])


def motion(torques: Array) -> Array:
    """Return the states at all times, from rest, hanging down; a torque acts from one time to the next."""
    step = DURATION / len(torques)
    state = np.zeros(2)
    states = [state]
    for torque in torques:
        k1 = change(state, torque)
        k2 = change(state + step / 2 * k1, torque)
        k3 = change(state + step / 2 * k2, torque)
        k4 = change(state + step * k3, torque)
        state = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        states.append(state)
    return np.stack(states)


def cost(torques: Array, weight: float) -> Array:
    """Return the energy that the motor spends, and `weight` times the squared distance from the goal at the end."""
    end = motion(torques)[-1]
    return np.sum(torques**2) * DURATION / len(torques) + weight * np.sum((end - GOAL) ** 2)


def optimize(torques: Array, steps: int) -> Array:
    """Return the best torques, for goals that weigh more and more."""
    bounds = [(-LIMIT, LIMIT)] * len(torques)
    for weight in (1.0, 30.0, 1000.0):
        loss = fg.value_and_grad(lambda u, weight=weight: cost(u, weight))
        found = minimize(
            loss, torques, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps, "ftol": 1e-12}
        )
        torques = found.x
        off = np.linalg.norm(motion(torques)[-1] - GOAL)
        print(f"weight {weight:6.0f}: {found.nit:3d} steps, energy {cost(torques, 0):.4f}, {off:.4f} from the goal")
    return torques


def draw(torques: Array, states: Array) -> Figure:
    """Draw the pendulum as it swings, angle and torque over time, and the path in phase space."""
    figure = Figure(figsize=(12, 4.6), layout="constrained")
    swing, course, phase = figure.subplots(1, 3)
    colours = np.linspace(0, 1, len(states))
    x, y = np.sin(states[:, 0]), -np.cos(states[:, 0])
    swing.scatter(x * (0.8 + 0.2 * colours), y * (0.8 + 0.2 * colours), c=colours, s=20)
    swing.plot([0, x[-1]], [0, y[-1]], "k", linewidth=2)
    swing.plot(x[-1], y[-1], "ko", markersize=12)
    swing.set(aspect="equal", xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), xticks=[], yticks=[], title="From dark to bright")

    time = np.linspace(0, DURATION, len(states))
    course.plot(time, states[:, 0] / np.pi, label="angle / pi")
    course.stairs(torques / LIMIT, time, baseline=None, label="torque / limit")
    course.set(xlabel="time", title="The least energy")
    course.axhline(1, color="0.7", zorder=0, linewidth=0.8)
    course.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)

    angle, speed = np.meshgrid(np.linspace(-2.5, 3.6, 100), np.linspace(-2.5, 2.5, 100))
    phase.contour(angle, speed, 0.5 * speed**2 - np.cos(angle), levels=12, colors="0.85", linestyles="solid")
    phase.scatter(*states.T, c=colours, s=10)
    phase.set(xlabel="angle", ylabel="speed", title="Across the lines of equal energy")
    for axes in (course, phase):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Optimize, judge and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer torques and steps")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "output", help="the folder of the picture")
    args = parser.parse_args()

    count = 40 if args.quick else 48
    start = 0.1 * np.sin(np.linspace(0, DURATION, count))  # in step with small swings
    torques = optimize(start, steps=50 if args.quick else 100)
    states = motion(torques)

    def moving(t: float, state: Array) -> Array:
        return change(state, torques[min(int(t / DURATION * count), count - 1)])

    exact = solve_ivp(moving, (0, DURATION), [0, 0], rtol=1e-8, atol=1e-8, max_step=DURATION / count / 2).y[:, -1]
    print(f"at the end: angle {states[-1, 0] / np.pi:.4f} pi, speed {states[-1, 1]:+.4f}")
    print(f"  as SciPy integrates: angle {exact[0] / np.pi:.4f} pi, speed {exact[1]:+.4f}")
    gradient = fg.grad(cost)(torques, 1000.0)
    e = 1e-6 * np.eye(count)[::8]
    differences = [(cost(torques + d, 1000.0) - cost(torques - d, 1000.0)) / 2e-6 for d in e]
    print(f"gradient and finite differences differ by {np.abs(gradient[::8] - differences).max():.1e}")
    turns = np.sum(np.diff(np.sign(torques[np.abs(torques) > 0.01])) != 0)
    print(f"the motor turns round {turns} times, and is at its limit {np.mean(np.abs(torques) > 0.999 * LIMIT):.0%}")
    assert np.allclose(gradient[::8], differences, rtol=1e-4, atol=1e-4)
    assert np.abs(states[-1] - GOAL).max() < (0.1 if args.quick else 0.01)
    assert np.abs(exact - states[-1]).max() < 0.02
    assert np.abs(torques).max() <= LIMIT

    args.out.mkdir(parents=True, exist_ok=True)
    draw(torques, states).savefig(args.out / "pendulum.png", dpi=120)
    print(f"picture: {args.out / 'pendulum.png'}")


if __name__ == "__main__":
    main()
