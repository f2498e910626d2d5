"""Elliptic integrals and functions."""

from __future__ import annotations

from typing import Any

__all__ = ["RULES"]

RULES: tuple[Any, ...] = ()
