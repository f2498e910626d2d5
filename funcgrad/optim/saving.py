"""An optimizer's state as a dict without the parameters: what ``state_dict`` returns and ``load_state_dict`` takes."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from funcgrad.tensor.tensor import Tensor

__all__ = ["load", "packed"]

Groups = list[dict[str, Any]]


def params_of(groups: Groups) -> Iterable[Any]:
    return chain.from_iterable(group["params"] for group in groups)


def packed(state: Mapping[Any, Any], groups: Groups) -> dict[str, Any]:
    """Return state and groups with the parameters' numbers in their place."""
    numbers: dict[int, int] = {}
    for param in params_of(groups):
        numbers.setdefault(id(param), len(numbers))
    rest = [{key: value for key, value in group.items() if key != "params"} for group in groups]
    for new, group in zip(rest, groups, strict=True):
        new["params"] = [numbers[id(param)] for param in group["params"]]
    by_number = {numbers[id(key)] if isinstance(key, Tensor) else key: value for key, value in state.items()}
    return {"state": by_number, "param_groups": rest}


def load(saved: dict[str, Any], groups: Groups, defaults: dict[str, Any]) -> tuple[defaultdict[Any, Any], Groups]:
    """Return state and groups as saved, with the parameters of `groups` in the place of their numbers."""
    loaded = copy.deepcopy(saved["param_groups"])
    if len(loaded) != len(groups):
        raise ValueError(f"the loaded state dict has {len(loaded)} parameter groups, the optimizer has {len(groups)}")
    for i, (new, group) in enumerate(zip(loaded, groups, strict=True)):
        if len(new["params"]) != len(group["params"]):
            raise ValueError(
                f"the loaded state dict has {len(new['params'])} parameters in group {i}, which doesn't match the size "
                f"of the optimizer's group, {len(group['params'])}"
            )
    params = dict(zip(params_of(loaded), params_of(groups), strict=True))
    state: defaultdict[Any, Any] = defaultdict(dict)
    for key, value in saved["state"].items():
        state[params.get(key, key)] = fitted(value, params[key]) if key in params else value
    for new, group in zip(loaded, groups, strict=True):
        new["params"] = group["params"]
        if "param_names" in group:
            new.setdefault("param_names", group["param_names"])
        for name, default in defaults.items():  # older programs saved fewer options
            new.setdefault(name, default)
    return state, loaded


def fitted(value: Any, param: Tensor, name: str = "") -> Any:
    """Return a copy of a parameter's state in its dtype and on its device; counts of steps stay as they are."""
    if isinstance(value, Tensor):
        value = value.detach().clone()
        if name == "step":
            return value
        return value.to(param.device, param.dtype if param.is_floating_point() else value.dtype)
    if isinstance(value, dict):
        return {key: fitted(part, param, key) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([fitted(part, param) for part in value])
    return copy.deepcopy(value)
