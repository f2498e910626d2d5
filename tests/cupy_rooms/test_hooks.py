"""CuPy code as it stands: its ufuncs and reductions find the rules by CuPy's hooks, on a machine without a GPU too."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special

import funcgrad as fg
from funcgrad.core.kernels import SCATTER, apply_kernel
from funcgrad.core.primitive import CALLS, call_of
from funcgrad.extend import Elementwise, Linear, kernel
from funcgrad.testing import DeviceArray, emulate, host_copies

cupy = pytest.importorskip("cupy")
cupyx = pytest.importorskip("cupyx")
special = pytest.importorskip("cupyx.scipy.special")

X = np.array([[0.3, 0.7], [0.45, 0.2]])


def ufuncs(module: Any, counterpart: Any) -> list[str]:
    """Return the names of the ufuncs that another module has under the same name."""
    names = [n for n in dir(module) if isinstance(getattr(module, n), cupy.ufunc)]
    return [n for n in names if isinstance(getattr(counterpart, n, None), np.ufunc)]


def operands(ufunc: np.ufunc) -> tuple[Any, ...] | None:
    """Return operands that the ufunc takes, floating ones if it takes these."""
    for x in (X, np.array([[3, 1], [2, 5]])):
        xs = [x + i for i in range(ufunc.nin)]
        try:
            ufunc(*xs)
        except TypeError:
            continue
        return tuple(xs)
    return None


def outcome(f: Callable[..., Any], *xs: Any) -> Any:
    """Return values and the derivative's values, or the error."""
    if not np.issubdtype(xs[0].dtype, np.floating):
        seen: list[Any] = []
        fg.vjp(lambda z: seen.append(f(*[x + 0 * z.size for x in xs])) or z, 1.0)
        return seen
    try:
        value, pull = fg.vjp(f, *xs)
        ones = tuple(np.ones_like(v) for v in value) if isinstance(value, tuple) else np.ones_like(value)
        return value, pull(ones)
    except NotImplementedError as error:
        return type(error).__name__


def assert_equal(got: Any, want: Any) -> None:
    if isinstance(want, tuple | list):
        assert len(got) == len(want)
        for g, w in zip(got, want, strict=True):
            assert_equal(g, w)
    elif isinstance(want, str):
        assert got == want
    else:
        np.testing.assert_array_equal(got, want)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ufuncs(cupy, np))
def test_ufunc_is_numpys(name: str) -> None:
    theirs, ours = getattr(cupy, name), getattr(np, name)
    xs = operands(ours)
    assert xs is not None
    if np.issubdtype(xs[0].dtype, np.floating):
        with np.errstate(all="ignore"):
            assert_equal(outcome(theirs, *xs), outcome(ours, *xs))
    else:  # integers have no tracers of their own kind of interest: only that the hook finds the function
        assert apply_kernel(theirs, xs, {}).dtype == ours(*xs).dtype


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::scipy.special.SpecialFunctionWarning")
@pytest.mark.filterwarnings("ignore:non-integer arg:DeprecationWarning")
@pytest.mark.parametrize("name", ufuncs(special, scipy.special))
def test_special_ufunc_is_scipys(name: str) -> None:
    theirs, ours = getattr(special, name), getattr(scipy.special, name)
    xs = tuple(X + 0.1 * i for i in range(ours.nin))
    with np.errstate(all="ignore"):
        assert_equal(outcome(theirs, *xs), outcome(ours, *xs))


def test_ufuncs_are_recognised_by_what_they_are() -> None:
    """CuPy's `ellipk` bears the name of `ellipkm1`, and the other way round."""
    for name in ("ellipk", "ellipkm1"):
        want = fg.grad(lambda x, name=name: getattr(scipy.special, name)(x))(0.3)
        assert fg.grad(lambda x, name=name: getattr(special, name)(x))(0.3) == want


