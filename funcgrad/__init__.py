"""funcgrad: derivatives of the NumPy code that people already have.

The table of contents is ``__init__.pyi``: what a name stands for is imported when the name is first used.
"""

import sys as _sys

from funcgrad import _contents

__version__ = "0.1.0"

__getattr__ = _contents.load
__dir__ = _contents.names
_sys.modules[__name__].__class__ = _contents.Package
