"""`nn.Module` and its layers."""

from typing import Any

from .common import error, fill, show, wave


def net(torch: Any) -> None:
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(3, 4)
            self.second = nn.Linear(4, 2)

        def forward(self, x):
            return self.second(torch.tanh(self.first(x)))

    model = fill(torch, Net().double())
    x = wave(torch, 5, 3)
    model(x).sum().backward()
    print(model)
    print(model(x))
    for name, p in model.named_parameters():
        print(name, p.shape, p.grad)


def sequential(torch: Any) -> None:
    nn = torch.nn
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    print(model, len(model), model[1], [type(m).__name__ for m in model])
    fill(torch, model.double())
    print(model(wave(torch, 2, 2)))


def linear(torch: Any) -> None:
    layer = fill(torch, torch.nn.Linear(2, 3).double())
    x = wave(torch, 4, 2, leaf=True)
    (layer(x) ** 2).sum().backward()
    print(layer, layer.weight, layer.bias, layer.weight.grad, layer.bias.grad, x.grad)
    print(torch.nn.Linear(2, 1, bias=False).bias)


def convolution(torch: Any) -> None:
    layer = fill(torch, torch.nn.Conv2d(2, 3, 3, padding=1, stride=2).double())
    x = wave(torch, 1, 2, 5, 5, leaf=True)
    y = layer(x)
    y.sum().backward()
    print(layer, y.shape, y[0, 0], x.grad[0, 0], layer.weight.grad[0], layer.bias.grad)


def convolution_of_one_axis(torch: Any) -> None:
    layer = fill(torch, torch.nn.Conv1d(1, 2, 3, dilation=2).double())
    x = wave(torch, 2, 1, 8, leaf=True)
    layer(x).pow(2).sum().backward()
    print(layer, layer(x).detach(), x.grad)


def transposed_convolution(torch: Any) -> None:
    layer = fill(torch, torch.nn.ConvTranspose2d(1, 1, 2, stride=2).double())
    x = wave(torch, 1, 1, 2, 2, leaf=True)
    layer(x).pow(2).sum().backward()
    print(layer(x).detach(), x.grad)


def grouped_convolution(torch: Any) -> None:
    layer = fill(torch, torch.nn.Conv2d(4, 4, 1, groups=2, bias=False).double())
    print(layer.weight.shape, layer(wave(torch, 1, 4, 2, 2)))


def pools(torch: Any) -> None:
    nn = torch.nn
    x = wave(torch, 1, 1, 4, 4, leaf=True)
    y = nn.MaxPool2d(2)(x).sum() + nn.AvgPool2d(2)(x).sum() * 2
    y.backward()
    show(x.grad, nn.MaxPool2d(2)(x), nn.AdaptiveAvgPool2d(1)(x), nn.MaxPool2d(3, stride=1, padding=1)(x).shape)


def batch_norm(torch: Any) -> None:
    layer = torch.nn.BatchNorm1d(3).double()
    x = wave(torch, 4, 3, leaf=True)
    y = layer(x)
    (y**3).sum().backward()
    print(y, x.grad, layer.running_mean, layer.running_var, layer.num_batches_tracked)
    layer.eval()
    print(layer(x), layer)


def batch_norm_of_images(torch: Any) -> None:
    layer = torch.nn.BatchNorm2d(2, momentum=0.5).double()
    x = wave(torch, 2, 2, 2, 2)
    print(layer(x), layer.running_var, [n for n, _ in layer.named_buffers()])


def layer_norm(torch: Any) -> None:
    layer = torch.nn.LayerNorm(3).double()
    x = wave(torch, 2, 3, leaf=True)
    (layer(x) ** 3).sum().backward()
    print(layer(x), x.grad, layer.weight.grad, layer)


def group_norm(torch: Any) -> None:
    layer = torch.nn.GroupNorm(2, 4).double()
    print(layer(wave(torch, 1, 4, 3)), layer)


def dropout(torch: Any) -> None:
    layer = torch.nn.Dropout(0.5)
    x = torch.ones(1000)
    y = layer(x)
    print(sorted(set(y.tolist())), 300 < (y == 0).sum() < 700, layer)
    layer.eval()
    print(torch.equal(layer(x), x), torch.nn.Dropout(0.0)(x).sum(), torch.nn.Dropout(1.0)(x).sum())


