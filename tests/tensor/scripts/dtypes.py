"""Creation, dtypes, promotion and conversions."""

from typing import Any

import numpy as np

from .common import error


def defaults(torch: Any) -> None:
    print(torch.tensor(1).dtype, torch.tensor(1.0).dtype, torch.tensor(True).dtype, torch.tensor(1j).dtype)
    print(torch.ones(1).dtype, torch.arange(3).dtype, torch.arange(3.0).dtype, torch.linspace(0, 1, 2).dtype)
    print(torch.tensor([]).dtype, torch.tensor([1, 2.0]).dtype, torch.tensor(np.ones(2)).dtype, torch.eye(2).dtype)


def promotion_table(torch: Any) -> None:
    dtypes = [torch.bool, torch.uint8, torch.int8, torch.int32, torch.int64, torch.float16]
    dtypes += [torch.float32, torch.float64, torch.complex64, torch.complex128]
    for a in dtypes:
        print([(torch.ones(1, dtype=a) + torch.ones(1, dtype=b)).dtype for b in dtypes])


def brain_floats(torch: Any) -> None:
    x = torch.ones(1, dtype=torch.bfloat16)
    print(x, (x + torch.ones(1)).dtype, (x + torch.ones(1, dtype=torch.float16)).dtype, x * 0.1)


def promotion_with_zero_dim(torch: Any) -> None:
    x = torch.ones(2)
    print((x + torch.tensor(1.0, dtype=torch.float64)).dtype, (torch.arange(2) + torch.tensor(1.5)).dtype)
    print((x + torch.ones(1, dtype=torch.float64)).dtype, (torch.ones(2, dtype=torch.int8) + torch.tensor(5)).dtype)


def promotion_with_numbers(torch: Any) -> None:
    i, f, d = torch.arange(2), torch.ones(2), torch.ones(2, dtype=torch.float64)
    print(
        (i + 1).dtype, (i + 1.5).dtype, (f + 1).dtype, (d + 1.5).dtype, (f + 1j).dtype, (i > 0).dtype, (i + True).dtype
    )
    print((torch.tensor([True]) + 1).dtype, (torch.tensor([True]) * 1.0).dtype, (2**i).dtype, (2.0**i).dtype)


