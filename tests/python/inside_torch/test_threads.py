"""One set of threads: PyTorch's. Workers, threads of Python and forks."""

import concurrent.futures
import os
import signal
import threading

import conv1d.torch
import pytest
import torch
from harness import torch_layers
from torch import nn

HUGE = (4, 64, 4000)


def layer() -> nn.Module:
    torch.manual_seed(0)
    m = nn.Conv1d(64, 64, 7, padding=3)
    conv1d.torch.accelerate(m)
    return m


def test_threads_are_pytorchs() -> None:
    for count in (1, 2, 3):
        torch.set_num_threads(count)
        assert conv1d.get_num_threads() == count


@torch.no_grad()
def test_result_does_not_depend_on_the_number_of_threads() -> None:
    x = torch.randn(*HUGE)
    m = layer()
    expected = nn.functional.conv1d(x, m.weight, m.bias, padding=3)
    for count in (1, 2, 4, 1):
        torch.set_num_threads(count)
        torch.testing.assert_close(m(x), expected, rtol=1e-4, atol=1e-4)


def test_no_threads_of_our_own_are_started() -> None:
    def threads() -> int:
        return len(os.listdir("/proc/self/task"))

    torch.set_num_threads(2)
    x = torch.randn(*HUGE)
    nn.functional.conv1d(x, torch.randn(64, 64, 7))  # PyTorch's are there now
    before = threads()
    m = layer()
    m(x).sum().backward()
    assert threads() <= before + 1, "PyTorch's own thread for backward, and none of ours"


def test_one_layer_on_many_threads_of_python() -> None:
    m = layer()
    inputs = [torch.randn(1, 64, n) for n in (50, 50, 333, 1000)] * 8
    with torch.no_grad():
        expected = [nn.functional.conv1d(x, m.weight, m.bias, padding=3) for x in inputs]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            for y, e in zip(pool.map(m, inputs), expected, strict=True):
                torch.testing.assert_close(y, e, rtol=1e-4, atol=1e-4)


def test_weights_that_change_while_others_compute() -> None:
    """Each result belongs to one of the weights, even if another thread alternates between them."""
    m, x = layer(), torch.randn(1, 64, 400)
    a, b = m.weight.detach().clone(), m.weight.detach().clone() * 2
    with torch.no_grad():
        expected = [nn.functional.conv1d(x, w, m.bias, padding=3) for w in (a, b)]

        def call(i: int) -> torch.Tensor:
            with torch.no_grad():
                return m._conv_forward(x, (a, b)[i % 2], m.bias)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for i, y in enumerate(pool.map(call, range(80))):
                torch.testing.assert_close(y, expected[i % 2], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_of_a_data_loader(context: str) -> None:
    data = torch_layers.Convolved()
    expected = [data[i] for i in range(len(data))]
    loader = torch.utils.data.DataLoader(
        data, batch_size=None, num_workers=2, multiprocessing_context=context, timeout=100
    )
    for y, e in zip(loader, expected, strict=True):
        torch.testing.assert_close(y, e)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_beside_a_thread_that_is_in_a_call() -> None:
    """Locks that the other thread holds at the moment of the fork would never be given back in the child."""
    torch.set_num_threads(1)
    stop = threading.Event()
    small = nn.Conv1d(2, 3, 3)
    conv1d.torch.accelerate(small)
    x = torch.randn(1, 2, 20)

    def call() -> None:
        with torch.no_grad():
            while not stop.is_set():
                small(x)
                conv1d.torch.conv1d(x, small.weight)

    thread = threading.Thread(target=call)
    thread.start()
    hung = 0
    try:
        for _ in range(100):
            child = os.fork()
            if child == 0:
                signal.alarm(20)
                with torch.no_grad():
                    os._exit(int(small(x).shape != (1, 3, 18)))
            hung += os.waitpid(child, 0)[1] != 0
    finally:
        stop.set()
        thread.join()
    assert hung == 0
