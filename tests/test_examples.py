"""Every example runs, keeps what it asserts, draws a picture, and stands in the table of examples."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

image = pytest.importorskip("matplotlib.image")
for library in ("scipy", "sklearn", "statsmodels", "tqdm"):
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"the examples need {library}", allow_module_level=True)

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
SECONDS = 30  # of processor time: the clock also counts what else the machine does


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example(example: Path, tmp_path: Path) -> None:
    environment = os.environ | {"MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(example), "--quick", "--out", str(tmp_path)]
    before = os.times()
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=10 * SECONDS, check=False)
    after = os.times()
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Warning" not in run.stderr, run.stderr
    assert after.children_user + after.children_system - before.children_user - before.children_system < SECONDS

    (picture,) = tmp_path.iterdir()
    assert picture.name == f"{example.stem}.png"
    pixels = image.imread(picture)
    height, width, _ = pixels.shape
    assert 300 < height < 1200
    assert 600 < width < 2000
    colours, counts = np.unique(pixels.reshape(height * width, -1), axis=0, return_counts=True)
    assert len(colours) > 20, "hardly a colour"
    assert counts.max() < 0.98 * counts.sum(), "hardly anything but background"


def test_the_table_names_every_example() -> None:
    table = (ROOT / "examples" / "README.md").read_text()
    named = re.findall(r"^\| \[.+?\]\((\w+)\.py\) \|", table, re.MULTILINE)
    assert sorted(named) == [example.stem for example in EXAMPLES]
