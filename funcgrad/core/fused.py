"""One kernel for the steps of rules, on CuPy arrays: a launch and a pass over memory in the place of many.

The text of a rule is run once on symbols, as for blocks (:mod:`funcgrad.core.blocks`); what it calls becomes lines of
CUDA. Kernels are made for a *program*: rules one after the other, sums, and which of their values are wanted. Programs
are the keys of a cache. Sums and products are not contracted, so that a kernel gives what the ufuncs would give.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from funcgrad.core.blocks import Symbol

__all__ = ["KERNELS", "PREAMBLE", "WORDS", "Program", "Rule", "Total", "Traced", "kernel_of", "source", "trace"]

#: The C++ type of each dtype that kernels are made for. The others are left to the text.
WORDS = {"f": "float", "d": "double"}


# -- From the text of a rule to steps --------------------------------------------------------------------------


class Value(Symbol):
    """A symbol of real numbers; beside ufuncs it knows ``np.where``, and its dtype."""

    __slots__ = ()

    dtype: np.dtype[Any]

    def astype(self, dtype: Any) -> Value:
        if dtype != self.dtype:
            raise TypeError("a dtype that is not the operand's")
        return self

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if function is not np.where or len(args) != 3 or kwargs:
            raise TypeError("no function of three operands")
        self.program.append((function, args))
        return type(self)(self.program[0] + len(self.program) - 2, self.program)


class SingleValue(Value):
    __slots__ = ()
    dtype = np.dtype(np.float32)


class DoubleValue(Value):
    __slots__ = ()
    dtype = np.dtype(np.float64)


class Traced:
    """What a rule of (g, *residuals) does: functions with their operands, and the register of its result.

    Two are never equal, which makes them cheap keys.
    """

    __slots__ = ("result", "steps")

    def __init__(self, steps: Sequence[tuple[Any, tuple[Any, ...]]], result: int) -> None:
        self.steps = steps
        self.result = result


def trace(rule: Callable[..., Any], count: int, char: str) -> Traced | None:
    """Return the steps of a rule that reads `count` residuals; None if no kernel can do what it does."""
    program: list[Any] = [1 + count]
    kind = SingleValue if char == "f" else DoubleValue
    try:
        result = rule(*[kind(i, program) for i in range(1 + count)])
    except Exception:  # whatever it asked of a symbol
        return None
    if type(result) is not kind or 0 < result.number <= count:
        return None
    found = Traced(program[1:], result.number)
    return found if lines(found, [f"x{i}" for i in range(1 + count)], char, []) else None


# -- From steps to lines of C++ --------------------------------------------------------------------------------

NUMBER, TRUTH = "number", "truth"

#: What is written for a function of numbers. Lines are Python too, once their types are taken away: tests run them.
NUMBERS: dict[Any, str] = {
    np.add: "{} + {}",
    np.subtract: "{} - {}",
    np.multiply: "{} * {}",
    np.divide: "{} / {}",
    np.negative: "-{}",
    np.positive: "+{}",
    np.conjugate: "+{}",
    np.square: "{0} * {0}",
    np.reciprocal: "1 / {}",
    np.absolute: "fabs({})",
    np.fabs: "fabs({})",
    np.sign: "fg_sign({})",
    np.power: "fg_power({}, {})",
    np.floor_divide: "floor({} / {})",
    np.arctan2: "atan2({}, {})",
    np.hypot: "hypot({}, {})",
    np.copysign: "copysign({}, {})",
    np.maximum: "fg_maximum({}, {})",
    np.minimum: "fg_minimum({}, {})",
    np.logaddexp: "fg_logaddexp({}, {})",
    np.logaddexp2: "fg_logaddexp2({}, {})",
    np.fmax: "fmax({}, {})",
    np.fmin: "fmin({}, {})",
    **{getattr(np, name): name + "({})" for name in ("sqrt", "cbrt", "exp", "exp2", "expm1", "log", "log2", "log10")},
    **{getattr(np, name): name + "({})" for name in ("log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{getattr(np, f"arc{name}"): f"a{name}" + "({})" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{getattr(np, name): name + "({})" for name in ("floor", "ceil", "trunc")},
}

#: What is written for a question about numbers.
QUESTIONS: dict[Any, str] = {
    np.equal: "{} == {}",
    np.not_equal: "{} != {}",
    np.less: "{} < {}",
    np.less_equal: "{} <= {}",
    np.greater: "{} > {}",
    np.greater_equal: "{} >= {}",
    np.isnan: "isnan({})",
    np.isinf: "isinf({})",
    np.isfinite: "isfinite({})",
    np.signbit: "signbit({})",
}

#: What is written for a function of truths.
TRUTHS: dict[Any, str] = {
    np.logical_and: "{} & {}",
    np.logical_or: "{} | {}",
    np.logical_xor: "{} ^ {}",
    np.logical_not: "{} == false",
    np.bitwise_and: "{} & {}",
    np.bitwise_or: "{} | {}",
    np.bitwise_xor: "{} ^ {}",
    np.invert: "{} == false",
}

#: What CUDA has no word for. Where a result is not finite although the cotangent is zero, zero is meant.
PREAMBLE = """
template <typename T> __device__ T fg_where(bool c, T a, T b) { return c ? a : b; }
template <typename T> __device__ T fg_sign(T x) { return x > 0 ? T(1) : x < 0 ? T(-1) : x == 0 ? T(0) : x; }
template <typename T> __device__ T fg_maximum(T a, T b) { return isnan(a) || a >= b ? a : b; }
template <typename T> __device__ T fg_minimum(T a, T b) { return isnan(a) || a <= b ? a : b; }
template <typename T> __device__ T fg_power(T a, T b) { return b == 2 ? a * a : b == 1 ? a : pow(a, b); }
template <typename T> __device__ T fg_logaddexp(T a, T b) {
  return a == b ? a + T(0.693147180559945309417) : a > b ? a + log1p(exp(b - a)) : b + log1p(exp(a - b));
}
template <typename T> __device__ T fg_logaddexp2(T a, T b) {
  const T e = T(1.442695040888963407360);
  return a == b ? a + 1 : a > b ? a + e * log1p(exp2(b - a)) : b + e * log1p(exp2(a - b));
}
template <typename T> __device__ T fg_mend(T c, T g) { return g == 0 && !isfinite(c) ? T(0) : c; }
"""


def lines(rule: Traced, names: list[str], char: str, text: list[str]) -> str | None:
    """Write the steps of a rule after the lines of `text`.

    Parameters
    ----------
    rule : Traced
    names : list of str
        The names of (g, *residuals).
    char : str
        The dtype.
    text : list of str
        The lines so far; names go by their number.

    Returns
    -------
    str or None
        The name of the result; None if there are no words for a step.
    """
    names, word, plain_types = list(names), WORDS[char], (int, float, np.dtype(char).type)
    kinds = [NUMBER] * len(names)
    for function, operands in rule.steps:
        written, seen = [], []
        for x in operands:
            if isinstance(x, Symbol):
                written.append(names[x.number])
                seen.append(kinds[x.number])
            elif type(x) in plain_types and isfinite(x):  # a number of another dtype would widen the result
                written.append(f"{word}({x if type(x) is int else float(x)!r})")
                seen.append(NUMBER)
            else:
                return None
        kind = NUMBER
        if function is np.where:
            if seen != [TRUTH, NUMBER, NUMBER]:
                return None
            form = "fg_where({}, {}, {})"
        elif TRUTH in seen:
            if function in TRUTHS and NUMBER not in seen:
                form, kind = TRUTHS[function], TRUTH
            elif function is np.multiply and NUMBER in seen:
                form = NUMBERS[function]
            else:
                return None
        elif function in QUESTIONS:
            form, kind = QUESTIONS[function], TRUTH
        elif function in NUMBERS:
            form = NUMBERS[function]
        else:
            return None
        name = f"t{len(text)}"
        text.append(f"const {word if kind is NUMBER else 'bool'} {name} = {form.format(*written)};")
        names.append(name)
        kinds.append(kind)
    return names[rule.result] if kinds[rule.result] is NUMBER else None


# -- Programs and their kernels --------------------------------------------------------------------------------


class Rule(NamedTuple):
    """A rule applied to values of a program.

    Values are counted from 0; what the kernel is given is -1, -2, ...
    """

    traced: Traced
    guarded: bool  # whether the result is zero where the cotangent is, even if a partial is infinite
    operands: tuple[int, ...]  # (g, *residuals)


class Total(NamedTuple):
    """The sum of two values of a program."""

    held: int
    given: int


class Program(NamedTuple):
    """What one kernel does: the key that it is found by."""

    char: str  # of the dtype
    layout: tuple[bool, ...]  # which of its operands are arrays; the others are numbers
    steps: tuple[Rule | Total, ...]
    wanted: tuple[int, ...]  # the values that it writes


#: Kernels by library and program. They stay: a program is met again in the next pass.
KERNELS: dict[tuple[Any, Program], Any] = {}


def kernel_of(library: Any, program: Program) -> Any:
    """Return the kernel of a program, None if the library makes none."""
    try:
        return KERNELS[library, program]
    except KeyError:
        return KERNELS.setdefault((library, program), library.kernel(*source(program), PREAMBLE))


def source(program: Program) -> tuple[str, str, str]:
    """Return the operands of a program's kernel, its outputs, and its lines, as CuPy's ``ElementwiseKernel`` wants."""
    word = WORDS[program.char]
    text: list[str] = []
    values: list[str] = []

    def name(value: int) -> str:
        return values[value] if value >= 0 else f"x{-1 - value}"

    for step in program.steps:
        if isinstance(step, Rule):
            operands = [name(value) for value in step.operands]
            result = lines(step.traced, operands, program.char, text)
            assert result is not None  # or it would not have been traced
            if not step.guarded:
                values.append(result)
                continue
            form = f"fg_mend({result}, {operands[0]})"
        else:
            form = f"{name(step.held)} + {name(step.given)}"
        values.append(f"t{len(text)}")
        text.append(f"const {word} {values[-1]} = {form};")
    text += [f"y{i} = {name(value)};" for i, value in enumerate(program.wanted)]
    dtype = np.dtype(program.char).name
    return (
        ", ".join(f"{dtype} x{i}" for i in range(len(program.layout))),
        ", ".join(f"{dtype} y{i}" for i in range(len(program.wanted))),
        "\n".join(text),
    )
