"""The facade: PyTorch's ``Tensor`` on funcgrad's engine."""
