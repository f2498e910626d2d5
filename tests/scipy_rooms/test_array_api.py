"""SciPy's own functions on traced values, with SCIPY_ARRAY_API=1, beside finite differences.

SciPy reads the variable when it is imported, so the functions run in a process of their own.
"""

import os
import subprocess
import sys

PROGRAM = """
import numpy as np
import scipy.fft, scipy.integrate, scipy.optimize, scipy.signal, scipy.special
from scipy import stats
from scipy.cluster import vq
from scipy.spatial.transform import Rotation
import funcgrad as fg

x = np.array([1.0, 2.0, 4.0, 3.5])
functions = {
    "zscore": lambda x: np.sum(stats.zscore(x) ** 3),
    "skew": lambda x: stats.skew(x),
    "kurtosis": lambda x: stats.kurtosis(x),
    "moment": lambda x: stats.moment(x, 3),
    "gmean": lambda x: stats.gmean(x),
    "hmean": lambda x: stats.hmean(x),
    "sem": lambda x: stats.sem(x),
    "circmean": lambda x: stats.circmean(x),
    "logsumexp": lambda x: scipy.special.logsumexp(x),
    "softmax": lambda x: np.sum(scipy.special.softmax(x) ** 2),
    "xlogy": lambda x: np.sum(scipy.special.xlogy(x, x)),
    "trapezoid": lambda x: scipy.integrate.trapezoid(x**2),
    "cumulative_simpson": lambda x: np.sum(scipy.integrate.cumulative_simpson(x**2)),
    "fft": lambda x: np.sum(np.abs(scipy.fft.fft(x)) ** 3),
    "fftconvolve": lambda x: np.sum(scipy.signal.fftconvolve(x, x) ** 2),
    "rosen": lambda x: scipy.optimize.rosen(x),
    "whiten": lambda x: np.sum(vq.whiten(x[:, None]) ** 3),
    "Rotation": lambda x: np.sum(Rotation.from_quat(x).as_matrix()[0] ** 3),
}
for name, f in functions.items():
    step = 1e-6
    differences = [(f(x + step * e) - f(x - step * e)) / (2 * step) for e in np.eye(4)]
    error = abs(fg.grad(f)(x) - differences).max() / (1 + np.abs(differences).max())
    print(name, "right" if error < 1e-7 else f"wrong by {error}")
"""


def test_functions_for_the_standard() -> None:
    environment = os.environ | {"SCIPY_ARRAY_API": "1"}
    run = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert len(lines) == 18
    assert [line for line in lines if not line.endswith("right")] == []
