"""Kernels: programs as people write them in plain NumPy, with loops, buffers and writes in place.

They know nothing of differentiation, so ``import numpy as np`` is all they import. Each was written from its
definition. A row of the table says how its arguments are drawn and which of them is differentiated.
"""

from kernels import dynamic, factorizations, flows, networks, products, signals, stencils, views, writes

CHAPTERS = (factorizations, products, stencils, flows, dynamic, networks, signals, views, writes)

KERNELS = tuple(row for chapter in CHAPTERS for row in chapter.KERNELS)
