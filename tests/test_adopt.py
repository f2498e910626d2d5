"""``fg.adopt``: code that knows nothing of funcgrad, differentiated as it stands."""

import asyncio
import enum
import functools
import importlib
import inspect
import pickle
import pkgutil
import sys
import threading
import traceback
import types
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.optimize
from adopt_sample import helpers, kernels, models
from numpy.testing import assert_allclose

import funcgrad as fg
from funcgrad.adopt import adopt
from funcgrad.adopt.namespaces import NAMESPACES

X = 0.7


def slope(f, x=X, h=1e-6):
    return (f(x + h) - f(x - h)) / (2 * h)


def check(f, x=X):
    """An adopted function has the values of the original, and the right derivative in both modes and under vmap."""
    adopted = adopt(f)
    assert_allclose(adopted(x), f(x))
    assert_allclose(fg.grad(adopted)(x), slope(f, x), rtol=1e-6)
    assert_allclose(fg.jvp(adopted, (x,), (1.0,))[1], slope(f, x), rtol=1e-6)
    assert_allclose(fg.vmap(adopted)(np.array([x, 2 * x])), [f(x), f(2 * x)])


def contents(module):
    """What is in a module, and in its classes and functions."""
    found = {name: id(x) for name, x in vars(module).items() if name != "__warningregistry__"}
    for name, x in vars(module).items():
        if isinstance(x, type):
            found |= {(name, key): id(value) for key, value in vars(x).items() if key != "made"}
        elif isinstance(x, types.FunctionType):
            cells = [id(cell.cell_contents) for cell in x.__closure__ or ()]
            found |= {(name, "parts"): (id(x.__code__), id(x.__globals__), id(x.__defaults__), *cells)}
    return found


@pytest.fixture(autouse=True)
def nothing_global_changes():
    modules = (np, np.random, scipy, scipy.linalg, scipy.special, kernels, helpers, models)
    fixed = {"calls", "last", ("double", "parts")}  # what the sample itself changes
    kernels.last = 0
    before = [contents(module) for module in modules]
    yield
    for old, module in zip(before, modules, strict=True):
        new = contents(module)
        assert {key: new[key] for key in old if key not in fixed} == {key: old[key] for key in old if key not in fixed}
        assert module not in (kernels, helpers, models) or new.keys() == old.keys()


# -- Whatever way NumPy is named ---------------------------------------------------------------------------

KERNELS = [
    x for name, x in vars(kernels).items() if name.startswith("by_") and name not in ("by_power", "by_other_recursion")
]


@pytest.mark.parametrize("f", KERNELS, ids=lambda f: f.__name__)
def test_ways_to_name_numpy(f):
    check(f)


def test_needed():
    needed = [f for f in KERNELS if f is not kernels.by_statistics]
    for f in needed:
        with pytest.raises((TypeError, ValueError)):
            fg.grad(f)(X)


def test_functions_of_the_test_itself():
    def inner(x):
        out = np.zeros(2)
        out[0] = x**2
        return out

    def even(x, n):
        return np.array([x]).sum() if n == 0 else x * odd(x, n - 1)

    def odd(x, n):
        return even(x, n - 1)

    check(lambda x: inner(x).sum())
    check(lambda x: even(x, 4))


def test_second_derivative():
    assert_allclose(fg.grad(fg.grad(adopt(kernels.by_neighbour)))(X), slope(fg.grad(adopt(kernels.by_neighbour))))


def test_cupy_where_there_is_a_namespace(monkeypatch):
    theirs, ours = types.ModuleType("cupy"), types.ModuleType("funcgrad.cupy")
    theirs.zeros, ours.zeros = np.zeros, fg.numpy.zeros
    monkeypatch.setitem(sys.modules, "cupy", theirs)
    monkeypatch.setitem(sys.modules, "funcgrad.cupy", ours)

    def f(x, xp=theirs):
        out = xp.zeros(2)
        out[0] = x**2
        return out.sum()

    check(f)


