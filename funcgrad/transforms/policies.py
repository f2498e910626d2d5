"""What a checkpointed function keeps: policies, and the level that applies one.

1. What the tracer carries: a value of the reverse level that the policy is for, and which call made it.
2. How a primitive is interpreted: run it one level down. The first time, what the policy chooses is kept; when the
   function runs again, the reverse level records these calls with the kept values, and computes nothing.
3. The public names: :data:`checkpoint_policies` and :func:`checkpoint_name`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np

from funcgrad._typing import Array, PyTree
from funcgrad.core.batching import stacked
from funcgrad.core.kinds import Elementwise, Linear, Multilinear, Opaque, Selection
from funcgrad.core.level import Level, deepest, rebuilt, strip
from funcgrad.core.primitive import Primitive
from funcgrad.core.space import Space
from funcgrad.core.tracer import Tracer
from funcgrad.errors import EscapedTracerError
from funcgrad.transforms.arguments import as_array, is_array
from funcgrad.transforms.reverse import ReverseLevel, ReverseTracer
from funcgrad.tree import map

__all__ = ["Policy", "PolicyLevel", "Store", "checkpoint_name", "checkpoint_policies"]

#: Whether to keep the output of a call, given the primitive, the spaces of its operands, and its keywords.
Policy: TypeAlias = Callable[..., bool | None]

#: What was kept: by the number of a call, its primitive and its output one level below the reverse level.
Store: TypeAlias = dict[int, tuple[Primitive, Any]]


class PolicyTracer(Tracer):
    """A value of the level below, and which call made it."""

    __slots__ = ("made_by",)

    parts = ("value", "made_by")

    made_by: int | None  # None for an input, and for one of several outputs of a call

    def become(self, new: Any) -> None:
        self.value, self.space, self.made_by = new.value, new.space, new.made_by


class PolicyLevel(Level):
    """One run of a checkpointed function: it numbers the calls that reach the reverse level `base`."""

    __slots__ = ("base", "count", "done", "policy", "store")

    depth: Any  # just above that of `base`: transforms that began after it are interpreted before

    def __init__(self, base: ReverseLevel, policy: Policy | None, store: Store) -> None:
        super().__init__()
        self.depth = base.depth + 0.5
        self.base = base
        self.policy = policy  # None: the function runs again
        self.store = store
        self.count = 0
        self.done = False  # whether the run has ended: a checkpoint within it may run again later, without the store

    def close(self) -> None:
        super().close()
        self.done = True

    def tracer(self, value: Any, made_by: int | None = None) -> PolicyTracer:
        out = PolicyTracer()
        out.value = value
        out.space = value.space
        out.level = self
        out.made_by = made_by
        return out

    def constant(self, value: Array) -> PolicyTracer:
        return self.tracer(self.base.constant(value))

    def process(self, primitive: Primitive, operands: tuple[Array, ...], params: dict[str, Any]) -> Any:
        if self.closed:
            raise EscapedTracerError(
                "A traced value was used after the checkpointed function that made it had ended; return it instead."
            )
        values, params = strip(operands, self), strip(params, self)
        if primitive.is_constant or self.done:
            return self.wrap(primitive.run(*values, **params), None)
        number = self.count
        self.count += 1
        if self.policy is None and number in self.store:
            return self.wrap(self.replay(number, primitive, values, params), number)
        y = primitive.run(*values, **params)
        if primitive is named:
            source: Any = operands[0]
            number = source.made_by
        if self.policy is not None and number is not None and keepable(primitive) and deepest(values) is self.base:
            self.consider(self.policy, number, primitive, values, params, y)
        return self.wrap(y, number)

    def consider(
        self, policy: Policy, number: int, primitive: Primitive, values: Any, params: dict[str, Any], y: Any
    ) -> None:
        """Keep the output of call `number`, forget it (None), or leave things as they are (False)."""
        verdict = policy(primitive, *[Space(np.shape(x), as_array(x).dtype) for x in values], **params)
        if verdict is None:
            self.store.pop(number, None)
        elif verdict:
            maker = self.store[number][0] if number in self.store else None if primitive is named else primitive
            self.store[number] = (maker or named, strip(y, self.base))

    def replay(self, number: int, primitive: Primitive, values: Any, params: dict[str, Any]) -> Any:
        """Let the reverse level record a call whose output is known."""
        maker, y = self.store[number]
        if maker is not named and maker.name != primitive.name:
            raise RuntimeError(
                f"checkpoint: call {number} of the function was {maker.name}, and is {primitive.name} now that it runs "
                "again. The function must do the same each time."
            )
        known = copy.copy(primitive)
        known.run = lambda *operands, **keywords: y
        out = self.base.process(known, values, params)
        for part in out if isinstance(out, tuple | list) else [out]:
            if isinstance(part, ReverseTracer):
                node: Any = part.node
                getattr(node, "call", node).primitive = primitive
        return out

    def wrap(self, y: Any, number: int | None) -> Any:
        if isinstance(y, tuple | list):
            parts = [self.wrap(part, None) for part in y]
            return rebuilt(y, parts)
        return self.tracer(y, number) if isinstance(y, ReverseTracer) and y.level is self.base else y

    def unruled(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.wrap(function(*strip(args, self), **strip(kwargs, self)), None)


#: Kinds of primitives whose rules need nothing that computing the value leaves behind, as a user's own rules may.
KINDS = (Elementwise, Linear, Multilinear, Opaque, Selection)


def keepable(primitive: Primitive) -> bool:
    return isinstance(primitive, KINDS)


# -- Names ---------------------------------------------------------------------------------------------------

named = Linear(lambda x, *, name: x, lambda g: g, name="checkpoint_name", own=True, ignore="name", batch=stacked)


def checkpoint_name(x: PyTree, name: str) -> PyTree:
    """Name a value for the policy of a surrounding :func:`funcgrad.checkpoint`; it is returned unchanged.

    Parameters
    ----------
    x : pytree
    name : str

    Returns
    -------
    pytree

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> def f(x):
    ...     return np.sin(fg.checkpoint_name(np.exp(x), "scale"))
    >>> policy = fg.checkpoint_policies.save_only_these_names("scale")
    >>> fg.grad(fg.checkpoint(f, policy=policy))(0.0)
    np.float64(0.5403023058681398)
    """
    return map(lambda leaf: named(leaf, name=name) if is_array(leaf) else leaf, x)


# -- Policies ------------------------------------------------------------------------------------------------

PRODUCTS = (np.matmul, np.tensordot, np.einsum)  # what all products of matrices are made of


def everything_saveable(primitive: Primitive, *spaces: Space, **params: Any) -> bool:
    """Keep all values: nothing is computed again."""
    return True


def nothing_saveable(primitive: Primitive, *spaces: Space, **params: Any) -> bool:
    """Keep no value but the inputs."""
    return False


def dots_saveable(primitive: Primitive, *spaces: Space, **params: Any) -> bool:
    """Keep products of matrices."""
    return primitive.function in PRODUCTS


def dots_with_no_batch_dims_saveable(primitive: Primitive, *spaces: Space, **params: Any) -> bool:
    """Keep products of matrices, but not of stacks of matrices."""
    if primitive.function is np.matmul:
        return all(space.ndim <= 2 for space in spaces)
    if primitive.function is np.einsum:
        inputs, output = params["subscripts"].split("->")
        return not set.intersection(set(output), *(set(term) for term in inputs.split(",")))
    return primitive.function is np.tensordot


def save_only_these_names(*names: str) -> Policy:
    """Keep the values that :func:`checkpoint_name` gave one of these names."""
    return lambda primitive, *spaces, **params: primitive is named and params["name"] in names


def save_any_names_but_these(*names: str) -> Policy:
    """Keep the values that have a name, but none of these."""
    return lambda primitive, *spaces, **params: primitive is named and params["name"] not in names


def save_anything_except_these_names(*names: str) -> Policy:
    """Keep all values but those of these names."""
    return lambda primitive, *spaces, **params: None if primitive is named and params["name"] in names else True


def save_from_both_policies(first: Policy, second: Policy) -> Policy:
    """Keep what one of two policies keeps."""
    return lambda primitive, *spaces, **params: (
        first(primitive, *spaces, **params) or second(primitive, *spaces, **params)
    )


#: Policies for :func:`funcgrad.checkpoint`, under the names that they have in JAX.
checkpoint_policies = SimpleNamespace(
    everything_saveable=everything_saveable,
    nothing_saveable=nothing_saveable,
    dots_saveable=dots_saveable,
    checkpoint_dots=dots_saveable,
    dots_with_no_batch_dims_saveable=dots_with_no_batch_dims_saveable,
    checkpoint_dots_with_no_batch_dims=dots_with_no_batch_dims_saveable,
    save_only_these_names=save_only_these_names,
    save_any_names_but_these=save_any_names_but_these,
    save_anything_except_these_names=save_anything_except_these_names,
    save_from_both_policies=save_from_both_policies,
)
