"""nn.Module, Parameter and containers by themselves; test_module_like_pytorch.py compares many more programs."""

import copy
import gc
import pickle
import threading
import weakref
from collections import OrderedDict

import pytest
from harness.under_test import IS_PYTORCH, nn, torch


class Block(nn.Module):
    def __init__(self, channels: int = 2) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, padding="same")
        self.act = nn.ReLU()
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("offset", torch.zeros(1))

    def forward(self, x):
        return self.act(self.conv(x)) * self.scale + self.offset


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])
        self.head = nn.Sequential(OrderedDict(out=nn.Conv1d(2, 1, 1, bias=False)))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def test_a_users_class() -> None:
    net = Outer()
    assert net(torch.ones(3, 2, 8)).shape == (3, 1, 8)
    assert [name for name, _ in net.named_parameters()] == [
        "blocks.0.scale",
        "blocks.0.conv.weight",
        "blocks.0.conv.bias",
        "blocks.1.scale",
        "blocks.1.conv.weight",
        "blocks.1.conv.bias",
        "head.out.weight",
    ]
    assert [name for name, _ in net.named_buffers()] == ["blocks.0.offset", "blocks.1.offset"]
    assert [name for name, _ in net.named_children()] == ["blocks", "head"]
    assert sum(1 for _ in net.modules()) == 10


def test_nested_repr() -> None:
    assert repr(Outer()) == (
        "Outer(\n"
        "  (blocks): ModuleList(\n"
        "    (0-1): 2 x Block(\n"
        "      (conv): Conv1d(2, 2, kernel_size=(3,), stride=(1,), padding=same)\n"
        "      (act): ReLU()\n"
        "    )\n"
        "  )\n"
        "  (head): Sequential(\n"
        "    (out): Conv1d(2, 1, kernel_size=(1,), stride=(1,), bias=False)\n"
        "  )\n"
        ")"
    )


def test_training_steps_lower_a_loss() -> None:
    torch.manual_seed(0)
    net, x = Outer(), torch.randn(4, 2, 16)
    target = x[:, :1] * 0.5
    losses = []
    for _ in range(60):
        loss = nn.MSELoss()(net(x), target)
        net.zero_grad()
        loss.backward()
        losses.append(loss.item())
        for parameter in net.parameters():
            parameter.data -= 0.2 * parameter.grad
    assert losses[-1] < 0.8 * losses[0]


def test_parameter_is_a_tensor_that_shares_memory() -> None:
    data = torch.zeros(2)
    parameter = nn.Parameter(data)
    data.fill_(3.0)
    assert isinstance(parameter, torch.Tensor) and parameter.tolist() == [3.0, 3.0]
    assert parameter.requires_grad and parameter.is_leaf
    assert repr(parameter) == "Parameter containing:\ntensor([3., 3.], requires_grad=True)"
    assert type(parameter * 2) is torch.Tensor and type(parameter.data) is torch.Tensor
    assert not nn.Parameter(data, requires_grad=False).requires_grad


def test_parameter_copies() -> None:
    parameter = nn.Parameter(torch.ones(2), requires_grad=False)
    for twin in (copy.deepcopy(parameter), pickle.loads(pickle.dumps(parameter))):
        assert type(twin) is nn.Parameter and twin.tolist() == [1.0, 1.0] and not twin.requires_grad
        twin.zero_()
    assert parameter.tolist() == [1.0, 1.0]


def test_deepcopy_keeps_what_is_shared_shared() -> None:
    layer = nn.Conv1d(1, 1, 1)
    twin = copy.deepcopy(nn.Sequential(layer, layer))
    assert twin[0] is twin[1] and twin[0] is not layer and twin[0].weight is not layer.weight


def test_a_whole_net_pickles() -> None:
    net, x = Outer(), torch.randn(1, 2, 9)
    assert torch.equal(pickle.loads(pickle.dumps(net))(x), net(x))


def test_assignment_moves_a_name_between_registries() -> None:
    module = nn.Module()
    module.x = 5
    module.x = nn.Parameter(torch.ones(1))
    assert "x" not in module.__dict__ and list(module.state_dict()) == ["x"]
    module.x = None
    assert module.x is None and list(module.state_dict()) == []
    with pytest.raises(TypeError, match=r"^cannot assign 'torch.FloatTensor' as parameter 'x' \(torch.nn.Parameter or"):
        module.x = torch.ones(1)
    del module.x
    module.x = torch.ones(1)
    assert module.__dict__["x"].tolist() == [1.0]


