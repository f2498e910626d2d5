"""Images: correlation, filters and interpolation, with SciPy's signatures."""
