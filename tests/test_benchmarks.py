"""The benchmark suite: every workload computes what the derivative by hand, or PyTorch, computes; the report adds up.

Nothing here looks at a time.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import contents, documents, history, report, thresholds
from benchmarks.clock import Row, Settings, Timing, contest, exponent
from benchmarks.peers import BY_HAND, COMPILED, MODULES, OURS, TORCH, optional
from benchmarks.session import failures, measure
from benchmarks.suite import Measurement, Workload, disagreement, entries, own

CHECK = Settings(quick=True, check=True)
ENTRIES = [entry for entry in contents.stated() if entry.group != "ADBench"]  # that has tests of its own
WORKLOADS = [entry for entry in ENTRIES if isinstance(entry, Workload)]
TIMED = ("memory", "arrays")  # other processes, and clocks


# ---- the workloads


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # some kernels overflow, as their NumPy does
@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_results_agree(workload: Workload) -> None:
    problem = workload.problem(workload.quick[0])
    runs = {
        name: workload.builders[name](problem)
        for name in (BY_HAND, OURS, TORCH)
        if name in workload.builders and MODULES[name]
    }
    results = {name: run() for name, run in runs.items() if run}
    assert OURS in results
    expected = next(iter(results.values()))
    for name, result in results.items():
        assert disagreement(result, expected, workload.rtol, workload.atol) is None, name


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_a_workload_can_be_compared(workload: Workload) -> None:
    """With a derivative by hand or another library; kernels with PyTorch, or not at all where it refuses."""
    assert len(workload.builders) > 1
    assert workload.quick
    assert workload.sizes


@pytest.mark.parametrize(
    "entry", [e for e in ENTRIES if isinstance(e, Measurement) and e.at_most], ids=lambda entry: entry.name
)
def test_measurements_keep_their_bounds(entry: Measurement) -> None:
    values = entry.measure(True)
    for name, most in entry.at_most.items():
        assert values[name] <= most


def test_thresholds_speak_of_rows_that_exist() -> None:
    stated = contents.stated()
    titles = {entry.title(size) for entry in stated if isinstance(entry, Workload) for size in entry.sizes}
    assert {threshold.row for threshold in thresholds.THRESHOLDS} <= titles
    assert set(thresholds.LARGE_ROWS) <= titles
    assert set(thresholds.MEMORY) <= {entry.name for entry in ENTRIES if isinstance(entry, Measurement)}
    assert thresholds.ADBENCH in {entry.group for entry in stated}
    growing = {workload.name for workload in WORKLOADS if workload.growth}
    assert set(thresholds.EXPONENTS) == growing


# ---- how results are compared


def doubled(x: Any) -> Any:
    return Workload(
        "double",
        "small",
        lambda n: np.arange(1.0, n + 1),
        {OURS: lambda a: lambda: x * a, BY_HAND: lambda a: lambda: 2 * a},
        lambda a: a.copy,
        sizes=(3,),
        quick=(3,),
    )


def test_equal_results_are_no_failure() -> None:
    assert contest(doubled(2.0), 3, CHECK).failures == ()


def test_a_wrong_result_is_reported_and_not_timed() -> None:
    row = contest(doubled(2.1), 3, Settings(True, budget=0.001, sample=1e-5, rounds=2))
    assert row.failures == ("funcgrad differs from by hand: array 0 is off by 0.3, of numbers up to 6",)
    assert OURS not in row.times
    assert BY_HAND in row.times


def test_an_error_is_reported() -> None:
    row = contest(doubled(None), 3, CHECK)
    assert row.failures[0].startswith("funcgrad: TypeError: ")


def test_a_measurement_that_fails_is_reported() -> None:
    def broken(quick: bool) -> Any:
        raise ZeroDivisionError("nothing to divide by")

    assert measure(Measurement("a", "b", "c", broken), True)["failures"] == ["ZeroDivisionError: nothing to divide by"]


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"b": np.ones(2), "a": 1.0}, None),
        ({"a": 1.0}, "1 arrays instead of 2"),
        ({"a": 1.0, "b": np.ones(3)}, "array 1 has shape (3,) instead of (2,)"),
        ({"a": 1.0, "b": np.array([1.0, np.nan])}, "array 1 is off by nan, of numbers up to 1"),
        ({"a": 1.0, "b": np.array([1.0, 1.1])}, "array 1 is off by 0.1, of numbers up to 1"),
    ],
)
def test_disagreement(result: Any, said: str | None) -> None:
    assert disagreement(result, {"a": 1.0, "b": [1.0, 1.0]} | {"b": np.ones(2)}, 1e-8, 1e-10) == said


def test_unknown_contestants_are_refused() -> None:
    with pytest.raises(ValueError, match="no such contestants"):
        Workload("a", "b", lambda size: None, {"someone": lambda problem: None})


def test_two_workloads_of_one_name_are_refused() -> None:
    class Module:
        WORKLOADS = (doubled(2.0), doubled(2.0))

    with pytest.raises(ValueError, match="stated twice"):
        entries([Module])


def test_own_copies_the_functions_inside() -> None:
    def outer(n: int) -> Any:
        def inner() -> int:
            return n

        return inner

    copy = own(outer)
    assert copy(3)() == 3
    assert copy.__code__ is not outer.__code__
    assert copy(3).__code__ is not outer(3).__code__


# ---- timing and the report


def timing(microseconds: float) -> Timing:
    return Timing(microseconds, microseconds, 3, 7, (microseconds, microseconds, 2 * microseconds))


def results() -> dict[str, Any]:
    """Those of a run that never was."""
    first = Row("a", "g", 10, "a, 10", {OURS: timing(10.0), TORCH: timing(40.0)}, timing(2.0), 5)
    second = Row("a", "g", 100, "a, 100", {OURS: timing(100.0), TORCH: timing(50.0)})
    rows = [row.plain() for row in (first, second)]
    measured = {
        "name": "m",
        "group": "h",
        "unit": "bytes",
        "values": {OURS: 3.0},
        "at most": {OURS: 2.0},
        "failures": [],
    }
    found = {
        "date": "2020-01-01",
        "machine": {"processor": "abacus", "cores": 1, "memory GiB": 1.0, "system": "none", "architecture": "beads"},
        "versions": {"python": "3"},
        "settings": {"quick": False, "threads": 1, "seconds": 1.0},
        "rows": rows,
        "measurements": [measured],
        "exponents": {"a": {OURS: exponent([first, second])}},
        "means": report.means(rows),
    }
    return json.loads(json.dumps(found | {"requirements": [*thresholds.verdicts(found)]}))


def test_ratios_and_means() -> None:
    found = results()
    assert [row["ratios"][TORCH] for row in found["rows"]] == [4.0, 0.5]
    assert found["rows"][0]["gradient / forward"] == 5.0
    assert found["means"] == {TORCH: {"mean": pytest.approx(2**0.5), "rows": 2, "faster": 1}}
    assert found["exponents"]["a"][OURS] == pytest.approx(1.0)
    assert failures(found) == []


def test_requirements_are_met_or_not_or_unknown() -> None:
    marks = {found["requirement"]: found["met"] for found in results()["requirements"]}
    assert marks["m: bytes"] is False
    assert marks["deep chain: exponent of the time"] is None
    assert "NOT MET  m: bytes" in report.summary(results())


def test_a_line_of_the_table() -> None:
    row = results()["rows"][0]
    assert report.line(row, compiled=False).split() == ["a,", "10", "10.0", "-", "-", "4.00", *"----", "5.00", "2.00"]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.0, "0"), (0.0123, "0.012"), (0.5, "0.50"), (12.34, "12.3"), (1234.5, "1,234")]
)
def test_figures(value: float | None, text: str) -> None:
    assert report.figure(value) == text


def test_the_page_tells_wins_and_losses() -> None:
    page = documents.page(results())
    assert "| a, 10 | 10.0 | - | - | 4.00 |" in page
    assert "- than PyTorch, in 1 of 2: a, 100 (2.00 times)" in page
    assert "abacus (beads), 1 cores" in page
    assert "| m: bytes | 3.00 | at most 2 | **not met** |" in page


def test_a_compiled_mode_has_a_column_of_its_own() -> None:
    row = Row("a", "g", 10, "a, 10", {OURS: timing(10.0), COMPILED: timing(5.0)}).plain()
    assert report.line(row, compiled=True).split()[2:4] == ["10.0", "5.00"]
    assert report.heading(compiled=True).split()[2:4] == ["compiled", "us"]


def test_history_and_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = history.save(results(), "one"), history.save(results(), "two")
    assert (first.name, second.name) == ("0001_one.json", "0002_two.json")
    saved = json.loads(first.read_text(encoding="utf-8"))
    stats = saved["benchmarks"][0]["stats"]
    assert stats["min"] == pytest.approx(1e-5)
    assert stats["iterations"] == 7
    assert "a, 10" in history.comparison(results(), saved)
    assert history.comparison(results(), saved).count("1.00") == 2


def test_a_picture_is_drawn(tmp_path: Path) -> None:
    if optional("matplotlib") is None:
        pytest.skip("matplotlib is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of matplotlib's own dependencies
        matplotlib = pytest.importorskip("matplotlib")
        matplotlib.use("Agg")
        picture = pytest.importorskip("benchmarks.picture")
        picture.draw(results(), tmp_path / "ratios.png")
        picture.draw(picture.chapters(results()), tmp_path / "chapters.png")
    assert (tmp_path / "ratios.png").stat().st_size > 1000
