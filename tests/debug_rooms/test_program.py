"""``debug.trace``, ``debug.draw`` and ``debug.dot``: every call is there, with its line, linked to what it reads."""

import inspect
import sys
import threading
import types
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import debug

X = np.array([1.0, 4.0])


def program(p, n, scale=2.0):
    y = np.sqrt(p["x"])
    m = np.floor(y)
    if np.sum(y) > 2:
        y = y * m + np.ones(2)
    order = np.argsort(-y)
    z = y[order] + y[..., ::2][0] ** n
    fg.stop_gradient(y)
    q, _ = np.linalg.qr(np.outer(z, y) + np.eye(2))
    total = np.sum(np.concatenate([z, y]), axis=0)
    return {"z": total * scale, "q": q}


def number(function: Any, text: str) -> int:
    """Return the number of the line of `function` that contains `text`."""
    lines, start = inspect.getsourcelines(function)
    (found,) = [start + i for i, line in enumerate(lines) if text in line]
    return found


@pytest.fixture
def traced() -> debug.Program:
    return debug.trace(program)({"x": X}, 3, scale=4.0)


def step(traced: debug.Program, function: str) -> debug.Step:
    return next(step for step in traced if step.function == function)


def test_every_call_is_there_with_its_line(traced) -> None:
    expected = (
        ("sqrt", "np.sqrt"),
        ("floor", "np.floor"),
        ("greater", "> 2"),
        ("multiply", "y * m"),
        ("negative", "-y"),
        ("argsort", "argsort"),
        ("power", "** n"),
        ("stop_gradient", "stop_gradient"),
        ("qr", "qr("),
        ("concatenate", "concatenate"),
    )
    functions = [step.function for step in traced]
    places = [functions.index(name) for name, _ in expected]
    assert places == sorted(places)
    for name, text in expected:
        line = step(traced, name).line
        assert (line.file, line.number, line.function) == (__file__, number(program, text), "program")


def test_text(traced) -> None:
    lines = str(traced).splitlines()
    assert lines[0] == "inputs of program: %0: float64[2] (args[0]['x']), %1: int64[] (args[1]), %2: float64[] (scale)"
    line = f"{__file__}:{number(program, 'np.sqrt')}, in program"
    assert lines[1] == f"%3 = sqrt %0   # float64[2]  {line}"
    assert lines[4].startswith("%6 = greater %5 2   # bool[]  ")
    assert lines[-1].startswith("outputs: ")
    assert len(lines) == len(traced) + 2
    assert "axis=0" in str(traced.steps[-2])
    assert repr(traced) == str(traced)


def test_operands_outputs_and_constants(traced) -> None:
    add = step(traced, "add")
    assert [x.text for x in add.operands][1] == "float64[2]"
    assert add.operands[1].name is None
    assert add.operands[1].space == add.outputs[0].space
    floor, multiply = step(traced, "floor"), step(traced, "multiply")
    assert (floor.constant, multiply.constant) == (True, False)
    assert multiply.operands[1].name == floor.outputs[0].name
    assert not multiply.operands[1].differentiable
    assert step(traced, "greater").operands[1].text == "2"
    qr = step(traced, "qr")
    assert len(qr.outputs) == 2
    assert traced.outputs[0] == ("result['q']", qr.outputs[0])
    order = step(traced, "argsort").outputs[0]
    read = next(s for s in traced if s.function == "getitem" and order.name in s.reads)
    assert read.params["index"] == f"[{order.name}]"
    assert [s.params["index"] for s in traced if s.function == "getitem"][1:] == ["[..., ::2]", "[0]"]
    stopped = step(traced, "stop_gradient")
    assert stopped.outputs[0].name != stopped.operands[0].name
    joined = step(traced, "concatenate")
    assert {x.name for x in joined.operands} <= {y.name for s in traced for y in s.outputs}


def test_every_name_is_made_before_it_is_read(traced) -> None:
    made = {value.name for _, value in traced.inputs}
    for s in traced:
        assert set(s.sources) <= made
        made |= {y.name for y in s.outputs}
    assert {value.name for _, value in traced.outputs} <= made


def test_values_are_those_of_the_function() -> None:
    seen = []

    def f(x):
        y = np.sin(x)
        seen.append(y[1].item())
        return y * 2

    traced = debug.trace(f)(X)
    assert seen == [np.sin(4.0)]
    assert [s.function for s in traced] == ["sin", "getitem", "item()", "multiply"]


def wave(x):
    return np.sum(np.sin(x) * x)


