"""Names for what annotations talk about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

#: A NumPy array, a NumPy scalar, a device array or a tracer: whatever NumPy's protocols accept.
Array: TypeAlias = Any

#: Any nesting of containers with arrays at the leaves.
PyTree: TypeAlias = Any

#: A user's function; transforms keep its signature but not its return type.
AnyFunction: TypeAlias = Callable[..., Any]
