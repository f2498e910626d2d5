"""The ratios as bars on a logarithmic scale: to the right, funcgrad is faster."""

from pathlib import Path
from typing import Any

from benchmarks.peers import PEERS, optional
from benchmarks.report import geometric

COLOURS = dict(zip(PEERS, ("#777777", "#d98c21", "#c8372d", "#8c2a6e", "#3d8c40", "#2b5d9c", "#39a9c4"), strict=True))


def chapters(results: dict[str, Any]) -> dict[str, Any]:
    """The geometric mean of each chapter, in the place of its rows."""
    groups = dict.fromkeys(row["group"] for row in results["rows"])
    rows = []
    for group in groups:
        ratios = [row["ratios"] for row in results["rows"] if row["group"] == group]
        means = {peer: geometric([each[peer] for each in ratios if peer in each]) for peer in PEERS}
        rows.append({"title": group, "ratios": {peer: mean for peer, mean in means.items() if mean is not None}})
    return {"rows": rows}


def draw(results: dict[str, Any], file: Path) -> None:
    """One row of bars for each workload, a colour for each peer."""
    pyplot = optional("matplotlib.pyplot")
    if pyplot is None:
        raise SystemExit("A picture needs matplotlib: pip install matplotlib")
    rows = [row for row in results["rows"] if row["ratios"]]
    figure, axes = pyplot.subplots(figsize=(9, 1 + 0.55 * len(rows)), layout="constrained")
    height = 0.85 / len(PEERS)
    for i, peer in enumerate(PEERS):
        found = [(place, row["ratios"][peer]) for place, row in enumerate(rows) if peer in row["ratios"]]
        if found:
            places = [place + (i - len(PEERS) / 2) * height for place, _ in found]
            widths = [ratio - 1 for _, ratio in found]
            axes.barh(places, widths, height, left=1, color=COLOURS[peer], label=peer)
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(rows)), [row["title"] for row in rows], fontsize=7)
    axes.invert_yaxis()
    axes.margins(y=0.005)
    axes.set_xlabel("time of the peer / time of funcgrad")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    figure.savefig(file, dpi=130)
    pyplot.close(figure)
