"""The transforms, one file each: what a tracer carries, how a primitive is interpreted, the public function."""

from funcgrad.core.heap import keep_freed_memory
from funcgrad.transforms.batch_paths import install_batch_paths
from funcgrad.transforms.forward_paths import install_forward_paths
from funcgrad.transforms.reverse_paths import install_short_paths

install_short_paths()
install_forward_paths()
install_batch_paths()
keep_freed_memory()
