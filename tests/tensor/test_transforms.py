"""The functional transforms on tensors: the same as on arrays, and gradients flow to outer tensors, to any order."""

from collections.abc import Callable
from typing import Any

import numpy as np
import optree
import pytest

import funcgrad as fg

X, Y = np.array([0.6, 1.7]), np.array([1.1, 0.4])
A = np.array([[3.0, 1.0], [1.0, 2.0]])


def cubes(x: Any) -> Any:
    return (x**3).sum()


def mixed(x: Any, y: Any) -> Any:
    return (x * x * y).sum()


def product(x: Any, y: Any) -> Any:
    return x * x * y


def two(x: Any, y: Any) -> Any:
    return x * y, (x + y).sum()


own_vjp: Any = fg.custom_vjp(lambda x: np.sin(x))
own_vjp.defvjp(lambda x: (np.sin(x), x), lambda x, g: (g * np.cos(x),))
own_jvp: Any = fg.custom_jvp(lambda x: np.sin(x))
own_jvp.defjvp(lambda p, t: (np.sin(p[0]), np.cos(p[0]) * t[0]))
square_root: Any = fg.implicit_diff(lambda init, a: np.sqrt(a), lambda x, a: x**2 - a)


def pulled(x: Any, y: Any) -> Any:
    output, pullback = fg.vjp(two, x, y)
    return output, pullback(output)


def linearized(x: Any, y: Any) -> Any:
    output, pushforward = fg.linearize(two, x, y)
    return output, pushforward(y, x)


