"""What a GPU costs beside PyTorch: a call's overhead, a chain bound by memory, a perceptron, a convolutional network.

Run as ``python -m benchmarks.gpu``. What is missing (CuPy, a GPU, PyTorch with CUDA) is said, and left out.
"""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import funcgrad as fg
from benchmarks.peers import OURS, TORCH
from benchmarks.suite import Run, Workload
from funcgrad import nn
from funcgrad.nn import functional as F

Step = Callable[[], Any]


def library(name: str) -> Any:
    """Return a library, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def why_not(cupy: Any) -> str | None:
    """Return why nothing can be measured; None if it can."""
    if cupy is None:
        return "CuPy is not installed: pip install 'funcgrad[cuda12]' or 'funcgrad[cuda13]'"
    try:
        return None if cupy.cuda.runtime.getDeviceCount() else "CuPy finds no GPU"
    except Exception as error:  # CuPy has its own class of errors for each library
        return f"CuPy finds no GPU: {error}"


# -- Workloads: a step for an array module, and for a library of tensors -----------------------------------------


def chain(np_: Any, x: Any, n: int = 50) -> Any:
    """A chain of 2 n elementwise operations."""
    for _ in range(n):
        x = np_.sin(x) * 0.9
    return x.sum()


def gradient_of_chain(cupy: Any, size: int) -> Step:
    x, step = cupy.linspace(0.0, 1.0, size, dtype=np.float32), fg.grad(lambda x: chain(np, x))
    return lambda: step(x)


def tensors_of_chain(library: Any, size: int) -> Step:
    x = library.linspace(0.0, 1.0, size).cuda().requires_grad_()

    def step() -> None:
        x.grad = None
        chain(library, x).backward()

    return step


def perceptron(nn_: Any) -> Any:
    return nn_.Sequential(nn_.Linear(784, 1024), nn_.ReLU(), nn_.Linear(1024, 1024), nn_.ReLU(), nn_.Linear(1024, 10))


def convolutional(nn_: Any) -> Any:
    return nn_.Sequential(
        *(nn_.Conv2d(3, 32, 3, padding=1), nn_.ReLU(), nn_.MaxPool2d(2), nn_.Conv2d(32, 64, 3, padding=1), nn_.ReLU()),
        *(nn_.MaxPool2d(2), nn_.Flatten(), nn_.Linear(64 * 8 * 8, 10)),
    )


def training(library: Any, functional: Any, net: Any, shape: tuple[int, ...]) -> Step:
    """Return a step of training: loss, gradients, and stochastic gradient descent."""
    net = net.to("cuda")
    x, target = library.randn(*shape).cuda(), library.arange(shape[0]).cuda() % 10
    optimizer = library.optim.SGD(net.parameters(), lr=1e-3)

    def step() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(net(x), target).backward()
        optimizer.step()

    return step


# -- The same for the suite: ``python -m benchmarks --gpu`` --------------------------------------------------------


def synchronize() -> None:
    """Wait for the device: every library works on the same one."""
    library("cupy").cuda.Device().synchronize()


def has_cuda(torch: Any) -> bool:
    return torch is not None and torch.cuda.is_available()


def size_of(size: int) -> int:
    return size


def chain_of_ours(size: int) -> Run:
    return gradient_of_chain(library("cupy"), size)


def chain_of_torch(size: int) -> Run | None:
    torch = library("torch")
    if not has_cuda(torch):
        return None
    x = torch.linspace(0.0, 1.0, size).cuda().requires_grad_()

    def step() -> Any:
        (gradient,) = torch.autograd.grad(chain(torch, x), x)
        return gradient

    return step


def trained(make: Callable[[Any], Any], shape: tuple[int, ...]) -> Workload:
    """State the gradients of a training step of a net, from given weights."""

    def problem(batch: int) -> list[np.ndarray[Any, Any]]:
        rng = np.random.default_rng(0)
        net = make(nn)
        weights = [rng.normal(0.0, 0.05, tuple(p.shape)).astype(np.float32) for p in net.parameters()]
        return [rng.normal(size=(batch, *shape)).astype(np.float32), *weights]

    def gradients(library_: Any, functional: Any, layers: Any, arrays: list[np.ndarray[Any, Any]]) -> Run:
        net = make(layers).to("cuda")
        x = library_.tensor(arrays[0]).cuda()
        for p, values in zip(net.parameters(), arrays[1:], strict=True):
            p.data = library_.tensor(values).cuda()
        target = library_.arange(len(arrays[0])).cuda() % 10

        def step() -> Any:
            net.zero_grad()
            functional.cross_entropy(net(x), target).backward()
            return [p.grad for p in net.parameters()]

        return step

    def of_torch(arrays: list[np.ndarray[Any, Any]]) -> Run | None:
        torch = library("torch")
        if not has_cuda(torch):
            return None
        return gradients(torch, library("torch.nn.functional"), library("torch.nn"), arrays)

    return Workload(
        name=f"{make.__name__} on a GPU",
        group="GPU",
        problem=problem,
        builders={OURS: lambda arrays: gradients(fg, F, nn, arrays), TORCH: of_torch},
        sizes=(64, 256),
        quick=(8,),
        rtol=1e-3,
        atol=1e-3,
        wait=synchronize,
    )


#: What the suite runs with ``--gpu``, if there is one.
WORKLOADS = (
    Workload(
        name="chain on a GPU",
        group="GPU",
        problem=size_of,
        builders={OURS: chain_of_ours, TORCH: chain_of_torch},
        sizes=(10**3, 10**5, 10**7),
        quick=(10**3,),
        rtol=1e-3,
        atol=1e-4,
        operations=lambda size: 100,
        wait=synchronize,
    ),
    trained(perceptron, (784,)),
    trained(convolutional, (3, 32, 32)),
)


# -- Measuring ----------------------------------------------------------------------------------------------------


def milliseconds(step: Step, wait: Callable[[], None], runs: int = 20) -> float:
    """Return the median time of a step, kernels compiled and the device waited for."""
    for _ in range(3):
        step()
    wait()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        step()
        wait()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def rows(cupy: Any, torch: Any) -> list[tuple[str, Step, Step | None, Step | None]]:
    """Return (name, ours on CuPy arrays or our tensors, our tensors, PyTorch's)."""
    other = None if torch is None else library("torch.nn")
    functional = None if torch is None else library("torch.nn.functional")
    found: list[tuple[str, Step, Step | None, Step | None]] = []
    for name, size in (("100 small operations", 1000), ("chain bound by memory", 10**7)):
        theirs = None if torch is None else tensors_of_chain(torch, size)
        found.append((name, gradient_of_chain(cupy, size), tensors_of_chain(fg, size), theirs))
    for name, make, shape in (
        ("perceptron, batch 256", perceptron, (256, 784)),
        ("convolutional, batch 64", convolutional, (64, 3, 32, 32)),
    ):
        theirs = None if torch is None else training(torch, functional, make(other), shape)
        found.append((name, training(fg, F, make(nn), shape), None, theirs))
    return found


def main() -> None:
    """Print a table of milliseconds."""
    cupy, torch = library("cupy"), library("torch")
    reason = why_not(cupy)
    if reason is not None:
        print(f"nothing to measure: {reason}")
        return
    if torch is None or not torch.cuda.is_available():
        print("PyTorch is left out: it is not installed, or finds no GPU")
        torch = None
    device = cupy.cuda.Device()
    print(f"{'ms a step':28}{'arrays':>10}{'tensors':>10}{'PyTorch':>10}")
    for name, ours, tensors, theirs in rows(cupy, torch):
        cells = [
            "-"
            if step is None
            else f"{milliseconds(step, torch.cuda.synchronize if step is theirs else device.synchronize):.3f}"
            for step in ((ours, tensors, theirs) if tensors else (None, ours, theirs))
        ]
        print(f"{name:28}" + "".join(f"{cell:>10}" for cell in cells))


if __name__ == "__main__":
    main()
