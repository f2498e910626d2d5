"""Functions without a derivative: the value is NumPy's, and plain."""

import numpy as np

from cases.table import Case, distinct, invertible, positive

CONSTANTS = [
    *(
        Case(name, lambda x, name=name: getattr(np, name)(x), [distinct(3, 4)])
        for name in (
            *("floor", "ceil", "rint", "trunc", "sign", "signbit", "isnan", "isinf", "isfinite", "logical_not"),
            *("isposinf", "isneginf", "iscomplex", "isreal", "iscomplexobj", "isrealobj", "round", "around", "fix"),
            *("argmax", "argmin", "nanargmax", "nanargmin", "argsort", "all", "any", "count_nonzero", "nonzero"),
            *("argwhere", "flatnonzero", "shape", "ndim", "size", "spacing", "min_scalar_type"),
        )
    ),
    *(
        Case(name, lambda x, y, name=name: getattr(np, name)(x, y), [distinct(3, 4), distinct(4)])
        for name in (
            *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "floor_divide"),
            *("logical_and", "logical_or", "logical_xor", "isclose", "allclose", "array_equal", "array_equiv"),
            *("isin", "result_type", "shares_memory", "may_share_memory"),
        )
    ),
    Case("round/decimals", lambda x: np.round(x, 1), [distinct(3, 4)]),
    Case("method.round", lambda x: x.round(1), [distinct(3, 4)]),
    Case("round/builtin", lambda x: x > round(0.26, 1), [distinct(3, 4)]),
    Case("argmax/axis,keepdims", lambda x: np.argmax(x, axis=1, keepdims=True), [distinct(3, 4)]),
    Case("method.argmax", lambda x: x.argmax(axis=0), [distinct(3, 4)]),
    Case("method.argmin", lambda x: x.argmin(), [distinct(3, 4)]),
    Case("method.argsort", lambda x: x.argsort(axis=0), [distinct(3, 4)]),
    Case("argsort/axis=0", lambda x: np.argsort(x, axis=0, kind="stable"), [distinct(3, 4)]),
    Case("argpartition", lambda x: np.argpartition(x, 1)[..., 1], [distinct(3, 4)]),
    Case("lexsort", lambda x, y: np.lexsort((x, y)), [distinct(4), distinct(4)]),
    Case("searchsorted", lambda x, y: np.searchsorted(np.sort(x), y), [distinct(6), distinct(3)]),
    Case("digitize", lambda x: np.digitize(x, [-0.5, 0.0, 0.5]), [distinct(6)]),
    Case("any/axis", lambda x: np.any(x > 0.3, axis=1), [distinct(3, 4)]),
    Case("all/axis", lambda x: np.all(x > -9.0, axis=0), [distinct(3, 4)]),
    Case("method.all", lambda x: (x > 0).all(), [distinct(3, 4)]),
    Case("method.any", lambda x: x.any(axis=1), [distinct(3, 4)]),
    Case("method.nonzero", lambda x: x.nonzero(), [distinct(3, 4)]),
    Case("linalg.matrix_rank", lambda x: np.linalg.matrix_rank(x), [invertible(3, 3)]),
    Case("operator.lt", lambda x, y: x < y, [distinct(3, 4), distinct(4)]),
    Case("operator.le", lambda x: x <= 0.3, [distinct(3, 4)]),
    Case("operator.gt", lambda x: x > 0, [distinct(3, 4)]),
    Case("operator.ge", lambda x: np.float64(0.3) >= x, [distinct(3, 4)]),
    Case("operator.eq", lambda x: x == x.copy(), [distinct(3, 4)]),
    Case("operator.ne", lambda x, y: x != y, [distinct(3, 4), distinct(4)]),
    Case("operator.floordiv", lambda x: x // 0.35, [distinct(3, 4)]),
    Case("operator.floordiv/reflected", lambda x: 2.1 // x, [distinct(3, 4)]),
    Case("operator.divmod/quotient", lambda x: divmod(x, 0.35)[0], [distinct(3, 4)]),
    Case("divmod/quotient", lambda x, y: np.divmod(x, y)[0], [distinct(3, 4), positive(4)]),
    Case("modf/integer part", lambda x: np.modf(x)[1], [distinct(3, 4)]),
    Case("method.astype/int", lambda x: x.astype(int), [distinct(3, 4)]),
    Case("method.astype/bool", lambda x: x.astype(bool), [distinct(3, 4)]),
    Case("attribute.shape", lambda x: x.shape, [distinct(3, 4)]),
    Case("attribute.ndim", lambda x: x.ndim, [distinct(3, 4)]),
    Case("attribute.size", lambda x: x.size, [distinct(3, 4)]),
    Case("attribute.dtype", lambda x: x.dtype, [distinct(3, 4)]),
    Case("attribute.itemsize", lambda x: x.itemsize, [distinct(3, 4)]),
    Case("attribute.nbytes", lambda x: x.nbytes, [distinct(3, 4)]),
    Case("isin/invert", lambda x, y: np.isin(x, y, invert=True), [distinct(3, 4), distinct(4)]),
    Case("tril_indices_from", lambda x: np.tril_indices_from(x, 1), [distinct(3, 4)]),
    Case("triu_indices_from", lambda x: np.triu_indices_from(x), [distinct(3, 4)]),
    Case("diag_indices_from", lambda x: np.diag_indices_from(x), [distinct(3, 3)]),
    Case("unravel_index", lambda x: np.unravel_index(np.argmax(x), x.shape), [distinct(3, 4)]),
    Case("ravel_multi_index", lambda x: np.ravel_multi_index(np.nonzero(x > 0), x.shape), [distinct(3, 4)]),
    Case("bitwise_count", lambda x: np.bitwise_count(np.argsort(x)), [distinct(5)]),
    Case("gcd", lambda x: np.gcd(np.argsort(x), 6), [distinct(5)]),
    Case("lcm", lambda x: np.lcm(np.argsort(x), 6), [distinct(5)]),
    Case("packbits", lambda x: np.unpackbits(np.packbits(x > 0)), [distinct(8)]),
    Case("frexp/exponent", lambda x: np.frexp(x)[1], [distinct(5)]),
    Case("histogram/counts of x", lambda x: np.histogram(x, 3)[0], [distinct(9)]),
    Case("bincount/no weights", lambda x: np.bincount(np.argsort(x)), [distinct(5)]),
    Case("unique/counts", lambda x: np.unique(x, return_counts=True)[1], [distinct(5)]),
    Case("interp/constant", lambda x: np.interp(0.5, [0.0, 1.0], [2.0, 3.0]), [distinct(2)]),
    Case("len", lambda x: len(x), [distinct(3, 4)]),
]
