"""PyTorch's name for the module of anomaly detection."""

from funcgrad.autograd.anomaly import detect_anomaly as detect_anomaly
from funcgrad.autograd.anomaly import set_detect_anomaly as set_detect_anomaly
