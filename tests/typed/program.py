"""A user's program for the type checkers: never run. Comments say what a line reveals, or that it is an error."""

from typing import reveal_type

import numpy as np

import funcgrad as fg
import funcgrad.nn.functional as F
from funcgrad import optim


def loss(w: np.ndarray) -> float:
    return float(np.sum(w**2))


class Net(fg.nn.Module):
    def forward(self, x: fg.Tensor, times: int = 2) -> tuple[fg.Tensor, int]:
        return x * times, times


def types() -> None:
    reveal_type(fg.__version__)  # revealed: str
    reveal_type(fg.grad(loss)(np.ones(3)))  # revealed: Any
    reveal_type(fg.tree.leaves({"a": 1}))  # revealed: list[Any]
    x = fg.tensor([1.0, 2.0], requires_grad=True)
    reveal_type(x)  # revealed: Tensor
    reveal_type(fg.sin(x))  # revealed: Tensor
    reveal_type(x.sum())  # revealed: Tensor
    reveal_type(x * 2)  # revealed: Tensor
    reveal_type(2 / x)  # revealed: Tensor
    reveal_type(x - x)  # revealed: Tensor
    reveal_type(x @ x)  # revealed: Tensor
    reveal_type(-x)  # revealed: Tensor
    reveal_type(x > 1)  # revealed: Tensor
    reveal_type(x == x)  # revealed: Tensor
    reveal_type(x[0])  # revealed: Tensor
    reveal_type(x.exp())  # revealed: Tensor
    reveal_type(x.detach().add_(1))  # revealed: Tensor
    reveal_type(x.double())  # revealed: Tensor
    reveal_type(list(x))  # revealed: list[Tensor]
    reveal_type(x.shape)  # revealed: Size
    reveal_type(x.grad)  # revealed: Tensor | None
    reveal_type(fg.is_tensor(x))  # revealed: bool
    reveal_type(fg.float32)  # revealed: DType
    layer = fg.nn.Linear(2, 3)
    reveal_type(layer)  # revealed: Linear
    reveal_type(layer.weight)  # revealed: Parameter
    reveal_type(optim.SGD(layer.parameters(), lr=0.1))  # revealed: SGD
    reveal_type(layer(x))  # revealed: Tensor
    reveal_type(Net()(x))  # revealed: tuple[Tensor, int]
    reveal_type(fg.nn.CrossEntropyLoss()(x, x))  # revealed: Tensor
    reveal_type(F.relu(x))  # revealed: Tensor
    reveal_type(F.relu(layer.weight))  # revealed: Tensor
    reveal_type(F.softmax(input=x, dim=0))  # revealed: Tensor
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
    Net()(x, "2")  # error
    F.softmax(x, dims=0)  # error
