"""Write funcgrad/nn/functional/__init__.pyi, from which type checkers learn that a tensor gives a tensor.

``python tests/nn/make_functional_stub.py`` after a signature has changed; a test compares.
"""

import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import funcgrad.nn.functional as F

STUB = Path(F.__path__[0]) / "__init__.pyi"
#: What returns several tensors, always or where it is asked to.
SEVERAL = {name for name in vars(F) if name.endswith("_with_indices") or "max_pool" in name}
SEVERAL.add("multi_head_attention_forward")
OTHER_WORDS = {"Array": "Any", "Array | None": "Any", "Lengths": "int | Sequence[int]"}
OTHER_WORDS["str | Lengths"] = f"str | {OTHER_WORDS['Lengths']}"
TITLE = '''"""What functions of nn.functional take and return, for type checkers; tests/nn/make_functional_stub.py."""

from collections.abc import Callable, Sequence
from typing import Any, overload

from funcgrad.tensor.tensor import Tensor

'''


def functions() -> dict[str, Any]:
    members = {name: x for name, x in vars(F).items() if not name.startswith("_")}
    return {name: x for name, x in members.items() if not isinstance(x, ModuleType)}


def stated(parameter: inspect.Parameter, kind: str) -> str:
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{parameter.name}: {kind}{default}"


def header(name: str, function: Any, first: str, result: str) -> str:
    words, starred = [], False
    for i, x in enumerate(inspect.signature(function).parameters.values()):
        if x.kind is x.KEYWORD_ONLY and not starred:
            words.append("*")
            starred = True
        words.append(stated(x, first if i == 0 else OTHER_WORDS.get(x.annotation, x.annotation)))
    return f"def {name}({', '.join(words)}) -> {result}: ..."


def text() -> str:
    parts = []
    for name, function in functions().items():
        if name not in SEVERAL:
            parts += ["@overload", header(name, function, "Tensor", "Tensor"), "@overload"]
        parts.append(header(name, function, "Any", "Any"))
    return TITLE + "\n".join(parts) + "\n"


if __name__ == "__main__":
    STUB.write_text(text())
