"""What a gradient frees is there for the next one, and can be returned to the system."""

import os
import platform
import subprocess
import sys

import pytest

import funcgrad as fg

if platform.libc_ver()[0] != "glibc":
    pytest.skip("freed memory is the business of another C library", allow_module_level=True)

PROGRAM = """
import resource
import numpy as np
import funcgrad as fg

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def resident():
    return int(open("/proc/self/statm").read().split()[1])

def f(x):
    for _ in range(5):
        x = np.tanh(x) * x
    return np.sum(x)

x = np.linspace(0.5, 1.5, 400_000)  # 3 MB, 800 pages
gradient = fg.grad(f)
for _ in range(3):
    gradient(x)
before = faults()
gradient(x)
again = faults() - before
kept = resident()
released = fg.release_memory()
print(again, kept - resident(), released)
"""


def measured(**variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment | variables, capture_output=True, text=True, check=True
    )
    again, given_back, released = done.stdout.split()
    return int(again), int(given_back), released


def test_the_second_gradient_finds_the_memory_of_the_first():
    again, given_back, released = measured()
    assert again < 800  # less than one of some twenty arrays
    assert released == "True"
    assert given_back > 8 * 800


def test_limits_in_the_environment_are_left_alone():
    again, given_back, _ = measured(MALLOC_TRIM_THRESHOLD_="1000000")
    assert again > 8 * 800
    assert given_back < 2 * 800


def test_elsewhere_there_is_nothing_to_release(monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert fg.release_memory() is False


LARGE = """
import numpy as np
import funcgrad as fg

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / x.nbytes

def is_mapped(array):
    parts = [line.split()[0].split("-") for line in open("/proc/self/maps") if "[heap]" in line]
    place = array.__array_interface__["data"][0]
    return not any(int(low, 16) <= place < int(high, 16) for low, high in parts)

seen = []

def f(x):
    y = x
    for _ in range(3):
        y = np.sqrt((y * x + x) * 0.5)
    seen.append(is_mapped(np.empty(5_000_000)))
    return np.sum(y)

def fails(x):
    raise KeyError

x = np.linspace(0.5, 1.5, 5_000_000)  # 40 MB
before = resident()
for transform in (fg.grad(f), lambda x: fg.vjp(f, x)[1](1.0), fg.grad(lambda x: fg.grad(f)(x).sum())):
    transform(x)
try:
    fg.grad(fails)(x)
except KeyError:
    pass
print(*seen, is_mapped(np.empty(5_000_000)), round(resident() - before, 1))
"""


def run(**variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(
        [sys.executable, "-c", LARGE], env=environment | variables, capture_output=True, text=True, check=True
    )
    *seen, after, left = done.stdout.split()
    return seen, after, float(left)


def test_large_arrays_come_from_the_heap_while_a_function_is_differentiated():
    seen, after, left = run()
    assert seen == ["False"] * 3
    assert after == "True"
    assert left < 0.5  # of such an array


def test_unless_the_environment_limits_it():
    seen, after, _ = run(MALLOC_MMAP_THRESHOLD_="1000000")
    assert {*seen, after} == {"True"}
