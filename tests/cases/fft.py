"""Fourier transforms."""

from typing import Any

import numpy as np

from cases.table import Case, complex_, positive, real

NORMS = ("backward", "ortho", "forward")


def one_axis(name: str, complex_ok: bool = True) -> list[Case]:
    """Rows of a transform along one axis: odd and even lengths, cropped and padded, each norm, each axis."""

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(np.fft, name)(x, *args, **kwargs)

    return [
        Case(f"fft.{name}", lambda x: call(x), [real(6)], complex_ok),
        Case(f"fft.{name}/odd", lambda x: call(x), [real(5)], complex_ok),
        Case(f"fft.{name}/short", lambda x: call(x), [real(2)], complex_ok),
        Case(f"fft.{name}/n=1", lambda x: call(x, 1), [real(3)], complex_ok),
        Case(f"fft.{name}/n=2", lambda x: call(x, n=2), [real(3)], complex_ok),
        *(Case(f"fft.{name}/padded to {n}", lambda x, n=n: call(x, n=n), [real(5)], complex_ok) for n in (11, 12)),
        *(Case(f"fft.{name}/cropped to {n}", lambda x, n=n: call(x, n=n), [real(8)], complex_ok) for n in (4, 5)),
        *(Case(f"fft.{name}/{norm}", lambda x, norm=norm: call(x, norm=norm), [real(5)], complex_ok) for norm in NORMS),
        Case(f"fft.{name}/axis=0", lambda x: call(x, axis=0), [real(5, 2)], complex_ok),
        Case(f"fft.{name}/axis=-2,cropped", lambda x: call(x, 4, -2, "ortho"), [real(5, 2)], complex_ok),
        Case(f"fft.{name}/axis=1,padded", lambda x: call(x, 9, 1, "forward"), [real(2, 4, 2)], complex_ok),
        Case(f"fft.{name}/no rows", lambda x: call(x), [real(0, 4)], complex_ok),
    ]


def many_axes(name: str, complex_ok: bool = True) -> list[Case]:
    """Rows of a transform along several axes."""

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(np.fft, name)(x, *args, **kwargs)

    return [
        Case(f"fft.{name}", lambda x: call(x), [real(2, 3, 4)], complex_ok),
        Case(f"fft.{name}/odd", lambda x: call(x), [real(4, 5)], complex_ok),
        *(
            Case(f"fft.{name}/{norm}", lambda x, norm=norm: call(x, norm=norm), [real(3, 4)], complex_ok)
            for norm in NORMS
        ),
        Case(f"fft.{name}/axes", lambda x: call(x, axes=(0, -1)), [real(3, 2, 4)], complex_ok),
        Case(f"fft.{name}/axes backwards", lambda x: call(x, axes=(1, 0)), [real(3, 4)], complex_ok),
        Case(f"fft.{name}/one axis", lambda x: call(x, axes=(-2,)), [real(3, 4)], complex_ok),
        Case(f"fft.{name}/padded", lambda x: call(x, (4, 7), (0, 1)), [real(3, 4)], complex_ok),
        Case(f"fft.{name}/cropped", lambda x: call(x, (2, 3), (0, 1), "ortho"), [real(3, 4)], complex_ok),
        Case(f"fft.{name}/both", lambda x: call(x, (2, 8), (-1, 0), "forward"), [real(3, 4)], complex_ok),
        Case(f"fft.{name}/size of the operand", lambda x: call(x, (-1, 6), (0, 1)), [real(3, 4)], complex_ok),
        Case(f"fft.{name}/axis twice", lambda x: call(x, axes=(0, 0)), [real(4, 2)], complex_ok),
        Case(f"fft.{name}/axis twice,sizes", lambda x: call(x, (5, 3, 4), (0, 1, 0)), [real(4, 2)], complex_ok),
        Case(f"fft.{name}/no rows", lambda x: call(x, axes=(1, 2)), [real(0, 2, 4)], complex_ok),
    ]


def written(x: Any) -> Any:
    """Transform into a given array."""
    out = np.zeros_like(x)
    np.fft.fft(x, out=out)
    return out


FFT = [
    *one_axis("fft"),
    *one_axis("ifft"),
    *one_axis("rfft", complex_ok=False),
    *one_axis("irfft"),
    *one_axis("hfft"),
    *one_axis("ihfft", complex_ok=False),
    *many_axes("fftn"),
    *many_axes("ifftn"),
    *many_axes("rfftn", complex_ok=False),
    *many_axes("irfftn"),
    *many_axes("fft2"),
    *many_axes("ifft2"),
    *many_axes("rfft2", complex_ok=False),
    *many_axes("irfft2"),
    Case("fft.fftn/no axes", lambda x: np.fft.fftn(x, axes=()) * 1, [real(3)], complex_ok=True),
    Case("fft.fftshift", lambda x: np.fft.fftshift(x), [real(3, 4)], complex_ok=True),
    Case("fft.fftshift/axis", lambda x: np.fft.fftshift(x, 0), [real(5, 2)]),
    Case("fft.fftshift/axes", lambda x: np.fft.fftshift(x, axes=(-1, 0)), [real(3, 2, 5)]),
    Case("fft.fftshift/axis twice", lambda x: np.fft.fftshift(x, axes=(0, 0)), [real(5, 2)]),
    Case("fft.ifftshift", lambda x: np.fft.ifftshift(x), [real(3, 4)], complex_ok=True),
    Case("fft.ifftshift/axis", lambda x: np.fft.ifftshift(x, axes=-2), [real(5, 2)]),
    Case(
        "fft.fftfreq/spacing", lambda d: np.fft.fftfreq(5, d), [positive()], device=False
    ),  # it is an array on the host
    Case("fft.rfftfreq/spacing", lambda d: np.fft.rfftfreq(6, d), [positive()], device=False),
    Case("fft.fft/out", written, [complex_(4)]),
    Case("fft.fft/power spectrum", lambda x: np.abs(np.fft.rfft(x)) ** 2, [real(7)]),
    Case("fft.ifft/round trip", lambda x: np.fft.ifft(np.fft.fft(x)), [real(5)], complex_ok=True),
    Case("fft.irfft/round trip", lambda x: np.fft.irfft(np.fft.rfft(x), 5), [real(5)]),
    Case("fft.irfft/filter", lambda x, h: np.fft.irfft(np.fft.rfft(x, 9) * np.fft.rfft(h, 9), 9), [real(6), real(4)]),
]
