"""Special functions that are no ufuncs, with SciPy's signatures."""
