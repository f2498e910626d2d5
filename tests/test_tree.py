"""``funcgrad.tree``: containers, their structure, and trees as vectors; against ``jax.tree`` and optree's own rules."""

import dataclasses
import warnings
from collections import OrderedDict, defaultdict, deque, namedtuple
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import tree
from funcgrad.testing import check_grads

Pair = namedtuple("Pair", "x y")


@dataclasses.dataclass
class Layer:
    weight: Any
    bias: Any = None


TREES: dict[str, Any] = {
    "leaf": 1.0,
    "none": None,
    "dict": {"b": 1, "a": [2, (3, None)], "c": {}},
    "named": Pair(1, {"z": 2}),
    "ordered": OrderedDict([("b", 1), ("a", 2)]),
    "default": defaultdict(list, {"b": 1, "a": 2}),
    "empty": (),
}


@pytest.mark.parametrize("name", TREES)
def test_as_in_jax(name: str) -> None:
    jax = pytest.importorskip("jax")
    value = TREES[name]
    assert tree.leaves(value) == jax.tree.leaves(value)
    assert tree.map(lambda x: x * 2, value) == jax.tree.map(lambda x: x * 2, value)
    assert tree.reduce(lambda a, b: a + b, value, 10) == jax.tree.reduce(lambda a, b: a + b, value, 10)
    assert tree.all(value) == jax.tree.all(value)
    assert tree.unflatten(tree.structure(value), tree.leaves(value)) == value
    paths = [(jax.tree_util.keystr(path), leaf) for path, leaf in jax.tree_util.tree_flatten_with_path(value)[0]]
    assert tree.flatten_with_paths(value) == paths


def test_leaves_where_one_says_so() -> None:
    value = {"a": (1, 2), "b": [(3, 4), None]}

    def is_pair(x: Any) -> bool:
        return isinstance(x, tuple)

    assert tree.leaves(value, is_leaf=is_pair) == [(1, 2), (3, 4)]
    assert tree.map(sum, value, is_leaf=is_pair) == {"a": 3, "b": [7, None]}
    assert tree.leaves(value, is_leaf=lambda x: x is None) == [1, 2, 3, 4, None]
    assert tree.structure(value, is_leaf=is_pair) == tree.structure({"a": 0, "b": [0, None]})
    assert tree.reduce(lambda a, b: a + b, value, is_leaf=is_pair) == (1, 2, 3, 4)
    assert not tree.all([(), 1], is_leaf=is_pair)
    assert tree.flatten_with_paths(value, is_pair) == [("['a']", (1, 2)), ("['b'][0]", (3, 4))]
    assert tree.map_with_path(lambda path, x, y: (path, x, y), value, value, is_leaf=is_pair)["a"] == (
        "['a']",
        (1, 2),
        (1, 2),
    )
    assert tree.map(str, deque([1, 2])) == deque(["1", "2"])
    layers = [Layer(1.0, 2.0)]
    assert tree.leaves(layers, is_leaf=lambda x: isinstance(x, Layer)) == layers


def test_several_trees() -> None:
    assert tree.map(lambda x, y: (x, y), {"a": 1}, {"a": [2, 3]}) == {"a": (1, [2, 3])}
    with pytest.raises(ValueError, match="a"):
        tree.map(lambda x, y: x, {"a": 1}, {"b": 2})
    with pytest.raises(ValueError, match="leaves"):
        tree.unflatten(tree.structure((1, 2)), [1, 2, 3])
    with pytest.raises(TypeError):
        tree.reduce(lambda a, b: a, ())


def test_transposition_as_in_jax() -> None:
    jax = pytest.importorskip("jax")
    value = {"a": Pair(1, [2, 3]), "b": Pair(4, [5, 6])}
    outer, inner = {"a": 0, "b": 0}, Pair(0, [0, 0])
    expected = jax.tree.transpose(jax.tree.structure(outer), jax.tree.structure(inner), value)
    assert tree.transpose(tree.structure(outer), tree.structure(inner), value) == expected
    assert tree.transpose(tree.structure(outer), None, value) == expected
    assert tree.transpose(tree.structure([]), tree.structure({"a": 0}), []) == {"a": []}
    with pytest.raises(ValueError, match=r"."):
        tree.transpose(tree.structure(outer), tree.structure(inner), {"a": Pair(1, [2, 3]), "b": [4]})


