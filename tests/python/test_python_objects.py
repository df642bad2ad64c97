"""Python's side of a tensor: identity, lifetime, threads, the end of the interpreter, names that there are not."""

import gc
import pickle
import subprocess
import sys
import textwrap
import threading
import weakref

import pytest
from harness.under_test import IS_PYTORCH, NAME, torch


def run(program: str) -> subprocess.CompletedProcess:
    code = f"import {NAME} as torch\n" + textwrap.dedent(program)
    return subprocess.run([sys.executable, "-X", "dev", "-c", code], capture_output=True, text=True, timeout=120)


def test_one_object_for_one_tensor() -> None:
    x = torch.ones(2, requires_grad=True)
    (x * x).sum().backward()
    assert x.grad is x.grad
    assert x.requires_grad_() is x
    y = x * 2
    assert y.grad_fn is y.grad_fn
    assert y.grad_fn.next_functions[0][0] is y.grad_fn.next_functions[0][0]


def test_objects_are_freed() -> None:
    x = torch.ones(2)
    gone = weakref.ref(x)
    del x
    gc.collect()
    assert gone() is None


def test_weak_reference_callback_may_make_tensors() -> None:
    made = []
    x = torch.ones(2, requires_grad=True)
    y = x.detach()
    reference = weakref.ref(y, lambda _: made.append(x.detach()))
    del y
    gc.collect()
    assert made[0].tolist() == [1, 1]
    assert reference() is None


@pytest.mark.parametrize(
    "program",
    [
        "x = torch.ones(3)",
        "x = torch.ones(3, requires_grad=True); y = (x * 2).sum(); f = y.grad_fn",
        "import builtins; builtins.kept = torch.ones(3); builtins.kept.me = builtins.kept",
        "import atexit; x = torch.ones(3); atexit.register(lambda: (x + 1).tolist())",
        "import numpy as np; x = torch.from_numpy(np.ones(3)); y = x.numpy(); z = np.from_dlpack(x)",
        "import sys; sys.modules['kept'] = torch.ones(3); g = torch.Generator(); d = torch.float32",
        pytest.param(
            "import threading; threading.Thread(target=lambda: torch.ones(100000).sum(), daemon=True).start()",
            marks=pytest.mark.skipif(IS_PYTORCH, reason="PyTorch aborts where a daemon thread comes back too late"),
        ),
    ],
)
def test_interpreter_ends_cleanly(program: str) -> None:
    done = run(program)
    assert (done.returncode, done.stderr) == (0, "")


def test_threads_share_tensors() -> None:
    x = torch.arange(1000.0, requires_grad=True)
    failures = []

    def work() -> None:
        for _ in range(50):
            y = (x * 2)[10:20].sum()
            if y.item() != 290 or y.grad_fn.name() != "SumBackward0":
                failures.append(y)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_grad_mode_is_the_threads_own() -> None:
    seen = []
    with torch.no_grad():
        thread = threading.Thread(target=lambda: seen.append(torch.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


@pytest.mark.skipif(IS_PYTORCH, reason="the note is ours")
@pytest.mark.parametrize("owner", ["torch", "torch.ones(1)", "torch.nn"])
def test_missing_name_says_what_there_is(owner: str) -> None:
    with pytest.raises(AttributeError) as caught:
        eval(owner).no_such_name
    assert "has no attribute 'no_such_name'" in str(caught.value)
    assert any("conv1d covers" in note for note in caught.value.__notes__)


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch reads what is left")
def test_lists_that_change_while_they_are_read() -> None:
    class Shrinking:
        def __init__(self, items: list) -> None:
            self.items = items

        def __index__(self) -> int:
            self.items.clear()
            return 1

    items: list = [1]
    items += [Shrinking(items), 2, 3]
    with pytest.raises((RuntimeError, TypeError, ValueError, IndexError)):
        torch.tensor(items, dtype=torch.int64)


def test_sizes_that_change_while_they_are_read() -> None:
    class Shrinking:
        def __index__(self) -> int:
            sizes.clear()
            return 2

    sizes: list = [1, 1, 1]
    sizes[1] = Shrinking()
    assert torch.zeros(sizes).shape in ((1, 2, 1), (1, 2)) if not IS_PYTORCH else True


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch allows 64 dimensions in this")
def test_tensor_of_very_many_dimensions() -> None:
    x = torch.ones(1)
    for _ in range(3000):
        x = x.unsqueeze(0)
    with pytest.raises(RecursionError):
        x.tolist()
    assert x.sum().item() == 1


def test_more_elements_than_can_be_counted() -> None:
    with pytest.raises((RuntimeError, MemoryError, ValueError)):
        torch.tensor([range(2**62)] * 4, dtype=torch.int64)


def test_deeply_nested_and_recursive_lists() -> None:
    recursive: list = []
    recursive.append(recursive)
    with pytest.raises((TypeError, ValueError, RecursionError)):
        torch.tensor(recursive)
    deep: object = 1
    for _ in range(200):
        deep = [deep]
    with pytest.raises(ValueError, match="too many dimensions"):
        torch.tensor(deep)


@pytest.mark.skipif(IS_PYTORCH, reason="about this library's pickles")
def test_damaged_pickle_raises() -> None:
    rebuild, (data, shape, dtype, _) = torch.ones(2).__reduce_ex__(2)
    for wrong in ((data[:-1], shape), (data, (3,)), (data, (-2,)), (data, (2**62, 4))):
        with pytest.raises(ValueError):
            rebuild(*wrong, dtype, False)


def test_pickle_of_every_dtype() -> None:
    for dtype in (
        "bool",
        "uint8",
        "int8",
        "int16",
        "int32",
        "int64",
        "float16",
        "bfloat16",
        "float32",
        "float64",
        "complex64",
    ):
        x = torch.tensor([[1, 0, 3]], dtype=getattr(torch, dtype))
        y = pickle.loads(pickle.dumps(x))
        assert y.dtype is x.dtype and torch.equal(x, y)


# ---- calls that nobody means -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        "torch.ones(2)",
        "torch.float32",
        "torch.device('cpu')",
        "torch.Generator()",
        "(torch.ones(1, requires_grad=True) * 2).grad_fn",
    ],
)
def test_members_refuse_other_objects(make: str) -> None:
    # In a process of its own: what is not refused ends it.
    program = f"""
        kind = type({make})
        for base in kind.__mro__[:-1]:
            for name, member in vars(base).items():
                if name in ("__new__", "__init__", "__dict__", "__weakref__", "__class__"):
                    continue
                calls = lambda: member(3), lambda: member(3, 4), lambda: member.__get__(3), lambda: member.fget(3)
                for call in calls:
                    try:
                        call()
                    except Exception:
                        pass
        print("alive")
    """
    assert run(program).stdout == "alive\n"


