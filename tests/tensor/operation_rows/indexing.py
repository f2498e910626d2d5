"""Rows: reading and writing at indices."""

ROWS = (
    *(
        "x.gather(0, where)",
        "torch.gather(x, 1, where[:2, :3])",
        "torch.take_along_dim(x, where, 0)",
        "x.take_along_dim(where[:, :1], 1)",
    ),
    *(
        "torch.index_select(x, 0, at)",
        "x.index_select(1, at)",
        "torch.masked_select(x, mask)",
        "x.masked_select(mask[0])",
        "x[mask]",
    ),
    *(
        "torch.scatter(x, 0, where.argsort(0), y)",
        "x.scatter(1, where[:, :1], 2.5)",
        "x.scatter(0, where, y, reduce='add')" if False else "x.scatter_add(0, where, y)",
    ),
    *(
        "torch.scatter_add(x, 1, where, y)",
        "x.index_add(0, at, y)",
        "x.index_add(1, at, y[:, :3], alpha=2)",
        "x.index_fill(1, at, 0.5)",
        "x.index_copy(1, torch.tensor([3, 1]), y[:, :2])",
    ),
    *(
        f"x.scatter_reduce(0, where, y, '{r}'{s})"
        for r in ("sum", "prod", "mean", "amax", "amin")
        for s in ("", ", include_self=False")
    ),
    *("k.scatter_reduce(1, torch.tensor([[0, 0, 0]]), torch.ones(1, 3).to(k.dtype).requires_grad_(), 'amax')",),
    *(
        "x.masked_fill(mask, 0.0)",
        "torch.masked_fill(x, mask[0], s)",
        "x.masked_scatter(mask, y)",
        "x.take(torch.tensor([[0, 5], [-1, 3]]))",
    ),
    *(
        "x.put(torch.tensor([1, 4]), v[:2])",
        "x.put(torch.tensor([1, 1]), v[:2], accumulate=True)",
        "x.index_put((at, at), v[:3], accumulate=True)",
    ),
    *(
        "torch.select_scatter(x, v, 0, 1)",
        "x.slice_scatter(y[:, :2], 1, 0, 4, 2)",
        "torch.diagonal_scatter(x, v[:3])",
        "x[0]",
        "x[:, 1]",
        "x[at]",
        "x[0, at]",
    ),
    *(
        "torch.nonzero(k)",
        "k.nonzero(as_tuple=True)",
        "torch.argwhere(k)",
        "torch.where(k > 0)",
        "x[..., None]",
        "x[1:, ::2]",
        "x[at, at]",
        "z[:, at, 0]",
    ),
    *(
        "torch.searchsorted(torch.tensor([0.0, 1.0, 2.0]).to(q.dtype), q)",
        "torch.bucketize(q, torch.tensor([1.0, 2.0]).to(q.dtype), right=True)",
    ),
    *("torch.searchsorted(x.sort().values.detach(), y.detach(), right=True)",),
)
