"""What every test has: random numbers of its own, and the proof that it leaves nothing behind."""

import gc
import zlib
from collections.abc import Iterator

import numpy as np
import pytest


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Random numbers that depend on nothing but the test's name."""
    return np.random.default_rng(zlib.crc32(request.node.nodeid.encode()))


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Fail a test that changes global state and does not restore it."""
    errors = np.geterr()
    yield
    assert np.geterr() == errors, "the test changed NumPy's handling of floating-point errors"


def pytest_collection_finish() -> None:
    """Take what the tests import out of garbage collection, which would else scan it again and again."""
    gc.collect()
    gc.freeze()
