"""A softmax over many classes, of which the rare ones are in clusters."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

from funcgrad.nn import functional as F
from funcgrad.nn.module import Module
from funcgrad.nn.modules.containers import ModuleList, Sequential
from funcgrad.nn.modules.linear import Linear
from funcgrad.tensor.arranging import cat
from funcgrad.tensor.factory import zeros

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class ASMoutput(NamedTuple):
    """What the layer returns."""

    output: Any
    loss: Any


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-probabilities of classes that are sorted by frequency: rare ones are found in two steps, by smaller matrices.

    Parameters
    ----------
    in_features : int
    n_classes : int
    cutoffs : sequence of int
        Where the clusters of rarer classes begin, in ascending order.
    div_value : float
        By how much the features of each further cluster are fewer.
    head_bias : bool
        Whether the first step has a bias.
    device : device, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> m = fg.nn.AdaptiveLogSoftmaxWithLoss(8, 10, cutoffs=[4])
    >>> out = m(fg.ones(3, 8), fg.tensor([0, 5, 9]))
    >>> out.output.shape, out.loss.shape
    (torch.Size([3]), torch.Size([]))
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        ascending = all(a < b for a, b in itertools.pairwise(cutoffs))
        if not ascending or min(cutoffs) <= 0 or max(cutoffs) > n_classes - 1 or any(int(c) != c for c in cutoffs):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                "value is between 1 and n_classes-1"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        place = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, head_bias, **place)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            hidden = int(in_features // div_value ** (i + 1))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(Linear(in_features, hidden, False, **place), Linear(hidden, size, False, **place))
            )

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        self.head.reset_parameters()
        for first, second in self.tail:
            first.reset_parameters()
            second.reset_parameters()

    def forward(self, input: Any, target: Any) -> ASMoutput:
        """Return the log-probabilities of the targets, and their negative mean."""
        single = target.dim() == 0
        if single:
            if input.dim() != 1:
                raise RuntimeError("0D target tensor expects a 1D input tensor")
            input, target = input.unsqueeze(0), target.unsqueeze(0)
        elif target.dim() != 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        elif input.dim() != 2 or input.shape[0] != target.shape[0]:
            raise RuntimeError(
                "Input and target should have the same size in the batch dimension."
                if input.dim() == 2
                else f"1D target tensor expects a 2D input tensors, but found inputs with size {list(input.shape)}"
            )
        if target.numel() and (target.min().item() < 0 or target.max().item() >= self.n_classes):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found. "
            )
        logs = F.log_softmax(self.head(input), dim=1)
        places = target.clone()
        output = zeros(target.shape[0], dtype=logs.dtype, device=logs.device)
        for i, cluster in enumerate(self.tail):
            low, high = self.cutoffs[i], self.cutoffs[i + 1]
            rows = ((target >= low) & (target < high)).nonzero().squeeze(1)
            if not rows.numel():
                continue
            inner = F.log_softmax(cluster(input.index_select(0, rows)), dim=1)
            chosen = inner.gather(1, (target.index_select(0, rows) - low).unsqueeze(1)).squeeze(1)
            output = output.index_add(0, rows, chosen)
            places[rows] = self.shortlist_size + i
        output = output + logs.gather(1, places.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return ASMoutput(output.squeeze(0) if single else output, loss)

    def log_prob(self, input: Any) -> Any:
        """Return the log-probabilities of all classes, (N, n_classes)."""
        head = F.log_softmax(self.head(input), dim=1)
        parts = [head[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            parts.append(F.log_softmax(cluster(input), dim=1) + head[:, self.shortlist_size + i].unsqueeze(1))
        return cat(parts, 1)

    def predict(self, input: Any) -> Any:
        """Return the class of the greatest probability of each example."""
        return self.log_prob(input).argmax(1)
