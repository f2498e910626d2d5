"""Random numbers of tensors on a GPU come from its own generator; a stand-in takes the place of CuPy and its arrays."""

import sys
import types
from typing import Any

import numpy as np
import pytest

import funcgrad as torch
from funcgrad.nn import functional as F
from funcgrad.tensor.device_numbers import seed_devices
from funcgrad.testing import DeviceArray, host_copies


class Place:
    """A GPU, as a context."""

    id = 0

    def __init__(self, index: int) -> None:
        assert index == 0

    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None: ...


class FakeGenerator:
    """CuPy's generator: some of NumPy's methods, and arrays on the device."""

    made = 0

    def __init__(self, seed: int) -> None:
        FakeGenerator.made += 1
        self.source = np.random.default_rng(seed + 1)

    def random(self, size: Any, dtype: Any) -> DeviceArray:
        return DeviceArray(self.source.random(size, dtype))

    def standard_normal(self, size: Any, dtype: Any) -> DeviceArray:
        return DeviceArray(self.source.standard_normal(size, dtype))

    def standard_exponential(self, size: Any) -> DeviceArray:
        return DeviceArray(self.source.standard_exponential(size))

    def integers(self, low: int, high: int, size: Any) -> DeviceArray:
        return DeviceArray(self.source.integers(low, high, size))

    def poisson(self, lam: DeviceArray, size: Any) -> DeviceArray:
        return DeviceArray(self.source.poisson(lam.array, size))

    def binomial(self, n: DeviceArray, p: DeviceArray, size: Any) -> DeviceArray:
        return DeviceArray(self.source.binomial(n.array, p.array, size))


@pytest.fixture(autouse=True)
def fake_cupy(monkeypatch: pytest.MonkeyPatch) -> Any:
    module: Any = types.ModuleType("cupy")
    runtime = types.SimpleNamespace(getDeviceCount=lambda: 1, getDevice=lambda: 0)
    module.cuda = types.SimpleNamespace(runtime=runtime, Device=Place)
    module.random = types.SimpleNamespace(Generator=FakeGenerator, XORWOW=lambda seed: seed)
    module.ndarray, module.asarray = DeviceArray, DeviceArray
    monkeypatch.setitem(sys.modules, "cupy", module)
    monkeypatch.setattr(DeviceArray, "device", Place(0))
    seed_devices(None)
    yield
    seed_devices(None)


def half() -> Any:
    return torch.full((40,), 0.5, device="cuda")


DRAWS = {
    "rand": lambda: torch.rand(4, 3, device="cuda"),
    "rand complex": lambda: torch.rand(4, dtype=torch.complex64, device="cuda"),
    "rand half": lambda: torch.rand(9, dtype=torch.float16, device="cuda"),
    "randn": lambda: torch.randn(5, device="cuda:0", dtype=torch.float64),
    "randn_like": lambda: torch.randn_like(half()),
    "randint": lambda: torch.randint(2, 9, (30,), device="cuda"),
    "randperm": lambda: torch.randperm(9, device="cuda"),
    "bernoulli": lambda: torch.bernoulli(half()),
    "normal": lambda: torch.normal(half(), half()),
    "poisson": lambda: torch.poisson(half() * 9),
    "binomial": lambda: torch.binomial(half() * 20, half()),
    "normal_": lambda: half().normal_(1.0, 2.0),
    "uniform_": lambda: half().uniform_(1.0, 2.0),
    "bernoulli_": lambda: half().bernoulli_(0.3),
    "dropout": lambda: F.dropout(half()),
    "gumbel": lambda: F.gumbel_softmax(half(), dim=0),
}

ASKS = ("bernoulli", "normal", "poisson", "binomial")  # these look whether their arguments are right


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_gives_the_same_numbers_again(name: str) -> None:
    torch.manual_seed(3)
    with host_copies() as copies:
        first, second = DRAWS[name](), DRAWS[name]()
    assert not copies or name in ASKS
    assert isinstance(first.payload, DeviceArray)
    assert first.is_cuda
    torch.manual_seed(3)
    again = DRAWS[name]()
    np.testing.assert_array_equal(again.payload.array, first.payload.array)
    assert again.dtype == first.dtype
    assert (first.payload.array != second.payload.array).any()
    with torch.device("cuda"):
        assert torch.rand(2).is_cuda


def test_permutations_and_bounds() -> None:
    assert sorted(torch.randperm(9, device="cuda").tolist()) == list(range(9))
    numbers = torch.randint(2, 5, (60,), device="cuda")
    assert (numbers.min().item(), numbers.max().item(), numbers.dtype) == (2, 4, torch.int64)


def test_multinomial_draws_on_the_device() -> None:
    chances = torch.tensor([0.0, 1.0, 0.0], device="cuda")
    assert torch.multinomial(chances, 4, replacement=True).tolist() == [1, 1, 1, 1]
    assert torch.multinomial(chances + 0.1, 3).is_cuda


def test_the_devices_can_be_seeded_alone() -> None:
    torch.manual_seed(1)
    host = torch.rand(3)
    torch.manual_seed(1)
    torch.cuda.manual_seed(5)
    first = torch.rand(3, device="cuda")
    assert torch.rand(3).tolist() == host.tolist()
    torch.cuda.manual_seed(5)
    assert torch.rand(3, device="cuda").tolist() == first.tolist()
    torch.manual_seed(1)
    assert torch.rand(3, device="cuda").tolist() != first.tolist()


def test_generators_of_a_device() -> None:
    g = torch.Generator("cuda").manual_seed(4)
    assert g.device == torch.device("cuda:0")
    first = torch.randn(3, device="cuda", generator=g)
    assert torch.randn(3, device="cuda", generator=g).tolist() != first.tolist()
    assert torch.randn(3, device="cuda", generator=g.manual_seed(4)).tolist() == first.tolist()
    for run in (
        lambda: torch.rand(2, device="cuda", generator=torch.Generator()),
        lambda: half().normal_(generator=torch.Generator()),
    ):
        with pytest.raises(RuntimeError, match="Expected a 'cuda:0' device type for generator but found 'cpu'"):
            run()
    with pytest.raises(NotImplementedError, match="do not show their state"):
        g.get_state()
    with pytest.raises(NotImplementedError, match="leave out the generator"):
        half().cauchy_(generator=g)
    with pytest.raises(RuntimeError, match="'cpu' and 'cuda' devices"):
        torch.Generator("mps")


def test_other_numbers_are_copied() -> None:
    assert half().cauchy_().is_cuda
    assert half().exponential_().is_cuda
