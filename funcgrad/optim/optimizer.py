"""Optimizer: groups of parameters, their hyperparameters and what is remembered between steps."""

from __future__ import annotations

import functools
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from funcgrad.optim.hooks import Hooked
from funcgrad.optim.saving import load, packed
from funcgrad.tensor.tensor import Tensor

__all__ = ["Closure", "Optimizer", "ParamsT", "required"]

ParamsT: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]
Closure: TypeAlias = Callable[[], Any]


class Required:
    """The type of :data:`required`."""

    def __repr__(self) -> str:
        return "<required parameter>"

    def __reduce__(self) -> str:
        return "required"


#: In `defaults`: a hyperparameter that has no default, which every group must give.
required = Required()


class Optimizer(Hooked):
    """Base class of all optimizers: subclasses define ``step``.

    Parameters
    ----------
    params : iterable of Tensor or dict
        What is to be optimized: tensors, pairs of a name and a tensor, or groups as dicts with the key ``"params"``
        and hyperparameters of their own.
    defaults : dict
        Hyperparameters of the groups that do not give them.

    Attributes
    ----------
    param_groups : list of dict
    state : dict
        What is remembered between steps, by parameter.

    Examples
    --------
    >>> import funcgrad as fg
    >>> class Descent(fg.optim.Optimizer):
    ...     @fg.no_grad()
    ...     def step(self, closure=None):
    ...         for group in self.param_groups:
    ...             for p in group["params"]:
    ...                 p -= group["lr"] * p.grad
    >>> w = fg.ones(2, requires_grad=True)
    >>> (w * w).sum().backward()
    >>> Descent([w], {"lr": 0.1}).step()
    >>> w
    tensor([0.8000, 0.8000], requires_grad=True)
    """

    def __init__(self, params: ParamsT, defaults: dict[str, Any]) -> None:
        super().__init__()
        self.defaults = defaults
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self.watched = self.stepped = False  # by schedulers: the order in which the two are called matters
        self.stepping = False
        if isinstance(params, Tensor):
            raise TypeError(
                f"an optimizer takes an iterable of Tensors or of dicts, got a single tensor: write [{params.type()}]"
            )
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("an optimizer needs at least one parameter, got an empty list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = hooked(cls.__dict__["step"])  # type: ignore[method-assign]

    # -- Groups --------------------------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters, with hyperparameters of its own.

        Parameters
        ----------
        param_group : dict
            Under ``"params"`` the tensors; what else it holds goes before the defaults.

        Examples
        --------
        >>> import funcgrad as fg
        >>> optimizer = fg.optim.SGD([fg.ones(2, requires_grad=True)], lr=0.1)
        >>> optimizer.add_param_group({"params": fg.ones(3, requires_grad=True), "lr": 0.01})
        >>> [group["lr"] for group in optimizer.param_groups]
        [0.1, 0.01]
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"a parameter group must be a dict, got {type(param_group).__name__}")
        take_params(param_group)
        for param in param_group["params"]:
            if not isinstance(param, Tensor):
                raise TypeError(f"an optimizer can only optimize Tensors, one of the params is {type(param).__name__}")
            if not self.defaults.get("differentiable") and not (param.is_leaf or getattr(param, "retains_grad", False)):
                raise ValueError("can't optimize a non-leaf Tensor: only what was not computed from others has a .grad")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"a parameter group has no value for {name!r}, which has no default")
            param_group.setdefault(name, default)
        if len({id(param) for param in param_group["params"]}) != len(param_group["params"]):
            warnings.warn(
                "an optimizer has got a parameter group with duplicate parameters, which are updated several times in "
                "a step; in a future version this is an error",
                UserWarning,
                stacklevel=3,
            )
        named = {"param_names" in group for group in (*self.param_groups, param_group)}
        if len(named) > 1:
            raise ValueError("either all parameter groups have named parameters, or none has")
        known = {id(param) for group in self.param_groups for param in group["params"]}
        if not known.isdisjoint([id(param) for param in param_group["params"]]):
            raise ValueError("a parameter can belong to one group only, some are in several")
        self.param_groups.append(param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients of all parameters.

        Parameters
        ----------
        set_to_none : bool
            Whether ``.grad`` becomes None; else it is filled with zeros.

        Examples
        --------
        >>> import funcgrad as fg
        >>> w = fg.ones(2, requires_grad=True)
        >>> w.sum().backward()
        >>> optimizer = fg.optim.SGD([w])
        >>> optimizer.zero_grad(set_to_none=False)
        >>> w.grad
        tensor([0., 0.])
        >>> optimizer.zero_grad()
        >>> w.grad is None
        True
        """
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                if set_to_none:
                    p.grad = None
                    continue
                if p.grad.is_leaf:
                    p.grad.requires_grad_(False)
                else:
                    p.grad.detach_()
                p.grad.zero_()

    def step(self, closure: Closure | None = None) -> Any:
        """Change the parameters by their gradients, once.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss and its gradients again, and returns the loss.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define step()")

    # -- Saving --------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return what a program needs to go on later: the state by the parameters' numbers, and the groups.

        Examples
        --------
        >>> import funcgrad as fg
        >>> w = fg.ones(2, requires_grad=True)
        >>> w.sum().backward()
        >>> optimizer = fg.optim.SGD([w], lr=0.1, momentum=0.9)
        >>> optimizer.step()
        >>> optimizer.state_dict()["state"]
        {0: {'momentum_buffer': tensor([1., 1.])}}
        """
        for before in list(self.state_dict_pre_hooks.values()):
            before(self)
        found = packed(self.state, self.param_groups)
        for after in list(self.state_dict_post_hooks.values()):
            found = replaced(after(self, found), found)
        return found

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` of an optimizer of as many groups and parameters has returned.

        The state is copied, in the dtype and on the device of the parameters.

        Raises
        ------
        ValueError
            If the groups do not match.
        """
        state_dict = dict(state_dict)
        for before in list(self.load_state_dict_pre_hooks.values()):
            state_dict = replaced(before(self, state_dict), state_dict)
        self.state, self.param_groups = load(state_dict, self.param_groups, self.defaults)
        for after in list(self.load_state_dict_post_hooks.values()):
            after(self)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Hooked.__init__(self)
        self.watched = self.stepped = self.stepping = False
        self.__dict__.update(state)

    def __repr__(self) -> str:
        parts = []
        for i, group in enumerate(self.param_groups):
            lines = [f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params"]
            parts.append("".join([f"\nParameter Group {i}\n", *lines]))
        return f"{type(self).__name__} ({''.join(parts)})"


def replaced(new: Any, old: Any) -> Any:
    return old if new is None else new


def take_params(group: dict[str, Any]) -> None:
    """Make a list of what a group has under "params", and take the names apart from the tensors."""
    params = group["params"]
    if isinstance(params, Tensor):
        params = [params]
    elif isinstance(params, set):
        raise TypeError("the parameters of a group must have an order, which a set has not: use a list")
    params = list(params)
    named = [isinstance(param, tuple) for param in params]
    if any(named):
        if not all(named):
            raise ValueError("either all parameters of a group have names, or none has")
        group["param_names"] = [name for name, _ in params]
        params = [param for _, param in params]
    group["params"] = params


def hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return a ``step`` that runs the optimizer's hooks before and after; not once more where it calls its parent's."""

    @functools.wraps(step)
    def call(*args: Any, **kwargs: Any) -> Any:
        optimizer: Optimizer = args[0]
        if optimizer.stepping:
            return step(*args, **kwargs)
        optimizer.stepping = True
        try:
            for before in list(optimizer.step_pre_hooks.values()):
                new = before(optimizer, args, kwargs)
                if new is not None:
                    if not (isinstance(new, tuple) and len(new) == 2):
                        raise RuntimeError(f"a hook before step must return None or (args, kwargs), got {new!r}")
                    args, kwargs = new
            optimizer.stepped = True
            result = step(*args, **kwargs)
            for after in list(optimizer.step_post_hooks.values()):
                after(optimizer, args, kwargs)
        finally:
            optimizer.stepping = False
        return result

    return call
