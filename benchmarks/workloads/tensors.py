"""Steps of small models, in PyTorch's words: every program is written once, for a library that is handed to it.

Both libraries start from the same float32 numbers.
"""

from typing import Any

import numpy as np

from benchmarks.peers import OURS, TORCH, fg, torch
from benchmarks.suite import Run, Workload, own

# ---- the programs: each returns what runs one step and gives something to compare


def numbers(lib: Any, *shape: int, scale: float = 1.0, leaf: bool = False) -> Any:
    """The same float32 numbers for both libraries."""
    rng = np.random.default_rng([len(shape), *shape])
    return lib.tensor((scale * rng.standard_normal(shape)).astype(np.float32), requires_grad=leaf)


def filled(lib: Any, module: Any) -> Any:
    """A module whose parameters are the same for both libraries."""
    with lib.no_grad():
        for p in module.parameters():
            p.copy_(numbers(lib, *p.shape, scale=p.shape[-1] ** -0.5))
    return module


def scalar_chain(lib: Any) -> Run:
    x = lib.tensor(0.5, requires_grad=True)

    def step() -> Any:
        x.grad = None
        y = x
        for _ in range(50):
            y = lib.tanh(y) * x
        y.backward()
        return x.grad

    return step


def vector_chain(lib: Any) -> Run:
    x = lib.linspace(0.5, 1.5, 1000).requires_grad_(True)

    def step() -> Any:
        x.grad = None
        y = x
        for _ in range(50):
            y = (y.sin() + x) * 0.5
        y.sum().backward()
        return x.grad

    return step


def logistic_regression(lib: Any) -> Run:
    x, w, b = numbers(lib, 64, 20), numbers(lib, 20, scale=0.3, leaf=True), lib.zeros(1, requires_grad=True)
    t = (numbers(lib, 64) > 0).float()

    def step() -> Any:
        w.grad = b.grad = None
        p = (x @ w + b).sigmoid()
        loss = -(t * p.log() + (1 - t) * (1 - p).log()).mean()
        loss.backward()
        return w.grad

    return step


def tiny_mlp(lib: Any) -> Run:
    x, t = numbers(lib, 16, 4), numbers(lib, 16, 1)
    u, a = numbers(lib, 4, 8, leaf=True), lib.zeros(8, requires_grad=True)
    v, b = numbers(lib, 8, 1, leaf=True), lib.zeros(1, requires_grad=True)

    def step() -> Any:
        u.grad = a.grad = v.grad = b.grad = None
        loss = ((lib.tanh(x @ u + a) @ v + b - t) ** 2).mean()
        loss.backward()
        return u.grad

    return step


def middle_mlp(lib: Any) -> Run:
    nn = lib.nn
    model = filled(lib, nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10)))
    x, labels = numbers(lib, 128, 784), lib.arange(128) % 10

    def step() -> Any:
        model.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        return model[0].weight.grad

    return step


def small_convnet(lib: Any) -> Run:
    nn = lib.nn
    layers = (nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.Flatten())
    model = filled(lib, nn.Sequential(*layers, nn.Linear(16 * 4 * 4, 10)))
    x, labels = numbers(lib, 32, 1, 14, 14), lib.arange(32) % 10

    def step() -> Any:
        model.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        return model[0].weight.grad

    return step


def rnn_loop(lib: Any) -> Run:
    w, u = numbers(lib, 32, 32, scale=0.2, leaf=True), numbers(lib, 8, 32, scale=0.2, leaf=True)
    inputs = numbers(lib, 30, 16, 8)

    def step() -> Any:
        w.grad = u.grad = None
        h = lib.zeros(16, 32)
        for x in inputs:
            h = lib.tanh(h @ w + x @ u)
        (h * h).mean().backward()
        return w.grad

    return step


def writes_in_a_loop(lib: Any) -> Run:
    x = lib.linspace(0.5, 1.5, 50).requires_grad_(True)

    def step() -> Any:
        x.grad = None
        y = lib.zeros(50)
        for i in range(50):
            y[i] = x[i] * x[i]
        y.sum().backward()
        return x.grad

    return step


def second_derivative(lib: Any) -> Run:
    x = lib.linspace(0.5, 1.5, 20).requires_grad_(True)

    def step() -> Any:
        (g,) = lib.autograd.grad((x.sin() * x.exp()).sum(), x, create_graph=True)
        (h,) = lib.autograd.grad((g * g).sum(), x)
        return h

    return step


def adam_step(lib: Any) -> Run:
    params = [numbers(lib, 64, 64, leaf=True) for _ in range(8)]
    for i, p in enumerate(params):
        p.grad = numbers(lib, 64, 64, scale=0.1 * (i + 1))
    optimizer = lib.optim.Adam(params, lr=1e-6)

    def step() -> Any:
        optimizer.step()
        return params[0]

    return step


def sgd_step(lib: Any) -> Run:
    params = [numbers(lib, 64, 64, leaf=True) for _ in range(8)]
    for i, p in enumerate(params):
        p.grad = numbers(lib, 64, 64, scale=0.1 * (i + 1))
    optimizer = lib.optim.SGD(params, lr=1e-6, momentum=0.9)

    def step() -> Any:
        optimizer.step()
        return params[0]

    return step


#: The names of the rows.
PROGRAMS = {
    "100 operations on one number": scalar_chain,
    "150 operations on 1000 numbers": vector_chain,
    "logistic regression, 64 x 20": logistic_regression,
    "network 16 x 4-8-1": tiny_mlp,
    "network 128 x 784-512-10": middle_mlp,
    "two convolutions, 32 images 14 x 14": small_convnet,
    "recurrent loop, 30 steps of 16 x 32": rnn_loop,
    "50 elements written one by one": writes_in_a_loop,
    "gradient of a gradient, 20 numbers": second_derivative,
    "SGD with momentum, 8 of 64 x 64": sgd_step,
    "Adam, 8 of 64 x 64": adam_step,
}


def workload(name: str, program: Any) -> Workload:
    builders = {OURS: lambda _: own(program)(fg), TORCH: lambda _: own(program)(torch)}
    return Workload(f"Tensor: {name}", "tensors", lambda _: None, builders, rtol=1e-3, atol=1e-4)


WORKLOADS = tuple(workload(name, program) for name, program in PROGRAMS.items())
