"""The rule of an argument in which the derivative is not known: an error that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from funcgrad._typing import Array
from funcgrad.errors import NoDerivativeError

__all__ = ["unknown"]


def unknown(function: Any, argument: str) -> Callable[[Array], NoReturn]:
    """Refuse the derivative of a function of ``scipy.special`` with respect to one argument."""

    def rule(g: Array) -> NoReturn:
        raise NoDerivativeError(
            f"special.{function.__name__}: the derivative with respect to the {argument} is not known. "
            f"Pass funcgrad.stop_gradient of the {argument} if no gradient with respect to it is needed."
        )

    return rule
