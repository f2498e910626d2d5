"""Labelled arrays: xarray's as arguments and data, and how pandas's are refused."""

from typing import Any

import numpy as np
import pytest

import funcgrad as fg

# -- xarray --------------------------------------------------------------------------------------------------

xr = pytest.importorskip("xarray")

GRID = xr.DataArray([[1.0, 2.0], [3.0, 4.0]], dims=("x", "y"), coords={"x": [10, 20]}, name="t", attrs={"unit": "K"})


def test_gradients_have_the_labels() -> None:
    def f(t: Any) -> Any:
        assert isinstance(t, xr.DataArray)
        assert t.attrs == {"unit": "K"}
        return ((t.sel(x=20) - t.mean("x")) ** 2).sum("y") + np.sin(t).isel(x=0, y=1)

    g = fg.grad(f)(GRID)
    assert isinstance(g, xr.DataArray)
    assert g.dims == GRID.dims
    xr.testing.assert_equal(g.x, GRID.x)
    expected = fg.grad(lambda t: np.sum((t[1] - np.mean(t, 0)) ** 2) + np.sin(t[0, 1]))(GRID.values)
    np.testing.assert_allclose(g.values, expected)
    value, same = fg.value_and_grad(f)(GRID)
    np.testing.assert_allclose(value, f(GRID).item())
    xr.testing.assert_equal(same, g)
    second = fg.grad(lambda t: (fg.grad(f)(t) ** 2).sum())(GRID)
    step = 1e-6
    moved = [
        (f2 - f1) / (2 * step)
        for f1, f2 in [[sum_of_squares(f, GRID + s * unit) for s in (-step, step)] for unit in units()]
    ]
    np.testing.assert_allclose(second.values.ravel(), moved, rtol=1e-5, atol=1e-7)


def units() -> Any:
    return [GRID.copy(data=np.eye(4)[i].reshape(2, 2)) for i in range(4)]


def sum_of_squares(f: Any, t: Any) -> Any:
    return float((fg.grad(f)(t) ** 2).sum())


def test_other_transforms() -> None:
    y, pullback = fg.vjp(np.sin, GRID)
    xr.testing.assert_equal(y, np.sin(GRID))
    xr.testing.assert_allclose(pullback(GRID)[0], np.cos(GRID) * GRID)
    _, dy = fg.jvp(np.sin, (GRID,), (GRID,))
    xr.testing.assert_allclose(dy, np.cos(GRID) * GRID)
    np.testing.assert_allclose(fg.jacfwd(lambda t: t.mean("x") ** 2)(GRID), fg.jacrev(lambda t: t.mean("x") ** 2)(GRID))
    with pytest.raises(ValueError, match="tree structure"):
        fg.jvp(np.sin, (GRID,), (GRID.assign_coords(x=[1, 2]),))
    with pytest.raises(TypeError, match=r"scalar output, got shape \(2, 2\)"):
        fg.grad(np.sin)(GRID)


def test_sets_and_variables() -> None:
    both = xr.Dataset({"t": GRID, "p": ("x", [5.0, 6.0])})
    g = fg.grad(lambda d: (d.t * d.p).sum())(both)
    assert isinstance(g, xr.Dataset)
    np.testing.assert_allclose(g.t, [[5, 5], [6, 6]])
    np.testing.assert_allclose(g.p, [3, 7])
    g = fg.grad(lambda v: (v**2).sum())(GRID.variable)
    assert isinstance(g, xr.Variable)
    np.testing.assert_allclose(g.values, 2 * GRID.values)
    with pytest.raises(TypeError, match="real scalar, got Dataset"):
        fg.grad(lambda d: d.sum())(both)
    tree = fg.grad(lambda p: (p["t"] * p["w"]).sum())({"t": GRID, "w": 2.0})
    assert isinstance(tree["t"], xr.DataArray)
    assert tree["w"] == 10


@pytest.mark.parametrize(
    "product",
    [lambda w: w * GRID, lambda w: GRID * w, lambda w: np.multiply(w, GRID), lambda w: GRID - w**2, lambda w: w / GRID],
)
def test_labelled_data(product: Any) -> None:
    w = np.array([[0.5, 1.0], [2.0, 3.0]])
    plain = fg.grad(lambda w: sum_of(product(w)))(w)
    step = 1e-6
    expected = [
        (sum_of(product(w + step * e)) - sum_of(product(w - step * e))) / (2 * step) for e in np.eye(4).reshape(4, 2, 2)
    ]
    assert type(plain) is np.ndarray
    np.testing.assert_allclose(plain.ravel(), expected, rtol=1e-6)


def sum_of(x: Any) -> Any:
    assert isinstance(x, xr.DataArray)
    return (x**2).sum()


def test_labelled_data_that_must_be_converted() -> None:
    w = np.ones((2, 2))
    with pytest.raises(TypeError, match=r"where: a traced value met a DataArray.*x\.data of xarray"):
        fg.grad(lambda w: np.sum(np.where(GRID > 1, w, 0)))(w)
    np.testing.assert_array_equal(fg.grad(lambda w: np.sum(np.where(GRID.data > 1, w, 0)))(w), [[0, 1], [1, 1]])


# -- pandas --------------------------------------------------------------------------------------------------


def test_pandas_is_refused() -> None:
    pd = pytest.importorskip("pandas")
    series, frame = pd.Series([1.0, 2.0], index=["a", "b"]), pd.DataFrame({"u": [1.0, 2.0], "v": [3.0, 4.0]})
    for x in (series, frame):
        for transform in (fg.grad(np.sum), lambda x: fg.vjp(np.sin, x), lambda x: fg.jvp(np.sin, (x,), (x,))):
            with pytest.raises(TypeError, match=rf"pandas\.{type(x).__name__} cannot be traced.*x\.to_numpy"):
                transform(x)
        with pytest.raises(TypeError, match="cannot be traced"):
            fg.grad(lambda p: np.sum(p["w"]))({"w": np.ones(2), "x": x})
    w = np.ones(2)
    for f in (lambda w: w * series, lambda w: series * w, lambda w: frame - w, lambda w: np.multiply(w, series)):
        with pytest.raises(TypeError, match=r"a traced value met a (Series|DataFrame).*x\.to_numpy"):
            fg.grad(lambda w, f=f: np.sum(f(w)))(w)
    with pytest.raises(TypeError, match="concatenate: a traced value met a Series"):
        fg.grad(lambda w: np.sum(np.concatenate([w, series])))(w)
    np.testing.assert_array_equal(fg.grad(lambda w: np.sum(frame.to_numpy() @ w))(w), [3, 7])
    np.testing.assert_array_equal(fg.grad(lambda w, s: np.sum(w * s.to_numpy()))(w, series), [1, 2])
    np.testing.assert_array_equal(fg.grad(lambda w: np.sum(w[series > 1]))(w), [0, 1])


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_arrays_of_other_libraries_are_refused(library: str) -> None:
    module = pytest.importorskip("torch" if library == "torch" else "jax.numpy")
    x = module.ones(2)
    with pytest.raises(TypeError, match=r"cannot be traced.*np\.from_dlpack"):
        fg.grad(lambda p: np.sum(p["w"]))({"w": np.ones(2), "x": x})
    with pytest.raises(TypeError, match=r"cannot be traced.*np\.from_dlpack"):
        fg.grad(np.sum)(x)
