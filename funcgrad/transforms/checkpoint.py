"""Checkpoints: keep the inputs of a function instead of what its backward pass needs, and run it again for that."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad._typing import AnyFunction
from funcgrad.transforms.arguments import Transformed, resolve
from funcgrad.transforms.policies import Policy
from funcgrad.transforms.repetition import frozen
from funcgrad.transforms.segment import checkpointed

__all__ = ["checkpoint", "remat"]


def checkpoint(
    f: AnyFunction | None = None,
    *,
    policy: Policy | None = None,
    prevent_cse: bool = True,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    concrete: bool = False,
) -> Callable[..., Any]:
    """Return `f` as a function whose derivative computes it again, instead of keeping intermediate values.

    Parameters
    ----------
    f : callable, optional
        A function of arrays or pytrees, positional or by keyword. Without it, a decorator is returned.
    policy : callable, optional
        Which values to keep all the same, one of :data:`funcgrad.checkpoint_policies`, or a function
        ``policy(primitive, *spaces, **params) -> bool`` of a call; none by default. What was kept is not computed
        again.
    prevent_cse : bool
        Without effect: there is no compiler here that could undo a checkpoint.
    static_argnums, static_argnames : int, str, or sequences of these
        Arguments that are handed through as they are.
    concrete : bool
        Not supported, as in JAX.

    Returns
    -------
    callable
        Computes what `f` does. Reverse mode keeps its arguments and the values that it closes over, and calls it
        once more when the backward pass arrives. Values and gradients are the same, to the last bit unless
        `f` reads single elements (``x[i]``), whose contributions are then summed in another order.

    Raises
    ------
    RuntimeError
        From the backward pass, if `f` returns something else when it runs again.

    Notes
    -----
    `f` runs twice, so its side effects happen twice. Names that it closes over mean the second time what they meant the
    first, even if a loop has assigned to them since. Forward mode and ``vmap`` do not notice a checkpoint. What a
    second derivative records of the second run is kept. `f` works on copies, like the function of any transform: the
    caller does not see what it writes into its arguments, and what it returns shares memory with nothing.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> @fg.checkpoint
    ... def layer(w, x):
    ...     return np.tanh(w @ x)
    >>> fg.grad(lambda w: np.sum(layer(w, layer(w, np.ones(2)))))(np.zeros((2, 2)))
    array([[0., 0.],
           [0., 0.]])
    """
    if concrete:
        raise NotImplementedError("checkpoint: concrete=True is gone; values are concrete here, use static_argnums")
    if f is None:
        return functools.partial(
            checkpoint, policy=policy, static_argnums=static_argnums, static_argnames=static_argnames
        )
    numbers = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)
    names = (static_argnames,) if isinstance(static_argnames, str) else tuple(static_argnames)
    return Transformed(apply_checkpoint, f, {"policy": policy, "numbers": numbers, "names": names})


remat = checkpoint


def apply_checkpoint(
    f: AnyFunction,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    policy: Policy | None,
    numbers: tuple[int, ...],
    names: tuple[str, ...],
) -> Any:
    again = frozen(f)
    if not numbers and not names:
        return checkpointed(f, again, args, kwargs, policy)
    static = {place: args[place] for place in (resolve(n, len(args), f) for n in numbers)}
    named = {name: kwargs[name] for name in names if name in kwargs}
    rest = tuple([x for i, x in enumerate(args) if i not in static])
    others = {name: x for name, x in kwargs.items() if name not in named}
    return checkpointed(filled(f, static, named), filled(again, static, named), rest, others, policy)


def filled(f: AnyFunction, static: dict[int, Any], named: dict[str, Any]) -> AnyFunction:
    """Return `f` as a function of its other arguments."""

    def call(*args: Any, **kwargs: Any) -> Any:
        given = iter(args)
        whole = [static[i] if i in static else next(given) for i in range(len(args) + len(static))]
        return f(*whole, **kwargs, **named)

    return call
