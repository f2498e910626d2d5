"""The doctests of what needs a library are not collected where the library is not installed."""

import importlib.util

collect_ignore = [] if importlib.util.find_spec("cupy") else ["funcgrad/cupy"]
