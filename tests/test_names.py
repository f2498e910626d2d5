"""What is imported when: every name of the package on its first use, and no rule later than it is needed."""

import ast
import importlib
import os
import pickle
import pydoc
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.primitive import CALLS
from funcgrad.rules import LATE

HOME = Path(fg.__path__[0])
STATEMENTS = [node for node in ast.parse((HOME / "__init__.pyi").read_text()).body if isinstance(node, ast.ImportFrom)]


def fresh(program: str, path: Path = HOME.parent) -> str:
    """Run a program in a process of its own, warnings being errors, and return what it prints."""
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def imported_by(program: str) -> set[str]:
    """Return the modules that a program has imported."""
    return set(fresh(f"{program}\nimport sys\nprint(*sys.modules)").split())


# -- What is imported --------------------------------------------------------------------------------------


def test_the_package_imports_two_modules() -> None:
    mine = imported_by("import numpy, funcgrad") - imported_by("import numpy, threading")
    assert mine == {"__future__", "funcgrad", "funcgrad._contents"}


def test_a_gradient_needs_neither_the_facade_nor_rare_rules() -> None:
    mine = imported_by("import numpy as np, funcgrad as fg\nfg.grad(lambda x: np.sum(x * np.sin(x)))(np.ones(3))")
    away = (
        "funcgrad.tensor",
        "funcgrad.nn",
        "funcgrad.debug",
        "funcgrad.extend",
        "funcgrad.adopt",
        "funcgrad.numpy",
        *LATE,
    )
    assert not mine & set(away)
    assert "funcgrad.rules.arithmetic" in mine


def test_a_function_that_is_missed_brings_its_chapter() -> None:
    start = "import numpy as np, funcgrad as fg\ngradient = fg.grad(lambda x: np.sum(np.abs(np.fft.fft(x))))\n"
    assert "funcgrad.rules.fft" in imported_by(f"{start}gradient(np.ones(4))")
    assert "funcgrad.rules.special" not in imported_by(f"{start}gradient(np.ones(4))")


def test_a_library_that_is_imported_late_brings_its_chapter() -> None:
    pytest.importorskip("scipy.special")
    early = "import numpy as np, funcgrad as fg\nfg.grad(np.sin)(1.0); fg.grad(np.median)(np.ones(3))\n"
    assert fresh(f"{early}from scipy import special\nprint(fg.grad(special.gammaln)(1.0))").startswith("-0.577")


def test_what_is_looked_up_without_asking_is_there_before_the_first_tracer() -> None:
    texts = [path.read_text() for path in HOME.rglob("*.py")]
    needed = {name for text in texts for name in re.findall(r"CALLS\[(np\.[\w.]+|operator\.\w+)\]", text)}
    assert len(needed) > 20
    missing = fresh(f"""
import operator
import numpy as np
from funcgrad.core.operators import Operators
from funcgrad.core.primitive import CALLS, LATE
from funcgrad.core.tracer import Tracer
assert LATE, "all chapters are here"
needed = [{", ".join(sorted(needed))}]
for method in vars(Operators).values():
    cells = dict(zip(method.__code__.co_freevars, method.__closure__ or ())) if hasattr(method, "__code__") else {{}}
    if "function" in cells:
        needed.append(cells["function"].cell_contents)
assert len(needed) > 60
print([function for function in needed if function not in CALLS])
""")
    assert missing.strip() == "[]"


def test_chapters_that_come_late_have_no_ufunc_of_numpy() -> None:
    """Short paths are made before: a ufunc that came late would have none."""
    chapters = [importlib.import_module(chapter) for chapter, library in LATE.items() if library == "numpy"]
    assert len(chapters) > 10
    assert not [rule for chapter in chapters for rule in chapter.RULES if isinstance(rule.function, np.ufunc)]
    assert all(rule.function in CALLS for chapter in chapters for rule in chapter.RULES)


# -- The names ---------------------------------------------------------------------------------------------


def test_every_statement_of_the_stub_is_read() -> None:
    stated = [(statement.module, alias.name) for statement in STATEMENTS for alias in statement.names]
    assert all(alias.name == alias.asname for statement in STATEMENTS for alias in statement.names)
    assert sorted(name for _, name in stated) == fg.__all__
    for module, name in stated:
        home = importlib.import_module(str(module))
        assert getattr(fg, name) is getattr(home, name), name


def test_there_are_no_other_names() -> None:
    """What the package needs for itself must not take the place of a name: it has a function called ``load``."""
    others = {name for name in set(dir(fg)) - set(fg.__all__) if not name.startswith("_")}
    assert others
    assert all(sys.modules[f"funcgrad.{name}"] is getattr(fg, name) for name in others), others


def test_dir_and_help_know_every_name() -> None:
    assert set(fg.__all__) < set(dir(fg))
    assert fresh("import funcgrad\nprint(set(funcgrad.__all__) <= set(dir(funcgrad)))").strip() == "True"
    text = pydoc.plain(pydoc.render_doc(fg))
    assert "value_and_grad(f" in text
    assert "class Tensor" in text


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'funcgrad' has no attribute 'gradd'") as caught:
        fg.gradd  # noqa: B018
    assert caught.value.name == "gradd"  # from which Python guesses what was meant
    assert caught.value.obj is fg
    with pytest.raises(ImportError, match="cannot import name 'gradd'"):
        exec("from funcgrad import gradd", {})