def division(torch: Any) -> None:
    a, b = torch.tensor([7, -7]), torch.tensor([2, 2])
    print(a / b, a // b, a % b, torch.div(a, b, rounding_mode="trunc"), torch.fmod(a, b), torch.remainder(a, -b))
    print((a / 2).dtype, (a // 2).dtype, divmod(7, 2), torch.tensor(7.5) // 2)


def integer_functions_give_floats(torch: Any) -> None:
    i = torch.arange(1, 3)
    print(i.sqrt(), i.exp(), i.sin().dtype, i.sum().dtype, torch.tensor([True, True]).sum())
    error(i.mean)
    print(i.float().mean(), torch.tensor([1, 2], dtype=torch.int32).sum().dtype)


def conversions(torch: Any) -> None:
    x = torch.tensor([1.7, -2.2])
    print(x.int(), x.long(), x.bool(), x.double(), x.half(), x.to(torch.int8), x.type(torch.float64))
    print(x.to(torch.tensor(1)).dtype, x.float() is x, x.to(torch.float32) is x, x.type_as(torch.arange(1)))


def conversion_keeps_gradients(torch: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x.double().half().float()
    y.sum().backward()
    print(y, x.grad)


def like_functions(torch: Any) -> None:
    x = torch.ones(2, 3, dtype=torch.float64)
    print(torch.zeros_like(x), torch.full_like(x, 7, dtype=torch.int64), x.new_ones(1), x.new_zeros(2, 1))
    print(x.new_tensor([1, 2]), x.new_full((2,), 3), torch.empty_like(x).shape, torch.rand_like(x).dtype)


def ranges(torch: Any) -> None:
    print(torch.arange(5), torch.arange(1, 4), torch.arange(0, 1, 0.25), torch.arange(5, 0, -2))
    print(torch.linspace(0, 1, 5), torch.logspace(0, 2, 3), torch.eye(2, 3), torch.full((2,), 1.5), torch.full((1,), 2))


def set_default_dtype(torch: Any) -> None:
    torch.set_default_dtype(torch.float64)
    try:
        print(torch.ones(1), torch.tensor(1.0).dtype, torch.arange(2.0), torch.get_default_dtype(), torch.tensor(1j))
    finally:
        torch.set_default_dtype(torch.float32)
    print(torch.ones(1).dtype)


def numpy_and_back(torch: Any) -> None:
    a = np.arange(4).reshape(2, 2)
    x = torch.from_numpy(a)
    a[0, 0] = 9
    print(x, x.numpy() is not a, np.shares_memory(x.numpy(), a), torch.tensor(a)[0, 0], torch.as_tensor(a).dtype)
    error(torch.ones(1, requires_grad=True).numpy)
    print(torch.ones(1, requires_grad=True).detach().numpy(), np.asarray(torch.ones(2)).dtype)


def numpy_scalars(torch: Any) -> None:
    print(torch.tensor(np.float32(2)).dtype, torch.tensor(np.int64(3)), torch.tensor([np.float64(1.0)]).dtype)
    print(torch.ones(2) * np.float64(2), torch.ones(2, dtype=torch.float64) + np.ones(2))


def nested_lists(torch: Any) -> None:
    print(
        torch.tensor([[1, 2], [3, 4.0]]), torch.tensor([(1,), (2,)]), torch.tensor([torch.tensor(1), torch.tensor(2)])
    )
    error(torch.tensor, [[1, 2], [3]])
    error(torch.tensor, "text")
    error(torch.tensor, None)


def words_in_a_list(torch: Any) -> None:
    error(torch.tensor, [1, "a"])


def number_of_a_vector(torch: Any) -> None:
    error(int, torch.ones(2))
    error(float, torch.ones(2))


def dtype_properties(torch: Any) -> None:
    for d in (torch.float16, torch.float32, torch.complex64, torch.int64, torch.bool):
        print(d, d.is_floating_point, d.is_complex, d.itemsize)
    print(torch.finfo(torch.float32).eps, torch.iinfo(torch.int8).max, torch.finfo(torch.float64).max)


def promote_functions(torch: Any) -> None:
    print(torch.promote_types(torch.int32, torch.float16), torch.result_type(torch.arange(2), 1.0))
    print(torch.can_cast(torch.float64, torch.int32), torch.can_cast(torch.int32, torch.float16))
    print(torch.is_tensor(torch.ones(1)), torch.is_tensor(1), torch.is_floating_point(torch.ones(1)))


def comparisons(torch: Any) -> None:
    a, b = torch.tensor([1, 2, 3]), torch.tensor([1.0, 5.0, 3.0])
    print(a == b, a != b, a < b, a >= 2, torch.equal(a, a), torch.allclose(b, b + 1e-9), a.eq(b).sum(), (a == b).any())


def bitwise(torch: Any) -> None:
    a, b = torch.tensor([5, 6]), torch.tensor([3, 3])
    t = torch.tensor([True, False])
    print(a & b, a | b, a ^ b, ~a, ~t, a << 1, a >> 1, t & True, t | t)
    error(lambda: ~torch.ones(1))


def truth(torch: Any) -> None:
    error(bool, torch.ones(2))
    error(bool, torch.tensor([]))
    error(torch.ones(2).item)
    print(bool(torch.ones(1, 1)), bool(torch.tensor(0)), 1 if torch.tensor(2.0) else 0)


def overflow_wraps(torch: Any) -> None:
    print(
        torch.tensor([127], dtype=torch.int8) + 1, torch.tensor([255], dtype=torch.uint8) + 1, torch.tensor([3]) ** 40
    )


def complex_parts(torch: Any) -> None:
    z = torch.tensor([3 + 4j, 1j])
    print(
        z.real, z.imag, z.abs(), z.angle(), z.conj(), torch.view_as_real(z), torch.complex(torch.ones(1), torch.ones(1))
    )
    print(z * z, z.is_complex(), torch.real(z).dtype)


def copies(torch: Any) -> None:
    x = torch.ones(2)
    y = torch.as_tensor(x)
    z = x.clone()
    y[0] = 5
    print(x, y is x, z)


def sizes_as_tuples(torch: Any) -> None:
    print(torch.ones((2, 1)), torch.zeros([1, 2]), torch.ones(torch.Size([2])), torch.ones(2, 1).size())
    error(torch.ones, -1)
    error(torch.zeros, 1.5)


def seeds_repeat(torch: Any) -> None:
    torch.manual_seed(3)
    a = torch.randn(4)
    torch.manual_seed(3)
    print(torch.equal(a, torch.randn(4)), torch.equal(a, torch.randn(4)), torch.initial_seed())
    g = torch.Generator().manual_seed(1)
    print(torch.rand(2, generator=g).shape, torch.randint(0, 5, (3,)).dtype, sorted(torch.randperm(4).tolist()))


def random_in_range(torch: Any) -> None:
    x = torch.rand(100)
    print(bool((x >= 0).all()), bool((x < 1).all()), torch.randint(3, 4, (2,)), torch.bernoulli(torch.ones(2)))
    print(
        torch.normal(torch.zeros(2), torch.zeros(2)), torch.multinomial(torch.tensor([0.0, 1.0]), 3, replacement=True)
    )
