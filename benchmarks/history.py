"""Earlier runs: files in the format of pytest-benchmark, whose ``pytest-benchmark compare`` reads them as its own."""

import json
import platform
import statistics
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.peers import OURS

FOLDER = Path(".benchmarks")
FORMAT = "5.0.0"


def save(results: dict[str, Any], name: str) -> Path:
    """Write the next file of the history."""
    python = ".".join(platform.python_version_tuple()[:2])
    folder = FOLDER / f"{platform.system()}-{platform.python_implementation()}-{python}-{platform.architecture()[0]}"
    folder.mkdir(parents=True, exist_ok=True)
    numbers = [int(file.name[:4]) for file in folder.glob("[0-9][0-9][0-9][0-9]_*.json")]
    file = folder / f"{max(numbers, default=0) + 1:04}_{name}.json"
    file.write_text(json.dumps(converted(results), indent=1) + "\n", encoding="utf-8")
    return file


def converted(results: dict[str, Any]) -> dict[str, Any]:
    """The results as pytest-benchmark writes its own; ours are among the `extra_info`."""
    return {
        "machine_info": {"processor": results["machine"]["processor"], "python_version": results["versions"]["python"]},
        "commit_info": {"id": commit(), "dirty": None},
        "benchmarks": [benchmark(row, who, timing) for row in results["rows"] for who, timing in row["times"].items()],
        "datetime": datetime.now(UTC).isoformat(),
        "version": FORMAT,
    }


def commit() -> str | None:
    """The revision that was measured, where there is one."""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def benchmark(row: dict[str, Any], who: str, timing: dict[str, Any]) -> dict[str, Any]:
    """One contestant of one row."""
    name = f"{row['title']}[{who}]"
    return {
        "group": row["group"],
        "name": name,
        "fullname": f"benchmarks::{name}",
        "params": {"library": who},
        "param": who,
        "extra_info": {"title": row["title"], "ratio": row["ratios"].get(who)},
        "options": {"timer": "process_time", "warmup": True, "disable_gc": False},
        "stats": stats([x / 1e6 for x in timing["samples"]], timing["calls"]),
    }


def stats(seconds: list[float], calls: int) -> dict[str, Any]:
    """The numbers that pytest-benchmark keeps, in seconds."""
    q1, median, q3 = statistics.quantiles(seconds, n=4, method="inclusive") if len(seconds) > 1 else seconds * 3
    spread, mean, deviation = q3 - q1, statistics.mean(seconds), statistics.pstdev(seconds)
    far = [x for x in seconds if not q1 - 1.5 * spread <= x <= q3 + 1.5 * spread]
    odd = [x for x in seconds if abs(x - mean) > deviation]
    near = [x for x in seconds if q1 - 1.5 * spread <= x <= q3 + 1.5 * spread]
    return {
        "min": min(seconds),
        "max": max(seconds),
        "mean": mean,
        "stddev": deviation,
        "rounds": len(seconds),
        "median": median,
        "iqr": spread,
        "q1": q1,
        "q3": q3,
        "iqr_outliers": len(far),
        "stddev_outliers": len(odd),
        "outliers": f"{len(odd)};{len(far)}",
        "ld15iqr": min(near),
        "hd15iqr": max(near),
        "ops": 1 / mean,
        "total": sum(seconds),
        "iterations": calls,
    }


# ---- beside an earlier run


def minima(file: dict[str, Any]) -> dict[str, float]:
    """Our least time of each row, in microseconds, from a file of either kind."""
    if "benchmarks" in file:
        own = [found for found in file["benchmarks"] if found["param"] == OURS]
        return {found["extra_info"]["title"]: 1e6 * found["stats"]["min"] for found in own}
    return {row["title"]: row["times"][OURS]["minimum"] for row in file["rows"] if OURS in row["times"]}


def comparison(results: dict[str, Any], earlier: dict[str, Any]) -> str:
    """Our times then and now, and their ratio: below 1, it has become faster."""
    now, then = minima(results), minima(earlier)
    both = sorted(now.keys() & then.keys(), key=lambda title: then[title] / now[title])  # what became slower first
    head = f"\n{'microseconds of funcgrad':<48}{'then':>12}{'now':>12}{'now/then':>10}"
    rows = (f"  {t:<46}{then[t]:>12,.1f}{now[t]:>12,.1f}{now[t] / then[t]:>10.2f}" for t in both)
    return "\n".join([head, *rows])
