"""The works of `ganbook bench` in JAX: the nets and updates of cmd/ganbook/internal/work, layer by layer.

Weights are {network: {"layer/w": array}} in ganbook's own layouts: W[n, kh, kw, c] for convolutions of both kinds,
[in, out] for dense layers; images are NHWC.
"""
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

LAYOUT = ("NHWC", "OHWI", "NHWC")


def conv(x, w, stride, pad):
    return lax.conv_general_dilated(x, w, (stride, stride), pad, dimension_numbers=LAYOUT)


def conv_transpose(x, w, stride, pad):
    """The adjoint of a convolution with kernel w [n, kh, kw, c], padded by pad: [.., n] → [.., c]."""
    k = w.shape[1]
    turned = jnp.flip(w, (1, 2)).transpose(3, 1, 2, 0)
    around = (k - 1 - pad[0], k - 1 - pad[1])
    return lax.conv_general_dilated(x, turned, (1, 1), (around, around), lhs_dilation=(stride, stride), dimension_numbers=LAYOUT)


def norm(x, p, layer, epsilon):
    mean = x.mean((0, 1, 2))
    variance = jnp.square(x - mean).mean((0, 1, 2))
    return (x - mean) * (p[f"{layer}/gamma"] * lax.rsqrt(variance + epsilon)) + p[f"{layer}/beta"]


def leaky(x):
    return jnp.where(x > 0, x, 0.2 * x)


def dense(x, p, layer):
    return x @ p[f"{layer}/w"] + p[f"{layer}/b"]


def real_or_not(logits, label):
    return jax.nn.softplus(-logits if label else logits).mean()


class Game:
    """Weights and Adam's moments of networks; a subclass has the step."""

    adam = (1e-3, 0.9, 0.999)

    def start(self, weights):
        """State for weights {"network/layer/name": array}."""
        self.weights = {}
        for name, value in weights.items():
            network, rest = name.split("/", 1)
            self.weights.setdefault(network, {})[rest] = value
        zero = jax.tree.map(jnp.zeros_like, self.weights)
        return {"w": self.weights, "m": zero, "v": jax.tree.map(jnp.zeros_like, zero), "t": {n: jnp.zeros((), jnp.int32) for n in self.weights}}

    def initial(self, std=0.02):
        """Weights drawn from N(0, std²), biases zero, scales one."""
        key, weights = jax.random.key(1), {}
        for name, shape in self.shapes().items():
            key, use = jax.random.split(key)
            if len(shape) > 1:
                weights[name] = std * jax.random.normal(use, shape)
            else:
                weights[name] = jnp.full(shape, 1.0 if name.endswith("gamma") else 0.0)
        return weights

    def move(self, state, network, gradient):
        rate, b1, b2 = self.adam
        t = state["t"][network] + 1
        m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, state["m"][network], gradient)
        v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, state["v"][network], gradient)
        c1, c2 = 1 - b1 ** t.astype(jnp.float32), 1 - b2 ** t.astype(jnp.float32)
        w = jax.tree.map(lambda w, m, v: w - rate * (m / c1) / (jnp.sqrt(v / c2) + 1e-8), state["w"][network], m, v)
        new = {"w": w, "m": m, "v": v, "t": t}
        return {part: state[part] | {network: new[part]} for part in state}


