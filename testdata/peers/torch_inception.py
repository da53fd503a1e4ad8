"""Inception v3 of the FID in plain PyTorch operations, after its description: what ganlib/features is compared with.

    torch_inception.py WEIGHTS.safetensors PICTURES HEIGHT WIDTH CHANNELS

PICTURES holds bytes [n, height, width, channels]. Printed is one JSON object: "stages", for each part of the net the
means of its maps over the picture, [n, channels]; the last are the features.
"""

import json
import sys

import numpy as np
import torch
import torch.nn.functional as F


def load(path):
    """The F32 tensors of a safetensors file: a length, a JSON header, the data."""
    raw = open(path, "rb").read()
    size = int.from_bytes(raw[:8], "little")
    tensors = {}
    for name, entry in json.loads(raw[8 : 8 + size]).items():
        if entry.get("dtype") == "F32":
            first, last = entry["data_offsets"]
            values = np.frombuffer(raw[8 + size + first : 8 + size + last], dtype="<f4")
            tensors[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return tensors


class Net:
    def __init__(self, tensors):
        self.t = tensors

    def conv(self, name, x, stride=1, padding=0):
        t = self.t
        y = F.conv2d(x, t[name + ".conv.weight"], stride=stride, padding=padding)
        norm = [t[name + ".bn." + n] for n in ("running_mean", "running_var", "weight", "bias")]
        return F.relu(F.batch_norm(y, *norm, training=False, eps=0.001))

    def run(self, name, x, *steps):
        for last, kwargs in steps:
            x = self.conv(f"{name}.branch{last}", x, **kwargs)
        return x

    @staticmethod
    def mean(x):
        return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)

    @staticmethod
    def half(x):
        return F.max_pool2d(x, 3, stride=2)

    def a(self, n, x):
        p1 = dict(padding=1)
        return torch.cat(
            [
                self.run(n, x, ("1x1", {})),
                self.run(n, x, ("5x5_1", {}), ("5x5_2", dict(padding=2))),
                self.run(n, x, ("3x3dbl_1", {}), ("3x3dbl_2", p1), ("3x3dbl_3", p1)),
                self.run(n, self.mean(x), ("_pool", {})),
            ],
            1,
        )

    def b(self, n, x):
        s2 = dict(stride=2)
        dbl = self.run(n, x, ("3x3dbl_1", {}), ("3x3dbl_2", dict(padding=1)), ("3x3dbl_3", s2))
        return torch.cat([self.run(n, x, ("3x3", s2)), dbl, self.half(x)], 1)

    def c(self, n, x):
        row, column = dict(padding=(0, 3)), dict(padding=(3, 0))
        dbl = (("7x7dbl_1", {}), ("7x7dbl_2", column), ("7x7dbl_3", row), ("7x7dbl_4", column), ("7x7dbl_5", row))
        return torch.cat(
            [
                self.run(n, x, ("1x1", {})),
                self.run(n, x, ("7x7_1", {}), ("7x7_2", row), ("7x7_3", column)),
                self.run(n, x, *dbl),
                self.run(n, self.mean(x), ("_pool", {})),
            ],
            1,
        )

    def d(self, n, x):
        s2 = dict(stride=2)
        seven = (("7x7x3_1", {}), ("7x7x3_2", dict(padding=(0, 3))), ("7x7x3_3", dict(padding=(3, 0))), ("7x7x3_4", s2))
        return torch.cat([self.run(n, x, ("3x3_1", {}), ("3x3_2", s2)), self.run(n, x, *seven), self.half(x)], 1)

    def e(self, n, x, pooled):
        def split(name, y):
            row = self.conv(f"{n}.branch{name}a", y, padding=(0, 1))
            return torch.cat([row, self.conv(f"{n}.branch{name}b", y, padding=(1, 0))], 1)

        three = split("3x3_2", self.run(n, x, ("3x3_1", {})))
        double = split("3x3dbl_3", self.run(n, x, ("3x3dbl_1", {}), ("3x3dbl_2", dict(padding=1))))
        return torch.cat([self.run(n, x, ("1x1", {})), three, double, self.run(n, pooled, ("_pool", {}))], 1)

    def stages(self, x):
        """Every part of the net in its order."""
        for step in (
            lambda x: self.conv("Conv2d_1a_3x3", x, stride=2),
            lambda x: self.conv("Conv2d_2a_3x3", x),
            lambda x: self.conv("Conv2d_2b_3x3", x, padding=1),
            self.half,
            lambda x: self.conv("Conv2d_3b_1x1", x),
            lambda x: self.conv("Conv2d_4a_3x3", x),
            self.half,
            *[lambda x, n=n: self.a("Mixed_5" + n, x) for n in "bcd"],
            lambda x: self.b("Mixed_6a", x),
            *[lambda x, n=n: self.c("Mixed_6" + n, x) for n in "bcde"],
            lambda x: self.d("Mixed_7a", x),
            lambda x: self.e("Mixed_7b", x, self.mean(x)),
            lambda x: self.e("Mixed_7c", x, F.max_pool2d(x, 3, stride=1, padding=1)),
        ):
            x = step(x)
            yield x


def main():
    weights, pictures, *shape = sys.argv[1:]
    h, w, c = map(int, shape)
    x = torch.from_numpy(np.fromfile(pictures, dtype=np.uint8).reshape(-1, h, w, c)).permute(0, 3, 1, 2).float() / 255
    x = x.expand(-1, 3, -1, -1)
    with torch.no_grad():
        x = 2 * F.interpolate(x, size=(299, 299), mode="bilinear", align_corners=False) - 1
        json.dump({"stages": [y.mean((2, 3)).tolist() for y in Net(load(weights)).stages(x)]}, sys.stdout)


main()
