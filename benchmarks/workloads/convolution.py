"""Two convolutions, a pooling and a layer, in what each library has for them; value and gradient."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.idioms import (
    Inputs,
    autograd_grad,
    backward,
    funcgrad_grad,
    jit_grad,
    mygrad_backward,
    torch_func_grad,
    value,
)
from benchmarks.idioms import jax_grad as jax_eager
from benchmarks.peers import AUTOGRAD, BY_HAND, JAX, JIT, MYGRAD, OURS, TORCH, TORCH_FUNC, fg, jax, optional, torch
from benchmarks.suite import Run, Workload

signal = optional("autograd.scipy.signal")
mynet = optional("mygrad.nnet.layers")

# ---- two convolutions, a pooling and a layer


def cross_entropy(xp: Any, z: Any, hot: Any) -> Any:
    return xp.mean(xp.log(xp.sum(xp.exp(z), axis=1)) - xp.sum(z * hot, axis=1))


def convnet(convolve: Any, pool: Any) -> Any:
    """The network for a library with these two layers."""

    def text(xp: Any) -> Any:
        def loss(p: Any, x: Any, hot: Any, labels: Any) -> Any:
            x = pool(xp.maximum(convolve(x, p["a"]), 0))
            x = xp.maximum(convolve(x, p["b"]), 0)
            return cross_entropy(xp, xp.reshape(x, (len(hot), -1)) @ p["c"], hot)

        return loss

    return text


def torch_convnet(lib: Any) -> Any:
    functional = lib.nn.functional

    def loss(p: Any, x: Any, hot: Any, labels: Any) -> Any:
        x = functional.max_pool2d(functional.relu(functional.conv2d(x, p["a"])), 2)
        x = functional.relu(functional.conv2d(x, p["b"]))
        return functional.cross_entropy(x.reshape(len(x), -1) @ p["c"], labels)

    return loss


def window_convolution(x: Any, w: Any) -> Any:
    """All windows as rows of a matrix, in NumPy."""
    k = w.shape[-1]
    windows = sliding_window_view(x, (k, k), axis=(2, 3))
    return np.tensordot(windows, w, ((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)


def pool_of_four(x: Any) -> Any:
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))


def autograd_convolution(x: Any, w: Any) -> Any:
    return signal.convolve(x, w[:, :, ::-1, ::-1], axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid")


def jax_convolution(x: Any, w: Any) -> Any:
    return jax.lax.conv(x, w, (1, 1), "VALID")


def jax_pool(x: Any) -> Any:
    return jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def our_convolution(x: Any, w: Any) -> Any:
    return fg.nn.functional.conv2d(x, w)


def our_pool(x: Any) -> Any:
    return fg.nn.functional.max_pool2d(x, 2)


def mygrad_convolution(x: Any, w: Any) -> Any:
    return mynet.conv_nd(x, w, stride=1)


def mygrad_pool(x: Any) -> Any:
    return mynet.max_pool(x, (2, 2), 2)


def convnet_by_hand(inputs: Inputs) -> Run:
    p, (images, hot, _) = inputs.params, inputs.data

    def windows(x: Any, k: int = 3) -> Any:
        """A matrix with a row for each window."""
        view = sliding_window_view(x, (k, k), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5)
        return view.reshape(-1, x.shape[1] * k * k)

    def planes(rows: Any, n: int, side: int) -> Any:
        return rows.reshape(n, side, side, -1).transpose(0, 3, 1, 2)

    def run() -> Any:
        n = len(images)
        a, b = p["a"].reshape(len(p["a"]), -1), p["b"].reshape(len(p["b"]), -1)
        first = windows(images)
        side = images.shape[2] - 2
        h = np.maximum(planes(first @ a.T, n, side), 0)
        blocks = h.reshape(n, -1, side // 2, 2, side // 2, 2)
        pooled = blocks.max(axis=(3, 5), keepdims=True)
        m = pooled[:, :, :, 0, :, 0]
        second = windows(m)
        inner = side // 2 - 2
        r = np.maximum(planes(second @ b.T, n, inner), 0)
        flat = r.reshape(n, -1)
        z = flat @ p["c"]
        e = np.exp(z)
        s = e.sum(axis=1, keepdims=True)
        loss = np.mean(np.log(s[:, 0]) - np.sum(z * hot, axis=1))

        g = (e / s - hot) / n
        gc = flat.T @ g
        g = (g @ p["c"].T).reshape(r.shape) * (r > 0)
        rows = g.transpose(0, 2, 3, 1).reshape(-1, len(b))
        gb = (rows.T @ second).reshape(p["b"].shape)
        back = (rows @ b).reshape(n, inner, inner, m.shape[1], 3, 3)
        gm = np.zeros_like(m)
        for i in range(3):
            for j in range(3):
                gm[:, :, i : i + inner, j : j + inner] += back[..., i, j].transpose(0, 3, 1, 2)
        largest = blocks == pooled
        share = largest / largest.sum(axis=(3, 5), keepdims=True, dtype=h.dtype)
        g = (share * gm[:, :, :, None, :, None]).reshape(h.shape) * (h > 0)
        ga = (g.transpose(0, 2, 3, 1).reshape(-1, len(a)).T @ first).reshape(p["a"].shape)
        return loss, {"a": ga, "b": gb, "c": gc}

    return run


def convnet_inputs(size: Any) -> Inputs:
    n, side = size
    rng = np.random.default_rng(0)
    inner = (side - 2) // 2 - 2

    def draw(*shape: int, fan: int) -> Any:
        return (rng.normal(size=shape) / np.sqrt(fan)).astype(np.float32)

    params = {
        "a": draw(8, 1, 3, 3, fan=9),
        "b": draw(16, 8, 3, 3, fan=72),
        "c": draw(16 * inner**2, 10, fan=16 * inner**2),
    }
    labels = rng.integers(10, size=n)
    return Inputs(params, (draw(n, 1, side, side, fan=1), np.eye(10, dtype=np.float32)[labels], labels))


OUR_CONVNET = convnet(our_convolution, our_pool)
JAX_CONVNET = convnet(jax_convolution, jax_pool)

CONVNET = {
    OURS: funcgrad_grad(OUR_CONVNET, True),
    BY_HAND: convnet_by_hand,
    AUTOGRAD: autograd_grad(convnet(autograd_convolution, pool_of_four), True),
    TORCH: backward(torch_convnet, torch, True),
    TORCH_FUNC: torch_func_grad(torch_convnet, True),
    MYGRAD: mygrad_backward(convnet(mygrad_convolution, mygrad_pool), True),
    JAX: jax_eager(JAX_CONVNET, True),
    JIT: jit_grad(JAX_CONVNET, True),
}

WORKLOADS = (
    Workload(
        "convolutional network",
        "networks",
        convnet_inputs,
        CONVNET,
        value(convnet(window_convolution, pool_of_four)),
        sizes=((32, 14), (64, 28)),
        quick=((8, 14),),
        rtol=1e-3,
        atol=1e-4,
        large=True,
    ),
    Workload(
        "convolutional network, Tensor.backward()",
        "networks",
        convnet_inputs,
        {
            OURS: backward(torch_convnet, fg, True),
            TORCH: backward(torch_convnet, torch, True),
            BY_HAND: convnet_by_hand,
        },
        value(convnet(window_convolution, pool_of_four)),
        sizes=((32, 14), (64, 28)),
        quick=((8, 14),),
        rtol=1e-3,
        atol=1e-4,
        large=True,
    ),
)
