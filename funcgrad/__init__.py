"""funcgrad: derivatives of the NumPy code that people already have.

The table of contents is ``__init__.pyi``: what a name stands for is imported when the name is first used.
"""

import sys

from funcgrad._contents import Package, load, names

__version__ = "0.1.0"

__getattr__ = load
__dir__ = names
sys.modules[__name__].__class__ = Package
