"""Code that one does not want to touch: ``adopt(f)`` runs it with ``funcgrad.numpy`` in the place of NumPy."""

from __future__ import annotations

import functools
from enum import Enum
from types import FunctionType, ModuleType
from typing import Any

from funcgrad.adopt.adopter import Adopted, adopter_of, package_of
from funcgrad.adopt.namespaces import top

__all__ = ["adopt"]


def adopt(f: Any) -> Any:
    """Make a function, and those of the same package that it calls, see ``funcgrad.numpy`` where they say ``numpy``.

    The same for ``funcgrad.scipy``, and ``funcgrad.cupy`` where there is one. Nothing global is changed: the functions
    themselves, their modules and NumPy stay what they are, for other callers and other threads too.

    Parameters
    ----------
    f : callable, class or module
        Functions, bound methods, partials, callable objects. Of a class comes a subclass whose methods, properties and
        operators are adopted; of a module a view, whose functions and classes are.

    Returns
    -------
    adopted
        Called as `f` is; it keeps name, docstring and signature. Outside of transforms it does what `f` does. Under a
        transform, it may write traced values into the arrays that it is called with, but the caller's stay as they
        are: return what was written, or adopt the caller, too.

    Notes
    -----
    Adopted code sees through functions, lambdas, generators, coroutines, methods, constructors and property getters of
    its top-level package (of its module, where there is no package), wherever they come from: globals, closures,
    containers, attributes, arguments. Also through ``functools.wraps`` around them, ``functools.partial`` and
    transforms (``fg.grad(g)``). All else is left as it is: other packages, compiled code, enums, and of a class that is
    not adopted itself operators, iteration, ``with`` and ``__post_init__``. There ``np.zeros`` makes a plain array, and
    writing a traced value into it raises, as it does with arrays that objects or modules have kept from before.

    A source file is compiled again when the first of its functions is adopted: 0.05 s for 1000 lines. A call in adopted
    code then costs 0.2 to 1 microseconds more. In code without a source file (``exec``) globals, closures and defaults
    are seen through, but not methods, nor functions that assign to a ``global``.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> def powers(x):
    ...     out = np.zeros(3)
    ...     for i in range(3):
    ...         out[i] = x**i
    ...     return np.sum(out)
    >>> fg.grad(fg.adopt(powers))(2.0)
    np.float64(5.0)
    """
    if isinstance(f, Adopted | AdoptedModule):
        return f
    if isinstance(f, staticmethod | classmethod):
        return type(f)(adopt(f.__func__))
    if isinstance(f, type):
        return f if "__adopted__" in vars(f) else adopted_class(f)
    if isinstance(f, ModuleType):
        return AdoptedModule(f)
    if not callable(f):
        raise TypeError(f"adopt: expected a function, a class or a module, got {f!r}")
    return Adopted(f)


# -- What comes back -----------------------------------------------------------------------------------------


@functools.cache
def adopted_class(cls: type) -> type:
    mine = adopter_of(package_of(cls)).mine
    members: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if mine(base):
            members |= {name: member for name, x in vars(base).items() if (member := adopted_member(name, x))}
    if not members or Enum in cls.__mro__:  # compiled code; and what cannot be a base
        return cls
    about = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    return type(cls)(cls.__name__, (cls,), members | about | {"__adopted__": True, "__slots__": ()})


def adopted_member(name: str, x: Any) -> Any:
    if isinstance(x, property):
        read, write, delete = [None if part is None else Adopted(part, own=1) for part in (x.fget, x.fset, x.fdel)]
        return property(read, write, delete, x.__doc__)
    if isinstance(x, FunctionType | staticmethod | classmethod) and name != "__init_subclass__":
        return adopt(x)
    return None


class AdoptedModule(ModuleType):
    """A view of a module, whose functions and classes are adopted."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(module.__name__, module.__doc__)
        self.__wrapped__ = module

    def __getattr__(self, name: str) -> Any:
        x = getattr(self.__wrapped__, name)
        return adopt(x) if callable(x) and package_of(x) == top(self.__name__) else x

    def __dir__(self) -> list[str]:
        return dir(self.__wrapped__)
