"""The matrix of transforms: every pair judged by JAX, every triple by differences of the pairs.

A transform here turns a function of a vector with a scalar result into another one, so that they compose to any depth.
"""

import itertools
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import funcgrad as fg

Function = Callable[[Any], Any]
Transform = Callable[[Any, Any, Function], Function]

X = np.array([0.6, -0.4, 0.9])
V = np.array([0.3, 0.5, -0.2])
M = np.array([[0.4, -0.3, 0.2], [0.1, 0.5, -0.6], [0.3, 0.2, -0.1]])


def program(xp: Any) -> Function:
    return lambda x: xp.sum(xp.sin(x) * x[::-1]) + xp.prod(x) * xp.exp(x[0] * x[1])


def pair_of(xp: Any, f: Function) -> Function:
    """Return a function with two outputs, for Jacobians."""
    return lambda x: xp.stack([f(x), xp.sin(f(0.5 * x))])


def custom_vjp(lib: Any, xp: Any, f: Function) -> Function:
    g = lib.custom_vjp(f)
    g.defvjp(lambda x: (f(x), x), lambda x, c: (c * lib.grad(f)(x),))
    return lambda x: xp.sin(g(x))


def custom_jvp(lib: Any, xp: Any, f: Function) -> Function:
    g = lib.custom_jvp(f)
    g.defjvp(lambda primals, tangents: (f(*primals), xp.sum(lib.grad(f)(*primals) * tangents[0])))
    return lambda x: xp.sin(g(x))


def scan(lib: Any, xp: Any, f: Function) -> Function:
    step = getattr(lib, "lax", lib).scan
    return lambda x: step(lambda c, t: (c + xp.sin(f(x * t)), c), 0.0 * x[0], xp.asarray([1.0, 0.5]))[0]


TRANSFORMS: dict[str, Transform] = {
    "grad": lambda lib, xp, f: lambda x: xp.sum(xp.sin(lib.grad(f)(x)) * V),
    "vjp": lambda lib, xp, f: lambda x: xp.sum(lib.vjp(f, x)[1](xp.cos(x[0]))[0] * V),
    "jvp": lambda lib, xp, f: lambda x: lib.jvp(f, (x,), (V * x,))[1],
    "linearize": lambda lib, xp, f: lambda x: lib.linearize(f, x)[1](V * x),
    "jacfwd": lambda lib, xp, f: lambda x: xp.sum(lib.jacfwd(pair_of(xp, f))(x) * M[:2]),
    "jacrev": lambda lib, xp, f: lambda x: xp.sum(lib.jacrev(pair_of(xp, f))(x) * M[:2]),
    "hessian": lambda lib, xp, f: lambda x: xp.sum(xp.sin(lib.hessian(f)(x)) * M),
    "vmap": lambda lib, xp, f: lambda x: xp.sum(lib.vmap(f)(xp.stack([x, 0.5 * x])) * V[:2]),
    "checkpoint": lambda lib, xp, f: lambda x: xp.sin(lib.checkpoint(f)(x)),
    "custom_vjp": custom_vjp,
    "custom_jvp": custom_jvp,
    "scan": scan,
}

#: Pairs that JAX refuses: a function with a custom_vjp rule has no forward mode.
FORWARD = ("jvp", "linearize", "jacfwd", "hessian")


def names(count: int) -> Iterator[tuple[str, ...]]:
    """Yield the compositions, innermost first, that have a meaning: nothing forward goes through a custom_vjp."""
    for chain in itertools.product(TRANSFORMS, repeat=count):
        inner = [i for i, name in enumerate(chain) if name == "custom_vjp"]
        if not any(name in FORWARD for i in inner[:1] for name in chain[i + 1 :]):
            yield chain


def compose(lib: Any, xp: Any, chain: tuple[str, ...]) -> Function:
    f = program(xp)
    for name in chain:
        f = TRANSFORMS[name](lib, xp, f)
    return f


@pytest.mark.parametrize("chain", list(names(2)), ids=" of ".join)
def test_pairs_agree_with_jax(chain: tuple[str, ...]) -> None:
    jax = pytest.importorskip("jax")
    got = compose(fg, np, chain)(X)
    np.testing.assert_allclose(got, jax.jit(compose(jax, jax.numpy, chain))(X), 1e-9)


# Triples: the outermost transform by differences of the function that it is applied to


def difference(f: Function, v: Any, h: float = 1e-4) -> Function:
    """Return the directional derivative of `f`, by central differences of fourth order."""
    return lambda x: (8 * (f(x + h * v) - f(x - h * v)) - (f(x + 2 * h * v) - f(x - 2 * h * v))) / (12 * h)


def gradient(f: Function) -> Function:
    return lambda x: np.stack([difference(f, e)(x) for e in np.eye(3)])


def second(f: Function, h: float = 1e-3) -> Function:
    """Return the Hessian of `f` by differences of differences."""
    return lambda x: np.stack(
        [np.stack([difference(difference(f, e, h), d, h)(x) for d in np.eye(3)]) for e in np.eye(3)]
    )


