"""Modules as functions of their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from funcgrad.tensor.shell import Base

__all__ = ["functional_call", "stack_module_state"]


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: dict[str, Any] | Sequence[dict[str, Any]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other tensors in the place of its parameters and buffers.

    Parameters
    ----------
    module : Module
    parameter_and_buffer_dicts : dict of Tensor, or sequence of these
        By name, as ``named_parameters`` has them. What is not given stays what it is; what the module does not have is
        an attribute of it during the call.
    args : tuple or any, optional
        The arguments of the call: a tuple, or a single one.
    kwargs : dict, optional
    tie_weights : bool
        Whether a parameter that the module has under several names is replaced under all of them.
    strict : bool
        Whether exactly the module's parameters and buffers must be given.

    Returns
    -------
    object
        What the module returns.

    Examples
    --------
    >>> import funcgrad as fg
    >>> layer = fg.nn.Linear(2, 1)
    >>> fg.func.functional_call(layer, {"weight": fg.ones(1, 2), "bias": fg.zeros(1)}, fg.ones(2))
    tensor([2.])
    """
    if isinstance(parameter_and_buffer_dicts, dict):
        given = dict(parameter_and_buffer_dicts)
    elif isinstance(parameter_and_buffer_dicts, Sequence):
        given = {}
        for part in parameter_and_buffer_dicts:
            if not isinstance(part, dict):
                raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
            twice = sorted(given.keys() & part.keys())
            if twice:
                raise ValueError(
                    f"{twice[0]} appears in multiple dictionaries; behavior of functional call is ambiguous"
                )
            given |= part
    else:
        raise ValueError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got "
            f"{type(parameter_and_buffer_dicts)}"
        )
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    with replaced(module, given, tie_weights, strict):
        return module(*arguments, **(kwargs or {}))


ABSENT: Any = object()


@contextmanager
def replaced(module: Any, given: dict[str, Any], tie: bool, strict: bool) -> Iterator[None]:
    """Let a module have other parameters and buffers."""
    places = slots_of(module)
    unknown = [name for name in given if name not in places]
    if strict:
        missing = [name for name in places if name not in given]
        if unknown or missing:
            problems = [f"Unexpected key(s): {', '.join(unknown)}."] if unknown else []
            problems += [f"Missing key(s): {', '.join(missing)}."] if missing else []
            raise RuntimeError(f"Error(s) in replacing tensors for {type(module).__name__}: {' '.join(problems)}")
    for name, value in given.items():
        if not isinstance(value, Base):
            raise TypeError(f"{name!r} is not a Tensor but {type(value).__name__}")
    wanted = dict(given)
    if tie:
        names: dict[int, list[str]] = {}
        for name, (members, key) in places.items():
            names.setdefault(id(members[key]), []).append(name)
        for tied in names.values():
            values = [given[name] for name in tied if name in given]
            if any(value is not values[0] for value in values):
                raise ValueError(f"functional_call got multiple values for keys {sorted(tied)}, which are tied")
            if values:
                wanted |= dict.fromkeys(tied, values[0])
    for name in unknown:  # attributes, for the time of the call
        prefix, _, key = name.rpartition(".")
        places[name] = module.get_submodule(prefix).__dict__, key
    before = {name: places[name][0].get(places[name][1], ABSENT) for name in wanted}
    try:
        for name, value in wanted.items():
            members, key = places[name]
            members[key] = value
        yield
    finally:
        for name, value in before.items():
            members, key = places[name]
            if value is ABSENT:
                del members[key]
            else:
                members[key] = value


def slots_of(module: Any) -> dict[str, tuple[dict[str, Any], str]]:
    """Return where each parameter and buffer is kept, by name: a dict, and its key there."""
    found: dict[str, tuple[dict[str, Any], str]] = {}
    for prefix, part in module.named_modules(remove_duplicate=False):
        for members in (part._parameters, part._buffers):
            for key, value in members.items():
                if value is not None:
                    found[f"{prefix}.{key}" if prefix else key] = (members, key)
    return found


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Stack the parameters and the buffers of several modules of one kind, for ``vmap``.

    Parameters
    ----------
    models : sequence of Module

    Returns
    -------
    params, buffers : dict of Tensor
        With the modules along the first dimension. The parameters are new leaves.

    Examples
    --------
    >>> import funcgrad as fg
    >>> models = [fg.nn.Linear(2, 1) for _ in range(3)]
    >>> params, buffers = fg.func.stack_module_state(models)
    >>> params["weight"].shape
    torch.Size([3, 1, 2])
    """
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if not (all(m.training for m in models) or all(not m.training for m in models)):
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if any(type(m) is not type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    kinds = [[dict(m.named_parameters()) for m in models], [dict(m.named_buffers()) for m in models]]
    params, buffers = [{name: stacked([part[name] for part in parts], name) for name in parts[0]} for parts in kinds]
    return params, buffers


def stacked(tensors: Sequence[Any], name: str) -> Any:
    wanted = {x.requires_grad for x in tensors}
    if len(wanted) > 1:
        raise RuntimeError(f"Expected {name} from each model to have the same .requires_grad")
    result: Any = np.stack([x.detach() for x in tensors])
    return result.requires_grad_() if wanted.pop() else result
