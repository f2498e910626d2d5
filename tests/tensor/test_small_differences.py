"""Corners in which the facade once differed from PyTorch: the same lines in both print the same, or raise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funcgrad as fg

torch = pytest.importorskip("torch")

SAME = (
    # -- Dropout of whole channels: nothing happens outside of training, whatever the shape
    "torch.feature_dropout(m, 0.5, False) is m",
    "torch.feature_dropout_(m, 0.5, False) is m",
    "torch.feature_dropout(v, 0.0, True) is v",
    "torch.feature_dropout(v, 1.0, True)",
    "torch.feature_dropout(torch.ones(2, 3), 0.5, True).shape",
    "[len(row.unique()) for row in torch.feature_dropout(torch.ones(2, 3, 2, 2, 2, 2), 0.5, True).reshape(6, 16)]",
    # -- Cells
    "torch.nn.RNNCellBase(2, 3, bias=True, num_chunks=1)",
    "[p.shape for p in torch.nn.RNNCellBase(2, 3, False, 5).parameters()]",
    "[p.shape for c in ('RNN', 'LSTM', 'GRU') for p in getattr(torch.nn, c + 'Cell')(2, 3).parameters()]",
    # -- Anomaly detection
    "torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()",
    # -- Names of results
    "torch.slogdet(m)",
    "m.slogdet()",
    "torch.linalg.slogdet(m)",
    "[part.dtype for part in torch.slogdet(m.double())]",
    # -- The sign of zero
    "torch.remainder(z[:, None], d)",
    "z[:, None] % d",
    "z % 2",
    "3.0 % d",
    "z.double() % 0.1",
    "torch.remainder(torch.tensor(-2.0), 2)",
    "z.clone().remainder_(2.0)",
    "torch.tensor([-4, 3]) % 2.0, torch.tensor([-4, 3]) % 2, torch.tensor([True]) % 2",
)
ERRORS = (
    "torch.feature_dropout(v, 0.5, True)",
    "torch.feature_dropout_(v[0], 0.5, True)",
    "torch.feature_alpha_dropout(v, 0.5, True)",
    "torch.nn.functional.feature_alpha_dropout(v, 0.5, True)",
    "torch.dropout(v, 1.5, False)",
    "torch.feature_dropout(m, -0.5, False)",
    "torch.nn.functional.dropout(v, 1.5, False)",
    "torch.tensor([True]) % torch.tensor([True])",
    "torch.nn.RNNCellBase(2, 3, True)",
)


def names(library: Any) -> dict[str, Any]:
    return {
        "torch": library,
        "m": library.tensor([[2.0, 1.0], [0.0, 3.0]]),
        "v": library.tensor([1.0, 2.0]),
        "z": library.tensor([-3.0, -2.0, -0.0, 0.0, 2.0, 2.5, -np.inf]),
        "d": library.tensor([-2.0, 2.0, 3.0, np.inf, -np.inf]),
    }


@pytest.mark.parametrize("line", SAME)
def test_prints_the_same(line: str) -> None:
    texts = []
    for library in (fg, torch):
        library.manual_seed(0)
        texts.append(repr(eval(line, names(library))))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("line", ERRORS)
def test_raises_the_same(line: str) -> None:
    with pytest.raises(Exception, match=r".") as expected:
        eval(line, names(torch))
    with pytest.raises(expected.type):
        eval(line, names(fg))


POOLS = (
    "F.fractional_max_pool3d(x, k, n)",
    "F.fractional_max_pool3d_with_indices(x, k, n)[1]",
    "nn.FractionalMaxPool3d(k, n)(x)",
)


@pytest.mark.parametrize("sizes", [(2, 2, 2), (3, 2, 4), (4, 4, 4), (3, 3, 3)])
@pytest.mark.parametrize("kernel", [1, 2, (2, 1, 1), (1, 1, 2)])
@pytest.mark.parametrize("count", [1, 2, (1, 1, 2)])
def test_fractional_pooling_of_volumes_needs_a_place_to_spare(sizes: Any, kernel: Any, count: Any) -> None:
    shapes: list[Any] = []
    for library in (fg, torch):
        given = {"F": library.nn.functional, "nn": library.nn, "x": library.ones(1, *sizes), "k": kernel, "n": count}
        for line in POOLS:
            try:
                shapes.append(tuple(eval(line, given).shape))
            except RuntimeError:
                shapes.append(RuntimeError)
    assert shapes[:3] == shapes[3:]


def test_whether_nans_are_looked_for_is_what_was_asked_last() -> None:
    seen = []
    for library in (fg, torch):
        ask = library.is_anomaly_check_nan_enabled
        answers = [ask()]
        library.autograd.set_detect_anomaly(False, check_nan=False)
        answers.append(ask())
        with library.autograd.set_detect_anomaly(True, check_nan=True):
            answers.append(ask())
        answers.append(ask())
        library.autograd.set_detect_anomaly(False)
        seen.append([*answers, ask()])
    assert seen[0] == seen[1] == [True, False, True, False, True]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_derivatives_of_remainders(dtype: str) -> None:
    a, b = [-2.0, 5.0, -7.5, 0.5], [2.0, -3.0, 2.0, 1.5]
    results = []
    for library in (fg, torch):
        x, y = (library.tensor(list(v), dtype=getattr(library, dtype), requires_grad=True) for v in (a, b))
        first = library.autograd.grad((x % y * x * y).sum(), (x, y), create_graph=True)
        second = library.autograd.grad(sum(g.sum() for g in first), (x, y))
        results.append([g.detach().numpy() for g in (*first, *second)])
    for mine, other in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, other)
        assert mine.dtype == other.dtype == dtype
    if dtype == "float64":
        smooth = [
            fg.tensor(v, dtype=fg.float64, requires_grad=True) for v in ([-2.1, 5.0, -7.5, 0.5], [2.0, -3.0, 2, 1])
        ]
        assert fg.autograd.gradcheck(lambda x, y: x % y, smooth)


def test_remainders_of_numpy_keep_numpys_signs() -> None:
    x = fg.tensor([-2.0, 0.0])
    np.testing.assert_array_equal(np.signbit(np.remainder(x, 2.0).numpy()), [False, False])
    np.testing.assert_array_equal(np.signbit((x % 2.0).numpy()), [True, False])


def test_a_tensor_has_no_public_names_of_its_own_but_those_of_the_house() -> None:
    own = {name for name in dir(fg.Tensor) if not name.startswith("_")} - set(dir(torch.Tensor))
    assert own == {"concrete", "memory", "node", "payload"}
    assert not hasattr(fg.autograd.graph, "tensors_of")


def test_objects_of_a_python_function_do_not_lose_the_gradient() -> None:
    square = np.frompyfunc(lambda x: x * x, 1, 1)
    with pytest.raises(fg.NoDerivativeError, match="vectorized"):
        square(fg.ones(2, requires_grad=True))
