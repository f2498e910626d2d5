"""`gradcheck` and `gradgradcheck`, with all their options."""

from collections.abc import Callable
from typing import Any


def _outcome(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except Exception as raised:
        return type(raised).__name__


def second_derivatives(torch: Any) -> None:
    G = torch.autograd.gradgradcheck
    x = torch.tensor([0.3, 0.8], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([1.3, 0.4], dtype=torch.float64, requires_grad=True)
    for f, a in (
        (lambda x: x.exp() * x, (x,)),
        (lambda x, y: (x * y, (x.sin() * y).sum()), (x, y)),
        (lambda x, y: x @ y, (x, y)),
        (lambda x, y: (x * y, x.argsort()), (x, y)),
    ):
        for kw in (
            {"check_fwd_over_rev": True},
            {"fast_mode": True, "check_fwd_over_rev": True},
            {"check_batched_grad": True},
            {"gen_non_contig_grad_outputs": True, "check_fwd_over_rev": True},
            {"check_undefined_grad": False},
            {"check_grad_dtypes": True},
        ):
            print(kw, _outcome(lambda f=f, a=a, kw=kw: G(f, a, **kw)))


def second_derivatives_of_complex_numbers(torch: Any) -> None:
    G = torch.autograd.gradgradcheck
    x = torch.tensor([0.3 + 1j, 0.8 - 0.2j], requires_grad=True, dtype=torch.complex128)
    for f in (lambda x: x * x.conj(), lambda x: x.abs(), lambda x: x.exp(), lambda x: x.real * x.imag):
        print(_outcome(lambda f=f: G(f, (x,), check_fwd_over_rev=True)))


def a_wrong_second_derivative(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x**2

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(inputs[0])
            ctx.save_for_forward(inputs[0])

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 2 * x.detach()

    x = torch.tensor([0.3, 0.8], dtype=torch.float64, requires_grad=True)
    print(
        _outcome(lambda: torch.autograd.gradcheck(F.apply, (x,))),
        _outcome(lambda: torch.autograd.gradgradcheck(F.apply, (x,))),
        _outcome(lambda: torch.autograd.gradgradcheck(F.apply, (x,), raise_exception=False)),
    )


def first_derivatives(torch: Any) -> None:
    C = torch.autograd.gradcheck
    x = torch.tensor([0.3, 0.8], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([1.3, 0.4], dtype=torch.float64, requires_grad=True)
    fs = (
        (lambda x: x.exp() * x, (x,)),
        (lambda x, y: (x * y, (x.sin() * y).sum()), (x, y)),
        (lambda x, y: (x * y, x.argsort()), (x, y)),
        (lambda x: x * 0 + 1, (x,)),
        (lambda x: torch.tensor([1.0, 2.0]), (x,)),
        (lambda x: x.detach() * x, (x,)),
        (lambda x: x.sort()[0], x),
        (lambda x: [x * 2, x * 3], x),
    )
    for f, a in fs:
        for kw in (
            {},
            {"check_forward_ad": True},
            {"check_forward_ad": True, "check_backward_ad": False},
            {"check_batched_grad": True},
            {"check_forward_ad": True, "check_batched_forward_grad": True},
            {"fast_mode": True},
            {"fast_mode": True, "check_forward_ad": True},
            {"check_undefined_grad": False},
            {"check_grad_dtypes": True},
            {"nondet_tol": 1e-3},
            {"masked": True},
            {"raise_exception": False},
            {"check_backward_ad": False},
            {"check_batched_forward_grad": True},
            {"eps": 1e-4, "atol": 1e-3},
        ):
            print(kw, _outcome(lambda f=f, a=a, kw=kw: C(f, a, **kw)))


def inputs_that_do_not_fit(torch: Any) -> None:
    x = torch.tensor([0.3, 0.8], requires_grad=True)
    print(
        _outcome(lambda: torch.autograd.gradcheck(lambda x: x**3, x)),
        _outcome(lambda: torch.autograd.gradcheck(lambda x: x**3, x, eps=1e-2, atol=1e-2, rtol=1e-2)),
    )
    print(
        _outcome(lambda: torch.autograd.gradcheck(lambda x: x, torch.ones(2))),
        _outcome(lambda: torch.autograd.gradcheck(lambda x: 3, torch.ones(2, dtype=torch.float64, requires_grad=True))),
        _outcome(
            lambda: torch.autograd.gradcheck(
                lambda x: x.sum(), torch.ones(1, dtype=torch.float64, requires_grad=True).expand(3)
            )
        ),
    )


def complex_numbers(torch: Any) -> None:
    x = torch.tensor([0.3 + 1j, 0.8 - 0.2j], requires_grad=True, dtype=torch.complex128)
    for f in (
        lambda x: x * x.conj(),
        lambda x: x.abs(),
        lambda x: x.exp(),
        lambda x: x.real * x.imag,
        lambda x: torch.view_as_real(x),
    ):
        for kw in ({}, {"check_forward_ad": True}, {"fast_mode": True}, {"check_batched_grad": True}):
            print(_outcome(lambda f=f, kw=kw: torch.autograd.gradcheck(f, (x,), **kw)))


def a_gradient_that_changes(torch: Any) -> None:
    class F(torch.autograd.Function):
        n = 0

        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx, g):
            F.n += 1
            return g * 2 * ctx.saved_tensors[0] * (1 + 1e-7 * F.n)

    x = torch.tensor([0.3, 0.8], dtype=torch.float64, requires_grad=True)
    print(
        _outcome(lambda: torch.autograd.gradcheck(F.apply, x)),
        _outcome(lambda: torch.autograd.gradcheck(F.apply, x, nondet_tol=1e-3)),
    )


def an_output_alone(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            return (a * 2 if a is not None else 0 * b) + (b * 3)

    x = torch.tensor([0.3, 0.8], dtype=torch.float64, requires_grad=True)
    print(
        _outcome(lambda: torch.autograd.gradcheck(F.apply, x)),
        _outcome(lambda: torch.autograd.gradcheck(F.apply, x, check_undefined_grad=False)),
    )


def a_gradient_of_another_dtype(torch: Any) -> None:
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, a):
            return (a * 2).to(torch.complex128)

    x = torch.tensor([0.3, 0.8], dtype=torch.float64, requires_grad=True)
    print(_outcome(lambda: torch.autograd.gradcheck(F.apply, x)))
