"""L-BFGS: steps by an estimate of the inverse Hessian from the last gradients."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.optim.elementwise import check_range
from funcgrad.optim.line_search import Point, strong_wolfe
from funcgrad.optim.memory import number, parts, write
from funcgrad.optim.optimizer import Closure, Optimizer, ParamsT
from funcgrad.tensor.modes import enable_grad
from funcgrad.tensor.shell import wrap
from funcgrad.tensor.tensor import Tensor

__all__ = ["LBFGS"]


class History:
    """What is remembered of the steps so far, and the direction that follows from it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.iterations = self.evaluations = 0
        self.changes: list[Array] = []  # of the gradient
        self.moves: list[Array] = []  # of the parameters
        self.curvatures: list[Any] = []  # one over their products
        self.scale: Any = 1
        self.direction: Any = None
        self.t: Any = None
        self.gradient: Any = None
        self.loss: float | None = None

    def learn(self, gradient: Array) -> None:
        """Remember how the gradient changed along the last step, unless the loss curves downwards there."""
        change, move = gradient - self.gradient, self.direction * self.t
        curvature = np.dot(change, move)
        if curvature > 1e-10:
            if len(self.changes) == self.size:
                for remembered in (self.changes, self.moves, self.curvatures):
                    del remembered[0]
            self.changes.append(change)
            self.moves.append(move)
            self.curvatures.append(1 / curvature)
            self.scale = curvature / np.dot(change, change)

    def newton(self, gradient: Array) -> Array:
        """Return minus the product of the estimated inverse Hessian and the gradient (the two loops)."""
        direction = -gradient
        steps = list(zip(self.changes, self.moves, self.curvatures, strict=True))
        weights = []
        for change, move, curvature in reversed(steps):
            weights.append(np.dot(move, direction) * curvature)
            direction -= weights[-1] * change
        direction *= self.scale
        for (change, move, curvature), weight in zip(steps, reversed(weights), strict=True):
            direction += (weight - np.dot(change, direction) * curvature) * move
        self.weights = weights[::-1]
        return direction