def test_dataclasses_and_registered_classes() -> None:
    @dataclasses.dataclass(frozen=True)
    class Strict:
        weight: Any

        def __post_init__(self) -> None:
            assert isinstance(self.weight, float), "checked when made by the user only"

    assert tree.map(str, Strict(1.0)).weight == "1.0"
    assert tree.flatten_with_paths([Layer(1.0, {"x": 2.0})]) == [("[0].weight", 1.0), ("[0].bias['x']", 2.0)]

    @tree.register
    class Line:
        def __init__(self, slope: Any, name: str) -> None:
            self.slope, self.name = slope, name

        def tree_flatten(self) -> Any:
            return (self.slope,), self.name

        @classmethod
        def tree_unflatten(cls, name: str, children: Any) -> "Line":
            return cls(*children, name)

    gradient = fg.grad(lambda line: line.slope**2)(Line(3.0, "a"))
    assert (gradient.slope, gradient.name) == (6.0, "a")
    assert tree.structure(Line(1, "a")) != tree.structure(Line(1, "b"))
    with pytest.raises(ValueError, match="registered"):
        tree.register(Line)
    with pytest.raises(TypeError, match="tree_flatten"):
        tree.register(type("Empty", (), {}))

    class Box:
        def __init__(self, x: Any) -> None:
            self.x = x

    assert tree.register(Box, lambda box: ([box.x], None), lambda _, children: Box(*children)) is Box
    assert fg.grad(lambda box: box.x**2)(Box(3.0)).x == 6.0


# -- As one vector -------------------------------------------------------------------------------------------


def test_a_vector_as_in_jax(rng: np.random.Generator) -> None:
    jax = pytest.importorskip("jax")
    flatten_util = pytest.importorskip("jax.flatten_util")
    for value in (
        {"w": rng.normal(size=(2, 3)), "b": [1.5, rng.normal(size=0)]},
        (np.float32([1, 2]), np.float64(3), np.complex64(1 + 1j)),
        (np.arange(3), np.array([True, False])),
        rng.normal(size=(2, 2)),
        2.0,
    ):
        vector, unravel = fg.ravel_pytree(value)
        expected, expected_unravel = flatten_util.ravel_pytree(value)
        assert vector.dtype == expected.dtype
        np.testing.assert_array_equal(vector, expected)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pairs = zip(tree.leaves(unravel(vector)), jax.tree.leaves(expected_unravel(expected)), strict=True)
            for x, y in pairs:
                assert (x.shape, x.dtype) == (y.shape, y.dtype)
                np.testing.assert_array_equal(x, y)
    vector, unravel = fg.ravel_pytree({"none": None})
    assert vector.shape == (0,)
    assert unravel(vector) == {"none": None}


def test_a_vector_of_another_dtype() -> None:
    _, unravel = fg.ravel_pytree([1.0, np.ones(2)])
    assert unravel(np.array([1j, 2, 3]))[0] == 1j
    assert unravel(np.ones(3, np.float32))[1].dtype == np.float32
    _, unravel = fg.ravel_pytree([np.float32(1), np.ones(2)])
    assert unravel(np.ones(3, np.float32))[1].dtype == np.float64
    with pytest.raises(TypeError, match="complex"):
        unravel(np.ones(3) * 1j)
    for wrong in (np.ones(4), np.ones((3, 1)), 1.0):
        with pytest.raises(ValueError, match="shape"):
            unravel(wrong)


def test_derivatives_of_raveling(rng: np.random.Generator) -> None:
    value = {"w": rng.normal(size=(2, 2)), "b": [rng.normal(), rng.normal(size=2) + 1j]}
    vector, unravel = fg.ravel_pytree(value)
    check_grads(lambda value: fg.ravel_pytree(value)[0] ** 2, (value,))
    check_grads(lambda vector: tree.map(lambda x: x**2, unravel(vector)), (vector,))
    many = rng.normal(size=(3, 5))
    _, unravel = fg.ravel_pytree((np.ones((2, 2)), 1.0))
    first, second = fg.vmap(unravel)(many)
    np.testing.assert_array_equal(first, many[:, :4].reshape(3, 2, 2))
    np.testing.assert_array_equal(second, many[:, 4])
    np.testing.assert_array_equal(fg.vmap(lambda x: fg.ravel_pytree(x)[0])((first, second)), many)
    single = fg.grad(lambda x: np.sum(fg.ravel_pytree((x, np.ones(2)))[0] ** 2))(np.float32([1, 2]))
    assert single.dtype == np.float32


def test_a_tensor_in_a_tree() -> None:
    w = fg.tensor([1.0, 2.0], dtype=fg.float64, requires_grad=True)
    vector, unravel = fg.ravel_pytree({"w": w, "b": np.ones(1)})
    assert isinstance(unravel(vector)["w"], fg.Tensor)
    (unravel(vector)["w"] ** 2).sum().backward()
    assert w.grad is not None
    assert w.grad.tolist() == [2.0, 4.0]
