"""The page docs/performance.md, written from the results of a run."""

from typing import Any

from benchmarks.peers import COMPILED, OURS, PEERS
from benchmarks.report import cells, figure

INTRODUCTION = """# Performance

This page is written by `python -m benchmarks --write-docs`; do not edit it. It shows what a run found, where funcgrad
is slower as well as where it is faster.

Every workload is written once for each library in that library's own idiom, and all results are compared before
anything is timed. The contestants take turns in one process (A B C A B C ...), so a busy moment hits all of them; the
least time of all rounds counts. *by hand* is the derivative worked out on paper and written in NumPy, *grad/fwd* what
the gradient takes in forward passes of plain NumPy, *us/op* the time for one recorded operation.
Each peer's column says **how many times as long it takes as funcgrad: above 1, funcgrad is faster; below 1, slower.**
A dash means that the library cannot do it, or would take too long. `jax.jit` is timed after it has compiled.

Arrays of some hundred kilobytes can cost more than their arithmetic, where the C library hands freed memory back to the
system after each call. funcgrad lets glibc keep up to 64 MB of it (`fg.release_memory()` returns it), which helps all
who take turns in the process, the gradients by hand too.
"""


def table(heads: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    return [
        "| " + " | ".join(heads) + " |",
        "|:--" + "|--:" * (len(heads) - 1) + "|",
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def conditions(results: dict[str, Any]) -> list[str]:
    """Machine, versions, date."""
    machine, versions, settings = results["machine"], results["versions"], results["settings"]
    clock = "CPU time" if settings["threads"] == 1 else "wall-clock time"
    threads = "one thread" if settings["threads"] == 1 else f"{settings['threads']} threads"
    lines = [
        "## Conditions",
        "",
        f"- {results['date']}, {machine['processor']} ({machine['architecture']}), {machine['cores']} cores, "
        f"{machine['memory GiB']} GiB of memory, {machine['system']}; {threads}, {clock}",
        "- " + ", ".join(f"{name} {version}" for name, version in versions.items()),
    ]
    if settings["quick"]:
        lines.append("- **a quick run: small sizes and few rounds, which prove little**")
    return lines


def summary(results: dict[str, Any]) -> list[str]:
    rows = [
        [peer, figure(found["mean"]), f"{found['faster']} of {found['rows']}"]
        for peer, found in results["means"].items()
    ]
    return ["## Summary", "", *table(("peer", "geometric mean of the ratios", "funcgrad is faster in"), rows)]


def chapters(results: dict[str, Any]) -> list[str]:
    """A table for each group."""
    compiled = any(COMPILED in row["times"] for row in results["rows"])
    heads = ("", f"{OURS} us", *([f"{COMPILED} us"] if compiled else []), *PEERS, "grad/fwd", "us/op")
    lines = ["## Times"]
    for group in dict.fromkeys(row["group"] for row in results["rows"]):
        rows = [[row["title"], *cells(row, compiled)] for row in results["rows"] if row["group"] == group]
        lines += ["", f"### {group.capitalize() if group.islower() else group}", "", *table(heads, rows)]
    return lines


def others(results: dict[str, Any]) -> list[str]:
    """Exponents and what is not a time."""
    lines = []
    if results["exponents"]:
        rows = [
            [name, *(figure(each.get(who)) for who in (OURS, *PEERS))] for name, each in results["exponents"].items()
        ]
        lines += ["", "## Growth", "", "By which power of the number of steps the time grows.", ""]
        lines += table(("", OURS, *PEERS), rows)
    if results["measurements"]:
        rows = [
            [found["name"], found["unit"], *(figure(found["values"].get(who)) for who in (OURS, *PEERS))]
            for found in results["measurements"]
        ]
        lines += ["", "## Memory and other measurements", ""]
        lines += ["Peaks, and what is kept, are growth of resident memory, each library in a process of its own."]
        lines += ["An argument that rules read is copied by `funcgrad.vjp`, as the caller may change it.", ""]
        lines += table(("", "unit", OURS, *PEERS), rows)
    return lines


def losses(results: dict[str, Any]) -> list[str]:
    """Where a peer is faster, in words that can be searched for."""
    lines = ["", "## Where funcgrad is slower", ""]
    for peer, found in results["means"].items():
        slower = [(row["ratios"][peer], row["title"]) for row in results["rows"] if row["ratios"].get(peer, 1) < 1]
        each = "; ".join(f"{title} ({figure(1 / ratio)} times)" for ratio, title in sorted(slower))
        if len(slower) == found["rows"]:
            lines.append(f"- than {peer}, everywhere")
        elif slower:
            lines.append(f"- than {peer}, in {len(slower)} of {found['rows']}: {each}")
    return lines


def requirements(results: dict[str, Any]) -> list[str]:
    marks = {True: "met", False: "**not met**", None: "not measured"}
    rows = [
        [found["requirement"], figure(found["value"]), found["bound"], marks[found["met"]]]
        for found in results["requirements"]
    ]
    return ["", "## Requirements", "", *table(("", "value", "bound", ""), rows)]


def page(results: dict[str, Any]) -> str:
    """The whole page."""
    parts = (conditions, summary, chapters, others, losses, requirements)
    return INTRODUCTION + "\n" + "\n\n".join("\n".join(part(results)).strip("\n") for part in parts) + "\n"