CASES: dict[str, Callable[[Any, Any], Any]] = {
    "grad": lambda x, y: fg.grad(cubes)(x),
    "grad of two": lambda x, y: fg.grad(mixed, argnums=(0, 1))(x, y),
    "grad of a tree": lambda x, y: fg.grad(lambda d: (d["a"] * d["b"][0]).sum())({"a": x, "b": [y]}),
    "grad with aux": lambda x, y: fg.grad(lambda x: (cubes(x), x * 2), has_aux=True)(x),
    "grad of NumPy": lambda x, y: fg.grad(lambda x: np.sum(np.sin(x) * y))(x),
    "grad by name": lambda x, y: fg.grad(mixed, argnames="y")(x, y=y),
    "grad of grad": lambda x, y: fg.grad(lambda x: (fg.grad(mixed)(x, y) ** 2).sum())(x),
    "value_and_grad": lambda x, y: fg.value_and_grad(mixed, argnums=(0, 1))(x, y),
    "vjp": pulled,
    "jvp": lambda x, y: fg.jvp(two, (x, y), (y, x)),
    "linearize": linearized,
    "jacobian": lambda x, y: fg.jacobian(lambda x: x**2 * y)(x),
    "jacobian of two": lambda x, y: fg.jacobian(product, argnums=(0, 1))(x, y),
    "jacrev": lambda x, y: fg.jacrev(lambda x: x**2 * 2)(x),
    "jacrev of two": lambda x, y: fg.jacrev(product, argnums=(0, 1))(x, y),
    "jacrev of a tree": lambda x, y: fg.jacrev(two, argnums=(0, 1))(x, y),
    "jacrev with aux": lambda x, y: fg.jacrev(lambda x: (x * x, x + 1), has_aux=True)(x),
    "jacrev in chunks": lambda x, y: fg.jacrev(lambda x: x**2 * y, chunk_size=1)(x),
    "jacfwd": lambda x, y: fg.jacfwd(lambda x: x**2 * y)(x),
    "jacfwd of two": lambda x, y: fg.jacfwd(two, argnums=(0, 1))(x, y),
    "hessian": lambda x, y: fg.hessian(cubes)(x),
    "hessian of two": lambda x, y: fg.hessian(mixed, argnums=(0, 1))(x, y),
    "hvp": lambda x, y: fg.hvp(cubes)(x, y),
    "vhp": lambda x, y: fg.vhp(cubes)(x, y),
    "derivative": lambda x, y: fg.derivative(lambda t: t**3)(x[0]),
    "elementwise_grad": lambda x, y: fg.elementwise_grad(lambda t: t**3)(x),
    "vmap": lambda x, y: fg.vmap(lambda a, c: a * c + x)(x, y),
    "vmap along axes": lambda x, y: fg.vmap(lambda a, c: a * c, in_axes=(0, None), out_axes=1)(x, y),
    "vmap along dims": lambda x, y: fg.vmap(lambda a, c: a * c, in_dims=(0, None), out_dims=1)(x, y),
    "vmap in chunks": lambda x, y: fg.vmap(lambda a, c: a * c, chunk_size=1)(x, y),
    "vmap of a tree": lambda x, y: fg.vmap(lambda d: {"o": d["a"] * 2})({"a": x}),
    "vmap of grad": lambda x, y: fg.vmap(fg.grad(lambda a, c: a * a * c), in_axes=(0, None))(x, y[0]),
    "checkpoint": lambda x, y: fg.checkpoint(product)(x, y),
    "checkpoint of a tree": lambda x, y: fg.checkpoint(lambda d: {"q": d["a"] * y})({"a": x}),
    "checkpointed_loop": lambda x, y: fg.checkpointed_loop(lambda i, s: s * y + x, x, 5, slots=2),
    "checkpointed_loop of a tree": lambda x, y: fg.checkpointed_loop(
        lambda i, s: (s[0] * y, s[1] + s[0].sum()), (x, x.sum()), 5
    ),
    "scan": lambda x, y: fg.scan(lambda c, e: (c * e, c + e), y[0], x),
    "map": lambda x, y: fg.map(lambda e: e * y, x),
    "map in batches": lambda x, y: fg.map(lambda e: e * y, x, batch_size=2),
    "associative_scan": lambda x, y: fg.associative_scan(lambda a, b: a * b, x),
    "cond": lambda x, y: fg.cond(x[0] > 0, lambda x: x * y, lambda x: x, x),
    "switch": lambda x, y: fg.switch(1, [lambda x: x, lambda x: x * y], x),
    "while_loop": lambda x, y: fg.while_loop(lambda s: s.sum() < 100.0, lambda s: s * s + y * y, x),
    "fori_loop": lambda x, y: fg.fori_loop(0, 3, lambda i, s: s * y + i, x),
    "custom_vjp": lambda x, y: own_vjp(x),
    "custom_jvp": lambda x, y: own_jvp(x),
    "grad of custom_vjp": lambda x, y: fg.grad(lambda x: (own_vjp(x) * y).sum())(x),
    "custom_linear_solve": lambda x, y: fg.custom_linear_solve(
        lambda u: A @ u, x, lambda matvec, b: np.linalg.solve(A, b), symmetric=True
    ),
    "cg": lambda x, y: fg.cg(lambda u: A @ u + u * y, x),
    "gmres": lambda x, y: fg.gmres(lambda u: A @ u + u * y, x),
    "root": lambda x, y: fg.root(lambda u, p: u**3 - p * y, np.ones(2), x),
    "root from a tensor": lambda x, y: fg.root(lambda u, p: u**3 - p, y, x),
    "root with a solver": lambda x, y: fg.root(lambda u, p: u**3 - p * y, np.ones(2), x, solve=fg.gmres),
    "fixed_point": lambda x, y: fg.fixed_point(lambda u, p: np.cos(u) * 0.5 + p * y, np.zeros(2), x),
    "fixed_point from a tensor": lambda x, y: fg.fixed_point(lambda u, p: np.cos(u) * 0.5 + p, y, x),
    "implicit_diff": lambda x, y: square_root(y, x),
    "stop_gradient": lambda x, y: fg.stop_gradient(x) * y,
    "stop_gradient of a tree": lambda x, y: fg.stop_gradient({"a": x})["a"] * y,
    "numeric": lambda x, y: fg.numeric(lambda x: np.sin(x))(x),
    "linear_transpose": lambda x, y: fg.linear_transpose(lambda u: u * y, x)(x),
    "checkpoint_name": lambda x, y: fg.checkpoint_name(x, "n") * y,
    "adopt": lambda x, y: fg.adopt(lambda a, c: a * c)(x, y),
}


def leaves(tree: Any) -> list[Any]:
    return optree.tree_leaves(tree, is_leaf=lambda x: isinstance(x, fg.Tensor), namespace="funcgrad")


def structure(tree: Any) -> Any:
    return optree.tree_structure(tree, is_leaf=lambda x: isinstance(x, fg.Tensor), namespace="funcgrad")


def weighted(tree: Any) -> Any:
    """Return a number to which all leaves that a gradient can flow through contribute."""
    parts = [x for x in leaves(tree) if not isinstance(x, fg.Tensor) or x.requires_grad]
    return sum(
        (x * np.cos(np.arange(x.size if isinstance(x, np.ndarray) else x.numel())).reshape(x.shape)).sum()
        if x.shape
        else x.sum()
        for x in parts
    )


