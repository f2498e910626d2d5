"""The code of five tutorials, and a script for each behaviour that they state in words only.

A block that goes on where another one ended carries what it needs of that one. Typing errors of the originals are
corrected (`.requires_grad` for `.equires_grad`, `y.requires_grad` for `y,requires_grad`, `.all()` for `.all`).
"""

BLOCKS = {
    "ones": """
from __future__ import print_function
import torch

x1 = torch.ones(3, 3)
x2 = torch.ones(2, 2, requires_grad=True)
print(x1, '\\n', x2)
y = x2 + 2
print(y)
print(x1.grad_fn, '\\n', y.grad_fn)
z = y * y * 3
out = z.mean()
print(z, out)
a = torch.ones(2, 2)
print(a.requires_grad)
a.requires_grad_(True)
print(a.requires_grad)
out.backward()
print(x2.grad)
""",
    "switching_off": """
import torch

x = torch.ones(2, 2, requires_grad=True)
print(x.requires_grad)
print((x ** 2).requires_grad)

with torch.no_grad():
    print((x ** 2).requires_grad)
""",
    "detached_equals": """
import torch

x = torch.ones(2, 2, requires_grad=True)
print(x.requires_grad)
y = x.detach()
print(y.requires_grad)
print(x.eq(y).all())
""",
    "four_prints": """
import torch

x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = y * y * 3
out = z.mean()

print(x)
print(y)
print(z)
print(out)
out.backward()
print(x.grad)
""",
    "created_with_a_flag": """
import torch

x = torch.ones(2, 2, requires_grad=True)
print(x)
a = torch.randn(2, 2)
a.requires_grad_(True)
print(a.requires_grad)
""",
    "which_require_gradients": """
import torch

x = torch.tensor([2.0, 3.0])
print(f"x.requires_grad: {x.requires_grad}")

w = torch.tensor([0.5, 0.1], requires_grad=True)
print(f"w.requires_grad: {w.requires_grad}")

b = torch.tensor(0.1, requires_grad=True)
print(f"b.requires_grad: {b.requires_grad}")
print(f"w.grad_fn: {w.grad_fn}")
print(f"b.grad_fn: {b.grad_fn}")

y = torch.dot(w, x) + b
print(f"y.requires_grad: {y.requires_grad}")
print(f"y.grad_fn: {y.grad_fn}")
""",
    "scalar_output": """
import torch

x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = y * y * 3
out = z.mean()

print(out)
out.backward()
print(x.grad)
""",
    "vector_output": """
import torch

x = torch.randn(3, requires_grad=True)
y = x * 2
v = torch.tensor([0.1, 1.0, 0.001], dtype=torch.float)
y.backward(gradient=v)
print(x.grad)
""",
    "no_grad_block": """
import torch

x = torch.ones(1, requires_grad=True)
print(x.requires_grad)
with torch.no_grad():
    y = x * 2
print(y.requires_grad)
try:
    y.backward()
except RuntimeError as error:
    print(type(error).__name__)
""",
    "detach": """
import torch

x = torch.ones(1, requires_grad=True)
y = x * 2
z = y.detach()

print(z.requires_grad)
out = y * 3
out.backward()
print(x.grad)

x.grad.zero_()
out_detached = z * 3
out_detached.requires_grad_(True)
print(out_detached.grad_fn)
""",
    "retain_graph": """
import torch

x = torch.tensor([2.0], requires_grad=True)
y1 = x * 2
y2 = x * 3

y1.backward(retain_graph=True)
print(x.grad)

y2.backward()
print(x.grad)
""",
    "create_graph": """
import torch

x = torch.tensor([2.0], requires_grad=True)
y = x ** 3
grad_x = torch.autograd.grad(y, x, create_graph=True)
print(grad_x)

grad_grad_x = torch.autograd.grad(grad_x[0], x)
print(grad_grad_x)
""",
    "regression": """
import torch

def pr(val):
    print(val)

x = torch.tensor(3.0)
w = torch.tensor(4.0, requires_grad=True)
b = torch.tensor(5.0, requires_grad=True)
y_true = torch.tensor(18.0)
y_pred = w*x+b
pr(f'y_pred:{y_pred}')
pr(f'y_pred.grad_fn:{y_pred.grad_fn}')
pr(f'y_pred.requires_grad:{y_pred.requires_grad}')
loss = (y_pred-y_true)**2
pr(f'loss:{loss}')
pr(f'loss.grad_fn:{loss.grad_fn}')
pr(f'w.grad:{w.grad}')
pr(f'b.grad:{b.grad}')
loss.backward()
pr(f'w.grad:{w.grad}')
pr(f'b.grad:{b.grad}')
""",
    "epochs": """
import torch

x = torch.tensor(3.0)
w = torch.tensor(4.0, requires_grad=True)
b = torch.tensor(5.0, requires_grad=True)
y_true = torch.tensor(18.0)
optimizer = torch.optim.SGD([w, b], lr=0.01)

for i in range(2):
    optimizer.zero_grad()
    y_pred = w * x + b
    loss = (y_pred - y_true)**2
    loss.backward()
    print(f"Epoch {i+1}: w.grad={w.grad}, b.grad={b.grad}")
""",
    "epochs_cleared_by_hand": """
import torch

x = torch.tensor(3.0)
w = torch.tensor(4.0, requires_grad=True)
b = torch.tensor(5.0, requires_grad=True)
y_true = torch.tensor(18.0)

for i in range(2):
    if w.grad is not None:
        w.grad.zero_()
    if b.grad is not None:
        b.grad.zero_()
    y_pred = w * x + b
    loss = (y_pred - y_true)**2
    loss.backward()
    print(f"Epoch {i+1}: w.grad={w.grad}, b.grad={b.grad}")
""",
}

