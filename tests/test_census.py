"""Every public name of NumPy and of ``scipy.special`` is accounted for, and the page that says so is current."""

import numpy as np
import pytest
import scipy
from census import COVERAGE, census, counts, minor, page, without_row
from ledger import REASONS

ENTRIES = census()


def test_nothing_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    missing = [f"{e.module}.{e.name}" for e in ENTRIES if e.kind == "missing"]
    with capsys.disabled():
        print(f"\n{counts(ENTRIES)}\nmissing: {missing}")
    assert not missing


def test_every_differentiable_function_has_a_row() -> None:
    """A row is under the laws: reverse is the transpose of forward, batching is a loop, both orders are right."""
    assert not without_row(ENTRIES)


def test_ledger_names_exist() -> None:
    known = {f"{e.module}.{e.name}" for e in ENTRIES}
    gone = sorted(set(REASONS) - known)
    if minor(np) == stated("NumPy") and minor(scipy) == stated("SciPy"):
        assert not gone


def test_page_is_current() -> None:
    if (minor(np), minor(scipy)) != (stated("NumPy"), stated("SciPy")):
        pytest.skip("docs/coverage.md was written with other versions of NumPy and SciPy")
    assert COVERAGE.read_text(encoding="utf-8") == page(ENTRIES), "run: python tests/census.py --write"


def stated(library: str) -> str:
    """Return the version that the page was written with."""
    text = COVERAGE.read_text(encoding="utf-8")
    return text.split(f"of {library} " if library == "SciPy" else f"{library} ", 1)[1].split(" ", 1)[0].strip(",")
