"""A packed weight is never stale: every way in which PyTorch lets its numbers change is seen at the next call."""

import copy

import conv1d.torch
import numpy as np
import pytest
import torch
from harness.served import counting
from torch import nn

X = torch.randn(2, 24, 300, generator=torch.Generator().manual_seed(1))


def set_(layer: nn.Module) -> None:
    with torch.no_grad():
        layer.weight.set_(torch.randn(layer.weight.shape))


def optimiser(layer: nn.Module) -> None:
    for parameter in layer.parameters():
        parameter.grad = torch.randn(parameter.shape)
    torch.optim.SGD(layer.parameters(), lr=1.0).step()


def foreach(layer: nn.Module) -> None:
    torch._foreach_mul_([p.detach() for p in layer.parameters()], 2.0)


def copy_(layer: nn.Module) -> None:
    with torch.no_grad():
        layer.weight.copy_(torch.randn(layer.weight.shape))


def inference_mode(layer: nn.Module) -> None:
    with torch.inference_mode():
        layer.weight.mul_(2)


def data_mul(layer: nn.Module) -> None:
    layer.weight.data.mul_(2)  # seen by no version counter


def data_swap(layer: nn.Module) -> None:
    layer.weight.data = torch.randn(layer.weight.shape)


def one_element(layer: nn.Module) -> None:
    layer.weight.data[3, 5, 1] += 1


def sign_of_one(layer: nn.Module) -> None:
    layer.weight.data[0, 0, 0] *= -1


def exchange_of_two(layer: nn.Module) -> None:
    first, second = layer.weight.data[0, 0].clone(), layer.weight.data[1, 0].clone()
    layer.weight.data[0, 0], layer.weight.data[1, 0] = second, first


def numpy_view(layer: nn.Module) -> None:
    layer.weight.detach().numpy()[...] *= 2


def dlpack(layer: nn.Module) -> None:
    np.from_dlpack(layer.weight.detach())  # shares the memory
    torch.from_dlpack(layer.weight.detach()).mul_(2)


def shared_storage(layer: nn.Module) -> None:
    view = torch.as_strided(layer.weight.detach(), (layer.weight.numel(),), (1,))
    view.copy_(torch.randn(view.shape))


def untyped_storage(layer: nn.Module) -> None:
    layer.weight.untyped_storage().copy_(torch.randn(layer.weight.shape).untyped_storage())


def load_state_dict(layer: nn.Module) -> None:
    state = {name: torch.randn(value.shape) for name, value in layer.state_dict().items()}
    layer.load_state_dict(state)


def load_assigning(layer: nn.Module) -> None:
    state = {name: torch.randn(value.shape) for name, value in layer.state_dict().items()}
    layer.load_state_dict(state, assign=True)


def new_parameter(layer: nn.Module) -> None:
    layer.weight = nn.Parameter(torch.randn(layer.weight.shape))


def swap_tensors(layer: nn.Module) -> None:
    torch.utils.swap_tensors(layer.weight, nn.Parameter(torch.randn(layer.weight.shape)))


def vector_to_parameters(layer: nn.Module) -> None:
    count = sum(p.numel() for p in layer.parameters())
    nn.utils.vector_to_parameters(torch.randn(count), layer.parameters())


def reset(layer: nn.Module) -> None:
    layer.reset_parameters()


WRITES = [
    set_,
    optimiser,
    foreach,
    copy_,
    inference_mode,
    data_mul,
    data_swap,
    one_element,
    sign_of_one,
    exchange_of_two,
    numpy_view,
    dlpack,
    shared_storage,
    untyped_storage,
    load_state_dict,
    load_assigning,
    new_parameter,
    swap_tensors,
    vector_to_parameters,
    reset,
]


@pytest.mark.parametrize("write", WRITES, ids=[w.__name__ for w in WRITES])
@pytest.mark.parametrize("transposed", [False, True])
def test_next_call_sees_the_new_numbers(write, transposed: bool) -> None:
    torch.manual_seed(2)
    layer = nn.ConvTranspose1d(24, 24, 7, stride=2) if transposed else nn.Conv1d(24, 24, 7, padding=3)
    conv1d.torch.accelerate(layer)
    with torch.no_grad():
        for _ in range(2):
            before = layer(X)
    assert conv1d.kept_memory() > 0, "nothing was packed: this tests nothing"
    write(layer)
    plain = copy.deepcopy(layer)
    conv1d.torch.restore(plain)
    with torch.no_grad(), counting() as count:
        after = layer(X)
        torch.testing.assert_close(after, plain(X), rtol=1e-4, atol=1e-4)
    assert count.forward == 1
    assert not torch.equal(after, before)


def test_gradients_use_the_numbers_of_now() -> None:
    layer = nn.Conv1d(24, 24, 7, padding=3)
    conv1d.torch.accelerate(layer)
    for factor in (1.0, 3.0):
        with torch.no_grad():
            layer.weight.mul_(factor)
        x = X.clone().requires_grad_()
        (dx,) = torch.autograd.grad(layer(x).sum(), x)
        expected = torch.nn.grad.conv1d_input(x.shape, layer.weight, torch.ones(2, 24, 300), padding=3)
        torch.testing.assert_close(dx, expected, rtol=1e-4, atol=1e-4)


def test_a_weight_changed_in_place_before_backward_is_an_error() -> None:
    layer = nn.Conv1d(1, 1, 3)
    conv1d.torch.accelerate(layer)
    x = torch.randn(1, 1, 9, requires_grad=True)
    y = layer(x)
    with torch.no_grad():
        layer.weight.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_function_sees_new_numbers_at_an_old_address() -> None:
    w = torch.randn(24, 24, 7)
    for _ in range(3):
        torch.testing.assert_close(conv1d.torch.conv1d(X, w), nn.functional.conv1d(X, w), rtol=1e-4, atol=1e-4)
        w.numpy()[...] += 1
