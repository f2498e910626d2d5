"""PyTorch's schedulers: they change an optimizer's learning rates from step to step."""

from funcgrad.optim.lr_scheduler.base import LRScheduler as LRScheduler
from funcgrad.optim.lr_scheduler.combined import ChainedScheduler as ChainedScheduler
from funcgrad.optim.lr_scheduler.combined import SequentialLR as SequentialLR
from funcgrad.optim.lr_scheduler.cosine import CosineAnnealingLR as CosineAnnealingLR
from funcgrad.optim.lr_scheduler.cosine import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from funcgrad.optim.lr_scheduler.cycles import CyclicLR as CyclicLR
from funcgrad.optim.lr_scheduler.cycles import OneCycleLR as OneCycleLR
from funcgrad.optim.lr_scheduler.decay import ConstantLR as ConstantLR
from funcgrad.optim.lr_scheduler.decay import ExponentialLR as ExponentialLR
from funcgrad.optim.lr_scheduler.decay import LambdaLR as LambdaLR
from funcgrad.optim.lr_scheduler.decay import LinearLR as LinearLR
from funcgrad.optim.lr_scheduler.decay import MultiplicativeLR as MultiplicativeLR
from funcgrad.optim.lr_scheduler.decay import MultiStepLR as MultiStepLR
from funcgrad.optim.lr_scheduler.decay import PolynomialLR as PolynomialLR
from funcgrad.optim.lr_scheduler.decay import StepLR as StepLR
from funcgrad.optim.lr_scheduler.plateau import ReduceLROnPlateau as ReduceLROnPlateau

_LRScheduler = LRScheduler  # what PyTorch called it before
