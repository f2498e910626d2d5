"""Incomplete gamma and beta functions and their inverses, with their parameter derivatives."""

from __future__ import annotations

from typing import Any

__all__ = ["RULES"]

RULES: tuple[Any, ...] = ()
