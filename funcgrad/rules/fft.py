"""Fourier transforms: all of them are linear."""

from __future__ import annotations

from typing import Any

__all__ = ["RULES"]

RULES: tuple[Any, ...] = ()
