"""What ``debug`` says about one row of the table of cases for each function: it never fails, and changes no result."""

from typing import Any

import numpy as np
import pytest
from cases import CASES, CONSTANTS
from cases.table import Case

import funcgrad as fg
import funcgrad.scipy
from funcgrad import debug
from funcgrad.tree import map

ROWS = list({case.function: case for case in reversed([*CASES, *CONSTANTS])}.values())


def free(case: Case, xs: list[Any]) -> tuple[int, ...]:
    """Return the numbers of the inputs that have a derivative."""
    drawn = enumerate(zip(xs, case.inputs, strict=True))
    return tuple(n for n, (x, i) in drawn if not i.fixed and x.dtype.kind in "fc")


def ones_of(y: Any) -> Any:
    return np.ones_like(y) if getattr(getattr(y, "dtype", None), "kind", "") in ("f", "c") else y


def placed(case: Case, xs: list[Any], given: Any) -> list[Any]:
    """Return the inputs with `given` in the place of those that have a derivative."""
    places = dict(zip(free(case, xs), given, strict=True))
    return [places.get(n, x) for n, x in enumerate(xs)]


def gradients(case: Case, xs: list[Any]) -> Any:
    """Return the gradient with respect to each input that has a derivative."""
    numbers = free(case, xs)

    output, pullback = fg.vjp(lambda *given: case.call(*placed(case, xs, given)), *(xs[n] for n in numbers))
    return pullback(map(ones_of, output))


def drawn(case: Case) -> list[Any]:
    """Draw the inputs of a row; skip one with nothing to differentiate, or that this NumPy or SciPy has not."""
    xs = case.draw()
    if not free(case, xs):
        pytest.skip("there is nothing to differentiate")
    try:
        case.call(*xs)
    except AttributeError as error:
        pytest.skip(str(error))
    return xs


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", ROWS, ids=str)
def test_explanations_and_programs(case: Case) -> None:
    xs = drawn(case)
    expected, numbers = gradients(case, xs), free(case, xs)
    report = debug.explain(case.call, argnums=numbers)(*xs)
    assert report.error is None
    for leaf, gradient in zip(report.leaves, expected, strict=True):
        assert leaf.findings
        assert leaf.status != "unknown", str(leaf)
        np.testing.assert_allclose(0 if leaf.gradient is None else leaf.gradient, gradient, 1e-9, 1e-12)
    program = debug.trace(lambda *given: case.call(*placed(case, xs, given)))(*(xs[n] for n in numbers))
    made = {value.name for _, value in program.inputs}
    for step in program:
        assert set(step.sources) <= made, str(step)
        made |= {y.name for y in step.outputs}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", [row for row in ROWS if "nan" not in row.name], ids=str)
def test_watch_changes_no_result(case: Case) -> None:
    xs = drawn(case)
    expected = gradients(case, xs)
    with debug.nans():
        found = gradients(case, xs)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)
