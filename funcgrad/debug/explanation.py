"""``explain``: why a gradient is zero, missing or not finite, in terms of the user's lines.

The function runs once under an :class:`~funcgrad.debug.observer.Observer`, and one backward pass follows. What the
rules received and returned then says where a cotangent became zero, or stopped being finite; the calls without a
derivative say where a dependence was cut.
"""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad._typing import AnyFunction
from funcgrad.core.engine import backward
from funcgrad.core.graph import Leaf, Node
from funcgrad.core.space import space_of
from funcgrad.debug.causes import cut_of, loss_of, origins_of_nonfinite, sums_to_zero, unread
from funcgrad.debug.lines import Line, shown
from funcgrad.debug.observer import Event, Observer, finite, host, magnitude
from funcgrad.debug.watch import WATCHING
from funcgrad.errors import PACKAGE, LostGradientError
from funcgrad.transforms.arguments import Transformed, as_array, choose, is_array
from funcgrad.transforms.reverse import ReverseTracer
from funcgrad.tree import flatten, flatten_with_paths

__all__ = ["Explanation", "Finding", "LeafReport", "explain"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """One cause.

    Attributes
    ----------
    kind : str
        One of the kinds that :func:`explain` lists.
    function : str
        The call's function; "" if no call is meant.
    line : Line or None
        The user's line that made the call.
    detail : str
        What happened there.
    count : int
        How often, in a loop.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import debug
    >>> (finding,) = debug.explain(lambda x: np.round(x))(1.5).findings
    >>> finding.kind, finding.function
    ('constant', 'round')
    """

    kind: str
    function: str
    line: Line | None
    detail: str
    count: int = 1

    def __str__(self) -> str:
        where = (
            f"{self.function or 'here'} at {self.line}: " if self.line else f"{self.function}: " * bool(self.function)
        )
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"[{self.kind}] {where}{self.detail}{times}"


@dataclasses.dataclass(frozen=True)
class LeafReport:
    """What is to be said about one array among the differentiated arguments.

    Attributes
    ----------
    name : str
        Which one.
    status : str
        "fine", "zero", "partly zero" (some elements), "no path", "not finite", "not differentiable", or "unknown".
    gradient : array or None
        That of the sum of the outputs.
    findings : list of Finding
        The causes, in the order of the program; for what is not finite, the origin first.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import debug
    >>> (leaf,) = debug.explain(lambda x: x**2)(3.0).leaves
    >>> leaf.status, leaf.gradient
    ('fine', np.float64(6.0))
    """

    name: str
    status: str
    gradient: Any
    findings: list[Finding]

    def __str__(self) -> str:
        size = f", largest element {magnitude(self.gradient):.3g}" if self.status == "fine" else ""
        return "\n".join([f"{self.name}: {self.status}{size}", *(f"  {finding}" for finding in self.findings)])


@dataclasses.dataclass(frozen=True)
class Explanation:
    """What :func:`explain` found. Its ``str`` is to be read.

    Attributes
    ----------
    leaves : list of LeafReport
    magnitudes : list of (str, Line, float, float)
        For each call that the backward pass reached, in its order: function, line, the largest absolute values of the
        cotangent that arrived and of those that were sent back.
    error : Exception or None
        What the function or the backward pass raised, without its traceback, which would keep all arrays alive.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import debug
    >>> debug.explain(lambda x, y: x**2)(3.0, 1.0)
    argument 0: fine, largest element 6
    ...
    """

    leaves: list[LeafReport]
    magnitudes: list[tuple[str, Line, float, float]]
    error: BaseException | None = None

    @property
    def findings(self) -> list[Finding]:
        """The findings of all leaves, each once."""
        return list(dict.fromkeys(finding for leaf in self.leaves for finding in leaf.findings))

    def __str__(self) -> str:
        return "\n".join(map(str, self.leaves))

    __repr__ = __str__


# -- The public function ---------------------------------------------------------------------------------


def explain(f: AnyFunction, argnums: int | Sequence[int] = 0) -> Any:
    """Return a function that says why the gradient of `f` is zero, missing, nan or infinite.

    It runs `f` once, with one backward pass from the sum of the outputs, so `f` need not return a scalar. It does not
    raise because of what `f` does: an exception becomes a finding.

    Parameters
    ----------
    f : callable
        A function of arrays or pytrees.
    argnums : int or sequence of int
        Which positional arguments to ask about.

    Returns
    -------
    callable
        Takes the arguments of `f` and returns an :class:`Explanation`, with a report for each leaf. Kinds of finding:

        - a path that is cut: ``constant`` (``floor``, ``argmax``, ``sign``), ``comparison``, ``stop_gradient``,
          ``cast`` (to integers), ``conversion`` (``x.item()``, ``float(x)``, a branch), ``no derivative``;
        - a cotangent that becomes zero: ``not chosen`` (``where``, ``max``), ``saturated`` (``maximum``, ``clip``,
          ``tanh``), ``zero factor``, ``zero partial``, ``underflow``, ``overwritten``, ``unread``, ``cancels``;
        - ``unused``: the input, or what was made of it, does not reach the output;
        - what is not finite: ``input``, ``value``, ``cotangent``;
        - ``integer``, ``no array``, ``error``, and, where all is well, ``summary``.

    Raises
    ------
    ValueError, TypeError
        If `argnums` does not fit the call.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import debug
    >>> report = debug.explain(lambda x: np.sum(np.floor(x)))(np.array([1.5]))
    >>> report.leaves[0].status, report.findings[0].kind, report.findings[0].function
    ('no path', 'constant', 'floor')
    """
    return Transformed(apply_explain, f, {"argnums": argnums})


def apply_explain(f: AnyFunction, args: tuple[Any, ...], kwargs: dict[str, Any], *, argnums: Any) -> Explanation:
    chosen = choose(f, args, kwargs, tuple(argnums) if isinstance(argnums, Sequence) else argnums, None)
    leaves, structure = flatten(chosen.tree())
    paths = [path for path, _ in flatten_with_paths(chosen.tree())]
    token = WATCHING.set(None)  # a watch would raise
    level = Observer()
    run = Run(level, [leaf_name(chosen.numbers, path) for path in paths])
    try:
        tracers = [run.input(leaf) for leaf in leaves]
        with np.errstate(all="ignore"):
            run.attempt(lambda: run.forward(chosen.call(level, f, structure.unflatten(tracers))))
            level.close()
            run.attempt(run.backward)
            return run.explanation()
    finally:
        level.close()
        level.forget()
        WATCHING.reset(token)


def leaf_name(numbers: Any, path: str) -> str:
    if isinstance(numbers, tuple):  # the path begins with the place among them
        place, _, rest = path[1:].partition("]")
        return f"argument {numbers[int(place)]}{rest}".replace("[<flat index 0>]", "")
    return f"argument {numbers}{path}".replace("[<flat index 0>]", "")


class Run:
    """One run of the function: its inputs, outputs, and what went wrong."""

    def __init__(self, level: Observer, names: list[str]) -> None:
        self.level = level
        self.names = names
        self.inputs: list[tuple[Any, Any]] = []  # (value, its Leaf or None)
        self.roots: list[tuple[Node, Any]] = []
        self.nodes: set[int] = set()  # what has a path to the outputs
        self.error: Exception | None = None
        self.where: Finding | None = None

    def input(self, leaf: Any) -> Any:
        given, name = self.level.input(leaf)
        number = frozenset({len(self.inputs)})
        node = given.node if isinstance(given, ReverseTracer) and given.level is self.level else None
        self.inputs.append((host(as_array(leaf)) if is_array(leaf) else leaf, node))
        if name.name is not None and node is not None:
            self.level.leaves[name.name] = self.level.seen[name.name] = number
        return given

    def attempt(self, action: Any) -> None:
        """Run the user's code, or rules; what they raise becomes a finding."""
        if self.error is not None:
            return
        try:
            action()
        except Exception as error:
            self.error = error
            event = self.level.current
            function, line = ("", line_of(error)) if event is None else (event.step.function, event.step.line)
            text = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            kind = "conversion" if isinstance(error, LostGradientError) else "error"
            self.where = Finding(kind, function, line, text)
            error.__traceback__ = None  # its frames would keep the arrays

    def forward(self, output: Any) -> None:
        """See what the function has returned."""
        for y in flatten(output)[0]:
            if isinstance(y, ReverseTracer) and y.level is self.level:
                self.roots.append((y.node, np.ones_like(y.value)))
        self.nodes = self.level.reaching([node for node, _ in self.roots])

    def backward(self) -> None:
        backward(list(self.roots))

    # What came out

    def explanation(self) -> Explanation:
        leaves = [self.report(i) for i in range(len(self.inputs))]
        return Explanation(leaves, self.magnitudes(), self.error)

    def pulled(self) -> list[Event]:
        """The calls that the backward pass reached, in its order."""
        found = [event for event in self.level.events if event.order is not None]
        return sorted(found, key=lambda event: event.order or 0)

    def magnitudes(self) -> list[tuple[str, Line, float, float]]:
        return [
            (event.step.function, event.step.line, magnitude(event.arrived), magnitude([c for _, c in event.sent]))
            for event in self.pulled()
        ]

    def report(self, i: int) -> LeafReport:
        """Report on one leaf; whatever goes wrong in doing so is reported too."""
        value, node = self.inputs[i]
        name = self.names[i]
        if node is None:
            if not is_array(value):
                return LeafReport(name, "not differentiable", None, [Finding("no array", "", None, shown(value))])
            detail = f"{space_of(value)} has no derivative: pass floating-point numbers, such as x.astype(float)"
            return LeafReport(name, "not differentiable", None, [Finding("integer", "", None, detail)])
        try:
            return self.judged(i, value, node)
        except Exception as error:
            detail = f"this could not be explained further: {type(error).__name__}: {error}"
            return LeafReport(name, "unknown", None, [Finding("error", "", None, detail)])

    def judged(self, i: int, value: Any, node: Leaf) -> LeafReport:
        gradient = None if node.gradient is None else host(node.gradient)
        if self.where is not None:
            origins = [Finding(*parts) for parts in origins_of_nonfinite(i, value, self.level.events)]
            return LeafReport(self.names[i], "unknown", gradient, [self.where, *origins, *self.cuts(i)])
        if gradient is None:
            return LeafReport(self.names[i], "no path", None, self.cuts(i) or [self.unused(i)])
        if not finite(gradient):
            origins = [Finding(*parts) for parts in origins_of_nonfinite(i, value, self.level.events)]
            return LeafReport(self.names[i], "not finite", gradient, origins)
        zero = gradient == 0
        if not np.any(zero):
            return LeafReport(self.names[i], "fine", gradient, self.summary(i))
        status = "zero" if np.all(zero) else "partly zero"
        findings = self.losses(i, node) + self.cuts(i)
        return LeafReport(self.names[i], status, gradient, findings or [self.summed(i)])

    def cuts(self, i: int) -> list[Finding]:
        """Return where calls without a derivative have cut the dependence on input `i`."""
        events = [event for event in self.level.events if i in event.seen]
        return merged([Finding(*parts) for event in events if (parts := cut_of(event, i, self.level)) is not None])

    def losses(self, i: int, node: Leaf) -> list[Finding]:
        """Return where the cotangent on its way to input `i` became zero."""
        found: list[tuple[int, Finding]] = []
        for place, event in enumerate(self.level.events):
            if i in event.leaves and not event.step.constant:
                found += [(place, Finding(*parts)) for parts in loss_of(event, i, self.level)]
        found += [(place, Finding(*parts)) for place, parts in unread(i, self.level, self.nodes)]
        found += [(place, Finding(*parts)) for place, parts in sums_to_zero(i, node, self.level)]
        return merged([finding for _, finding in sorted(found, key=lambda pair: pair[0])])

    def summed(self, i: int) -> Finding:
        """Say that cotangents cancel where no call shows it: reads of one array are added up without one."""
        reads = [event for event in self.level.events if i in event.leaves and event.index is not None]
        if len(reads) < 2:
            return Finding("cancels", "", None, "no single call makes it zero: the cotangents of its uses cancel")
        lines = ", ".join(dict.fromkeys(str(event.step.line) for event in reads))
        detail = f"the cotangents of {len(reads)} reads cancel (at {lines})"
        return Finding("cancels", reads[0].step.function, reads[0].step.line, detail)

    def unused(self, i: int) -> Finding:
        events = [event for event in self.level.events if i in event.leaves]
        if not events:
            return Finding("unused", "", None, "the function does not use it")
        last = events[-1].step
        return Finding("unused", last.function, last.line, "what was made of it does not reach the output")

    def summary(self, i: int) -> list[Finding]:
        """Say where the cotangents on the way to input `i` grew most."""
        grown = []
        for event in self.pulled():
            before, after = magnitude(event.arrived), magnitude([c for _, c in event.sent])
            if i in event.leaves and before > 0:
                grown.append((after / before, before, after, event))
        if not grown:
            return [Finding("summary", "", None, "the gradient arrives as it was sent")]
        factor, before, after, event = max(grown, key=lambda entry: entry[0])
        detail = f"the largest growth in {len(grown)} calls: from {before:.3g} to {after:.3g}, a factor of {factor:.3g}"
        return [Finding("summary", event.step.function, event.step.line, detail)]


def merged(findings: list[Finding]) -> list[Finding]:
    """Count what a loop found again and again as one."""
    counts: dict[tuple[Any, ...], tuple[Finding, int]] = {}
    for finding in findings:
        key = (finding.kind, finding.function, finding.line)
        first, count = counts.get(key, (finding, 0))
        counts[key] = first, count + 1
    return [dataclasses.replace(first, count=count) for first, count in counts.values()]


def line_of(error: BaseException) -> Line | None:
    """Return the innermost line of the user that an exception passed."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(PACKAGE) and "/numpy/" not in frame.filename:
            return Line(frame.filename, frame.lineno or 0, frame.name)
    return None