@pytest.mark.parametrize(
    ("transform", "there"),
    [
        (fg.grad, ["sin", "multiply", "sum", "cos"]),
        (fg.jacfwd, ["sin", "cos", "multiply"]),
        (fg.hessian, ["sin", "cos"]),
        (fg.vmap, ["sin", "multiply"]),
        (lambda f: lambda x: fg.linearize(f, x)[1](x), ["sin", "cos"]),
        (lambda f: lambda x: fg.vjp(f, x)[1](np.float64(1.0)), ["sin", "cos"]),
    ],
)
def test_transforms_inside(transform: Any, there: list[str]) -> None:
    traced = debug.trace(transform(wave) if transform is not fg.vmap else fg.vmap(lambda x: np.sin(x) * x))(X)
    functions = [s.function for s in traced]
    assert set(there) <= set(functions)
    made = {value.name for _, value in traced.inputs}
    for s in traced:
        assert set(s.sources) <= made
        made |= {y.name for y in s.outputs}


def test_inside_transforms() -> None:
    """What runs inside another transform sees the values of that transform, and does not stop its gradient."""
    found = []

    def f(x):
        found.append(debug.trace(wave)(x))
        return np.sum(x**2)

    np.testing.assert_allclose(fg.grad(f)(X), 2 * X)
    np.testing.assert_allclose(fg.vmap(fg.grad(f))(np.stack([X, X])), np.stack([2 * X, 2 * X]))
    fg.jvp(f, (X,), (X,))
    assert all([s.function for s in traced] == ["sin", "multiply", "sum"] for traced in found)


def test_under_the_watch() -> None:
    with debug.nans(), np.errstate(all="ignore"):
        assert len(debug.trace(wave)(X)) == 3
        with pytest.raises(FloatingPointError, match="of log"):
            debug.trace(np.log)(-X)


def test_values_that_are_not_finite() -> None:
    def f(x):
        y = np.log(x)
        return y[0] + np.sum(y * 0) + (1.0 if y[1] > 0 else 2.0)

    with np.errstate(all="ignore"):
        traced = debug.trace(f)(np.array([0.0, 1.0]))
    functions = [s.function for s in traced]
    assert functions == ["log", "getitem", "multiply", "sum", "add", "getitem", "greater", "add"]
    assert all(s.outputs[0].differentiable for s in traced if s.function != "greater")


def test_writes() -> None:
    def f(x):
        y = x * 2
        y[0] = 1.0
        y += x
        return y

    traced = debug.trace(f)(X)
    assert [s.function for s in traced] == ["multiply", "setitem", "add"]
    assert traced.steps[2].operands[0].name == traced.steps[1].outputs[0].name


def test_constants_that_are_written_to() -> None:
    def f(x):
        y = np.zeros_like(x)
        y[0] = x[1]
        z = fg.numpy.ones(2)
        z[1:] = x[0]
        return y + z

    traced = debug.trace(f)(X)
    made, first, second = (
        next(s for s in traced if s.function == "zeros_like"),
        *[s for s in traced if s.function == "setitem"],
    )
    assert made.constant
    assert first.operands[0].name == made.outputs[0].name
    constant = next(s for s in traced if s.function == "constant")
    assert second.operands[0].name == constant.outputs[0].name


def test_no_arrays_and_errors() -> None:
    traced = debug.trace(lambda name: len(name))("abc")
    assert (len(traced), str(traced.inputs[0][1]), str(traced.outputs[0][1])) == (0, "'abc'", "3")
    assert len(debug.trace(lambda: 1.0)()) == 0

    def fails(x):
        raise KeyError("reason")

    with pytest.raises(KeyError):
        debug.trace(fails)(X)
    assert X.flags.writeable


def test_functions_of_the_user() -> None:
    f = fg.custom_vjp(lambda x: np.sin(x) * 2)
    f.defvjp(lambda x: (f(x), x), lambda x, g: (g * np.cos(x) * 2,))
    traced = debug.trace(lambda x: np.sum(f(x) + 1))(X)
    assert [s.function for s in traced][-2:] == ["add", "sum"]
    assert traced.steps[-2].operands[0].name == traced.steps[-3].outputs[0].name


