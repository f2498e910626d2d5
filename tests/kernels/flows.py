"""Differential equations in time: fluids, bodies, diffusion, trajectories."""

import numpy as np

from kernels.factorizations import thomas
from kernels.table import Kernel, normal, positive


def poisson_source(b, u, v, rho, dx, dt):
    ux = (u[1:-1, 2:] - u[1:-1, :-2]) / (2 * dx)
    vy = (v[2:, 1:-1] - v[:-2, 1:-1]) / (2 * dx)
    uy = (u[2:, 1:-1] - u[:-2, 1:-1]) / (2 * dx)
    vx = (v[1:-1, 2:] - v[1:-1, :-2]) / (2 * dx)
    b[1:-1, 1:-1] = rho * ((ux + vy) / dt - ux**2 - 2 * uy * vx - vy**2)


def pressure(p, b, dx, iterations):
    """Iterate on the pressure in place; its slope is zero at three walls."""
    old = np.empty_like(p)
    for _ in range(iterations):
        old[:] = p
        p[1:-1, 1:-1] = 0.25 * (old[1:-1, 2:] + old[1:-1, :-2] + old[2:, 1:-1] + old[:-2, 1:-1])
        p[1:-1, 1:-1] -= 0.25 * dx**2 * b[1:-1, 1:-1]
        p[:, -1] = p[:, -2]
        p[0, :] = p[1, :]
        p[:, 0] = p[:, 1]
        p[-1, :] = 0.0


def momentum(new, old, u, v, slope, dx, dt, nu):
    """One velocity component in place: advection, diffusion and the slope of the pressure."""
    inner = old[1:-1, 1:-1]
    new[1:-1, 1:-1] = inner - dt * slope
    new[1:-1, 1:-1] -= u[1:-1, 1:-1] * dt / dx * (inner - old[1:-1, :-2])
    new[1:-1, 1:-1] -= v[1:-1, 1:-1] * dt / dx * (inner - old[:-2, 1:-1])
    new[1:-1, 1:-1] += nu * dt / dx**2 * (old[1:-1, 2:] + old[1:-1, :-2] + old[2:, 1:-1] + old[:-2, 1:-1] - 4 * inner)


def cavity_flow(u, v, p, steps, iterations, dx, dt, rho, nu):
    """A lid moves over a box of fluid."""
    b = np.zeros_like(p)
    for _ in range(steps):
        un, vn = u.copy(), v.copy()
        poisson_source(b, un, vn, rho, dx, dt)
        pressure(p, b, dx, iterations)
        momentum(u, un, un, vn, (p[1:-1, 2:] - p[1:-1, :-2]) / (2 * rho * dx), dx, dt, nu)
        momentum(v, vn, un, vn, (p[2:, 1:-1] - p[:-2, 1:-1]) / (2 * rho * dx), dx, dt, nu)
        for w in (u, v):
            w[0, :] = w[:, 0] = w[:, -1] = w[-1, :] = 0.0
        u[-1, :] = 1.0
    return u, v, p


def channel_flow(u, v, force, steps, dx, dt, nu):
    """Periodic along the channel, walls at its sides; the pressure drop is given."""
    for _ in range(steps):
        un, vn = u.copy(), v.copy()
        for w, old, f in ((u, un, force), (v, vn, 0.0)):
            left, right = np.roll(old, 1, axis=1), np.roll(old, -1, axis=1)
            w[1:-1] = old[1:-1] - dt / dx * un[1:-1] * (old - left)[1:-1]
            w[1:-1] -= dt / dx * vn[1:-1] * (old[1:-1] - old[:-2])
            w[1:-1] += nu * dt / dx**2 * (left[1:-1] + right[1:-1] + old[2:] + old[:-2] - 4 * old[1:-1])
            w[1:-1] += dt * f
            w[0] = w[-1] = 0.0
    return u, v


def burgers(u, steps, dx, dt, nu):
    for _ in range(steps):
        un = u.copy()
        for i in range(1, len(u) - 1):
            u[i] = un[i] - un[i] * dt / dx * (un[i] - un[i - 1])
            u[i] += nu * dt / dx**2 * (un[i + 1] - 2 * un[i] + un[i - 1])
        u[0] = u[-2]
        u[-1] = u[1]
    return u


def shallow_water(h, hu, steps, ratio):
    """Conserved quantities in one array of two rows; Lax and Friedrichs' scheme."""
    q = np.stack([h, hu])
    flux = np.empty_like(q)
    for _ in range(steps):
        flux[0] = q[1]
        flux[1] = q[1] ** 2 / q[0] + 4.9 * q[0] ** 2
        q[:, 1:-1] = 0.5 * (q[:, 2:] + q[:, :-2]) - 0.5 * ratio * (flux[:, 2:] - flux[:, :-2])
        q[:, 0] = q[:, 1]
        q[:, -1] = q[:, -2]
        q[1, [0, -1]] *= -1
    return q


