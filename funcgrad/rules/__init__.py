"""The rule book: a chapter of NumPy each. A chapter exports ``RULES``; nothing registers itself on import."""

from funcgrad.rules import (
    apply,
    arithmetic,
    complex_parts,
    constants,
    emath,
    explog,
    fft,
    filter,
    histogram,
    index,
    interpolation,
    join,
    linalg,
    padding,
    polynomial,
    power_series,
    product,
    quantile,
    ranges,
    reduce,
    sets,
    shape,
    sort,
    statistics,
    trigonometric,
)

__all__ = ["FAMILIES", "LATE"]

CHAPTERS = (
    *(arithmetic, explog, trigonometric, complex_parts, constants),
    *(shape, join, index, reduce, sort, statistics, quantile, histogram, sets),
    *(padding, interpolation, ranges, apply, polynomial, power_series, filter, emath),
    *(product, linalg, fft),
)
FAMILIES = tuple(chapter.RULES for chapter in CHAPTERS)

#: Chapters about libraries that a user may not have: they are installed once the user has imported these.
LATE = {"scipy.special": "funcgrad.rules.special"}
