"""Policy at kinks, and where a careless rule gives nan: the gradient of the sum of the call."""

import numpy as np

from cases.table import Kink

KINKS = [
    Kink("absolute at 0", lambda x: np.abs(x), [0.0, -1.0, 2.0], [0.0, -1.0, 1.0]),
    Kink("absolute at complex 0", lambda x: np.abs(x), [0j, 3 + 4j], [0j, 0.6 - 0.8j]),
    Kink("fabs at 0", lambda x: np.fabs(x), [0.0], [0.0]),
    Kink("maximum at a tie", lambda x: np.maximum(x, 2.0), [2.0], [0.5]),
    Kink("minimum at a tie", lambda x: np.minimum(x, 2.0), [2.0], [0.5]),
    Kink("max at a tie", lambda x: np.max(x), [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
    Kink("min at a tie of all", lambda x: np.min(x), [1.0, 1.0, 1.0, 1.0], [0.25, 0.25, 0.25, 0.25]),
    Kink("sqrt at 0", lambda x: np.sqrt(x), [0.0, 4.0], [np.inf, 0.25]),
    Kink("norm at 0", lambda x: np.linalg.norm(x), [0.0, 0.0], [0.0, 0.0]),
    Kink("std at 0", lambda x: np.std(x), [2.0, 2.0], [0.0, 0.0]),
    Kink("hypot at 0", lambda x: np.hypot(x, x), [0.0], [0.0]),
    Kink("power 0 at 0", lambda x: x**0, [0.0, 1.0], [0.0, 0.0]),
    Kink("power 1 at 0", lambda x: x**1, [0.0], [1.0]),
    Kink("power 2 at 0", lambda x: x**2, [0.0], [0.0]),
    Kink("power of float 2 at a negative number", lambda x: x**2.0, [-3.0], [-6.0]),
    Kink("sinc at 0", lambda x: np.sinc(x), [0.0], [0.0]),
    Kink("where guards sqrt", lambda x: np.where(x > 0, np.sqrt(x), 0.0), [0.0, 4.0], [0.0, 0.25]),
    Kink("where guards log", lambda x: np.where(x > 0, np.log(x), 0.0), [0.0, 4.0], [0.0, 0.25]),
    Kink("where guards division", lambda x: np.where(x != 0, 1 / x, 0.0), [0.0, 2.0], [0.0, -0.25]),
    Kink("where guards power", lambda x: np.where(x > 0, x**0.5, 0.0), [0.0, 4.0], [0.0, 0.25]),
    Kink("where guards arccos", lambda x: np.where(x < 1, np.arccos(x), 0.0), [1.0, 0.0], [0.0, -1.0]),
    Kink("where guards norm", lambda x: np.where(x[0] > 0, np.linalg.norm(x), 0.0), [0.0, 0.0], [0.0, 0.0]),
    Kink("product with 0 guards sqrt", lambda x: 0.0 * np.sqrt(x), [0.0, 4.0], [0.0, 0.0], forward=False),
    Kink("index guards log", lambda x: np.log(x)[1:], [0.0, 4.0], [0.0, 0.25]),
    Kink("logaddexp with -inf", lambda x: np.logaddexp(x, -np.inf), [0.0], [1.0]),
    Kink("power of 0, by its exponent", lambda y: np.power(0.0, y), [2.0], [0.0]),
    Kink("prod with a zero", lambda x: np.prod(x), [0.0, 2.0, 3.0], [6.0, 0.0, 0.0]),
]
