"""Log-densities of the common distributions, with SciPy's signatures."""
