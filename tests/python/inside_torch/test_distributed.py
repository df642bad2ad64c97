"""DistributedDataParallel and FSDP2 over gloo, two processes: an accelerated model trains to the plain one's losses."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch.distributed

PROGRAM = str(Path(__file__).with_name("distributed.py"))
EXAMPLE = str(Path(__file__).parents[3] / "examples" / "torch_ddp.py")


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def train(kind: str, variant: str) -> list[dict]:
    port = free_port()
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", PROGRAM, str(rank), port, kind, variant],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    results = []
    for process in processes:
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        results.append(json.loads(output.splitlines()[-1]))
    return results


@pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason="this PyTorch has no gloo")
@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_trains_to_the_same_losses(kind: str) -> None:
    plain, ours = train(kind, "plain"), train(kind, "accelerated")
    assert [r["served"] for r in plain] == [0, 0] and all(r["served"] > 0 for r in ours)
    for a, b in zip(plain, ours, strict=True):
        assert a["losses"][0] != a["losses"][-1]
        assert a["losses"] == pytest.approx(b["losses"], rel=1e-4)


@pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason="this PyTorch has no gloo")
def test_example() -> None:
    """examples/torch_ddp.py under torchrun: it compares by itself, and prints what the first process has seen."""
    torchrun = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    address = ["--master-addr", "127.0.0.1", "--master-port", free_port()]
    done = subprocess.run([*torchrun, *address, EXAMPLE], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    first, title, *steps, verdict = done.stdout.splitlines()
    assert first == "3 of 3 convolution layers are accelerated" and title.split() == ["step", "plain", "accelerated"]
    losses = [tuple(map(float, line.split()[1:])) for line in steps]
    assert len(losses) == 10 and losses[-1][1] < losses[0][1]
    assert verdict == "the losses are the same"
