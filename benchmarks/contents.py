"""Table of contents: the modules that state workloads, in the order of the report."""

from importlib import import_module
from typing import Any

from benchmarks.suite import Entry, entries

MODULES = (
    "benchmarks.workloads.chains",
    "benchmarks.workloads.wide",
    "benchmarks.workloads.loops",
    "benchmarks.workloads.writes",
    "benchmarks.workloads.networks",
    "benchmarks.workloads.convolution",
    "benchmarks.workloads.models",
    "benchmarks.workloads.tensors",
    "benchmarks.workloads.transforms",
    "benchmarks.workloads.kernels",
    "benchmarks.adbench",
    "benchmarks.workloads.memory",
)


def stated(gpu: bool = False) -> tuple[Entry, ...]:
    """All workloads, with those of a GPU if they are asked for and there is one."""
    modules = [import_module(name) for name in MODULES]
    if gpu:
        on_gpu: Any = import_module("benchmarks.gpu")
        reason = on_gpu.why_not(on_gpu.library("cupy"))
        if reason is None:
            modules.append(on_gpu)
        else:
            print(f"--gpu: nothing to measure there: {reason}")
    return entries(modules)


def chosen(found: tuple[Entry, ...], words: list[str]) -> tuple[Entry, ...]:
    """Those whose name or group contains one of the words; all if there are none."""
    return tuple(
        entry
        for entry in found
        if not words or any(word.lower() in f"{entry.group}: {entry.name}".lower() for word in words)
    )