@pytest.mark.parametrize("name", ["fix", "i0", "sinc"])
def test_ufunc_that_numpy_has_as_a_function(name: str) -> None:
    assert_equal(outcome(getattr(cupy, name), X), outcome(getattr(np, name), X))


def softmax(x: Any) -> Any:
    y = np.exp(x - np.max(x, axis=1, keepdims=True))
    return y / np.sum(y, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (lambda x: cupy.sum(x), lambda x: np.sum(x)),
        (lambda x: cupy.sum(x, axis=0, keepdims=True), lambda x: np.sum(x, axis=0, keepdims=True)),
        (lambda x: cupy.prod(x, axis=1), lambda x: np.prod(x, axis=1)),
        (lambda x: cupy.mean(x, axis=-1), lambda x: np.mean(x, axis=-1)),
        (lambda x: cupy.var(x, axis=0, ddof=1), lambda x: np.var(x, axis=0, ddof=1)),
        (lambda x: cupy.std(x), lambda x: np.std(x)),
        (lambda x: cupy.max(x, axis=0), lambda x: np.max(x, axis=0)),
        (lambda x: cupy.amin(x), lambda x: np.min(x)),
        (lambda x: cupy.nanmax(x, axis=0), lambda x: np.nanmax(x, axis=0)),
        (lambda x: cupy.nanmin(x), lambda x: np.nanmin(x)),
        (lambda x: cupy.dot(x, x), lambda x: np.dot(x, x)),
        (lambda x: cupy.clip(x, 0.25, 0.5), lambda x: np.clip(x, 0.25, 0.5)),
        (lambda x: cupy.where(x > 0.4, x, 2 * x), lambda x: np.where(x > 0.4, x, 2 * x)),
        (lambda x: cupy.transpose(x), lambda x: np.transpose(x)),
        (lambda x: cupy.reshape(x, (4,)), lambda x: np.reshape(x, (4,))),
        (lambda x: cupy.ravel(x), lambda x: np.ravel(x)),
        (lambda x: cupy.flip(x, 0), lambda x: np.flip(x, 0)),
        (lambda x: cupy.flip(x), lambda x: np.flip(x)),
        (lambda x: cupy.fliplr(x), lambda x: np.fliplr(x)),
        (lambda x: cupy.rot90(x), lambda x: np.rot90(x)),
        (lambda x: cupy.swapaxes(x, 0, 1), lambda x: np.swapaxes(x, 0, 1)),
        (lambda x: cupy.matrix_transpose(x), lambda x: np.matrix_transpose(x)),
        (lambda x: cupy.take(x, [1, 0], axis=1), lambda x: np.take(x, [1, 0], axis=1)),
        (lambda x: cupy.repeat(x, 2, axis=1), lambda x: np.repeat(x, 2, axis=1)),
        (lambda x: cupy.trace(x), lambda x: np.trace(x)),
        (lambda x: cupy.diagonal(x), lambda x: np.diagonal(x)),
        (lambda x: cupy.sort(x, axis=0), lambda x: np.sort(x, axis=0)),
        (lambda x: cupy.squeeze(x[:1]), lambda x: np.squeeze(x[:1])),
        (lambda x: cupy.copy(x), lambda x: np.copy(x)),
        (lambda x: cupy.angle(x), lambda x: np.angle(x)),
        (lambda x: x * cupy.argmax(x, axis=0), lambda x: x * np.argmax(x, axis=0)),
        (lambda x: x * cupy.argmin(x), lambda x: x * np.argmin(x)),
        (lambda x: x * cupy.count_nonzero(x), lambda x: x * np.count_nonzero(x)),
        (lambda x: cupy.linalg.norm(x, axis=1), lambda x: np.linalg.norm(x, axis=1)),
        (lambda x: cupy.add.reduce(x, 1), lambda x: np.add.reduce(x, 1)),
        (lambda x: cupy.multiply.accumulate(x), lambda x: np.multiply.accumulate(x)),
        (lambda x: cupyx.rsqrt(x), lambda x: 1 / np.sqrt(x)),
        (lambda x: special.softmax(x, axis=1), lambda x: softmax(x)),
        (lambda x: cupy.add(x, x, dtype="f4"), lambda x: np.add(x, x, dtype="f4")),
    ],
)
def test_function_that_dispatches(theirs: Any, ours: Any) -> None:
    assert_equal(outcome(theirs, X), outcome(ours, X))
    assert_equal(fg.jvp(theirs, (X,), (X,)), fg.jvp(ours, (X,), (X,)))
    if "nanm" not in str(theirs.__code__.co_names):  # these branch on values, and NumPy's examples are no CuPy arrays
        assert_equal(fg.vmap(theirs)(np.stack([X, X])), fg.vmap(ours)(np.stack([X, X])))


