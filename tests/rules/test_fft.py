"""Fourier transforms, beyond the laws: precision, half spectra, and what is passed on to NumPy."""

from typing import Any

import numpy as np
import pytest

import funcgrad as fg

REAL = np.random.default_rng(0).normal(size=6)


def test_single_precision_stays_throughout() -> None:
    x = REAL.astype(np.float32)
    y, pullback = fg.vjp(np.fft.rfft, x)
    assert y.dtype == np.complex64
    (gx,) = pullback(np.ones_like(y))
    assert gx.dtype == np.float32


@pytest.mark.parametrize("n", [5, 6])
def test_imaginary_parts_that_irfft_ignores_have_no_gradient(n: int) -> None:
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(size=n))
    gradient = fg.grad(lambda h: np.sum(np.fft.irfft(h, n) ** 3))(spectrum)
    assert gradient[0].imag == 0
    assert (abs(gradient[-1].imag) < 1e-15) == (n % 2 == 0)


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
def test_gradient_of_energy_is_the_signal(norm: Any) -> None:
    """Parseval: the energy of the spectrum is that of the signal, times a factor."""
    factor = {"backward": 6, "ortho": 1, "forward": 1 / 6}[norm]
    gradient = fg.grad(lambda x: np.sum(np.abs(np.fft.fft(x, norm=norm)) ** 2))(REAL)
    np.testing.assert_allclose(gradient, 2 * factor * REAL)


@pytest.mark.parametrize("forward", [np.fft.fft, np.fft.fftn, np.fft.fft2])
def test_hessian_of_energy_is_a_multiple_of_the_identity(forward: Any) -> None:
    x = REAL.reshape(2, 3)
    energy = fg.grad(lambda x: np.sum(np.abs(forward(x, norm="ortho")) ** 2))
    _, tangent = fg.jvp(energy, (x,), (np.ones_like(x),))
    np.testing.assert_allclose(tangent, 2 * np.ones_like(x))


def test_out_is_written() -> None:
    def f(x: Any) -> Any:
        out = np.zeros_like(x)
        result = np.fft.ifft(x, out=out)
        assert result is out
        return np.sum(np.abs(out) ** 2)

    z = REAL + 1j
    np.testing.assert_allclose(fg.grad(f)(z), 2 * np.conjugate(z) / 6)


def test_a_plain_array_cannot_take_a_traced_result() -> None:
    out = np.zeros(6, complex)
    with pytest.raises(fg.LostGradientError, match="fft"):
        fg.grad(lambda x: np.real(np.fft.fft(x, out=out))[0])(REAL)


@pytest.mark.parametrize("f", [np.fft.fft, np.fft.irfft, np.fft.hfft, np.fft.ihfft, np.fft.rfftn])
def test_an_unknown_norm_is_refused_as_numpy_does(f: Any) -> None:
    with pytest.raises(ValueError, match="norm"):
        fg.grad(lambda x: np.sum(np.abs(f(x, norm="unitary"))))(REAL)


def test_sizes_without_axes_are_deprecated_as_in_numpy() -> None:
    with pytest.warns(DeprecationWarning, match="axes"):
        gradient = fg.grad(lambda x: np.sum(np.abs(np.fft.fftn(x, (2, 8))) ** 2))(REAL.reshape(2, 3))
    np.testing.assert_allclose(gradient, 2 * 16 * REAL.reshape(2, 3))


def test_complex_input_of_rfft_is_refused_as_numpy_does() -> None:
    with pytest.raises(TypeError):
        fg.vjp(np.fft.rfft, REAL + 1j)
