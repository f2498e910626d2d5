"""Interpolation, histograms, ranges, and functions applied along axes."""

from __future__ import annotations

from typing import Any

__all__ = ["RULES"]

RULES: tuple[Any, ...] = ()
