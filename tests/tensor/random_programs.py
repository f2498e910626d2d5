"""Random programs of tensor operations, to be run under PyTorch and funcgrad alike.

A program is text. It is drawn line by line; each line is run under PyTorch at once, so that the next one knows what
there is. What PyTorch refuses stays in: the other library has to refuse it, too.
"""

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

DTYPES = ("float32", "float64", "int64", "bool", "complex64", "complex128", "int32")
WEIGHTS = (0.3, 0.3, 0.12, 0.08, 0.06, 0.06, 0.08)
SHAPES = ((), (1,), (3,), (2, 3), (3, 1), (1, 3), (3, 3), (2, 1, 3), (0,), (2, 2, 3), (4, 2))

UNARY = (
    *("{a}.exp()", "{a}.sin()", "{a}.abs()", "{a}.neg()", "{a}.square()", "{a}.sigmoid()", "{a}.tanh()", "{a}.relu()"),
    *(
        "{a}.sign()",
        "{a}.floor()",
        "{a}.clone()",
        "{a}.log1p()",
        "{a}.sqrt()",
        "{a} ** 2",
        "2 - {a}",
        "{a} / 2",
        "-{a}",
    ),
    *(
        "1 / {a}",
        "2 ** {a}",
        "{a} * 3",
        "{a} + 1",
        "{a} - 0.5",
        "{a}.detach() // 2",
        "{a} % 2",
        "{a} > 0",
        "{a} == 1",
        "~{a}",
    ),
    *("{a}.clamp(-1, 1)", "{a}.clamp(min=0)", "{a}.round()", "{a}.isnan()", "{a}.cos()", "{a}.reciprocal()"),
    *("{a}.erf()", "{a}.expm1()", "{a}.atan()", "{a}.nan_to_num()", "{a}.logical_not()", "{a}.conj()", "{a}.real"),
    *("{a}.angle()", "{a}.frac()", "{a}.trunc()", "{a}.sgn()", "{a}.positive()", "{a}.sinc()", "{a}.rsqrt()"),
    *("{a}.double()", "{a}.float()", "{a}.long()", "{a}.bool()", "{a}.int()", "{a}.to(torch.complex64)", "{a}.half()"),
)
BINARY = (
    *("{a} + {b}", "{a} - {b}", "{a} * {b}", "{a} / {b}", "{a} > {b}", "{a} <= {b}", "{a} == {b}", "{a} % {b}"),
    *("torch.maximum({a}, {b})", "torch.minimum({a}, {b})", "torch.where({a} > 0, {a}, {b})", "torch.atan2({a}, {b})"),
    *(
        "{a} @ {b}",
        "torch.matmul({a}, {b}.mT)",
        "torch.cat([{a}, {b}])",
        "torch.stack([{a}, {b}])",
        "{a}.detach() // {b}.detach()",
    ),
    *("torch.outer({a}, {b})", "{a}.mul({b})", "torch.add({a}.float(), {b}, alpha=2)", "torch.lerp({a}, {b}, 0.3)"),
    *("{a}.pow({b})", "torch.logaddexp({a}, {b})", "torch.hypot({a}, {b})", "{a}.eq({b})", "{a} & {b}", "{a} | {b}"),
    *("torch.dot({a}, {b})", "torch.fmod({a}, {b})", "torch.logical_and({a}, {b})", "torch.isclose({a}, {b})"),
    *("{a}.expand_as({b})", "{a}.view_as({b})", "torch.broadcast_tensors({a}, {b})[0]", "{a}.type_as({b})"),
    *(
        "torch.dist({a}, {b})",
        "torch.cross({a}, {b}, dim=-1)",
        "torch.kron({a}.clone(), {b}.clone())",
        "torch.copysign({a}, {b}.detach())",
    ),
)
REDUCTIONS = (
    *("{a}.sum({d})", "{a}.mean({d})", "{a}.prod({d})", "{a}.amax({d})", "{a}.amin({d})", "{a}.max()", "{a}.min()"),
    *("{a}.max({d}).values", "{a}.min({d}).indices", "{a}.argmax({d})", "{a}.std({d})", "{a}.var({d})", "{a}.sum()"),
    *("{a}.mean()", "{a}.any({d})", "{a}.all()", "{a}.norm()", "{a}.norm(dim={d})", "{a}.logsumexp({d})"),
    *("{a}.cumsum({d})", "{a}.cumprod({d})", "{a}.softmax({d})", "{a}.log_softmax({d})", "{a}.sort({d}).values"),
    *("{a}.argsort(dim={d}, stable=True)", "{a}.median()", "{a}.count_nonzero({d})", "{a}.sum({d}, keepdim=True)"),
    *("{a}.flip({d})", "{a}.roll(1, {d})", "{a}.diff(dim={d})", "{a}.cummax({d}).values", "{a}.nansum({d})"),
    *(
        "{a}.mean({d}, keepdim=True)",
        "{a}.topk(1, {d}).values",
        "{a}.detach().unique()",
        "{a}.quantile(0.3)",
        "{a}.prod()",
    ),
    *("{a}.kthvalue(1, {d}).values", "{a}.std()", "{a}.logcumsumexp({d})", "{a}.aminmax().max"),
)
SHAPING = (
    *("{a}.reshape(-1)", "{a}.view(-1)", "{a}.transpose(0, {d})", "{a}.t()", "{a}.T", "{a}.mT", "{a}.unsqueeze({d})"),
    *(
        "{a}.squeeze()",
        "{a}.squeeze({d})",
        "{a}.flatten()",
        "{a}[0]",
        "{a}[..., 0]",
        "{a}[None]",
        "{a}[1:]",
        "{a}[::2]",
    ),
    *("{a}[..., -1:]", "{a}[{a} > 0]", "{a}[[0]]", "{a}.diagonal()", "{a}.expand(2, *{a}.shape)", "{a}.contiguous()"),
    *(
        "{a}.permute(*reversed(range({a}.ndim)))",
        "{a}.repeat(2, *[1] * {a}.ndim)",
        "{a}.chunk(2)[0]",
        "{a}.split(1)[0]",
    ),
    *("{a}.unbind()[0]", "{a}.select({d}, 0)", "{a}.narrow({d}, 0, 1)", "{a}.movedim(0, {d})", "{a}.detach()"),
    *("{a}.tril()", "{a}.triu()", "{a}.view({a}.shape)", "{a}.reshape(3, -1)", "{a}.unfold({d}, 1, 1)", "{a}.ravel()"),
    *("{a}.index_select({d}, torch.tensor([0, 0]))", "{a}.gather({d}, torch.zeros_like({a}, dtype=torch.int64))"),
    *("{a}.swapaxes(0, {d})", "{a}.diag()", "{a}.rot90()", "{a}.masked_fill({a} > 1, 0)", "{a}.repeat_interleave(2)"),
    *("{a}.as_strided((2,), (1,))", "torch.zeros_like({a})", "{a}.new_ones(2)", "{a}.tile(2)", "{a}.hsplit(1)[0]"),
)
WRITES = (
    *("{a}.mul_(2)", "{a}.add_(1)", "{a}.add_({b})", "{a}.mul_({b})", "{a}.zero_()", "{a}.fill_(3)", "{a}.copy_({b})"),
    *("{a}.__setitem__(0, 5)", "{a}.__setitem__(..., {b})", "{a}.__setitem__(0, {b})", "{a}.relu_()", "{a}.exp_()"),
    *("{a}.clamp_(0, 1)", "{a}.neg_()", "{a}.sub_(0.5)", "{a}.div_(2)", "{a}.masked_fill_({a} > 0, 1)", "{a}.sin_()"),
    *("{a}.__setitem__({a} > 0, 2)", "{a}.t_()", "{a}.squeeze_()", "{a}.unsqueeze_({d})", "{a}.__setitem__([0], {b})"),
    *("{a}.transpose_(0, {d})", "{a}.pow_(2)", "{a}.sigmoid_()", "{a}.index_fill_({d}, torch.tensor([0]), 1)"),
)
GROUPS = ((UNARY, 0.26), (BINARY, 0.24), (REDUCTIONS, 0.18), (SHAPING, 0.2), (WRITES, 0.12))


