"""A user's program for the type checkers: never run. Comments say what a line reveals, or that it is an error."""

from typing import reveal_type

import numpy as np

import funcgrad as fg
import funcgrad.nn.functional as F
from funcgrad import optim


def loss(w: np.ndarray) -> float:
    return float(np.sum(w**2))


def types() -> None:
    reveal_type(fg.__version__)  # revealed: str
    reveal_type(fg.grad(loss)(np.ones(3)))  # revealed: Any
    reveal_type(fg.tree.leaves({"a": 1}))  # revealed: list[Any]
    x = fg.tensor([1.0, 2.0], requires_grad=True)
    reveal_type(x)  # revealed: Tensor
    reveal_type(fg.sin(x))  # revealed: Tensor
    reveal_type(x.sum())  # revealed: Tensor
    reveal_type(x.shape)  # revealed: Size
    reveal_type(x.grad)  # revealed: Tensor | None
    reveal_type(fg.is_tensor(x))  # revealed: bool
    reveal_type(fg.float32)  # revealed: DType
    layer = fg.nn.Linear(2, 3)
    reveal_type(layer)  # revealed: Linear
    reveal_type(layer.weight)  # revealed: Parameter
    reveal_type(optim.SGD(layer.parameters(), lr=0.1))  # revealed: SGD
    F.relu(layer(x)).sum().backward()


def mistakes() -> None:
    x = fg.tensor([1.0], requires_grad="yes")  # error
    fg.gradient_of(loss)  # error
    fg.grad(3)  # error
    fg.grad(loss, argnum=1)  # error
    fg.nn.Linear("2", 3)  # error
    fg.nn.Lineer(2, 3)  # error
    fg.optim.SGD([x], momentun=0.9)  # error
    x.backwards()  # error
