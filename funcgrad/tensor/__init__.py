"""The facade: PyTorch's ``Tensor`` on funcgrad's engine."""

from funcgrad.tensor.tensor import Tensor as Tensor  # it is whole, whichever chapter is imported first