def test_every_namespace_of_scipy_is_known():
    names = [
        f"scipy.{module.name}"
        for module in pkgutil.iter_modules(importlib.import_module("funcgrad.scipy").__path__)
        if module.ispkg
    ]
    # optimize is not SciPy's on plain values: it would differentiate what adopted code has SciPy solve for
    assert set(names) - {"scipy.optimize"} <= set(NAMESPACES)


# -- Objects -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", [models.makes_model, models.uses_shared, models.raises], ids=lambda f: f.__name__)
def test_objects(f):
    check(f)


def test_objects_that_are_handed_over():
    model = models.Model(2)
    check(functools.partial(models.takes_model, model))
    check(functools.partial(models.runs, model.run))
    check(functools.partial(models.runs, model))
    assert_allclose(
        fg.grad(adopt(models.takes_model), argnums=1)(model, X), slope(lambda x: models.takes_model(model, x))
    )
    assert type(model) is models.Model


def test_bound_methods_and_callable_objects():
    model = models.Model(2)
    check(model.run)
    check(model)
    check(models.Doubler(model))
    check(functools.partial(models.takes_model, model))
    check(models.Params(2.0).value)
    assert adopt(model.run).__name__ == "run"


def test_dataclasses():
    params = models.Params(2.0)
    f = fg.grad(adopt(models.takes_params), argnums=1)
    assert_allclose(f(params, X), slope(lambda x: models.takes_params(models.Params(2.0), x)))
    assert not hasattr(params, "seen")  # a pytree: taken over like a list


def test_class():
    Adopted = adopt(models.Model)
    assert adopt(Adopted) is Adopted
    assert adopt(models.Model) is Adopted
    assert issubclass(Adopted, models.Model)
    assert (Adopted.__name__, Adopted.__qualname__, Adopted.__module__) == ("Model", "Model", "adopt_sample.models")
    assert inspect.signature(adopt(models.Doubler)) == inspect.signature(models.Doubler)
    model = Adopted(3, 1.0)
    with pytest.raises((TypeError, ValueError)):
        fg.grad(lambda x: models.Model(3) @ x)(X)
    for f in (model.run, model, lambda x: model @ x, lambda x: Adopted.create(x).run(x), lambda x: Adopted(3, x).total):
        assert_allclose(fg.grad(f)(X), slope(f), rtol=1e-6)


def test_as_a_decorator():
    @adopt
    class Model:
        w = 3.0

        def run(self, x):
            return self.inner(x) * self.w

        @adopt
        def inner(self, x):
            """Fill."""
            self.last = x
            return np.array([x, x]).sum()

        @adopt
        @staticmethod
        def fixed(x):
            return np.array([x, x]).sum()

    @adopt
    def f(x, n=2):
        """Sum."""
        return np.array([x, x]).sum() * n

    model = Model()
    assert_allclose(fg.grad(model.run)(X), 6.0)
    assert_allclose(fg.grad(model.inner)(X), 2.0)
    assert_allclose(fg.grad(Model.fixed)(X), 2.0)
    assert_allclose(fg.grad(f)(X), 4.0)
    assert f.__doc__ == "Sum."


def test_methods_keep_their_object():
    class Params(models.Params):
        value = adopt(models.Params.value)

    params = Params(2.0)
    assert_allclose(fg.grad(params.value)(X), 4.0)
    assert params.seen


def test_module():
    view = adopt(kernels)
    assert view.scale == kernels.scale
    assert view.np is np
    assert isinstance(view, types.ModuleType)
    assert "by_name" in dir(view)
    assert_allclose(fg.grad(view.by_name)(X), slope(kernels.by_name))
    assert adopt(view) is view


# -- Nothing changes ---------------------------------------------------------------------------------------


def test_globals_are_written():
    before = kernels.calls
    adopted = adopt(kernels.by_global)
    fg.grad(adopted)(X)
    assert kernels.calls == kernels.last == before + 1
    kernels.by_global(X)
    adopted(X)
    assert kernels.calls == before + 3


