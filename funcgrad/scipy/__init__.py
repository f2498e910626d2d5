"""The parts of SciPy that do not reach NumPy's protocols, differentiable, with SciPy's names and signatures."""
