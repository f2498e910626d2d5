"""Rows: reductions, running totals, sorting, norms."""

REDUCTIONS = ("sum", "mean", "prod", "std", "var", "amax", "amin", "logsumexp", "nansum", "nanmean", "norm")
PLACES = ("max", "min", "median", "nanmedian", "sort", "argsort", "cummax", "cummin", "argmax", "argmin", "mode")

ROWS = (
    *(f"torch.{f}(p)" for f in REDUCTIONS if f != "logsumexp"),
    *(f"p.{f}(1)" for f in REDUCTIONS if f != "norm"),
    *(f"torch.{f}(p, dim=0, keepdim=True)" for f in REDUCTIONS),
    *(f"z.{f}(dim=(0, 2))" for f in REDUCTIONS if f != "prod"),
    *(f"z.{f}(dim=[-1], keepdim=True)" for f in REDUCTIONS if f != "prod"),
    *("torch.max(k)", "torch.min(k)", "k.amax()", "k.amax(1)", "k.prod()", "k.prod(1)", "torch.aminmax(x)"),
    *(
        "torch.aminmax(x, dim=1, keepdim=True)",
        "x.std(correction=0)",
        "x.var(0, correction=0)",
        "x.std(unbiased=False)",
    ),
    *("x.var(0, False)", "x.std(1, True, True)", "torch.std_mean(x, dim=1)", "torch.var_mean(x)", "x.var(False)"),
    *("torch.count_nonzero(k)", "k.count_nonzero(dim=1)", "x.all()", "k.any(dim=1)", "k.all(0, keepdim=True)"),
    *(f"torch.{f}(x, dim=1)" for f in PLACES if f != "mode"),
    *(f"x.{f}(0)" for f in PLACES if f != "mode"),
    *(f"torch.{f}(x, 1, keepdim=True)" for f in ("max", "min", "median", "nanmedian", "argmax", "argmin")),
    *("torch.median(x)", "x.nanmedian()", "torch.argmax(x)", "x.argmin()", "torch.median(q)", "torch.mode(q).values"),
    *(
        "k.mode(1).values",
        "x.kthvalue(2)",
        "torch.kthvalue(x, 1, dim=0, keepdim=True)",
        "torch.topk(x, 2)",
        "q.detach().unique()",
    ),
    *("x.topk(2, dim=0, largest=False)", "x.sort(descending=True)", "torch.sort(q, stable=True)", "torch.msort(x)"),
    *("torch.sort(q, descending=True, stable=True)", "torch.quantile(x, 0.3)", "x.quantile(0.5, dim=1, keepdim=True)"),
    *("torch.quantile(x, torch.tensor([0.1, 0.9]).to(x.dtype), dim=0)", "x.quantile(0.4, interpolation='nearest')"),
    *(
        "x.quantile(0.35, interpolation='lower')",
        "x.quantile(0.35, interpolation='midpoint')",
        "torch.nanquantile(x, 0.3)",
    ),
    *("x.cumsum(0)", "torch.cumprod(x, dim=1)", "torch.cumprod(k, 1)", "torch.logcumsumexp(x, 1)", "torch.diff(x)"),
    *("x.diff(n=2, dim=1)", "torch.diff(v, prepend=w)", "torch.trapezoid(x)", "torch.trapezoid(x, dx=0.5, dim=0)"),
    *("torch.trapezoid(x, v)", "torch.cumulative_trapezoid(x, dim=1)", "x.norm(1)", "x.norm(3, dim=1)", "x.norm(inf)"),
    *(
        "torch.norm(x, p='fro', dim=(0, 1))",
        "m.norm('nuc')",
        "x.norm(0)",
        "torch.dist(x, y)",
        "x.dist(y, 1)",
        "k.norm(dim=1)",
    ),
    *(
        "torch.cdist(x, n.T)",
        "torch.cdist(z, z + 1, p=1.0)",
        "torch.renorm(x, 2, 0, 1.0)",
        "torch.softmax(x, 1)",
        "x.softmax(0)",
    ),
    *(
        "torch.log_softmax(x, dim=-1)",
        "s.softmax(0)",
        "x.sum(dtype=torch.float64)",
        "torch.mean(x, 0, dtype=torch.float64)",
    ),
    *(
        "torch.histc(x, 5)",
        "torch.histc(x, bins=4, min=-1, max=1)",
        "s.sum(0)",
        "s.max(0)",
        "s.sort()",
        "s.mean()",
        "s.argmax()",
    ),
)
