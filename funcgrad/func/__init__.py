"""PyTorch's ``torch.func``: the transforms with its signatures and errors, on tensors."""

from funcgrad.func.batching import vmap as vmap
from funcgrad.func.derivatives import grad as grad
from funcgrad.func.derivatives import grad_and_value as grad_and_value
from funcgrad.func.derivatives import jvp as jvp
from funcgrad.func.derivatives import linearize as linearize
from funcgrad.func.derivatives import vjp as vjp
from funcgrad.func.jacobians import hessian as hessian
from funcgrad.func.jacobians import jacfwd as jacfwd
from funcgrad.func.jacobians import jacrev as jacrev
from funcgrad.func.looking import debug_unwrap as debug_unwrap
from funcgrad.func.looking import functionalize as functionalize
from funcgrad.func.looking import replace_all_batch_norm_modules_ as replace_all_batch_norm_modules_
from funcgrad.func.modules import functional_call as functional_call
from funcgrad.func.modules import stack_module_state as stack_module_state
from funcgrad.func.rearranging import rearrange as rearrange
