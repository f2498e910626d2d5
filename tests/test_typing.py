"""What mypy and pyright say of a user's program, with funcgrad where pip would put it."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import funcgrad

PROGRAM = Path(__file__).parent / "typed" / "program.py"
NEEDED = ("numpy", "optree", "typing_extensions")

Findings = tuple[dict[int, str], set[int]]


def place(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment that has funcgrad and what it needs."""
    home = tmp_path_factory.mktemp("user") / "venv"
    venv.create(home, symlinks=True)
    (site,) = home.glob("lib/python*/site-packages") if os.name == "posix" else home.glob("Lib/site-packages")
    shutil.copytree(Path(funcgrad.__path__[0]), site / "funcgrad", ignore=shutil.ignore_patterns("__pycache__"))
    for name in NEEDED:
        (site / place(name).name).symlink_to(place(name))
    return home / ("bin" if os.name == "posix" else "Scripts") / "python"


def run(tool: str, *arguments: object, folder: Path) -> str:
    if importlib.util.find_spec(tool) is None:
        pytest.skip(f"{tool} is not installed: it is in the extra `dev`")
    shutil.copy(PROGRAM, folder)
    elsewhere = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "MYPYPATH")}
    command = [sys.executable, "-m", tool, *map(str, arguments), PROGRAM.name]
    return subprocess.run(command, cwd=folder, env=elsewhere, capture_output=True, text=True, check=False).stdout


def short(revealed: str) -> str:
    """Drop the modules from the names of types."""
    return re.sub(r"\b\w+\.", "", revealed)


def expected() -> Findings:
    lines = list(enumerate(PROGRAM.read_text().splitlines(), 1))
    revealed = {i: line.split("# revealed: ")[1] for i, line in lines if "# revealed: " in line}
    return revealed, {i for i, line in lines if line.endswith("# error")}


def test_the_program_expects_something() -> None:
    revealed, errors = expected()
    assert len(revealed) >= 10
    assert len(errors) >= 8


def test_mypy(python: Path, tmp_path: Path) -> None:
    output = run("mypy", "--strict", "--cache-dir", tmp_path / "cache", "--python-executable", python, folder=tmp_path)
    revealed, errors = {}, set()
    for line in output.splitlines():
        found = re.match(r'program\.py:(\d+): (error|note: Revealed type is "(.*)")', line)
        if found and found[3]:
            revealed[int(found[1])] = short(found[3])
        elif found:
            errors.add(int(found[1]))
    assert (revealed, errors) == expected(), output


def test_pyright(python: Path, tmp_path: Path) -> None:
    output = run("pyright", "--outputjson", "--pythonpath", python, folder=tmp_path)
    if not output.startswith("{"):
        pytest.skip(f"pyright cannot run here (it needs Node.js, or a network to get it): {output[:200]}")
    revealed, errors = {}, set()
    for finding in json.loads(output)["generalDiagnostics"]:
        line = finding["range"]["start"]["line"] + 1
        found = re.fullmatch(r'Type of ".*" is "(.*)"', finding["message"])
        if found:
            revealed[line] = short(found[1])
        elif finding["severity"] == "error":
            errors.add(line)
    assert (revealed, errors) == expected(), output
