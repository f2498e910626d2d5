"""The older forms of weight norm and spectral norm: hooks that compute the weight before each call."""

from __future__ import annotations

from typing import Any

from funcgrad.nn.module import Module
from funcgrad.nn.parameter import Parameter
from funcgrad.nn.utils.norms import PowerIteration, lengths
from funcgrad.tensor.modes import no_grad

__all__ = ["remove_spectral_norm", "remove_weight_norm", "spectral_norm", "weight_norm"]


class WeightNormHook:
    """Computes a weight of its length and direction."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def weight(self, module: Any) -> Any:
        direction = getattr(module, f"{self.name}_v")
        return direction * (getattr(module, f"{self.name}_g") / lengths(direction, self.dim))

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.weight(module))


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Learn length (``weight_g``) and direction (``weight_v``) of a weight apart.

    :func:`funcgrad.nn.utils.parametrizations.weight_norm` is the newer form.

    Examples
    --------
    >>> import funcgrad as fg
    >>> m = fg.nn.utils.weight_norm(fg.nn.Linear(2, 3))
    >>> [name for name, _ in m.named_parameters()]
    ['bias', 'weight_g', 'weight_v']
    """
    if find(module, WeightNormHook, name) is not None:
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    hook = WeightNormHook(name, dim)
    weight: Any = getattr(module, name)
    del module._parameters[name]
    module.register_parameter(f"{name}_g", Parameter(lengths(weight.detach(), hook.dim)))
    module.register_parameter(f"{name}_v", Parameter(weight.detach()))
    setattr(module, name, hook.weight(module))
    module.register_forward_pre_hook(hook)
    return module


def find(module: Module, kind: type, name: str) -> int | None:
    """Return the number of a module's hook of a kind on a weight."""
    for number, (hook, _) in module._forward_pre_hooks.items():
        if isinstance(hook, kind) and hook.name == name:  # type: ignore[attr-defined]
            return number
    return None


def restore(module: Module, kind: type, name: str, what: str) -> Any:
    """Remove a hook, and make the weight a parameter again."""
    number = find(module, kind, name)
    if number is None:
        raise ValueError(f"{what} of '{name}' not found in {module}")
    hook, _ = module._forward_pre_hooks.pop(number)
    with no_grad():
        weight = hook.weight(module).detach()
    delattr(module, name)
    return hook, weight


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Undo :func:`weight_norm`, keeping the weight."""
    _, weight = restore(module, WeightNormHook, name, "weight_norm")
    del module._parameters[f"{name}_g"], module._parameters[f"{name}_v"]
    module.register_parameter(name, Parameter(weight))
    return module


class SpectralNormHook:
    """Divides a weight by its largest singular value."""

    def __init__(self, name: str, iteration: PowerIteration) -> None:
        self.name = name
        self.iteration = iteration

    def weight(self, module: Any) -> Any:
        self.iteration.train(False)
        return self.iteration(getattr(module, f"{self.name}_orig"))

    def __call__(self, module: Any, inputs: Any) -> None:
        self.iteration._u = getattr(module, f"{self.name}_u")  # what may have been loaded
        self.iteration._v = getattr(module, f"{self.name}_v")
        self.iteration.train(module.training)
        setattr(module, self.name, self.iteration(getattr(module, f"{self.name}_orig")))


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a weight (kept as ``weight_orig``) by its largest singular value before each call.

    :func:`funcgrad.nn.utils.parametrizations.spectral_norm` is the newer form.

    Examples
    --------
    >>> import funcgrad as fg
    >>> m = fg.nn.utils.spectral_norm(fg.nn.Linear(2, 3))
    >>> sorted(m.state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    if find(module, SpectralNormHook, name) is not None:
        raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    if dim is None:
        dim = 1 if type(module).__name__.startswith("ConvTranspose") else 0
    weight: Any = module._parameters[name]
    iteration = PowerIteration(weight, n_power_iterations, dim, eps)
    iteration.other_first = True
    del module._parameters[name]
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.detach())
    module.register_buffer(f"{name}_u", iteration._u)
    module.register_buffer(f"{name}_v", iteration._v)
    module.register_forward_pre_hook(SpectralNormHook(name, iteration))
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Undo :func:`spectral_norm`, keeping the divided weight."""
    _, weight = restore(module, SpectralNormHook, name, "spectral_norm")
    del module._parameters[f"{name}_orig"], module._buffers[f"{name}_u"], module._buffers[f"{name}_v"]
    module.register_parameter(name, Parameter(weight))
    return module
