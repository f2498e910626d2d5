"""Linear algebra beyond NumPy's, with SciPy's signatures."""
