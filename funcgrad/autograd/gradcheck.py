"""``gradcheck`` and ``gradgradcheck``: derivatives against central differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.autograd.gradients import grad
from funcgrad.tensor.modes import enable_grad
from funcgrad.tensor.shell import Base, wrap
from funcgrad.tensor.tensor import Tensor
from funcgrad.tensor.trees import bare_function, taken_off
from funcgrad.transforms.batch import vmap
from funcgrad.transforms.forward import jvp
from funcgrad.transforms.gradient import vjp

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


class GradcheckError(RuntimeError):
    """A derivative is not what differences say that it is.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.autograd import GradcheckError, gradcheck
    >>> x = fg.ones(2, dtype=fg.float64, requires_grad=True)
    >>> try:
    ...     gradcheck(lambda x: x.detach() * x, x)
    ... except GradcheckError as error:
    ...     print(str(error)[:21])
    Jacobian mismatch for
    """


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare the derivatives of a function with central differences.

    Parameters
    ----------
    func : callable
        Of tensors; returns a tensor or several.
    inputs : Tensor or sequence
        Its arguments, of which those tensors that require gradients are checked; in float64, for the differences.
    eps : float
        The step of the differences.
    atol, rtol : float
        How much may be between the two.
    raise_exception : bool
        Whether to raise where they differ; otherwise to return False.
    nondet_tol : float
        How much may be between two backward passes over the same graph.
    check_undefined_grad : bool
        Whether each output alone is sent backward, too, where there are several.
    check_grad_dtypes : bool
        Whether gradients must have the dtype of their inputs.
    check_batched_grad, check_batched_forward_grad : bool
        Whether to check that ``vmap`` over the derivatives gives the same.
    check_forward_ad, check_backward_ad : bool
        Which modes to check.
    fast_mode : bool
        Whether to compare one random combination of all elements instead of each.
    masked : bool, optional
        Without effect: it is about sparse tensors.

    Returns
    -------
    bool
        Whether they agree.

    Raises
    ------
    GradcheckError
        If they do not, unless `raise_exception` is False.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.tensor([1.0, 2.0], dtype=fg.float64, requires_grad=True)
    >>> fg.autograd.gradcheck(lambda x: x.exp() * x, x)
    True
    """
    if not check_forward_ad and not check_backward_ad:
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    arguments = [inputs] if isinstance(inputs, Base) else list(inputs)
    try:
        with enable_grad():
            check = Check(func, arguments, eps, atol, rtol, fast_mode)
            if check_backward_ad:
                check.backward(nondet_tol, check_undefined_grad, check_grad_dtypes)
                if check_batched_grad:
                    check.batched()
            if check_forward_ad:
                check.forward(check_batched_forward_grad)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


# -- Numbers as real ones ----------------------------------------------------------------------------------------


def parts(x: Array) -> list[tuple[Array, complex]]:
    """Return the directions in which an array is varied: each element, of complex ones also the imaginary part."""
    units: tuple[complex, ...] = (1, 1j) if x.dtype.kind == "c" else (1,)
    found = []
    for place in np.ndindex(x.shape):
        for unit in units:
            direction = np.zeros(x.shape, x.dtype)
            direction[place] = unit
            found.append((direction, unit))
    return found


def as_real(x: Array) -> Array:
    """Return the elements as a vector of real numbers."""
    flat = np.ravel(np.asarray(x))
    return np.ravel(np.stack([flat.real, flat.imag], -1)) if flat.dtype.kind == "c" else flat


