"""Branches on values, under JAX's names: ``cond`` and ``switch``.

They call the function that is chosen. Under ``vmap`` the choice may differ between examples: then all functions that
any example has chosen run on all, and each example keeps the output of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad._typing import Array, PyTree
from funcgrad.core.level import Shell, Traced, plain
from funcgrad.core.space import space_of
from funcgrad.transforms.arguments import as_array, is_array
from funcgrad.transforms.batch import BatchTracer
from funcgrad.tree import flatten, flatten_with_paths

__all__ = ["Branch", "cond", "differs", "scalar", "switch"]

Branch = Callable[..., Any]

# -- Conditions ------------------------------------------------------------------------------------------------


def differs(x: Any) -> bool:
    """Whether examples of a running vmap have their own `x`."""
    while isinstance(x, Traced):
        value = x.value
        if isinstance(x, BatchTracer) and not x.is_constant:
            return True
        x = value
    return False


def scalar(x: Any) -> Any:
    """Return the array in a tensor; anything else passes."""
    return flatten(x)[0][0] if isinstance(x, Shell) else x


# -- Branches --------------------------------------------------------------------------------------------------


def cond(pred: Any, true_fun: Branch, false_fun: Branch, *operands: Any) -> Any:
    """Apply one of two functions, as a condition says.

    Parameters
    ----------
    pred : bool or number
        A scalar; a number other than zero counts as true. Under ``vmap`` it may differ between examples: then both
        functions run, and must return the same tree, shapes and dtypes.
    true_fun, false_fun : callable
        Functions of the operands.
    *operands : pytree

    Returns
    -------
    pytree
        What the chosen function returns.

    Raises
    ------
    TypeError
        If `pred` is not a scalar, or, where both functions run, their outputs are not alike.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> root = lambda x: fg.cond(x > 0, np.sqrt, lambda x: 0 * x, x)
    >>> fg.vmap(fg.grad(root))(np.array([4.0, -1.0]))
    array([0.25, 0.  ])
    """
    pred = scalar(pred)
    if not is_array(pred) or np.shape(pred) != ():
        raise TypeError(f"cond: pred must be a scalar, got {pred!r:.80}")
    chosen = pred != 0
    if not differs(chosen):
        return true_fun(*operands) if bool(plain(chosen)) else false_fun(*operands)
    return select("cond", chosen.astype(np.intp), [false_fun, true_fun], operands)


def switch(index: Any, branches: Sequence[Branch], *operands: Any) -> Any:
    """Apply one of several functions, as an index says.

    Parameters
    ----------
    index : int
        A scalar; one out of range counts as the nearest one in range. Under ``vmap`` it may differ between examples:
        then all functions that an example has chosen run, and must return the same tree, shapes and dtypes.
    branches : sequence of callable
        Functions of the operands.
    *operands : pytree

    Returns
    -------
    pytree
        What the chosen function returns.

    Raises
    ------
    TypeError
        If `index` is not an integer scalar, or, where several functions run, their outputs are not alike.
    ValueError
        If there are no branches.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> fg.switch(1, [np.sin, np.exp, np.sqrt], 0.0)
    np.float64(1.0)
    """
    index = scalar(index)
    if not is_array(index) or as_array(index).dtype.kind not in "iu":
        raise TypeError(f"switch: index must be an integer, got {index!r:.80}")
    if np.shape(index) != ():
        raise TypeError(f"switch: index must be a scalar, got shape {np.shape(index)}")
    if not branches:
        raise ValueError("switch: there are no branches")
    if not differs(index):
        return branches[min(max(int(plain(index)), 0), len(branches) - 1)](*operands)
    return select("switch", np.clip(index, 0, len(branches) - 1), branches, operands)


def select(name: str, index: Array, branches: Sequence[Branch], operands: tuple[Any, ...]) -> Any:
    """Run the branches that occur among the examples, and let each example keep the output of its own."""
    numbers = np.unique(plain(index)).tolist()
    if len(numbers) <= 1:
        return branches[numbers[0] if numbers else 0](*operands)
    with np.errstate(all="ignore"):  # a branch also sees the examples that have not chosen it
        outputs = [branches[number](*operands) for number in numbers]
    columns, structure = same_outputs(name, outputs)
    result = columns[0]
    for number, leaves in zip(numbers[1:], columns[1:], strict=True):
        result = [np.where(index == number, new, old) for new, old in zip(leaves, result, strict=True)]
    return structure.unflatten(result)


def same_outputs(name: str, outputs: Sequence[PyTree]) -> tuple[list[list[Any]], Any]:
    """Return the leaves of each branch's output and their structure, which must be the same for all."""
    flat = [flatten(output) for output in outputs]
    structure = flat[0][1]
    for _, other in flat[1:]:
        if other != structure:
            raise TypeError(
                f"{name}: the branches must return the same tree structure, but one is {structure}, another {other}"
            )
    columns = [[as_array(x) if is_array(x) else x for x in leaves] for leaves, _ in flat]
    for i, leaves in enumerate(zip(*columns, strict=True)):
        spaces = {space_of(x) if is_array(x) else None for x in leaves}
        if len(spaces) > 1 or None in spaces:
            path, _ = flatten_with_paths(outputs[0])[i]
            raise TypeError(
                f"{name}: the branches must return arrays of the same shapes and dtypes, but output{path} is "
                f"{' or '.join(str(space_of(x)) if is_array(x) else repr(x) for x in leaves)}"
            )
    return columns, structure
