"""Error functions, Fresnel and Dawson integrals, and their kin."""

from __future__ import annotations

from typing import Any

__all__ = ["RULES"]

RULES: tuple[Any, ...] = ()
