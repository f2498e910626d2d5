"""Products, factorizations and elementwise mathematics."""

import warnings
from typing import Any

from .common import error, show, wave


def matrix_products(torch: Any) -> None:
    a, b = wave(torch, 2, 3, leaf=True), wave(torch, 3, 2, leaf=True)
    (a @ b).sum().backward()
    print(a @ b, a.grad, b.grad)
    error(torch.matmul, a, a)
    error(torch.mm, a, torch.ones(3, dtype=torch.float64))


def vectors(torch: Any) -> None:
    a, b = wave(torch, 3, leaf=True), wave(torch, 3)
    show(torch.dot(a, b), torch.outer(a, b), a @ b, torch.mv(torch.eye(3, dtype=torch.float64), b), torch.inner(a, b))
    error(torch.dot, a, torch.ones(2, dtype=torch.float64))
    error(torch.dot, a, b.float())


def batches(torch: Any) -> None:
    a, b = wave(torch, 2, 2, 3, leaf=True), wave(torch, 2, 3, 2)
    print(torch.bmm(a, b), (a @ b[0]).shape, torch.matmul(a, b[0, :, 0]).shape)
    torch.bmm(a, b).sum().backward()
    print(a.grad)


def einsum(torch: Any) -> None:
    a, b = wave(torch, 2, 3, leaf=True), wave(torch, 3, 4)
    y = torch.einsum("ij,jk->ik", a, b)
    y.sum().backward()
    show(y, a.grad, torch.einsum("ii", torch.eye(3)), torch.einsum("i,j->ij", torch.ones(2), torch.arange(2.0)))


def added_products(torch: Any) -> None:
    a, b, c = wave(torch, 2, 2), wave(torch, 2, 2), wave(torch, 2, 2)
    print(torch.addmm(a, b, c, beta=2, alpha=0.5), torch.addmv(a[0], b, c[0]), torch.addcmul(a, b, c, value=2))
    print(
        torch.tensordot(a, b, 1),
        torch.kron(a, b).shape,
        torch.cross(torch.eye(3)[0], torch.eye(3)[1], 0),
        torch.trace(a),
    )


def inverse(torch: Any) -> None:
    a = (wave(torch, 3, 3) + 3 * torch.eye(3, dtype=torch.float64)).requires_grad_(True)
    a.inverse().sum().backward()
    show(torch.linalg.inv(a), a.grad)


def determinant(torch: Any) -> None:
    a = (wave(torch, 3, 3) + 3 * torch.eye(3, dtype=torch.float64)).requires_grad_(True)
    torch.linalg.det(a).backward()
    show(a.det(), a.logdet(), torch.linalg.slogdet(a), a.grad)


def solve(torch: Any) -> None:
    a = (wave(torch, 3, 3) + 3 * torch.eye(3, dtype=torch.float64)).requires_grad_(True)
    b = wave(torch, 3, leaf=True)
    x = torch.linalg.solve(a, b)
    x.sum().backward()
    show(x, a.grad, b.grad)


def cholesky(torch: Any) -> None:
    a = wave(torch, 3, 3)
    s = (a @ a.T + torch.eye(3, dtype=torch.float64)).requires_grad_(True)
    factor = torch.linalg.cholesky(s)
    factor.sum().backward()
    show(factor, s.grad.shape, torch.cholesky_solve(torch.ones(3, 1, dtype=torch.float64), factor))


