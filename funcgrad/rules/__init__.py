"""The rule book: a chapter of NumPy each. A chapter exports ``RULES``; nothing registers itself on import."""

from funcgrad.rules import (
    arithmetic,
    complex_parts,
    constants,
    explog,
    index,
    join,
    linalg,
    product,
    reduce,
    shape,
    sort,
    statistics,
    trigonometric,
)

__all__ = ["FAMILIES"]

CHAPTERS = (
    *(arithmetic, explog, trigonometric, complex_parts, constants),
    *(shape, join, index, reduce, sort, statistics),
    *(product, linalg),
)
FAMILIES = tuple(chapter.RULES for chapter in CHAPTERS)
