"""Trains one small model on two processes, plain or accelerated, and prints the losses: started by test_distributed.py.

distributed.py RANK PORT (ddp | fsdp) (plain | accelerated)
"""

import json
import os
import sys

import conv1d.torch
import torch
import torch.distributed as dist
from torch import nn


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv1d(2, 16, 7, stride=2, padding=3),
        nn.GELU(),
        nn.utils.parametrizations.weight_norm(nn.Conv1d(16, 16, 3, padding=1)),
        nn.GELU(),
        nn.ConvTranspose1d(16, 2, 4, stride=2, padding=1),
    )


def main() -> None:
    rank, port, kind, variant = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "RANK": str(rank), "WORLD_SIZE": "2"}
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    net = model()
    if variant == "accelerated":
        assert len(conv1d.torch.accelerate(net).replaced) == 3
    if kind == "ddp":
        net = nn.parallel.DistributedDataParallel(net)
    else:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        mesh = init_device_mesh("cpu", (2,))
        for layer in (net[0], net[4]):
            fully_shard(layer, mesh=mesh)
        fully_shard(net, mesh=mesh)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    losses = []
    for step in range(5):
        torch.manual_seed(100 * rank + step)  # every process has data of its own
        x = torch.randn(4, 2, 64)
        loss = (net(x) - x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    served = sum(hook.kept_bytes > 0 for hook in map(conv1d.torch._accelerate.any_hook_of, net.modules()) if hook)
    dist.destroy_process_group()
    print(json.dumps({"losses": losses, "served": served}))


if __name__ == "__main__":
    main()
