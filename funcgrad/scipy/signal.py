"""Convolutions and filters, with SciPy's signatures."""
