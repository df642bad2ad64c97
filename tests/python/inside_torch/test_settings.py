"""A layer's settings: properties, attributes that go, and changes just before several threads call."""

import copy
import sys
import threading

import conv1d
import pytest
import torch
from conv1d.torch import accelerate, kernel_for, restore
from harness.served import counting
from torch import nn

X = torch.randn(1, 4, 30, generator=torch.Generator().manual_seed(1))


class Causal(nn.Conv1d):
    """Its padding follows its kernel."""

    @property
    def padding(self):
        return (2 * (self.kernel_size[0] - 1),)

    @padding.setter
    def padding(self, value) -> None:
        pass


class Late(nn.ConvTranspose1d):
    """Its class says how it dilates."""

    dilation = (2,)

    def __init__(self) -> None:
        super().__init__(4, 4, 3)
        del self.dilation


def test_properties_and_attributes_of_the_class_are_left() -> None:
    m = nn.ModuleList([nn.Conv1d(4, 4, 3), Causal(4, 4, 3), Late(), nn.ConvTranspose1d(4, 4, 3)])
    plain = copy.deepcopy(m)
    report = accelerate(m)
    assert report.replaced == ["0", "3"]
    assert report.left == {
        "1": "its padding is a property, or of its class",
        "2": "its dilation is a property, or of its class",
    }
    with counting() as count:
        for ours, theirs in zip(m, plain, strict=True):
            torch.testing.assert_close(ours(X), theirs(X))
    assert count.forward == 2
    restore(m)
    assert [list(ours.__dict__) for ours in m] == [list(theirs.__dict__) for theirs in plain]


@pytest.mark.parametrize("fuse", [False, True])
@pytest.mark.parametrize("name", ["stride", "padding", "dilation", "groups", "padding_mode", "output_padding"])
@pytest.mark.parametrize("kind", [nn.Conv1d, nn.ConvTranspose1d])
def test_an_attribute_that_is_deleted_is_missed_by_pytorch(kind, name: str, fuse: bool) -> None:
    m = nn.Sequential(nn.ZeroPad1d(1), kind(4, 4, 3, padding=1), nn.ReLU()).eval()
    plain = copy.deepcopy(m)
    accelerate(m, fuse=fuse)
    with torch.no_grad():
        expected = m(X)
        for one in (plain, m):
            delattr(one[1], name)
        try:
            plain(X)
        except AttributeError as error:
            with pytest.raises(AttributeError) as raised:
                m(X)
            assert str(raised.value) == str(error)
            assert kernel_for(m[1], X) is None
        else:  # PyTorch does not look at it
            torch.testing.assert_close(m(X), expected)


@pytest.mark.parametrize("kind", [nn.Conv1d, nn.ConvTranspose1d])
def test_an_equal_setting_of_another_type_is_an_error_as_before(kind) -> None:
    m = kind(4, 4, 3, padding=1)
    accelerate(m)
    m(X)
    m.padding = (1.0,)
    with pytest.raises(TypeError, match="float"):
        m(X)
    m.padding = tuple([1])
    with counting() as count:
        m(X)
    assert count.forward == 1


@pytest.mark.parametrize("at", [0, 1])
@torch.no_grad()
def test_an_equal_setting_of_another_type_is_an_error_where_fused(at: int) -> None:
    m = nn.Sequential(nn.ZeroPad1d(1), nn.Conv1d(4, 4, 3, padding=1)).eval()
    accelerate(m, fuse=True)
    expected = m(X)
    before = m[at].padding
    m[at].padding = tuple(map(float, before))
    for _ in range(2):
        with pytest.raises(TypeError, match="float"):
            m(X)
    m[at].padding = tuple(list(before))
    for _ in range(2):
        torch.testing.assert_close(m(X), expected)


def test_equal_settings_keep_what_was_packed_and_others_do_not() -> None:
    m = nn.Conv1d(64, 64, 7)
    accelerate(m)
    x = torch.randn(1, 64, 500)
    y = m(x)  # holds a graph
    with torch.no_grad():
        m(x)
    kept = m._conv_forward.kept_bytes
    m.padding = tuple([0])
    kernel_for(m, x)  # looks at the settings and packs nothing
    assert m._conv_forward.kept_bytes == kept > 0
    before = conv1d.kept_memory()
    m.padding = (1,)
    kernel_for(m, x)
    assert m._conv_forward.kept_bytes == 0 and before - conv1d.kept_memory() == kept
    y.sum().backward()


@pytest.mark.parametrize("kind", [nn.Conv1d, nn.ConvTranspose1d])
def test_a_setting_that_changes_before_several_threads_call(kind, monkeypatch) -> None:
    """Each of them sees it, also while the first is still about to follow."""
    m = kind(4, 4, 3)
    accelerate(m)
    with torch.no_grad():
        m(X)
    value = m.__dict__.get("_conv_forward") or m.forward.__self__
    module = sys.modules[type(value).__module__]
    inside, go_on = threading.Event(), threading.Event()
    read = module.read
    first = threading.Lock()

    def slow_read(*args, **kwargs):
        if first.acquire(blocking=False):
            inside.set()
            assert go_on.wait(60)
        return read(*args, **kwargs)

    monkeypatch.setattr(module, "read", slow_read)
    m.padding = (1,)
    lengths: list[int] = []

    def call() -> None:
        with torch.no_grad():
            lengths.append(m(X).shape[-1])

    threads = [threading.Thread(target=call) for _ in range(2)]
    threads[0].start()
    assert inside.wait(60)
    threads[1].start()
    threads[1].join(60)
    go_on.set()
    threads[0].join(60)
    assert lengths == [30, 30]