def test_second_derivatives() -> None:
    def f(x: Any) -> Any:
        return cupy.sum(cupy.exp(cupy.sin(x)) * special.erf(x))

    def g(x: Any) -> Any:
        return np.sum(np.exp(np.sin(x)) * scipy.special.erf(x))

    np.testing.assert_array_equal(fg.hessian(f)(X), fg.hessian(g)(X))


def test_writing() -> None:
    def f(x: Any, library: Any) -> Any:
        y = x * 2
        library.sin(x, out=y)
        z = y * 1
        library.add.at(z, (0, [1, 1]), x[0])
        library.maximum.at(z, (1, [0, 0]), x[1])
        library.subtract.at(z, (1, [0, 1]), x[1])
        return library.sum(z * z)

    assert_equal(fg.grad(f)(X, cupy), fg.grad(f)(X, np))


@pytest.mark.parametrize(("name", "ufunc"), [("add", np.add), ("max", np.maximum), ("min", np.minimum)])
def test_scatter(name: str, ufunc: Any) -> None:
    def f(x: Any, update: Any) -> Any:
        y = x * 1
        update(y, ([0, 0], [1, 1]), x[1])
        return y * y

    want = outcome(lambda x: f(x, ufunc.at), X)
    assert_equal(outcome(lambda x: f(x, lambda y, index, v: getattr(y, f"scatter_{name}")(index, v)), X), want)
    assert set(SCATTER.values()) >= {ufunc}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensors() -> None:
    t = fg.tensor([0.3, 0.7], requires_grad=True)
    y = cupy.multiply(cupy.sin(t), special.erf(t))
    assert isinstance(y, fg.Tensor)
    y.sum().backward()
    want = fg.grad(lambda x: np.sum(np.sin(x) * scipy.special.erf(x)))(np.array([0.3, 0.7], np.float32))
    np.testing.assert_allclose(t.grad.numpy(), want, 1e-6)
    assert cupy.nanmax(t).item() == pytest.approx(0.7)


def test_fused_function_runs() -> None:
    fused = cupy.fuse(lambda x: cupy.sin(x) * x)
    assert fg.grad(lambda x: cupy.sum(fused(x)))(X) == pytest.approx(fg.grad(lambda x: np.sum(np.sin(x) * x))(X))


# -- What has no hook ----------------------------------------------------------------------------------------------


