"""The reference: pages with every public name of funcgrad (:mod:`contents`), from the docstrings.

The sections of a page are the rooms of the house, under the first lines of their docstrings.
"""

from __future__ import annotations

import inspect
import shutil
import sys
from pathlib import Path
from typing import Any

from by_example import by_name
from contents import GROUPS, INTERNAL, Page, by_room, contents, module
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.util import logging

import funcgrad as fg

log = logging.getLogger(__name__)

CLASSES: dict[type, str] = {}  # where each class has its entry
BASES = {"Module", "Optimizer", "LRScheduler"}  # their own methods are shown: layers and optimizers inherit them

# -- Text ----------------------------------------------------------------------------------------------------


def heading(title: str, line: str) -> str:
    return f"{title}\n{line * len(title)}\n"


def entry(namespace: str, name: str, x: Any, members: bool) -> str:
    """Return the directive that shows one object. A class has one entry, where it is met first; later ones say so."""
    full = f"{namespace}.{name}"
    if not isinstance(x, type):
        return f".. autofunction:: {full}\n"
    first = CLASSES.setdefault(x, full)
    if first != full:
        return f":class:`{name} <{first}>` is that of the {first.rpartition('.')[0]} namespace.\n"
    return f".. autoclass:: {full}\n" + "   :members:\n" * (members or name in BASES)


def summary(x: Any) -> str:
    return (inspect.getdoc(x) or "").split("\n\n")[0].replace("\n", " ")


def table(objects: dict[str, Any]) -> str:
    """Return names with their first sentences; autosummary's would read every object twice, which takes its time."""
    rows = [f"   * - :py:obj:`{name.rpartition('.')[2]} <{name}>`\n     - {summary(x)}" for name, x in objects.items()]
    return "\n".join([".. list-table::", "   :widths: 25 75", "", *rows, ""])


def section(title: str, namespace: str, objects: dict[str, Any], members: bool) -> str:
    called = {name: x for name, x in objects.items() if callable(x)}
    values = ", ".join(f"``{name}``" for name in objects if name not in called)
    parts = [heading(title, "-")] if title else []
    if values:
        parts.append(f"Values: {values}.\n")
    if called:
        parts.append(table({f"{namespace}.{name}": x for name, x in called.items()}))
    parts += [entry(namespace, name, x, members) for name, x in called.items()]
    return "\n".join(parts)


def title_of(room: str) -> str:
    return summary(sys.modules[room]).rstrip(".") or room


def text_of(page: Page, objects: dict[str, Any]) -> str:
    parts = [heading(page.title, "=")]
    if page.namespace != "funcgrad":
        parts.append(own_words(page.namespace))
    found = list(by_room(objects, page.rooms))
    single = len(found) == 1
    for room, members in found:
        title = "" if single else "Further names" if not room.startswith("funcgrad") else title_of(room)
        parts.append(section(title, page.namespace, members, page.members))
    return "\n".join(parts)


def own_words(namespace: str) -> str:
    """Return the docstring of a module, without a directive that would make an entry of it."""
    lines = (inspect.getdoc(module(namespace)) or "").splitlines()
    if "Examples" in lines:
        at = lines.index("Examples")
        lines[at : at + 2] = [".. rubric:: Examples", ""]
    return "\n".join(lines) + "\n"


def tensor_page(page: Page) -> str:
    """Return the page of the class, whose methods are grouped as its bases group them."""
    parts = [heading(page.title, "="), ".. currentmodule:: funcgrad\n", ".. autoclass:: funcgrad.Tensor\n"]
    seen = set(INTERNAL)
    for base in fg.Tensor.__mro__:
        own = [name for name in vars(base) if not name.startswith("_") and name not in seen]
        seen.update(own)
        if not own or not base.__module__.startswith("funcgrad"):
            continue
        if base is not fg.Tensor:
            parts.append(heading(summary(base).rstrip(".").partition(". ")[0], "-"))
        parts.append(table({f"funcgrad.Tensor.{name}": getattr(fg.Tensor, name) for name in own}))
        for name in own:
            kind = "method" if callable(getattr(fg.Tensor, name)) else "attribute"
            parts.append(f".. auto{kind}:: funcgrad.Tensor.{name}\n")
    return "\n".join(parts)


# -- Pages ---------------------------------------------------------------------------------------------------


def index() -> str:
    parts = [heading("Reference", "="), "Every public name, from the docstrings. All examples are run by the tests.\n"]
    for group, members in GROUPS.items():
        parts.append(heading(group, "-"))
        parts.append(".. toctree::\n   :maxdepth: 1\n\n" + "\n".join(f"   {page.name}" for page in members) + "\n")
    return "\n".join(parts)


def write(app: Any) -> None:
    """Write the pages; those that stay as they are keep their time, so that they are not built again."""
    folder = Path(app.srcdir) / "reference"
    folder.mkdir(exist_ok=True)
    CLASSES.clear()
    texts = {page.name: text_of(page, objects) if objects else tensor_page(page) for page, objects in contents()}
    texts["index"] = index()
    for name, text in texts.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    for path in folder.iterdir():
        if path.stem not in texts:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    log.info("reference: %d pages", len(texts))


def with_example(app: Any, what: str, name: str, x: Any, options: Any, lines: list[str]) -> None:
    """Show the one-line example of a name that has none in its docstring."""
    example = by_name().get(name, "")
    if example and ">>>" not in "\n".join(lines):
        lines += ["", ".. rubric:: Example", "", *example.splitlines(), ""]


def types_as_words(app: Any, doctree: nodes.document) -> None:
    """Make plain text of the links that Sphinx makes of types: docstrings have words, "array of shape (n, n)"."""
    for link in list(doctree.findall(pending_xref)):
        if link.get("refdomain") == "py" and not link.next_node(nodes.literal) and within_field(link):
            link.replace_self(link.children)


def within_field(node: nodes.Node | None) -> bool:
    while node is not None and not isinstance(node, nodes.field):
        node = node.parent
    return node is not None


def setup(app: Any) -> dict[str, bool]:
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("builder-inited", write)
    app.connect("autodoc-process-docstring", with_example)
    app.connect("doctree-read", types_as_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