class DCGAN(Game):
    adam = (2e-4, 0.5, 0.999)

    def __init__(self, batch, width):
        self.batch, self.width = batch, width
        self.real = jax.random.uniform(jax.random.key(0), (batch, 64, 64, 3)) * 2 - 1

    def shapes(self):
        w, shapes = self.width, {}
        maps = [100, 8 * w, 4 * w, 2 * w, w, 3]
        for i in range(5):
            shapes[f"generator/convT{i + 1}/w"] = (maps[i], 4, 4, maps[i + 1])
        maps = [3, w, 2 * w, 4 * w, 8 * w, 1]
        for i in range(5):
            shapes[f"discriminator/conv{i + 1}/w"] = (maps[i + 1], 4, 4, maps[i])
        for network, first, maps in (("generator", 1, (8, 4, 2, 1)), ("discriminator", 2, (2, 4, 8))):
            for i, m in enumerate(maps, first):
                shapes |= {f"{network}/bn{i}/gamma": (m * w,), f"{network}/bn{i}/beta": (m * w,)}
        return shapes

    def draw(self, key):
        return {"real": self.real, "z": jax.random.normal(key, (self.batch, 100))}

    @staticmethod
    def generate(p, z):
        x = z @ p["convT1/w"].reshape(100, -1)  # a 4×4 transposed convolution of one pixel
        x = jax.nn.relu(norm(x.reshape(-1, 4, 4, p["convT1/w"].shape[3]), p, "bn1", 1e-5))
        for i in (2, 3, 4):
            x = jax.nn.relu(norm(conv_transpose(x, p[f"convT{i}/w"], 2, (1, 1)), p, f"bn{i}", 1e-5))
        return jnp.tanh(conv_transpose(x, p["convT5/w"], 2, (1, 1)))

    @staticmethod
    def judge(p, x):
        x = leaky(conv(x, p["conv1/w"], 2, ((1, 1), (1, 1))))
        for i in (2, 3, 4):
            x = leaky(norm(conv(x, p[f"conv{i}/w"], 2, ((1, 1), (1, 1))), p, f"bn{i}", 1e-5))
        return x.reshape(x.shape[0], -1) @ p["conv5/w"].reshape(1, -1).T

    def step(self, state, inputs):
        fake, back = jax.vjp(lambda g: self.generate(g, inputs["z"]), state["w"]["generator"])
        loss_d, slope = jax.value_and_grad(lambda d: real_or_not(self.judge(d, inputs["real"]), 1) + real_or_not(self.judge(d, fake), 0))(
            state["w"]["discriminator"])
        state = self.move(state, "discriminator", slope)
        loss_g, slope = jax.value_and_grad(lambda x: real_or_not(self.judge(state["w"]["discriminator"], x), 1))(fake)
        return self.move(state, "generator", back(slope)[0]), (loss_d, loss_g)


class AnoGAN(Game):
    def __init__(self, batch):
        self.batch = batch
        self.real = jax.random.uniform(jax.random.key(0), (batch, 28, 28, 1)) * 2 - 1

    def initial(self):
        return super().initial(0.1)

    @staticmethod
    def shapes():
        shapes = {"generator/dense/w": (50, 1568), "generator/dense/b": (1568,), "discriminator/dense/w": (1568, 1), "discriminator/dense/b": (1,)}
        for i, m in enumerate((32, 16, 8), 1):
            shapes |= {f"generator/bn{i}/gamma": (m,), f"generator/bn{i}/beta": (m,)}
        for i, (m, n) in enumerate(((32, 16), (16, 8), (8, 1)), 2):
            shapes |= {f"generator/convT{i}/w": (m, 3, 3, n), f"generator/convT{i}/b": (n,)}
        for i, (m, n) in enumerate(((1, 16), (16, 32)), 1):
            shapes |= {f"discriminator/conv{i}/w": (n, 3, 3, m), f"discriminator/conv{i}/b": (n,)}
        return shapes

    def draw(self, key):
        return {"real": self.real, "z": jax.random.uniform(key, (self.batch, 50)) * 2 - 1}

    @staticmethod
    def generate(p, z):
        x = leaky(norm(dense(z, p, "dense").reshape(-1, 7, 7, 32), p, "bn1", 1e-3))
        for i in (2, 3):  # "same" padding of stride 2: nothing before, 1 after
            x = leaky(norm(conv_transpose(x, p[f"convT{i}/w"], 2, (0, 0))[:, :-1, :-1] + p[f"convT{i}/b"], p, f"bn{i}", 1e-3))
        return jnp.tanh(conv_transpose(x, p["convT4/w"], 1, (1, 1)) + p["convT4/b"])

    @staticmethod
    def judge(p, x):
        for i in (1, 2):
            x = leaky(conv(x, p[f"conv{i}/w"], 2, ((0, 1), (0, 1))) + p[f"conv{i}/b"])
        return dense(x.reshape(x.shape[0], -1), p, "dense")

    def step(self, state, inputs):
        fake = self.generate(state["w"]["generator"], inputs["z"])
        loss_d, slope = jax.value_and_grad(lambda d: real_or_not(self.judge(d, inputs["real"]), 1) + real_or_not(self.judge(d, fake), 0))(
            state["w"]["discriminator"])
        state = self.move(state, "discriminator", slope)
        for _ in range(2):
            loss_g, slope = jax.value_and_grad(lambda g: real_or_not(self.judge(state["w"]["discriminator"], self.generate(g, inputs["z"])), 1))(
                state["w"]["generator"])
            state = self.move(state, "generator", slope)
        return state, (loss_d, loss_g)