def test_interfaces_that_would_lose_the_gradient_are_absent() -> None:
    seen = []

    def f(x: Any) -> Any:
        seen.extend(hasattr(x, name) for name in ("__cuda_array_interface__", "__cupy_get_ndarray__"))
        assert cupy.get_array_module(x) is np
        return np.sum(x)

    fg.grad(f)(X)
    t = fg.tensor([1.0], requires_grad=True)
    seen.extend(hasattr(t, name) for name in ("__cuda_array_interface__", "__cupy_get_ndarray__"))
    assert seen == [False] * 4
    assert cupy.get_array_module(t) is np


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: cupy.cumsum(x), "cupy.cumsum"),
        (lambda x: cupy.concatenate([x, x]), "cupy.concatenate"),
        (lambda x: cupy.stack((x, x)), "cupy.stack"),
        (lambda x: cupy.einsum("ij->i", x), "cupy.einsum"),
        (lambda x: cupy.tensordot(x, x), "cupy.tensordot"),
        (lambda x: cupy.linalg.pinv(x), "cupy.linalg.pinv"),
        (lambda x: cupy.linalg.inv(x), "cupy.linalg.inv"),
        (lambda x: cupy.roll(x, 1), "cupy.roll"),
        (lambda x: cupy.moveaxis(x, 0, 1), "cupy.moveaxis"),
        (lambda x: cupy.median(x), "cupy.median"),
        (lambda x: cupy.searchsorted(x[0], x[0]), "cupy.searchsorted"),
        (lambda x: cupy.asarray(x), "cupy.asarray"),
        (lambda x: cupy.size(x), "compiled function of CuPy's"),
        (lambda x: cupy.matmul(x, x), "kernel of CuPy's"),
    ],
)
def test_error_says_what_to_write(call: Any, name: str) -> None:
    notes = notes_of(lambda: fg.grad(lambda x: np.sum(call(x)))(X))
    assert name in notes
    assert "import funcgrad.cupy as cp" in notes


def notes_of(run: Callable[[], Any]) -> str:
    """Return what is noted on the error that a call raises: of which type depends on whether there is a GPU."""
    try:
        run()
    except Exception as error:
        return " ".join(getattr(error, "__notes__", []))
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("name", ["array", "nan_to_num", "diag", "real"])
def test_lost_gradient_names_the_function(name: str) -> None:
    with pytest.raises(fg.LostGradientError, match=rf"cupy\.{name} .* funcgrad\.cupy\.{name}"):
        fg.grad(lambda x: np.sum(getattr(cupy, name)(x)))(X)


def test_assignment_into_a_plain_array_is_refused() -> None:
    """CuPy copies what is assigned by a ufunc, into a view of the array."""

    def f(x: Any) -> Any:
        cupy._core.elementwise_copy(x[0], DeviceArray(np.zeros(2)))
        return np.sum(x)

    with pytest.raises(fg.LostGradientError, match=r"plain CuPy array .* shape \(2,\).*import funcgrad\.cupy as cp"):
        fg.grad(f)(X)
    t = fg.tensor([2.0, 3.0], requires_grad=True)
    out = np.zeros(2)
    with pytest.raises(fg.LostGradientError, match="detach"):
        cupy._core.elementwise_copy(t, out)
    cupy._core.elementwise_copy(t.detach(), out)
    np.testing.assert_array_equal(out, [2.0, 3.0])


def test_assignment_into_a_traced_array() -> None:
    def f(x: Any) -> Any:
        y = x * 1
        cupy._core.elementwise_copy(y[0] * y[1], y[1])
        return np.sum(y**2)

    def g(x: Any) -> Any:
        return np.sum(np.stack([x[0], x[0] * x[1]]) ** 2)

    np.testing.assert_allclose(fg.grad(f)(X), fg.grad(g)(X))


def test_errors_of_others_are_left_alone() -> None:
    def f(x: Any) -> Any:
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine") as caught:
        fg.grad(f)(1.0)
    assert not hasattr(caught.value, "__notes__")
    with pytest.raises(TypeError) as caught:
        fg.grad(lambda x: cupy.cumsum([1.0]) * x)(1.0)  # CuPy's own complaint about a list
    assert not hasattr(caught.value, "__notes__")


def test_importing_funcgrad_does_not_import_cupy() -> None:
    text = "import funcgrad, sys; funcgrad.grad(lambda x: x * x)(1.0); assert 'cupy' not in sys.modules"
    subprocess.run([sys.executable, "-c", text], check=True)


# -- Kernels with derivatives of the user's ----------------------------------------------------------------------