def test_globals_are_read_when_used(monkeypatch):
    adopted = fg.grad(adopt(kernels.by_global))
    assert_allclose(adopted(X), 3.0)
    with monkeypatch.context() as m:
        m.setattr(kernels, "scale", 5.0)
        assert_allclose(adopted(X), 5.0)
    with monkeypatch.context() as m:
        m.setattr(kernels, "fill", lambda x: x)
        m.setattr(helpers, "fill", lambda x: np.array([10.0]))
        assert_allclose(fg.grad(adopt(kernels.by_neighbour))(X), 10.0)


def test_closures_are_shared():
    calls = []
    count = 0

    def f(x):
        nonlocal count
        count += 1
        calls.append(x)
        return np.array([x, count]).sum()

    adopted = adopt(f)
    fg.grad(adopted)(X)
    f(X)
    assert count == len(calls) == 2


def test_attributes_of_functions_are_written():
    fg.grad(adopt(kernels.by_function_attribute))(X)
    assert kernels.by_function_attribute.calls
    del kernels.by_function_attribute.calls


def test_other_threads_see_numpy():
    inside, looked = threading.Event(), threading.Event()
    kinds = {}

    def f(x):
        kinds[threading.current_thread().name] = type(np.zeros(2)), np.zeros
        inside.set()
        if threading.current_thread().name == "adopted":
            looked.wait(10)
        return np.sum(np.array([x]))

    thread = threading.Thread(target=lambda: fg.grad(adopt(f))(X), name="adopted")
    thread.start()
    inside.wait(10)
    f(X)
    looked.set()
    thread.join()
    assert kinds[threading.current_thread().name][0] is np.ndarray
    assert kinds["adopted"][0] is not np.ndarray


def test_many_threads():
    def run(n):
        f = KERNELS[n % len(KERNELS)]
        return fg.grad(adopt(f))(X) - slope(f)

    with ThreadPoolExecutor(8) as pool:
        assert_allclose(list(pool.map(run, range(3 * len(KERNELS)))), 0, atol=1e-6)


def test_code_of_others_is_left_alone():
    seen = []
    others = types.ModuleType("others_package")
    exec("import numpy as np\ndef f(x):\n    return np.zeros(2)", vars(others))

    def f(x):
        seen.append(type(others.f(x)))
        return np.array([x]).sum()

    fg.grad(adopt(f))(X)
    assert seen == [np.ndarray]


def test_callbacks():
    with_callback = adopt(kernels.with_callback)
    assert_allclose(fg.grad(with_callback, argnums=1)(kernels.by_name, X), slope(kernels.by_name))

    seen = []

    def callback(x):  # of another package
        seen.append(type(np.zeros(2)))
        return x

    fg.grad(with_callback, argnums=1)(callback, X)
    assert seen == [np.ndarray]


# -- What one gets -----------------------------------------------------------------------------------------


def test_name_and_signature():
    adopted = adopt(kernels.by_default)
    assert adopted.__name__ == adopted.__qualname__ == "by_default"
    assert adopted.__module__ == "adopt_sample.kernels"
    assert adopted.__wrapped__ is kernels.by_default
    assert inspect.signature(adopted) == inspect.signature(kernels.by_default)
    assert repr(adopted) == f"<adopt of {kernels.by_default!r}>"
    assert adopt(adopted) is adopted


def test_pickle():
    again = pickle.loads(pickle.dumps(adopt(kernels.by_neighbour)))
    assert again.__wrapped__ is kernels.by_neighbour
    assert_allclose(fg.grad(again)(X), slope(kernels.by_neighbour))


@pytest.mark.parametrize("x", [1.0, "f", None, property(lambda self: 1)])
def test_not_a_function(x):
    with pytest.raises(TypeError, match="adopt: expected a function"):
        adopt(x)


