"""Scripts that do not yet print what they print under PyTorch, and why. The suite expects each of them to fail."""

MISSING: dict[str, str] = {
    "dtypes.brain_floats": "NumPy has no bfloat16",
    "indexing.negative_steps_are_refused": "negative steps work here, as in NumPy",
    "modes.inference_mode_forbids_writes": "PyTorch writes before it refuses to; nothing is written here",
}