class Toy(Game):
    def __init__(self, batch):
        self.batch = batch
        self.real = jax.random.uniform(jax.random.key(0), (batch, 2)) * 2 - 1

    def initial(self):
        return super().initial(0.1)

    @staticmethod
    def shapes():
        shapes = {}
        for network, out in (("generator", 2), ("discriminator", 1)):
            for i, (m, n) in enumerate(((2, 64), (64, 64), (64, 64), (64, out)), 1):
                shapes |= {f"{network}/dense{i}/w": (m, n), f"{network}/dense{i}/b": (n,)}
        return shapes

    def draw(self, key):
        return {"real": self.real, "z": jax.random.uniform(key, (self.batch, 2))}

    @staticmethod
    def net(p, x):
        for i in (1, 2, 3):
            x = jax.nn.relu(dense(x, p, f"dense{i}"))
        return dense(x, p, "dense4")

    def step(self, state, inputs):
        def conjugate(g, d):
            v = self.net(d, inputs["z"] + self.net(g, inputs["z"]))
            return (v * v / 4 + v).mean()

        def on_real(d):
            y, back = jax.vjp(lambda x: self.net(d, x), inputs["real"])
            slope, = back(jnp.ones_like(y))
            return -y.mean() + jnp.square(slope).sum(1).mean() / 2

        w = state["w"]
        fake, (of_g, of_d) = jax.value_and_grad(conjugate, (0, 1))(w["generator"], w["discriminator"])
        real, of_real = jax.value_and_grad(on_real)(w["discriminator"])
        state = self.move(state, "generator", jax.tree.map(jnp.negative, of_g))
        return self.move(state, "discriminator", jax.tree.map(jnp.add, of_d, of_real)), (-fake, fake + real)


