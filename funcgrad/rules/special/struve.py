"""Struve, Kelvin and Wright-Bessel functions, and integrals of Bessel functions."""

from __future__ import annotations

from typing import Any

__all__ = ["RULES"]

RULES: tuple[Any, ...] = ()
