"""A strict stand-in for an array on a device: what CuPy would refuse, it refuses on any machine.

It holds a NumPy array. NumPy's two protocols reach it as they reach CuPy's arrays: by the name of the function, with
CuPy's parameters (:mod:`funcgrad.testing.limits`). CuPy's own ufuncs reach it through CuPy's hook, so that
``cupy.sin(DeviceArray(x))`` works without a GPU.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from funcgrad.core.kernels import run_kernel, run_reduction
from funcgrad.errors import NoDerivativeError
from funcgrad.testing import limits
from funcgrad.testing.switches import EMULATED, HOST_COPIES, STRICT

__all__ = ["DeviceArray", "to_device"]


class Flags:
    """What CuPy says of an array's memory. It has no ``writeable``: every array can be written to."""

    def __init__(self, flags: Any) -> None:
        self.c_contiguous: bool = flags.c_contiguous
        self.f_contiguous: bool = flags.f_contiguous
        self.owndata: bool = flags.owndata
        self.fnc: bool = flags.fnc
        self.forc: bool = flags.forc

    def __getitem__(self, name: str) -> bool:
        if name not in ("C_CONTIGUOUS", "F_CONTIGUOUS", "OWNDATA"):
            raise KeyError(f"{name} is no flag of CuPy's arrays")
        return bool(getattr(self, name.lower()))


def method(name: str) -> Any:
    """Make a method that does what the method of ndarray does, on the device."""

    def call(self: DeviceArray, *args: Any, **kwargs: Any) -> Any:
        if STRICT.get():
            limits.bind_method(name, args, kwargs)
        return on_device(getattr(self.array, name), args, kwargs)

    call.__name__ = name
    call.__doc__ = f"As `numpy.ndarray.{name}`, on the device."
    return call


def attribute(name: str) -> Any:
    """Make an attribute that reads the attribute of ndarray."""
    return property(lambda self: to_device(getattr(self.array, name)), doc=f"As `numpy.ndarray.{name}`.")


def conversion(name: str, convert: Callable[[NDArray[Any]], Any]) -> Any:
    """Make a method that copies to the host, and says so to `host_copies`."""

    def call(self: DeviceArray, *args: Any) -> Any:
        if args and STRICT.get() and name == "item()":
            raise TypeError("item() of CuPy's arrays takes no index: write x[i].item()")
        log = HOST_COPIES.get()
        if log is not None:
            log.append(name)
        return convert(self.array, *args)

    return call