def accelerations(acc, pos, mass):
    acc[...] = 0.0
    for i in range(len(pos)):
        for j in range(i + 1, len(pos)):
            d = pos[j] - pos[i]
            pull = d / (d @ d + 0.01) ** 1.5
            acc[i] += mass[j] * pull
            acc[j] -= mass[i] * pull


def nbody(pos, vel, mass, steps, dt):
    """Leapfrog: positions and velocities are advanced in place."""
    acc = np.zeros_like(pos)
    energy = np.zeros(steps)
    accelerations(acc, pos, mass)
    for t in range(steps):
        vel += 0.5 * dt * acc
        pos += dt * vel
        accelerations(acc, pos, mass)
        vel += 0.5 * dt * acc
        energy[t] = 0.5 * np.sum(mass[:, None] * vel**2)
    return pos, vel, energy


class Bodies:
    """State in an object: its methods write to its arrays."""

    def __init__(self, x, v):
        self.x = x
        self.v = v

    def drift(self, dt):
        self.x += dt * self.v

    def kick(self, dt):
        self.v -= dt * self.x**3


def oscillators(x, v, steps, dt):
    bodies = Bodies(x, v)
    for _ in range(steps):
        bodies.kick(dt / 2)
        bodies.drift(dt)
        bodies.kick(dt / 2)
    return x, bodies.v


def crank_nicolson(u, steps, r):
    """Diffusion: half explicit, half implicit, the latter by sweeps in place."""
    n = len(u)
    for _ in range(steps):
        d = np.empty(n)
        d[1:-1] = r * u[:-2] + (2 - 2 * r) * u[1:-1] + r * u[2:]
        d[0] = (2 - 2 * r) * u[0] + r * u[1]
        d[-1] = (2 - 2 * r) * u[-1] + r * u[-2]
        side = np.full(n - 1, -r)
        thomas(side, np.full(n, 2 + 2 * r), side, d)
        u[:] = d
    return u


def lorenz(dy, y):
    dy[0] = 10.0 * (y[1] - y[0])
    dy[1] = y[0] * (28.0 - y[2]) - y[1]
    dy[2] = y[0] * y[1] - 8.0 / 3.0 * y[2]


def rk4(y0, steps, dt):
    """Fill a trajectory; the four slopes live in one buffer."""
    trajectory = np.empty((steps + 1, len(y0)))
    trajectory[0] = y0
    k = np.empty((4, len(y0)))
    for t in range(steps):
        y = trajectory[t]
        lorenz(k[0], y)
        lorenz(k[1], y + 0.5 * dt * k[0])
        lorenz(k[2], y + 0.5 * dt * k[1])
        lorenz(k[3], y + dt * k[2])
        trajectory[t + 1] = y + dt / 6 * (k[0] + 2 * k[1] + 2 * k[2] + k[3])
    return trajectory


def pendulum(theta0, omega0, steps, dt):
    """A double table: scalars read and written one at a time."""
    state = np.zeros((steps + 1, 2))
    state[0, 0] = theta0[0]
    state[0, 1] = omega0[0]
    for t in range(steps):
        state[t + 1, 1] = state[t, 1] - dt * np.sin(state[t, 0])
        state[t + 1, 0] = state[t, 0] + dt * state[t + 1, 1]
    return state


def deposit(position, charge, cells):
    """Particles in cells: share charges among grid points, and read the smoothed grid back at the particles."""
    grid = np.zeros(cells)
    left = np.floor(position).astype(int)
    weight = position - left
    np.add.at(grid, left, charge * (1 - weight))
    np.add.at(grid, left + 1, charge * weight)
    grid[1:-1] = 0.25 * grid[:-2] + 0.5 * grid[1:-1] + 0.25 * grid[2:]
    return grid, grid[left] * (1 - weight) + grid[left + 1] * weight


KERNELS = (
    Kernel(cavity_flow, lambda rng, n: (*0.3 * normal(rng, 3, n, n), 2, 3, 0.5, 0.05, 1.1, 0.1), n=6),
    Kernel(channel_flow, lambda rng, n: (*0.3 * normal(rng, 2, n, n), 0.5, 2, 0.5, 0.05, 0.1)),
    Kernel(burgers, lambda rng, n: (positive(rng, n), 2, 0.5, 0.1, 0.3), n=6),
    Kernel(shallow_water, lambda rng, n: (positive(rng, n), 0.1 * normal(rng, n), 2, 0.1), n=6),
    Kernel(nbody, lambda rng, n: (*normal(rng, 2, n, 3), positive(rng, n), 2, 0.1), n=3),
    Kernel(oscillators, lambda rng, n: (*normal(rng, 2, n), 3, 0.1)),
    Kernel(crank_nicolson, lambda rng, n: (normal(rng, n), 2, 0.4), n=6),
    Kernel(rk4, lambda rng, n: (normal(rng, 3), n, 0.02), n=3),
    Kernel(pendulum, lambda rng, n: (positive(rng, 1), normal(rng, 1), n, 0.1), n=6),
    Kernel(deposit, lambda rng, n: (rng.permutation(3 * n) / 3 + 0.13, positive(rng, 3 * n), n + 2), n=4),
)
