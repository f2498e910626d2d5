"""What PyTorch's ``torch.func`` has for looking into tensors, and for code that writes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from funcgrad.core.level import Traced
from funcgrad.tensor.shell import Base, wrap

__all__ = ["debug_unwrap", "functionalize", "replace_all_batch_norm_modules_"]


def debug_unwrap(tensor: Any, *, recurse: bool = True) -> Any:
    """Return the tensor that a transform has put its own in place of: to look at it, not to compute with it.

    Parameters
    ----------
    tensor : Tensor
    recurse : bool
        Whether to look through all transforms; otherwise through the innermost.

    Examples
    --------
    >>> import funcgrad as fg
    >>> def f(x):
    ...     print(fg.func.debug_unwrap(x))
    ...     return x.sum()
    >>> y = fg.func.vmap(f)(fg.ones(2, 1))
    tensor([[1.],
            [1.]])
    """
    if not isinstance(tensor, Base):
        raise TypeError(f"debug_unwrap(): argument 'tensor' must be Tensor, not {type(tensor).__name__}")
    payload = tensor.payload
    while isinstance(payload, Traced) and payload.level.depth:
        payload = payload.value
        if not recurse:
            break
    return tensor if payload is tensor.payload else wrap(payload)


def functionalize(func: Callable[..., Any], *, remove: str = "mutations") -> Callable[..., Any]:
    """Return a function that computes what `func` does.

    Parameters
    ----------
    func : callable
    remove : {"mutations", "mutations_and_views"}
        What a compiler shall not see. There is none here, and writes inside of a transform leave nothing in the graph
        that is not a function of its inputs, so both are the same.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.func.functionalize(lambda x: x.clone().add_(1))(fg.ones(2))
    tensor([2., 2.])
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            "functionalize(f, remove='mutations'): Valid options for the second argument are 'mutations' and "
            f"'mutations_and_views', got {remove!r}"
        )

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return call


def replace_all_batch_norm_modules_(root: Any) -> Any:
    """Let all batch normalizations in a module keep no statistics, as ``vmap`` over it needs; return the module.

    Examples
    --------
    >>> import funcgrad as fg
    >>> net = fg.func.replace_all_batch_norm_modules_(fg.nn.BatchNorm1d(2))
    >>> net.track_running_stats, net.running_mean
    (False, None)
    """
    for module in root.modules():
        if any(part.__name__ in BATCH_NORMS for part in type(module).__mro__) and module.track_running_stats:
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root


#: By name, for modules are built on what is here.
BATCH_NORMS = {"_BatchNorm", "BatchNorm", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"}
