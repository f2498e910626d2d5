"""The machine and the versions that numbers belong to, threads, memory and the speed of a copy."""

import datetime
import os
import platform
import sys
import tracemalloc
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

PACKAGES = ("funcgrad", "numpy", "scipy", "torch", "jax", "autograd", "mygrad", "numba", "cupy-cuda12x", "cupy-cuda13x")
VECTORS = {"avx512f": "AVX-512", "avx2": "AVX2"}  # widest first
LIBRARIES = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")


# ---- threads: libraries read these once, when they are imported


def environment(threads: int) -> dict[str, str]:
    """What must be set before NumPy, PyTorch and JAX are imported."""
    wanted = {f"{name}_NUM_THREADS": str(threads) for name in LIBRARIES}
    eigen = "false" if threads == 1 else "true"
    return wanted | {
        "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={eigen} intra_op_parallelism_threads={threads}",
        "JAX_PLATFORMS": os.environ.get("JAX_PLATFORMS", "cpu"),
        "PYTHONHASHSEED": "0",
    }


def restart_with(threads: int, arguments: list[str]) -> None:
    """Start the program again with these threads, unless it already runs so."""
    wanted = environment(threads)
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks", *arguments], {**os.environ, **wanted})


# ---- what is written beside the numbers


def processor() -> str:
    """The model of the CPU, and its widest vectors: tanh, exp and products depend on these."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    told = {key.strip(): value.split() for key, _, value in (line.partition(":") for line in lines)}
    model = " ".join(told.get("model name", [])) or platform.processor() or platform.machine()
    widest = next((name for flag, name in VECTORS.items() if flag in told.get("flags", [])), None)
    return f"{model} with {widest}" if widest else model


def describe() -> dict[str, Any]:
    """Nothing that names the machine: its kind only."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory GiB": round(memory / 2**30, 1),
        "system": platform.system(),
        "architecture": platform.machine(),
    }


def versions() -> dict[str, str]:
    """Of Python and of all that takes part."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


# ---- memory


def copy_seconds(elements: int, rounds: int = 5) -> float:
    """The time to copy so many float64 into memory that is there already, as STREAM does it."""
    source, target = np.ones(elements), np.zeros(elements)
    best = np.inf
    for _ in range(rounds):
        start = perf_counter()
        np.copyto(target, source)
        best = min(best, perf_counter() - start)
    return best


def status(field: str) -> int | None:
    """Bytes from what Linux says of this process, or None elsewhere."""
    file = Path("/proc/self/status")
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":")]
    return found[0] if found else None


def peak_bytes(run: Callable[[], Any]) -> int | None:
    """By how much a call raises the resident memory at its highest point. It counts for every library alike."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # forget the highest point so far
    except OSError:
        return None
    before = status("VmRSS")
    run()
    highest = status("VmHWM")
    return None if before is None or highest is None else highest - before


def traced_peak(run: Callable[[], Any]) -> int:
    """The most bytes at any time of a call that Python and NumPy have asked for, where that is all there is."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def kept_bytes(run: Callable[[], Any]) -> int | None:
    """By how much the resident memory is higher while the result of a call is alive."""
    before = status("VmRSS")
    result = run()
    after = status("VmRSS")
    del result
    return None if before is None or after is None else after - before
