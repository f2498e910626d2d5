"""PyTorch's optimizers: they change parameters in place by their gradients."""

from funcgrad.optim import lr_scheduler as lr_scheduler
from funcgrad.optim import swa_utils as swa_utils
from funcgrad.optim.adagrad_like import Adadelta as Adadelta
from funcgrad.optim.adagrad_like import Adagrad as Adagrad
from funcgrad.optim.adagrad_like import RMSprop as RMSprop
from funcgrad.optim.adam import Adam as Adam
from funcgrad.optim.adam import AdamW as AdamW
from funcgrad.optim.adam_like import Adamax as Adamax
from funcgrad.optim.adam_like import NAdam as NAdam
from funcgrad.optim.adam_like import RAdam as RAdam
from funcgrad.optim.lbfgs import LBFGS as LBFGS
from funcgrad.optim.matrices import Adafactor as Adafactor
from funcgrad.optim.matrices import Muon as Muon
from funcgrad.optim.optimizer import Optimizer as Optimizer
from funcgrad.optim.rprop import ASGD as ASGD
from funcgrad.optim.rprop import Rprop as Rprop
from funcgrad.optim.sgd import SGD as SGD
