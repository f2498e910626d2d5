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
