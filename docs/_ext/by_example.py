"""The page of one-line examples, read by the reference, which shows each line where it belongs, and by the tests."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

PAGE = Path(__file__).parents[1] / "by_example.md"
SPACES = {"torch": "funcgrad", "np": "funcgrad.numpy", "stats": "funcgrad.scipy.stats"}
EXAMPLE = re.compile(r"^>>> (.*)\n((?:(?!>>>|```).*\n)*)", re.MULTILINE)
NAME = re.compile(r"(?:\w+\()?(torch|np|stats)\.([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)")


def examples() -> list[tuple[str, str]]:
    """Return each line of the page with what it prints."""
    return [(line, printed.strip()) for line, printed in EXAMPLE.findall(PAGE.read_text())]


@cache
def by_name() -> dict[str, str]:
    """Return the example of each name: ``torch.linalg.det(A)`` is that of ``funcgrad.linalg.det``."""
    found: dict[str, str] = {}
    for line, printed in examples():
        if name := NAME.match(line):
            space, rest = name.groups()
            if space == "stats":  # a method of a distribution is an example of the distribution
                rest = rest.partition(".")[0]
            found.setdefault(f"{SPACES[space]}.{rest}", f">>> {line}\n{printed}\n")
    return found
