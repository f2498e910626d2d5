"""How a gradient is asked for in each library, for problems whose value is one text in all of them.

``text(xp)`` returns ``loss(params, *data)`` written with the functions of `xp`; `Inputs` are what it is called with.
Each contestant gets bytecode of its own and arrays of its own kind.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.peers import (
    AUTOGRAD,
    JAX,
    JIT,
    MYGRAD,
    OURS,
    TORCH,
    TORCH_FUNC,
    anp,
    autograd,
    fg,
    jax,
    jnp,
    mygrad,
    torch,
)
from benchmarks.suite import Builder, Problem, Run, own

Text = Callable[[Any], Callable[..., Any]]


@dataclass(frozen=True)
class Inputs:
    """What is differentiated, a tree of arrays and floats, and what is not."""

    params: Any
    data: tuple[Any, ...] = ()


def converted(convert: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with each of its leaves converted."""
    if isinstance(tree, dict):
        return {key: converted(convert, value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(converted(convert, value) for value in tree)
    return convert(tree)


def arrays(convert: Callable[[Any], Any], data: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arrays among the data converted; numbers of steps and the like stay."""
    return tuple(converted(lambda x: convert(x) if isinstance(x, np.ndarray) else x, part) for part in data)


def flat(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    return [leaf for part in tree for leaf in flat(part)] if isinstance(tree, list | tuple) else [tree]


# ---- one builder for each library


def funcgrad_grad(text: Text, valued: bool = False) -> Builder:
    def build(inputs: Inputs) -> Run:
        transform = fg.value_and_grad if valued else fg.grad
        gradient, params, data = transform(own(text)(np)), inputs.params, inputs.data
        return lambda: gradient(params, *data)

    return build


def autograd_grad(text: Text, valued: bool = False) -> Builder:
    def build(inputs: Inputs) -> Run:
        transform = autograd.value_and_grad if valued else autograd.grad
        gradient, params, data = transform(own(text)(anp)), inputs.params, inputs.data
        return lambda: gradient(params, *data)

    return build


def backward(text: Text, library: Any, valued: bool = False) -> Builder:
    """PyTorch's way, for PyTorch and whatever looks like it: leaves that are made once, and ``.backward()``."""

    def build(inputs: Inputs) -> Run:
        loss = own(text)(library)
        params = converted(lambda x: library.tensor(x, dtype=of(library, x), requires_grad=True), inputs.params)
        data, leaves = arrays(lambda x: library.tensor(x), inputs.data), flat(params)

        def run() -> Any:
            for leaf in leaves:
                leaf.grad = None
            value = loss(params, *data)
            value.backward()
            gradient = converted(lambda x: x.grad, params)
            return (value.detach(), gradient) if valued else gradient

        return run

    return build


def of(library: Any, x: Any) -> Any:
    """The library's dtype for a leaf; float64 for Python's numbers."""
    return getattr(library, str(getattr(x, "dtype", "float64")))


def torch_func_grad(text: Text, valued: bool = False) -> Builder:
    def build(inputs: Inputs) -> Run:
        gradient = (torch.func.grad_and_value if valued else torch.func.grad)(own(text)(torch))
        params = converted(lambda x: torch.tensor(x, dtype=of(torch, x)), inputs.params)
        data = arrays(torch.tensor, inputs.data)
        if valued:
            return lambda: gradient(params, *data)[::-1]
        return lambda: gradient(params, *data)

    return build


def mygrad_backward(text: Text, valued: bool = False) -> Builder:
    def build(inputs: Inputs) -> Run:
        loss, data = own(text)(mygrad), inputs.data
        params = converted(mygrad.tensor, inputs.params)

        def run() -> Any:
            value = loss(params, *data)  # forgets the gradients of the call before
            value.backward()
            gradient = converted(lambda x: x.grad, params)
            return (value.data, gradient) if valued else gradient

        return run

    return build


def jax_grad(text: Text, valued: bool = False) -> Builder:
    return jax_like(text, lambda f: f, valued)


def jit_grad(text: Text, valued: bool = False) -> Builder:
    return jax_like(text, lambda f: jax.jit(f), valued)


def jax_like(text: Text, wrap: Callable[[Any], Any], valued: bool) -> Builder:
    def build(inputs: Inputs) -> Run:
        static = tuple(i + 1 for i, x in enumerate(inputs.data) if not isinstance(x, np.ndarray))
        loss = own(text)(jnp)
        params, data = converted(jnp.asarray, inputs.params), arrays(jnp.asarray, inputs.data)

        def of_arrays(params: Any, *given: Any) -> Any:  # numbers of steps are not traced
            rest = iter(given)
            return loss(params, *(x if i + 1 in static else next(rest) for i, x in enumerate(data)))

        transform = jax.value_and_grad if valued else jax.grad
        gradient = wrap(transform(of_arrays if static else loss))
        traced = tuple(x for i, x in enumerate(data) if i + 1 not in static)
        return lambda: jax.block_until_ready(gradient(params, *traced))

    return build


def gradients(
    text: Text,
    torch_text: Text | None = None,
    mygrad_text: Text | None = None,
    jit_text: Text | None = None,
    without: Collection[str] = (),
    valued: bool = False,
) -> dict[str, Builder]:
    """A builder for every library, from one text or from variants where a library says things differently.

    With `valued` the result is the value and the gradient.
    """
    builders = {
        OURS: funcgrad_grad(text, valued),
        AUTOGRAD: autograd_grad(text, valued),
        TORCH: backward(torch_text or text, torch, valued),
        TORCH_FUNC: torch_func_grad(torch_text or text, valued),
        MYGRAD: mygrad_backward(mygrad_text or text, valued),
        JAX: jax_grad(text, valued),
        JIT: jit_grad(jit_text or text, valued),
    }
    return {name: builder for name, builder in builders.items() if name not in without}


def up_to(largest: int, builder: Builder) -> Builder:
    """A dash for sizes at which the library would take too long, or too deep a recursion."""

    def build(problem: Problem) -> Run | None:
        return builder(problem) if length(problem) <= largest else None

    return build


def length(problem: Problem) -> int:
    """A number of steps among the data, else the number of elements."""
    steps = [x for x in problem.data if isinstance(x, int)]
    return steps[0] if steps else len(problem.params)


def value(text: Text) -> Builder:
    """The forward pass alone, in NumPy."""

    def build(inputs: Inputs) -> Run:
        loss, params, data = own(text)(np), inputs.params, inputs.data
        return lambda: loss(params, *data)

    return build


# ---- other transforms than the gradient: how a transformed function is called in each library


def numpy_call(make: Callable[..., Any]) -> Builder:
    """For libraries that take NumPy's arrays as they are: ``make(*data)`` returns the function of the parameters."""

    def build(inputs: Inputs) -> Run:
        function, params = make(*inputs.data), inputs.params
        return lambda: function(*params)

    return build


def torch_call(make: Callable[..., Any]) -> Builder:
    def build(inputs: Inputs) -> Run:
        function = make(*(torch.as_tensor(x) for x in inputs.data))
        params = [torch.as_tensor(x, dtype=torch.float64) for x in inputs.params]
        return lambda: function(*params)

    return build


def jax_call(make: Callable[..., Any], compiled: bool) -> Builder:
    def build(inputs: Inputs) -> Run:
        function = make(*(jnp.asarray(x) for x in inputs.data))
        function = jax.jit(function) if compiled else function
        params = [jnp.asarray(x) for x in inputs.params]
        return lambda: jax.block_until_ready(function(*params))

    return build


def with_jax(make: Callable[..., Any]) -> dict[str, Builder]:
    return {JAX: jax_call(make, False), JIT: jax_call(make, True)}