def symmetric_eigenvalues(torch: Any) -> None:
    a = wave(torch, 3, 3)
    s = (a + a.T).requires_grad_(True)
    values = torch.linalg.eigvalsh(s)
    (values * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    show(values, s.grad)


def singular_values(torch: Any) -> None:
    a = wave(torch, 3, 2, leaf=True)
    values = torch.linalg.svdvals(a)
    values.sum().backward()
    show(values, a.grad, torch.linalg.matrix_rank(a), torch.linalg.norm(a, "nuc"))


def qr(torch: Any) -> None:
    a = wave(torch, 3, 2, leaf=True)
    q, r = torch.linalg.qr(a)
    print((q @ r - a).abs().max() < 1e-12, r.abs())
    r.abs().sum().backward()
    print(a.grad)


def least_squares(torch: Any) -> None:
    a, b = wave(torch, 4, 2, leaf=True), wave(torch, 4, 1)
    show(torch.linalg.lstsq(a, b).solution, torch.linalg.pinv(a).shape, torch.linalg.matrix_power(a[:2], 3).shape)


def singular_matrix(torch: Any) -> None:
    try:
        torch.linalg.inv(torch.zeros(2, 2))
    except RuntimeError:
        print("RuntimeError")
    try:
        torch.linalg.cholesky(-torch.eye(2))
    except RuntimeError:
        print("RuntimeError")


def vector_norms(torch: Any) -> None:
    x = wave(torch, 2, 3)
    print(
        torch.linalg.vector_norm(x, 3),
        torch.linalg.matrix_norm(x),
        torch.linalg.vector_norm(x, dim=0),
        torch.dist(x, x * 2),
    )
    print(torch.cdist(x, x), torch.linalg.multi_dot([x, x.T, x]).shape)


def matrix_exponential(torch: Any) -> None:
    a = wave(torch, 2, 2, leaf=True)
    torch.matrix_exp(a).sum().backward()
    show(torch.linalg.matrix_exp(a), a.grad)


def elementwise_gradients(torch: Any) -> None:
    names = "exp log sin cos tan tanh sigmoid sqrt rsqrt abs reciprocal square exp2 log2 log1p expm1 sinh cosh asin"
    names += " acos atan asinh atanh erf erfc lgamma digamma softmax0 floor ceil round sign trunc frac neg logit"
    for name in names.split():
        x = torch.tensor([0.3, 0.6], dtype=torch.float64, requires_grad=True)
        y = x.softmax(0) if name == "softmax0" else getattr(torch, name)(x)
        print(name, y.detach(), torch.autograd.grad(y[0] + 2 * y[1], x)[0])


def two_operand_gradients(torch: Any) -> None:
    for name in (
        "add",
        "sub",
        "mul",
        "div",
        "pow",
        "atan2",
        "hypot",
        "maximum",
        "minimum",
        "logaddexp",
        "fmod",
        "remainder",
    ):
        a = torch.tensor([0.5, 2.5], dtype=torch.float64, requires_grad=True)
        b = torch.tensor([1.5, 0.7], dtype=torch.float64, requires_grad=True)
        y = getattr(torch, name)(a, b)
        print(name, y.detach(), torch.autograd.grad(y.sum(), (a, b)))


def powers(torch: Any) -> None:
    x = torch.tensor([0.0, 2.0], requires_grad=True)
    for p in (0, 1, 2, 3, 2.5, -1):
        print(p, x.detach() ** p, torch.autograd.grad((x**p).sum(), x))
    e = torch.tensor(2.0, requires_grad=True)
    print(torch.autograd.grad((3**e), e), 2 ** torch.tensor([1, 2]))


def kinks(torch: Any) -> None:
    x = torch.zeros(1, requires_grad=True)
    for f in (torch.abs, torch.relu, torch.sign, lambda x: x.clamp(min=0), lambda x: x.clamp(0, 1)):
        print(torch.autograd.grad(f(x), x))
    print(torch.autograd.grad(torch.sqrt(x), x), torch.autograd.grad(x.pow(2).sqrt(), x))


def clamps(torch: Any) -> None:
    x = torch.tensor([-2.0, 0.5, 3.0], requires_grad=True)
    y = x.clamp(-1, 1)
    y.sum().backward()
    show(y, x.grad, x.detach().clamp(max=0), torch.clip(x.detach(), 0, 1), x.detach().clamp_min(0))


def lerp_and_friends(torch: Any) -> None:
    a, b = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0, 5.0])
    show(torch.lerp(a, b, 0.25), torch.addcdiv(a, b, b, value=0.5), torch.logaddexp(a, b), torch.heaviside(b - 4, b))


def special(torch: Any) -> None:
    x = torch.tensor([0.3, 0.6], dtype=torch.float64)
    print(
        torch.special.expit(x),
        torch.special.gammaln(x),
        torch.special.erf(x),
        torch.special.xlogy(x, x),
        torch.special.i0(x),
    )
    print(torch.special.entr(x), torch.special.ndtr(x), torch.special.log_softmax(x, 0))


def fourier(torch: Any) -> None:
    x = wave(torch, 4, leaf=True)
    y = torch.fft.rfft(x)
    y.abs().sum().backward()
    show(y, x.grad, torch.fft.ifft(torch.fft.fft(x)).real, torch.fft.fftfreq(4))


def what_is_not_finite_is_silent(torch: Any) -> None:
    zero = torch.zeros(1, requires_grad=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        show(zero.log(), 1 / zero, zero / zero, (zero - 1).sqrt(), torch.full((1,), 1e30) ** 2, torch.exp(zero + 1000))
        (zero.log() + zero.sqrt() + 1 / zero).backward()
    print(zero.grad, len(caught))
