"""Networks and regression: few large operations, value and gradient."""

from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.idioms import (
    Inputs,
    backward,
    gradients,
    value,
)
from benchmarks.peers import BY_HAND, OURS, TORCH, fg, torch
from benchmarks.suite import Run, Workload

# ---- a perceptron of any number of layers, with the cross entropy of its outputs


def mlp(xp: Any) -> Any:
    def loss(params: Any, x: Any, hot: Any, labels: Any) -> Any:
        for w, b in params[:-1]:
            x = xp.maximum(x @ w + b, 0)
        w, b = params[-1]
        z = x @ w + b
        return xp.mean(xp.log(xp.sum(xp.exp(z), axis=1)) - xp.sum(z * hot, axis=1))

    return loss


def torch_mlp(lib: Any) -> Any:
    def loss(params: Any, x: Any, hot: Any, labels: Any) -> Any:
        for w, b in params[:-1]:
            x = lib.relu(x @ w + b)
        w, b = params[-1]
        return lib.nn.functional.cross_entropy(x @ w + b, labels)

    return loss


def mlp_by_hand(inputs: Inputs) -> Run:
    params, (data, hot, _) = inputs.params, inputs.data

    def run() -> Any:
        x, kept = data, []
        for w, b in params[:-1]:
            kept.append(x)
            x = x @ w
            x += b
            np.maximum(x, 0, out=x)
        kept.append(x)
        w, b = params[-1]
        z = x @ w + b
        e = np.exp(z)
        s = np.sum(e, axis=1, keepdims=True)
        loss = np.mean(np.log(s[:, 0]) - np.sum(z * hot, axis=1))
        e /= s
        e -= hot
        e /= len(hot)
        g, back = e, []
        for (w, _), x in zip(reversed(params), reversed(kept), strict=True):
            back.append((x.T @ g, np.sum(g, axis=0)))
            if x is not data:
                g = g @ w.T
                g *= x > 0
        return loss, back[::-1]

    return run


def mlp_inputs(size: Any) -> Inputs:
    batch, *widths, kind = size
    dtype = np.dtype(kind)
    rng = np.random.default_rng(0)
    params = [
        ((rng.normal(size=(m, n)) / np.sqrt(m)).astype(dtype), (0.1 * rng.normal(size=n)).astype(dtype))
        for m, n in pairwise(widths)
    ]
    labels = rng.integers(widths[-1], size=batch)
    return Inputs(
        params, (rng.normal(size=(batch, widths[0])).astype(dtype), np.eye(widths[-1], dtype=dtype)[labels], labels)
    )


# ---- logistic regression


def logistic(xp: Any) -> Any:
    def loss(params: Any, x: Any, t: Any) -> Any:
        return xp.mean(xp.logaddexp(0.0, -t * (x @ params["w"] + params["b"])))

    return loss


def torch_logistic(lib: Any) -> Any:
    def loss(params: Any, x: Any, t: Any) -> Any:
        return lib.nn.functional.softplus(-t * (x @ params["w"] + params["b"])).mean()

    return loss


def logistic_by_hand(inputs: Inputs) -> Run:
    (w, b), (x, t) = (inputs.params["w"], inputs.params["b"]), inputs.data

    def run() -> Any:
        m = -t * (x @ w + b)
        e = np.exp(m)
        loss = np.mean(np.log1p(e))
        g = -t * (e / (1 + e)) / len(t)
        return loss, {"w": g @ x, "b": np.sum(g)}

    return run


def logistic_inputs(size: Any) -> Inputs:
    rows, columns = size
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(rows, columns)), 0.1 * rng.normal(size=columns)
    t = np.where(x @ w + rng.normal(size=rows) > 0, 1.0, -1.0)
    return Inputs({"w": w, "b": 0.1}, (x, t))


MLP = gradients(mlp, torch_text=torch_mlp, valued=True) | {BY_HAND: mlp_by_hand}
WIDE = (128, 784, 512, 256, 10)
MLP_TENSOR = "MLP, Tensor.backward()"

WORKLOADS = (
    Workload(
        "MLP",
        "networks",
        mlp_inputs,
        MLP,
        value(mlp),
        sizes=((16, 4, 8, 2, "float64"), (*WIDE, "float32"), (*WIDE, "float64")),
        quick=((16, 4, 8, 2, "float64"), (64, 784, 64, 32, 10, "float32")),
        rtol=1e-3,
        atol=1e-4,
        large=True,
    ),
    Workload(
        MLP_TENSOR,
        "networks",
        mlp_inputs,
        {
            OURS: backward(torch_mlp, fg, True),
            TORCH: backward(torch_mlp, torch, True),
            BY_HAND: mlp_by_hand,
        },
        value(mlp),
        sizes=((16, 4, 8, 2, "float32"), (*WIDE, "float32")),
        quick=((16, 4, 8, 2, "float32"),),
        rtol=1e-3,
        atol=1e-4,
        large=True,
    ),
    Workload(
        "logistic regression",
        "networks",
        logistic_inputs,
        gradients(logistic, torch_text=torch_logistic, valued=True) | {BY_HAND: logistic_by_hand},
        value(logistic),
        sizes=((100_000, 50),),
        quick=((2000, 50),),
        large=True,
    ),
)