def test_star_import() -> None:
    assert fresh("from funcgrad import *\nprint(tensor([1.0, 2.0]).sum(), sin(ones(1)), nn.Linear, adopt)").startswith(
        "tensor(3.)"
    )


@pytest.mark.parametrize(
    "program",
    [
        "import funcgrad\nfuncgrad.nn.Linear(2, 3)",
        "import funcgrad as torch\ntorch.nn.Linear(2, 3)(torch.ones(2))",
        "import funcgrad.nn\nfuncgrad.nn.Linear(2, 3)",
        "from funcgrad import nn, optim\noptim.SGD(nn.Linear(2, 3).parameters(), lr=0.1)",
        "import funcgrad.nn.functional as F, numpy as np\nF.relu(np.ones(3))",
        "import funcgrad.autograd\nfuncgrad.ones(3, requires_grad=True).sum().backward()",
        "import funcgrad.func, funcgrad as fg\nfg.func.grad(lambda x: x.sum())(fg.ones(3))",
        "import funcgrad.numpy as np\nnp.zeros(3)",
        "from funcgrad import tree, tensor\ntree.leaves([tensor(1.0)])",
        "import funcgrad.debug\nfuncgrad.debug.nans",
        "import funcgrad.extend\nfuncgrad.extend.Elementwise",
        "from funcgrad.utils.data import DataLoader\nDataLoader([1, 2])",
        "import funcgrad.testing, funcgrad\nfuncgrad.testing.check_grads(lambda x: x * x, (2.0,))",
        "import funcgrad.core.primitive, numpy\nassert funcgrad.core.primitive.call_of(numpy.linalg.inv)",
        "import funcgrad.tensor.writers, funcgrad\nfuncgrad.tensor([1.0])",  # a function and a package
        "import funcgrad.adopt\nfuncgrad.adopt(lambda x: x)",
        "import funcgrad as fg\nfg.adopt(lambda x: x)\nimport funcgrad.adopt.adopter\nfg.adopt(lambda x: x)",
        "import importlib, funcgrad as fg\nimportlib.reload(fg)\nfg.tensor([1.0]); fg.grad(abs)(1.0)",
    ],
)
def test_every_way_in(program: str) -> None:
    fresh(program)


def test_pickles_are_read_by_a_process_that_has_imported_nothing() -> None:
    data = pickle.dumps((fg.sin, fg.grad, fg.float32, fg.nn.Linear, fg.tensor([1.0, 2.0])))
    assert fresh(f"import pickle\nprint(pickle.loads({data!r})[-1])").strip() == "tensor([1., 2.])"


def test_the_package_does_not_use_its_own_names_while_it_is_imported() -> None:
    """Threads that import in different ways would wait for each other."""
    fresh("""
import importlib
import funcgrad
def fail(name):
    raise AssertionError(name)
funcgrad.__getattr__ = fail
for name in ("nn", "optim", "func", "autograd", "utils.data", "debug", "extend", "testing", "tree", "numpy", "adopt"):
    importlib.import_module(f"funcgrad.{name}")
""")


def test_threads_may_import_at_the_same_time() -> None:
    program = """
import threading
import numpy as np
import funcgrad as fg
uses = [
    lambda: fg.grad(lambda x: np.sum(x * np.linalg.inv(np.eye(2) * x)))(2.0),
    lambda: fg.vmap(lambda x: x + np.median(x))(np.ones((2, 3))),
    lambda: fg.jvp(np.sin, (1.0,), (1.0,)),
    lambda: fg.tensor([1.0], requires_grad=True).exp().sum().backward(),
    lambda: fg.nn.Linear(2, 3)(fg.ones(2)).sum().backward(),
    lambda: fg.hessian(lambda x: x**3)(2.0),
    lambda: fg.func.grad(lambda x: x * x)(fg.tensor(2.0)),
    lambda: fg.optim.SGD([fg.ones(1)], lr=0.1),
]
start = threading.Barrier(len(uses))
failed = []
def run(use):
    start.wait()
    try:
        use()
    except BaseException as error:
        failed.append(error)
threads = [threading.Thread(target=run, args=(use,)) for use in uses]
for thread in threads: thread.start()
for thread in threads: thread.join(60)
assert not any(thread.is_alive() for thread in threads)
print(failed)
"""
    for _ in range(3):
        assert fresh(program).strip() == "[]"


def test_importing_everything_changes_nothing_of_others() -> None:
    state = "(np.geterr(), warnings.filters[:], sys.path[:], dict(os.environ), np.get_printoptions(), sys.flags)"
    program = (
        f"import os, sys, warnings, numpy as np, optree\nbefore = {state}\nfrom funcgrad import nn\nimport funcgrad\n"
    )
    fresh(f"{program}for name in dir(funcgrad): getattr(funcgrad, name)\nassert before == {state}")


def test_the_package_works_out_of_an_archive(tmp_path: Path) -> None:
    archive = tmp_path / "funcgrad.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for path in sorted(HOME.rglob("*.py*")):
            if path.suffix in (".py", ".pyi"):
                target.write(path, path.relative_to(HOME.parent))
    assert fresh("import funcgrad as fg\nprint(fg.__file__, fg.grad(fg.numpy.square)(3.0))", archive).endswith(" 6.0\n")
