"""Every public function of CuPy on a traced value: it dispatches, or the error says what to write instead."""

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.errors import LostGradientError, NoDerivativeError
from funcgrad.testing import limits

cupy = pytest.importorskip("cupy")

X = np.array([[2.0, 1.0], [1.0, 3.0]])

#: Functions that give, on traced values, what NumPy's function of the same name gives.
DISPATCH = frozenset(
    (
        *("amax", "amin", "angle", "clip", "compress", "copy", "diagonal", "dot", "flip", "fliplr", "flipud"),
        *("matrix_transpose", "max", "mean", "min", "nanmax", "nanmin", "outer", "permute_dims", "prod", "ravel"),
        *("real_if_close", "rot90", "sort", "sort_complex", "squeeze", "std", "sum", "trace", "transpose", "var"),
        *("linalg.matrix_transpose", "linalg.norm", "argmax", "argmin", "count_nonzero", "argsort", "iscomplexobj"),
        *("isfortran", "isrealobj", "isscalar", "shape", "common_type", "fill_diagonal", "min_scalar_type"),
        *("result_type", "ndim"),
    )
)

#: The same under names that NumPy 2 has no more, what returns a NumPy bool, and what describes an array or a class.
#: `broadcast_arrays` hands traced values back as they are: CuPy takes them for numbers.
OTHERS = frozenset(
    (
        *("msort", "product", "get_array_module", "issctype", "issubclass_", "issubsctype", "obj2sctype"),
        *("sctype2char", "shares_memory", "broadcast_arrays", "array_equal", "array_equiv"),
    )
)

#: Functions that take no arrays, or change the state of the process.
NO_ARRAYS = frozenset(
    (
        *("clear_memo", "show_config", "fuse", "memoize", "set_printoptions", "get_printoptions", "printoptions"),
        *("disp", "save", "savez", "savez_compressed", "savetxt", "load", "get_default_memory_pool"),
        *("get_default_pinned_memory_pool", "is_available", "make_aligned_dtype", "fromfile", "loadtxt", "genfromtxt"),
        *("set_string_function", "typename", "who", "iterable"),
    )
)

PATHS = [
    path
    for path in limits.table()["functions"]
    if path.rpartition(".")[0] in ("", "linalg", "fft") and path not in NO_ARRAYS
]


def find(module: Any, path: str) -> Any:
    for name in path.split("."):
        module = getattr(module, name, None)
    return module


def required(path: str) -> int:
    """Return how many arguments the function must have, at least one."""
    parameters = limits.signature(limits.table()["functions"][path]).parameters.values()
    return max(1, sum(p.default is p.empty and p.kind in (0, 1) for p in parameters))


def raised_by(run: Any) -> Exception | None:
    """Return what a call raises: of which type CuPy's errors are depends on whether there is a GPU."""
    try:
        run()
    except Exception as error:
        return error
    return None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", PATHS)
def test_dispatches_or_explains(path: str) -> None:
    function = find(cupy, path)
    if function is None:
        pytest.skip(f"this CuPy has no {path}")
    results: list[Any] = []

    def f(x: Any) -> Any:
        results.append(function(*[x] * required(path)))
        return np.sum(x)

    error = raised_by(lambda: fg.grad(f)(X))
    if error is not None:  # in our own words, or CuPy's with a note
        words = " ".join([str(error), *getattr(error, "__notes__", [])])
        assert isinstance(error, LostGradientError | NoDerivativeError) or "funcgrad.cupy" in words, error
        return
    assert path in DISPATCH | OTHERS
    if path in DISPATCH:
        want: list[Any] = []
        fg.grad(lambda x: want.append(find(np, path)(*[x] * required(path))) or np.sum(x))(X)
        assert str(results) == str(want)


def test_ledger_has_no_dead_names() -> None:
    assert set(limits.table()["functions"]) >= DISPATCH | OTHERS
