"""Whole kernels with loops, buffers and writes in place: the gradient of the sum of all outputs.

The texts are those of tests/kernels, plain NumPy that knows nothing of differentiation; `fg.adopt` is all that is done
to them. PyTorch runs the same text with ``np`` meaning torch. Where its autograd refuses to go back through values that
were written over later, it runs that text with what is read copied and ``A[i] -= b`` written out as
``A[i] = A[i] - b``; a kernel that does not run so either is a dash. JAX has no arrays that can be written to.
"""

import ast
import inspect
import sys
import textwrap
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from benchmarks.peers import OURS, TORCH, fg, torch
from benchmarks.suite import Run, Workload

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
KERNELS = {kernel.name: kernel for kernel in import_module("kernels").KERNELS}

#: Size of each problem, and arguments that are not those of the test: numbers of steps.
SIZES: dict[str, tuple[int, dict[int, int]]] = {
    "lu": (14, {}),
    "lu_outer": (80, {}),
    "cholesky_slices": (24, {}),
    "gramschmidt": (24, {}),
    "thomas": (300, {}),
    "gemver": (400, {}),
    "syrk": (24, {}),
    "covariance": (24, {}),
    "jacobi_2d": (100, {0: 20}),
    "seidel_2d": (20, {0: 2}),
    "heat_3d": (24, {0: 10}),
    "fdtd_2d": (80, {0: 3}),
    "cavity_flow": (40, {3: 5, 4: 10}),
    "nbody": (8, {3: 10}),
    "rk4": (60, {}),
    "floyd_warshall": (60, {}),
    "time_warping": (20, {}),
    "conv2d": (20, {}),
    "resnet_block": (20, {}),
    "softmax": (3000, {}),
    "lstm": (40, {}),
    "fft": (128, {}),
    "running_sum": (500, {}),
}

#: What a kernel of an unknown size still shows: it runs, and all agree.
QUICK = 8


# ---- the same text for PyTorch


class Torch:
    """PyTorch under the names that NumPy has for the same things, float64 where nothing else is said."""

    newaxis = None
    created = ("zeros", "ones", "empty", "eye", "full", "linspace")

    def __getattr__(self, name: str) -> Any:
        found = getattr(torch, {"copy": "clone"}.get(name, name))
        return partial(found, dtype=torch.float64) if name in self.created else found

    @staticmethod
    def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return x.max() if axis is None else torch.amax(x, axis, keepdim=keepdims)


def copied(x: Any) -> Any:
    """What is read from a tensor, as a tensor of its own."""
    return x.clone() if torch.is_tensor(x) else x


class Copying(ast.NodeTransformer):
    """Copies what is read; writes what is updated in two steps; says `clone` for `copy`."""

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        self.generic_visit(node)
        return ast.Call(ast.Name("copied", ast.Load()), [node], []) if isinstance(node.ctx, ast.Load) else node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        if isinstance(node.target, ast.Subscript):
            read = ast.Subscript(node.target.value, node.target.slice, ast.Load())
            value = ast.BinOp(self.visit(read), node.op, self.visit(node.value))
            return ast.Assign([node.target], value)
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        self.generic_visit(node)
        return ast.Attribute(node.value, "clone", node.ctx) if node.attr == "copy" else node


def in_torch(function: Any, rewritten: bool) -> Any:
    """The function, and those of its package that it can see, with PyTorch for ``np``."""
    made: dict[Any, Any] = {}
    package = function.__module__.split(".")[0]

    def rebuild(f: Any) -> Any:
        if f in made:
            return made[f]
        scope: dict[str, Any] = {"__builtins__": __builtins__, "copied": copied}
        if rewritten:
            tree = Copying().visit(ast.parse(textwrap.dedent(inspect.getsource(f))))
            exec(compile(ast.fix_missing_locations(tree), f.__code__.co_filename, "exec"), scope)
            made[f] = scope[f.__name__]
        else:
            made[f] = FunctionType(f.__code__, scope, f.__name__, f.__defaults__, f.__closure__)
        for name, value in f.__globals__.items():
            if name in f.__code__.co_names:
                ours = isinstance(value, FunctionType) and value.__module__.split(".")[0] == package
                scope[name] = Torch() if value is np else rebuild(value) if ours else value
        return made[f]

    return rebuild(function)


# ---- the contestants


def total(outputs: Any) -> Any:
    return sum(y.sum() for y in outputs) if isinstance(outputs, tuple | list) else outputs.sum()


def arguments(name: str, size: int) -> tuple[Any, list[Any]]:
    """The kernel and what it is called with."""
    kernel = KERNELS[name]
    return kernel, [SIZES[name][1].get(i, x) for i, x in enumerate(kernel.arguments(size))]


def ours(problem: Any) -> Run:
    kernel, args = problem
    before, x, after = args[: kernel.wrt], args[kernel.wrt], args[kernel.wrt + 1 :]
    adopted = fg.adopt(kernel.function)
    return lambda: fg.grad(lambda x: total(adopted(*before, x, *after)))(x)


def forward(problem: Any) -> Run:
    kernel, args = problem
    return lambda: kernel.function(*(x.copy() if isinstance(x, np.ndarray) else x for x in args))


def theirs(problem: Any) -> Run | None:
    kernel, args = problem
    expected = total(forward(problem)())
    for rewritten in (False, True):
        function = in_torch(kernel.function, rewritten)
        run = torch_gradient(function, args, kernel.wrt)
        if same_program(function, args, expected) and runs_at_all(run):
            return run
    return None


def torch_gradient(function: Any, args: list[Any], wrt: int) -> Run:
    def run() -> Any:
        leaf = torch.tensor(args[wrt], requires_grad=True)
        given = [torch.tensor(x) if isinstance(x, np.ndarray) else x for x in args]
        given[wrt] = leaf.clone()  # a leaf cannot be written to
        total(function(*given)).backward()
        return leaf.grad

    return run


REFUSALS = (RuntimeError, TypeError, AttributeError, ValueError, IndexError)


def same_program(function: Any, args: list[Any], expected: float) -> bool:
    """Whether PyTorch knows all names, and the text still means the same: copies may have lost a write."""
    try:
        value = total(function(*(torch.tensor(x) if isinstance(x, np.ndarray) else x for x in args)))
    except REFUSALS:
        return False
    return bool(np.isclose(float(value), expected, 1e-9, 1e-9))


def runs_at_all(run: Run) -> bool:
    """Whether PyTorch's autograd goes back through the writes."""
    try:
        run()
    except REFUSALS:
        return False
    return True


def workload(name: str) -> Workload:
    size = SIZES[name][0]
    quick = size if name in ("gemver", "resnet_block", "fft") else min(size, QUICK)  # sizes that may not be changed
    return Workload(
        f"kernel {name}",
        "kernels",
        partial(arguments, name),
        {OURS: ours, TORCH: theirs},
        forward,
        sizes=(size,),
        quick=(quick,),
        rtol=1e-8,
        atol=1e-9,
    )


WORKLOADS = tuple(workload(name) for name in SIZES)
