"""`nn.functional` on plain arrays under the transforms; names, modes, draws, buffers and errors."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from functional_cases import CASES, Case

import funcgrad as fg
import funcgrad.nn.functional as F
from funcgrad.testing import DeviceArray, to_device

# -- Transforms ------------------------------------------------------------------------------------------------------

HOLDS_TENSORS = ("T.", ".detach()", ".softmax")


def runnable(case: Case) -> bool:
    return not any(word in case.text for word in HOLDS_TENSORS) and "one_hot" not in case.text


PLAIN = [case for case in CASES if runnable(case)]


def function_of(case: Case) -> tuple[Callable[..., Any], list[Any]]:
    """Return the call as a function of its floating-point inputs."""
    inputs = case.draw("float64")
    names = [name for name, x in inputs.items() if x.dtype.kind == "f"]

    def call(*arrays: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return eval(case.text, {"F": F, **inputs, **dict(zip(names, arrays, strict=True))})

    return call, [inputs[name] for name in names]


@pytest.mark.parametrize("case", PLAIN, ids=[case.text for case in PLAIN])
def test_plain_arrays_and_transforms(case: Case) -> None:
    f, xs = function_of(case)
    y = f(*xs)
    if y.dtype.kind != "f":
        pytest.skip("integers")
    rng = np.random.default_rng(1)
    dxs = [rng.standard_normal(x.shape) for x in xs]
    gy = rng.standard_normal(y.shape)
    value, dy = fg.jvp(f, tuple(xs), tuple(dxs))
    np.testing.assert_allclose(value, y)
    value, pullback = fg.vjp(f, *xs)
    np.testing.assert_allclose(value, y)
    gxs = pullback(gy)
    inner = sum(np.vdot(g, dx) for g, dx in zip(gxs, dxs, strict=True))
    np.testing.assert_allclose(np.vdot(gy, dy), inner, rtol=1e-9, atol=1e-9)
    examples = [np.stack([x, x + 0.01 * dx]) if x.size else np.stack([x, x]) for x, dx in zip(xs, dxs, strict=True)]
    if "binary_cross" in case.text:
        examples = [np.clip(x, 0, 1) for x in examples]
    wanted = np.stack([f(*[x[k] for x in examples]) for k in range(2)])
    np.testing.assert_allclose(fg.vmap(f)(*examples), wanted, rtol=1e-9, atol=1e-10)
    for k in range(len(xs)):  # one operand alone has examples
        one = tuple(0 if j == k else None for j in range(len(xs)))
        mixed = [examples[j] if j == k else xs[j] for j in range(len(xs))]
        wanted = np.stack([f(*[x[e] if j == k else x for j, x in enumerate(mixed)]) for e in range(2)])
        np.testing.assert_allclose(fg.vmap(f, in_axes=one)(*mixed), wanted, rtol=1e-9, atol=1e-10)


DIFFERENTIABLE = [case for case in PLAIN if "[1]" not in case.text]


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=[case.text for case in DIFFERENTIABLE])
def test_on_a_device(case: Case) -> None:
    inputs = case.draw("float64")
    names = [name for name, x in inputs.items() if x.dtype.kind == "f"]
    there = {name: to_device(x) for name, x in inputs.items()}

    def f(*arrays: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return eval(case.text, {"F": F, **there, **dict(zip(names, arrays, strict=True))})

    y, pullback = fg.vjp(f, *[there[name] for name in names])
    assert isinstance(y, DeviceArray)
    assert all(isinstance(g, DeviceArray) for g in pullback(to_device(np.ones(y.shape))))


SMOOTH = [
    Case("F.gelu(x)", x=lambda rng: rng.standard_normal(4)),
    Case("F.silu(x)", x=lambda rng: rng.standard_normal(4)),
    Case("F.softplus(x)", x=lambda rng: rng.standard_normal(4)),
    Case("F.elu(x)", x=lambda rng: rng.standard_normal(4)),
    Case("F.logsigmoid(x)", x=lambda rng: rng.standard_normal(4)),
    Case("F.log_softmax(x, 0)", x=lambda rng: rng.standard_normal(4)),
    Case("F.softmax(x, 0)", x=lambda rng: rng.standard_normal(4)),
    Case("F.layer_norm(x, (4,))", x=lambda rng: rng.standard_normal(4)),
    Case("F.cross_entropy(x, y)", x=lambda rng: rng.standard_normal((2, 3)), y=lambda rng: np.array([0, 2])),
    Case("F.binary_cross_entropy(x, y)", x=lambda rng: rng.uniform(0.2, 0.8, 4), y=lambda rng: np.ones(4)),
    Case(
        "F.conv1d(x, w)**2", x=lambda rng: rng.standard_normal((1, 2, 5)), w=lambda rng: rng.standard_normal((2, 2, 3))
    ),
    Case(
        "F.conv_transpose1d(x, w, stride=2)**2",
        x=lambda rng: rng.standard_normal((1, 2, 3)),
        w=lambda rng: rng.standard_normal((2, 2, 3)),
    ),
    Case("F.avg_pool1d(x, 2)**3", x=lambda rng: rng.standard_normal((1, 2, 4))),
]


@pytest.mark.parametrize("case", SMOOTH, ids=[case.text for case in SMOOTH])
def test_second_derivatives(case: Case) -> None:
    f, xs = function_of(case)
    rng = np.random.default_rng(2)
    weights = rng.standard_normal(np.shape(f(*xs)))
    every = tuple(range(len(xs)))
    gradient = fg.grad(lambda *xs: (f(*xs) * weights).sum(), argnums=every)
    dxs = [rng.standard_normal(x.shape) for x in xs]
    _, found = fg.jvp(lambda *xs: fg.ravel_pytree(gradient(*xs))[0], tuple(xs), tuple(dxs))
    step = 1e-6
    ahead = gradient(*[x + step * dx for x, dx in zip(xs, dxs, strict=True)])
    behind = gradient(*[x - step * dx for x, dx in zip(xs, dxs, strict=True)])
    wanted = np.concatenate([np.ravel(a - b) / (2 * step) for a, b in zip(ahead, behind, strict=True)])
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)


def test_a_gradient_of_arrays_over_a_tensor_weight() -> None:
    w = fg.ones(1, 1, 2, 2, dtype=fg.float64, requires_grad=True)
    slope = fg.grad(lambda x: F.conv2d(x, w).sum())(np.ones((1, 1, 3, 3)))
    assert isinstance(slope, fg.Tensor)
    slope.sum().backward()
    assert w.grad is not None
    assert w.grad.tolist() == [[[[4.0, 4.0], [4.0, 4.0]]]]


# -- Names, modes, dtypes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: F.relu(x), "ReluBackward0"),
        (lambda x: F.softmax(x, 1), "SoftmaxBackward0"),
        (lambda x: F.log_softmax(x, 1), "LogSoftmaxBackward0"),
        (lambda x: F.linear(x, x, x[0]), "AddmmBackward0"),
        (lambda x: F.mse_loss(x, x * 2), "MseLossBackward0"),
        (lambda x: F.cross_entropy(x, fg.tensor([0, 1])), "NllLossBackward0"),
        (lambda x: F.gelu(x, approximate="tanh"), "GeluBackward0"),
        (lambda x: F.layer_norm(x, (2,)), "NativeLayerNormBackward0"),
        (lambda x: F.conv1d(x[None], x[None]), "ConvolutionBackward0"),
        (lambda x: F.max_pool2d(x[None], 2), "MaxPool2DWithIndicesBackward0"),
        (lambda x: F.pad(x, (1, 1)), "ConstantPadNdBackward0"),
        (lambda x: F.pad(x, (1, 1), "reflect"), "ReflectionPad1DBackward0"),
        (lambda x: F.interpolate(x[None], 3, mode="linear"), "UpsampleLinear1DBackward0"),
        (lambda x: F.interpolate(x[None, None], 3), "UpsampleNearest2DBackward0"),
    ],
)
def test_the_node_has_pytorchs_name(call: Any, name: str) -> None:
    x = fg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert call(x).grad_fn.name() == name


def test_without_recording() -> None:
    x = fg.ones(2, 2, requires_grad=True)
    with fg.no_grad():
        assert not F.linear(x, x).requires_grad


def test_in_place() -> None:
    x = fg.tensor([-1.0, 2.0])
    assert F.relu_(x) is x
    assert x.tolist() == [0.0, 2.0]
    y = fg.tensor([-1.0, 2.0], requires_grad=True) * 1
    assert F.leaky_relu(y, 0.5, inplace=True) is y
    y.sum().backward()
    array = np.array([-1.0, 2.0])
    assert F.relu(array, inplace=True) is array
    assert array.tolist() == [0.0, 2.0]
    with pytest.raises(RuntimeError, match="leaf"):
        F.relu_(fg.ones(2, requires_grad=True))


# -- Draws -------------------------------------------------------------------------------------------------------------


def test_dropout_draws_and_scales() -> None:
    fg.manual_seed(0)
    x = fg.ones(10_000, requires_grad=True)
    y = F.dropout(x, 0.3)
    kept = y.detach().numpy() != 0
    assert abs(kept.mean() - 0.7) < 0.02
    np.testing.assert_allclose(y.detach().numpy()[kept], 1 / 0.7, rtol=1e-6)
    y.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), y.detach().numpy())
    fg.manual_seed(0)
    assert F.dropout(x, 0.3).tolist() == y.tolist()
    assert F.dropout(x, 0.3, training=False) is x
    assert F.dropout(x, 1.0).sum().item() == 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        F.dropout(x, 1.5)


@pytest.mark.parametrize(("function", "places"), [(F.dropout1d, 1), (F.dropout2d, 2), (F.dropout3d, 3)])
def test_whole_channels_are_dropped(function: Any, places: int) -> None:
    y = function(fg.ones(20, 30, *(2,) * places), 0.5).numpy().reshape(600, -1)
    assert (y == y[:, :1]).all()
    assert 0.4 < (y[:, 0] == 0).mean() < 0.6


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    fg.manual_seed(0)
    y = F.alpha_dropout(fg.randn(50_000), 0.2, training=True)
    assert abs(y.mean().item()) < 0.02
    assert abs(y.std().item() - 1) < 0.02


def test_gumbel_softmax() -> None:
    fg.manual_seed(0)
    logits = fg.tensor([[0.0, 1.0, 2.0]] * 5000, requires_grad=True)
    hard = F.gumbel_softmax(logits, tau=0.5, hard=True)
    assert set(np.unique(np.round(hard.detach().numpy(), 6))) == {0.0, 1.0}
    shares = np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum()
    np.testing.assert_allclose(hard.detach().numpy().mean(axis=0), shares, atol=0.03)
    (hard * fg.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert logits.grad is not None
    assert abs(logits.grad.numpy()).sum() > 0


# -- Buffers -----------------------------------------------------------------------------------------------------------


def test_running_statistics_equal_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((4, 3, 5)).astype("float32")
    found = []
    for module, functions in ((fg, F), (torch, torch.nn.functional)):
        mean, var = module.zeros(3), module.ones(3)
        alias = mean.detach()
        functions.batch_norm(module.tensor(x, requires_grad=True), mean, var, training=True, momentum=0.3)
        functions.instance_norm(module.tensor(x), mean, var, momentum=0.2)
        found += [alias.numpy(), var.numpy()]
    np.testing.assert_allclose(found[0], found[2], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[1], found[3], rtol=1e-5, atol=1e-6)
    mean, var = np.zeros(3), np.ones(3)
    fg.grad(lambda x: F.batch_norm(x, mean, var, training=True, momentum=1.0)[0].sum())(x)
    np.testing.assert_allclose(mean, x.mean(axis=(0, 2)), rtol=1e-5, atol=1e-6)


def test_embedding_max_norm_renormalizes_in_place() -> None:
    torch = pytest.importorskip("torch")
    rows = np.arange(1, 9, dtype="float32").reshape(4, 2)
    found = []
    for module, functions in ((fg, F), (torch, torch.nn.functional)):
        w = module.tensor(rows)
        functions.embedding(module.tensor([1, 3]), w, max_norm=2.0)
        found.append(w.numpy())
    np.testing.assert_allclose(*found, rtol=1e-6)


# -- Errors ------------------------------------------------------------------------------------------------------------

ERRORS = [
    "F.linear(T.ones(2, 3), T.ones(4, 2))",
    "F.linear(T.ones(2, 3), T.ones(4, 3).double())",
    "F.conv2d(T.ones(1, 2, 3, 3), T.ones(1, 3, 2, 2))",
    "F.conv2d(T.ones(1, 2, 3, 3), T.ones(1, 2, 5, 5))",
    "F.conv2d(T.ones(1, 2, 3, 3), T.ones(1, 2, 2, 2), stride=2, padding='same')",
    "F.conv2d(T.ones(3, 3), T.ones(1, 2, 2, 2))",
    "F.conv_transpose2d(T.ones(1, 2, 3, 3), T.ones(2, 3, 2, 2), output_padding=1)",
    "F.max_pool2d(T.ones(1, 1, 2, 2), 3)",
    "F.max_pool2d(T.ones(1, 1, 5, 5), 3, padding=2)",
    "F.cross_entropy(T.ones(2, 3), T.tensor([0, 3]))",
    "F.cross_entropy(T.ones(2, 3), T.tensor([0, 1, 2]))",
    "F.cross_entropy(T.ones(2, 3), T.tensor([0, 1]), reduction='average')",
    "F.cross_entropy(T.ones(2, 3), T.tensor([0.0, 1.0]))",
    "F.nll_loss(T.ones(2, 3), T.tensor([0, -1]))",
    "F.binary_cross_entropy(T.ones(2) * 2, T.ones(2))",
    "F.binary_cross_entropy(T.ones(2), T.ones(3))",
    "F.binary_cross_entropy_with_logits(T.ones(2), T.ones(3))",
    "F.mse_loss(T.ones(2), T.ones(3))",
    "F.batch_norm(T.ones(1, 3), None, None, training=True)",
    "F.layer_norm(T.ones(2, 3), (2,))",
    "F.group_norm(T.ones(2, 3), 2)",
    "F.embedding(T.tensor([5]), T.ones(3, 2))",
    "F.one_hot(T.tensor([3]), 2)",
    "F.one_hot(T.tensor([-1]))",
    "F.pad(T.ones(2, 3), (1, 1, 1))",
    "F.pad(T.ones(1, 1, 3), (3, 3), 'reflect')",
    "F.pad(T.ones(1, 1, 3), (1, 1), 'unheard')",
    "F.interpolate(T.ones(1, 1, 3))",
    "F.interpolate(T.ones(1, 1, 3), 3, mode='bilinear')",
    "F.interpolate(T.ones(1, 1, 3), 3, align_corners=True)",
    "F.pixel_shuffle(T.ones(3, 2, 2), 2)",
    "F.glu(T.ones(3))",
    "F.gelu(T.ones(3), approximate='sometimes')",
    "F.softmax(T.ones(2), 3)",
    "F.dropout(T.ones(2), -1)",
    "F.triplet_margin_loss(T.ones(2, 2), T.ones(2, 2), T.ones(2, 2), margin=0)",
    "F.gaussian_nll_loss(T.ones(2), T.ones(2), -T.ones(2))",
    "F.elu(T.tensor([1]))",
    "F.softshrink(T.ones(1), -1)",
    "F.scaled_dot_product_attention(T.ones(2, 2), T.ones(2, 3), T.ones(2, 2))",
]


@pytest.mark.parametrize("text", ERRORS)
def test_errors_are_of_pytorchs_type(text: str) -> None:
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as wanted:  # noqa: PT011
            eval(text, {"F": torch.nn.functional, "T": torch})
        with pytest.raises(Exception) as got:  # noqa: PT011
            eval(text, {"F": F, "T": fg})
    assert got.type is wanted.type
