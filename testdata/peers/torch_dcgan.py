"""The peer of `ganbook bench`: one DCGAN training step in PyTorch, as the tutorial writes it and at its best.

usage: torch_dcgan.py BATCH WIDTH STEPS VARIANT   VARIANT: "tutorial" or any of channels_last+frozen+fused

Reads one line from standard input per round and answers each with one JSON line, so that rounds can alternate with
another program's. The net is the practice's; losses are on logits, as ours. "frozen" spares the gradients that the
generator's step leaves in D and nobody uses; our graph never computes them.
"""
import json
import resource
import sys
import time

import torch
import torch.nn as nn

batch, width, steps, variant = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
wanted = set(variant.split("+"))
torch.manual_seed(999)


def up(maps_in, maps_out, *geometry):
    return [nn.ConvTranspose2d(maps_in, maps_out, *geometry, bias=False), nn.BatchNorm2d(maps_out), nn.ReLU(True)]


def down(maps_in, maps_out):
    return [nn.Conv2d(maps_in, maps_out, 4, 2, 1, bias=False), nn.BatchNorm2d(maps_out), nn.LeakyReLU(0.2, True)]


g, f = width, width
generator = nn.Sequential(
    *up(100, 8 * g, 4, 1, 0), *up(8 * g, 4 * g, 4, 2, 1), *up(4 * g, 2 * g, 4, 2, 1), *up(2 * g, g, 4, 2, 1),
    nn.ConvTranspose2d(g, 3, 4, 2, 1, bias=False), nn.Tanh())
discriminator = nn.Sequential(
    nn.Conv2d(3, f, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True),
    *down(f, 2 * f), *down(2 * f, 4 * f), *down(4 * f, 8 * f), nn.Conv2d(8 * f, 1, 4, 1, 0, bias=False))

real = torch.rand(batch, 3, 64, 64) * 2 - 1
if "channels_last" in wanted:
    generator, discriminator = (m.to(memory_format=torch.channels_last) for m in (generator, discriminator))
    real = real.to(memory_format=torch.channels_last)
adam = dict(lr=2e-4, betas=(0.5, 0.999), fused="fused" in wanted)
step_d = torch.optim.Adam(discriminator.parameters(), **adam)
step_g = torch.optim.Adam(generator.parameters(), **adam)
loss, ones, zeros = nn.BCEWithLogitsLoss(), torch.ones(batch), torch.zeros(batch)


def iterate():
    discriminator.zero_grad()
    loss(discriminator(real).view(-1), ones).backward()
    fake = generator(torch.randn(batch, 100, 1, 1))
    loss(discriminator(fake.detach()).view(-1), zeros).backward()
    step_d.step()
    generator.zero_grad()
    if "frozen" in wanted:
        discriminator.requires_grad_(False)
    loss(discriminator(fake).view(-1), ones).backward()
    step_g.step()
    discriminator.requires_grad_(True)


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


for _ in range(2):
    iterate()
print(json.dumps({"ready": True, "version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
for _ in sys.stdin:
    wall, cpu = [], cpu_seconds()
    for _ in range(steps):
        begin = time.perf_counter()
        iterate()
        wall.append(time.perf_counter() - begin)
    print(json.dumps({
        "wall": wall,
        "cpu": (cpu_seconds() - cpu) / steps,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }), flush=True)