@dataclass
class Program:
    """Inputs, each a name, dtype, values and whether it is a leaf with gradients; and lines of text."""

    inputs: list[tuple[str, str, Any, bool]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        made = [
            f"{name} = torch.tensor({values.tolist()}, dtype=torch.{dtype}, requires_grad={leaf})"
            for name, dtype, values, leaf in self.inputs
        ]
        return "\n".join([*made, *self.lines])


def drawn_input(rng: np.random.Generator) -> tuple[str, Any, bool]:
    dtype = str(rng.choice(DTYPES, p=WEIGHTS))
    shape = SHAPES[rng.integers(len(SHAPES))]
    values = rng.normal(size=shape).round(2)
    if dtype.startswith("complex"):
        values = values + 1j * rng.normal(size=shape).round(2)
    elif dtype.startswith("int"):
        values = rng.integers(-3, 4, shape)
    elif dtype == "bool":
        values = values > 0
    return dtype, np.asarray(values), dtype[0] in "fc" and bool(rng.random() < 0.7)


def environment(program: Program, library: Any) -> dict[str, Any]:
    names: dict[str, Any] = {"torch": library}
    for name, dtype, values, leaf in program.inputs:
        x = library.tensor(values.tolist(), dtype=getattr(library, dtype))
        x = x.reshape(values.shape) if not values.size else x
        names[name] = x.requires_grad_() if leaf else x
    return names


def step(line: str, names: dict[str, Any]) -> str:
    """Run a line; return the kind of error that it raises, or nothing."""
    try:
        exec(line, names)
    except Exception as error:
        return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
    return ""


def draw(seed: int, torch: Any) -> Program:
    """Draw a program of 3 to 8 lines."""
    rng = np.random.default_rng(seed)
    program = Program()
    for name in ("a", "b", "c")[: rng.integers(2, 4)]:
        program.inputs.append((name, *drawn_input(rng)))
    names = environment(program, torch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(rng.integers(3, 9)):
            tensors = [name for name, x in names.items() if isinstance(x, torch.Tensor)]
            group = GROUPS[rng.choice(len(GROUPS), p=[weight for _, weight in GROUPS])][0]
            pattern = group[rng.integers(len(group))]
            first, second = rng.choice(tensors[-3:] if rng.random() < 0.6 else tensors), rng.choice(tensors)
            dim = int(rng.integers(-1, max(names[str(first)].ndim, 1)))
            call = pattern.format(a=first, b=second, d=dim)
            line = call if group is WRITES else f"t{i} = {call}"
            refused = step(line, names)
            if refused and rng.random() < 0.7:
                continue  # few errors are enough
            program.lines.append(line)
    return program
