"""A checker of derivatives: :func:`check_grads` compares what the transforms return with central differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import funcgrad as fg
from funcgrad._typing import AnyFunction, Array, PyTree
from funcgrad.tree import flatten, flatten_with_paths

__all__ = ["check_grads"]

#: Up to this many elements each is varied by itself; above, a few random directions are.
MAX_ELEMENTS = 64

#: (points, weights) of the central difference of fourth order.
STENCIL = ((1, -1, 2, -2), (2 / 3, -2 / 3, -1 / 12, 1 / 12))


def check_grads(
    f: AnyFunction,
    args: Sequence[PyTree],
    order: int = 2,
    modes: str | Sequence[str] = ("fwd", "rev"),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
) -> None:
    """Compare the derivatives of a function with central differences.

    Every floating or complex array among the arguments is varied, complex ones along the real and the imaginary
    direction; everything else is held fixed. Differences are taken in double precision, whatever the dtype of the
    arguments. Every element of small arguments is checked, random directions of large ones. The value that comes with
    a derivative must be that of the function, and a derivative must have the dtype of what it belongs to.

    Parameters
    ----------
    f : callable
        A function of arrays or pytrees that returns an array or a pytree.
    args : sequence
        The arguments at which to check, away from kinks by a few `eps`.
    order : int
        How many derivatives to check: 2 checks also the derivatives of the first derivative, in every combination of
        the modes.
    modes : sequence of {"fwd", "rev", "lin"}, or one of them
        Which of ``jvp``, ``vjp`` and ``linearize`` to check.
    atol, rtol : float, optional
        The allowed difference is ``atol + rtol * abs(difference quotient)``. By default both are 1e-6, or 2e-3 when an
        array has single precision or less.
    eps : float, optional
        The step of the differences, 1e-4 by default.

    Raises
    ------
    AssertionError
        If a derivative differs; the message names the mode, the argument, the element and both numbers.
    ValueError
        If a mode is unknown, or there is nothing to differentiate.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.testing import check_grads
    >>> check_grads(lambda p: np.tanh(p["x"] @ p["w"]), [{"x": np.ones((2, 3)), "w": np.arange(3.0)}])
    """
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    unknown = set(modes) - {"fwd", "rev", "lin"}
    if unknown or not modes:
        raise ValueError(f"check_grads: modes are 'fwd', 'rev' and 'lin', not {sorted(unknown) or 'none'}")
    leaves, structure = flatten(tuple(args))
    names = [f"argument {i}{path}" for i, arg in enumerate(args) for path, _ in flatten_with_paths(arg)]
    varied = [i for i, leaf in enumerate(leaves) if is_inexact(leaf)]
    if not varied:
        raise ValueError("check_grads: no argument holds a floating or complex array")
    xs = [np.asarray(leaves[i]) for i in varied]

    def of_arrays(*xs: Array) -> tuple[Array, ...]:
        full = list(leaves)
        for i, x in zip(varied, xs, strict=True):
            full[i] = x
        outputs, _ = flatten(f(*structure.unflatten(full)))
        return tuple(y if hasattr(y, "dtype") else np.asarray(y) for y in outputs if is_inexact(y))

    default = 1e-6 if all(np.finfo(x.dtype).precision >= 15 for x in xs) else 2e-3
    checker = Checker(
        names=[names[i] for i in varied],
        title=getattr(f, "__name__", repr(f)),
        modes=modes,
        rtol=default if rtol is None else rtol,
        atol=default if atol is None else atol,
        eps=1e-4 if eps is None else eps,
    )
    checker.check(of_arrays, xs, order, "")


class Checker:
    """What stays the same while derivatives of one function are checked, and of its derivatives."""

    def __init__(
        self, names: list[str], title: str, modes: Sequence[str], rtol: float, atol: float, eps: float
    ) -> None:
        self.names, self.title, self.modes = names, title, modes
        self.rtol, self.atol, self.eps = rtol, atol, eps
        self.rng = np.random.default_rng(0)

    def check(self, f: AnyFunction, xs: list[Array], order: int, of: str) -> None:
        """Check the first derivative of `f`, then the others; `of` says which derivative `f` is itself."""
        if order == 0:
            return
        outputs, pullback = fg.vjp(f, *xs) if "rev" in self.modes else (f(*xs), None)
        linear, pushforward = fg.linearize(f, *xs) if "lin" in self.modes else (outputs, None)
        gys = tuple(self.random_like(y) for y in outputs)
        gxs = pullback(gys) if pullback else None
        if not of:  # the values of derivatives are compared with differences themselves
            self.same(f(*xs), outputs, "reverse mode")
            self.same(f(*xs), linear, "linearize")
        if gxs is not None:
            self.same_dtypes(gxs, xs, f"reverse mode{of}", self.names)
        for direction, dxs in self.directions(xs):
            differences = self.central_difference(f, xs, dxs)
            if "fwd" in self.modes:
                ys, dys = fg.jvp(f, tuple(xs), tuple(dxs))
                self.same(outputs, ys, f"forward mode{of}")
                self.compare_all(dys, differences, outputs, f"forward mode{of}", direction)
            if pushforward is not None:
                self.compare_all(pushforward(*dxs), differences, outputs, f"linearize{of}", direction)
            if gxs is not None:
                self.compare(pairing(gxs, dxs), pairing(gys, differences), f"reverse mode{of}", direction)
        if "fwd" in self.modes:
            tangents = [self.random_like(x) for x in xs]

            def pushed(*xs: Array) -> Any:
                return fg.jvp(f, xs, tuple(dx.astype(x.dtype) for dx, x in zip(tangents, xs, strict=True)))[1]

            self.check(pushed, xs, order - 1, f" of forward mode{of}")
        if "rev" in self.modes:

            def pulled(*xs: Array) -> Any:
                outputs, pullback = fg.vjp(f, *xs)
                return pullback(tuple(gy.astype(y.dtype) for gy, y in zip(gys, outputs, strict=True)))

            self.check(pulled, xs, order - 1, f" of reverse mode{of}")
        if "lin" in self.modes:
            directions = [self.random_like(x) for x in xs]

            def linearized(*xs: Array) -> Any:
                _, pushforward = fg.linearize(f, *xs)
                return pushforward(*[dx.astype(x.dtype) for dx, x in zip(directions, xs, strict=True)])

            self.check(linearized, xs, order - 1, f" of linearize{of}")

    def random_like(self, x: Array) -> Array:
        """Draw numbers of the shape and dtype of `x`."""
        parts = self.rng.uniform(-1, 1, (2, *np.shape(x)))
        return np.asarray(parts[0] + 1j * parts[1] if np.iscomplexobj(x) else parts[0]).astype(x.dtype)

    def directions(self, xs: list[Array]) -> Iterator[tuple[str, list[Array]]]:
        """Yield directions with their names: every element of every array, or some random ones."""
        if sum(x.size for x in xs) > MAX_ELEMENTS:
            for _ in range(8):
                yield f"a random direction of {', '.join(self.names)}", [self.random_like(x) for x in xs]
            return
        for place, (name, x) in enumerate(zip(self.names, xs, strict=True)):
            for index in np.ndindex(x.shape):
                for unit, kind in ((1, ""), (1j, ", imaginary direction"))[: 1 + np.iscomplexobj(x)]:
                    dxs = [np.zeros_like(x) for x in xs]
                    dxs[place][index] = unit
                    yield f"{name}{list(index) if index else ''}{kind}", dxs

    def central_difference(self, f: AnyFunction, xs: list[Array], dxs: list[Array]) -> list[Array]:
        """Return the derivative of `f` along a direction, by differences of fourth order in double precision."""
        total: list[Array] = []
        for point, weight in zip(*STENCIL, strict=True):
            moved = [widen(x) + point * self.eps * widen(dx) for x, dx in zip(xs, dxs, strict=True)]
            terms = [weight / self.eps * np.asarray(y) for y in f(*moved)]
            total = [a + b for a, b in zip(total, terms, strict=True)] if total else terms
        return total

    def same(self, expected: Sequence[Array], got: Sequence[Array], mode: str) -> None:
        """Raise if the value that comes with a derivative is not the function's."""
        for i, (y, other) in enumerate(zip(expected, got, strict=True)):
            y, other = np.asarray(y), np.asarray(other)
            if y.shape != other.shape or not np.allclose(y, other, self.rtol, self.atol, equal_nan=True):
                raise AssertionError(
                    f"check_grads: {mode} of {self.title}: output {i} is {other}, that of the function itself is {y}"
                )

    def same_dtypes(self, gs: Sequence[Array], xs: Sequence[Array], mode: str, names: Sequence[str]) -> None:
        """Raise if a derivative is of another dtype than what it belongs to."""
        for g, x, name in zip(gs, xs, names, strict=True):
            if g.dtype != x.dtype:
                raise AssertionError(
                    f"check_grads: {mode} of {self.title}: {name} has dtype {x.dtype}, its derivative {g.dtype}"
                )

    def compare_all(
        self, dys: Sequence[Array], differences: Sequence[Array], outputs: Sequence[Array], mode: str, direction: str
    ) -> None:
        """Compare the tangents of all outputs with differences."""
        names = [f"output {i}" for i in range(len(outputs))]
        self.same_dtypes(dys, outputs, mode, names)
        for dy, expected, name in zip(dys, differences, names, strict=True):
            self.compare(dy, expected, mode, direction, name)

    def compare(self, got: Array, expected: Array, mode: str, direction: str, output: str = "") -> None:
        """Raise if a derivative differs from the differences."""
        got, expected = np.asarray(got), np.asarray(expected)
        if got.shape != expected.shape:
            raise AssertionError(
                f"check_grads: {mode} of {self.title}: {direction}: {output} has a derivative of shape {got.shape}; "
                f"its own shape is {expected.shape}"
            )
        error, allowed = abs(got - expected), self.atol + self.rtol * abs(expected)
        if np.all(error <= allowed):
            return
        worst = np.unravel_index(
            np.argmax(np.where(error <= allowed, -1.0, np.nan_to_num(error, nan=np.inf))), got.shape
        )
        place = f", {output}{[int(i) for i in worst] if worst else ''}" if output else ""
        raise AssertionError(
            f"check_grads: {mode} of {self.title} disagrees with differences\n"
            f"  along            {direction}{place}\n"
            f"  derivative       {got[worst]}\n"
            f"  by differences   {expected[worst]}\n"
            f"  they differ by   {error[worst]:.3g}, allowed is {allowed[worst]:.3g} "
            f"(rtol={self.rtol:g}, atol={self.atol:g}, eps={self.eps:g})"
        )


def pairing(gs: Sequence[Array], dxs: Sequence[Array]) -> Array:
    """Return the real part of the sum of products: what a cotangent and a tangent say together."""
    return np.asarray(sum(np.real(np.sum(widen(g) * widen(dx))) for g, dx in zip(gs, dxs, strict=True)))


def widen(x: Array) -> Array:
    """Convert to double precision, real or complex."""
    return np.asarray(x, np.result_type(x, np.float64))


def is_inexact(x: Any) -> bool:
    """Whether a derivative with respect to this leaf has a meaning."""
    return isinstance(x, float | complex) or (hasattr(x, "dtype") and np.issubdtype(x.dtype, np.inexact))