class Check:
    """One call of :func:`gradcheck`."""

    def __init__(
        self, func: Callable[..., Any], arguments: list[Any], eps: float, atol: float, rtol: float, fast: bool
    ) -> None:
        self.func = func
        self.arguments = arguments
        self.eps, self.atol, self.rtol, self.fast = eps, atol, rtol, fast
        self.checked = [i for i, x in enumerate(arguments) if isinstance(x, Base) and x.requires_grad]
        if not self.checked:
            raise ValueError(
                "gradcheck expects at least one input tensor to require gradient, but none of them have "
                "requires_grad=True"
            )
        for i in self.checked:
            self.check_input(i, arguments[i].values())
        self.outputs = self.differentiable(func(*arguments))
        self.random = np.random.default_rng(0)
        if not self.outputs:
            self.check_constant()

    def check_input(self, i: int, value: Array) -> None:
        if value.dtype not in (np.float64, np.complex128):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This check "
                "will likely fail if all the inputs are not of double precision floating point or complex.",
                UserWarning,
                stacklevel=4,
            )
        if any(n > 1 and stride == 0 for n, stride in zip(value.shape, value.strides, strict=True)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly: use contiguous()"
            )

    @staticmethod
    def all_outputs(result: Any) -> list[Any]:
        found = list(result) if isinstance(result, tuple | list) else [result]
        for y in found:
            if not isinstance(y, Base):
                raise AttributeError(f"gradcheck: the function must return tensors, got {type(y).__name__}")
        return found

    def differentiable(self, result: Any) -> list[Any]:
        return [y for y in self.all_outputs(result) if y.requires_grad]

    def values(self) -> list[Array]:
        """Evaluate the function: the outputs as vectors of real numbers."""
        outputs = self.all_outputs(self.func(*self.arguments))
        if self.outputs:
            outputs = [y for y in outputs if y.requires_grad]
        return [np.array(as_real(y.values())) for y in outputs]

    def difference(self, i: int, direction: Array) -> list[Array]:
        """Return how the outputs change with an argument."""
        memory = self.arguments[i].values()
        before = memory.copy()
        try:
            memory[...] = before + self.eps * direction
            after = self.values()
            memory[...] = before - self.eps * direction
            return [(a - b) / (2 * self.eps) for a, b in zip(after, self.values(), strict=True)]
        finally:
            memory[...] = before

    def check_constant(self) -> None:
        for i in self.checked:
            for direction, _ in parts(self.arguments[i].values()):
                if any(np.abs(dy).max(initial=0) > self.eps for dy in self.difference(i, direction)):
                    raise GradcheckError("Numerical gradient for function expected to be zero")

    # -- What is compared

    def directions(self, x: Array) -> list[Array]:
        found = [direction for direction, _ in parts(x)]
        if self.fast and found:
            weights = self.random.normal(size=len(found))
            return [np.asarray(sum(w * d for w, d in zip(weights, found, strict=True)))]
        return found

    def numerical(self, i: int) -> tuple[list[Array], list[Array]]:
        """Return directions of an argument, and for each output a matrix with the changes in its columns."""
        directions = self.directions(self.arguments[i].values())
        columns = [self.difference(i, direction) for direction in directions]
        return directions, [np.stack([c[k] for c in columns], 1) for k in range(len(self.outputs))] if columns else []

    def backward(self, nondet_tol: float, alone: bool, dtypes: bool) -> None:
        if not self.outputs:
            return
        rows = [self.rows(k, dtypes) for k in range(len(self.outputs))]
        again = [self.rows(k, dtypes) for k in range(len(self.outputs))]
        for number, i in enumerate(self.checked):
            directions, matrices = self.numerical(i)
            for k, numerical in enumerate(matrices):
                matrix, other = rows[k][number], again[k][number]
                if np.abs(matrix - other).max(initial=0) > nondet_tol:
                    raise GradcheckError(
                        "Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
                        f"times gives different values, although analytical gradient matches numerical gradient; "
                        f"output {k}, input {i}. The tolerance for nondeterminism was {nondet_tol}."
                    )
                basis = np.stack([as_real(d) for d in directions], 1)
                self.compare(k, i, matrix @ basis, numerical)
        if alone and len(self.outputs) > 1:
            self.together(rows)

    def rows(self, k: int, dtypes: bool) -> list[Array]:
        """Return the Jacobians of an output by the backward pass, for each argument."""
        output = self.outputs[k]
        tensors = [self.arguments[i] for i in self.checked]
        found: list[list[Array]] = [[] for _ in tensors]
        for seed, _ in parts(output.values()):
            given = grad(output, tensors, wrap(seed), retain_graph=True, allow_unused=True)
            for place, (x, g) in enumerate(zip(tensors, given, strict=True)):
                if g is None:
                    found[place].append(np.zeros_like(as_real(x.values())))
                    continue
                if dtypes and g.values().dtype != x.values().dtype:
                    raise GradcheckError(f"the gradient has dtype {g.dtype}, its input {x.dtype}")
                found[place].append(np.array(as_real(g.values())))
        sizes = [as_real(x.values()).size for x in tensors]
        return [np.stack(rows) if rows else np.zeros((0, n)) for rows, n in zip(found, sizes, strict=True)]

    def together(self, rows: list[list[Array]]) -> None:
        """Check that a backward pass from all outputs gives the sum of those from each alone."""
        tensors = [self.arguments[i] for i in self.checked]
        seeds = [self.random.normal(size=as_real(y.values()).shape) for y in self.outputs]
        given = [wrap(from_real(s, y.values())) for s, y in zip(seeds, self.outputs, strict=True)]
        found = grad(self.outputs, tensors, given, retain_graph=True, allow_unused=True)
        for place, (x, g) in enumerate(zip(tensors, found, strict=True)):
            expected = sum(s @ matrices[place] for s, matrices in zip(seeds, rows, strict=True))
            value = np.zeros_like(as_real(x.values())) if g is None else as_real(g.values())
            if not np.allclose(value, np.asarray(expected), self.rtol, self.atol):
                raise GradcheckError(
                    "Expected backward function to handle undefined output grads: the gradients of the outputs alone "
                    f"do not add up to that of all together, for input {self.checked[place]}"
                )

    def batched(self) -> None:
        tensors = [self.arguments[i] for i in self.checked]
        for k, output in enumerate(self.outputs):
            seeds = wrap(np.stack([seed for seed, _ in parts(output.values())]))
            each = [grad(output, tensors, seed, retain_graph=True, allow_unused=True) for seed in seeds]
            found = grad(output, tensors, seeds, retain_graph=True, allow_unused=True, is_grads_batched=True)
            for place, g in enumerate(found):
                expected = [gs[place] for gs in each]
                if (g is None) != (expected[0] is None) or (
                    g is not None
                    and not np.allclose(g.values(), np.stack([e.values() for e in expected]), self.rtol, self.atol)
                ):
                    raise GradcheckError(
                        f"While computing batched gradients: they differ from those one by one, for output {k} with "
                        f"respect to input {self.checked[place]}"
                    )

    def forward(self, batched: bool) -> None:
        for i in self.checked:
            directions, matrices = self.numerical(i)
            columns = [self.push(i, direction) for direction in directions]
            for k, numerical in enumerate(matrices):
                self.compare(
                    k, i, np.stack([as_real(c[k]) for c in columns], 1), numerical, "computed with forward mode "
                )
            if batched and directions:
                found = vmap(lambda d, i=i: self.push(i, d))(np.stack(directions))
                for k, y in enumerate(found):
                    if not np.allclose(y, np.stack([c[k] for c in columns]), self.rtol, self.atol):
                        raise GradcheckError(f"While computing batched forward gradients: output {k}, input {i}")

    def push(self, i: int, direction: Any) -> list[Any]:
        """Return the tangents of the outputs."""
        fixed = [x.detach() if isinstance(x, Tensor) else x for x in self.arguments]
        which = [y.requires_grad for y in self.all_outputs(self.func(*self.arguments))]

        def of_one(x: Any) -> list[Any]:
            outputs = self.all_outputs(self.func(*fixed[:i], x, *fixed[i + 1 :]))
            return [y for y, yes in zip(outputs, which, strict=True) if yes or not self.outputs]

        dy: list[Any] = jvp(bare_function(of_one), (taken_off(fixed[i]),), (direction,))[1]
        return dy

    def compare(self, k: int, i: int, analytical: Array, numerical: Array, how: str = "") -> None:
        if analytical.shape == numerical.shape and np.allclose(analytical, numerical, self.rtol, self.atol):
            return
        raise GradcheckError(
            f"Jacobian {how}mismatch for output {k} with respect to input {i},\nnumerical:{numerical.T}\n"
            f"analytical:{analytical.T}\n"
        )


