"""The code of five tutorials prints under `import funcgrad as torch` what it prints under `import torch`."""

import contextlib
import io
import re

import pytest
from scripts import seeds

torch = pytest.importorskip("torch")

SCRIPTS = seeds.BLOCKS | seeds.STATED


def printed(script: str) -> str:
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        exec(compile(script, "<script>", "exec", dont_inherit=True), {"__name__": "script"})
    return re.sub(r"0x[0-9a-fA-F]+", "0x", text.getvalue())


def ours(script: str) -> str:
    return script.replace("import torch\n", "import funcgrad as torch\n")


@pytest.mark.filterwarnings("ignore:The .grad")
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_prints_what_it_prints_under_pytorch(name: str) -> None:
    assert printed(ours(SCRIPTS[name])) == printed(SCRIPTS[name])


def test_a_gradient_broadcasts_to_the_shape_of_the_tensor() -> None:
    assert printed(ours(seeds.BROADCAST)) == seeds.BROADCAST_PRINTS


def test_every_stated_behaviour_has_its_script() -> None:
    assert list(seeds.ROWS) == list(range(1, 74))
    assert set(seeds.ROWS.values()) <= set(SCRIPTS) | {"broadcast"}
    assert set(seeds.STATED) <= set(seeds.ROWS.values())
