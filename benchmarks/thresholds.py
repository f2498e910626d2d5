"""What this project requires of itself. Every run prints what is met and what is not; nothing fails for a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.peers import AUTOGRAD, BY_HAND, OURS, TORCH


@dataclass(frozen=True)
class Threshold:
    """In the row of this title, the peer must take at least so many times as long as funcgrad."""

    row: str
    against: str
    at_least: float


THRESHOLDS = (
    Threshold("chain of 100, operators, 8", BY_HAND, 1 / 2.2),
    Threshold("chain of 100, np. functions, 8", BY_HAND, 1 / 2.5),
    Threshold("chain of 100, operators, 8", AUTOGRAD, 4.5),
    Threshold("chain of 100, operators, 8", TORCH, 2.0),
    Threshold("chain of 100, Tensor.backward(), 8", TORCH, 1.0),
)

#: The largest exponent of the time that a loop of Python may have in its number of steps.
EXPONENTS = {
    "RK4 integrator": 1.1,
    "sum of x[i] * x[i + 1]": 1.15,
    "fill and read": 1.1,
    "recurrence in an array": 1.1,
    "update in place": 1.1,
    "rows of a table": 1.1,
    "deep chain": 1.1,
}


def verdict(text: str, value: float | None, bound: str, met: bool | None) -> dict[str, Any]:
    return {"requirement": text, "value": value, "bound": bound, "met": None if value is None else met}


def verdicts(results: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Each requirement with its value in these results, None where it was not measured."""
    rows = {row["title"]: row for row in results["rows"]}
    for threshold in THRESHOLDS:
        value = rows.get(threshold.row, {}).get("ratios", {}).get(threshold.against)
        text = f"{threshold.row}: {threshold.against} / {OURS}"
        yield verdict(text, value, f"at least {threshold.at_least:.2f}", (value or 0) >= threshold.at_least)
    for name, most in EXPONENTS.items():
        value = results["exponents"].get(name, {}).get(OURS)
        yield verdict(f"{name}: exponent of the time", value, f"at most {most:g}", (value or 0) <= most)
    for measurement in results["measurements"]:
        for who, most in measurement["at most"].items():
            value = measurement["values"].get(who)
            text = f"{measurement['name']}: {measurement['unit']}"
            yield verdict(text, value, f"at most {most:g}", value is not None and value <= most)
