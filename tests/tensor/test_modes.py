"""Grad modes as PyTorch has them: context managers, functions, decorators of all kinds of functions."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

import funcgrad as fg

torch = pytest.importorskip("torch")


def same(program: Callable[[Any], Any]) -> None:
    assert program(fg) == program(torch)


def tracked(t: Any) -> bool:
    return bool((t.ones(1, requires_grad=True) * 2).requires_grad)


MODES: dict[str, Callable[[Any], Any]] = {
    "no_grad": lambda t: t.no_grad(),
    "enable_grad": lambda t: t.enable_grad(),
    "off": lambda t: t.set_grad_enabled(False),
    "on": lambda t: t.set_grad_enabled(True),
    "inference": lambda t: t.inference_mode(),
    "no inference": lambda t: t.inference_mode(False),
}


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("inner", MODES)
def test_nesting(outer: str, inner: str) -> None:
    def program(t: Any) -> Any:
        seen = []

        def look() -> None:
            seen.append((tracked(t), t.is_grad_enabled(), t.is_inference_mode_enabled()))

        with MODES[outer](t):
            look()
            with MODES[inner](t):
                look()
            look()
        look()
        return seen

    same(program)


@pytest.mark.parametrize("name", MODES)
def test_decorating(name: str) -> None:
    def program(t: Any) -> Any:
        @MODES[name](t)
        def function(a: int, b: int = 2) -> Any:
            return a, b, tracked(t)

        class Owner:
            @MODES[name](t)
            def method(self) -> Any:
                return type(self).__name__, tracked(t)

            @classmethod
            @MODES[name](t)
            def of_class(cls) -> Any:
                return cls.__name__, tracked(t)

            @staticmethod
            @MODES[name](t)
            def static() -> Any:
                return tracked(t)

        results = function(1), function(1, b=3), Owner().method(), Owner.of_class(), Owner.static()
        return results, function.__name__, tracked(t)

    same(program)


def test_decorating_without_parentheses() -> None:
    def program(t: Any) -> Any:
        functions = [mode(lambda: tracked(t)) for mode in (t.no_grad, t.enable_grad, t.inference_mode)]
        with t.no_grad():
            inside = [f() for f in functions]
        return inside, [f() for f in functions]

    same(program)


def test_decorating_changes_nothing_by_itself() -> None:
    def program(t: Any) -> Any:
        @t.set_grad_enabled(False)
        def function() -> bool:
            return tracked(t)

        return tracked(t), function(), tracked(t)

    same(program)


def test_a_function_that_switches() -> None:
    def program(t: Any) -> Any:
        t.set_grad_enabled(False)
        off = tracked(t)
        t.set_grad_enabled(True)
        return off, tracked(t)

    same(program)


def test_errors_restore_the_mode() -> None:
    def program(t: Any) -> Any:
        @t.no_grad()
        def fails() -> None:
            raise ValueError("as it should")

        with pytest.raises(ValueError, match="should"):
            fails()
        with pytest.raises(KeyError), t.no_grad():
            raise KeyError
        return tracked(t)

    same(program)


def test_generators() -> None:
    def program(t: Any) -> Any:
        log: list[Any] = []

        @t.no_grad()
        def generate() -> Any:
            try:
                sent = yield tracked(t)
                log.append(sent)
                try:
                    yield tracked(t)
                except ValueError:
                    yield "thrown", tracked(t)
                return 5
            finally:
                log.append(("closed", tracked(t)))

        g = generate()
        log += [next(g), tracked(t), g.send(3), g.throw(ValueError()), tracked(t)]
        try:
            next(g)
        except StopIteration as stop:
            log.append(stop.value)
        g = generate()
        next(g)
        g.close()
        return [*log, tracked(t)]

    same(program)


def test_coroutines_and_asynchronous_generators() -> None:
    @fg.no_grad()
    async def wait() -> bool:
        await asyncio.sleep(0)
        return tracked(fg)

    @fg.no_grad
    async def generate() -> Any:
        yield tracked(fg)
        await asyncio.sleep(0)
        yield tracked(fg)

    async def main() -> Any:
        found = [(inside, tracked(fg)) async for inside in generate()]
        return await asyncio.gather(wait(), *[asyncio.sleep(0, tracked(fg)) for _ in range(2)]), found

    assert asyncio.run(main()) == ([False, True, True], [(False, True), (False, True)])


def test_one_object_may_be_entered_often() -> None:
    mode = fg.no_grad()
    with mode:
        with mode:
            inner = tracked(fg)
        middle = tracked(fg)
    assert (inner, middle, tracked(fg)) == (False, False, True)


def test_modes_belong_to_a_thread() -> None:
    mode = fg.no_grad()
    found: list[bool] = []
    with mode:
        thread = threading.Thread(target=lambda: found.append(tracked(fg)))
        thread.start()
        thread.join()
    assert found == [True]


def test_arguments() -> None:
    def program(t: Any) -> Any:
        found = []
        for call in (lambda: t.set_grad_enabled(3), lambda: t.set_grad_enabled()):
            with pytest.raises(TypeError) as error:
                call()
            found.append(error.type)
        return found

    same(program)
    with pytest.raises(TypeError, match="decorates"):
        fg.enable_grad(3)
