"""What derivatives cost: funcgrad beside NumPy written by hand and beside its peers. Run ``python -m benchmarks``."""