class LBFGS(Optimizer):
    """L-BFGS, which needs the whole loss of a closure, several times a step.

    Parameters
    ----------
    params : iterable of Tensor
        One group; all of them should be of one dtype.
    lr : float or Tensor
        Length of steps; with a line search, where the search begins.
    max_iter : int
        Most iterations in a step.
    max_eval : int, optional
        Most computations of the loss in a step; by default 1.25 times `max_iter`.
    tolerance_grad : float
        A gradient whose elements are all as small as that ends the step.
    tolerance_change : float
        So does a change of the parameters or of the loss.
    history_size : int
        How many gradients are remembered.
    line_search_fn : {None, "strong_wolfe"}

    Raises
    ------
    ValueError
        For several groups of parameters, and a negative learning rate.
    RuntimeError
        For another line search.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w = fg.tensor([3.0, -1.0], requires_grad=True)
    >>> optimizer = fg.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 1) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure).item()
    8.0
    >>> w
    tensor([1., 1.], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_range("learning rate", lr)
        if line_search_fn not in (None, "strong_wolfe"):
            raise RuntimeError(f"only 'strong_wolfe' is supported as line_search_fn, got {line_search_fn!r}")
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Raise ValueError, but for the first group."""
        if self.param_groups:
            raise ValueError(
                "LBFGS has one group of parameters only: options of their own for some parameters are not supported"
            )
        super().add_param_group(param_group)

    # -- The parameters as one vector ----------------------------------------------------------------------------

    @property
    def params(self) -> list[Tensor]:
        return list(self.param_groups[0]["params"])

    def gradient(self) -> Array:
        """Return all gradients in one vector."""
        zeros = [p.values() if p.grad is not None else np.zeros_like(p.values()) for p in self.params]
        found = [zero if p.grad is None else p.grad.values() for p, zero in zip(self.params, zeros, strict=True)]
        return np.concatenate([np.ravel(parts(g)) for g in found])

    def pieces(self, vector: Array) -> Iterator[tuple[Tensor, Array]]:
        """Yield the parameters, each with its part of a vector."""
        begin = 0
        for p in self.params:
            shape = (*p.shape, 2) if p.is_complex() else tuple(p.shape)
            end = begin + p.numel() * (2 if p.is_complex() else 1)
            yield p, vector[begin:end].reshape(shape)
            begin = end

    def move(self, direction: Array, t: Any) -> None:
        """Add a multiple of a vector to the parameters."""
        for p, part in self.pieces(direction):
            write(p, functools.partial(add, change=t * part))

    def evaluate(self, closure: Closure) -> tuple[float, Array]:
        """Return loss and gradient at the parameters."""
        with enable_grad():
            loss = closure()
        return float(number(loss)), self.gradient()

    def search(self, closure: Closure, history: History, t: Any, slope: Any) -> tuple[Point, int]:
        """Look for a good length of the step, and leave the parameters where they are."""
        direction = history.direction
        before = [p.memory().copy() for p in self.params]

        def restore() -> None:
            for p, x in zip(self.params, before, strict=True):
                write(p, functools.partial(fill, value=x))

        def point(t: Any) -> Point:
            self.move(direction, t)
            loss, gradient = self.evaluate(closure)
            restore()
            return Point(t, loss, gradient, np.dot(gradient, direction))

        assert history.loss is not None
        start = Point(0, history.loss, history.gradient, slope)
        return strong_wolfe(point, start, t, abs(direction).max())

    # -- A step --------------------------------------------------------------------------------------------------

    def step(self, closure: Closure | None = None) -> Any:
        """Change the parameters, by several iterations.

        Parameters
        ----------
        closure : callable
            Clears the gradients, computes the loss and its gradients, and returns the loss.

        Returns
        -------
        Tensor
            The loss before the step.
        """
        if closure is None:
            raise TypeError("LBFGS.step() needs a closure, which computes the loss and its gradients again")
        group = self.param_groups[0]
        with enable_grad():
            first = closure()
        loss, gradient = float(number(first)), self.gradient()
        history = recalled(self.state[self.params[0]], group["history_size"])
        history.evaluations += 1
        if abs(gradient).max() <= group["tolerance_grad"]:
            self.state[self.params[0]].update(func_evals=history.evaluations, n_iter=history.iterations)
            return first
        self.iterate(closure, history, loss, gradient)
        self.state[self.params[0]].update(remembered(history))
        return first

    def iterate(self, closure: Closure, history: History, loss: float, gradient: Array) -> None:
        group = self.param_groups[0]
        lr, most, tolerance = number(group["lr"]), group["max_iter"], group["tolerance_change"]
        evaluations = 1
        for iteration in range(1, most + 1):
            history.iterations += 1
            if history.iterations == 1:
                history.direction = -gradient
                t = min(1.0, 1.0 / abs(gradient).sum()) * lr
            else:
                history.learn(gradient)
                history.direction = history.newton(gradient)
                t = lr
            history.t, history.gradient, history.loss = t, gradient, loss
            slope = np.dot(gradient, history.direction)
            if slope > -tolerance:
                break
            used = 0
            if group["line_search_fn"] is not None:
                found, used = self.search(closure, history, t, slope)
                history.t, loss, gradient = found.t, found.loss, found.gradient
                self.move(history.direction, found.t)
            else:
                self.move(history.direction, t)
                if iteration != most:  # else the next step begins with it
                    loss, gradient = self.evaluate(closure)
                    used = 1
            evaluations += used
            history.evaluations += used
            if (
                evaluations >= group["max_eval"]
                or abs(gradient).max() <= group["tolerance_grad"]
                or abs(history.direction * history.t).max() <= tolerance
                or abs(loss - history.loss) < tolerance
            ):
                break


def add(x: Array, change: Array) -> None:
    elements = parts(x)
    elements += change.astype(elements.dtype)


def fill(x: Array, value: Array) -> None:
    x[...] = value


# -- The history as an optimizer's state -----------------------------------------------------------------------------


def remembered(history: History) -> dict[str, Any]:
    """Return a history under PyTorch's names, arrays as tensors."""
    weights = [wrap(w) for w in getattr(history, "weights", [])]
    return {
        "func_evals": history.evaluations,
        "n_iter": history.iterations,
        "d": wrap(history.direction),
        "t": float(history.t),
        "old_dirs": [wrap(x) for x in history.changes],
        "old_stps": [wrap(x) for x in history.moves],
        "ro": [wrap(x) for x in history.curvatures],
        "H_diag": history.scale if isinstance(history.scale, int) else wrap(history.scale),
        "prev_flat_grad": wrap(history.gradient),
        "prev_loss": history.loss,
        "al": weights + [None] * (history.size - len(weights)),
    }


def recalled(state: dict[str, Any], size: int) -> History:
    """Return the history that a state holds."""
    history = History(size)
    history.evaluations, history.iterations = state.get("func_evals", 0), state.get("n_iter", 0)
    if "d" in state:
        history.direction, history.t = state["d"].values(), state["t"]
        history.changes = [x.values() for x in state["old_dirs"]]
        history.moves = [x.values() for x in state["old_stps"]]
        history.curvatures = [x.values() for x in state["ro"]]
        history.scale = state["H_diag"].values() if isinstance(state["H_diag"], Tensor) else state["H_diag"]
        history.gradient, history.loss = state["prev_flat_grad"].values(), state["prev_loss"]
    return history
