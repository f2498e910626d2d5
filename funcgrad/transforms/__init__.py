"""The transforms, one file each: what a tracer carries, how a primitive is interpreted, the public function."""
