"""funcgrad.scipy.signal, funcgrad.scipy.ndimage and funcgrad.scipy.interpolate."""

import numpy as np

import funcgrad.scipy.interpolate as interpolate
import funcgrad.scipy.ndimage as ndimage
import funcgrad.scipy.signal as signal
from cases.table import Case, Input, given, real


def poles(*shape: int) -> Input:
    """Denominators of stable filters."""

    def draw(rng, s):
        return rng.uniform(-0.3, 0.3, s) + 1.5 * (np.arange(s[-1]) == 0)

    return Input(shape, draw, lambda rng, s: draw(rng, s) + 0j)


def sections(*shape: int) -> Input:
    """Sections of second order; the leading coefficient of the denominator is one, as SciPy wants."""

    def draw(rng, s):
        x = rng.uniform(-0.4, 0.4, s)
        x[:, 3] = 1
        return x

    return Input(shape, draw, lambda rng, s: draw(rng, s) + 0j)


def monic(sos):
    """Sections whose denominators begin with one."""
    return np.concatenate([sos[:, :3], np.ones_like(sos[:, :1]), sos[:, 4:]], axis=1)


MODES = ("full", "same", "valid")

SIGNAL = [
    *(
        Case(
            f"scipy.signal.{f}/{m}",
            lambda a, b, f=f, m=m: getattr(signal, f)(a, b, m),
            [real(7), real(4)],
            complex_ok=True,
        )
        for f in ("convolve", "correlate", "fftconvolve", "oaconvolve")
        for m in MODES
    ),
    *(
        Case(
            f"scipy.signal.{f}/{m}, the second longer",
            lambda a, b, f=f, m=m: getattr(signal, f)(a, b, m),
            [real(3), real(6)],
        )
        for f in ("convolve", "correlate")
        for m in MODES
    ),
    *(
        Case(f"scipy.signal.{f}/2-d {m}", lambda a, b, f=f, m=m: getattr(signal, f)(a, b, m), [real(4, 5), real(2, 3)])
        for f in ("convolve", "correlate", "fftconvolve")
        for m in MODES
    ),
    Case("scipy.signal.convolve/3-d", lambda a, b: signal.convolve(a, b), [real(2, 3, 2), real(2, 1, 2)]),
    Case("scipy.signal.convolve/fft", lambda a, b: signal.convolve(a, b, method="fft"), [real(5), real(3)]),
    Case("scipy.signal.convolve/0-d", lambda a, b: signal.convolve(a, b), [real(), real()], complex_ok=True),
    *(
        Case(
            f"scipy.signal.fftconvolve/axes {m}",
            lambda a, b, m=m: signal.fftconvolve(a, b, m, axes=1),
            [real(2, 6), real(2, 3)],
        )
        for m in MODES
    ),
    Case(
        "scipy.signal.fftconvolve/broadcast", lambda a, b: signal.fftconvolve(a, b, axes=-1), [real(3, 5), real(1, 3)]
    ),
    *(
        Case(
            f"scipy.signal.{f}/{m},{boundary}",
            lambda a, b, f=f, m=m, boundary=boundary: getattr(signal, f)(a, b, m, boundary, 0.5),
            [real(4, 5), real(3, 2)],
            complex_ok=boundary == "wrap",
        )
        for f in ("convolve2d", "correlate2d")
        for m in MODES
        for boundary in ("fill", "wrap", "symm")
    ),
    Case("scipy.signal.convolve2d", lambda a, b: signal.convolve2d(a, b), [real(4, 5), real(3, 3)], complex_ok=True),
    Case("scipy.signal.correlate2d/same", lambda a, b: signal.correlate2d(a, b, "same"), [real(4, 5), real(2, 4)]),
    Case(
        "scipy.signal.convolve2d/far", lambda a, b: signal.convolve2d(a, b, boundary="symm"), [real(2, 2), real(4, 4)]
    ),
    *(
        Case(
            f"scipy.signal.{f}/{m}, the second larger",
            lambda a, b, f=f, m=m: getattr(signal, f)(a, b, m),
            [real(2, 3), real(3, 4)],
        )
        for f in ("convolve2d", "correlate2d")
        for m in MODES
    ),
    # -- Filters
    Case("scipy.signal.lfilter", lambda b, a, x: signal.lfilter(b, a, x), [real(3), poles(3), real(8)], device=False),
    Case(
        "scipy.signal.lfilter/complex",
        lambda b, a, x: signal.lfilter(b, a, 1j * x),
        [real(2), poles(3), real(6)],
        device=False,
    ),
    Case(
        "scipy.signal.lfilter/axis",
        lambda b, a, x: signal.lfilter(b, a, x, 0),
        [real(3), poles(2), real(5, 2)],
        device=False,
    ),
    Case("scipy.signal.lfilter/no poles", lambda b, a, x: signal.lfilter(b, a, x), [real(3), poles(1), real(2, 5)]),
    Case(
        "scipy.signal.lfilter/short",
        lambda b, a, x: signal.lfilter(b, a, x),
        [real(5), poles(4), real(2)],
        device=False,
    ),
    Case(
        "scipy.signal.lfilter/zi",
        lambda b, a, x, zi: signal.lfilter(b, a, x, zi=zi),
        [real(3), poles(4), real(2, 6), real(2, 3)],
        device=False,
    ),
    Case(
        "scipy.signal.lfilter/zi, axis, short",
        lambda b, a, x, zi: signal.lfilter(b, a, x, axis=0, zi=zi),
        [real(5), poles(2), real(2, 3), real(4, 3)],
        device=False,
    ),
    Case("scipy.signal.lfilter_zi", lambda b, a: signal.lfilter_zi(b, a), [real(3), poles(4)]),
    Case("scipy.signal.sosfilt", lambda s, x: signal.sosfilt(monic(s), x), [sections(2, 6), real(2, 6)], device=False),
    Case(
        "scipy.signal.sosfilt/axis",
        lambda s, x: signal.sosfilt(monic(s), x, axis=0),
        [sections(1, 6), real(5, 2)],
        device=False,
    ),
    Case(
        "scipy.signal.sosfilt/zi",
        lambda s, x, zi: signal.sosfilt(monic(s), x, zi=zi),
        [sections(2, 6), real(6), real(2, 2)],
        device=False,
    ),
    *(
        Case(
            f"scipy.signal.filtfilt/{padtype}",
            lambda b, a, x, p=padtype: signal.filtfilt(b, a, x, padtype=p),
            [real(2), poles(2), real(9)],
            device=False,
        )
        for padtype in ("odd", "even", "constant", None)
    ),
    Case(
        "scipy.signal.filtfilt/axis,padlen",
        lambda b, a, x: signal.filtfilt(b, a, x, axis=0, padlen=3),
        [real(3), poles(2), real(7, 2)],
        device=False,
    ),
    *(
        Case(
            f"scipy.signal.savgol_filter/{mode}",
            lambda x, mode=mode: signal.savgol_filter(x, 5, 2, mode=mode),
            [real(2, 8)],
        )
        for mode in ("interp", "mirror", "constant", "nearest", "wrap")
    ),
    Case("scipy.signal.savgol_filter/deriv", lambda x: signal.savgol_filter(x, 4, 2, 1, 0.5, axis=0), [real(7, 2)]),
    # -- Along an axis
    Case("scipy.signal.detrend", lambda x: signal.detrend(x), [real(2, 5)]),
    Case("scipy.signal.detrend/constant", lambda x: signal.detrend(x, 0, "constant"), [real(4, 2)], complex_ok=True),
    Case("scipy.signal.detrend/bp", lambda x: signal.detrend(x, axis=0, bp=[2, 5]), [real(8, 2)]),
    Case("scipy.signal.hilbert", lambda x: signal.hilbert(x), [real(2, 6)]),
    Case("scipy.signal.hilbert/odd", lambda x: signal.hilbert(x, axis=0), [real(5, 2)]),
    Case("scipy.signal.hilbert/N", lambda x: signal.hilbert(x, 8), [real(5)]),
]

