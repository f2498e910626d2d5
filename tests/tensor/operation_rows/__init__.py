"""The rows of the operations' tests: calls that PyTorch and funcgrad both run, by theme."""

from operation_rows import algebra, elementwise, exact, further, indexing, reductions, refused, shapes, spectra

#: Run with inputs of both floating-point dtypes.
FLOATS = (
    *elementwise.ROWS,
    *reductions.ROWS,
    *shapes.ROWS,
    *indexing.ROWS,
    *algebra.ROWS,
    *spectra.ROWS,
    *further.ROWS,
)
EXACT = exact.ROWS
ERRORS = refused.ROWS
