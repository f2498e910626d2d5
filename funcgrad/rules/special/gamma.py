"""Gamma, beta and zeta functions, and exponential integrals."""

from __future__ import annotations

from typing import Any

__all__ = ["RULES"]

RULES: tuple[Any, ...] = ()
