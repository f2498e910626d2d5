"""The layers, a chapter each."""

from funcgrad.nn.modules import module as module
