"""Table of contents: the modules that state workloads, in the order of the report."""

from importlib import import_module

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


def stated() -> tuple[Entry, ...]:
    """All workloads. (Those of a GPU are a program of their own: ``python -m benchmarks.gpu``.)"""
    return entries(import_module(name) for name in MODULES)


def chosen(found: tuple[Entry, ...], words: list[str]) -> tuple[Entry, ...]:
    """Those whose name or group contains one of the words; all if there are none."""
    return tuple(
        entry
        for entry in found
        if not words or any(word.lower() in f"{entry.group}: {entry.name}".lower() for word in words)
    )
