"""The census: every public name of NumPy and of ``scipy.special``, and what funcgrad makes of it.

``python tests/census.py`` prints the counts; with ``--write`` it also writes ``docs/coverage.md``.
"""

import argparse
import types
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ledger
import numpy as np
import scipy
import scipy.special
from cases import CASES
from test_laws import ROOTS

import funcgrad.numpy
import funcgrad.scipy.special
from funcgrad.core.kinds import Composite, Constant, Elementwise
from funcgrad.core.primitive import call_of
from funcgrad.core.tracer import Tracer

COVERAGE = Path(__file__).parents[1] / "docs" / "coverage.md"

#: What counts as covered, and how the page says it.
KINDS = {
    "rule": "a derivative rule of its own",
    "composite": "written out over functions with rules",
    "drop-in": "through `funcgrad.numpy` or `funcgrad.scipy.special`: NumPy's or SciPy's own does not reach a protocol",
    "constant": "derivative zero or without meaning: plain values",
    "method": "an attribute or method of traced arrays",
    "ledger": "not a function of arrays to differentiate, for the reason given",
    "missing": "",
}
DIFFERENTIABLE = ("rule", "composite", "drop-in", "method")


@dataclass(frozen=True)
class Entry:
    """What is known about one public name."""

    module: str
    name: str
    kind: str
    note: str = ""


def census() -> list[Entry]:
    """Return an entry for each public name."""
    modules: list[tuple[str, Any]] = [
        ("numpy", np),
        ("numpy.linalg", np.linalg),
        ("numpy.fft", np.fft),
        ("numpy.ndarray", np.ndarray),
        ("scipy.special", scipy.special),
    ]
    return [entry(title, name, getattr(owner, name)) for title, owner in modules for name in public(title, owner)]


def public(title: str, owner: Any) -> Iterator[str]:
    return (name for name in sorted(dir(owner)) if not name.startswith("_"))


def entry(module: str, name: str, found: Any) -> Entry:
    """Say what `name` is: the first answer that fits."""
    if module == "numpy.ndarray":
        return member(name)
    reason = ledger.REASONS.get(f"{module}.{name}") or ledger.by_type(found)
    if reason:
        return Entry(module, name, "ledger", reason)
    call: Any = call_of(found) if found.__hash__ else None
    if call is not None:
        primitive = getattr(call, "primitive", call)
        if isinstance(primitive, Constant):
            return Entry(module, name, "constant")
        kind = "composite" if isinstance(primitive, Composite) else "rule"
        return Entry(module, name, kind, note_of(primitive))
    offered = {"numpy": funcgrad.numpy, "scipy.special": funcgrad.scipy.special}.get(module)
    if offered is not None and getattr(offered, name) is not found:
        return Entry(module, name, "drop-in")
    if name in ledger.THROUGH:
        return Entry(module, name, "composite")
    return Entry(module, name, "missing")


def member(name: str) -> Entry:
    """Say what traced arrays make of an attribute or method of ndarray."""
    reason = ledger.REASONS.get(f"numpy.ndarray.{name}")
    if reason:
        return Entry("numpy.ndarray", name, "ledger", reason)
    return Entry("numpy.ndarray", name, "method" if hasattr(Tracer, name) else "missing")


def note_of(primitive: Any) -> str:
    """Name the operands of an elementwise function that have no derivative, or none that is known."""
    if not isinstance(primitive, Elementwise) or primitive.arity == 1:
        return ""
    rules = [(place, rule) for place, rule in zip(("1st", "2nd", "3rd", "4th", "5th"), primitive.rules, strict=False)]
    zero = [place for place, rule in rules if rule is None]
    unknown = [place for place, rule in rules if rule is not None and rule.function.__qualname__.startswith("unknown.")]
    parts = [f"zero in the {', '.join(zero)} argument"] if zero else []
    return "; ".join(parts + ([f"not known in the {', '.join(unknown)} argument (an error)"] if unknown else []))


# -- Rows ------------------------------------------------------------------------------------------------


def tested() -> set[int]:
    """Return the identities of the functions that have a row in the table of cases, on which the laws hold."""
    found = set()
    for case in CASES:
        first, *path = case.function.split(".")
        value = ROOTS.get(first) or getattr(np, first, None)
        for part in path:
            value = getattr(value, part, None)
        found.add(id(value))
    return found


def without_row(entries: list[Entry]) -> list[str]:
    """Return the differentiable functions that no law has seen."""
    owners = {
        "numpy": np,
        "numpy.linalg": np.linalg,
        "numpy.fft": np.fft,
        "scipy.special": scipy.special,
    }
    seen = tested()
    return [
        f"{e.module}.{e.name}"
        for e in entries
        if e.kind in ("rule", "composite") and id(getattr(owners[e.module], e.name)) not in seen
    ]


# -- Pages -----------------------------------------------------------------------------------------------


def counts(entries: list[Entry]) -> str:
    """Return a table of the numbers, module by module."""
    lines = ["| | covered | differentiable | constant | ledger | missing |", "|---|---|---|---|---|---|"]
    for module in (*dict.fromkeys(e.module for e in entries), "all"):
        kinds = Counter(e.kind for e in entries if module in (e.module, "all"))
        covered = sum(kinds[kind] for kind in DIFFERENTIABLE)
        row = (module, covered, covered + kinds["missing"], kinds["constant"], kinds["ledger"], kinds["missing"])
        lines.append("| " + " | ".join(map(str, row)) + " |")
    return "\n".join(lines)


def page(entries: list[Entry]) -> str:
    """Return the text of ``docs/coverage.md``."""
    parts = [
        "# Coverage",
        f"Every public name of NumPy {minor(np)} and `scipy.special` of SciPy {minor(scipy)}, and what funcgrad "
        "makes of it. Generated by `python tests/census.py --write`; a test fails when it is stale. Functions are "
        "called as plain `np.f(x)` and `scipy.special.f(x)`. Every rule serves reverse mode, forward mode and "
        "batching, and is checked against differences, in first and second order, by the laws in "
        "`tests/test_laws.py`.",
        counts(entries),
    ]
    for module in dict.fromkeys(e.module for e in entries):
        parts.append(f"## {module}")
        for kind, meaning in KINDS.items():
            rows = [e for e in entries if (e.module, e.kind) == (module, kind)]
            if rows and kind == "ledger":
                parts.append(f"**{kind}**: {meaning}")
                parts.append("\n".join(f"- {', '.join(names)}: {reason}" for reason, names in by_reason(rows).items()))
            elif rows:
                parts.append(f"**{kind}**: {meaning}" if meaning else f"**{kind}**")
                parts.append(", ".join(f"`{e.name}`" + (f" ({e.note})" if e.note else "") for e in rows))
    return "\n\n".join(parts) + "\n"


def by_reason(rows: list[Entry]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for e in rows:
        grouped.setdefault(e.note, []).append(f"`{e.name}`")
    return grouped


def minor(module: types.ModuleType) -> str:
    return ".".join(module.__version__.split(".")[:2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/coverage.md")
    entries = census()
    if parser.parse_args().write:
        COVERAGE.write_text(page(entries), encoding="utf-8")
    print(counts(entries))
    print("missing:", ", ".join(f"{e.module}.{e.name}" for e in entries if e.kind == "missing") or "none")
    print("without a row:", ", ".join(without_row(entries)) or "none")


if __name__ == "__main__":
    main()
