"""``grad``, ``value_and_grad``, ``vjp``, ``jvp``: arguments, trees, nesting, conventions."""

import dataclasses
import functools
import inspect
import pickle
import tracemalloc
from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.tree import flatten

Point = namedtuple("Point", "x y")


@dataclasses.dataclass(frozen=True)
class Model:
    weight: Any
    bias: Any = None
    name: str = "linear"

    def __post_init__(self) -> None:
        if not hasattr(self.weight, "shape"):
            raise TypeError("weight must be an array")


def cost(a: Any, b: Any, c: Any = 3.0) -> Any:
    """A cost."""
    return a * b**2 * c


grad_of_cost = fg.grad(cost)


class Cost:
    def __init__(self, scale: float) -> None:
        self.scale = scale

    @fg.grad
    def slope(self, x: Any) -> Any:
        return 0.0 * self + x

    @functools.partial(fg.grad, argnums=1)
    def slope_of_x(self, x: Any) -> Any:
        return self.scale * x**2


# -- Which arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 12.0),
        ({"argnums": 0}, 12.0),
        ({"argnums": 1}, 12.0),
        ({"argnums": -1}, 12.0),
        ({"argnums": np.int64(1)}, 12.0),
        ({"argnums": (1, 0)}, (12.0, 12.0)),
        ({"argnums": [0, -1]}, (12.0, 12.0)),
        ({"argnums": ()}, ()),
        ({"argnames": "a"}, 12.0),
        ({"argnames": "b"}, 12.0),
        ({"argnames": ("b", "a")}, {"b": 12.0, "a": 12.0}),
        ({"argnums": 0, "argnames": "b"}, (12.0, 12.0)),
        ({"argnums": (0,), "argnames": ["b"]}, ((12.0,), {"b": 12.0})),
    ],
)
def test_argnums_and_argnames(options: Any, expected: Any) -> None:
    if "argnums" in options and isinstance(options["argnums"], tuple) and not options["argnums"]:
        with pytest.raises(TypeError, match="no array"):
            fg.grad(cost, **options)(1.0, 2.0)
        return
    assert fg.grad(cost, **options)(1.0, 2.0) == expected
    value, gradient = fg.value_and_grad(cost, **options)(1.0, 2.0)
    assert (value, gradient) == (12.0, expected)


def test_arguments_by_keyword() -> None:
    assert fg.grad(cost)(1.0, b=2.0, c=1.0) == 4.0
    assert fg.grad(cost, argnames="b")(1.0, b=2.0) == 12.0
    assert fg.grad(cost, argnames="c")(1.0, 2.0, c=5.0) == 4.0
    assert fg.grad(cost, argnames=("a", "c"))(a=1.0, b=2.0, c=5.0) == {"a": 20.0, "c": 4.0}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"argnums": 2}, ValueError),
        ({"argnums": -3}, ValueError),
        ({"argnums": (0, -2)}, ValueError),
        ({"argnums": "a"}, TypeError),
        ({"argnums": 0.5}, TypeError),
        ({"argnames": "z"}, ValueError),
    ],
)
def test_wrong_arguments(options: Any, error: Any) -> None:
    with pytest.raises(error, match="arg"):
        fg.grad(cost, **options)(1.0, 2.0)


def test_not_a_function() -> None:
    with pytest.raises(TypeError, match="function"):
        fg.grad(3.0)  # type: ignore[arg-type]


def test_has_aux() -> None:
    def f(x: Any) -> Any:
        return (x**2).sum(), {"double": 2 * x, "name": "aux"}

    x = np.arange(3.0)
    gradient, aux = fg.grad(f, has_aux=True)(x)
    np.testing.assert_array_equal(gradient, 2 * x)
    assert type(aux["double"]) is np.ndarray
    assert aux["name"] == "aux"
    (value, aux), gradient = fg.value_and_grad(f, has_aux=True)(x)
    assert value == 5
    np.testing.assert_array_equal(aux["double"], 2 * x)
    value, pullback, aux = fg.vjp(f, x, has_aux=True)
    assert pullback(1.0)[0].tolist() == [0, 2, 4]
    value, tangent, aux = fg.jvp(f, (x,), (x,), has_aux=True)
    assert (value, tangent, aux["name"]) == (5, 10, "aux")
    for transform in (fg.grad, fg.value_and_grad):
        with pytest.raises(TypeError, match="pair"):
            transform(np.sum, has_aux=True)(x)


# -- Trees ----------------------------------------------------------------------------------------------


def loss(p: Any) -> Any:
    return sum((x**2).sum() for x in leaves(p))


def leaves(tree: Any) -> list[Any]:
    return [leaf for leaf in flatten(tree)[0] if hasattr(leaf, "shape")]


A, B = np.array([1.0, 2.0]), np.array([[3.0]])

