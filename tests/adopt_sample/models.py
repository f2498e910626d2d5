"""Classes, as people write them."""

import dataclasses
import enum

import numpy as np

from .helpers import fill


class Color(enum.Enum):
    RED = 2.0


class Base:
    made = 0

    def __new__(cls, *args):
        x = super().__new__(cls)
        x.tag = np.zeros(1)
        return x

    def __init__(self, n):
        type(self).made += 1
        self.n = n
        self.__size = np.arange(n)

    def run(self, x):
        out = np.zeros(len(self.__size))
        out[0] = x
        return out[0] * self.weight * self.__half + self.tag[0]

    @property
    def __half(self):
        return 0.5

    @property
    def weight(self):
        out = np.ones(2)
        out[:] = 2.0
        return out.sum()


class Model(Base):
    def __init__(self, n, x=1.0):
        super().__init__(n)
        self.x = self.start(x)
        self.tag[0] = x

    @staticmethod
    def start(x):
        out = np.empty(2)
        out[:] = x
        return out

    @classmethod
    def create(cls, x):
        return cls(3, x)

    @property
    def total(self):
        return fill(self.x.sum()).sum()

    @property
    def changeable(self):
        return self.x

    @changeable.setter
    def changeable(self, x):
        self.x = x

    def run(self, x):
        assert isinstance(self, Model)
        return super().run(x) * self.total + Base.run(self, x)

    def __call__(self, x):
        return np.array([self.run(x), x]).sum()

    def __matmul__(self, x):
        out = np.zeros(2)
        out[0] = x
        return out.sum()


@dataclasses.dataclass
class Params:
    a: float
    b: np.ndarray = dataclasses.field(default_factory=lambda: np.ones(2))

    def value(self, x):
        out = np.zeros(2)
        out[:] = self.a * x
        self.seen = True
        return (out * self.b).sum()


class Doubler:
    def __init__(self, inner):
        self.inner = [inner]

    def __call__(self, x):
        return 2 * self.inner[0](x)


class ModelError(Exception):
    def __init__(self, value):
        super().__init__(value)
        self.value = value


shared = Model(2)


def makes_model(x):
    model = Model.create(x)
    assert type(model) is Model
    assert isinstance(model, Base)
    model.changeable = model.changeable * 2
    return model.run(x) * Color.RED.value + Color(2.0).value


def uses_shared(x):
    return Doubler(Doubler(shared))(x) + shared.run(x)


def takes_model(model, x):
    return model.run(x) + model(x)


def takes_params(params, x):
    return params.value(x) + Params(x).value(x)


def runs(run, x):
    return run(x)


def raises(x):
    try:
        raise ModelError(np.array([x]))
    except ModelError as error:
        return error.value.sum()
