"""Threads, forked children, the interpreter's end, and weights that are written behind the layer's back."""

import copy
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from harness.convert import array
from harness.under_test import IS_PYTORCH, NAME, F, nn, torch

THREADS = 16


def layer_and_input(out_channels: int = 32, length: int = 500):
    torch.manual_seed(0)
    return nn.Conv1d(16, out_channels, 5, padding=2), torch.rand(4, 16, length)


# ---- threads ---------------------------------------------------------------------------------------------------------


def run_in_threads(work) -> list:
    """work(number) in 16 threads that start together; raises what a thread raised."""
    results: list = [None] * THREADS
    errors: list[BaseException] = []
    start = threading.Barrier(THREADS)

    def body(number: int) -> None:
        try:
            start.wait()
            results[number] = work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=body, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def test_sixteen_threads_on_one_module() -> None:
    layer, _ = layer_and_input()
    inputs = [torch.rand(2, 16, 100 + 37 * number) for number in range(THREADS)]
    with torch.no_grad():
        alone = [array(layer(x)) for x in inputs]
        together = run_in_threads(lambda number: [array(layer(inputs[number])) for _ in range(20)])
    for want, found in zip(alone, together, strict=True):
        for got in found:
            np.testing.assert_allclose(got, want, rtol=0, atol=1e-5 if IS_PYTORCH else 0)


def test_gradients_in_sixteen_threads() -> None:
    layer, _ = layer_and_input(8)
    inputs = [torch.rand(2, 16, 60) for _ in range(THREADS)]

    def gradient(number: int):
        x = inputs[number].clone().requires_grad_()
        weight = layer.weight.detach().clone().requires_grad_()
        (F.conv1d(x, weight, padding=2) ** 2).sum().backward()
        return array(x.grad), array(weight.grad)

    alone = [gradient(number) for number in range(THREADS)]
    for want, got in zip(alone, run_in_threads(gradient), strict=True):
        for a, b in zip(want, got, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-4 if IS_PYTORCH else 0)


def test_grad_mode_belongs_to_the_thread() -> None:
    seen = []
    with torch.no_grad():
        thread = threading.Thread(target=lambda: seen.append((torch.ones(1, requires_grad=True) * 2).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    layer, x = layer_and_input(length=5000)
    before = torch.get_num_threads()
    try:
        found = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            with torch.no_grad():
                found.append(array(layer(x)))
    finally:
        torch.set_num_threads(before)
    assert all(np.array_equal(found[0], other) for other in found[1:])


# ---- fork and exit ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch's pool does not survive a fork")
def test_a_forked_child_computes() -> None:
    layer, x = layer_and_input(length=5000)
    torch.set_num_threads(2)
    with torch.no_grad():
        want = array(layer(x))
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            os._exit(0 if np.array_equal(array(layer(x)), want) else 1)
        _, status = os.waitpid(child, 0)
        assert status == 0, f"the child ended with status {status}"
        assert np.array_equal(array(layer(x)), want)


EXIT = """
import threading
import {module} as torch
from {module} import nn
layer = nn.Conv1d(16, 16, 5)
x = torch.rand(8, 16, 4000)
y = layer(x)
held = [y, y.sum(), layer.weight.detach().numpy()]
y.sum().backward()
class Cycle:
    pass
cycle = Cycle()
cycle.me, cycle.layer, cycle.y = cycle, layer, y
threading.Thread(target=lambda: layer(x)).start()
"""


def test_the_interpreter_ends_with_live_tensors() -> None:
    done = subprocess.run([sys.executable, "-c", EXIT.format(module=NAME)], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


# ---- weights are never stale -----------------------------------------------------------------------------------------


def write_in_place(layer, values) -> None:
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(values))


def write_by_arithmetic(layer, values) -> None:
    with torch.no_grad():
        layer.weight.mul_(0)
        layer.weight += torch.from_numpy(values)


def write_elements(layer, values) -> None:
    with torch.no_grad():
        for at in np.ndindex(values.shape):
            layer.weight[at] = float(values[at])


def write_data(layer, values) -> None:
    layer.weight.data = torch.from_numpy(values.copy())


def write_through_data(layer, values) -> None:
    layer.weight.data.copy_(torch.from_numpy(values))


def write_through_data_view(layer, values) -> None:
    layer.weight.data.view(-1)[:] = torch.from_numpy(values.reshape(-1))


def write_through_numpy(layer, values) -> None:
    layer.weight.detach().numpy()[:] = values


def write_through_dlpack(layer, values) -> None:
    torch.from_dlpack(layer.weight.detach()).copy_(torch.from_numpy(values))


def write_state(layer, values) -> None:
    layer.load_state_dict({**layer.state_dict(), "weight": torch.from_numpy(values)})


def write_through_state(layer, values) -> None:
    layer.state_dict()["weight"].copy_(torch.from_numpy(values))


def write_parameter(layer, values) -> None:
    layer.weight = nn.Parameter(torch.from_numpy(values.copy()))


def write_by_a_step(layer, values) -> None:
    layer.weight.grad = torch.from_numpy(-values)
    with torch.no_grad():
        layer.weight *= 0
        layer.weight -= layer.weight.grad


WRITERS = [function for name, function in sorted(globals().items()) if name.startswith("write_")]


@pytest.mark.parametrize("write", WRITERS, ids=[w.__name__ for w in WRITERS])
def test_a_written_weight_is_used(write) -> None:
    layer, x = layer_and_input(length=64)
    rng = np.random.default_rng(3)
    for _ in range(3):  # also when it was packed, written and packed again
        values = rng.integers(-8, 8, tuple(layer.weight.shape)).astype("float32")
        with torch.no_grad():
            layer(x)
        write(layer, values)
        assert np.array_equal(array(layer.weight), values)
        with torch.no_grad():
            got = array(layer(x))
            want = array(F.conv1d(x, torch.from_numpy(values), layer.bias.detach().clone(), padding=2))
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-4)
        assert np.abs(got).max() > 10


def test_a_numpy_view_kept_for_long_still_writes() -> None:
    layer, x = layer_and_input(length=64)
    view = layer.weight.detach().numpy()
    with torch.no_grad():
        for scale in (0.0, 1.0, 0.0):
            view[:] = scale
            layer.bias.zero_()
            assert (np.abs(array(layer(x))).max() > 1) == (scale == 1.0)


def test_one_element_far_inside_is_seen() -> None:
    layer = nn.Conv1d(64, 64, 9)
    x = torch.rand(1, 64, 40)
    view = layer.weight.detach().numpy()
    with torch.no_grad():
        before = array(layer(x))
        view[37, 41, 5] += 100
        after = array(layer(x))
    changed = np.abs(after - before).max(axis=2)[0] > 1
    assert changed[37]
    assert changed.sum() == 1


def test_a_copy_has_its_own_weight() -> None:
    layer, x = layer_and_input(length=64)
    with torch.no_grad():
        want = array(layer(x))
        other = copy.deepcopy(layer)
        other(x)
        other.weight.zero_()
        assert np.array_equal(array(layer(x)), want)
        assert not np.array_equal(array(other(x)), want)