class WGAN(Game):
    adam = (1e-3, 0.0, 0.99)

    def __init__(self, batch, side, channels):
        self.batch, self.side, self.channels = batch, side, channels
        self.real = jax.random.uniform(jax.random.key(0), (batch, side, side, 3)) * 2 - 1

    def sizes(self):
        at = 8
        while at <= self.side:
            yield at
            at *= 2

    def shapes(self):
        c = self.channels
        shapes = {"generator/dense/w": (128, 16 * c), "generator/dense/b": (16 * c,), "discriminator/dense/w": (16 * c, 1), "discriminator/dense/b": (1,)}
        for network, m, n in (("generator", c, 3), ("discriminator", 3, c)):
            shapes |= {f"{network}/rgb/w": (n, 1, 1, m), f"{network}/rgb/b": (n,)}
            for layer in ["conv4"] + [f"conv{at}{half}" for at in self.sizes() for half in "ab"]:
                shapes |= {f"{network}/{layer}/w": (c, 3, 3, c), f"{network}/{layer}/b": (c,)}
        return shapes

    def draw(self, key):
        keys = jax.random.split(key, 3)
        return {"real": self.real, "z": jax.random.normal(keys[0], (self.batch, 128)), "z_g": jax.random.normal(keys[1], (self.batch, 128)),
                "mix": jax.random.uniform(keys[2], (self.batch, 1, 1, 1))}

    @staticmethod
    def layer(p, x, name, pad=1):
        return conv(x, p[f"{name}/w"], 1, ((pad, pad), (pad, pad))) + p[f"{name}/b"]

    def generate(self, p, z):
        x = leaky(dense(z, p, "dense")).reshape(-1, 4, 4, self.channels)
        x = leaky(self.layer(p, x, "conv4"))
        for at in self.sizes():
            x = leaky(self.layer(p, x.repeat(2, 1).repeat(2, 2), f"conv{at}a"))
            x = leaky(self.layer(p, x, f"conv{at}b"))
        return self.layer(p, x, "rgb", 0)

    def judge(self, p, x):
        x = leaky(self.layer(p, x, "rgb", 0))
        for at in reversed(list(self.sizes())):
            x = leaky(self.layer(p, x, f"conv{at}a"))
            x = leaky(self.layer(p, x, f"conv{at}b"))
            x = x.reshape(x.shape[0], at // 2, 2, at // 2, 2, -1).mean((2, 4))
        x = leaky(self.layer(p, x, "conv4"))
        return dense(x.reshape(x.shape[0], -1), p, "dense")

    def step(self, state, inputs):
        fake, real = self.generate(state["w"]["generator"], inputs["z"]), inputs["real"]
        mixed = real + inputs["mix"] * (fake - real)

        def loss(d):
            slope = jax.grad(lambda x: self.judge(d, x).sum())(mixed)
            norm = jnp.sqrt(jnp.square(slope).sum((1, 2, 3)))
            return self.judge(d, fake).mean() - self.judge(d, real).mean() + 10 * jnp.square(norm - 1).mean()

        loss_d, slope = jax.value_and_grad(loss)(state["w"]["discriminator"])
        state = self.move(state, "discriminator", slope)
        loss_g, slope = jax.value_and_grad(lambda g: -self.judge(state["w"]["discriminator"], self.generate(g, inputs["z_g"])).mean())(
            state["w"]["generator"])
        return self.move(state, "generator", slope), (loss_d, loss_g)


class Blocks(Game):
    """No optimiser: the gradients are the result, and are kept where moments would be so that they are computed."""

    def __init__(self, batch, side, channels, layers, twice=False):
        self.size, self.channels, self.layers, self.twice = (batch, side, side, channels), channels, layers, twice
        self.x = jax.random.normal(jax.random.key(0), self.size)

    def initial(self):
        return super().initial((2 / (9 * self.channels)) ** 0.5)

    def shapes(self):
        return {f"blocks/conv{i + 1}/w": (self.channels, 3, 3, self.channels) for i in range(self.layers)}

    def start(self, weights):
        state = super().start(weights)
        return {"w": state["w"], "of_w": state["m"], "of_x": jnp.zeros(self.size)}

    def draw(self, key):
        return {"x": self.x}

    def net(self, p, x):
        for i in range(self.layers):
            x = conv(leaky(x) if i else x, p[f"conv{i + 1}/w"], 1, ((1, 1), (1, 1)))
        return x

    def loss(self, p, x):
        y, back = jax.vjp(partial(self.net, p), x)
        loss = jnp.square(y).mean()
        if self.twice:
            loss += jnp.square(back(jnp.ones_like(y))[0]).mean()
        return loss

    def step(self, state, inputs):
        which = 0 if self.twice else (0, 1)
        loss, of = jax.value_and_grad(self.loss, which)(state["w"]["blocks"], inputs["x"])
        of_w, of_x = (of, state["of_x"]) if self.twice else of
        return {"w": state["w"], "of_w": {"blocks": of_w}, "of_x": of_x}, (loss,)


WORKS = {"dcgan": DCGAN, "anogan": AnoGAN, "toy": Toy, "wgan": WGAN, "blocks": Blocks, "blocks2": partial(Blocks, twice=True)}
