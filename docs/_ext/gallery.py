"""The gallery: a page for each of ``examples/*.py``, with its docstring, its picture and its text.

Each example is run with ``--quick``, anew when its text or the library's has changed; one that fails fails the build.
"""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sphinx.util import logging

log = logging.getLogger(__name__)


def run(example: Path, kept: Path, library: str) -> tuple[str, list[Path]]:
    """Return what an example printed and the pictures that it drew."""
    key = hashlib.sha256(example.read_bytes() + library.encode()).hexdigest()[:16]
    place = kept / f"{example.stem}-{key}"
    if not (place / "printed.txt").exists():
        place.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(example), "--quick", "--out", str(place)]
        settings = {"MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | settings)
        if done.returncode:
            raise RuntimeError(f"{example.name} --quick failed:\n{done.stdout}{done.stderr}")
        (place / "printed.txt").write_text(done.stdout)
    return (place / "printed.txt").read_text(), sorted(place.glob("*.png"))


def page(example: Path, printed: str, pictures: list[str]) -> str:
    """Return the text of an example's page."""
    title, _, text = (ast.get_docstring(ast.parse(example.read_text())) or example.stem).partition("\n")
    shown = "".join(f"```{{image}} {picture}\n:alt: {title}\n```\n\n" for picture in pictures)
    told = f"It prints with `--quick`:\n\n```text\n{printed.strip()}\n```\n\n" if printed.strip() else ""
    return (
        f"# {title.rstrip('.')}\n\n```{{eval-rst}}\n{text.strip()}\n```\n\n{shown}{told}"
        f"## examples/{example.name}\n\n```{{literalinclude}} ../../examples/{example.name}\n:language: python\n```\n"
    )


def card(example: Path, pictures: list[str]) -> str:
    title = (ast.get_docstring(ast.parse(example.read_text())) or example.stem).splitlines()[0]
    image = f":img-top: {pictures[0]}\n" if pictures else ""
    return f":::{{grid-item-card}} {example.stem}\n:link: {example.stem}\n:link-type: doc\n{image}\n{title}\n:::\n"


def write(app: Any) -> None:
    """Write all pages of the gallery."""
    source = Path(app.srcdir)
    kept, folder = source / "_build" / "examples", source / "gallery"
    examples = sorted(source.parent.glob("examples/*.py"))
    library = Path(app.config.nb_execution_cache_path).name
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = list(pool.map(lambda example: run(example, kept, library), examples))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    cards, names = [], []
    for example, (printed, drawn) in zip(examples, runs, strict=True):
        pictures = [picture.name for picture in drawn]
        for picture in drawn:
            shutil.copy2(picture, folder / picture.name)
        (folder / f"{example.stem}.md").write_text(page(example, printed, pictures))
        cards.append(card(example, pictures))
        names.append(example.stem)
    grid = "\n".join(["::::{grid} 1 2 2 3", ":gutter: 3", "", *cards, "::::", ""])
    tree = "\n".join(["```{toctree}", ":hidden:", "", *names, "```", ""])
    words = "Programs to run and to read, each with one command: `python examples/NAME.py`."
    (folder / "index.md").write_text(f"# Gallery\n\n{words}\n\n{grid}\n{tree}")
    log.info("gallery: %d examples", len(examples))


def setup(app: Any) -> dict[str, bool]:
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