def test_threads() -> None:
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(str(debug.trace(wave)(X)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert texts == [str(debug.trace(wave)(X))] * 8


# -- Pictures ------------------------------------------------------------------------------------------------


def arrows(source: str) -> set[tuple[str, str, str]]:
    """Return the arrows of DOT text as (label of the tail, label of the head, label), first lines only."""
    labels, found = {}, set()
    for line in source.splitlines():
        key, _, rest = line.strip().partition(" ")
        text = rest.partition('label="')[2].partition('"')[0]
        if rest.startswith("["):
            labels[key] = text.partition("\\n")[0]
        elif rest.startswith("->"):
            found.add((labels[key], labels[rest.split()[1]], text))
    return found


def test_dot_of_a_function() -> None:
    source = debug.dot(lambda x: np.floor(x) + np.sum(x, axis=0) * 2)(X)
    assert arrows(source) == {
        ("args[0]", "floor", "float64[2]"),
        ("args[0]", "sum(axis=0)", "float64[2]"),
        ("sum(axis=0)", "multiply(2)", "float64[]"),
        ("floor", "add", "float64[2]"),
        ("multiply(2)", "add", "float64[]"),
        ("add", "result", "float64[2]"),
    }
    (floor,) = [line for line in source.splitlines() if "floor" in line]
    assert 'style="dashed"' in floor
    assert source.count("lightblue") == source.count("lightgreen") == 1


def test_dot_of_a_program(traced) -> None:
    assert debug.dot(traced) == debug.dot(program)({"x": X}, 3, scale=4.0)
    assert len([line for line in debug.dot(traced).splitlines() if "->" not in line]) == len(traced) + 3 + 2 + 2


def test_dot_of_a_tensor() -> None:
    t = fg.tensor([1.0, 2.0], requires_grad=True)
    source = debug.dot((t.sin() * t)[0] + t.sum())
    assert arrows(source) == {
        ("AddBackward0", "tensor", "float32[]"),
        ("SelectBackward0", "AddBackward0", "float32[]"),
        ("SumBackward0", "AddBackward0", "float32[]"),
        ("MulBackward0", "SelectBackward0", "float32[2]"),
        ("SinBackward0", "MulBackward0", "float32[2]"),
        ("AccumulateGrad", "SinBackward0", "float32[2]"),
        ("AccumulateGrad", "MulBackward0", "float32[2]"),
        ("AccumulateGrad", "SumBackward0", "float32[2]"),
    }
    assert source.count("AccumulateGrad") == 1
    assert arrows(debug.dot(fg.tensor([1.0]))) == set()


def test_dot_of_a_deep_graph() -> None:
    t = start = fg.tensor(1.0, requires_grad=True)
    for _ in range(5000):
        t = t * start
    assert debug.dot(t).count("MulBackward0") == 5000


def test_quotes_are_escaped() -> None:
    source = debug.dot(lambda p: p['a"\\b'] * 2)({'a"\\b': X})
    assert r"""args[0]['a\"\\\\b']""" in source


def test_draw_needs_graphviz(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "graphviz", None)
    for call in (lambda: debug.draw(wave)(X), lambda: debug.draw(fg.tensor([1.0], requires_grad=True) * 2)):
        with pytest.raises(ImportError, match=r"pip install funcgrad\[draw\]"):
            call()


class Digraph:
    """What ``draw`` uses of graphviz."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: dict[str, tuple[str, dict[str, str]]] = {}
        self.edges: list[tuple[str, str, str]] = []

    def node(self, key: str, label: str, **style: str) -> None:
        self.nodes[key] = label, style

    def edge(self, tail: str, head: str, label: str) -> None:
        self.edges.append((tail, head, label))


def test_draw_makes_the_same_picture(monkeypatch) -> None:
    stand_in: Any = types.ModuleType("graphviz")
    stand_in.Digraph = Digraph
    stand_in.escape = lambda text: text.replace("\\", "\\\\")
    monkeypatch.setitem(sys.modules, "graphviz", stand_in)
    graph = debug.draw(wave)(X)
    assert graph.name == "wave"
    labels = {key: label.partition("\\n")[0] for key, (label, _) in graph.nodes.items()}
    assert {(labels[a], labels[b], label) for a, b, label in graph.edges} == arrows(debug.dot(wave)(X))
    tensor = debug.draw(fg.tensor([1.0], requires_grad=True) * 2)
    assert [label.partition("\\n")[0] for label, _ in tensor.nodes.values()] == [
        *("tensor", "MulBackward0", "AccumulateGrad")
    ]


def test_draw_with_graphviz() -> None:
    graphviz = pytest.importorskip("graphviz")
    graph = debug.draw(wave)(X)
    assert isinstance(graph, graphviz.Digraph)
    assert "sin" in graph.source
    assert graph.source.count("->") == debug.dot(wave)(X).count("->")
