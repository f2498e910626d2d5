"""PyTorch's other names of dtypes. Some are those of Python's types, hence a file of their own."""

from funcgrad.tensor import dtypes

__all__ = ["bool", "cdouble", "cfloat", "chalf", "double", "dtype", "float", "half", "int", "long", "short"]

dtype = dtypes.DType
half = dtypes.float16
float = dtypes.float32
double = dtypes.float64
short = dtypes.int16
int = dtypes.int32
long = dtypes.int64
chalf = dtypes.complex32
cfloat = dtypes.complex64
cdouble = dtypes.complex128
bool = dtypes.truth