class DeviceArray(NDArrayOperatorsMixin):
    """A strict stand-in for an array on a device, such as CuPy's.

    It keeps a NumPy array, takes part in NumPy's two protocols, and behaves as CuPy's array does where that matters:

    - functions, ufuncs, methods and arguments that CuPy does not have are refused (:func:`lenient` lets them through);
    - NumPy arrays are refused as operands, those of no axes too (numbers are welcome);
    - implicit conversion to a NumPy array is refused, and reductions return 0-d device arrays;
    - what copies to the host (``get``, ``item``, ``float``, ``bool``, ...) works and is counted by :func:`host_copies`.

    Parameters
    ----------
    array : array_like
        The values; they are copied.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.testing import DeviceArray
    >>> x = DeviceArray([1.0, 2.0, 3.0])
    >>> np.sum(x * x) + 1
    DeviceArray(15.)
    >>> np.ones(3) + x
    Traceback (most recent call last):
        ...
    TypeError: add: a NumPy array of shape (3,) meets a DeviceArray; copy it to the device first: DeviceArray(x)
    >>> np.asarray(x)
    Traceback (most recent call last):
        ...
    TypeError: a DeviceArray of shape (3,) does not turn into a NumPy array by itself; call x.get()
    """

    __slots__ = ("__weakref__", "array", "base")
    __array_priority__ = 100

    array: NDArray[Any]
    base: DeviceArray | None  # the array that owns the memory of a view

    def __init__(self, array: Any) -> None:
        self.array = np.array(array.array if isinstance(array, DeviceArray) else array)
        self.base = None
        OWNERS[id(self.array)] = self

    # NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        outputs = kwargs.get("out", ())
        if STRICT.get():
            answer = ask_cupy(ufunc, method, inputs, kwargs)
            if answer is NotImplemented:
                return NotImplemented
            inputs = answer
        known = (DeviceArray, np.ndarray, np.generic, bool, int, float, complex)
        indices = inputs[1:2] if method in ("at", "reduceat") else ()
        operands = (*inputs[:1], *inputs[1 + len(indices) :], *(x for x in outputs if x is not None))
        if not all(isinstance(x, known) for x in operands):
            return NotImplemented
        for x in (*operands, kwargs.get("where")):
            refuse_host(x, ufunc.__name__)
        result = getattr(ufunc, method)(*map(to_host, inputs), **{key: to_host(x) for key, x in kwargs.items()})
        if not outputs:
            return to_device(result)
        return outputs[0] if len(outputs) == 1 else outputs

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if not all(issubclass(t, DeviceArray | np.ndarray) for t in types):
            return NotImplemented
        if STRICT.get():
            if not limits.has_function(function):
                return NotImplemented
            limits.refuse_arguments(function, args, kwargs, is_device)
        return on_device(function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        raise TypeError(f"a DeviceArray of shape {self.shape} does not turn into a NumPy array by itself; call x.get()")

    # CuPy's hooks

    def __cupy_override_elementwise_kernel__(self, kernel: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer a call of one of CuPy's ufuncs, or of a kernel whose NumPy form :func:`emulate` told."""
        function = EMULATED.get().get(kernel)
        if function is not None:
            return on_device(function, args, kwargs)
        try:
            return run_kernel(kernel, args, kwargs)
        except NoDerivativeError:
            raise TypeError(
                f"the stand-in cannot run the kernel {kernel.name}: say with funcgrad.testing.emulate what it computes"
            ) from None

    def __cupy_override_reduction_kernel__(self, kernel: Any, axis: Any, dtype: Any, out: Any, keepdims: bool) -> Any:
        """Answer a call of one of CuPy's reductions."""
        return run_reduction(kernel, self, axis, dtype, out, keepdims)

    # Copies to the host

    get = conversion("get()", np.copy)
    item = conversion("item()", np.ndarray.item)
    tolist = conversion("tolist()", np.ndarray.tolist)
    __float__ = conversion("float()", float)
    __int__ = conversion("int()", int)
    __complex__ = conversion("complex()", complex)
    __bool__ = conversion("bool()", bool)

    # Sequence

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[DeviceArray]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> DeviceArray:
        """Read; an index may live on the host or on the device."""
        result: DeviceArray = to_device(self.array[to_host(index)])
        return result

    def __setitem__(self, index: Any, value: Any) -> None:
        refuse_host(value, "setitem")
        if not isinstance(value, DeviceArray) and not np.isscalar(value) and np.ndim(value) > 0:
            raise TypeError(f"setitem: a DeviceArray or a number is needed, not {type(value).__name__}")
        self.array[to_host(index)] = to_host(value)

    def __copy__(self) -> DeviceArray:
        return DeviceArray(self)

    def __deepcopy__(self, memo: Any) -> DeviceArray:
        return DeviceArray(self)

    def __repr__(self) -> str:
        return f"DeviceA{np.array_repr(self.array)[1:]}"

    def __format__(self, spec: str) -> str:
        return format(self.array if self.array.ndim else self.array[()], spec)

    # Attributes and methods

    @property
    def device(self) -> str:
        """Name of the device."""
        return "stand-in:0"

    @property
    def flags(self) -> Any:
        """What is known of the memory."""
        return Flags(self.array.flags) if STRICT.get() else self.array.flags

    shape = attribute("shape")
    dtype = attribute("dtype")
    ndim = attribute("ndim")
    size = attribute("size")
    itemsize = attribute("itemsize")
    nbytes = attribute("nbytes")
    strides = attribute("strides")
    T = attribute("T")
    mT = attribute("mT")
    real = attribute("real")
    imag = attribute("imag")

    all = method("all")
    any = method("any")
    argmax = method("argmax")
    argmin = method("argmin")
    argpartition = method("argpartition")
    argsort = method("argsort")
    astype = method("astype")
    choose = method("choose")
    clip = method("clip")
    compress = method("compress")
    conj = method("conj")
    conjugate = method("conjugate")
    copy = method("copy")
    cumprod = method("cumprod")
    cumsum = method("cumsum")
    diagonal = method("diagonal")
    dot = method("dot")
    fill = method("fill")
    flatten = method("flatten")
    max = method("max")
    mean = method("mean")
    min = method("min")
    nonzero = method("nonzero")
    partition = method("partition")
    prod = method("prod")
    put = method("put")
    ravel = method("ravel")
    repeat = method("repeat")
    reshape = method("reshape")
    round = method("round")
    searchsorted = method("searchsorted")
    sort = method("sort")
    squeeze = method("squeeze")
    std = method("std")
    sum = method("sum")
    swapaxes = method("swapaxes")
    take = method("take")
    trace = method("trace")
    transpose = method("transpose")
    var = method("var")
    view = method("view")


#: Functions that take NumPy arrays of integers that say where to cut, or NumPy arrays to copy to the device.
TAKE_HOST: frozenset[Any] = frozenset(
    (np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit, np.array, np.asarray, np.asanyarray)
)

#: Functions that copy everything but their first argument to the device: indices of NumPy.
TAKE_PLACES: frozenset[Any] = frozenset((np.take,))

#: Functions that return a bool of NumPy arrays: of CuPy's arrays they return an array of no axes, on the device.
COMPARE: frozenset[Any] = frozenset((np.array_equal, np.array_equiv, np.allclose))


#: The device arrays that own their memory, by the identity of what they hold.
OWNERS: weakref.WeakValueDictionary[int, DeviceArray] = weakref.WeakValueDictionary()


def is_device(x: Any) -> bool:
    return isinstance(x, DeviceArray)


def ask_cupy(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the operands as CuPy's ufunc takes them; raise as it would, or return NotImplemented."""
    if len(kwargs.get("out", (None,))) != 1:
        raise ValueError(f"{ufunc.__name__}: CuPy's arrays take exactly one array as out=")
    entry = limits.has_ufunc(ufunc)
    if entry is None:
        return NotImplemented
    if ufunc.__name__ in limits.COMPARISONS:
        inputs = tuple(x.item() if isinstance(x, np.ndarray) and x.ndim == 0 else x for x in inputs)
    operands = [x for i, x in enumerate(inputs) if not (i == 1 and method in ("at", "reduceat"))]
    for x in operands:
        if isinstance(x, np.ndarray):
            raise TypeError(f"{ufunc.__name__}: {host_array(x)}")
    limits.refuse_ufunc_call(entry, ufunc.__name__, method, inputs, kwargs)
    known = all(isinstance(x, DeviceArray | np.generic | bool | int | float | complex) for x in operands)
    if known and "dtype" not in kwargs and method == "__call__" and not limits.has_loop(entry, inputs):
        dtypes = [str(limits.kind_of(x)) for x in inputs]
        raise TypeError(f"cupy.{ufunc.__name__} has no loop for operands of {', '.join(dtypes)}")
    return inputs


def on_device(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run a NumPy function on what the device arrays hold."""
    if function not in TAKE_HOST:
        given = args[:1] if function in TAKE_PLACES else (*args, *kwargs.values())
        for x in given:
            refuse_host(x, getattr(function, "__name__", "function"))
    result = function(*to_host(args), **to_host(kwargs))
    if function in COMPARE:
        result = np.asarray(result)
    out = kwargs.get("out")
    return to_device(result) if out is None else out


def refuse_host(x: Any, name: str) -> None:
    """Raise if a NumPy array would meet device arrays, here or in a nested list or tuple."""
    if isinstance(x, np.ndarray) and (x.ndim > 0 or STRICT.get()):
        raise TypeError(f"{name}: {host_array(x)}")
    if isinstance(x, list | tuple):
        for item in x:
            refuse_host(item, name)


def host_array(x: Any) -> str:
    return f"a NumPy array of shape {x.shape} meets a DeviceArray; copy it to the device first: DeviceArray(x)"


def to_host(x: Any) -> Any:
    """Look into device arrays, also in nested lists, tuples and dicts."""
    if isinstance(x, DeviceArray):
        return x.array
    if isinstance(x, dict):
        return {key: to_host(item) for key, item in x.items()}
    return type(x)(map(to_host, x)) if type(x) in (list, tuple) else x


def to_device(x: Any) -> Any:
    """Put results back on the device, a number as a 0-d array.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.testing import DeviceArray, to_device
    >>> isinstance(to_device(np.ones(2)), DeviceArray)
    True
    """
    if isinstance(x, np.ndarray | np.generic):
        result = object.__new__(DeviceArray)
        result.array = np.asarray(x)
        result.base = OWNERS.get(id(result.array.base))
        if result.array.base is None:
            OWNERS[id(result.array)] = result
        return result
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*map(to_device, x))
    return type(x)(map(to_device, x)) if type(x) in (list, tuple) else x
