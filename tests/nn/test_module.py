"""Modules and parameters: programs that run under both libraries and must say the same."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import pytest

import funcgrad as fg

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:Full backward hook is firing")


class Log(list):
    """What a program says, in words that do not depend on the library."""

    def __call__(self, *values):
        self.append(
            " ".join(str(value) for value in values).replace(
                "funcgrad.nn.modules.rectifiers", "torch.nn.modules.activation"
            )
        )

    def tries(self, *functions):
        for function in functions:
            try:
                self("ok", function())
            except Exception as error:
                self(type(error).__name__, error)


def net_of(nn, torch):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(2, 2)
            self.w = nn.Parameter(torch.ones(2))
            self.register_buffer("b", torch.zeros(2))
            self.register_buffer("nb", torch.zeros(1), persistent=False)
            self.none = None
            self.register_parameter("np", None)
            self.register_buffer("bn", None)
            self.seq = nn.Sequential(nn.ReLU(), self.a)

        def forward(self, x):
            return self.seq(self.a(x)) * self.w

    return Net()


def same_program(program):
    """Make a test of a program: it says the same under both libraries."""

    def test():
        logs = [Log(), Log()]
        for library, log in zip((torch, fg), logs, strict=True):
            program(library, library.nn, log)
        assert logs[1] == logs[0]

    test.__name__ = program.__name__
    test.__doc__ = program.__doc__
    return test


@same_program
def test_names_and_members(torch, nn, say):
    net = net_of(nn, torch)
    say(net)
    say([name for name, _ in net.named_parameters()])
    say([name for name, _ in net.named_parameters(remove_duplicate=False)])
    say([name for name, _ in net.named_parameters(prefix="p", recurse=False)])
    say([name for name, _ in net.named_buffers()], len(list(net.buffers())))
    say([name for name, _ in net.named_modules()])
    say([name for name, _ in net.named_modules(remove_duplicate=False)])
    say([name for name, _ in net.named_children()], len(list(net.children())), len(list(net.modules())))
    say(list(net.state_dict()), dict(net.state_dict()._metadata))
    say([name for name in dir(net) if name in ("a", "w", "b", "np", "seq", "forward")])
    say.tries(
        lambda: net.get_submodule("seq.1"),
        lambda: net.get_submodule("seq.9"),
        lambda: net.get_submodule("none"),
        lambda: net.get_parameter("a.weight").shape,
        lambda: net.get_parameter("a.x"),
        lambda: net.get_parameter("b"),
        lambda: net.get_buffer("b"),
        lambda: net.get_buffer("a.weight"),
        lambda: net.get_buffer("a.zzz"),
    )


@same_program
def test_assigning_and_registering(torch, nn, say):
    net = net_of(nn, torch)
    parameter = nn.Parameter(torch.ones(2))
    say.tries(
        lambda: setattr(net, "w", torch.ones(2)),
        lambda: setattr(net, "a", 3),
        lambda: setattr(net, "b", "x"),
        lambda: setattr(net, "b", torch.ones(2)),
        lambda: setattr(net, "w", None),
        lambda: net.w,
        lambda: net.missing,
        lambda: net.register_parameter("w", torch.ones(2)),
        lambda: net.register_parameter("a", parameter),
        lambda: net.register_parameter("a.b", parameter),
        lambda: net.register_parameter("", parameter),
        lambda: net.register_parameter(3, parameter),
        lambda: net.register_buffer("forward", torch.ones(2)),
        lambda: net.register_buffer("zz", 3),
        lambda: net.register_buffer("z.z", torch.ones(2)),
        lambda: net.add_module("m", 3),
        lambda: net.add_module("m.x", nn.ReLU()),
        lambda: net.add_module("", nn.ReLU()),
        lambda: net.add_module("forward", nn.ReLU()),
        lambda: net.add_module(None, nn.ReLU()),
        lambda: nn.Module()(1),
        lambda: net.train(1),
        lambda: nn.Sequential(3),
    )
    net.b = nn.Parameter(torch.ones(1))
    say.tries(lambda: setattr(net, "w", nn.ReLU()))
    net.seq = nn.Tanh()
    net.count = nn.Buffer(torch.ones(1), persistent=False)
    say(list(net.state_dict()), [name for name, _ in net.named_buffers()], net)
    del net.w
    del net.b
    del net.count
    say.tries(lambda: net.w, lambda: delattr(net, "nothere"))
    say(list(net.state_dict()))
    del net.a
    say(net)


@same_program
def test_before_init(torch, nn, say):
    class Early(nn.Module):
        def __init__(self, value):
            if value is None:
                self.register_buffer("x", torch.ones(1))
            self.w = value

    say.tries(
        lambda: Early(nn.Parameter(torch.ones(1))), lambda: Early(nn.ReLU()), lambda: Early(None), lambda: Early(3).w
    )


@same_program
def test_loading(torch, nn, say):
    net = net_of(nn, torch)
    state = net.state_dict()
    say(state["a.weight"].requires_grad, state["a.weight"].data_ptr() == net.a.weight.data_ptr())
    del state["a.weight"]
    state["zz"] = torch.ones(1)
    state["b"] = torch.ones(3)
    say.tries(lambda: net.load_state_dict(state))
    del state["b"]
    say.tries(
        lambda: net.load_state_dict(state, strict=False),
        lambda: net.load_state_dict(net.state_dict()),
        lambda: net.load_state_dict(3),
        lambda: net.load_state_dict({**net.state_dict(), "a.bias": [1, 2, 3]}),
    )
    layer = nn.Linear(2, 2)
    weight = layer.weight
    layer.load_state_dict({"weight": torch.zeros(2, 2), "bias": torch.ones(2)})
    say(layer.weight is weight, weight, layer(torch.ones(1, 2)))
    layer.load_state_dict({"weight": torch.zeros(2, 2), "bias": torch.zeros(2)}, assign=True)
    say(layer.weight is weight, layer.weight, type(layer.state_dict(keep_vars=True)["weight"]).__name__)
    norm = nn.BatchNorm1d(2)
    state = norm.state_dict()
    del state["num_batches_tracked"]
    say.tries(lambda: norm.load_state_dict(state), lambda: norm.load_state_dict(dict(state)))


@same_program
def test_hooks_and_extra_state_of_state_dicts(torch, nn, say):
    layer = nn.Linear(2, 2)
    hook = layer.register_state_dict_post_hook(lambda module, state, prefix, meta: state.__delitem__("bias"))
    say(list(layer.state_dict()))
    hook.remove()
    layer.register_state_dict_pre_hook(lambda module, prefix, keep: say("saving", prefix, keep))
    layer.register_load_state_dict_pre_hook(lambda module, state, *rest: say("loading", *rest))
    layer.register_load_state_dict_post_hook(lambda module, keys: say("loaded", keys) or keys.missing_keys.clear())
    nn.Sequential(layer).state_dict()
    say.tries(lambda: layer.load_state_dict({"weight": torch.ones(2, 2)}))

    class Extra(nn.Module):
        def get_extra_state(self):
            return {"v": 3}

        def set_extra_state(self, state):
            say("set", state)

    extra = Extra()
    say(dict(extra.state_dict()))
    extra.load_state_dict(extra.state_dict())
    say.tries(lambda: extra.load_state_dict({}), lambda: nn.ReLU().load_state_dict({"_extra_state": 1}))


@same_program
def test_converting(torch, nn, say):
    net = net_of(nn, torch)
    net(torch.ones(1, 2)).sum().backward()
    say.tries(
        lambda: net.to(torch.int64),
        lambda: net.to(torch.float64).a.weight.dtype,
        lambda: net.a.weight.grad.dtype,
        lambda: net.to("cpu", torch.float32).a.weight.dtype,
        lambda: net.to(dtype=torch.float64).a.weight.dtype,
        lambda: net.to(torch.ones(1)).a.weight.dtype,
        lambda: net.to("cpu") is net,
        lambda: net.half().b.dtype,
        lambda: net.float().b.dtype,
        lambda: net.double().b.dtype,
        lambda: net.type(torch.float32).b.dtype,
        lambda: nn.BatchNorm1d(2).double().num_batches_tracked.dtype,
    )
    say(net.eval().training, net.a.training, net.train().training, net.seq.training)
    net.zero_grad(set_to_none=False)
    say(net.a.bias.grad)
    net.zero_grad()
    say(net.a.bias.grad)
    say([p.requires_grad for p in net.requires_grad_(False).parameters()])
    net.apply(lambda module: say(type(module).__name__))


@same_program
def test_parameters(torch, nn, say):
    p = nn.Parameter(torch.ones(2))
    (p * 2).sum().backward()
    q = copy.deepcopy(p)
    say(p, q, q.grad, copy.copy(p).grad, type(copy.copy(p)).__name__)
    say(nn.Parameter(torch.ones(2), requires_grad=False), nn.Parameter())
    say.tries(lambda: nn.Parameter(torch.tensor([1, 2])), lambda: nn.Parameter(torch.tensor([1]), False))
    say(*[type(x).__name__ for x in (p.data, p.detach(), p * 2, p.clone(), p.double(), p.float())], p.is_leaf)
    say(isinstance(p, torch.Tensor), isinstance(torch.ones(1), nn.Parameter))
    data = torch.zeros(2)
    shared = nn.Parameter(data)
    data += 1
    say(shared)
    p.note = "kept"
    say(pickle.loads(pickle.dumps(p)).note, pickle.loads(pickle.dumps(p)))
    b = nn.Buffer(torch.ones(2))
    say(b, isinstance(b, nn.Buffer), isinstance(torch.ones(1), nn.Buffer), b.persistent)


@same_program
def test_lists_and_dicts_of_parameters(torch, nn, say):
    items = nn.ParameterList([torch.ones(2), nn.Parameter(torch.zeros(3, 2))])
    say(items, list(items.state_dict()), len(items))
    items.append(torch.ones(1))
    items += [torch.ones(1)]
    items[0] = nn.Parameter(torch.zeros(4))
    say(items[1:3], items[-1], items[0], [tuple(p.shape) for p in items])
    say.tries(lambda: items[9], lambda: items(1))
    named = nn.ParameterDict({"a": torch.ones(2), "b": 3})
    say(named, list(named.state_dict()), "a" in named, list(named), list(named.items())[1], len(named))
    named.update({"c": torch.ones(1)})
    say(named.pop("a"), list(named.keys()), named.get("q", 5), named.setdefault("d", 4), list(named | items_of(nn)))
    say.tries(lambda: named[3], lambda: named["q"])
    named.clear()
    say(len(named))


def items_of(nn):
    return nn.ParameterDict({"z": 1})


@same_program
def test_sequential(torch, nn, say):
    s = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())
    say(s[0:2], s[-1], len(s), [type(m).__name__ for m in s])
    s.append(nn.ReLU())
    s.insert(1, nn.Identity())
    del s[0]
    s[2] = nn.GELU()
    say(s)
    s.extend([nn.ReLU()])
    say(s.pop(-1), s + s, s * 2)
    say.tries(
        lambda: s[9],
        lambda: s + list(s),
        lambda: s.append(3),
        lambda: s.insert(99, nn.ReLU()),
        lambda: s.insert(-1, nn.ReLU()),
    )
    del s[1:3]
    say(s, s(torch.ones(2)))


@same_program
def test_module_lists_and_dicts(torch, nn, say):
    items = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Sequential(nn.ReLU())])
    say(items, items[0:2], nn.ModuleList())
    items.insert(0, nn.Tanh())
    say(items + items)
    say.tries(lambda: items(1), lambda: items[7], lambda: items.extend(3))
    del items[0]
    items[0] = nn.GELU()
    say(items, items.pop(0), [name for name, _ in items.named_modules()])
    named = nn.ModuleDict([("x", nn.ReLU()), ("y", nn.Tanh())])
    say(named, list(named), list(named.keys()), list(named.values()), "x" in named, len(named))
    named["z"] = nn.GELU()
    say(named.pop("x"), named)
    say.tries(lambda: named["q"], lambda: named.update(3))
    named.clear()
    say(named)


@same_program
def test_copies_and_pickles(torch, nn, say):
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    net.append(net[0])
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        say(other[0] is other[2], other[0].weight is net[0].weight, other[0].weight.requires_grad)
        x = torch.ones(3, 2)
        say(bool((other.eval()(x) == net.eval()(x)).all()), list(other.state_dict()))


# -- Hooks -----------------------------------------------------------------------------------------------------------


def doubler(nn):
    class Double(nn.Module):
        def forward(self, x, y=None, *, k=1):
            return x * 2 if y is None else (x * 2, y * k)

    return Double()


@same_program
def test_forward_hooks(torch, nn, say):
    m = doubler(nn)
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    hooks = [
        m.register_forward_pre_hook(lambda module, args: say("pre", len(args))),
        m.register_forward_pre_hook(lambda module, args, k: say("keywords", k), with_kwargs=True, prepend=True),
        m.register_forward_hook(lambda module, args, output: say("post", *output)),
        m.register_forward_hook(lambda module, args, k, output: say("keywords", k), with_kwargs=True),
    ]
    m(x, y, k=3)
    for hook in hooks:
        hook.remove()
    with m.register_forward_pre_hook(lambda module, args, k: ((args[0] * 10,), {"k": 5}), with_kwargs=True):
        say(m(x))
    with m.register_forward_pre_hook(lambda module, args, k: 3, with_kwargs=True):
        say.tries(lambda: m(x))
    with m.register_forward_pre_hook(lambda module, args: args[0] * 3):
        say(m(x))
    with m.register_forward_hook(lambda module, args, output: output + 1):
        say(m(x))

    class Fails(nn.Module):
        def forward(self, x):
            raise ValueError("no")

    fails = Fails()
    fails.register_forward_hook(lambda module, args, output: say("always", output), always_call=True)
    fails.register_forward_hook(lambda *args: say("never"))
    say.tries(lambda: fails(x))


@same_program
def test_backward_hooks(torch, nn, say):
    def shows(tag):
        return lambda module, *gradients: say(tag, *gradients)

    m = doubler(nn)
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    m.register_full_backward_pre_hook(shows("before"))
    m.register_full_backward_hook(shows("after"))
    output = m(x)
    say(output, output.grad_fn.name(), output.grad_fn.next_functions[0][0].name())
    output.sum().backward()
    for combine in (lambda a, c: a.sum() * 3, lambda a, c: (a * c).sum()):
        combine(*m(x, y, k=4)).backward()
        say(x.grad, y.grad)
        x.grad = y.grad = None
    m(torch.ones(2), y)[1].sum().backward()
    say(y.grad, m(torch.ones(2)).requires_grad)
    layer = nn.Linear(2, 1, bias=False)
    layer.register_full_backward_hook(shows("layer"))
    layer.register_full_backward_pre_hook(shows("outputs of the layer"))
    with torch.no_grad():
        layer.weight.fill_(2.0)
        say(layer(torch.ones(1, 2)))
    layer(torch.ones(1, 2)).sum().backward()
    layer(torch.ones(1, 2, requires_grad=True)).sum().backward()
    say(layer.weight.grad)
    net = nn.Sequential(nn.Identity(), nn.ReLU())
    net[1].register_full_backward_hook(shows("inside"))
    output = net(x * 2)
    output.sum().backward(retain_graph=True)
    output.sum().backward()


@same_program
def test_what_backward_hooks_return(torch, nn, say):
    x = torch.ones(2, requires_grad=True)
    m = nn.Identity()
    m.register_full_backward_hook(lambda module, inputs, outputs: (inputs[0] * 10,))
    m.register_full_backward_pre_hook(lambda module, outputs: (outputs[0] + 1,))
    m(x).sum().backward()
    say(x.grad)
    m = nn.Identity()
    m.register_full_backward_hook(lambda module, inputs, outputs: (inputs[0], inputs[0]))
    say.tries(lambda: m(x).sum().backward())
    m = nn.Identity()
    m.register_full_backward_pre_hook(lambda module, outputs: (outputs[0], outputs[0]))
    say.tries(lambda: m(x).sum().backward())


def test_an_operation_in_place_between_backward_hooks_raises():
    m = fg.nn.ReLU(inplace=True)
    m.register_full_backward_hook(lambda *args: None)
    with pytest.raises(RuntimeError, match="modified inplace"):
        m(fg.ones(2, requires_grad=True) * 2)
    wrong = fg.nn.Identity()
    wrong.register_full_backward_hook(lambda *args: None)
    wrong.forward = lambda x: {"x": x}
    with pytest.warns(UserWarning, match="module output should be a Tensor"):
        wrong(fg.ones(1))


def test_a_transform_with_backward_hooks_raises():
    m = fg.nn.Identity()
    m.register_full_backward_hook(lambda *args: None)
    with pytest.raises(NotImplementedError, match="hooks on the gradients"):
        fg.grad(lambda x: m(x).sum())(fg.ones(2))
    with pytest.raises(NotImplementedError, match="register_full_backward_hook"):
        m.register_backward_hook(print)


# -- Beyond PyTorch --------------------------------------------------------------------------------------------------


def test_parameters_go_through_transforms():
    layer = fg.nn.Linear(2, 1)
    x = fg.ones(3, 2)
    gradients = fg.grad(lambda p: fg.func.functional_call(layer, p, x).sum())(dict(layer.named_parameters()))
    assert {name: g.tolist() for name, g in gradients.items()} == {"weight": [[3.0, 3.0]], "bias": [3.0]}
    assert type(layer.weight) is fg.nn.Parameter


def test_a_module_is_freed_without_the_garbage_collector():
    gc.disable()
    try:
        net = fg.nn.Sequential(fg.nn.Linear(2, 2), fg.nn.ReLU())
        net(fg.ones(1, 2)).sum().backward()
        seen = [weakref.ref(net), weakref.ref(net[0].weight)]
        del net
        assert [reference() for reference in seen] == [None, None]
    finally:
        gc.enable()


def test_arrays_load():
    layer = fg.nn.Linear(2, 1)
    layer.load_state_dict({"weight": fg.ones(1, 2).numpy(), "bias": fg.zeros(1).numpy()})
    assert layer(fg.ones(2)).tolist() == [2.0]
    with pytest.raises(TypeError, match="takes a tensor"):
        fg.nn.Parameter([1.0])
