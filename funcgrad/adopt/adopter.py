"""Adopters: what the functions of one package see in the place of what they name.

Code with a source file is rewritten, so that it asks whenever it calls something (:mod:`funcgrad.adopt.rewriting`). So
it does not matter which way a function, a module or an object has come. Globals and closures are the original's own.
Code without (``exec``, or where a test runner has rewritten asserts) runs as it is on a :class:`View` of its globals.
"""

from __future__ import annotations

import dis
import functools
import linecache
from collections.abc import Callable
from types import CellType, CodeType, FunctionType, MethodType, ModuleType, SimpleNamespace, WrapperDescriptorType
from typing import Any

from funcgrad.adopt.arguments import enter
from funcgrad.adopt.namespaces import MODULES, OBJECTS, sync, top
from funcgrad.adopt.rewriting import key, parts, rewritten
from funcgrad.errors import PACKAGE
from funcgrad.transforms.arguments import Transformed

__all__ = ["Adopted", "adopter_of", "package_of"]

# -- What comes back -----------------------------------------------------------------------------------------


class Adopted(Transformed):
    """An adopted function. Adopted code that calls it calls what is inside."""

    def __init__(self, f: Any, own: int = 0) -> None:
        super().__init__(enter, f, {"own": own})
        self.original = f
        self.f = adopter_of(package_of(f)).call(f)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(Adopted(self.original, own=1), instance)

    def __reduce__(self) -> Any:
        named = super().__reduce__()
        return named if isinstance(named, str) else (Adopted, (self.original, self.options["own"]))

    def __repr__(self) -> str:
        return f"<adopt of {self.original!r}>"


def package_of(f: Any) -> str:
    """Return the top-level package that a function, class or callable object belongs to."""
    while isinstance(f, functools.partial | MethodType | Transformed):
        f = f.f if isinstance(f, Transformed) else f.func if isinstance(f, functools.partial) else f.__func__
    return top(getattr(f, "__module__", None))


@functools.cache
def adopter_of(package: str) -> Adopter:
    return Adopter(package)


