"""Small trainings."""

from typing import Any

from .common import fill, wave


def linear_regression(torch: Any) -> None:
    x = torch.linspace(-1, 1, 20, dtype=torch.float64)
    y = 3 * x + 0.5
    w = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    b = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    for epoch in range(50):
        loss = ((w * x + b - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= 0.5 * w.grad
            b -= 0.5 * b.grad
            w.grad.zero_()
            b.grad.zero_()
        if epoch % 10 == 0:
            print(epoch, f"{loss.item():.6f}", w, b)


def logistic_regression(torch: Any) -> None:
    x = wave(torch, 30, 2)
    y = (x[:, 0] > x[:, 1]).double()
    w = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=1.0)
    for epoch in range(20):
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ w, y)
        loss.backward()
        optimizer.step()
        if epoch % 5 == 0:
            print(f"{loss:.6f}", w)


def network(torch: Any) -> None:
    nn = torch.nn
    model = fill(torch, nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1)).double())
    x = torch.linspace(-1, 1, 16, dtype=torch.float64)[:, None]
    y = (3 * x).sin()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for epoch in range(30):
        optimizer.zero_grad()
        loss = nn.MSELoss()(model(x), y)
        loss.backward()
        optimizer.step()
        if epoch % 10 == 0:
            print(epoch, f"{loss.item():.6f}")
    with torch.no_grad():
        print(model(x[:3]))


def classifier(torch: Any) -> None:
    nn = torch.nn
    x = wave(torch, 24, 4)
    labels = x[:, :3].argmax(1)
    model = fill(torch, nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).double())
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.05)
    for epoch in range(25):
        for batch in torch.arange(24).split(8):
            loss = nn.functional.cross_entropy(model(x[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if epoch % 8 == 0:
            print(epoch, f"{loss.item():.5f}", (model(x).argmax(1) == labels).sum().item())


def convolutional(torch: Any) -> None:
    nn = torch.nn
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 2))
    fill(torch, model.double())
    x, labels = wave(torch, 6, 1, 6, 6), torch.tensor([0, 1, 0, 1, 1, 0])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(5):
        loss = nn.functional.cross_entropy(model(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"{loss.item():.6f}")


def recurrent_by_hand(torch: Any) -> None:
    w, u = wave(torch, 3, 3, leaf=True), wave(torch, 2, 3, leaf=True)
    h = torch.zeros(4, 3, dtype=torch.float64)
    for t in range(6):
        h = torch.tanh(h @ w + wave(torch, 4, 2) * (t + 1) @ u)
    h.sum().backward()
    print(h, w.grad, u.grad)


def truncated_backpropagation(torch: Any) -> None:
    w = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.01)
    state = torch.tensor(1.0, dtype=torch.float64)
    for step in range(6):
        state = torch.tanh(state * w + 0.1)
        if step % 2:
            optimizer.zero_grad()
            ((state - 0.7) ** 2).backward()
            optimizer.step()
            state = state.detach()
            print(w, state)


def accumulated_batches(torch: Any) -> None:
    w = wave(torch, 3, leaf=True)
    x = wave(torch, 8, 3)
    for batch in x.chunk(4):
        ((batch @ w) ** 2).mean().div(4).backward()
    accumulated = w.grad.clone()
    w.grad = None
    ((x @ w) ** 2).mean().backward()
    print(accumulated, torch.allclose(accumulated, w.grad))


def adversarial_step(torch: Any) -> None:
    w = wave(torch, 3)
    x = wave(torch, 3, leaf=True)
    (x @ w).sigmoid().log().neg().backward()
    attacked = (x + 0.1 * x.grad.sign()).detach()
    print(x.grad, attacked, (attacked @ w).sigmoid() < (x @ w).sigmoid())


def frozen_layer(torch: Any) -> None:
    nn = torch.nn
    model = fill(torch, nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1)).double())
    for p in model[0].parameters():
        p.requires_grad = False
    model(wave(torch, 3, 2)).sum().backward()
    print([p.grad is None for p in model.parameters()], model[1].weight.grad)


def two_optimizers(torch: Any) -> None:
    a, b = torch.tensor(1.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    first, second = torch.optim.SGD([a], lr=0.1), torch.optim.SGD([b], lr=0.1)
    for _ in range(3):
        first.zero_grad()
        (a * b.detach()).backward()
        first.step()
        second.zero_grad()
        (-(a.detach() * b)).backward()
        second.step()
        print(a, b)


def newton(torch: Any) -> None:
    x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    for _ in range(5):
        (g,) = torch.autograd.grad(x**4 - 3 * x**2, x, create_graph=True)
        (h,) = torch.autograd.grad(g, x)
        with torch.no_grad():
            x -= g / h
        print(x)


def inner_loop(torch: Any) -> None:
    meta = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    w = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    fast = w
    for _ in range(3):
        (g,) = torch.autograd.grad((fast * meta - 2) ** 2, fast, create_graph=True)
        fast = fast - 0.1 * g
    ((fast - 3) ** 2).backward()
    print(fast, meta.grad, w.grad)


def moving_average_of_weights(torch: Any) -> None:
    model = fill(torch, torch.nn.Linear(2, 1).double())
    average = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        model(wave(torch, 4, 2)).pow(2).sum().backward()
        optimizer.step()
        for name, value in model.state_dict().items():
            average[name].mul_(0.9).add_(value, alpha=0.1)
    print(average)


def batches_with_a_loader(torch: Any) -> None:
    data = torch.utils.data.TensorDataset(torch.arange(10.0)[:, None], torch.arange(10))
    for x, y in torch.utils.data.DataLoader(data, batch_size=4):
        print(x, y)


def checkpointed(torch: Any) -> None:
    x = wave(torch, 3, leaf=True)
    y = torch.utils.checkpoint.checkpoint(lambda x: x.sin().exp(), x, use_reentrant=False)
    y.sum().backward()
    print(y.detach(), x.grad)
