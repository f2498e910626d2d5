"""Pictures of recorded graphs, as SVG that the theme colours: what ``debug.draw`` draws, without graphviz.

A box stands below all those that it gets values from; within a row boxes are ordered by where these stand.
"""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import Any

from funcgrad.core.level import Shell
from funcgrad.debug.drawing import CUT, INPUT, OUTPUT, Picture, of_program, picture_of
from funcgrad.debug.program import Program
from funcgrad.debug.tracing import trace

CHAR, LINE, PAD = 7.3, 15, 10  # the size of a letter, of a line, and what is left around text
ACROSS, DOWN = 26, 42  # what is left between boxes


class Drawing:
    """A picture that shows itself in a notebook."""

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def _repr_html_(self) -> str:
        return self.svg


def graph(target: Any, *args: Any) -> Drawing:
    """Draw what a function does with its arguments, or the graph behind a tensor."""
    picture = picture_of(target) if isinstance(target, Program | Shell) else of_program(trace(target)(*args))
    return Drawing(svg_of(picture))


def layers_of(picture: Picture) -> dict[str, int]:
    """Return the row of each box: below all that it gets values from, and an input right above its first reader."""
    row = {key: 0 for key, _, _ in picture.boxes}
    for _ in row:  # as often as a path can be long
        for tail, head, _ in picture.arrows:
            row[head] = max(row[head], row[tail] + 1)
    for key, _, style in picture.boxes:
        heads = [row[head] for tail, head, _ in picture.arrows if tail == key]
        if style is INPUT and heads:
            row[key] = min(heads) - 1
    return row


def laid_out(picture: Picture) -> tuple[list[list[str]], list[list[str]]]:
    """Return what stands in each row from left to right, and for each arrow what it goes through.

    An arrow across several rows gets a place of its own in each, so that it does not run behind boxes.
    """
    row = layers_of(picture)
    rows: list[list[str]] = [[] for _ in range(max(row.values()) + 1)]
    for key, at in row.items():
        rows[at].append(key)
    ways = []
    for i, (tail, head, _) in enumerate(dict.fromkeys(picture.arrows)):
        between = [f"way {i} {at}" for at in range(row[tail] + 1, row[head])]
        for at, key in enumerate(between, row[tail] + 1):
            rows[at].append(key)
        ways.append([tail, *between, head])
    above: dict[str, list[str]] = {}
    for way in ways:
        for tail, head in pairwise(way):
            above.setdefault(head, []).append(tail)
    place: dict[str, float] = {}
    for keys in rows:
        keys.sort(key=lambda key: mean([place[tail] for tail in above.get(key, []) if tail in place]))
        place |= {key: (i + 0.5) / len(keys) for i, key in enumerate(keys)}
    return rows, ways


def mean(xs: list[float]) -> float:
    return sum(xs) / len(xs) if xs else 0.5


def svg_of(picture: Picture) -> str:
    text = {key: label.split("\n") for key, label, _ in picture.boxes}
    style = {key: kind for key, _, kind in picture.boxes}
    rows, ways = laid_out(picture)
    wide = {key: max(map(len, lines)) * CHAR + 2 * PAD for key, lines in text.items()}
    high = {key: len(lines) * LINE + PAD for key, lines in text.items()}
    widths = [sum(wide.get(key, 0) for key in keys) + ACROSS * (len(keys) - 1) for keys in rows]
    full = max(widths) + 2 * PAD
    x, top, bottom, y = {}, {}, {}, float(PAD)
    for keys, width in zip(rows, widths, strict=True):
        left, row_high = (full - width) / 2, max(high.get(key, 0) for key in keys)
        for key in keys:
            x[key], top[key], bottom[key] = left + wide.get(key, 0) / 2, y, y + high.get(key, row_high)
            left += wide.get(key, 0) + ACROSS
        y += row_high + DOWN
    parts = [arrow(way, x, top, bottom) for way in ways]
    parts += [box(x[key], top[key], wide[key], high[key], text[key], style[key]) for key in text]
    height = y - DOWN + PAD
    head = '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    return (
        f'<svg class="graph" role="img" aria-label="the graph of {escape(picture.name)}" viewBox="0 0 {full:.0f} '
        f'{height:.0f}" width="{full:.0f}"><defs>{head}<path d="M0 0L8 4L0 8z"/></marker></defs>{"".join(parts)}</svg>'
    )


def arrow(way: list[str], x: dict[str, float], top: dict[str, float], bottom: dict[str, float]) -> str:
    path = f"M{x[way[0]]:.1f} {bottom[way[0]]:.1f}"
    for tail, head in pairwise(way):
        middle = (bottom[tail] + top[head]) / 2
        path += f"C{x[tail]:.1f} {middle:.1f} {x[head]:.1f} {middle:.1f} {x[head]:.1f} {top[head]:.1f}"
        path += f"L{x[head]:.1f} {bottom[head]:.1f}" if head.startswith("way") else ""
    return f'<path marker-end="url(#tip)" d="{path}"/>'


def box(x: float, y: float, wide: float, high: float, lines: list[str], style: dict[str, str]) -> str:
    kind = {id(INPUT): "input", id(OUTPUT): "output", id(CUT): "cut"}.get(id(style), "call")
    words = "".join(
        f'<text class="{"space" if i else "name"}" x="{x:.1f}" y="{y + PAD / 2 + LINE * (i + 0.75):.1f}">'
        f"{escape(line)}</text>"
        for i, line in enumerate(lines)
    )
    left = x - wide / 2
    rect = f'<rect class="{kind}" x="{left:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" rx="6"/>'
    return rect + words
