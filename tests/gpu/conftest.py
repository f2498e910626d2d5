"""Tests that need a GPU: collected everywhere, skipped with the reason where there is none."""

from typing import Any

import pytest


def why_not() -> str | None:
    """Return why these tests cannot run here; None if they can."""
    try:
        import cupy  # noqa: PLC0415  # not every machine has it
    except ImportError:
        return "CuPy is not installed"
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # CuPy has its own class of errors for each library
        return f"CuPy finds no GPU: {error}"
    return None if count else "CuPy finds no GPU"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = why_not()
    for item in items:
        if item.path.parent.name == "gpu":
            item.add_marker(pytest.mark.gpu)
            if reason is not None:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def cp() -> Any:
    return pytest.importorskip("cupy")
