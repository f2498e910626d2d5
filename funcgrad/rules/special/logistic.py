"""Logistic functions, entropies, and what is computed with care for rounding."""

from __future__ import annotations

from typing import Any

__all__ = ["RULES"]

RULES: tuple[Any, ...] = ()
