"""Functions and methods that write into their first argument."""

from collections.abc import Callable
from typing import Any

import numpy as np

from cases.table import MASK, Case, given, real


def wrote(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does `step` to a copy of its first argument, and returns the copy."""

    def call(x: Any, *rest: Any) -> Any:
        x = x.copy()
        step(x, *rest)
        return x

    return call


PLACES = given([0, 4, 1])
COLUMNS = given([[2], [0]])

WRITING = [
    Case("copyto", wrote(lambda x, y: np.copyto(x, y)), [real(2, 3), real(3)], complex_ok=True),
    Case("copyto/where", wrote(lambda x, y, m: np.copyto(x, y, where=m)), [real(2, 3), real(2, 3), MASK]),
    Case("copyto/number", wrote(lambda x, m: np.copyto(x, 1.5, where=m)), [real(2, 3), MASK]),
    Case("put", wrote(lambda x, y, i: np.put(x, i, y)), [real(2, 3), real(3), PLACES], complex_ok=True),
    Case("put/repeated values", wrote(lambda x, y: np.put(x, [0, 2, 5], y)), [real(2, 3), real(2)]),
    Case("put/wrap", wrote(lambda x, y: np.put(x, [7, -1], y, mode="wrap")), [real(2, 3), real(2)]),
    Case("put/clip", wrote(lambda x, y: np.put(x, [1, 9], y, mode="clip")), [real(2, 3), real(2)]),
    Case("putmask", wrote(lambda x, y, m: np.putmask(x, m, y)), [real(2, 3), real(2, 3), MASK], complex_ok=True),
    Case("putmask/repeated values", wrote(lambda x, y, m: np.putmask(x, m, y)), [real(2, 3), real(2), MASK]),
    Case("place", wrote(lambda x, y, m: np.place(x, m, y)), [real(2, 3), real(3), MASK], complex_ok=True),
    Case("place/repeated values", wrote(lambda x, y, m: np.place(x, m, y)), [real(2, 3), real(2), MASK]),
    Case(
        "put_along_axis",
        wrote(lambda x, y, i: np.put_along_axis(x, i, y, axis=1)),
        [real(2, 3), real(2, 1), COLUMNS],
        complex_ok=True,
    ),
    Case(
        "put_along_axis/axis=None", wrote(lambda x, y, i: np.put_along_axis(x, i, y, None)), [real(6), real(3), PLACES]
    ),
    Case("fill_diagonal", wrote(lambda x, y: np.fill_diagonal(x, y)), [real(3, 3), real()], complex_ok=True),
    Case("fill_diagonal/values", wrote(lambda x, y: np.fill_diagonal(x, y)), [real(3, 4), real(3)]),
    Case("fill_diagonal/wrap", wrote(lambda x, y: np.fill_diagonal(x, y, wrap=True)), [real(7, 3), real(2)]),
    Case("fill_diagonal/3-d", wrote(lambda x, y: np.fill_diagonal(x, y)), [real(2, 2, 2), real()]),
    Case("add.at", wrote(lambda x, y: np.add.at(x, [0, 1, 0], y)), [real(2, 3), real(3, 3)], complex_ok=True),
    Case("subtract.at", wrote(lambda x, y: np.subtract.at(x, (slice(None), [2, 2]), y)), [real(2, 3), real()]),
    Case("multiply.at", wrote(lambda x, y: np.multiply.at(x, [0, 1, 0], y)), [real(2, 3), real(3, 3)]),
    Case("negative.at", wrote(lambda x: np.negative.at(x, [0, 0, 1])), [real(3)]),
    Case("method.fill", wrote(lambda x, y: x.fill(y)), [real(2, 3), real()], complex_ok=True),
    Case("method.put", wrote(lambda x, y: x.put([0, 5], y)), [real(2, 3), real(2)]),
    Case("attribute.flat/set", wrote(lambda x, y: setattr(x, "flat", y)), [real(2, 3), real(2)]),
    Case("attribute.flat/setitem", wrote(lambda x, y: x.flat.__setitem__(slice(1, 4), y)), [real(2, 3), real(3)]),
]
