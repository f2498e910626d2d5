"""Losses of classes: how improbable the right one is, or how little its score is above the others."""

from __future__ import annotations

from typing import Any

from funcgrad.nn import functional as F
from funcgrad.nn.modules.loss import Loss, WeightedLoss
from funcgrad.tensor.tensor import Tensor

__all__ = [
    *("BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CrossEntropyLoss", "MultiLabelMarginLoss"),
    *("MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss"),
]


class NLLLoss(WeightedLoss):
    """The negative logarithm of the probability of a class, given the logarithms.

    Parameters
    ----------
    weight : Tensor, optional
        Of each class.
    ignore_index : int
        A target that does not count.
    """

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """Return the loss."""
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class CrossEntropyLoss(WeightedLoss):
    """The negative logarithm of the probability of a class, given scores before the softmax.

    Parameters
    ----------
    weight : Tensor, optional
        Of each class.
    ignore_index : int
        A target that does not count.
    label_smoothing : float
        Which part of the target is spread over all classes.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.CrossEntropyLoss()(fg.zeros(2, 4), fg.tensor([1, 3]))
    tensor(1.3863)
    """

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """Return the loss."""
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class BCELoss(WeightedLoss):
    """The cross entropy of two classes, given the probability of one.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.BCELoss()(fg.tensor([0.5]), fg.tensor([1.0]))
    tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """Return the loss."""
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(WeightedLoss):
    """The cross entropy of two classes, given scores before the sigmoid.

    Parameters
    ----------
    weight : Tensor, optional
        Of each element.
    pos_weight : Tensor, optional
        Of the positive targets.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.BCEWithLogitsLoss()(fg.zeros(1), fg.tensor([1.0]))
    tensor(0.6931)
    """

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Any = None,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """Return the loss."""
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )


class CTCLoss(Loss):
    """The loss of labels that are not aligned with the sequence."""

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Tensor, targets: Any, input_lengths: Any, target_lengths: Any) -> Tensor:
        """Return the loss."""
        lengths = (input_lengths, target_lengths)
        return F.ctc_loss(log_probs, targets, *lengths, self.blank, self.reduction, self.zero_infinity)


class MultiLabelMarginLoss(Loss):
    """Margins of several right classes over all wrong ones."""

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """Return the loss."""
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(WeightedLoss):
    """The mean cross entropy of classes, of which several may be right."""

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """Return the loss."""
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class MultiMarginLoss(WeightedLoss):
    """What the score of the right class lacks of being `margin` above the others, to the power `p`."""

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        if weight is not None and weight.ndim != 1:
            raise ValueError(f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.ndim}D instead")
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """Return the loss."""
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )
