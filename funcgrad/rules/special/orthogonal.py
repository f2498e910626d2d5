"""Orthogonal polynomials, Legendre functions and spherical harmonics."""

from __future__ import annotations

from typing import Any

__all__ = ["RULES"]

RULES: tuple[Any, ...] = ()
