"""Write down the rows of the table of cases whose derivatives need what CuPy lacks, although they themselves do not.

Run ``PYTHONPATH=tests python tests/cupy_rooms/make_gaps.py [words]``, with words for the rows whose name contains one
of them; all the others stay as they are written. A row whose plain call already fails on the strict stand-in is no
gap: the laws find out by themselves. A row that has become right goes from the list: `test_gaps.py` fails while it is
there.
"""

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import test_laws as laws
from cases import CASES
from cases.table import Case

import funcgrad as fg
from funcgrad.testing import DeviceArray, host_copies

GAPS = Path(__file__).with_name("gaps.txt")


def derivatives(case: Case, complex_: bool) -> None:
    """Do on the strict stand-in what the laws about devices do; raise where they fail."""
    run = laws.Run(case, complex_)
    device = laws.Run(case, complex_, convert=DeviceArray)
    gys = laws.directions(fg.vjp(run, *run.xs)[0])
    second = [] if case.order < 2 else [(mode(device)[0], mode(run)[1]) for mode in MODES]
    for f, xs in (*second, (device, run.xs)):  # what fails most, first
        ys = fg.vjp(f, *map(DeviceArray, xs))[0]
        cotangents = gys if f is device else [np.ones(y.shape, y.dtype) for y in ys]
        with host_copies() as copies:
            fg.vjp(f, *map(DeviceArray, xs))[1](tuple(map(DeviceArray, cotangents)))
            fg.jvp(f, tuple(map(DeviceArray, xs)), tuple(map(DeviceArray, laws.directions(xs))))
        assert not copies or case.function in laws.LOOPS
    if case.vmap:
        fg.vmap(device)(*[DeviceArray(np.stack([x] * 3)) for x in run.xs])


MODES = (laws.forward_of, laws.reverse_of)


def is_gap(case: Case, complex_: bool) -> bool:
    """Whether a row works on the strict stand-in, but not one of its derivatives."""
    if laws.lacks(case, complex_):
        return False
    try:
        derivatives(case, complex_)
    except (*laws.LACKS, AssertionError):
        return True
    return False


def find(words: list[str]) -> set[str]:
    """Return the rows that are gaps, of those whose name contains one of the words."""
    rows: list[Any] = [param.values for param in laws.runs([case for case in CASES if case.device])]
    chosen = [(case, complex_) for case, complex_ in rows if not words or any(word in str(case) for word in words)]
    return {str(case) for case, complex_ in chosen if is_gap(case, complex_)}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    words = sys.argv[1:]
    before = GAPS.read_text().splitlines()
    kept = {row for row in before if words and not any(word in row for word in words)}
    rows = sorted(kept | find(words))
    GAPS.write_text("".join(f"{row}\n" for row in rows))
    print(f"{len(rows)} rows, {len(before)} before")