NUMERIC: dict[str, Callable[[Function], Function]] = {
    "grad": lambda f: lambda x: np.sum(np.sin(gradient(f)(x)) * V),
    "vjp": lambda f: lambda x: np.sum(np.cos(x[0]) * gradient(f)(x) * V),
    "jvp": lambda f: lambda x: difference(f, V * x)(x),
    "linearize": lambda f: lambda x: difference(f, V * x)(x),
    "jacfwd": lambda f: lambda x: np.sum(np.stack([gradient(f)(x), gradient(lambda y: np.sin(f(0.5 * y)))(x)]) * M[:2]),
    "jacrev": lambda f: lambda x: np.sum(np.stack([gradient(f)(x), gradient(lambda y: np.sin(f(0.5 * y)))(x)]) * M[:2]),
    "hessian": lambda f: lambda x: np.sum(np.sin(second(f)(x)) * M),
    "vmap": lambda f: lambda x: np.sum(np.stack([f(x), f(0.5 * x)]) * V[:2]),
    "checkpoint": lambda f: lambda x: np.sin(f(x)),
    "custom_vjp": lambda f: lambda x: np.sin(f(x)),
    "custom_jvp": lambda f: lambda x: np.sin(f(x)),
    "scan": lambda f: lambda x: np.sin(f(x)) + np.sin(f(0.5 * x)),
}


@pytest.mark.parametrize("inner", list(names(2)), ids=" of ".join)
def test_triples_agree_with_differences(inner: tuple[str, ...]) -> None:
    f = compose(fg, np, inner)
    for outer in TRANSFORMS:
        if (*inner, outer) in TRIPLES:
            got = TRANSFORMS[outer](fg, np, f)(X)
            np.testing.assert_allclose(got, NUMERIC[outer](f)(X), 1e-5, 1e-6, err_msg=outer)


#: A quarter of them, or all if ``FUNCGRAD_EXAMPLES`` asks for more.
TRIPLES = frozenset(list(names(3))[:: 1 if "FUNCGRAD_EXAMPLES" in os.environ else 4])


def test_print_the_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    """Not a test of its own: the table of what the others have shown."""
    known = set(names(2))
    with capsys.disabled():
        print(f"\n{len(known)} pairs (row of column) and {len(TRIPLES)} triples of transforms")
        print(" " * 12 + "".join(f"{name[:10]:>11}" for name in TRANSFORMS))
        for outer in TRANSFORMS:
            cells = ("ok" if (inner, outer) in known else "-" for inner in TRANSFORMS)
            print(f"{outer:12}" + "".join(f"{cell:>11}" for cell in cells))
    assert len(known) == len(TRANSFORMS) ** 2 - len(FORWARD)


# Contexts: threads, exceptions, and variables of the same name


@pytest.mark.parametrize("inner", ["grad", "jvp", "jacfwd", "derivative"])
@pytest.mark.parametrize("outer", ["grad", "jvp", "jacfwd", "derivative"])
def test_no_perturbation_confusion(outer: str, inner: str) -> None:
    """The derivative of ``x * d/dy (x + y)`` is 1, not 2 (Siskind and Pearlmutter, 2005); and its kin."""
    slope: dict[str, Callable[[Function], Function]] = {
        "grad": fg.grad,
        "jvp": lambda f: lambda x: fg.jvp(f, (x,), (np.ones_like(x),))[1],
        "jacfwd": fg.jacfwd,
        "derivative": fg.derivative,
    }
    d, e = slope[outer], slope[inner]
    assert d(lambda x: x * e(lambda y: x + y)(1.0))(1.0) == 1.0
    assert d(lambda x: x * e(lambda y: x * y)(2.0))(3.0) == 6.0
    assert d(lambda x: e(lambda y: e(lambda z: x * y * z)(1.0) * y)(2.0))(3.0) == 4.0


def test_threads() -> None:
    """Eight threads, each with a composition of its own, a thousand rounds in all."""
    chains = [chain for chain in names(2) if "hessian" not in chain][:: len(TRANSFORMS) + 2][:8]
    assert len({chain[0] for chain in chains}) > 3
    functions = [compose(fg, np, chain) for chain in chains]
    want = [f(X) for f in functions]
    wrong: list[Any] = []

    def work(n: int) -> None:
        for _ in range(125):
            got = functions[n](X)
            if got != want[n]:
                wrong.append((chains[n], got, want[n]))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("chain", list(names(2))[::5], ids=" of ".join)
def test_exceptions_leave_nothing_behind(chain: tuple[str, ...]) -> None:
    """The fixture `no_leaks` looks at what is left."""

    def broken(x: Any) -> Any:
        y = np.sum(np.sin(x))
        raise ZeroDivisionError(type(y).__name__)

    f: Function = broken
    for name in chain:
        f = TRANSFORMS[name](fg, np, f)
    with pytest.raises(ZeroDivisionError):
        f(X)