def embedding(torch: Any) -> None:
    layer = fill(torch, torch.nn.Embedding(4, 2).double())
    y = layer(torch.tensor([[0, 1], [1, 3]]))
    y.sum().backward()
    print(layer, y, layer.weight.grad)


def embedding_with_padding(torch: Any) -> None:
    layer = fill(torch, torch.nn.Embedding(3, 2, padding_idx=0).double())
    layer(torch.tensor([0, 1, 1])).sum().backward()
    print(layer, layer.weight.grad)


def rnn(torch: Any) -> None:
    layer = fill(torch, torch.nn.RNN(2, 3, batch_first=True).double())
    out, h = layer(wave(torch, 1, 4, 2))
    out.sum().backward()
    show(out, h, layer.weight_hh_l0.grad)


def lstm(torch: Any) -> None:
    layer = fill(torch, torch.nn.LSTM(2, 3, num_layers=2).double())
    out, (h, c) = layer(wave(torch, 4, 1, 2))
    out.sum().backward()
    print(out, h.shape, c, layer.weight_ih_l1.grad)


def gru(torch: Any) -> None:
    layer = fill(torch, torch.nn.GRU(2, 3, bidirectional=True).double())
    out, h = layer(wave(torch, 4, 1, 2))
    out.sum().backward()
    show(out, h, layer.bias_hh_l0.grad)


def cells(torch: Any) -> None:
    nn = torch.nn
    x = wave(torch, 2, 3)
    show(fill(torch, nn.RNNCell(3, 2).double())(x), fill(torch, nn.GRUCell(3, 2).double())(x))
    show(fill(torch, nn.LSTMCell(3, 2).double())(x))


def attention(torch: Any) -> None:
    layer = fill(torch, torch.nn.MultiheadAttention(4, 2, batch_first=True).double())
    x = wave(torch, 1, 3, 4)
    y, weights = layer(x, x, x)
    y.sum().backward()
    print(y, weights, layer.in_proj_weight.grad[0])


def transformer_layer(torch: Any) -> None:
    layer = fill(torch, torch.nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True).double())
    y = layer(wave(torch, 1, 3, 4))
    y.pow(2).sum().backward()
    print(y, layer.linear1.weight.grad[0])


def activations(torch: Any) -> None:
    nn = torch.nn
    x = torch.tensor([-2.0, -0.5, 0.0, 1.5], dtype=torch.float64)
    names = "ReLU Sigmoid Tanh GELU SiLU ELU LeakyReLU Softplus Softsign Hardtanh ReLU6 SELU CELU Mish LogSigmoid"
    for name in [*names.split(), "Hardsigmoid", "Hardswish", "Tanhshrink", "Softshrink", "Hardshrink"]:
        layer, leaf = getattr(nn, name)(), x.clone().requires_grad_(True)
        layer(leaf).sum().backward()
        show(layer, layer(x), leaf.grad)
    show(nn.Softmax(dim=0)(x), nn.LogSoftmax(dim=-1), nn.PReLU().double()(x))


def losses(torch: Any) -> None:
    nn = torch.nn
    a, b = wave(torch, 2, 3, leaf=True), wave(torch, 2, 3) * 0.5 + 0.1
    for name in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss"):
        loss = getattr(nn, name)()(a, b)
        print(name, loss, torch.autograd.grad(loss, a))
    print(nn.MSELoss(reduction="sum")(a, b), nn.MSELoss(reduction="none")(a, b))


def classification_losses(torch: Any) -> None:
    nn = torch.nn
    a, labels = wave(torch, 3, 4, leaf=True), torch.tensor([0, 3, 1])
    for loss in (nn.CrossEntropyLoss(), nn.CrossEntropyLoss(label_smoothing=0.1), nn.CrossEntropyLoss(ignore_index=3)):
        value = loss(a, labels)
        show(value, torch.autograd.grad(value, a))
    show(nn.NLLLoss()(a.log_softmax(1), labels), nn.CrossEntropyLoss()(a, a.softmax(1)))
    t = (a.detach() > 0).double()
    show(
        nn.BCEWithLogitsLoss()(a, t),
        nn.BCELoss()(a.sigmoid(), t),
        nn.KLDivLoss(reduction="batchmean")(a.log_softmax(1), t),
    )


