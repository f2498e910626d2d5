"""What several scripts need."""

from collections.abc import Callable
from typing import Any


def error(action: Callable[..., Any], *arguments: Any, **options: Any) -> None:
    """Print the name of the error that a call raises."""
    try:
        action(*arguments, **options)
    except Exception as raised:
        print(type(raised).__name__)
    else:
        print("no error")


def fill(torch: Any, module: Any) -> Any:
    """Give a module's parameters values that need no random numbers."""
    with torch.no_grad():
        for i, p in enumerate(module.parameters()):
            values = torch.sin(torch.arange(p.numel(), dtype=torch.float64) * 0.7 + i)
            p.copy_((values * 0.5).reshape(p.shape))
    return module


def wave(torch: Any, *shape: int, **options: Any) -> Any:
    """Return a float64 tensor of unlike values, a leaf if one asks for it."""
    count = 1
    for n in shape:
        count *= n
    values = torch.sin(torch.arange(count, dtype=torch.float64) * 1.3 + 0.4)
    x = values.reshape(shape)
    return x.requires_grad_(True) if options.get("leaf") else x


def show(*values: Any) -> None:
    """Print values without what made them: `nodes` has scripts for the names of nodes."""
    print(*map(_plain, values))


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)) and not hasattr(value, "numel"):
        return [_plain(v) for v in value]
    return value.detach() if hasattr(value, "detach") else value


def kind(action: Callable[[], Any]) -> str:
    """Return the name of the error that a call raises."""
    try:
        action()
    except Exception as raised:
        return type(raised).__name__
    return "no error"


def vector(torch: Any, *values: float, leaf: bool = False) -> Any:
    """Return a float64 tensor of these values."""
    return torch.tensor(list(values), dtype=torch.float64, requires_grad=leaf)


def square_function(torch: Any, gen: bool = False, style: int = 1) -> Any:
    """Return a Function that squares, written in one of two styles."""
    if style == 1:

        class Square(torch.autograd.Function):
            generate_vmap_rule = gen

            @staticmethod
            def forward(x):
                return x * x

            @staticmethod
            def setup_context(ctx, inputs, output):
                ctx.save_for_backward(inputs[0])
                ctx.save_for_forward(inputs[0])

            @staticmethod
            def backward(ctx, g):
                return 2 * ctx.saved_tensors[0] * g

            @staticmethod
            def jvp(ctx, dx):
                return 2 * ctx.saved_tensors[0] * dx
    else:

        class Square(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                ctx.save_for_forward(x)
                return x * x

            @staticmethod
            def backward(ctx, g):
                return 2 * ctx.saved_tensors[0] * g

            @staticmethod
            def jvp(ctx, dx):
                return 2 * ctx.saved_tensors[0] * dx

    return Square
