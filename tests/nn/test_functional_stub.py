"""The stub of nn.functional says what the functions are, and that a tensor gives a tensor."""

import ast
import re

import pytest
from functional_cases import CASES, Case
from make_functional_stub import SEVERAL, STUB, functions, text

import funcgrad as fg
import funcgrad.nn.functional as F


def test_the_stub_is_up_to_date() -> None:
    assert ast.dump(ast.parse(STUB.read_text())) == ast.dump(ast.parse(text())), "run tests/nn/make_functional_stub.py"


def test_each_function_is_in_it() -> None:
    assert len(functions()) > 100
    assert set(functions()) == {x.name for x in ast.parse(STUB.read_text()).body if isinstance(x, ast.FunctionDef)}


CALLS = [
    case
    for case in CASES
    if (called := re.fullmatch(r"F\.(\w+)\(.*\)", case.text)) and called[1] in set(functions()) - SEVERAL
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CALLS, ids=[case.text for case in CALLS])
def test_what_is_said_to_return_a_tensor_does(case: Case) -> None:
    inputs = {name: fg.tensor(x) for name, x in case.draw("float32").items()}
    assert isinstance(eval(case.text, {"F": F, "T": fg, **inputs}), fg.Tensor)
