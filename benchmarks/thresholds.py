"""What this project requires of itself. Every run prints what is met and what is not; nothing fails for a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.peers import AUTOGRAD, BY_HAND, JAX, MYGRAD, OURS, TORCH, TORCH_FUNC
from benchmarks.report import geometric
from benchmarks.resident import KEPT, KEPT_LINEAR, KEPT_NETWORK, KEPT_TENSOR, PEAK


@dataclass(frozen=True)
class Threshold:
    """In the row of this title, the peer must take at least so many times as long as funcgrad."""

    row: str
    against: str
    at_least: float


#: A gradient written by hand is the least that there is: how many times as long funcgrad may take.
WITHIN = {
    "chain of 100, operators, 8": 2.0,
    "chain of 100, np. functions, 8": 2.3,
    "MLP, 128 x 784 x 512 x 256 x 10 float32": 1.15,
    "MLP, 128 x 784 x 512 x 256 x 10 float64": 1.15,
    "logistic regression, 100,000 x 50": 1.15,
    "attention block, 4 x 64 x 64 x 4": 1.15,
    "LSTM cell loop, 30 x 16 x 8 x 32": 1.15,
    "GMM, 2 x 5 x 1,000": 1.15,
    "GMM, 10 x 25 x 1,000": 1.15,
    "GMM, 20 x 50 x 1,000": 1.15,
    "GMM, 64 x 25 x 1,000": 1.15,
    "GMM, 10 x 25 x 10,000": 1.15,
    "20 operations on a large array, 10,000,000": 1.05,
}

THRESHOLDS = (
    *(Threshold(row, BY_HAND, 1 / most) for row, most in WITHIN.items()),
    *(Threshold(row, TORCH, 1 / 1.1) for row, most in WITHIN.items() if most == 1.15),
    Threshold("chain of 100, operators, 8", AUTOGRAD, 5.0),
    Threshold("chain of 100, operators, 8", TORCH, 2.3),
    Threshold("chain of 100, operators, 8", TORCH_FUNC, 4.0),
    Threshold("chain of 100, operators, 8", MYGRAD, 4.0),
    Threshold("chain of 100, operators, 8", JAX, 80.0),
    Threshold("chain of 100, Tensor.backward(), 8", TORCH, 1.5),
    Threshold("scalar chain of 100", AUTOGRAD, 10.0),
    Threshold("scalar chain of 100", TORCH, 4.0),
    Threshold("polynomial of degree 50", AUTOGRAD, 10.0),
    Threshold("polynomial of degree 50", TORCH, 4.0),
    Threshold("sum of x[i] * x[i + 1], 1,000", AUTOGRAD, 15.0),
    Threshold("sum of x[i] * x[i + 1], 1,000", TORCH, 4.0),
    Threshold("gradient of a gradient, 20", TORCH_FUNC, 2.0),
    Threshold("jvp of a layer, 100", TORCH_FUNC, 2.0),
    Threshold("vmap of grad, 100", TORCH_FUNC, 2.0),
)

#: How many times as long the peers must take in the geometric mean over the whole suite.
MEANS = {AUTOGRAD: 5.0, MYGRAD: 4.0, TORCH: 1.5, JAX: 20.0}

#: The same over the chapter of ADBench alone.
ADBENCH = "ADBench"
ADBENCH_MEANS = {AUTOGRAD: 3.0}

#: How many forward passes a gradient may take, in rows whose arrays have ten thousand elements or more.
FORWARD_PASSES = 4.0
LARGE_ROWS = (
    "singular chain of 99, 100,000",
    "MLP, 128 x 784 x 512 x 256 x 10 float32",
    "MLP, 128 x 784 x 512 x 256 x 10 float64",
    "logistic regression, 100,000 x 50",
    "convolutional network, 64 x 28",
    "attention block, 4 x 64 x 64 x 4",
    "GMM, 10 x 25 x 1,000",
    "GMM, 20 x 50 x 1,000",
    "GMM, 64 x 25 x 1,000",
    "GMM, 10 x 25 x 10,000",
    "20 operations on a large array, 10,000,000",
)

#: Memory, by the name of its measurement: how many times that of another may be taken.
MEMORY = {PEAK: (BY_HAND, 1.05)} | dict.fromkeys((KEPT, KEPT_TENSOR, KEPT_LINEAR, KEPT_NETWORK), (TORCH, 1.0))

#: Resident memory is told to so many arrays: what a few pages make.
PRECISION = 0.02

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
    for peer, least in MEANS.items():
        value = results["means"].get(peer, {}).get("mean")
        text = f"whole suite, geometric mean: {peer} / {OURS}"
        yield verdict(text, value, f"at least {least:.2f}", (value or 0) >= least)
    for peer, least in ADBENCH_MEANS.items():
        chapter = [row["ratios"][peer] for row in rows.values() if row["group"] == ADBENCH and peer in row["ratios"]]
        value = geometric(chapter)
        text = f"{ADBENCH}, geometric mean: {peer} / {OURS}"
        yield verdict(text, value, f"at least {least:.2f}", (value or 0) >= least)
    for title in LARGE_ROWS:
        value = rows.get(title, {}).get("gradient / forward")
        yield verdict(f"{title}: forward passes", value, f"at most {FORWARD_PASSES:g}", (value or 0) <= FORWARD_PASSES)
    measured = {measurement["name"]: measurement["values"] for measurement in results["measurements"]}
    for name, (peer, most) in MEMORY.items():
        values = measured.get(name, {})
        both = OURS in values and peer in values
        bound = most * values[peer] + PRECISION if both else 0.0
        text = f"{name}: arrays, beside {most:g} times those of {peer}"
        yield verdict(text, values[OURS] if both else None, f"at most {bound:.2f}", both and values[OURS] <= bound)
    for name, most in EXPONENTS.items():
        value = results["exponents"].get(name, {}).get(OURS)
        yield verdict(f"{name}: exponent of the time", value, f"at most {most:g}", (value or 0) <= most)
    for measurement in results["measurements"]:
        for who, most in measurement["at most"].items():
            value = measurement["values"].get(who)
            text = f"{measurement['name']}: {measurement['unit']}"
            yield verdict(text, value, f"at most {most:g}", value is not None and value <= most)
