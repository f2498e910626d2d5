"""What a module consists of: its own parameters, buffers and submodules, and those of all modules below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from funcgrad.nn.parameter import Parameter

if TYPE_CHECKING:
    from funcgrad.nn.module import Module

__all__ = ["Traversed"]

Named = Iterator[tuple[str, Any]]


class Traversed:
    """The members of a module by name."""

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Any]
    _non_persistent_buffers_set: set[str]
    _modules: dict[str, Any]

    # -- Modules -------------------------------------------------------------------------------------------------

    def named_modules(self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True) -> Named:
        """Iterate over this module and all below it, with their names.

        Parameters
        ----------
        memo : set, optional
            Modules that are passed over.
        prefix : str
            The name of this module.
        remove_duplicate : bool
            Whether a module that occurs twice comes once.

        Examples
        --------
        >>> import funcgrad as fg
        >>> net = fg.nn.Sequential(fg.nn.Linear(2, 3), fg.nn.ReLU())
        >>> [name for name, _ in net.named_modules()]
        ['', '0', '1']
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, joined(prefix, name), remove_duplicate)

    def modules(self) -> Iterator[Any]:
        """Iterate over this module and all below it."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Named:
        """Iterate over the immediate submodules, with their names."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Any]:
        """Iterate over the immediate submodules."""
        for _, module in self.named_children():
            yield module

    # -- Parameters and buffers ----------------------------------------------------------------------------------

    def _named_members(
        self,
        get_members_fn: Callable[[Any], Iterable[tuple[str, Any]]],
        prefix: str = "",
        recurse: bool = True,
        remove_duplicate: bool = True,
    ) -> Named:
        """Iterate over members of one kind, of this module and, if asked, of all below it."""
        seen: set[int] = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for place, module in modules:
            for name, member in get_members_fn(module):
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield joined(place, name), member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Iterate over the parameters, with their names.

        Parameters
        ----------
        prefix : str
            What the names begin with.
        recurse : bool
            Whether those of submodules are included.
        remove_duplicate : bool
            Whether a parameter that occurs twice comes once.

        Examples
        --------
        >>> import funcgrad as fg
        >>> [(name, tuple(p.shape)) for name, p in fg.nn.Linear(2, 3).named_parameters()]
        [('weight', (3, 2)), ('bias', (3,))]
        """
        yield from self._named_members(lambda module: module._parameters.items(), prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Iterate over the parameters: what an optimizer takes."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Named:
        """Iterate over the buffers, with their names."""
        yield from self._named_members(lambda module: module._buffers.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Any]:
        """Iterate over the buffers."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    # -- One of them ---------------------------------------------------------------------------------------------

    def get_submodule(self, target: str) -> Module:
        """Return the submodule of a dotted name; the module itself for an empty one.

        Raises
        ------
        AttributeError
            If there is none.

        Examples
        --------
        >>> import funcgrad as fg
        >>> net = fg.nn.Sequential(fg.nn.Sequential(fg.nn.ReLU()))
        >>> net.get_submodule("0.0")
        ReLU()
        """
        module: Any = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Traversed):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module  # type: ignore[no-any-return]

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter of a dotted name."""
        module, name = owner_of(self, target)
        parameter = getattr(module, name)
        if not isinstance(parameter, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return parameter

    def get_buffer(self, target: str) -> Any:
        """Return the buffer of a dotted name."""
        module, name = owner_of(self, target)
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return module._buffers[name]


def owner_of(module: Any, target: str) -> tuple[Any, str]:
    """Return the module that has the attribute of a dotted name, and the attribute's name in it."""
    path, _, name = target.rpartition(".")
    owner = module.get_submodule(path)
    if not hasattr(owner, name):
        raise AttributeError(f"{type(owner).__name__} has no attribute `{name}`")
    return owner, name


def joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
