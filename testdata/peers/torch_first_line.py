"""The first log line of the DCGAN practice in PyTorch, over many seeds.

usage: torch_first_line.py PICTURES.zip [SEEDS]     SEEDS: 12 unless given; they are 1, 2, 3 …

PICTURES.zip holds faces already prepared at 64×64 (.jpg or .png). For every seed it draws a batch of 128 of them, makes
fresh networks at full size, and does the first iteration as the tutorial does: D's loss on the real and on the fake
batch, D's step, then G's loss through the D just updated. It prints one line per seed and the range and median of every
number. The line depends much on the seed, which is what the script is there to show.
"""
import io
import random
import statistics
import sys
import zipfile

import numpy as np
import torch
import torch.nn as nn
from PIL import Image

BATCH, LATENT, MAPS = 128, 100, 64
NAMES = ["Loss_D", "Loss_G", "D(x)", "D(G(z)) before", "D(G(z)) after"]


def picture(archive, name):
    """A picture as [3, 64, 64] in [-1, 1]."""
    pixels = np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB")).copy()
    if pixels.shape != (64, 64, 3):
        sys.exit(f"{name} is {pixels.shape}; prepare the pictures at 64×64 first")
    return torch.from_numpy(pixels).permute(2, 0, 1).float() / 127.5 - 1


def up(maps_in, maps_out, *geometry):
    return [nn.ConvTranspose2d(maps_in, maps_out, *geometry, bias=False), nn.BatchNorm2d(maps_out), nn.ReLU(True)]


def down(maps_in, maps_out):
    return [nn.Conv2d(maps_in, maps_out, 4, 2, 1, bias=False), nn.BatchNorm2d(maps_out), nn.LeakyReLU(0.2, True)]


def networks():
    m = MAPS
    generator = nn.Sequential(
        *up(LATENT, 8 * m, 4, 1, 0), *up(8 * m, 4 * m, 4, 2, 1), *up(4 * m, 2 * m, 4, 2, 1), *up(2 * m, m, 4, 2, 1),
        nn.ConvTranspose2d(m, 3, 4, 2, 1, bias=False), nn.Tanh())
    discriminator = nn.Sequential(
        nn.Conv2d(3, m, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True),
        *down(m, 2 * m), *down(2 * m, 4 * m), *down(4 * m, 8 * m),
        nn.Conv2d(8 * m, 1, 4, 1, 0, bias=False), nn.Sigmoid())
    for net in (generator, discriminator):
        net.apply(initialise)
    return generator, discriminator


def initialise(module):
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def first_line(real):
    generator, discriminator = networks()
    cross_entropy = nn.BCELoss()
    step = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    ones, zeros = torch.ones(len(real)), torch.zeros(len(real))

    on_real = discriminator(real).view(-1)
    fake = generator(torch.randn(len(real), LATENT, 1, 1))
    on_fake = discriminator(fake.detach()).view(-1)
    loss_d = cross_entropy(on_real, ones) + cross_entropy(on_fake, zeros)
    loss_d.backward()
    step.step()

    with torch.no_grad():
        after = discriminator(fake).view(-1)
        loss_g = cross_entropy(after, ones)
    return [v.item() for v in (loss_d, loss_g, on_real.mean(), on_fake.mean(), after.mean())]


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    archive = zipfile.ZipFile(sys.argv[1])
    pictures = [n for n in archive.namelist() if n.lower().endswith((".jpg", ".png"))]
    if len(pictures) < BATCH:
        sys.exit(f"{sys.argv[1]} has {len(pictures)} pictures; a batch needs {BATCH}")
    rows = []
    for seed in range(1, 1 + int(sys.argv[2] if len(sys.argv) == 3 else 12)):
        torch.manual_seed(seed)
        random.seed(seed)
        batch = torch.stack([picture(archive, n) for n in random.sample(pictures, BATCH)])
        rows.append(first_line(batch))
        print(f"seed {seed}: " + "  ".join(f"{n} {v:.3f}" for n, v in zip(NAMES, rows[-1])), flush=True)
    for name, values in zip(NAMES, zip(*rows)):
        print(f"{name}: min {min(values):.3f}  median {statistics.median(values):.3f}  max {max(values):.3f}")


if __name__ == "__main__":
    main()
