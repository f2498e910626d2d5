"""For tests of differentiable code: a checker of derivatives, and a strict stand-in for an array on a device.

:func:`check_grads` compares what the transforms return with central differences. :class:`DeviceArray` shows on a
machine without a GPU where code would copy an array to the host, mix host and device, or ask CuPy for what it does not
have.
"""

from funcgrad.core.backend import register
from funcgrad.testing.checking import check_grads as check_grads
from funcgrad.testing.device import DeviceArray as DeviceArray
from funcgrad.testing.device import to_device as to_device
from funcgrad.testing.library import StandIn
from funcgrad.testing.switches import emulate as emulate
from funcgrad.testing.switches import host_copies as host_copies
from funcgrad.testing.switches import lenient as lenient

__all__ = ["DeviceArray", "check_grads", "emulate", "host_copies", "lenient", "to_device"]

register(DeviceArray, StandIn())
