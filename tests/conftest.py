"""What every test has: random numbers of its own, and the proof that it leaves nothing behind."""

import gc
import os
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
import scipy.special

import funcgrad as fg
from funcgrad.core.level import RUNNING, Level
from funcgrad.core.primitive import CALLS, call_of

# JAX, where it is asked for results: in double precision, and what runs once is compiled in haste.
os.environ |= {"JAX_ENABLE_X64": "1", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}

# So that nothing is imported, and no rule installed, in the middle of a test.
for name in dir(fg):
    getattr(fg, name)
call_of(scipy.special.erf)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Random numbers that depend on nothing but the test's name."""
    return np.random.default_rng(zlib.crc32(request.node.nodeid.encode()))


def state() -> tuple[object, ...]:
    """Return what a test must leave as it was."""
    return np.geterr(), fg.is_grad_enabled(), fg.get_default_dtype(), len(CALLS), RUNNING.get()


@pytest.fixture(autouse=True)
def no_leaks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that leaves a level open, a mode changed, a rule installed, or NumPy's error handling changed."""
    made: list[Level] = []
    start = Level.__init__

    def watched(level: Level) -> None:
        start(level)
        made.append(level)

    monkeypatch.setattr(Level, "__init__", watched)
    before = state()
    yield
    assert state() == before
    assert all(level.closed for level in made), "a transform ended without closing its level"


def pytest_collection_finish() -> None:
    """Take what the tests import out of garbage collection, which would else scan it again and again."""
    gc.collect()
    gc.freeze()
