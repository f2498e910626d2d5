"""The rule book: a chapter of NumPy each. A chapter exports ``RULES``; nothing registers itself on import."""

from funcgrad.rules import (
    arithmetic,
    complex_parts,
    constants,
    explog,
    fft,
    index,
    interpolation,
    join,
    linalg,
    padding,
    polynomial,
    product,
    reduce,
    shape,
    sort,
    statistics,
    trigonometric,
)

__all__ = ["FAMILIES", "LATE"]

CHAPTERS = (
    *(arithmetic, explog, trigonometric, complex_parts, constants),
    *(shape, join, index, reduce, sort, statistics),
    *(padding, interpolation, polynomial),
    *(product, linalg, fft),
)
FAMILIES = tuple(chapter.RULES for chapter in CHAPTERS)

#: Chapters about libraries that a user may not have: they are installed once the user has imported these.
LATE = {"scipy.special": "funcgrad.rules.special"}
