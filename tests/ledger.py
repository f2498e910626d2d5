"""Names that are no functions of arrays to differentiate, each with its reason. The census fails on any other name."""

import types
from collections.abc import Iterable
from typing import Any


def listed(module: str, groups: dict[str, Iterable[str]]) -> dict[str, str]:
    return {f"{module}.{name}": reason for reason, names in groups.items() for name in names}


NUMPY = {
    "reads or writes files, buffers and text": (
        *("fromfile", "fromregex", "genfromtxt", "load", "loadtxt", "save", "savetxt", "savez", "savez_compressed"),
        *("from_dlpack",),
    ),
    "text of numbers": ("base_repr", "binary_repr", "format_float_positional", "format_float_scientific"),
    "settings and information": (
        *("get_include", "get_printoptions", "getbufsize", "geterr", "geterrcall", "info", "printoptions"),
        *("set_printoptions", "setbufsize", "seterr", "seterrcall", "show_config", "show_runtime", "test"),
    ),
    "dates": ("busday_count", "busday_offset", "datetime_as_string", "datetime_data", "is_busday", "isnat"),
    "about types": (
        *("isdtype", "issubdtype", "iterable", "min_scalar_type", "mintypecode", "promote_types", "typename"),
        *("isfortran",),
    ),
    "shapes and index arrays from integers": (
        *("broadcast_shapes", "diag_indices", "diag_indices_from", "indices", "mask_indices", "ravel_multi_index"),
        *("tril_indices", "tril_indices_from", "triu_indices", "triu_indices_from", "unravel_index", "nested_iters"),
    ),
    "integers only": ("bitwise_count", "gcd", "lcm", "packbits", "unpackbits"),
    "a window of whole length: a constant": ("bartlett", "blackman", "hamming", "hanning"),
    "np.matrix, which NumPy advises against": ("asmatrix", "bmat"),
    "makes ufuncs of Python objects": ("frompyfunc",),
    "an old name of vstack, which warns": ("row_stack",),
}

NDARRAY = {
    "the address of the memory; a traced array has no such attribute, so nothing is lost silently": ("ctypes", "data"),
}

SPECIAL = {
    "zeros of a function: takes whole numbers": (
        *("ai_zeros", "bi_zeros", "bei_zeros", "beip_zeros", "ber_zeros", "berp_zeros", "erf_zeros", "fresnel_zeros"),
        *("fresnelc_zeros", "fresnels_zeros", "jn_zeros", "jnjnp_zeros", "jnp_zeros", "jnyn_zeros", "kei_zeros"),
        *("keip_zeros", "kelvin_zeros", "ker_zeros", "kerp_zeros", "y0_zeros", "y1_zeros", "y1p_zeros", "yn_zeros"),
        *("ynp_zeros",),
    ),
    "nodes and weights of a quadrature: takes plain numbers, refuses traced ones": (
        *("c_roots", "cg_roots", "h_roots", "he_roots", "j_roots", "js_roots", "l_roots", "la_roots", "p_roots"),
        *("ps_roots", "s_roots", "t_roots", "ts_roots", "u_roots", "us_roots", "roots_chebyc", "roots_chebys"),
        *("roots_chebyt", "roots_chebyu", "roots_gegenbauer", "roots_genlaguerre", "roots_hermite"),
        *("roots_hermitenorm", "roots_jacobi", "roots_laguerre", "roots_legendre", "roots_sh_chebyt"),
        *("roots_sh_chebyu", "roots_sh_jacobi", "roots_sh_legendre"),
    ),
    "makes a polynomial object, which can be called on traced values": (
        *("chebyc", "chebys", "chebyt", "chebyu", "gegenbauer", "genlaguerre", "hermite", "hermitenorm", "jacobi"),
        *("laguerre", "legendre", "sh_chebyt", "sh_chebyu", "sh_jacobi", "sh_legendre"),
    ),
    "takes one plain number, refuses traced ones": (
        *("ellip_harm_2", "ellip_normal", "lmbda", "lqmn", "lqn", "mathieu_even_coef", "mathieu_odd_coef"),
        *("obl_cv_seq", "pbdn_seq", "pbdv_seq", "pbvv_seq", "pro_cv_seq", "riccati_jn", "riccati_yn"),
    ),
    "no derivative is known; it is refused": ("ellip_harm",),
    "whole numbers only": ("bernoulli", "euler", "factorial2", "factorialk", "stirling2"),
    "settings": ("geterr", "seterr", "test"),
}

REASONS = (
    listed("numpy", NUMPY)
    | listed("numpy.ndarray", NDARRAY)
    | listed("scipy.special", SPECIAL)
    | {"numpy.linalg.test": "settings and information", "numpy.fft.test": "settings and information"}
)

#: Python functions that hand traced arguments on to functions with rules.
THROUGH = frozenset(
    (
        *("assoc_laguerre", "fftfreq", "h1vp", "h2vp", "ivp", "jvp", "kvp", "lambertw", "rfftfreq", "softplus"),
        *("yvp", "zeta"),
    )
)


def by_type(found: Any) -> str | None:
    """Return the reason that follows from what kind of thing a name is."""
    if isinstance(found, types.ModuleType):
        return "a module"
    if isinstance(found, type) and issubclass(found, BaseException):
        return "an exception"
    if isinstance(found, type):
        return "a class"
    if not callable(found):
        return "a value"
    return None
