"""A generator's state goes from PyTorch to here and back, at any moment of the stream."""

import pytest
from harness import oracle
from harness.oracle import pytorch
from harness.under_test import IS_PYTORCH, torch

oracle.require()

pytestmark = pytest.mark.skipif(IS_PYTORCH, reason="PyTorch takes its own states")


@pytest.mark.parametrize("drawn", [0, 1, 3, 623, 624, 625, 5000])
def test_state_of_pytorch_goes_on_here(drawn: int) -> None:
    theirs = pytorch.Generator().manual_seed(2**40 + 7)
    pytorch.rand(drawn, generator=theirs)
    pytorch.randn(1, generator=theirs)  # the other one of the pair waits
    ours = torch.Generator()
    ours.set_state(torch.from_numpy(theirs.get_state().numpy()))
    assert ours.initial_seed() == theirs.initial_seed()
    assert ours.get_state().tolist() == theirs.get_state().tolist()
    for draw in ("randn", "rand"):
        assert getattr(torch, draw)(7, generator=ours).tolist() == getattr(pytorch, draw)(7, generator=theirs).tolist()


def test_state_from_here_goes_on_in_pytorch() -> None:
    torch.manual_seed(5)
    torch.rand(700)
    pytorch.set_rng_state(pytorch.from_numpy(torch.get_rng_state().numpy()))
    assert torch.rand(1000).tolist() == pytorch.rand(1000).tolist()


def test_counters_that_contradict_each_other_are_refused() -> None:
    state = torch.Generator().get_state()
    state[8], state[16], state[17] = 200, 0x6F, 2  # 199 numbers left from word 623 of 624 on
    with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
        torch.Generator().set_state(state)
