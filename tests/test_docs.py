"""The documentation: no example goes unrun, and every public name has one."""

import doctest
import inspect
import pkgutil
import re
import warnings
from fnmatch import fnmatch
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy
import pytest
import scipy.stats
from by_example import by_name, examples
from contents import contents

import funcgrad

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("docs/interop/*.md"))]
LACKING = Path(__file__).with_name("without_examples.txt")
OPTIONAL = ("funcgrad.cupy",)


@cache
def names() -> dict[str, object]:
    """Return the public functions and classes by their full names, each object once."""
    found = {f"{page.namespace}.{name}": x for page, members in contents() for name, x in members.items()}
    first = {id(x): name for name, x in reversed(found.items()) if callable(x) and not isinstance(x, funcgrad.dtype)}
    return {name: x for name, x in found.items() if first.get(id(x)) == name and not name.startswith(OPTIONAL)}


@cache
def run() -> set[str]:
    """Return the docstrings whose examples pytest runs."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    rooms = [name for _, name, _ in pkgutil.walk_packages(funcgrad.__path__, "funcgrad.") if "cupy" not in name]
    return {test.docstring for name in ["funcgrad", *rooms] for test in finder.find(import_module(name))}


def examples_of(text: str) -> str:
    return text[text.index(">>>") :] if ">>>" in text else ""


def has_example(name: str) -> bool:
    return ">>>" in (inspect.getdoc(names()[name]) or "") or name in by_name()


def test_every_public_name_has_an_example() -> None:
    lacking = {name for name in names() if not has_example(name)}
    ledger = {line.partition(":")[0] for line in LACKING.read_text().splitlines()}
    assert lacking == ledger, "write an example for each name; take it out of tests/without_examples.txt if it has one"


def test_examples_of_docstrings_are_run() -> None:
    texts = {examples_of(inspect.cleandoc(text)) for text in run()}
    shown = {name: examples_of(inspect.getdoc(x) or "") for name, x in names().items()}
    assert [name for name, text in shown.items() if text and text not in texts] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_in_pages_is_run(page: Path) -> None:
    """Python in a page is a doctest, which pytest runs, or a cell, which the build of the site runs."""
    text = page.read_text()
    for language, block in re.findall(r"^```(\S*)[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        assert language not in ("python", "py", "pycon") or ">>>" in block, f"{page.name} has code that nothing runs"
        assert "skip-execution" not in block
    assert "{code-cell}" not in text or text.startswith("---\nfile_format: mystnb\n"), "its cells would not be run"
    assert "doctest: +SKIP" not in text


def test_links_of_the_readme_lead_somewhere() -> None:
    """Sphinx follows those of the pages in docs."""
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text())
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_design_names_every_room() -> None:
    """Its list has all that is in the house, and in the storeys of which it names the modules; and nothing else."""
    design = (ROOT / "docs" / "design.md").read_text()
    house = design[design.index("## 3.") : design.index("Devices:")]
    words = set(re.findall(r"[\w*]+", house))
    rooms = [room for storey in ("", "core/", "transforms/", "rules/") for room in ROOT.glob(f"funcgrad/{storey}*")]
    names = {room.stem for room in rooms if room.suffix in ("", ".py") and not room.name.startswith("__")}
    assert {name for name in names if not any(fnmatch(name, word) for word in words)} == set()
    assert [name for name in re.findall(r"[\w*]+\.py\b", house) if not [*ROOT.glob(f"funcgrad/**/{name}")]] == []


# -- The page of one-line examples; pytest runs it as it runs all pages ----------------------------------------------


def test_one_line_examples_print_what_pytorch_numpy_and_scipy_print() -> None:
    torch = pytest.importorskip("torch")
    spaces = {"torch": torch, "np": numpy, "stats": scipy.stats}
    for line, printed in examples():
        if line.startswith(("import", "from")):
            continue
        if re.match(r"\w+ = ", line):
            exec(line, spaces)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's of functions that it gives up, and of experiments
            theirs = eval(line, spaces)
        assert printed == ("" if theirs is None else repr(theirs)), line


def test_one_line_examples_are_of_public_names() -> None:
    everything = {f"{page.namespace}.{name}" for page, members in contents() for name in members}
    assert [name for name in by_name() if not is_part(name, everything)] == []


def is_part(name: str, everything: set[str]) -> bool:
    """Whether a name is public, or a method of one that is: ``torch.ones``, ``torch.special.zeta``."""
    return name in everything or name.rpartition(".")[0] in everything
