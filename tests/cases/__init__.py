"""The table of cases: one row for each function and way to call it. What a row is: :mod:`cases.table`."""

from collections.abc import Sequence
from dataclasses import replace

from cases import (
    constants,
    elementwise,
    fft,
    indexing,
    interpolation,
    kinks,
    linalg,
    methods,
    polynomials,
    products,
    reductions,
    scipy_harmonics,
    scipy_linalg,
    scipy_signal,
    scipy_special,
    scipy_stats,
    special_bessel,
    special_error,
    special_gamma,
    special_orthogonal,
    spectral,
    statistics,
    structure,
    table,
    writing,
)
from cases.table import Case

#: What an oracle runs with another library in the place of ``np`` and ``special``.
MODULES = (
    *(table, elementwise, structure, indexing, writing, reductions, statistics, products, linalg, spectral, fft),
    *(polynomials, interpolation, methods, special_gamma, special_error, special_bessel, special_orthogonal),
)


def joined(**chapters: Sequence[Case]) -> list[Case]:
    """Note in each row its chapter, and refuse two rows of one name."""
    rows = [replace(row, chapter=name) for name, chapter in chapters.items() for row in chapter]
    names = [row.name for row in rows]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two rows have the same name: {sorted(twice)}")
    return rows


CASES = joined(
    arithmetic=elementwise.ARITHMETIC,
    explog=elementwise.EXPLOG,
    trigonometric=elementwise.TRIGONOMETRIC,
    complex_parts=elementwise.COMPLEX_PARTS,
    shape=structure.SHAPE,
    join=structure.JOIN,
    index=indexing.INDEX,
    writing=writing.WRITING,
    reduce=reductions.REDUCE,
    ufunc=reductions.UFUNC,
    sort=reductions.SORT,
    statistics=statistics.STATISTICS,
    product=products.PRODUCT,
    linalg=linalg.LINALG,
    spectral=spectral.SPECTRAL,
    fft=fft.FFT,
    polynomials=polynomials.POLYNOMIALS,
    interpolation=interpolation.INTERPOLATION,
    methods=methods.METHODS,
    special_gamma=special_gamma.GAMMA,
    special_error=special_error.ERROR,
    special_bessel=special_bessel.BESSEL,
    special_orthogonal=special_orthogonal.ORTHOGONAL,
    scipy_linalg=scipy_linalg.SCIPY_LINALG,
    scipy_harmonics=scipy_harmonics.SCIPY_HARMONICS,
    scipy_special=scipy_special.SCIPY_SPECIAL,
    scipy_stats=scipy_stats.SCIPY_STATS,
    scipy_signal=scipy_signal.SCIPY_SIGNAL,
)
CONSTANTS = joined(constants=constants.CONSTANTS)
KINKS = [
    *kinks.KINKS,
    *spectral.KINKS,
    *polynomials.KINKS,
    *special_gamma.KINKS,
    *special_error.KINKS,
    *special_bessel.KINKS,
    *special_orthogonal.KINKS,
    *scipy_special.KINKS,
    *scipy_linalg.KINKS,
    *scipy_stats.KINKS,
]

#: Functions (or rows) that have no rule yet: a derivative is refused, and `test_laws.test_ledger_is_true` checks that.
NO_RULE_YET: frozenset[str] = frozenset()