def parameters(torch: Any) -> None:
    nn = torch.nn

    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.ones(2))
            self.register_buffer("mean", torch.zeros(2))
            self.plain = torch.ones(2)
            self.inner = nn.Linear(2, 1)

        def forward(self, x):
            return x * self.w

    m = Scale()
    print([n for n, _ in m.named_parameters()], [n for n, _ in m.named_buffers()], list(m.state_dict()))
    print([n for n, _ in m.named_modules()], [n for n, _ in m.named_children()], sum(p.numel() for p in m.parameters()))
    m.w = nn.Parameter(torch.zeros(2))
    print(m.w, "w" in dict(m.named_parameters()))
    error(setattr, m, "w", torch.ones(2))
    error(getattr, m, "absent")
    del m.w
    print([n for n, _ in m.named_parameters()])


def containers(torch: Any) -> None:
    nn = torch.nn
    m = nn.ModuleList([nn.Linear(1, 1), nn.Identity()])
    m.append(nn.ReLU())
    d = nn.ModuleDict({"a": nn.Tanh()})
    p = nn.ParameterList([nn.Parameter(torch.ones(1))])
    print(m, len(m), d, "a" in d, len(p), [n for n, _ in m.named_parameters()])


def train_and_eval(torch: Any) -> None:
    nn = torch.nn
    m = nn.Sequential(nn.Linear(1, 1), nn.Dropout())
    print(m.training, m.eval() is m, m[1].training, m.train().training, m[1].training)
    m.requires_grad_(False)
    print([p.requires_grad for p in m.parameters()])


def zero_grad(torch: Any) -> None:
    m = torch.nn.Linear(2, 1)
    m(torch.ones(1, 2)).sum().backward()
    print(m.weight.grad)
    m.zero_grad()
    print(m.weight.grad)


def state_dicts(torch: Any) -> None:
    nn = torch.nn
    a, b = fill(torch, nn.Linear(2, 1)), nn.Linear(2, 1)
    print(b.load_state_dict(a.state_dict()), a.state_dict())
    print(torch.equal(a.weight, b.weight), a.state_dict()["weight"].requires_grad)
    error(b.load_state_dict, {"weight": torch.ones(1, 2)})
    error(b.load_state_dict, {"weight": torch.ones(5, 2), "bias": torch.ones(1)})
    print(b.load_state_dict({"weight": torch.ones(1, 2), "more": torch.ones(1)}, strict=False))


def apply_and_convert(torch: Any) -> None:
    nn = torch.nn
    m = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    m.apply(lambda layer: print(type(layer).__name__))
    print(m.double()[0].weight.dtype, m.float()[0].weight.dtype, m.to(torch.float64)[1].bias.dtype)
    print(next(m.parameters()).device, m.cpu() is m)


def initializers(torch: Any) -> None:
    init = torch.nn.init
    w = torch.empty(3, 2)
    print(init.ones_(w), init.zeros_(w), init.constant_(w, 2.5), init.eye_(torch.empty(2, 2)))
    init.xavier_uniform_(w)
    print(bool((w.abs() <= (6 / 5) ** 0.5).all()), init.calculate_gain("relu"), init.normal_(w).shape)
    init.kaiming_uniform_(w, nonlinearity="relu")
    q = init.orthogonal_(torch.empty(3, 3))
    print(torch.allclose(q @ q.T, torch.eye(3), atol=1e-5), w.requires_grad)


def shared_parameters(torch: Any) -> None:
    nn = torch.nn
    a = nn.Linear(2, 2)
    m = nn.Sequential(a, nn.ReLU(), a)
    print(len(list(m.parameters())), len(m.state_dict()), m)


def flatten_and_upsample(torch: Any) -> None:
    nn = torch.nn
    x = wave(torch, 1, 1, 2, 2)
    print(nn.Flatten()(x), nn.Unflatten(1, (2, 2))(nn.Flatten()(x)).shape, nn.Upsample(scale_factor=2)(x))
    print(nn.PixelShuffle(2)(wave(torch, 1, 4, 1, 1)), nn.ZeroPad2d(1)(x), nn.CosineSimilarity()(x[0, 0], x[0, 0] * 2))


def clip_grad(torch: Any) -> None:
    p = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    (p * p).sum().backward()
    print(torch.nn.utils.clip_grad_norm_([p], 1.0), p.grad)
    torch.nn.utils.clip_grad_value_([p], 0.5)
    print(p.grad)
    vector = torch.nn.utils.parameters_to_vector([p, p])
    print(vector)