STATED = {
    "defaults": """
import torch

x = torch.tensor([1.0])
print(x.requires_grad, torch.ones(2).requires_grad, (x * 2).requires_grad, (x * 2).grad_fn)
print(x.is_leaf, x.grad, x.dtype)
""",
    "creation": """
import torch

print(torch.ones(3, 3), torch.ones(1, requires_grad=True))
print(torch.randn(2, 2).shape, torch.randn(3, requires_grad=True).requires_grad)
""",
    "tensor_signature": """
import numpy
import torch

print(torch.tensor([1, 2]), torch.tensor((1.5, 2)), torch.tensor(3), torch.tensor(numpy.eye(2)))
print(torch.tensor([1, 2], dtype=torch.float32), torch.tensor(1, dtype=torch.float))
print(torch.tensor([1.0], dtype=None, device=None, requires_grad=False, pin_memory=False))
print(torch.tensor([1.0], device="cpu").device, torch.tensor([1.0], requires_grad=True))
try:
    torch.tensor([1.0], torch.float32)
except TypeError as error:
    print(type(error).__name__)
""",
    "device": """
import torch

x = torch.ones(2, device="cpu")
print(x.device, x.cpu() is x, x.to("cpu") is x, x.is_cuda)
""",
    "numpy": """
import numpy
import torch

array = numpy.arange(3.0)
x = torch.from_numpy(array)
x += 1
print(array, x.numpy().sum(), x.detach().numpy().shape, torch.tensor(array))
""",
    "tracked": """
import torch

w = torch.tensor(2.0, requires_grad=True)
x, b = torch.tensor(3.0), torch.tensor(1.0)
y = w * x + b
print(y.requires_grad, y.is_leaf, w.is_leaf, x.is_leaf, (x + b).requires_grad)
print(y.grad_fn, w.grad_fn, (x + b).grad_fn)
""",
    "intermediate_gradients": """
import torch

x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = y * y * 3
z.mean().backward()
print(x.grad, y.grad, z.grad)
""",
    "accumulation": """
import torch

x = torch.ones(2, 2, requires_grad=True)
y = x + 2
(y * y * 3).mean().backward()
print(x.grad)
x.sum().backward()
print(x.grad)
x.grad.data.zero_()
print(x.grad)
x.sum().backward()
print(x.grad)
""",
    "needs_an_argument": """
import torch

x = torch.ones(3, requires_grad=True)
try:
    (x * 2).backward()
except RuntimeError as error:
    print(type(error).__name__)
(x * 2).backward(torch.tensor([0.1, 1.0, 0.001]))
print(x.grad, x.grad.shape == x.shape)
""",
    "weighted_sum": """
import torch

w = torch.tensor([[1.0, 0.1], [0.01, 0.001]])
x = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
y = (2 * x).view(2, 2)
y.backward(w)
print(x.grad)
x.grad = None
torch.sum((2 * x).view(2, 2) * w).backward()
print(x.grad)
""",
    "only_floats": """
import torch

try:
    torch.ones(2, dtype=torch.int64, requires_grad=True)
except RuntimeError as error:
    print(type(error).__name__)
try:
    torch.tensor([1, 2]).requires_grad_(True)
except RuntimeError as error:
    print(type(error).__name__)
""",
    "freed_graph": """
import torch

x = torch.tensor([2.0], requires_grad=True)
y = x * x
y.backward()
try:
    y.backward()
except RuntimeError as error:
    print(type(error).__name__)
y = x * x
y.backward(retain_graph=True)
y.backward()
print(x.grad)
""",
    "lower_level": """
import torch

x = torch.tensor([2.0], requires_grad=True)
(g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
(h,) = torch.autograd.grad(g, x, create_graph=True)
(k,) = torch.autograd.grad(h, x)
print(g.requires_grad, h, k, x.grad)
""",
    "shared_data": """
import torch

x = torch.ones(2, requires_grad=True)
y = x.detach()
y[0] = 5
print(x, y, x.data_ptr() == y.data_ptr(), (y * 2).requires_grad)
""",
    "new_history": """
import torch

x = torch.ones(1, requires_grad=True)
z = (x * 2).detach()
z.requires_grad_(True)
(z * z).backward()
print(x.grad, z.grad, z.is_leaf)
print(((x * 2).detach() * 3).requires_grad_(True).grad_fn)
""",
    "decorators": """
import torch

@torch.no_grad
def plain(x):
    return x * 2

@torch.no_grad()
def called(x):
    return x * 2

x = torch.ones(1, requires_grad=True)
print(plain(x).requires_grad, called(x).requires_grad, (x * 2).requires_grad)
print(plain(x).grad_fn, torch.is_grad_enabled())
""",
    "mixed": """
import torch

x = torch.tensor(1.0, requires_grad=True)
y1 = x ** 2
with torch.no_grad():
    y2 = x ** 3
y3 = y1 + y2
print(x.requires_grad, y1, y1.requires_grad)
print(y2, y2.requires_grad, y2.grad_fn)
print(y3, y3.requires_grad, y3.grad_fn)
y3.backward()
print(x.grad)
try:
    y2.backward()
except RuntimeError as error:
    print(type(error).__name__)
""",
    "data": """
import torch

x = torch.ones(1, requires_grad=True)
print(x.data, x.data.requires_grad)
y = 2 * x
x.data *= 100
y.backward()
print(x)
print(x.grad)
""",
    "graph": """
import torch

x = torch.ones(2, requires_grad=True)
w = torch.ones(2, requires_grad=True)
out = (x * w + 2).sum()
node, names = out.grad_fn, []
while node is not None:
    names.append(node.name())
    node = node.next_functions[0][0] if node.next_functions else None
print(names)
print(out.grad_fn.next_functions)
for n in range(3):
    x.grad = None
    y = x
    for _ in range(n):
        y = y * x
    y.sum().backward()
    print(n, x.grad)
print(torch.autograd.Function.__name__)
""",
    "format": """
import torch

x = torch.tensor(17.0)
print(f"y_pred:{x}", f"{x:.2f}", "{}".format(x * 2), f"{x.item()}", str(x), f"{torch.ones(2)}")
print(f"w.grad:{torch.ones(1, requires_grad=True).grad}")
""",
    "names": """
import torch

x = torch.ones(2, requires_grad=True)
for y in (x * 2, x + 1, x - 1, x**2, x**3, x.mean(), x.sum(), torch.dot(x, x), torch.sum(x), -x, x / 2):
    print(y.grad_fn)
print(x.eq(x), x.eq(x).all(), x.eq(x).grad_fn)
""",
    "without_zero_grad": """
import torch

w = torch.tensor(4.0, requires_grad=True)
b = torch.tensor(5.0, requires_grad=True)
for i in range(2):
    loss = (w * 3.0 + b - 18.0) ** 2
    loss.backward()
    print(f"Epoch {i+1}: w.grad={w.grad}, b.grad={b.grad}")
""",
    "step": """
import torch

w = torch.tensor(4.0, requires_grad=True)
b = torch.tensor(5.0, requires_grad=True)
optimizer = torch.optim.SGD([w, b], lr=0.01)
for i in range(3):
    optimizer.zero_grad()
    ((w * 3.0 + b - 18.0) ** 2).backward()
    optimizer.step()
    print(w, b)
optimizer.zero_grad(set_to_none=False)
print(w.grad, b.grad)
optimizer.zero_grad()
print(w.grad, b.grad)
""",
    "parameter": """
import torch

p = torch.nn.Parameter(torch.ones(2))
print(p.is_leaf, p.requires_grad, p.grad_fn, isinstance(p, torch.Tensor))
(p * 3).sum().backward()
print(p.grad)
print(p)
""",
    "all_inputs": """
import torch

x, w, b = torch.tensor(3.0), torch.tensor(4.0, requires_grad=True), torch.tensor(5.0, requires_grad=True)
(w * x + b).backward()
print(w.grad, b.grad, x.grad)
""",
}

