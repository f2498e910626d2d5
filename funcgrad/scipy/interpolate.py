"""Interpolation, with SciPy's signatures."""