TREES = {
    "dict": {"b": A, "a": B},
    "ordered dict": OrderedDict(z=A, a=B),
    "list": [A, B],
    "tuple": (A, (B,)),
    "namedtuple": Point(A, B),
    "nested": {"layers": [(A, B), Point(B, {"deep": A})], "none": None},
    "dataclass": Model(A, B),
    "dataclasses nested": [Model({"w": A}["w"], Model(B)), {"m": Model(A)}],
    "strings": {"w": A, "activation": "relu", "other": object},
    "empty parts": {"w": A, "none": None, "list": [], "dict": {}},
}


@pytest.mark.parametrize("name", TREES)
def test_trees(name: str) -> None:
    tree = TREES[name]
    gradient = fg.grad(loss)(tree)
    assert type(gradient) is type(tree)
    assert flatten(gradient)[1] == flatten(tree)[1]
    for g, x in zip(flatten(gradient)[0], flatten(tree)[0], strict=True):
        if isinstance(x, np.ndarray):
            np.testing.assert_array_equal(g, 2 * x)
            assert g.dtype == x.dtype
        else:
            assert g is x
    if isinstance(tree, dict):
        assert list(gradient) == list(tree)


def test_tree_output_of_vjp() -> None:
    y, pullback = fg.vjp(lambda x, p: Point(x * p["s"], {"sum": x.sum(), "text": "hi"}), A, {"s": 3.0})
    assert y.y["text"] == "hi"
    gx, gp = pullback(Point(np.array([1.0, 10.0]), {"sum": 100.0, "text": "hi"}))
    np.testing.assert_array_equal(gx, [103, 130])
    assert gp == {"s": 21.0}


def test_unused_arguments_have_zero_gradients() -> None:
    gradient = fg.grad(lambda p: (p["a"] ** 2).sum())({"a": A, "b": B})
    np.testing.assert_array_equal(gradient["b"], [[0]])
    assert fg.grad(lambda x: 3.0)(2.0) == 0
    assert fg.vjp(lambda x: 1.0, A)[1](1.0)[0].tolist() == [0, 0]


def test_allow_int() -> None:
    gradient = fg.grad(lambda p: (p["x"] * p["n"]).sum(), allow_int=True)({"x": A, "n": np.array([2, 3])})
    np.testing.assert_array_equal(gradient["x"], [2, 3])
    assert gradient["n"].dtype == fg.float0
    assert gradient["n"].shape == (2,)


# -- Conventions ----------------------------------------------------------------------------------------


def test_what_goes_in_comes_out() -> None:
    assert type(fg.grad(lambda x: x**2)(3.0)) is np.float64
    assert type(fg.grad(lambda x: x.sum())(np.ones(2))) is np.ndarray
    for dtype in (np.float16, np.float32, np.float64, np.longdouble):
        assert fg.grad(lambda x: (np.sin(x) * 2.5).sum())(np.ones(2, dtype)).dtype == dtype
    mixed = fg.grad(lambda x, y: (x * y).sum(), argnums=(0, 1))(np.ones(2, np.float32), np.ones(2))
    assert [g.dtype for g in mixed] == [np.float32, np.float64]


def test_inputs_are_not_changed() -> None:
    x = np.ones(3)
    x.flags.writeable = False
    g = fg.grad(lambda x: np.prod(np.sin(x) + x[0]) + x @ x)(x)
    g += 1
    assert x.tolist() == [1, 1, 1]


def test_complex_gradients_follow_jax() -> None:
    z = np.array([1.0 + 2.0j, -0.5 + 0.3j])

    def u(z: Any) -> Any:
        return np.sum(np.abs(z) ** 2 * np.real(z)) + np.sum(np.imag(z * z))

    h = 1e-6
    gradient = fg.grad(u)(z)
    for i in range(2):
        e = np.eye(2)[i]
        ux = (u(z + h * e) - u(z - h * e)) / (2 * h)
        uy = (u(z + 1j * h * e) - u(z - 1j * h * e)) / (2 * h)
        np.testing.assert_allclose(gradient[i], ux - 1j * uy, rtol=1e-7)


def test_holomorphic() -> None:
    f = fg.grad(lambda z: z**3 + np.exp(z), holomorphic=True)
    z = 0.3 + 0.7j
    np.testing.assert_allclose(f(z), 3 * z**2 + np.exp(z))
    with pytest.raises(TypeError, match="complex"):
        f(1.0)
    with pytest.raises(TypeError, match="complex output"):
        fg.grad(np.abs, holomorphic=True)(z)


def test_stop_gradient() -> None:
    assert fg.grad(lambda x: x * fg.stop_gradient(x))(3.0) == 3
    assert fg.jvp(lambda x: x * fg.stop_gradient({"x": x})["x"], (3.0,), (1.0,))[1] == 3
    assert fg.grad(fg.grad(lambda x: x**2 * fg.stop_gradient(x)))(3.0) == 6
    assert fg.stop_gradient("text") == "text"


