"""Memory shared with NumPy and by DLPack: who keeps whom alive, and what works without NumPy."""

import gc
import subprocess
import sys
import textwrap
import weakref

import numpy as np
import pytest
from harness.under_test import IS_PYTORCH, NAME, torch


def test_array_outlives_tensor() -> None:
    tensor = torch.arange(1000.0)
    array = tensor.numpy()
    del tensor
    gc.collect()
    torch.zeros(1000)  # would take the memory, were it free
    assert array.sum() == 499500


def test_tensor_outlives_array() -> None:
    array = np.arange(1000.0)
    alive = weakref.ref(array)
    tensor = torch.from_numpy(array)
    view = tensor[10:20]
    del array, tensor
    gc.collect()
    assert alive() is not None
    assert view.tolist() == list(range(10, 20))
    del view
    gc.collect()
    assert alive() is None


def test_dlpack_consumer_outlives_producer() -> None:
    tensor = torch.arange(100.0)
    array = np.from_dlpack(tensor)
    back = torch.from_dlpack(array)
    del tensor, array
    gc.collect()
    back[0] = 7
    assert back.sum().item() == 4957


def test_capsule_that_nobody_takes_is_freed() -> None:
    for version in (None, (1, 0)):
        array = np.ones(10)
        alive = weakref.ref(array)
        capsule = torch.from_numpy(array).__dlpack__(max_version=version)
        del array
        gc.collect()
        assert alive() is not None, "the capsule holds the memory"
        del capsule
        gc.collect()
        assert alive() is None


def test_capsule_is_taken_once() -> None:
    capsule = torch.ones(2).__dlpack__()
    torch.from_dlpack(capsule)
    with pytest.raises(RuntimeError, match="consumed only once"):
        torch.from_dlpack(capsule)


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch refuses negative strides")
def test_negative_strides_are_copied() -> None:
    array = np.arange(6.0).reshape(2, 3)
    for make in (torch.from_numpy, torch.tensor, torch.as_tensor, torch.from_dlpack):
        tensor = make(array[:, ::-1])
        assert tensor.tolist() == [[2, 1, 0], [5, 4, 3]]
        tensor[0, 0] = 100
        assert array[0, 2] == 2
        array[:] = np.arange(6.0).reshape(2, 3)


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch refuses negative strides")
@pytest.mark.parametrize("shape", [(1,), (0, 3), (3, 0), (1, 1)])
def test_negative_strides_that_are_never_taken(shape: tuple) -> None:
    array = np.ones(shape)[(slice(None, None, -1),) * len(shape)]
    for make in (torch.from_numpy, torch.tensor, torch.as_tensor, torch.from_dlpack):
        assert make(array).tolist() == array.tolist()


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch reads such memory as it stands")
def test_misaligned_array_is_copied() -> None:
    array = np.zeros(3, dtype=[("x", "i1"), ("a", "f4"), ("y", "i1", 3)])["a"]
    array[:] = [1, 2, 3]
    tensor = torch.from_numpy(array)
    assert tensor.tolist() == [1, 2, 3]
    assert tensor.data_ptr() % 4 == 0


def test_read_only_array_warns_once() -> None:
    program = f"""
        import warnings
        import numpy as np
        import {NAME} as torch
        array = np.zeros(3)
        array.flags.writeable = False
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            torch.from_numpy(array), torch.from_numpy(array)
        assert len(caught) == 1 and "not writable" in str(caught[0].message), caught
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


@pytest.mark.skipif(IS_PYTORCH, reason="about this library's import")
def test_numpy_is_not_imported_and_not_needed() -> None:
    program = f"""
        import sys
        sys.modules["numpy"] = None  # an import of NumPy fails
        import {NAME} as torch
        x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        (x * x).sum().backward()
        assert x.grad.tolist() == [[2, 4], [6, 8]]
        assert torch.tensor([1, 2]).tolist() == [1, 2] and str(x)
        assert torch.from_dlpack(torch.ones(2)).tolist() == [1, 1]
        try:
            torch.ones(2).numpy()
        except RuntimeError as error:
            assert str(error) == "Numpy is not available"
        else:
            raise SystemExit("numpy() without NumPy")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


@pytest.mark.skipif(IS_PYTORCH, reason="about this library's import")
def test_import_does_not_import_numpy() -> None:
    program = f"import sys, {NAME}; raise SystemExit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_equality_with_an_array_is_by_element() -> None:
    t, a = torch.tensor([1.0, 2.0, 3.0]), np.array([[1.0, 0.0, 3.0]])
    assert (t == a).tolist() == [[True, False, True]]
    assert (a == t).tolist() == [[True, False, True]]
    if not IS_PYTORCH:  # PyTorch's != compares the objects
        assert (t != a).tolist() == [[False, True, False]]
