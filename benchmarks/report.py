"""What is printed: one table of rows, then exponents, other measurements, means and requirements."""

from collections.abc import Iterable
from math import prod
from typing import Any

from benchmarks.peers import COMPILED, OURS, PEERS

WIDTH = 46


def figure(value: float | None) -> str:
    """A number at a glance: two or three digits that count, and no more."""
    if value is None:
        return "-"
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.2g}"


def heading(compiled: bool) -> str:
    """Over the table: our columns are microseconds, those of the peers how many times as long they take."""
    ours = (f"{OURS} us", *([f"{COMPILED} us"] if compiled else []))
    heads = (*ours, *PEERS, "grad/fwd", "us/op")
    return " " * WIDTH + "".join(f"{head:>13}" for head in heads)


def cells(row: dict[str, Any], compiled: bool) -> list[str]:
    times = row["times"]
    own = [times.get(name, {}).get("minimum") for name in (OURS, *([COMPILED] if compiled else []))]
    each = own[0] / row["operations"] if own[0] and row["operations"] else None
    ratios = [row["ratios"].get(peer) for peer in PEERS]
    return [figure(value) for value in (*own, *ratios, row["gradient / forward"], each)]


def line(row: dict[str, Any], compiled: bool) -> str:
    text = f"  {row['title']:<{WIDTH - 2}}" + "".join(f"{cell:>13}" for cell in cells(row, compiled))
    return "\n".join([text, *(f"    FAILED {failure}" for failure in row["failures"])])


def measured(found: dict[str, Any]) -> str:
    values = ", ".join(f"{who} {figure(value)}" for who, value in found["values"].items())
    return f"  {found['name']:<{WIDTH - 2}}{values}  ({found['unit']})"


# ---- sums of it all


def geometric(values: Iterable[float]) -> float | None:
    numbers = [*values]
    return prod(x ** (1 / len(numbers)) for x in numbers) if numbers else None


def means(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """For each peer the geometric mean of its ratios, and in how many rows it is slower."""
    found = {}
    for peer in PEERS:
        ratios = [row["ratios"][peer] for row in rows if peer in row["ratios"]]
        if ratios:
            faster = sum(ratio > 1 for ratio in ratios)
            found[peer] = {"mean": geometric(ratios), "rows": len(ratios), "faster": faster}
    return found


def summary(results: dict[str, Any]) -> str:
    """Everything below the table."""
    parts = []
    if results["exponents"]:
        parts.append("\nExponent of the time in the size")
        for name, each in results["exponents"].items():
            parts.append(f"  {name:<{WIDTH - 2}}" + ", ".join(f"{who} {value:.2f}" for who, value in each.items()))
    parts.append("\nGeometric mean of the ratios, and rows in which funcgrad is faster")
    for peer, found in results["means"].items():
        parts.append(f"  {peer:<16}{figure(found['mean']):>8}   {found['faster']} of {found['rows']}")
    doubt = " (from a quick run, which proves little)" if results["settings"]["quick"] else ""
    parts.append(f"\nRequirements{doubt}")
    for found in results["requirements"]:
        mark = {True: "met", False: "NOT MET", None: "-"}[found["met"]]
        parts.append(f"  {mark:<9}{found['requirement']:<66}{figure(found['value']):>10}  ({found['bound']})")
    return "\n".join(parts)