def test_compiled_code_is_left_as_it_is():
    x = np.array([1.0, -2.0])
    for f in (abs, functools.partial(abs), np.abs):
        assert_allclose(adopt(f)(x), [1.0, 2.0])
        assert_allclose(fg.grad(lambda x, f=f: np.sum(adopt(f)(x)))(x), [1, -1])
    assert adopt(fg.grad(abs))(-2.0) == -1.0
    assert adopt(len)([1, 2]) == 2


class Colour(enum.Enum):
    RED = 1

    def brighter(self):
        return np.zeros(self.value)


@pytest.mark.parametrize("cls", [bool, range, slice, memoryview, int, np.dtype, np.nditer, Colour])
def test_classes_that_cannot_be_extended_are_left_as_they_are(cls):
    assert adopt(cls) is cls


def test_functions_of_numpy():
    assert_allclose(fg.grad(lambda x: np.sum(adopt(np.array)([x, x])))(X), 2.0)
    assert adopt(np.sin)(X) == np.sin(X)


def test_functions_of_scipy():
    """SciPy is code that one does not want to touch, too."""
    x = np.array([1.3, 0.7, 0.8])
    assert_allclose(fg.grad(adopt(scipy.optimize.rosen))(x), scipy.optimize.rosen_der(x))


def test_transformed_functions():
    def expected(x):
        slopes = [fg.grad(adopt(f))(x) for f in (kernels.by_neighbour, kernels.by_name, kernels.by_default)]
        return sum(slopes) + np.sin(x)

    assert_allclose(adopt(kernels.takes_derivatives)(X), expected(X))
    assert_allclose(fg.grad(adopt(kernels.takes_derivatives))(X), slope(expected), rtol=1e-6)
    assert_allclose(adopt(kernels.slope_by_name)(X), 3 * X**2)
    assert_allclose(fg.grad(fg.checkpoint(adopt(kernels.by_neighbour)))(X), slope(kernels.by_neighbour))


def test_generator_and_coroutine():
    assert_allclose(fg.grad(lambda x: sum(adopt(kernels.numbers)(x)))(X), slope(lambda x: sum(kernels.numbers(x))))
    assert_allclose(fg.grad(lambda x: asyncio.run(adopt(kernels.awaited)(x)))(X), 2 * X + 2)


def test_tracebacks_show_the_users_lines():
    with pytest.raises(ZeroDivisionError) as caught:
        adopt(kernels.failing)(X)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert [frame.name for frame in frames[-2:]] == ["failing", "failing_inside"]
    assert [frame.line for frame in frames[-2:]] == ["return failing_inside(out)", "return 1 / len([]) + out[7]"]
    assert frames[-1].filename == kernels.__file__


def test_warnings_name_the_users_line():
    with pytest.warns(UserWarning, match="a warning") as caught:
        fg.grad(adopt(kernels.warns))(X)
    _, start = inspect.getsourcelines(kernels.warns)
    assert (caught[0].filename, caught[0].lineno) == (kernels.__file__, start + 1)


# -- Arrays from outside -----------------------------------------------------------------------------------


def test_kernel_that_writes_into_its_arguments(rng):
    A, B = rng.normal(size=(2, 9))
    before = A.copy(), B.copy()
    direction = rng.normal(size=9)
    gradient = fg.grad(adopt(kernels.jacobi), argnums=1)(4, A, B)
    assert_allclose((A, B), before, rtol=0)
    expected = slope(lambda h: kernels.jacobi(4, A + h * direction, B.copy()), 0.0)
    assert_allclose(gradient @ direction, expected, rtol=1e-6)


def test_outside_transforms_it_writes_as_numpy_does(rng):
    A, B = rng.normal(size=(2, 9))
    C, D = A.copy(), B.copy()
    assert adopt(kernels.jacobi)(4, A, B) == kernels.jacobi(4, C, D)
    assert_allclose((A, B), (C, D), rtol=0)


