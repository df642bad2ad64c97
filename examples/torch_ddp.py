"""Trains a small model on several processes, plain and accelerated, and compares the losses.

torchrun --nproc-per-node 2 examples/torch_ddp.py

PyTorch's DistributedDataParallel averages the gradients of all processes (over gloo, here on one machine; torchrun's
options spread them over several). Nothing of it changes: the model is accelerated before it is wrapped.
"""

import copy
import sys

import conv1d.torch
import torch
import torch.distributed as dist
from torch import nn

STEPS = 10


def denoiser() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(1, 32, 9, stride=2, padding=4),
        nn.GELU(),
        nn.utils.parametrizations.weight_norm(nn.Conv1d(32, 32, 5, padding=4, dilation=2)),
        nn.BatchNorm1d(32),
        nn.GELU(),
        nn.ConvTranspose1d(32, 1, 8, stride=2, padding=3),
    )


def batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Noisy and clean signals: each process has its own."""
    numbers = torch.Generator().manual_seed(STEPS * dist.get_rank() + step)
    time = torch.linspace(0, 1, 1024)
    pitch = 20 + 60 * torch.rand(4, 1, 1, generator=numbers)
    clean = torch.sin(2 * torch.pi * pitch * time)
    return clean + 0.3 * torch.randn(clean.shape, generator=numbers), clean


def train(model: nn.Module) -> torch.Tensor:
    """The mean loss of all processes at each step."""
    parallel = nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(parallel.parameters(), lr=0.01)
    losses = torch.zeros(STEPS)
    for step in range(STEPS):
        noisy, clean = batch(step)
        loss = nn.functional.mse_loss(parallel(noisy), clean)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses[step] = loss.detach()
    dist.all_reduce(losses)
    return losses / dist.get_world_size()


def main() -> int:
    dist.init_process_group("gloo")
    torch.manual_seed(0)
    plain = denoiser()
    accelerated = copy.deepcopy(plain)
    report = conv1d.torch.accelerate(accelerated)
    wanted, got = train(plain), train(accelerated)
    same = torch.allclose(got, wanted, rtol=1e-4, atol=0.0)
    if dist.get_rank() == 0:
        print(report)
        print("step    plain  accelerated")
        for step, (a, b) in enumerate(zip(wanted.tolist(), got.tolist(), strict=True)):
            print(f"{step:4} {a:8.5f}     {b:8.5f}")
        print("the losses are the same" if same else "the losses differ")
    dist.destroy_process_group()
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
