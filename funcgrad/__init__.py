"""funcgrad: derivatives of the NumPy code that people already have.

This file is the table of contents; the calls at its end install the rules.
"""

import numpy as _np

from funcgrad import debug as debug
from funcgrad import extend as extend
from funcgrad import numpy as numpy
from funcgrad import tree as tree
from funcgrad.adopt import adopt as adopt
from funcgrad.core.primitive import install, install_later
from funcgrad.errors import BatchFallbackWarning as BatchFallbackWarning
from funcgrad.errors import EscapedTracerError as EscapedTracerError
from funcgrad.errors import LostGradientError as LostGradientError
from funcgrad.errors import NoDerivativeError as NoDerivativeError
from funcgrad.rules import FAMILIES, LATE
from funcgrad.tensor.factory import arange as arange
from funcgrad.tensor.factory import cat as cat
from funcgrad.tensor.factory import dot as dot
from funcgrad.tensor.factory import exp as exp
from funcgrad.tensor.factory import eye as eye
from funcgrad.tensor.factory import full as full
from funcgrad.tensor.factory import log as log
from funcgrad.tensor.factory import manual_seed as manual_seed
from funcgrad.tensor.factory import matmul as matmul
from funcgrad.tensor.factory import mean as mean
from funcgrad.tensor.factory import ones as ones
from funcgrad.tensor.factory import ones_like as ones_like
from funcgrad.tensor.factory import rand as rand
from funcgrad.tensor.factory import randn as randn
from funcgrad.tensor.factory import relu as relu
from funcgrad.tensor.factory import sigmoid as sigmoid
from funcgrad.tensor.factory import sqrt as sqrt
from funcgrad.tensor.factory import stack as stack
from funcgrad.tensor.factory import sum as sum
from funcgrad.tensor.factory import tanh as tanh
from funcgrad.tensor.factory import tensor as tensor
from funcgrad.tensor.factory import where as where
from funcgrad.tensor.factory import zeros as zeros
from funcgrad.tensor.factory import zeros_like as zeros_like
from funcgrad.tensor.modes import enable_grad as enable_grad
from funcgrad.tensor.modes import is_grad_enabled as is_grad_enabled
from funcgrad.tensor.modes import no_grad as no_grad
from funcgrad.tensor.printing import set_printoptions as set_printoptions
from funcgrad.tensor.tensor import Tensor as Tensor
from funcgrad.tensor.tensor import register_tensors
from funcgrad.transforms.batch import vmap as vmap
from funcgrad.transforms.binomial import checkpointed_loop as checkpointed_loop
from funcgrad.transforms.branches import cond as cond
from funcgrad.transforms.branches import switch as switch
from funcgrad.transforms.checkpoint import checkpoint as checkpoint
from funcgrad.transforms.checkpoint import remat as remat
from funcgrad.transforms.custom_batching import custom_batching as custom_batching
from funcgrad.transforms.custom_jvp import custom_jvp as custom_jvp
from funcgrad.transforms.custom_vjp import custom_vjp as custom_vjp
from funcgrad.transforms.forward import jvp as jvp
from funcgrad.transforms.gradient import float0 as float0
from funcgrad.transforms.gradient import grad as grad
from funcgrad.transforms.gradient import stop_gradient as stop_gradient
from funcgrad.transforms.gradient import value_and_grad as value_and_grad
from funcgrad.transforms.gradient import vjp as vjp
from funcgrad.transforms.implicit import implicit_diff as implicit_diff
from funcgrad.transforms.jacobian import hessian as hessian
from funcgrad.transforms.jacobian import jacfwd as jacfwd
from funcgrad.transforms.jacobian import jacobian as jacobian
from funcgrad.transforms.jacobian import jacrev as jacrev
from funcgrad.transforms.krylov import cg as cg
from funcgrad.transforms.krylov import gmres as gmres
from funcgrad.transforms.linear import linear_transpose as linear_transpose
from funcgrad.transforms.linear_solve import custom_linear_solve as custom_linear_solve
from funcgrad.transforms.linearize import linearize as linearize
from funcgrad.transforms.loops import associative_scan as associative_scan
from funcgrad.transforms.loops import fori_loop as fori_loop
from funcgrad.transforms.loops import map as map
from funcgrad.transforms.loops import scan as scan
from funcgrad.transforms.loops import while_loop as while_loop
from funcgrad.transforms.numeric import numeric as numeric
from funcgrad.transforms.policies import checkpoint_name as checkpoint_name
from funcgrad.transforms.policies import checkpoint_policies as checkpoint_policies
from funcgrad.transforms.products import derivative as derivative
from funcgrad.transforms.products import elementwise_grad as elementwise_grad
from funcgrad.transforms.products import ggnvp as ggnvp
from funcgrad.transforms.products import hvp as hvp
from funcgrad.transforms.products import vhp as vhp
from funcgrad.transforms.reverse import install_short_paths
from funcgrad.transforms.root import argmin as argmin
from funcgrad.transforms.root import fixed_point as fixed_point
from funcgrad.transforms.root import root as root
from funcgrad.tree import ravel_pytree as ravel_pytree

__version__ = "0.1.0.dev0"

float = float32 = _np.dtype(_np.float32)
double = float64 = _np.dtype(_np.float64)
int64 = long = _np.dtype(_np.int64)
bool = _np.dtype(_np.bool_)

install(FAMILIES)
install_later(LATE)
install_short_paths()
register_tensors()
