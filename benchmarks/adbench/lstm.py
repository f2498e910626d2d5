"""A language model of LSTM cells: the gradient of its loss on a text.

Characters are one-hot vectors of length b. All weights are diagonal: with input x, hidden state h and cell c of a layer

    (f, i, o) = sigmoid(w (x, h, x) + bias),   a = tanh(w h + bias),   c <- f c + i a,   h <- o tanh(c)

where every gate has weights and biases of its own, 4 b each in a layer. The first layer's input is the character
times e0, the prediction y = h e1 + e2 of the last layer's h, and the loss the mean over characters and their b elements
of -next (y - log(2 + sum exp y)). The result is the gradient with respect to the layers' parameters and to e.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.peers import (
    AUTOGRAD,
    BY_HAND,
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
from benchmarks.suite import Run, Workload, own

#: Different characters in the text.
ALPHABET = 14
#: Longer texts take autograd and MyGrad ten seconds and more a call.
SLOW = 1_024


@dataclass(frozen=True)
class Text:
    """Weights and biases of each layer in turn, e, hidden states and cells in turn, and the characters."""

    main: Any
    extra: Any
    state: Any
    sequence: Any

    @property
    def layers(self) -> int:
        return len(self.state) // 2


def problem(size: tuple[int, int]) -> Text:
    """So many layers and characters."""
    layers, characters = size
    rng = np.random.default_rng(0)
    main, extra = rng.normal(size=(2 * layers, 4 * ALPHABET)), rng.normal(size=(3, ALPHABET))
    sequence = np.eye(ALPHABET)[rng.integers(ALPHABET, size=characters)]
    return Text(main, extra, rng.normal(size=(2 * layers, ALPHABET)), sequence)


# ---- NumPy's text


def objective(xp: Any, text: Text, sigmoid: Any) -> Callable[[Any, Any], Any]:
    b, sequence = ALPHABET, text.sequence

    def cell(weight: Any, bias: Any, hidden: Any, memory: Any, x: Any) -> tuple[Any, Any]:
        z = xp.concatenate([x, hidden, x, hidden]) * weight + bias
        gates, change = sigmoid(z[: 3 * b]), xp.tanh(z[3 * b :])
        memory = gates[:b] * memory + gates[b : 2 * b] * change
        return gates[2 * b :] * xp.tanh(memory), memory

    def loss(main: Any, extra: Any) -> Any:
        layers = [(main[i], main[i + 1]) for i in range(0, len(main), 2)]
        states = [(text.state[i], text.state[i + 1]) for i in range(0, len(main), 2)]
        e0, e1, e2 = extra[0], extra[1], extra[2]
        total = 0.0
        for t in range(len(sequence) - 1):
            x = sequence[t] * e0
            for i, (weight, bias) in enumerate(layers):
                states[i] = cell(weight, bias, *states[i], x)
                x = states[i][0]
            y = x * e1 + e2
            total = total + xp.sum(sequence[t + 1] * (y - xp.log(2 + xp.sum(xp.exp(y)))))
        return -total / (b * (len(sequence) - 1))

    return loss


def logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def forward(text: Text) -> Run:
    f = own(objective)(np, text, own(logistic))
    return lambda: f(text.main, text.extra)


def by_hand(text: Text) -> Run:
    """Back through time; what has no recurrence is done for all characters at once."""
    b, layers, steps, sequence = ALPHABET, text.layers, len(text.sequence) - 1, text.sequence
    weights, biases = text.main[0::2].reshape(layers, 4, b), text.main[1::2].reshape(layers, 4, b)
    e0, e1, e2 = text.extra

    def run() -> tuple[Any, ...]:
        inputs, gates = np.empty((2, steps, layers, 4, b))
        hidden, memory = (np.empty((steps + 1, layers, b)) for _ in range(2))
        hidden[0], memory[0] = text.state[0::2], text.state[1::2]
        first = sequence[:-1] * e0
        for t in range(steps):
            x = first[t]
            for i in range(layers):
                inputs[t, i, 0::2], inputs[t, i, 1::2] = x, hidden[t, i]
                g = gates[t, i]
                np.add(inputs[t, i] * weights[i], biases[i], out=g)
                g[:3] = 1 / (1 + np.exp(-g[:3]))
                np.tanh(g[3], out=g[3])
                memory[t + 1, i] = g[0] * memory[t, i] + g[1] * g[3]
                hidden[t + 1, i] = x = g[2] * np.tanh(memory[t + 1, i])
        return inputs, gates, hidden, memory

    def gradient() -> tuple[Any, Any]:
        inputs, gates, hidden, memory = run()
        top, following = hidden[1:, -1], sequence[1:]
        likely = np.exp(top * e1 + e2)
        gy = following - likely * (following.sum(1) / (2 + likely.sum(1)))[:, None]
        gy /= -b * steps

        slopes = gates * (1 - gates)
        slopes[:, :, 3] = 1 - gates[:, :, 3] ** 2
        bent = np.tanh(memory[1:])
        into = gates[:, :, 2] * (1 - bent**2)
        gz, gtop, gfirst = np.empty_like(gates), gy * e1, np.empty((steps, b))
        later, kept = np.zeros((2, layers, b))  # cotangents of hidden states and cells
        for t in reversed(range(steps)):
            gx = gtop[t]
            for i in reversed(range(layers)):
                gh, g = gx + later[i], gates[t, i]
                gc = kept[i] + gh * into[t, i]
                z = gz[t, i]
                z[0], z[1], z[2], z[3] = gc * memory[t, i], gc * g[3], gh * bent[t, i], gc * g[1]
                z *= slopes[t, i]
                kept[i] = gc * g[0]
                back = z * weights[i]
                gx, later[i] = back[0] + back[2], back[1] + back[3]
            gfirst[t] = gx

        gmain = np.empty_like(text.main)
        gmain[0::2] = np.sum(gz * inputs, axis=0).reshape(layers, 4 * b)
        gmain[1::2] = np.sum(gz, axis=0).reshape(layers, 4 * b)
        return gmain, np.stack([np.sum(part, axis=0) for part in (gfirst * sequence[:-1], gy * top, gy)])

    return gradient


def ours(text: Text) -> Run:
    gradient = fg.grad(own(objective)(np, text, own(logistic)), (0, 1))
    return lambda: gradient(text.main, text.extra)


def with_autograd(text: Text) -> Run | None:
    if len(text.sequence) > SLOW:
        return None
    gradient = autograd.grad(own(objective)(anp, text, lambda x: 1 / (1 + anp.exp(-x))), (0, 1))
    return lambda: gradient(text.main, text.extra)


def with_mygrad(text: Text) -> Run | None:
    if len(text.sequence) > SLOW:
        return None
    loss = own(objective)(mygrad, text, mygrad.nnet.activations.sigmoid)

    def gradient() -> tuple[Any, Any]:
        main, extra = mygrad.tensor(text.main), mygrad.tensor(text.extra)
        loss(main, extra).backward()
        return main.grad, extra.grad

    return gradient


# ---- the others' own


def torch_objective(text: Text) -> Callable[[Any, Any], Any]:
    b, state, sequence = ALPHABET, torch.tensor(text.state), torch.tensor(text.sequence)

    def cell(weight: Any, bias: Any, hidden: Any, memory: Any, x: Any) -> tuple[Any, Any]:
        z = torch.cat([x, hidden, x, hidden]) * weight + bias
        forget, take, show = torch.sigmoid(z[: 3 * b]).chunk(3)
        memory = forget * memory + take * torch.tanh(z[3 * b :])
        return show * torch.tanh(memory), memory

    def loss(main: Any, extra: Any) -> Any:
        rows = main.unbind()
        layers = list(zip(rows[0::2], rows[1::2], strict=True))
        states = list(zip(state[0::2].unbind(), state[1::2].unbind(), strict=True))
        e0, e1, e2 = extra.unbind()
        total = 0.0
        for x, following in zip(sequence[:-1].unbind(), sequence[1:].unbind(), strict=True):
            x = x * e0
            for i, (weight, bias) in enumerate(layers):
                states[i] = cell(weight, bias, *states[i], x)
                x = states[i][0]
            y = x * e1 + e2
            total = total + (following * (y - torch.log(2 + torch.exp(y).sum()))).sum()
        return -total / (b * (len(sequence) - 1))

    return loss


def with_torch(text: Text) -> Run:
    loss = torch_objective(text)
    parameters = [torch.tensor(x, requires_grad=True) for x in (text.main, text.extra)]
    return lambda: torch.autograd.grad(loss(*parameters), parameters)


def with_torch_func(text: Text) -> Run:
    gradient = torch.func.grad(torch_objective(text), (0, 1))
    parameters = [torch.tensor(x) for x in (text.main, text.extra)]
    return lambda: gradient(*parameters)


def with_jax(text: Text) -> Run | None:
    if len(text.sequence) > 100:  # it would take minutes: every operation is dispatched through tracing
        return None
    on_device = Text(*(jnp.asarray(x) for x in (text.main, text.extra, text.state, text.sequence)))
    gradient = jax.grad(own(objective)(jnp, on_device, jax.nn.sigmoid), (0, 1))
    return lambda: jax.block_until_ready(gradient(on_device.main, on_device.extra))


def with_jit(text: Text) -> Run:
    """The loop over characters is a scan."""
    b, layers = ALPHABET, text.layers
    state, sequence = jnp.asarray(text.state), jnp.asarray(text.sequence)

    def cell(weight: Any, bias: Any, hidden: Any, memory: Any, x: Any) -> tuple[Any, Any]:
        z = jnp.concatenate([x, hidden, x, hidden]) * weight + bias
        gates = jax.nn.sigmoid(z[: 3 * b])
        memory = gates[:b] * memory + gates[b : 2 * b] * jnp.tanh(z[3 * b :])
        return gates[2 * b :] * jnp.tanh(memory), memory

    def loss(main: Any, extra: Any) -> Any:
        def step(states: Any, characters: Any) -> tuple[Any, Any]:
            x, following = characters
            x, after = x * extra[0], []
            for i in range(layers):
                x, memory = cell(main[2 * i], main[2 * i + 1], states[2 * i], states[2 * i + 1], x)
                after += [x, memory]
            y = x * extra[1] + extra[2]
            return jnp.stack(after), jnp.sum(following * (y - jnp.log(2 + jnp.sum(jnp.exp(y)))))

        _, terms = jax.lax.scan(step, state, (sequence[:-1], sequence[1:]))
        return -jnp.sum(terms) / (b * (len(sequence) - 1))

    gradient, main, extra = jax.jit(jax.grad(loss, (0, 1))), jnp.asarray(text.main), jnp.asarray(text.extra)
    return lambda: jax.block_until_ready(gradient(main, extra))


WORKLOAD = Workload(
    name="LSTM",
    group="ADBench",
    problem=problem,
    builders={
        OURS: ours,
        BY_HAND: by_hand,
        AUTOGRAD: with_autograd,
        TORCH: with_torch,
        TORCH_FUNC: with_torch_func,
        MYGRAD: with_mygrad,
        JAX: with_jax,
        JIT: with_jit,
    },
    forward=forward,
    sizes=((2, 1_024), (4, 1_024), (2, 4_096), (4, 4_096)),
    quick=((2, 8),),
    operations=lambda size: (size[1] - 1) * (16 * size[0] + 10),
)
