"""State dicts: the parameters and buffers of a module and of all below it, by name, and how they are loaded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from funcgrad.nn.parameter import Parameter
from funcgrad.nn.traversal import Traversed
from funcgrad.tensor.hooks import RemovableHandle, handle
from funcgrad.tensor.modes import no_grad
from funcgrad.tensor.shape import Size
from funcgrad.tensor.sharing import from_numpy
from funcgrad.tensor.shell import Base

__all__ = ["IncompatibleKeys", "Stateful"]

EXTRA = "_extra_state"


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict`` found missing, and what it did not expect."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"

    def __str__(self) -> str:
        return repr(self)


class Stateful(Traversed):
    """Saving and loading."""

    _version: int = 1
    _state_dict_hooks: dict[int, Any]
    _state_dict_pre_hooks: dict[int, Any]
    _load_state_dict_pre_hooks: dict[int, Any]
    _load_state_dict_post_hooks: dict[int, Any]

    # -- Saving ----------------------------------------------------------------------------------------------------

    def state_dict(self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Return the parameters and persistent buffers by name: tensors that share memory with them.

        Parameters
        ----------
        destination : dict, optional
            Where to put them; by default a new ordered dict.
        prefix : str
            What the names begin with.
        keep_vars : bool
            Whether to return the parameters themselves instead of tensors that are detached.

        Examples
        --------
        >>> import funcgrad as fg
        >>> list(fg.nn.Linear(2, 3).state_dict())
        ['weight', 'bias']
        """
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in list(self._state_dict_pre_hooks.values()):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in list(self._state_dict_hooks.values()):
            new = hook(self, destination, prefix, metadata)
            if new is not None:
                if not getattr(hook, "may_replace", True):
                    raise RuntimeError("state_dict post-hook must return None")
                destination = new
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Save what this module itself has: what subclasses with other state override."""
        for name, tensor in [*self._parameters.items(), *self._buffers.items()]:
            if tensor is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if has_extra(self, "get_extra_state"):
            destination[prefix + EXTRA] = self.get_extra_state()

    def get_extra_state(self) -> Any:
        """Return further state that ``state_dict`` shall hold: to be defined together with `set_extra_state`."""
        raise RuntimeError("a module that saves further state defines get_extra_state and set_extra_state")

    def set_extra_state(self, state: Any) -> None:
        """Take over the further state that `get_extra_state` returned."""
        raise RuntimeError("a module that loads further state defines get_extra_state and set_extra_state")

    # -- Loading ---------------------------------------------------------------------------------------------------

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy values by name into the parameters and buffers of this module and all below it.

        Parameters
        ----------
        state_dict : mapping of str to Tensor or ndarray
        strict : bool
            Whether to raise if names are missing or not expected.
        assign : bool
            Whether to make the tensors the module's own instead of copying their values.

        Returns
        -------
        named tuple
            The lists `missing_keys` and `unexpected_keys`.

        Raises
        ------
        RuntimeError
            If a shape does not fit; and with `strict` if names do not agree. What fits is loaded nevertheless.

        Examples
        --------
        >>> import funcgrad as fg
        >>> a, b = fg.nn.Linear(2, 3), fg.nn.Linear(2, 3)
        >>> a.load_state_dict(b.state_dict())
        <All keys matched successfully>
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata = getattr(state_dict, "_metadata", None)
        state: Any = OrderedDict(state_dict)
        if metadata is not None:
            state._metadata = metadata
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        load(self, state, "", metadata, assign, (missing, unexpected, errors))
        if strict:
            if unexpected:
                errors.insert(0, f"Unexpected key(s) in state_dict: {quoted(unexpected)}. ")
            if missing:
                errors.insert(0, f"Missing key(s) in state_dict: {quoted(missing)}. ")
        if errors:
            lines = "\n\t".join(errors)
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{lines}")
        return IncompatibleKeys(missing, unexpected)

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Load what this module itself has: what subclasses with other state override."""
        for hook in list(self._load_state_dict_pre_hooks.values()):
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        buffers = {k: v for k, v in self._buffers.items() if k not in self._non_persistent_buffers_set}
        own = {k: v for k, v in [*self._parameters.items(), *buffers.items()] if v is not None}
        for name, tensor in own.items():
            key = prefix + name
            if key in state_dict:
                assign = local_metadata.get("assign_to_params_buffers", False)
                error = take_over(self, name, tensor, state_dict[key], key, assign)
                if error:
                    error_msgs.append(error)
            elif strict:
                missing_keys.append(key)
        if has_extra(self, "set_extra_state"):
            if prefix + EXTRA in state_dict:
                self.set_extra_state(state_dict[prefix + EXTRA])
            elif strict:
                missing_keys.append(prefix + EXTRA)
        elif strict and prefix + EXTRA in state_dict:
            unexpected_keys.append(prefix + EXTRA)
        if strict:
            for key in state_dict:
                if key.startswith(prefix) and key != prefix + EXTRA:
                    name, _, rest = key[len(prefix) :].partition(".")
                    if name not in self._modules if rest else name not in own:
                        unexpected_keys.append(key)

    # -- Hooks -----------------------------------------------------------------------------------------------------

    def register_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before the module is saved."""
        return handle(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)``, which may change the dict, after the saving."""
        hook.may_replace = False  # type: ignore[attr-defined]
        return handle(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Like `register_state_dict_post_hook`, but the hook may return another dict."""
        if getattr(hook, "may_replace", True) is False:
            raise RuntimeError(f"{hook} is registered with register_state_dict_post_hook already")
        return handle(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call a hook before the module is loaded, which may change the dict.

        Its arguments are the module, the dict, the prefix of the module's names, its metadata, `strict`, and the lists
        of missing keys, unexpected keys and messages of errors.
        """

        def call(*args: Any) -> None:
            hook(self, *args)

        return handle(self._load_state_dict_pre_hooks, call)

    def _register_load_state_dict_pre_hook(self, hook: Callable[..., None], with_module: bool = False) -> Any:
        if with_module:
            return self.register_load_state_dict_pre_hook(hook)
        return handle(self._load_state_dict_pre_hooks, hook)

    def register_load_state_dict_post_hook(self, hook: Callable[[Any, Any], None]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` after the module is loaded; it may change the two lists."""
        return handle(self._load_state_dict_post_hooks, hook)


Found = tuple[list[str], list[str], list[str]]


def load(module: Any, state: Any, prefix: str, metadata: Any, assign: bool, found: Found) -> None:
    """Load a module and all below it, each from what has its prefix."""
    local = {} if metadata is None else metadata.get(prefix[:-1], {})
    if assign:
        local = {**local, "assign_to_params_buffers": True}
    module._load_from_state_dict(state, prefix, local, True, *found)
    for name, child in module._modules.items():
        if child is not None:
            start = f"{prefix}{name}."
            part = OrderedDict((key, value) for key, value in state.items() if key.startswith(start))
            load(child, part, start, metadata, assign, found)
    keys = IncompatibleKeys(found[0], found[1])
    for hook in list(module._load_state_dict_post_hooks.values()):
        if hook(module, keys) is not None:
            raise RuntimeError("a hook of load_state_dict must return None: it changes the lists of keys themselves")


def take_over(module: Any, name: str, tensor: Any, new: Any, key: str, assign: bool) -> str:
    """Copy a value into a parameter or buffer, or put it in its place; return what is wrong with it."""
    if isinstance(new, np.ndarray | np.generic):
        new = from_numpy(np.array(new))
    if not isinstance(new, Base):
        return (
            f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint '
            f"but received {type(new)}"
        )
    shape, wanted = new.payload.shape, tensor.payload.shape
    if wanted == () and shape == (1,):
        new, shape = new.concrete.reshape(new, ()), ()  # type: ignore[arg-type]
    if shape != wanted:
        return (
            f"size mismatch for {key}: copying a param with shape {Size(shape)} from checkpoint, "
            f"the shape in current model is {Size(wanted)}."
        )
    try:
        with no_grad():
            if assign:
                if isinstance(tensor, Parameter) and not isinstance(new, Parameter):
                    new = Parameter(new, tensor.requires_grad)
                elif isinstance(tensor, Parameter):
                    new.requires_grad_(tensor.requires_grad)
                setattr(module, name, new)
            else:
                tensor.copy_(new)
    except Exception as error:
        return (
            f'While copying the parameter named "{key}", whose dimensions in the model are {Size(wanted)} and whose '
            f"dimensions in the checkpoint are {Size(shape)}, an exception occurred : {error.args}."
        )
    return ""


def has_extra(module: Any, name: str) -> bool:
    return getattr(type(module), name) is not getattr(Stateful, name)


def quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)
