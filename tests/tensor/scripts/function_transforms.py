"""`autograd.Function` under the transforms of `func`."""

from typing import Any

from .common import kind, square_function, vector


def vmap_generated(torch: Any) -> None:
    S = square_function(torch, True)
    x = vector(torch, 1.0, 2.0, 3.0)
    print(
        torch.func.vmap(S.apply)(x),
        torch.func.vmap(torch.func.grad(S.apply))(x),
        torch.func.grad(lambda x: torch.func.vmap(S.apply)(x).sum())(x),
    )
    print(torch.func.vmap(torch.func.grad(torch.func.grad(S.apply)))(x))


def jac_all(torch: Any) -> None:
    S = square_function(torch, True)
    x = vector(torch, 1.0, 2.0)
    print(
        torch.func.jacrev(S.apply)(x), torch.func.jacfwd(S.apply)(x), torch.func.hessian(lambda x: S.apply(x).sum())(x)
    )
    print(torch.func.jacrev(torch.func.jacrev(S.apply))(x))
    print(torch.func.jacfwd(torch.func.jacrev(S.apply))(x))


def no_vmap(torch: Any) -> None:
    S = square_function(torch)
    print(kind(lambda: torch.func.vmap(S.apply)(vector(torch, 1.0, 2.0))))


def fwad(torch: Any) -> None:
    for st in (1, 2):
        S = square_function(torch, style=st)
        fa = torch.autograd.forward_ad
        with fa.dual_level():
            d = fa.make_dual(vector(torch, 1.0, 2.0), vector(torch, 3.0, 4.0))
            print(fa.unpack_dual(S.apply(d)).tangent)


def vmap_static(torch: Any) -> None:
    class M(torch.autograd.Function):
        @staticmethod
        def forward(x, y):
            return x * y

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return g * y, g * x

        @staticmethod
        def vmap(info, in_dims, x, y):
            print(info.batch_size, info.randomness)
            if in_dims[0] is not None:
                x = x.movedim(in_dims[0], 0)
            if in_dims[1] is not None:
                y = y.movedim(in_dims[1], 0)
            return M.apply(x, y), 0

    x = vector(torch, 1.0, 2.0, 3.0).reshape(3, 1) * torch.ones(3, 2, dtype=torch.float64)
    y = vector(torch, 5.0, 7.0)
    print(torch.func.vmap(M.apply, in_dims=(0, None))(x, y))
    print(torch.func.vmap(M.apply, in_dims=(1, 0), randomness="different")(x.T.contiguous(), x))
    print(torch.func.vmap(torch.func.vmap(M.apply))(x, x))
    print(torch.func.vmap(lambda x: M.apply(x, y).sum())(x))
    print(torch.func.grad(lambda y: torch.func.vmap(M.apply, in_dims=(0, None))(x, y).sum())(y))


def vmap_out_none(torch: Any) -> None:
    class M(torch.autograd.Function):
        @staticmethod
        def forward(x, n):
            return x * 2, torch.ones(2), n

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def vmap(info, in_dims, x, n):
            print(in_dims, n)
            return (x * 2, torch.ones(2), n), (in_dims[0], None, None)

    print(torch.func.vmap(lambda x: M.apply(x, 3)[:2])(vector(torch, 1.0, 2.0)))


def vmap_both(torch: Any) -> None:
    class M(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return x * 2

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def vmap(info, in_dims, x):
            return x * 2, 0

    print(kind(lambda: torch.func.vmap(M.apply)(vector(torch, 1.0, 2.0))))


def vmap_bad_return(torch: Any) -> None:
    class M(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x * 2

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def vmap(info, in_dims, x):
            return x * 2

    print(kind(lambda: torch.func.vmap(M.apply)(vector(torch, 1.0, 2.0, 3.0))))
