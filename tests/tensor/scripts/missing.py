"""Scripts that do not yet print what they print under PyTorch, and why. The suite expects each of them to fail."""

NODE = "the operation is another one here, so its node has another name"

MISSING: dict[str, str] = {
    "algebra.what_is_not_finite_is_silent": "NumPy's warnings about division by zero and overflow come through",
    "backward.grad_of_an_inner_tensor_warns": "reading `.grad` of a tensor that is no leaf does not warn",
    "backward.output_numbers": "no `Tensor.output_nr`",
    "corners.retain_grad_then_write": "the gradient kept is that of the value before the write",
    "dtypes.brain_floats": "NumPy has no bfloat16",
    "dtypes.number_of_a_vector": "RuntimeError instead of ValueError",
    "dtypes.words_in_a_list": "ValueError instead of TypeError",
    "edges.view_of_a_dtype_that_does_not_fit": "ValueError instead of RuntimeError",
    "higher.short_name_of_vmap": "`funcgrad.vmap` is the functional interface's; PyTorch's is `func.vmap`",
    "indexing.by_a_word": "IndexError instead of TypeError",
    "indexing.negative_steps_are_refused": "negative steps work here, as in NumPy",
    "modes.inference_mode": "inference tensors are not told from those of no_grad",
    "modes.inference_mode_forbids_writes": "inference tensors are not told from those of no_grad",
    "modes.is_inference": "inference tensors are not told from those of no_grad",
    "modules.activations": "hardshrink keeps the sign of a zero",
    "nodes.attention": NODE,
    "nodes.complex_parts": NODE,
    "nodes.einsum": NODE,
    "nodes.prelu": NODE,
    "nodes.reflected_difference": NODE,
    "nodes.reflected_power": NODE,
    "nodes.reflected_quotient": NODE,
    "nodes.transposed": NODE,
    "nodes.written": NODE,
    "nodes.written_by_an_index": NODE,
    "printing.layouts": "no `Tensor.layout`: all tensors are strided",
}
