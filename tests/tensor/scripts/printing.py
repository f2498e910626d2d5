"""How tensors look."""

from typing import Any


def scalars(torch: Any) -> None:
    print(torch.tensor(1.0), torch.tensor(2), torch.tensor(True), torch.tensor(0.1), torch.tensor(1e-9))
    print(torch.tensor(1 + 2j), torch.tensor(float("nan")), torch.tensor(float("inf")), torch.tensor(-0.0))


def vectors(torch: Any) -> None:
    print(torch.tensor([1.0, 2.5, -3.25]))
    print(torch.tensor([1e-5, 1.0]), torch.tensor([1e10, 1.0]), torch.tensor([1.0, 1000.0]), torch.tensor([1e8, 2e8]))
    print(torch.tensor([0.00001, 123456.0]), torch.tensor([1 / 3, 2 / 3]))


def integers(torch: Any) -> None:
    print(torch.tensor([1, 20, -300]), torch.arange(3), torch.tensor([[1, 2], [3, 4]]))


def booleans(torch: Any) -> None:
    print(torch.tensor([True, False]), torch.ones(2, 2) > 0)


def not_finite(torch: Any) -> None:
    print(torch.tensor([1.0, float("nan"), float("inf"), -float("inf")]))
    print(torch.tensor([float("nan")] * 2), torch.tensor([1.5, float("inf")]))


def dtypes_shown(torch: Any) -> None:
    print(torch.ones(2, dtype=torch.float64), torch.ones(2, dtype=torch.int32), torch.ones(2, dtype=torch.float16))
    print(torch.ones(1, dtype=torch.uint8), torch.ones(2, dtype=torch.complex64), torch.ones(1, dtype=torch.complex128))


def empty(torch: Any) -> None:
    print(torch.tensor([]), torch.empty(0, 3), torch.ones(2, 0), torch.tensor([], dtype=torch.int64))


def gradients_shown(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    print(x, x * 2, x.sum(), x.detach(), (x * 2).view(1, 2))
    print(x.double(), x.double() * 2)
    y = torch.ones(2, dtype=torch.float64, requires_grad=True)
    print(y, y.exp())


def three_axes(torch: Any) -> None:
    print(torch.arange(12.0).reshape(2, 2, 3))


def four_axes(torch: Any) -> None:
    print(torch.arange(8).reshape(2, 1, 2, 2))


def summarized(torch: Any) -> None:
    print(torch.arange(2000.0))
    print(torch.zeros(100, 100))
    print(torch.zeros(1001, requires_grad=True))


def long_rows_wrap(torch: Any) -> None:
    print(torch.arange(60.0))
    print(torch.arange(30) * 1000)
    print(torch.linspace(0, 1, 25, dtype=torch.float64))


def negative_columns(torch: Any) -> None:
    print(torch.tensor([[1.0, -2.0], [-30.0, 4.0]]), torch.tensor([-1, 10]))


def scientific(torch: Any) -> None:
    print(torch.tensor([1e-10, 1e10]), torch.tensor([1.5e-7]), torch.tensor([[1e-3, 1e3], [1e4, 1e5]]))


def complexes(torch: Any) -> None:
    print(torch.tensor([1 + 2j, -0.5j]), torch.tensor([1 + 1e-6j]), torch.tensor([[1j]]))


def f_strings(torch: Any) -> None:
    x = torch.tensor(3.14159)
    print(f"{x}", f"{x:.2f}", f"{x:8.3f}|", f"{torch.tensor(3)}", f"{torch.tensor(3):03d}", f"{torch.tensor(True)}")
    print(f"{torch.ones(2)}", f"{x.item():.3f}", f"{torch.ones(1)}")


def in_containers(torch: Any) -> None:
    print([torch.ones(1), torch.tensor(2.0)], {"a": torch.zeros(2)}, (torch.tensor(1),))


def shapes(torch: Any) -> None:
    x = torch.ones(2, 3)
    print(x.shape, x.size(), x.size(0), x.shape[1], x.dim(), x.ndim, x.numel(), len(x), x.shape == (2, 3))
    print(torch.ones(()).shape, x.shape.numel(), tuple(x.shape), [*x.shape])


def dtype_and_device(torch: Any) -> None:
    x = torch.ones(2)
    print(x.dtype, x.device, x.type(), torch.float64, torch.long, torch.device("cpu"), repr(x.device))


def layouts(torch: Any) -> None:
    print(torch.ones(2).layout)


def options(torch: Any) -> None:
    torch.set_printoptions(precision=2)
    print(torch.tensor([1 / 3]))
    torch.set_printoptions(sci_mode=True)
    print(torch.tensor([1 / 3]))
    torch.set_printoptions(profile="default")
    torch.set_printoptions(sci_mode=None)
    print(torch.tensor([1 / 3]))


def threshold_option(torch: Any) -> None:
    torch.set_printoptions(threshold=5, edgeitems=1, linewidth=40)
    try:
        print(torch.arange(10), torch.zeros(4, 4))
    finally:
        torch.set_printoptions(profile="default")


def parameter(torch: Any) -> None:
    print(torch.nn.Parameter(torch.ones(2)))
    print([torch.nn.Parameter(torch.ones(1), requires_grad=False)])


def items(torch: Any) -> None:
    print(torch.tensor(2.5).item(), torch.tensor([[1]]).item(), torch.tensor(True).item(), torch.ones(2).tolist())
    print(float(torch.tensor(2)), int(torch.tensor(2.7)), bool(torch.tensor([0.0])), torch.tensor(3).tolist())


def half_precision(torch: Any) -> None:
    print(torch.tensor([1.0, 0.1], dtype=torch.float16), torch.tensor(65504.0, dtype=torch.float16))


def views_shown(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    print(x[0], x.transpose(0, 1), x.view(4), x.unsqueeze(0), x.expand(2, 2, 2)[0], x[0, 0], x.squeeze())


def returned_tuples(torch: Any) -> None:
    x = torch.tensor([[1.0, 5.0], [7.0, 2.0]])
    print(x.max(1))
    print(x.topk(1), x.median(0).values, x.sort(1).indices)
    values, indices = x.min(0)
    print(values, indices)
