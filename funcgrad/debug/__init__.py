"""Looking into a derivative: where a nan comes from, what was recorded, why a gradient is zero.

Nothing here runs unless it is asked for: transforms and rules do not know of this package.
"""

from funcgrad.debug.drawing import dot as dot
from funcgrad.debug.drawing import draw as draw
from funcgrad.debug.explanation import Explanation as Explanation
from funcgrad.debug.explanation import Finding as Finding
from funcgrad.debug.explanation import LeafReport as LeafReport
from funcgrad.debug.explanation import explain as explain
from funcgrad.debug.lines import Line as Line
from funcgrad.debug.program import Program as Program
from funcgrad.debug.program import Step as Step
from funcgrad.debug.program import Value as Value
from funcgrad.debug.tracing import trace as trace
from funcgrad.debug.watch import nans as nans