EDGES = ("reflect", "constant", "nearest", "mirror", "wrap", "grid-mirror", "grid-constant", "grid-wrap")


def places(*shape: int) -> Input:
    """Coordinates inside of an image of 5 by 5, away from its elements."""

    def draw(rng, s):
        return rng.integers(0, 4, s) + rng.uniform(0.1, 0.4, s)

    return Input(shape, draw, lambda rng, s: draw(rng, s) + 0j)


def outside(*shape: int) -> Input:
    """Coordinates inside and outside of an image of 5 by 5, away from its elements."""

    def draw(rng, s):
        return rng.integers(-7, 11, s) + rng.uniform(0.1, 0.4, s)

    return Input(shape, draw, lambda rng, s: draw(rng, s) + 0j)


def wide(*shape: int) -> Input:
    """Standard deviations between steps of the radius."""
    return Input(shape, lambda rng, s: rng.uniform(0.65, 0.7, s), lambda rng, s: rng.uniform(0.65, 0.7, s) + 0j)


NDIMAGE = [
    *(
        Case(
            f"scipy.ndimage.{f}/{mode}",
            lambda x, w, f=f, mode=mode: getattr(ndimage, f)(x, w, mode=mode, cval=0.5),
            [real(4, 5), real(3, 2) if f in ("correlate", "convolve") else real(3)],
            complex_ok=mode == "reflect",
        )
        for f in ("correlate", "convolve", "correlate1d", "convolve1d")
        for mode in EDGES
    ),
    Case(
        "scipy.ndimage.correlate/origin", lambda x, w: ndimage.correlate(x, w, origin=(-1, 0)), [real(4, 5), real(3, 2)]
    ),
    Case("scipy.ndimage.convolve/origin", lambda x, w: ndimage.convolve(x, w, origin=1), [real(6), real(4)]),
    Case(
        "scipy.ndimage.correlate1d/origin", lambda x, w: ndimage.correlate1d(x, w, 0, origin=1), [real(4, 2), real(3)]
    ),
    Case(
        "scipy.ndimage.correlate1d/output",
        lambda x, w: ndimage.correlate1d(x, w, output=np.float32),
        [real(4), real(3)],
        order=0,
    ),
    Case("scipy.ndimage.convolve1d/long", lambda x, w: ndimage.convolve1d(x, w, mode="mirror"), [real(2), real(7)]),
    *(
        Case(
            f"scipy.ndimage.gaussian_filter/{mode}",
            lambda x, mode=mode: ndimage.gaussian_filter(x, 0.7, mode=mode),
            [real(4, 5)],
        )
        for mode in EDGES[:5]
    ),
    Case("scipy.ndimage.gaussian_filter/order", lambda x: ndimage.gaussian_filter(x, (0.5, 0.8), (0, 1)), [real(4, 5)]),
    Case(
        "scipy.ndimage.gaussian_filter/radius",
        lambda x: ndimage.gaussian_filter(x, 1.0, radius=(1, 2), axes=(0, 1)),
        [real(4, 5)],
    ),
    Case("scipy.ndimage.gaussian_filter1d", lambda x: ndimage.gaussian_filter1d(x, 0.6, 0, order=2), [real(4, 5)]),
    Case(
        "scipy.ndimage.gaussian_filter1d/sigma",
        lambda x, s: ndimage.gaussian_filter1d(x, s),
        [real(5), wide()],
        vmap=False,
        device=False,
    ),
    Case("scipy.ndimage.uniform_filter", lambda x: ndimage.uniform_filter(x), [real(4, 5)]),
    Case(
        "scipy.ndimage.uniform_filter/sizes",
        lambda x: ndimage.uniform_filter(x, (2, 1), mode="constant", cval=1.0),
        [real(4, 5)],
    ),
    Case(
        "scipy.ndimage.uniform_filter1d",
        lambda x: ndimage.uniform_filter1d(x, 4, axis=0, origin=1),
        [real(5, 2)],
        complex_ok=True,
    ),
    Case("scipy.ndimage.sobel", lambda x: ndimage.sobel(x, axis=0), [real(4, 5)]),
    Case("scipy.ndimage.prewitt", lambda x: ndimage.prewitt(x, mode="wrap"), [real(4, 5)]),
    Case("scipy.ndimage.laplace", lambda x: ndimage.laplace(x, mode=["wrap", "constant"]), [real(4, 5)]),
    Case("scipy.ndimage.gaussian_laplace", lambda x: ndimage.gaussian_laplace(x, 0.6), [real(4, 5)]),
    *(
        Case(
            f"scipy.ndimage.map_coordinates/{order},{mode}",
            lambda x, c, order=order, mode=mode: ndimage.map_coordinates(x, c, order=order, mode=mode, cval=0.5),
            [real(5, 5), outside(2, 6)],
            device=order < 2,  # the coefficients of splines are found by compiled code
        )
        for order in (0, 1, 3)
        for mode in EDGES
    ),
    *(
        Case(
            f"scipy.ndimage.map_coordinates/{order}",
            lambda x, c, order=order: ndimage.map_coordinates(x, c, order=order),
            [real(5, 5), places(2, 3)],
            device=False,
        )
        for order in (2, 4, 5)
    ),
    Case(
        "scipy.ndimage.map_coordinates/coefficients",
        lambda x, c: ndimage.map_coordinates(x, c, prefilter=False),
        [real(5, 5), places(2, 3)],
    ),
    Case(
        "scipy.ndimage.map_coordinates/complex",
        lambda x, c: ndimage.map_coordinates((1 + 2j) * x, c, order=1),
        [real(5, 5), places(2, 3)],
    ),
    Case("scipy.ndimage.shift", lambda x, s: ndimage.shift(x, s), [real(5), places()], device=False),
    Case("scipy.ndimage.shift/axes", lambda x: ndimage.shift(x, (0.3, -1.2), order=1, mode="wrap"), [real(5, 4)]),
    Case(
        "scipy.ndimage.affine_transform",
        lambda x, m, b: ndimage.affine_transform(x, m, b, order=5, mode="grid-mirror"),
        [real(4, 4), real(2, 2), real(2)],
        device=False,
    ),
    Case(
        "scipy.ndimage.affine_transform/diagonal",
        lambda x: ndimage.affine_transform(x, [0.7, 0.6], output_shape=(3, 5), order=1),
        [real(4, 4)],
    ),
    Case(
        "scipy.ndimage.affine_transform/homogeneous",
        lambda x: ndimage.affine_transform(x, [[0.7, 0.1, 0.2], [0.1, 0.6, 0.1]], order=1),
        [real(4, 4)],
    ),
    Case("scipy.ndimage.spline_filter", lambda x: ndimage.spline_filter(x), [real(5, 4)], device=False),
    Case(
        "scipy.ndimage.spline_filter1d",
        lambda x: ndimage.spline_filter1d(x, 2, 0, mode="reflect"),
        [real(5, 4)],
        device=False,
    ),
]