# -- Nesting --------------------------------------------------------------------------------------------


def test_derivatives_of_any_order() -> None:
    f = np.sin
    for order, expected in enumerate([np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin, np.cos]):
        f = fg.grad(f)
        np.testing.assert_allclose(f(0.7), expected(0.7), err_msg=f"order {order + 1}")


def test_no_perturbation_confusion() -> None:
    """Siskind and Pearlmutter (2005): the two derivatives must not be mixed up."""
    assert fg.grad(lambda x: x * fg.grad(lambda y: x + y)(1.0))(1.0) == 1

    def d(f: Any) -> Any:
        return lambda x: fg.jvp(f, (x,), (1.0,))[1]

    assert d(lambda x: x * d(lambda y: x + y)(1.0))(1.0) == 1
    assert d(lambda x: x * fg.grad(lambda y: x * y)(1.0))(2.0) == 4
    assert fg.grad(lambda x: x * d(lambda y: x * y)(1.0))(2.0) == 4


def test_modes_compose() -> None:
    x, v = np.array([0.3, -0.7, 1.1]), np.array([1.0, 0.5, -2.0])

    def f(x: Any) -> Any:
        return np.sum(np.sin(x) * x[::-1] ** 2) + np.prod(x)

    def gradient_along(x: Any) -> Any:
        return fg.grad(f)(x) @ v

    forward_over_reverse = fg.jvp(fg.grad(f), (x,), (v,))[1]
    reverse_over_reverse = fg.grad(gradient_along)(x)
    reverse_over_forward = fg.grad(lambda x: fg.jvp(f, (x,), (v,))[1])(x)
    quotient = (fg.grad(f)(x + 1e-6 * v) - fg.grad(f)(x - 1e-6 * v)) / 2e-6
    np.testing.assert_allclose(forward_over_reverse, quotient, rtol=1e-7)
    np.testing.assert_allclose(reverse_over_reverse, forward_over_reverse)
    np.testing.assert_allclose(reverse_over_forward, forward_over_reverse)
    second = fg.jvp(lambda x: fg.jvp(f, (x,), (v,))[1], (x,), (v,))[1]
    np.testing.assert_allclose(second, forward_over_reverse @ v)


def test_closed_over_values_of_outer_levels() -> None:
    def outer(x: Any) -> Any:
        pullback = fg.vjp(lambda y: x * np.sin(y) * x, x)[1]
        return pullback(x)[0]

    np.testing.assert_allclose(fg.grad(outer)(0.4), 3 * 0.16 * np.cos(0.4) - 0.064 * np.sin(0.4))


# -- Functions keep their names -----------------------------------------------------------------------------


def test_name_docstring_signature() -> None:
    assert grad_of_cost.__name__ == "cost"
    assert grad_of_cost.__doc__ == "A cost."
    assert list(inspect.signature(grad_of_cost).parameters) == ["a", "b", "c"]


@pytest.mark.parametrize("transformed", [grad_of_cost, fg.grad(fg.grad(cost)), fg.value_and_grad(cost, argnames="b")])
def test_pickle(transformed: Any) -> None:
    again = pickle.loads(pickle.dumps(transformed))
    assert again(1.5, 2.0) == transformed(1.5, 2.0)


def test_methods() -> None:
    assert Cost(5.0).slope_of_x(2.0) == 20.0


def test_partial_and_callable_objects() -> None:
    assert fg.grad(functools.partial(cost, b=2.0))(1.0) == 12.0
    np.testing.assert_allclose(fg.grad(np.linalg.norm)(np.array([3.0, 4.0])), [0.6, 0.8])


def test_a_pullback_keeps_what_its_rules_read_and_no_more():
    x = np.linspace(0.5, 1.5, 100_000)
    for f, arrays in ((lambda x: np.sum((x + x) * 0.5 - x), 0), (lambda x: np.sum(np.sin(x) * 2), 1)):
        tracemalloc.start()
        _, pullback = fg.vjp(f, x)
        kept = tracemalloc.get_traced_memory()[0] / x.nbytes
        tracemalloc.stop()
        assert arrays <= kept < arrays + 0.1
        (expected,) = fg.vjp(f, x)[1](1.0)
        before = x.copy()
        x[:] = 7.0  # the pullback has its own
        np.testing.assert_array_equal(pullback(1.0)[0], expected)
        x[:] = before


def test_a_pullback_without_dependence_gives_zeros_of_the_inputs():
    x = {"a": np.ones((2, 3), np.float32), "b": np.ones(4, complex), "c": np.arange(3)}
    _, pullback = fg.vjp(lambda x: 1.0, x)
    (g,) = pullback(1.0)
    assert [(v.shape, v.dtype) for v in g.values()] == [((2, 3), np.float32), ((4,), complex), ((3,), fg.float0)]