class Adopter:
    """Answers the questions of one package's rewritten code."""

    def __init__(self, package: str) -> None:
        self.package = package
        #: By id: the code, the new code (that of new code is itself), and whether all functions with it are ours.
        self.codes: dict[int, tuple[CodeType, CodeType | None, bool]] = {}
        self.file = functools.cache(self.rewrite)
        self.handler: Any = functools.lru_cache(1024)(self.find_handler)
        self.mine: Any = functools.lru_cache(1024)(self.is_mine)
        self.own: Any = functools.lru_cache(1024)(self.is_own)
        sync()

    # -- The questions ---------------------------------------------------------------------------------------

    def call(self, x: Any) -> Any:
        """Return what to call in the place of `x`."""
        entry = OBJECTS.get(id(x))
        if entry is not None:
            return entry[1]
        handler = self.handler(type(x))
        return x if handler is None else handler(x)

    def see(self, x: Any) -> Any:
        """Return what to hand to a call in the place of `x`. Objects and classes keep their identity."""
        entry = OBJECTS.get(id(x))
        if entry is not None:
            return entry[1]
        if type(x) not in FUNCTIONS:
            return x
        seen = self.call(x)
        return dressed(seen, x) if type(seen) is FunctionType and seen is not x else seen

    def at(self, x: Any, name: str) -> Any:
        """Return of what to read an attribute in the place of `x`."""
        kind = type(x)
        if kind is ModuleType:
            return MODULES.get(id(x), (x, x))[1]
        if self.mine(kind):
            for base in kind.__mro__:
                if name in base.__dict__:
                    member = base.__dict__[name]
                    if isinstance(member, property) and member.fget is not None:
                        return SimpleNamespace(**{name: self.call(member.fget)(x)})
                    break
        return x

    def sync(self) -> None:
        """Notice what a function has just imported."""
        sync()

    # -- The answers, by kind of callable --------------------------------------------------------------------

    def find_handler(self, kind: type) -> Callable[[Any], Any] | None:
        handlers: dict[type, Callable[[Any], Any]] = {
            FunctionType: self.function,
            MethodType: self.method,
            functools.partial: self.partial,
            Transformed: self.transformed,
            type: self.constructor,
        }
        found = next((handlers[base] for base in kind.__mro__ if base in handlers), None)
        return found or (self.instance if self.mine(kind) else None)

    def is_mine(self, kind: type) -> bool:
        return any(top(getattr(base, "__module__", None)) == self.package for base in kind.__mro__)

    def is_own(self, home: Any, module: Any, filename: str) -> bool:
        """Whether a function is the package's by where it is defined, or by what it says, as a wrapper does."""
        return self.package in (top(home), top(module)) and not filename.startswith(PACKAGE)

    def function(self, f: FunctionType, cells: dict[int, CellType] | None = None) -> Any:
        code = f.__code__
        _, new, at_home = self.codes.get(id(code), (code, None, False))
        if new is code:
            return f
        if not at_home:
            home = f.__globals__.get("__name__")
            if not self.own(home, f.__module__, code.co_filename):
                if top(f.__module__) in ("scipy", "cupy"):  # may have been imported in between
                    sync()
                return OBJECTS.get(id(f), (f, f))[1]
            if id(code) not in self.codes:
                new = self.find_code(f)
                self.codes[id(code)] = (code, new, top(home) == self.package)
        if new is not None:
            return rebuilt(f, new, f.__globals__, f.__closure__)
        return f if isinstance(f.__globals__, View) else self.viewed(f, {} if cells is None else cells)

    def method(self, x: MethodType) -> Any:
        entry = OBJECTS.get(id(x.__self__))
        if entry is not None:
            return getattr(entry[1], x.__name__)
        f = self.call(x.__func__)
        return x if f is x.__func__ else MethodType(f, x.__self__)

    def partial(self, x: functools.partial[Any]) -> Any:
        keywords = {name: self.see(value) for name, value in x.keywords.items()}
        return functools.partial(self.call(x.func), *map(self.see, x.args), **keywords)

    def transformed(self, x: Transformed) -> Any:
        f = self.call(x.f)
        if x.apply is enter:  # adopted code calls adopted code with the arguments as they are
            return f
        return Transformed(x.apply, f, {name: self.see(value) for name, value in x.options.items()})

    def instance(self, x: Any) -> Any:
        f = type(x).__call__
        if isinstance(f, WrapperDescriptorType):  # compiled code, which has nothing to rewrite
            return x
        seen = self.call(f)
        return x if seen is f else MethodType(seen, x)

    def constructor(self, cls: type) -> Any:
        usual = type(cls).__call__ is type.__call__
        return functools.partial(self.construct, cls) if usual and self.mine(cls) else cls

    def construct(self, cls: type, /, *args: Any, **kwargs: Any) -> Any:
        make: Any = cls.__new__
        x = self.call(make)(cls, *args, **kwargs)
        if isinstance(x, cls):
            start: Any = type(x).__init__
            self.call(start)(x, *args, **kwargs)
        return x

    # -- Code ------------------------------------------------------------------------------------------------

    def find_code(self, f: FunctionType) -> CodeType | None:
        """Return the rewritten code of `f`; None where its source is not to be had."""
        name = f.__code__.co_filename
        linecache.checkcache(name)
        return self.file(name, "".join(linecache.getlines(name, f.__globals__))).get(key(f.__code__))

    def rewrite(self, filename: str, source: str) -> dict[Any, CodeType]:
        sync()
        codes = rewritten(filename, source, self)
        self.codes.update((id(code), (code, code, True)) for code in codes.values())
        return codes

    # -- Code without source ---------------------------------------------------------------------------------

    def viewed(self, f: FunctionType, cells: dict[int, CellType]) -> Any:
        if writes_globals(f.__code__):  # which would not arrive
            return f
        new = rebuilt(f, f.__code__, View(self, f), tuple([self.cell(cell, cells) for cell in f.__closure__ or ()]))
        new.__defaults__ = tuple([self.shown(x) for x in f.__defaults__ or ()])
        new.__kwdefaults__ = {name: self.shown(x) for name, x in (f.__kwdefaults__ or {}).items()}
        return new

    def cell(self, old: CellType, cells: dict[int, CellType]) -> CellType:
        if id(old) not in cells:
            new = cells[id(old)] = CellType()  # before its contents, which may refer to it
            try:
                new.cell_contents = self.shown(old.cell_contents, cells)
            except ValueError:  # not assigned yet
                cells[id(old)] = old
            else:
                cells[id(old)] = old if new.cell_contents is old.cell_contents else new
        return cells[id(old)]

    def shown(self, x: Any, cells: dict[int, CellType] | None = None) -> Any:
        if isinstance(x, FunctionType) and id(x) not in OBJECTS:
            return self.function(x, cells)
        return MODULES.get(id(x), (x, x))[1] if isinstance(x, ModuleType) else self.see(x)


#: What :meth:`Adopter.see` looks into.
FUNCTIONS = frozenset({FunctionType, MethodType, functools.partial, Transformed, Adopted})


class View(dict[str, Any]):
    """A module's globals as adopted code sees them: looked up in the module each time, never stored."""

    def __init__(self, adopter: Adopter, f: Any) -> None:
        known = f.__globals__
        super().__init__({name: known[name] for name in ("__builtins__", "__name__") if name in known})
        self.adopter = adopter
        self.known = known
        self.builtins = f.__builtins__

    def __missing__(self, name: str) -> Any:
        return self.adopter.shown(self.known[name]) if name in self.known else self.builtins[name]


def rebuilt(f: FunctionType, code: CodeType, known: dict[str, Any], closure: tuple[CellType, ...] | None) -> Any:
    new = FunctionType(code, known, f.__name__, f.__defaults__, closure)
    new.__kwdefaults__ = f.__kwdefaults__
    return new


def dressed(new: FunctionType, f: Any) -> FunctionType:
    """Give a function what code that is handed it may ask of it, not only call it."""
    if isinstance(f, FunctionType):
        new.__qualname__, new.__module__, new.__doc__ = f.__qualname__, f.__module__, f.__doc__
        new.__annotations__, new.__dict__ = f.__annotations__, f.__dict__
    return new


def writes_globals(code: CodeType) -> bool:
    writes = ("STORE_GLOBAL", "DELETE_GLOBAL")
    return any(step.opname in writes for part in parts(code) for step in dis.get_instructions(part))