def from_real(flat: Array, like: Array) -> Array:
    if like.dtype.kind == "c":
        flat = flat[0::2] + 1j * flat[1::2]
    return np.asarray(flat.reshape(like.shape).astype(like.dtype))


# -- The second derivative ------------------------------------------------------------------------------------------


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Compare the derivatives of a function's gradients with central differences.

    Parameters
    ----------
    func, inputs
        As for :func:`gradcheck`.
    grad_outputs : Tensor or sequence of Tensor, optional
        Weights of the outputs' elements; random ones by default.
    gen_non_contig_grad_outputs : bool
        Whether the random weights lie in memory with gaps.
    check_fwd_over_rev, check_rev_over_rev : bool
        Which modes differentiate the gradients.
    eps, atol, rtol, raise_exception, nondet_tol, check_undefined_grad, check_grad_dtypes, check_batched_grad
        As for :func:`gradcheck`.
    fast_mode, masked
        As for :func:`gradcheck`.

    Returns
    -------
    bool

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = fg.tensor([1.0, 2.0], dtype=fg.float64, requires_grad=True)
    >>> fg.autograd.gradgradcheck(lambda x: x.exp() * x, x)
    True
    """
    if not check_fwd_over_rev and not check_rev_over_rev:
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    arguments = [inputs] if isinstance(inputs, Base) else list(inputs)
    with enable_grad():
        results = Check.all_outputs(func(*arguments))
    outputs = [y for y in results if y.requires_grad]
    if grad_outputs is None:
        random = np.random.default_rng(0)
        weights = [random_like(y.values(), random, gen_non_contig_grad_outputs) for y in outputs]
    else:
        weights = [grad_outputs] if isinstance(grad_outputs, Base) else list(grad_outputs)
    weights = [w if w.requires_grad else w.detach().requires_grad_() for w in weights]
    count = len(weights)

    def gradients(*given: Any) -> tuple[Any, ...]:
        leaves = [isinstance(x, Tensor) and x.requires_grad and x.is_leaf for x in given[:-count]]
        xs = tuple([x * 1 if leaf else x for x, leaf in zip(given[:-count], leaves, strict=True)])
        ys = [y for y in Check.all_outputs(func(*xs)) if y.requires_grad]
        wanted = [x for x in xs if isinstance(x, Tensor) and x.requires_grad]
        found = grad(ys, wanted, given[-count:], create_graph=True, allow_unused=True)
        return tuple([g for g in found if g is not None])

    places = [i for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.requires_grad]

    def pulled(*given: Any) -> tuple[Any, ...]:
        """Return the gradients by a transform, through which forward mode goes."""

        def of_wanted(*values: Any) -> tuple[Any, ...]:
            xs = list(given[:-count])
            for i, x in zip(places, values, strict=True):
                xs[i] = x
            found = Check.all_outputs(func(*xs))
            return tuple([y for y, result in zip(found, results, strict=True) if result.requires_grad])

        pullback = vjp(of_wanted, *[given[i] for i in places])[1]
        return tuple([conjugate(g) for g in pullback(tuple([conjugate(w) for w in given[-count:]]))])

    options: dict[str, Any] = {
        "eps": eps,
        "atol": atol,
        "rtol": rtol,
        "raise_exception": raise_exception,
        "nondet_tol": nondet_tol,
        "check_undefined_grad": check_undefined_grad,
        "check_grad_dtypes": check_grad_dtypes,
        "fast_mode": fast_mode,
        "masked": masked,
    }
    everything = [*arguments, *weights]
    if check_rev_over_rev and not gradcheck(gradients, everything, check_batched_grad=check_batched_grad, **options):
        return False
    return not check_fwd_over_rev or gradcheck(
        pulled, everything, check_forward_ad=True, check_backward_ad=False, **options
    )


def conjugate(x: Any) -> Any:
    return np.conj(x) if x.dtype.kind == "c" else x


def random_like(y: Array, random: np.random.Generator, gaps: bool) -> Any:
    shape = (*y.shape, 2) if gaps else y.shape
    x: Any = random.normal(size=shape)
    if y.dtype.kind == "c":
        x = x + 1j * random.normal(size=shape)
    x = x.astype(y.dtype)
    return wrap(x[..., 0] if gaps else np.asarray(x))
