"""What of PyTorch's modules for neural networks is not here, and why."""

HELPER = "a helper of PyTorch's own text, not for users"
OLDER = "an older name that PyTorch itself warns of; the newer one is here"
DEVICES = "copies of a module on several devices or processes; there is one device"
LAYOUT = "chooses a memory layout of images, which NumPy's arrays have not"
LOW = "products of numbers in 8 bits or fewer, which NumPy has not"
SPARSE = "gradients are dense: there are no sparse tensors"
ABSENT = "not written yet"

#: Per module: the names, separated by spaces, and the reason.
LEDGER: dict[str, dict[str, str]] = {
    "nn": {
        "Container NLLLoss2d": OLDER,
        "CrossMapLRN2d": "an older form of LocalResponseNorm",
        "DataParallel SyncBatchNorm": DEVICES,
        "factory_kwargs": HELPER,
        "LinearCrossEntropyLoss LinearCrossEntropyOptions": ABSENT,
    },
    "nn.functional": {
        "BroadcastingList1 BroadcastingList2 BroadcastingList3 Callable DType Optional TYPE_CHECKING Tensor": HELPER,
        "GRID_SAMPLE_INTERPOLATION_MODES GRID_SAMPLE_PADDING_MODES assert_int_or_pair boolean_dispatch": HELPER,
        "handle_torch_function has_torch_function has_torch_function_unary has_torch_function_variadic": HELPER,
        "reproducibility_notes sparse_support_notes tf32_notes": HELPER,
        "ScalingType SwizzleType scaled_grouped_mm scaled_mm": LOW,
        "conv_tbc native_channel_shuffle": "another layout of what conv1d and channel_shuffle do",
        "grouped_mm linear_cross_entropy": ABSENT,
    },
    "nn.init": {
        "Literal ParamSpec Tensor TypeVar": HELPER,
        "constant dirac eye kaiming_normal kaiming_uniform normal orthogonal sparse uniform xavier_normal": OLDER,
        "xavier_uniform": OLDER,
    },
    "nn.utils": {
        "clip_grad_norm": OLDER,
        "convert_conv2d_weight_memory_format convert_conv3d_weight_memory_format": LAYOUT,
    },
    "nn.utils.rnn": {"Callable PackedSequence_ Self Tensor TypeVar bind copy_method_params": HELPER},
    "nn.utils.parametrize": {
        "Module ModuleDict ModuleList OpaqueBase Parameter Sequence Tensor contextmanager deepcopy": HELPER,
        "get_swap_module_params_on_conversion is_opaque_reference_type is_traceable_wrapper_subclass": HELPER,
        "transfer_parametrizations_and_params": ABSENT,
    },
    "nn.utils.parametrizations": {"Enum Module Tensor auto": HELPER},
    "nn.parameter": {"OrderedDict UninitializedTensorMixin": HELPER},
    "nn.modules.module": {
        "Any BackwardHook Buffer Callable DeviceLikeType Iterator Mapping Optional OrderedDict Parameter": HELPER,
        "RemovableHandle Self T Tensor TypeVar Union device dtype is_traceable_wrapper_subclass namedtuple": HELPER,
        "overload": HELPER,
        "register_module_backward_hook": OLDER,
        "register_module_buffer_registration_hook register_module_module_registration_hook": ABSENT,
        "register_module_parameter_registration_hook": ABSENT,
    },
    "optim": {
        "SparseAdam": SPARSE,
        "swap_in_optimizer_params_and_state": ABSENT,
    },
    "optim.lr_scheduler": {
        "Any Counter EPOCH_DEPRECATION_WARNING Literal Optimizer Self SupportsFloat TYPE_CHECKING Tensor": HELPER,
        "TypedDict annotations bisect_right cast inf override partial ref wraps": HELPER,
    },
    "optim.swa_utils": {"Literal PARAM_LIST TYPE_CHECKING cast deepcopy override Module": HELPER},
}

#: Whole modules.
MODULES = {
    "nn.utils.prune": ABSENT,
    "nn.utils.stateless": "an older place of func.functional_call",
    "nn.attention": "chooses among kernels of a GPU",
    "nn.parallel": DEVICES,
    "nn.quantized": LOW,
}
