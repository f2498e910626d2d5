"""Two models as they are trained: a block of a transformer, and a loop of LSTM cells."""

import math
from typing import Any

import numpy as np

from benchmarks.idioms import Inputs, gradients, value
from benchmarks.peers import BY_HAND, jax, jnp
from benchmarks.suite import Run, Workload

# ---- a transformer's block: normalise, attend, add; normalise, two layers, add. The loss is the mean of squares

EPS, BEND, CUBIC = 1e-5, math.sqrt(2 / math.pi), 0.044715


def block(xp: Any) -> Any:
    def normalised(x: Any, gain: Any, bias: Any) -> Any:
        x = x - xp.mean(x, axis=-1, keepdims=True)
        return x / xp.sqrt(xp.mean(x**2, axis=-1, keepdims=True) + EPS) * gain + bias

    def softmax(x: Any) -> Any:
        e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
        return e / xp.sum(e, axis=-1, keepdims=True)

    def attention(x: Any, into: Any, out: Any, heads: int) -> Any:
        batch, length, width = x.shape
        parts = xp.transpose(xp.reshape(x @ into, (batch, length, 3, heads, width // heads)), (2, 0, 3, 1, 4))
        scores = parts[0] @ xp.swapaxes(parts[1], -1, -2) / math.sqrt(width // heads)
        mixed = xp.swapaxes(softmax(scores) @ parts[2], 1, 2)
        return xp.reshape(mixed, (batch, length, width)) @ out

    def gelu(x: Any) -> Any:
        return 0.5 * x * (1 + xp.tanh(BEND * x * (1 + CUBIC * x**2)))

    def loss(p: Any, x: Any, heads: int) -> Any:
        x = x + attention(normalised(x, p["gain1"], p["bias1"]), p["into"], p["out"], heads)
        y = gelu(normalised(x, p["gain2"], p["bias2"]) @ p["up"] + p["up_bias"])
        x = x + y @ p["down"] + p["down_bias"]
        return xp.mean(x**2)

    return loss


def torch_block(lib: Any) -> Any:
    functional = lib.nn.functional

    def attention(x: Any, into: Any, out: Any, heads: int) -> Any:
        q, k, v = (x @ into).unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4).unbind()
        return functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2) @ out

    def loss(p: Any, x: Any, heads: int) -> Any:
        width = x.shape[-1:]
        x = x + attention(functional.layer_norm(x, width, p["gain1"], p["bias1"], EPS), p["into"], p["out"], heads)
        y = functional.layer_norm(x, width, p["gain2"], p["bias2"], EPS) @ p["up"] + p["up_bias"]
        x = x + functional.gelu(y, approximate="tanh") @ p["down"] + p["down_bias"]
        return x.square().mean()

    return loss


def block_by_hand(inputs: Inputs) -> Run:
    p, (given, heads) = inputs.params, inputs.data
    batch, length, width = given.shape
    depth = width // heads

    def normalised(x: Any, gain: Any, bias: Any) -> Any:
        x = x - np.mean(x, axis=-1, keepdims=True)
        scale = 1 / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + EPS)
        x *= scale
        return x * gain + bias, x, scale

    def normalised_back(g: Any, x: Any, scale: Any, gain: Any) -> Any:
        ggain, gbias = np.sum(g * x, axis=(0, 1)), np.sum(g, axis=(0, 1))
        g = g * gain
        g -= x * np.mean(g * x, axis=-1, keepdims=True) + np.mean(g, axis=-1, keepdims=True)
        g *= scale
        return g, ggain, gbias

    def weights(x: Any, g: Any) -> Any:
        return x.reshape(-1, x.shape[-1]).T @ g.reshape(-1, g.shape[-1])

    def run() -> Any:
        n1, unit1, scale1 = normalised(given, p["gain1"], p["bias1"])
        parts = (n1 @ p["into"]).reshape(batch, length, 3, heads, depth).transpose(2, 0, 3, 1, 4)
        q, k, v = parts
        share = q @ k.swapaxes(-1, -2)
        share /= math.sqrt(depth)
        share -= np.max(share, axis=-1, keepdims=True)
        np.exp(share, out=share)
        share /= np.sum(share, axis=-1, keepdims=True)
        mixed = (share @ v).swapaxes(1, 2).reshape(batch, length, width)
        x = given + mixed @ p["out"]
        n2, unit2, scale2 = normalised(x, p["gain2"], p["bias2"])
        z = n2 @ p["up"] + p["up_bias"]
        square = z * z
        bent = np.tanh(BEND * z * (1 + CUBIC * square))
        y = 0.5 * z * (1 + bent)
        x = x + y @ p["down"] + p["down_bias"]
        loss = np.mean(x**2)

        g = x * (2 / x.size)
        back = {"down_bias": np.sum(g, axis=(0, 1)), "down": weights(y, g)}
        gz = g @ p["down"].T
        gz *= 0.5 * (1 + bent) + 0.5 * BEND * z * (1 - bent**2) * (1 + 3 * CUBIC * square)
        back |= {"up_bias": np.sum(gz, axis=(0, 1)), "up": weights(n2, gz)}
        gn, back["gain2"], back["bias2"] = normalised_back(gz @ p["up"].T, unit2, scale2, p["gain2"])
        g = g + gn
        back["out"] = weights(mixed, g)
        gmixed = (g @ p["out"].T).reshape(batch, length, heads, depth).swapaxes(1, 2)
        gparts = np.empty((3, batch, heads, length, depth))
        gparts[2] = share.swapaxes(-1, -2) @ gmixed
        gshare = gmixed @ v.swapaxes(-1, -2)
        gshare -= np.sum(gshare * share, axis=-1, keepdims=True)
        gshare *= share
        gshare /= math.sqrt(depth)
        gparts[0], gparts[1] = gshare @ k, gshare.swapaxes(-1, -2) @ q
        gflat = gparts.transpose(1, 3, 0, 2, 4).reshape(batch, length, 3 * width)
        back["into"] = weights(n1, gflat)
        _, back["gain1"], back["bias1"] = normalised_back(gflat @ p["into"].T, unit1, scale1, p["gain1"])
        return loss, back

    return run


def block_inputs(size: tuple[int, int, int, int]) -> Inputs:
    """Batch, length, width, heads."""
    batch, length, width, heads = size
    rng = np.random.default_rng(0)

    def matrix(rows: int, columns: int) -> Any:
        return rng.normal(size=(rows, columns)) / np.sqrt(rows)

    params = {"into": matrix(width, 3 * width), "out": matrix(width, width)}
    params |= {"up": matrix(width, 4 * width), "down": matrix(4 * width, width)}
    params |= {name: 1 + rng.normal(size=width) / 10 for name in ("gain1", "gain2")}
    params |= {name: rng.normal(size=width) / 10 for name in ("bias1", "bias2", "down_bias")}
    params["up_bias"] = rng.normal(size=4 * width) / 10
    return Inputs(params, (rng.normal(size=(batch, length, width)), heads))


# ---- LSTM cells: gates and change from x w + h u + b. The loss is the sum of the mean squares of all h. What has no
# recurrence is done for all steps at once, in the forward passes of all who can


def cells(xp: Any) -> Any:
    def loss(p: Any, xs: Any) -> Any:
        n, states = len(p["u"]), []
        h = c = np.zeros((xs.shape[1], n))
        for z in xs @ p["w"] + p["b"]:
            z = z + h @ p["u"]
            gates, change = 1 / (1 + xp.exp(-z[:, : 3 * n])), xp.tanh(z[:, 3 * n :])
            c = gates[:, :n] * c + gates[:, n : 2 * n] * change
            h = gates[:, 2 * n :] * xp.tanh(c)
            states.append(h)
        return xp.sum(xp.stack(states) ** 2) / h.size

    return loss


def torch_cells(lib: Any) -> Any:
    def loss(p: Any, xs: Any) -> Any:
        states = []
        h = c = xs.new_zeros((xs.shape[1], len(p["u"])))
        for z in (xs @ p["w"] + p["b"]).unbind():
            forget, take, show, change = (z + h @ p["u"]).chunk(4, 1)
            c = lib.sigmoid(forget) * c + lib.sigmoid(take) * lib.tanh(change)
            h = lib.sigmoid(show) * lib.tanh(c)
            states.append(h)
        return lib.stack(states).square().sum() / h.numel()

    return loss


def scanned_cells(xp: Any) -> Any:
    def loss(p: Any, xs: Any) -> Any:
        zero = jnp.zeros((xs.shape[1], len(p["u"])))

        def cell(state: Any, z: Any) -> tuple[Any, Any]:
            h, c = state
            forget, take, show, change = jnp.split(z + h @ p["u"], 4, axis=1)
            c = jax.nn.sigmoid(forget) * c + jax.nn.sigmoid(take) * jnp.tanh(change)
            h = jax.nn.sigmoid(show) * jnp.tanh(c)
            return (h, c), h

        return jnp.sum(jax.lax.scan(cell, (zero, zero), xs @ p["w"] + p["b"])[1] ** 2) / zero.size

    return loss


def cells_by_hand(inputs: Inputs) -> Run:
    """What has no recurrence is done for all steps at once, in the backward pass too."""
    (w, u, b), (xs,) = (inputs.params[name] for name in "wub"), inputs.data
    (steps, batch, width), n = xs.shape, len(u)

    def run() -> Any:
        gates = xs @ w + b
        hs, cs = np.zeros((2, steps + 1, batch, n))
        for t, z in enumerate(gates):
            z += hs[t] @ u
            z[:, : 3 * n] = 1 / (1 + np.exp(-z[:, : 3 * n]))
            np.tanh(z[:, 3 * n :], out=z[:, 3 * n :])
            cs[t + 1] = z[:, :n] * cs[t] + z[:, n : 2 * n] * z[:, 3 * n :]
            hs[t + 1] = z[:, 2 * n : 3 * n] * np.tanh(cs[t + 1])
        loss = np.sum(hs**2) / (batch * n)

        bent = np.tanh(cs[1:])
        forget, take, show, change = np.split(gates, 4, axis=2)
        into = show * (1 - bent**2)
        slopes = gates * (1 - gates)
        slopes[:, :, 3 * n :] = 1 - change**2
        gz, seeds = np.empty_like(gates), hs[1:] * (2 / (batch * n))
        gh, gc = np.zeros((2, batch, n))
        for t in reversed(range(steps)):
            gh = gh + seeds[t]
            gc = gc + gh * into[t]
            np.concatenate([gc * cs[t], gc * change[t], gh * bent[t], gc * take[t]], axis=1, out=gz[t])
            gz[t] *= slopes[t]
            gh, gc = gz[t] @ u.T, gc * forget[t]
        flat = gz.reshape(-1, 4 * n)
        back = {"w": xs.reshape(-1, width).T @ flat, "u": hs[:-1].reshape(-1, n).T @ flat, "b": np.sum(flat, axis=0)}
        return loss, back

    return run


def cells_inputs(size: tuple[int, int, int, int]) -> Inputs:
    """Steps, batch, numbers in, numbers in a state."""
    steps, batch, width, n = size
    rng = np.random.default_rng(0)
    params = {
        "w": rng.normal(size=(width, 4 * n)) / np.sqrt(width),
        "u": rng.normal(size=(n, 4 * n)) / np.sqrt(n),
        "b": rng.normal(size=4 * n) / 10,
    }
    return Inputs(params, (rng.normal(size=(steps, batch, width)),))


WORKLOADS = (
    Workload(
        "attention block",
        "networks",
        block_inputs,
        gradients(block, torch_text=torch_block, valued=True) | {BY_HAND: block_by_hand},
        value(block),
        sizes=((4, 64, 64, 4),),
        quick=((1, 16, 16, 2),),
        large=True,
    ),
    Workload(
        "LSTM cell loop",
        "networks",
        cells_inputs,
        gradients(cells, torch_text=torch_cells, jit_text=scanned_cells, valued=True) | {BY_HAND: cells_by_hand},
        value(cells),
        sizes=((30, 16, 8, 32),),
        quick=((5, 16, 8, 32),),
    ),
)