def ladder(*shape: int) -> Input:
    """Ascending numbers, about 0 to n - 1."""

    def draw(rng, s):
        return np.arange(s[0]) + rng.uniform(-0.04, 0.04, s)

    return Input(shape, draw, lambda rng, s: draw(rng, s) + 0j)


def rising(*shape: int) -> Input:
    """Data that mostly rise."""

    def draw(rng, s):
        return np.cumsum(rng.uniform(0.5, 1.5, s) * rng.choice([-1, 1, 1], s), axis=0)

    return Input(shape, draw, lambda rng, s: draw(rng, s) + 0j)


ON_HOST = {"device": False}  # equations with bands are solved by compiled code

INTERPOLATE = [
    *(
        Case(
            f"scipy.interpolate.interp1d/{kind}",
            lambda x, y, q, kind=kind: interpolate.interp1d(x, y, kind, axis=0)(q),
            [ladder(5), real(5, 2), places(2, 3)],
            device=kind != "cubic",
        )
        for kind in ("linear", "nearest", "nearest-up", "previous", "next", "cubic")
    ),
    Case(
        "scipy.interpolate.interp1d/extrapolate",
        lambda x, y, q: interpolate.interp1d(x, y, fill_value="extrapolate")(q),
        [ladder(5), real(5), outside(6)],
    ),
    Case(
        "scipy.interpolate.interp1d/fill",
        lambda x, y, q: interpolate.interp1d(x, y, bounds_error=False, fill_value=(1.0, 2.0))(q),
        [ladder(5), real(2, 5), outside(6)],
    ),
    Case(
        "scipy.interpolate.interp1d/query",
        lambda q, x, y: interpolate.interp1d(x, y)(q),
        [places(), given([0.0, 1, 2, 5]), given([1.0, 3, 2, 0])],
        device=False,
    ),
    *(
        Case(
            f"scipy.interpolate.CubicSpline/{bc}",
            lambda x, y, q, bc=bc: interpolate.CubicSpline(x, y, bc_type=bc)(q),
            [ladder(6), real(6, 2), outside(5)],
            **ON_HOST,
        )
        for bc in ("not-a-knot", "clamped", "natural", ("natural", "clamped"), ("clamped", "not-a-knot"))
    ),
    *(
        Case(
            f"scipy.interpolate.CubicSpline/{n} points",
            lambda x, y, q: interpolate.CubicSpline(x, y)(q),
            [ladder(n), real(n), outside(5)],
            **ON_HOST,
        )
        for n in (2, 3, 4)
    ),
    Case(
        "scipy.interpolate.CubicSpline/periodic",
        lambda x, y, q: interpolate.CubicSpline(x, np.concatenate([y, y[:1]]), bc_type="periodic")(q),
        [ladder(6), real(5, 2), outside(5)],
    ),
    Case(
        "scipy.interpolate.CubicSpline/ends",
        lambda x, y, a, b, q: interpolate.CubicSpline(x, y, bc_type=((1, a), (2, b)))(q),
        [ladder(5), real(5), real(), real(), outside(4)],
        **ON_HOST,
    ),
    *(
        Case(
            f"scipy.interpolate.CubicSpline/nu={nu}",
            lambda x, y, q, nu=nu: interpolate.CubicSpline(x, y, axis=1)(q, nu),
            [ladder(5), real(2, 5), places(3)],
            order=2 if nu < 2 else 1,
            **ON_HOST,
        )
        for nu in (1, 2)
    ),
    Case(
        "scipy.interpolate.PchipInterpolator",
        lambda x, y, q: interpolate.PchipInterpolator(x, y)(q),
        [ladder(7), rising(7, 2), places(4)],
    ),
    Case(
        "scipy.interpolate.PchipInterpolator/2 points",
        lambda x, y, q: interpolate.PchipInterpolator(x, y)(q),
        [ladder(2), rising(2), outside(4)],
    ),
    *(
        Case(
            f"scipy.interpolate.RegularGridInterpolator/{method}",
            lambda x, y, v, q, method=method: interpolate.RegularGridInterpolator((x, y), v, method, False, None)(q),
            [ladder(5), ladder(4), real(5, 4), places(6, 2)],
        )
        for method in ("linear", "nearest")
    ),
    Case(
        "scipy.interpolate.RegularGridInterpolator/fill",
        lambda x, v, q: interpolate.RegularGridInterpolator((x, x), v, bounds_error=False, fill_value=0.5)(q),
        [ladder(5), real(5, 5, 2), outside(6, 2)],
    ),
    Case(
        "scipy.interpolate.RegularGridInterpolator/descending",
        lambda x, v, q: interpolate.RegularGridInterpolator((x[::-1],), v)(q),
        [ladder(5), real(5), places(3, 1)],
        vmap=False,
        device=False,
    ),
    Case(
        "scipy.interpolate.interpn",
        lambda x, v, q: interpolate.interpn((x, x), v, q),
        [ladder(5), real(5, 5), places(3, 2)],
        vmap=False,
    ),
]

SCIPY_SIGNAL = [*SIGNAL, *NDIMAGE, *INTERPOLATE]