# S33 is this library's own: a gradient broadcasts to the shape of the tensor.
BROADCAST = """
import torch

x = torch.ones(2, 3, requires_grad=True)
(x * 2).backward(torch.tensor([1.0, 2.0, 3.0]))
print(x.grad)
for wrong in (torch.ones(2), torch.ones(2, 2, 3)):
    try:
        (x * 2).backward(wrong)
    except RuntimeError as error:
        print(type(error).__name__)
"""
BROADCAST_PRINTS = """\
tensor([[2., 4., 6.],
        [2., 4., 6.]])
RuntimeError
RuntimeError
"""

# Which script shows which of the stated behaviours, S1 to S73.
ROWS = {
    1: "tracked", 2: "defaults", 3: "creation", 4: "tensor_signature", 5: "tensor_signature", 6: "device", 7: "numpy",
    8: "ones", 9: "tracked", 10: "tracked", 11: "ones", 12: "tracked", 13: "ones", 14: "names", 15: "ones",
    16: "four_prints", 17: "four_prints", 18: "four_prints", 19: "four_prints", 20: "four_prints",
    21: "scalar_output", 22: "scalar_output", 23: "graph", 24: "intermediate_gradients", 25: "intermediate_gradients",
    26: "regression", 27: "accumulation", 28: "accumulation", 29: "epochs_cleared_by_hand", 30: "needs_an_argument",
    31: "needs_an_argument", 32: "vector_output", 33: "broadcast", 34: "scalar_output", 35: "weighted_sum",
    36: "weighted_sum", 37: "weighted_sum", 38: "only_floats", 39: "freed_graph", 40: "freed_graph", 41: "retain_graph",
    42: "retain_graph", 43: "create_graph", 44: "create_graph", 45: "lower_level", 46: "lower_level",
    47: "shared_data", 48: "shared_data", 49: "detached_equals", 50: "detach", 51: "new_history", 52: "detach",
    53: "switching_off", 54: "decorators", 55: "decorators", 56: "no_grad_block", 57: "mixed", 58: "mixed", 59: "data",
    60: "graph", 61: "graph", 62: "graph", 63: "which_require_gradients", 64: "format", 65: "regression", 66: "names",
    67: "epochs", 68: "without_zero_grad", 69: "step", 70: "step", 71: "parameter", 72: "all_inputs", 73: "detach",
}  # fmt: skip