def tensors(requires_grad: bool) -> tuple[fg.Tensor, fg.Tensor]:
    return fg.tensor(X, requires_grad=requires_grad), fg.tensor(Y, requires_grad=requires_grad)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("enabled", [False, True])
def test_a_transform_of_tensors_is_that_of_arrays(name: str, requires_grad: bool, enabled: bool) -> None:
    expected = CASES[name](X, Y)
    with fg.set_grad_enabled(enabled):
        found = CASES[name](*tensors(requires_grad))
    assert structure(found) == structure(expected)
    for y, z in zip(leaves(found), leaves(expected), strict=True):
        assert isinstance(y, fg.Tensor)
        np.testing.assert_allclose(y.detach().numpy(), z, rtol=1e-9, atol=1e-12)
    assert any(y.requires_grad for y in leaves(found)) == (requires_grad and enabled)


CONSTANT = {"stop_gradient", "stop_gradient of a tree"}


@pytest.mark.parametrize("name", CASES)
def test_gradients_flow_to_outer_tensors(name: str) -> None:
    def of_arrays(x: Any, y: Any) -> Any:
        return weighted(CASES[name](x, y))

    x, y = tensors(True)
    weighted(CASES[name](x, y)).backward()
    step = 1e-6
    for i, tensor in enumerate((x, y)):
        moved = [(X + step * e, Y) if i == 0 else (X, Y + step * e) for e in np.eye(2)]
        back = [(X - step * e, Y) if i == 0 else (X, Y - step * e) for e in np.eye(2)]
        slope = [(of_arrays(*a) - of_arrays(*b)) / (2 * step) for a, b in zip(moved, back, strict=True)]
        expected = np.zeros(2) if name in CONSTANT and i == 0 else np.array(slope)
        found = np.zeros(2) if tensor.grad is None else tensor.grad.numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_a_recorded_pass_can_be_differentiated(name: str) -> None:
    def gradient(x: fg.Tensor, y: fg.Tensor, create_graph: bool) -> Any:
        found = fg.autograd.grad(
            weighted(CASES[name](x, y)) ** 2, (x, y), create_graph=create_graph, materialize_grads=True
        )
        return (found[0] * fg.tensor([1.0, 2.0], dtype=fg.float64) + found[1]).sum()

    x, y = tensors(True)
    total = gradient(x, y, True)
    assert total.requires_grad
    second = fg.autograd.grad(total, (x, y), materialize_grads=True)
    step = 1e-5
    for direction in np.eye(2):
        high, low = (fg.tensor(X + s * direction, requires_grad=True) for s in (step, -step))
        expected = (gradient(high, tensors(True)[1], False) - gradient(low, tensors(True)[1], False)) / (2 * step)
        if name not in CONSTANT:
            np.testing.assert_allclose(second[0] @ fg.tensor(direction), expected.detach(), rtol=1e-4, atol=1e-4)


def test_a_checkpoint_of_what_it_closes_over_unseen() -> None:
    class Layer:
        weight = fg.tensor(Y, requires_grad=True)

    layer = Layer()
    y = fg.checkpoint(lambda a: (a * layer.weight).sin())(fg.tensor(X))
    (found,) = fg.autograd.grad(y.sum(), layer.weight)
    np.testing.assert_allclose(found.numpy(), np.cos(X * Y) * X)


def test_a_loop_of_what_it_closes_over_unseen() -> None:
    class Layer:
        weight = fg.tensor(Y, requires_grad=True)

    layer = Layer()
    y = fg.checkpointed_loop(lambda i, s: s * layer.weight, fg.tensor(X), 6, slots=2)
    (found,) = fg.autograd.grad(y.sum(), layer.weight)
    np.testing.assert_allclose(found.numpy(), 6 * X * Y**5)


def test_pullbacks_take_arrays_for_tensors_and_tensors_for_arrays() -> None:
    y, pullback = fg.vjp(lambda x: x * x, fg.tensor(X))
    assert isinstance(y, fg.Tensor)
    np.testing.assert_allclose(pullback(Y)[0].numpy(), 2 * X * Y)
    assert fg.jvp(lambda x: x * x, (fg.tensor(X),), (Y,))[1].tolist() == (2 * X * Y).tolist()
    with pytest.raises(ValueError, match="structure"):
        pullback((Y, Y))