@pytest.mark.parametrize(
    "call",
    [
        "torch.zeros(2, device=s)",
        "torch.device(s)",
        "torch.ones(2).to(s)",
        "torch.ones(2).type(s)",
        "torch.Generator(device=s)",
        "torch.nn.init.calculate_gain(s)",
        "torch.nn.functional.pad(torch.ones(1, 2), (1, 1), s)",
        "torch.nn.functional.conv1d(torch.ones(1, 2), torch.ones(1, 1, 1), None, 1, s)",
        "torch.zeros(2, **{s: 1})",
        "torch.ones(2).sum(0, **{s: 1})",
    ],
)
def test_text_without_utf8(call: str) -> None:
    assert (
        run(f"""
        s = chr(0xD800)
        try:
            {call}
        except (RuntimeError, ValueError, TypeError):
            print("refused")
    """).stdout
        == "refused\n"
    )


def test_text_with_a_null_character() -> None:
    with pytest.raises(RuntimeError):
        torch.device("cpu\0")
    with pytest.raises(RuntimeError):
        torch.nn.functional.conv1d(torch.ones(1, 2), torch.ones(1, 1, 1), None, 1, "same\0")


def test_list_larger_than_memory() -> None:
    with pytest.raises(MemoryError):
        torch.ones(1).expand(2**62).tolist()


@pytest.mark.skipif(IS_PYTORCH, reason="the texts are ours")
def test_gradients_that_do_not_fit_are_refused() -> None:
    layer = torch.nn.Conv1d(64, 64, 9)
    x = torch.ones(2, 64, 4000, requires_grad=True)
    y = layer(x)
    with pytest.raises(RuntimeError, match=r"expanded size of the tensor \(3992\) must match the existing size \(7\)"):
        y.grad_fn(torch.ones(7))
    with pytest.raises(RuntimeError, match="on the same device"):
        y.grad_fn(torch.ones(2, 64, 3992, device="meta"))
    layer.weight.data = torch.ones(1, 1, 1)
    with pytest.raises(RuntimeError, match="the weight in the gradient"):
        y.sum().backward()
    y.data = torch.ones(1)
    with pytest.raises(RuntimeError, match="invalid gradient"):
        y.backward(torch.ones(1))
    with pytest.raises(RuntimeError, match="incompatible tensor type"):
        layer.weight.data = torch.ones(1, device="meta")


@pytest.mark.skipif(IS_PYTORCH, reason="PyTorch knows complex ranges")
def test_linspace_does_not_drop_imaginary_parts() -> None:
    with pytest.raises(NotImplementedError):
        torch.linspace(0, 1 + 1j, 3)


@pytest.mark.parametrize("data", [None, 1.5, 1j, {1: 2}, {1}])
def test_legacy_constructor_takes_sequences(data: object) -> None:
    with pytest.raises(TypeError, match=f"data must be a sequence .got {type(data).__name__}."):
        torch.Tensor(data)


def test_grad_mode_of_a_generator_function() -> None:
    inside = []

    @torch.no_grad()
    def steps():
        inside.append(torch.is_grad_enabled())
        try:
            received = yield 1
            inside.append((received, torch.is_grad_enabled()))
            yield 2
        except KeyError:
            inside.append(torch.is_grad_enabled())
            yield 3
        finally:
            inside.append(torch.is_grad_enabled())
        return 4

    generator = steps()
    assert next(generator) == 1 and torch.is_grad_enabled()
    assert generator.send("a") == 2 and torch.is_grad_enabled()
    assert generator.throw(KeyError("b")) == 3 and torch.is_grad_enabled()
    with pytest.raises(StopIteration) as stop:
        next(generator)
    assert stop.value.value == 4 and inside == [False, ("a", False), False, False]
    generator = steps()
    next(generator)
    generator.close()
    assert torch.is_grad_enabled() and inside[-2:] == [False, False]