@pytest.fixture
def cube() -> Any:
    """A kernel, which is forgotten afterwards."""
    made = cupy.ElementwiseKernel("T x, T c", "T y", "y = c * x * x * x", "cube")
    yield made
    CALLS.pop(made, None)


def test_kernel_without_a_rule_is_refused(cube: Any) -> None:
    with pytest.raises(NotImplementedError, match=r"cube = funcgrad\.extend\.kernel\(cube, Elementwise"):
        fg.grad(lambda x: np.sum(cube(x, 2.0)))(X)
    t = fg.tensor([1.0], requires_grad=True)
    with pytest.raises(NotImplementedError, match=r"funcgrad\.extend\.kernel"):
        cube(t, 2.0)


def test_elementwise_kernel(cube: Any) -> None:
    kernel(cube, Elementwise, lambda g, x, c: g * 3 * c * x**2)
    assert call_of(cube) is not None
    x = DeviceArray(X)
    with emulate(cube, lambda x, c: c * x**3), host_copies() as copies:
        for f in (lambda x: cube(x, 2.0), lambda x: cube(x, c=2.0) if False else cube(x, 2.0, block_size=64)):
            y, pull = fg.vjp(f, x)
            (gx,) = (pull(DeviceArray(np.ones((2, 2)))),)
            gx = gx[0] if isinstance(gx, tuple) else gx
            np.testing.assert_allclose(y.array, 2 * X**3)
            np.testing.assert_allclose(gx.array, 6 * X**2)
            _, dy = fg.jvp(f, (x,), (x,))
            np.testing.assert_allclose(dy.array, 6 * X**3)
        second = fg.grad(lambda x: np.sum(fg.grad(lambda x: np.sum(cube(x, 2.0)))(x)))(x)
        np.testing.assert_allclose(second.array, 12 * X)
        np.testing.assert_allclose(fg.vmap(lambda x: cube(x, 2.0))(x).array, 2 * X**3)
    assert copies == []


def test_kernel_is_stated_once(cube: Any) -> None:
    kernel(cube, Elementwise, lambda g, x: g)
    with pytest.raises(ValueError, match="cube has rules already"):
        kernel(cube, Elementwise, lambda g, x: g)
    kernel(cube, Elementwise, lambda g, x: 2 * g, replace=True)


def test_reduction_kernel() -> None:
    total = cupy.ReductionKernel("T x", "T y", "x", "a + b", "y = a", "0", "total")

    def adjoint(g: Any, X: Any, axis: Any, keepdims: Any) -> Any:
        return np.broadcast_to(g if keepdims or axis is None else np.expand_dims(g, axis), X.shape)

    f = kernel(total, Linear, adjoint)
    x = np.ones((2, 3))
    seen: list[Any] = []

    class Stand:
        """Takes the place of the compiled kernel."""

        nin, nout, name, in_params = 1, 1, "total", total.in_params

        def __call__(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
            seen.append(type(x))
            return np.sum(x, axis=axis, keepdims=keepdims)

    Stand.__name__ = "ReductionKernel"
    f = kernel(Stand(), Linear, adjoint)
    np.testing.assert_array_equal(fg.grad(lambda x: np.sum(f(x, axis=1) ** 2))(x), 6 * np.ones((2, 3)))
    np.testing.assert_array_equal(f(x, axis=0), [2.0, 2.0, 2.0])
    t = fg.ones(2, 3, requires_grad=True)
    f(t, axis=1, keepdims=True).sum().backward()
    np.testing.assert_array_equal(t.grad.numpy(), np.ones((2, 3)))
    assert set(seen) == {np.ndarray}


def test_raw_kernel_is_refused() -> None:
    raw = cupy.RawKernel('extern "C" __global__ void f() {}', "f")
    with pytest.raises(TypeError, match=r"f returns nothing.*allocates the output"):
        kernel(raw, Elementwise, lambda g: g)
