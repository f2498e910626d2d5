"""The rule book: a chapter of NumPy each. A chapter exports ``RULES``; nothing registers itself on import."""

from funcgrad.rules import (
    arithmetic,
    complex_parts,
    constants,
    explog,
    index,
    join,
    product,
    reduce,
    shape,
    sort,
    trigonometric,
)

__all__ = ["LATE", "RULES"]

#: The chapters that are installed before there is a tracer: every ufunc, and what the core looks up by itself.
CHAPTERS = (
    *(arithmetic, explog, trigonometric, complex_parts, constants),
    *(shape, join, index, reduce, sort, product),
)
RULES = tuple(rule for chapter in CHAPTERS for rule in chapter.RULES)

#: The others, by the library that they are about: installed when a function is first missed and that is imported.
LATE = {
    f"funcgrad.rules.{chapter}": "numpy"
    for chapter in (
        *("statistics", "quantile", "histogram", "sets", "padding", "interpolation", "ranges"),
        *("apply", "polynomial", "power_series", "filter", "emath", "linalg", "fft"),
    )
}
LATE["funcgrad.rules.special"] = "scipy.special"
