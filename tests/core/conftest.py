"""What the tests of the engine's parts share."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def constructed(monkeypatch: pytest.MonkeyPatch) -> Callable[[type], list[Any]]:
    """A function of a class, that returns a list to which all its objects are added as they are made."""

    def watch(cls: Any) -> list[Any]:
        found: list[Any] = []
        usual = cls.__init__
        monkeypatch.setattr(cls, "__init__", lambda self, *given: found.append(self) or usual(self, *given))
        return found

    return watch
