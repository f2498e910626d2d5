"""What `func` has besides transforms, and modes of `autograd`."""

from collections.abc import Callable
from typing import Any


def _outcome(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except Exception as raised:
        return type(raised).__name__


def rearranged_axes(torch: Any) -> None:
    x = torch.arange(24.0).reshape(2, 3, 4)
    R = torch.func.rearrange
    for p, k in (
        ("a b c -> c a b", {}),
        ("a b c -> (a b) c", {}),
        ("a b (c d) -> a c (b d)", {"c": 2}),
        ("a ... -> ... a", {}),
        ("... c -> (...) c", {}),
        ("a b c -> a 1 b c", {}),
        ("a b c -> (a b c)", {}),
        ("a b c -> a (b c) ()", {}),
        ("a b (c d) -> a b c d", {"d": 2}),
        ("a b c->a b c", {}),
        ("a b -> b a", {}),
        ("a b c -> a b", {}),
        ("a a c -> a c", {}),
        ("a b c", {}),
        ("a b c -> c b a", {"z": 3}),
        ("a b c -> (a b c", {}),
        ("a b c -> a b c d", {}),
        ("... -> ...", {}),
        ("a b c -> a-b c", {}),
    ):
        print(p, _outcome(lambda p=p, k=k: R(x, p, **k)))
    print(R([x[0], x[1]], "n a b -> a b n"))
    print(_outcome(lambda: R(torch.ones(1, 2), "1 a -> a")))


def multithreading(torch: Any) -> None:
    A = torch.autograd
    print(A.is_multithreading_enabled())
    with A.set_multithreading_enabled(False):
        print(A.is_multithreading_enabled())
    print(A.is_multithreading_enabled(), A.grad_mode.no_grad is torch.no_grad)


def functionalized(torch: Any) -> None:
    def f(x):
        y = x.clone()
        y.add_(1)
        y[0] = 5.0
        return y * x

    x = torch.tensor([1.0, 2.0])
    print(torch.func.functionalize(f)(x))
    print(torch.func.functionalize(f, remove="mutations_and_views")(x))
    print(_outcome(lambda: torch.func.functionalize(f, remove="x")(x)))

    def g(x):
        x.add_(1)
        return x

    torch.func.functionalize(g)(x)
    print(x)


def batch_norm_without_statistics(torch: Any) -> None:
    m = torch.nn.Sequential(
        torch.nn.BatchNorm1d(2), torch.nn.Linear(2, 2), torch.nn.InstanceNorm1d(2, track_running_stats=True)
    )
    torch.func.replace_all_batch_norm_modules_(m)
    print(m[0].running_mean, m[0].track_running_stats, m[2].running_mean, m[0].num_batches_tracked)


def unwrapped(torch: Any) -> None:
    def f(x):
        print(torch.func.debug_unwrap(x))
        print(torch.func.debug_unwrap(x, recurse=False).shape)
        return x.sum()

    torch.func.vmap(f)(torch.ones(2, 3))
    torch.func.vmap(torch.func.vmap(f))(torch.ones(2, 3, 4))
    x = torch.ones(2)
    print(torch.func.debug_unwrap(x) is x)