def test_hooks_around_forward() -> None:
    seen = []
    layer = nn.Identity()
    layer.register_forward_pre_hook(lambda module, args: seen.append(("before", args)) or (args[0] + 1,))
    handle = layer.register_forward_hook(lambda module, args, out: seen.append(("after", out)) or out * 10)
    assert layer(1) == 20 and seen == [("before", (1,)), ("after", 2)]
    handle.remove()
    assert layer(1) == 2


def test_hooks_inside_a_with_block() -> None:
    layer = nn.Identity()
    with layer.register_forward_hook(lambda module, args, out: "changed"):
        assert layer(1) == "changed"
    assert layer(1) == 1


def test_modes_reach_all_children() -> None:
    net = Outer()
    assert net.eval() is net and not any(module.training for module in net.modules())
    assert all(module.training for module in net.train().modules())
    with pytest.raises(ValueError, match=r"^training mode is expected to be boolean$"):
        net.train(1)


def test_requires_grad_and_zero_grad() -> None:
    net = Block()
    net.requires_grad_(False)
    assert not net(torch.ones(2, 4)).requires_grad
    net.requires_grad_()(torch.ones(2, 4)).sum().backward()
    grad = net.scale.grad
    net.zero_grad(set_to_none=False)
    assert net.scale.grad.tolist() == [0.0] and grad is not None
    net.zero_grad()
    assert net.scale.grad is None


def test_apply_visits_children_first() -> None:
    order = []
    Outer().apply(lambda module: order.append(type(module).__name__))
    assert order[-1] == "Outer" and order.index("ReLU") < order.index("Block")


def test_sequential_as_a_list() -> None:
    net = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())
    assert len(net) == 3 and isinstance(net[-1], nn.Sigmoid) and [type(m) for m in net[1:]] == [nn.Tanh, nn.Sigmoid]
    del net[0]
    assert list(net._modules) == ["0", "1"]
    net.insert(1, nn.ReLU()).append(nn.Identity())
    assert [type(module) for module in net] == [nn.Tanh, nn.ReLU, nn.Sigmoid, nn.Identity]
    with pytest.raises(IndexError, match=r"^index 9 is out of range$"):
        net[9]


def test_module_dict() -> None:
    layers = nn.ModuleDict({"a": nn.ReLU()})
    layers["b"] = nn.Conv1d(1, 1, 1)
    assert list(layers) == ["a", "b"] and "b" in layers and list(layers.state_dict()) == ["b.weight", "b.bias"]
    assert isinstance(layers.pop("a"), nn.ReLU) and len(layers) == 1


def test_a_class_without_super_init_is_told_so() -> None:
    class Forgetful(nn.Module):
        def __init__(self) -> None:
            self.conv = nn.Conv1d(1, 1, 1)

    with pytest.raises(AttributeError, match=r"^cannot assign module before Module.__init__\(\) call$"):
        Forgetful()


def test_forward_is_required() -> None:
    with pytest.raises(NotImplementedError, match=r'^Module \[Module\] is missing the required "forward" function$'):
        nn.Module()(1)


def test_modules_are_freed() -> None:
    net = Outer()
    net(torch.ones(1, 2, 8)).sum().backward()
    gone = weakref.ref(net)
    weight = weakref.ref(net.blocks[0].conv.weight)
    del net
    gc.collect()
    assert gone() is None and weight() is None


def test_threads_share_one_module() -> None:
    net, x = Outer().eval(), torch.randn(2, 2, 200)
    expected = net(x).detach()
    wrong = []

    def work() -> None:
        for _ in range(20):
            if not torch.allclose(net(x), expected):
                wrong.append(threading.get_ident())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_function_as_an_attribute_copies_and_pickles() -> None:
    module = nn.Identity()
    module.act = torch.tanh
    assert copy.deepcopy(module).act is torch.tanh
    assert pickle.loads(pickle.dumps(module)).act is torch.tanh


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch shares memory between processes")
def test_share_memory_says_what_to_do() -> None:
    with pytest.raises(NotImplementedError, match="state_dict"):
        torch.nn.Conv1d(1, 1, 1).share_memory()


def test_copies_of_a_class_derived_from_tensor_stay_of_it() -> None:
    copied = copy.deepcopy(Marked([1.0, 2.0]).requires_grad_()) if not IS_PYTORCH else Marked([1.0, 2.0])
    assert type(copied) is Marked and copied.mark == "marked"
    restored = pickle.loads(pickle.dumps(Marked([3.0])))
    assert type(restored) is Marked and restored.mark == "marked" and restored.tolist() == [3.0]


class Marked(torch.Tensor):
    def __init__(self, *args: object) -> None:
        self.mark = "marked"
