"""What programs need around a network: loading data, and memory."""

from funcgrad.utils import checkpoint as checkpoint
from funcgrad.utils import data as data