def test_arrays_in_containers():
    state = {"A": np.array([1.0, 2.0]), "B": [np.zeros(2)]}
    assert_allclose(fg.grad(adopt(kernels.jacobi_of_state), argnums=1)(state, X), 3.0)
    assert_allclose(state["B"][0], 0.0)
    assert type(state["B"][0]) is np.ndarray


def writes(x, a, b):
    a[0] = x
    return b[0] * 2


@pytest.mark.parametrize("direct", [True, False])
def test_one_array_twice_stays_one(direct):
    a = np.zeros(2)
    f = adopt(writes)
    assert_allclose(fg.grad(f)(X, a, a) if direct else fg.grad(lambda x: f(x, a, a))(X), 2.0)
    assert_allclose(a, 0)


def test_arrays_that_overlap_cannot_be_written_to():
    a = np.zeros((2, 3))
    f = fg.grad(adopt(writes))
    assert_allclose(f(X, a[:, 0], a[:, 1]), 0.0)
    with pytest.raises((TypeError, ValueError), match=r"read-only|traced"):
        f(X, a[0], a[0, :2])


def test_integers_are_written_to():
    def count(x, n, m):
        n[0] += 1
        return x * n[0]

    n = np.array([2])
    assert_allclose(fg.grad(adopt(count))(X, n, m=n), 3.0)
    assert n[0] == 2


def test_adopted_code_hands_arrays_on_unchanged():
    def inner(n, out):
        out[:] = n
        return out

    g = adopt(inner)
    kept = []

    def outer(x):
        n = np.arange(2)
        kept.append(g(x, n) if x is None else np.sum(g(3, n)))
        kept.append(n)
        return x

    fg.grad(adopt(outer))(X)
    assert kept[0] == 6
    assert_allclose(kept[1], 3)


def test_integers_and_subclasses_stay():
    class Special(np.ndarray):
        pass

    kinds = []

    def f(x, *others):
        kinds.extend(map(type, others))
        return x

    fg.grad(adopt(f))(X, np.arange(2), np.zeros(2).view(Special), 1.0, None, "text")
    assert kinds == [np.ndarray, Special, float, type(None), str]


# -- Code without source -----------------------------------------------------------------------------------

SOURCE = """
import functools
import numpy as np
from numpy import zeros

count = 0
scale = 3.0

def helper(x):
    out = zeros(2)
    out[0] = scale * x
    return out

def by_globals(x):
    out = np.zeros(2)
    out[1] = x
    return (out + helper(x)).sum() * len([out])

def by_default(x, xp=np, *, helper=helper):
    return xp.array([x, x]).sum() + helper(x).sum()

def by_nested(x):
    def inner(n):
        return np.array([x]).sum() if n == 0 else inner(n - 1) * x
    return inner(3) + sum(helper(x * n).sum() for n in range(3))

def make(np):
    def fact(x, n=3):
        out = np.ones(1)
        out[0] = x
        return out[0] if n == 0 else out[0] * fact(x, n - 1)
    return fact

by_closure = make(np)
by_partial = functools.partial(by_closure, n=2)

def counts(x):
    global count
    count += 1
    return x

def by_counts(x):
    return counts(x) * helper(x).sum()

def unknown(x):
    return no_such_name
"""


@pytest.fixture
def bare():
    module = types.ModuleType("bare_module")
    exec(SOURCE, vars(module))
    return module


@pytest.mark.parametrize("name", ["by_globals", "by_default", "by_nested", "by_closure", "by_partial", "by_counts"])
def test_without_source(bare, name):
    check(getattr(bare, name))


def test_without_source_nothing_changes(bare):
    before = dict(vars(bare))
    adopted = fg.grad(adopt(bare.by_globals))
    assert_allclose(adopted(X), 4.0)
    assert vars(bare) == before
    bare.scale = 5.0
    assert_allclose(adopted(X), 6.0)
    adopt(bare.by_counts)(X)
    assert bare.count == 1
    with pytest.raises(NameError, match="no_such_name"):
        adopt(bare.unknown)(X)
