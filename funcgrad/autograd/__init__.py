"""PyTorch's ``torch.autograd`` for tensors."""

from funcgrad.autograd import anomaly_mode as anomaly_mode
from funcgrad.autograd import forward_ad as forward_ad
from funcgrad.autograd import function as function
from funcgrad.autograd import functional as functional
from funcgrad.autograd import grad_mode as grad_mode
from funcgrad.autograd import graph as graph
from funcgrad.autograd.anomaly import detect_anomaly as detect_anomaly
from funcgrad.autograd.anomaly import set_detect_anomaly as set_detect_anomaly
from funcgrad.autograd.function import Function as Function
from funcgrad.autograd.grad_mode import is_multithreading_enabled as is_multithreading_enabled
from funcgrad.autograd.grad_mode import set_multithreading_enabled as set_multithreading_enabled
from funcgrad.autograd.gradcheck import GradcheckError as GradcheckError
from funcgrad.autograd.gradcheck import gradcheck as gradcheck
from funcgrad.autograd.gradcheck import gradgradcheck as gradgradcheck
from funcgrad.autograd.gradients import backward as backward
from funcgrad.autograd.gradients import grad as grad
from funcgrad.autograd.variable import Variable as Variable
from funcgrad.tensor.modes import enable_grad as enable_grad
from funcgrad.tensor.modes import inference_mode as inference_mode
from funcgrad.tensor.modes import no_grad as no_grad
from funcgrad.tensor.modes import set_grad_enabled as set_grad_enabled
