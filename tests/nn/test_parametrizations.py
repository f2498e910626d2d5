"""Parametrized modules beside PyTorch's."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.nn.utils import parametrizations, parametrize

torch = pytest.importorskip("torch")


def alike(make: Any) -> tuple[Any, Any]:
    """Make a module in both libraries, with the state of PyTorch's."""
    import torch.nn.utils.parametrizations  # noqa: PLC0415

    torch.manual_seed(0)
    theirs, ours = make(torch), make(fg)
    wanted = theirs.state_dict()
    assert list(ours.state_dict()) == list(wanted)
    ours.load_state_dict({name: fg.tensor(value.numpy().copy()) for name, value in wanted.items()})
    return ours, theirs


def compare_step(ours: Any, theirs: Any, *shape: int) -> None:
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    y, z = ours(fg.tensor(x)), theirs(torch.tensor(x))
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), rtol=1e-4, atol=1e-5)
    (y * y).sum().backward()
    (z * z).sum().backward()
    for (name, p), (other, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert name == other
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-3, atol=1e-4, err_msg=name)


MAKERS = {
    "weight_norm": (lambda t: t.nn.utils.parametrizations.weight_norm(t.nn.Linear(3, 4)), (2, 3)),
    "weight_norm_all": (lambda t: t.nn.utils.parametrizations.weight_norm(t.nn.Linear(3, 4), dim=None), (2, 3)),
    "weight_norm_conv": (lambda t: t.nn.utils.parametrizations.weight_norm(t.nn.Conv1d(2, 3, 2), dim=1), (2, 2, 5)),
    "spectral_norm": (lambda t: t.nn.utils.parametrizations.spectral_norm(t.nn.Linear(3, 4)), (2, 3)),
    "spectral_transposed": (
        lambda t: t.nn.utils.parametrizations.spectral_norm(t.nn.ConvTranspose1d(2, 3, 2)),
        (2, 2, 5),
    ),
    "cayley": (lambda t: t.nn.utils.parametrizations.orthogonal(t.nn.Linear(3, 3), orthogonal_map="cayley"), (2, 3)),
    "matrix_exp": (lambda t: t.nn.utils.parametrizations.orthogonal(t.nn.Linear(3, 3)), (2, 3)),
    "free": (
        lambda t: t.nn.utils.parametrizations.orthogonal(t.nn.Linear(4, 2), orthogonal_map="cayley"),
        (2, 4),
    ),
    "old_weight_norm": (lambda t: t.nn.utils.weight_norm(t.nn.Linear(3, 4)), (2, 3)),
    "old_spectral_norm": (lambda t: t.nn.utils.spectral_norm(t.nn.Linear(3, 4)), (2, 3)),
}


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning", "ignore:.*spectral_norm.*:FutureWarning")
@pytest.mark.parametrize("name", MAKERS)
def test_as_in_pytorch(name: str) -> None:
    make, shape = MAKERS[name]
    compare_step(*alike(make), *shape)


def test_householder_is_orthogonal() -> None:
    m = parametrizations.orthogonal(fg.nn.Linear(3, 5), orthogonal_map="householder")
    np.testing.assert_allclose((m.weight.T @ m.weight).detach().numpy(), np.eye(3), atol=1e-5)
    m = parametrizations.orthogonal(fg.nn.Linear(5, 3))
    np.testing.assert_allclose((m.weight @ m.weight.T).detach().numpy(), np.eye(3), atol=1e-5)
    m(fg.ones(1, 5)).sum().backward()


class Doubled(fg.nn.Module):
    def forward(self, x: Any) -> Any:
        return 2 * x

    def right_inverse(self, x: Any) -> Any:
        return x / 2


def test_assigning_removing_and_copying() -> None:
    m = fg.nn.Linear(2, 2)
    weight = m.weight.detach().clone()
    parametrize.register_parametrization(m, "weight", Doubled())
    assert parametrize.is_parametrized(m, "weight")
    assert type(m).__name__ == "ParametrizedLinear"
    assert parametrize.type_before_parametrizations(m) is fg.nn.Linear
    np.testing.assert_allclose(m.weight.detach().numpy(), weight.numpy())
    m.weight = fg.ones(2, 2)
    np.testing.assert_allclose(m.weight.detach().numpy(), 1)
    np.testing.assert_allclose(m.parametrizations.weight.original.detach().numpy(), 0.5)
    other = copy.deepcopy(m)
    parametrize.remove_parametrizations(m, "weight")
    assert type(m) is fg.nn.Linear
    assert [name for name, _ in m.named_parameters()] == ["bias", "weight"]
    np.testing.assert_allclose(m.weight.detach().numpy(), 1)
    assert parametrize.is_parametrized(other, "weight")
    np.testing.assert_allclose(other.weight.detach().numpy(), 1)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="does not have a parameter"):
        parametrize.register_parametrization(fg.nn.Linear(2, 2), "nothing", Doubled())
    with pytest.raises(ValueError, match="unsafe"):
        parametrize.register_parametrization(fg.nn.Linear(2, 2), "weight", fg.nn.Linear(2, 3))
    with pytest.raises(ValueError, match="does not have a parametrization"):
        parametrize.remove_parametrizations(fg.nn.Linear(2, 2), "weight")


def test_removing_the_older_forms() -> None:
    m = fg.nn.Linear(2, 3)
    weight = m.weight.detach().clone()
    fg.nn.utils.weight_norm(m)
    fg.nn.utils.remove_weight_norm(m)
    np.testing.assert_allclose(m.weight.detach().numpy(), weight.numpy(), rtol=1e-6)
    fg.nn.utils.spectral_norm(m)
    m(fg.ones(1, 2))
    fg.nn.utils.remove_spectral_norm(m)
    assert [name for name, _ in m.named_parameters()] == ["bias", "weight"]
    assert not m._forward_pre_hooks
