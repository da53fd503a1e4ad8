"""The works of `ganbook bench` in PyTorch: the nets and updates of cmd/ganbook/internal/work, layer by layer.

Every work has networks, whose layers bear ganbook's names; draw(), which makes the inputs of a step; and step(), which
does it and returns the losses. Real images are drawn once, latents for every step; of a search also those once.
"""
from collections import OrderedDict
from contextlib import contextmanager

import torch
import torch.nn as nn
import torch.nn.functional as F


class Play:
    """What the flags mean."""

    def __init__(self, flags):
        self.flags = flags
        self.gpu = "cuda" in flags
        self.device = "cuda" if self.gpu else "cpu"
        self.format = torch.channels_last if "channels_last" in flags else torch.contiguous_format
        if "tf32" in flags:
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        if self.gpu:
            torch.backends.cudnn.benchmark = True

    def image(self, x):
        return x.contiguous(memory_format=self.format)

    def place(self, network):
        return network.to(device=self.device, memory_format=self.format)

    def compiled(self, function):
        return torch.compile(function) if "compile" in self.flags else function

    def adam(self, network, rate, *betas, **more):
        return torch.optim.Adam(network.parameters(), rate, betas, fused="fused" in self.flags,
                                capturable="graphs" in self.flags, **more)

    def normal(self, *shape):
        return torch.randn(*shape, device=self.device)

    def uniform(self, *shape):
        return torch.rand(*shape, device=self.device)

    def real(self, *shape):
        return self.image(self.uniform(*shape) * 2 - 1)

    def wait(self):
        if self.gpu:
            torch.cuda.synchronize()

    @contextmanager
    def frozen(self, network):
        """Inside, the network is a function: no gradients of its weights are computed."""
        if "frozen" in self.flags:
            network.requires_grad_(False)
        yield
        network.requires_grad_(True)

    def cut(self, generate):
        """What generate returns, as a constant."""
        if "frozen" in self.flags:
            with torch.no_grad():
                return generate()
        return generate().detach()


def chain(**layers):
    return nn.Sequential(OrderedDict(layers))


def drawn(network, std):
    """Draws weights from N(0, std²), as a GAN's papers do; biases are zero."""
    for name, parameter in network.named_parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, 0, std)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)
    return network


def real_or_not(logits, label):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


class DCGAN:
    """The practice's game: D on real and on fake, then G through the D just updated, on the same fakes."""

    def __init__(self, play, batch, width):
        self.play, self.batch = play, batch
        g, d = play.place(drawn(self.generator(width), 0.02)), play.place(drawn(self.discriminator(width), 0.02))
        self.networks = {"generator": g, "discriminator": d}
        self.generate, self.judge = play.compiled(g), play.compiled(d)
        self.adam_g, self.adam_d = (play.adam(net, 2e-4, 0.5, 0.999) for net in (g, d))
        self.real = play.real(batch, 3, 64, 64)

    @staticmethod
    def generator(w):
        def up(maps_in, maps_out):
            return nn.ConvTranspose2d(maps_in, maps_out, 4, 2, 1, bias=False)
        return chain(
            convT1=nn.ConvTranspose2d(100, 8 * w, 4, 1, 0, bias=False), bn1=nn.BatchNorm2d(8 * w), relu1=nn.ReLU(True),
            convT2=up(8 * w, 4 * w), bn2=nn.BatchNorm2d(4 * w), relu2=nn.ReLU(True),
            convT3=up(4 * w, 2 * w), bn3=nn.BatchNorm2d(2 * w), relu3=nn.ReLU(True),
            convT4=up(2 * w, w), bn4=nn.BatchNorm2d(w), relu4=nn.ReLU(True),
            convT5=up(w, 3), tanh=nn.Tanh())

    @staticmethod
    def discriminator(w):
        def down(maps_in, maps_out):
            return nn.Conv2d(maps_in, maps_out, 4, 2, 1, bias=False)
        return chain(
            conv1=down(3, w), leaky1=nn.LeakyReLU(0.2, True),
            conv2=down(w, 2 * w), bn2=nn.BatchNorm2d(2 * w), leaky2=nn.LeakyReLU(0.2, True),
            conv3=down(2 * w, 4 * w), bn3=nn.BatchNorm2d(4 * w), leaky3=nn.LeakyReLU(0.2, True),
            conv4=down(4 * w, 8 * w), bn4=nn.BatchNorm2d(8 * w), leaky4=nn.LeakyReLU(0.2, True),
            conv5=nn.Conv2d(8 * w, 1, 4, 1, 0, bias=False), flat=nn.Flatten())

    def draw(self):
        return {"real": self.real, "z": self.play.normal(self.batch, 100)}

    def step(self, real, z):
        d = self.networks["discriminator"]
        d.zero_grad()
        on_real = real_or_not(self.judge(real), 1)
        on_real.backward()
        fake = self.generate(z.view(-1, 100, 1, 1))
        on_fake = real_or_not(self.judge(fake.detach()), 0)
        on_fake.backward()
        self.adam_d.step()
        self.networks["generator"].zero_grad()
        with self.play.frozen(d):
            loss_g = real_or_not(self.judge(fake), 1)
            loss_g.backward()
        self.adam_g.step()
        return [on_real.detach() + on_fake.detach(), loss_g.detach()]


class Reshape(nn.Module):
    """Rows of height·width·channels numbers, as ganbook lays them out, to images; a plain net wants them as NCHW."""

    def __init__(self, play, height, width):
        super().__init__()
        self.play, self.size = play, (height, width)

    def forward(self, x):
        return self.play.image(x.view(x.shape[0], *self.size, -1).permute(0, 3, 1, 2))


class Rows(nn.Module):
    """Images to rows in the order of ganbook."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1)


class SameConv(nn.Conv2d):
    """TensorFlow's 3×3 convolution of stride 2: a column and a row of zeros at the end."""

    def __init__(self, maps_in, maps_out):
        super().__init__(maps_in, maps_out, 3, 2, 0)

    def forward(self, x):
        return super().forward(F.pad(x, (0, 1, 0, 1)))


class SameConvTranspose(nn.ConvTranspose2d):
    """Its adjoint: the last row and column of the full output are dropped."""

    def __init__(self, maps_in, maps_out):
        super().__init__(maps_in, maps_out, 3, 2, 0)

    def forward(self, x):
        return super().forward(x)[:, :, :2 * x.shape[2], :2 * x.shape[3]]


class AnoGAN:
    """A step of D and two of G on the same latents. D's fakes are those of G's first step: with "frozen" G goes
    forward once for both."""

    def __init__(self, play, batch):
        self.play, self.batch = play, batch
        g, d = play.place(drawn(self.generator(play), 0.1)), play.place(drawn(self.discriminator(), 0.1))
        self.networks = {"generator": g, "discriminator": d}
        self.generate, self.judge = play.compiled(g), play.compiled(d)
        self.adam_g, self.adam_d = (play.adam(net, 1e-3, 0.9, 0.999) for net in (g, d))
        self.real = play.real(batch, 1, 28, 28)

    @staticmethod
    def generator(play):
        def norm(maps):
            return nn.BatchNorm2d(maps, eps=1e-3, momentum=0.01)
        return chain(
            dense=nn.Linear(50, 7 * 7 * 32), image=Reshape(play, 7, 7), bn1=norm(32), leaky1=nn.LeakyReLU(0.2, True),
            convT2=SameConvTranspose(32, 16), bn2=norm(16), leaky2=nn.LeakyReLU(0.2, True),
            convT3=SameConvTranspose(16, 8), bn3=norm(8), leaky3=nn.LeakyReLU(0.2, True),
            convT4=nn.ConvTranspose2d(8, 1, 3, 1, 1), tanh=nn.Tanh())

    @staticmethod
    def discriminator():
        return chain(
            conv1=SameConv(1, 16), leaky1=nn.LeakyReLU(0.2, True), conv2=SameConv(16, 32), leaky2=nn.LeakyReLU(0.2, True),
            rows=Rows(), dense=nn.Linear(7 * 7 * 32, 1))

    def draw(self):
        return {"real": self.real, "z": self.play.uniform(self.batch, 50) * 2 - 1}

    def step(self, real, z):
        g, d = self.networks["generator"], self.networks["discriminator"]
        fake = self.generate(z)
        d.zero_grad()
        loss_d = real_or_not(self.judge(real), 1) + real_or_not(self.judge(fake.detach()), 0)
        loss_d.backward()
        self.adam_d.step()
        if "frozen" not in self.play.flags:
            fake = self.generate(z)
        for again in (False, True):
            g.zero_grad()
            with self.play.frozen(d):
                loss_g = real_or_not(self.judge(self.generate(z) if again else fake), 1)
                loss_g.backward()
            self.adam_g.step()
        return [loss_d.detach(), loss_g.detach()]


def folded(layer, norm, axis, times=1):
    """Weight and bias of a layer with batch norm's running averages in it; a dense layer has each map that many times."""
    scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).repeat(times)
    shift = norm.bias.repeat(times) - norm.running_mean.repeat(times) * scale
    shape = [1] * layer.weight.dim()
    shape[axis] = -1
    return layer.weight * scale.view(shape), layer.bias * scale + shift


def constant(layer, weight, bias):
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    return layer.requires_grad_(False)


class Search:
    """A step of the search for the latents of a batch of queries, each with its own z and moments of Adam. With "frozen"
    the networks are constants: no gradients of weights, f(x) once, batch norm in the layers before it, and all images
    turned by 180°, for which TensorFlow's "same" padding is one that PyTorch's layers have themselves."""

    weight = 0.7  # λ

    def __init__(self, play, batch):
        self.play, self.batch = play, batch
        g, d = play.place(drawn(AnoGAN.generator(play), 0.1)), play.place(drawn(AnoGAN.discriminator(), 0.1))
        self.networks = {"generator": g.eval(), "discriminator": d.eval()}
        self.score = play.compiled(self.mapping)
        self.begin(play.real(batch, 1, 28, 28), play.uniform(batch, 50) * 2 - 1)

    @staticmethod
    def turned_generator(play, g):
        def up(layer, maps_in, maps_out, norm):
            weight, bias = folded(layer, norm, 1)
            return constant(nn.ConvTranspose2d(maps_in, maps_out, 3, 2, 1, output_padding=1), weight.flip(2, 3), bias)
        weight, bias = folded(g.dense, g.bn1, 0, 49)
        weight, bias = (v.view(7, 7, 32, -1).flip(0, 1).flatten(0, 2) for v in (weight, bias))
        return play.place(chain(
            dense=constant(nn.Linear(50, 7 * 7 * 32), weight, bias.flatten()), image=Reshape(play, 7, 7), leaky1=nn.LeakyReLU(0.2, True),
            convT2=up(g.convT2, 32, 16, g.bn2), leaky2=nn.LeakyReLU(0.2, True),
            convT3=up(g.convT3, 16, 8, g.bn3), leaky3=nn.LeakyReLU(0.2, True),
            convT4=constant(nn.ConvTranspose2d(8, 1, 3, 1, 1), g.convT4.weight.flip(2, 3), g.convT4.bias), tanh=nn.Tanh()))

    @staticmethod
    def turned_feature(play, d):
        conv1 = constant(nn.Conv2d(1, 16, 3, 2, 1), d.conv1.weight.flip(2, 3), d.conv1.bias)
        return play.place(chain(conv1=conv1, leaky1=nn.LeakyReLU(0.2, True)))

    def begin(self, real, z):
        """Begins a search: fresh moments, and the networks as they are now."""
        g, d = self.networks["generator"], self.networks["discriminator"]
        self.x, self.generate, self.feature = real, g, d[:2]
        if "frozen" in self.play.flags:
            self.generate, self.feature = self.turned_generator(self.play, g), self.turned_feature(self.play, d)
            self.x = self.play.image(real.flip(2, 3))
            self.fx = self.feature(self.x)
        self.z = nn.Parameter(z.clone())
        self.adam = self.play.adam(nn.ParameterList([self.z]), 0.1, 0.9, 0.999)

    def mapping(self, z):
        """The mapping loss of every query."""
        y = self.generate(z)
        fx = self.fx if "frozen" in self.play.flags else self.feature(self.x)
        residual = (self.x - y).abs().mean((1, 2, 3))
        return (1 - self.weight) * residual + self.weight * (fx - self.feature(y)).abs().mean((1, 2, 3))

    def draw(self):
        return {}

    def step(self, real=None, z=None):
        if z is not None:
            self.begin(real, z)
        self.adam.zero_grad()
        score = self.score(self.z)
        score.sum().backward()
        self.adam.step()
        return [score.detach().mean()]


def with_slope(f, x, play):
    """f(x) and the gradient of Σ f with respect to x, which can be differentiated itself. torch.compile cannot
    differentiate twice what it has compiled, but compiles a gradient taken inside."""
    if "compile" in play.flags:
        return f(x), torch.func.grad(lambda x: f(x).sum())(x)
    x = x.detach().requires_grad_()
    y = f(x)
    return y, torch.autograd.grad(y.sum(), x, create_graph=True)[0]


def activation(slope, play):
    """ReLU (slope 0) or LeakyReLU, to be differentiated twice."""
    if "masked" in play.flags:
        return lambda x: x * torch.where(x.detach() > 0, 1.0, slope)
    return lambda x: F.leaky_relu(x, slope)


class Activation(nn.Module):
    def __init__(self, slope, play):
        super().__init__()
        self.forward = activation(slope, play)


class Halve(torch.autograd.Function):
    """The mean of 2×2 pixels, for a net that is differentiated twice: PyTorch's own takes zeros back to its input."""

    @staticmethod
    def forward(x):
        return F.avg_pool2d(x, 2)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx, v):
        return None if v is None else F.interpolate(v, scale_factor=2) / 4


class Pool(nn.Module):
    def __init__(self, play):
        super().__init__()
        self.forward = Halve.apply if "masked" in play.flags else lambda x: F.avg_pool2d(x, 2)


def back(loss, *networks):
    """Differentiates with respect to weights only; an input under a penalty needs no gradient of the whole."""
    loss.backward(inputs=[p for network in networks for p in network.parameters()])


class Toy:
    """Task 1 of OMASGAN in the plane: both networks move by the gradients of one forward pass. G's loss is the
    negative of the one term that it has in D's, so that one way back does for both."""

    def __init__(self, play, batch):
        self.play, self.batch = play, batch
        g, d = play.place(self.net(2)), play.place(self.net(1))
        self.networks = {"generator": g, "discriminator": d}
        self.adam_g, self.adam_d = play.adam(g, 1e-3, 0.9, 0.999, maximize=True), play.adam(d, 1e-3, 0.9, 0.999)
        self.critic = play.compiled(self.loss)
        self.real = play.uniform(batch, 2) * 2 - 1
        self.relu = activation(0.0, play)

    @staticmethod
    def net(out):
        return chain(dense1=nn.Linear(2, 64), dense2=nn.Linear(64, 64), dense3=nn.Linear(64, 64), dense4=nn.Linear(64, out))

    def draw(self):
        return {"real": self.real, "z": self.play.uniform(self.batch, 2)}

    @staticmethod
    def apply(net, x, relu):
        return net.dense4(relu(net.dense3(relu(net.dense2(relu(net.dense1(x)))))))

    def loss(self, real, z):
        g, d = self.networks["generator"], self.networks["discriminator"]
        v = self.apply(d, z + self.apply(g, z, F.relu), F.relu)
        conjugate = (v * v / 4 + v).mean()
        on_real, slope = with_slope(lambda x: self.apply(d, x, self.relu), real, self.play)
        return conjugate, conjugate - on_real.mean() + slope.square().sum(1).mean() / 2

    def step(self, real, z):
        for network in self.networks.values():
            network.zero_grad()
        conjugate, loss_d = self.critic(real, z)
        back(loss_d, *self.networks.values())
        self.adam_g.step()
        self.adam_d.step()
        return [-conjugate.detach(), loss_d.detach()]


class WGAN:
    """WGAN-GP on 3×3 layers: a step of the critic and one of G, each on latents of its own."""

    def __init__(self, play, batch, side, channels):
        self.play, self.batch = play, batch
        g = play.place(self.generator(play, side, channels))
        d = play.place(self.critic_net(play, side, channels))
        self.networks = {"generator": g, "discriminator": d}
        self.generate, self.judge = play.compiled(g), play.compiled(d)
        self.penalise = play.compiled(self.penalty)
        self.adam_g, self.adam_d = (play.adam(net, 1e-3, 0.0, 0.99) for net in (g, d))
        self.real = play.real(batch, 3, side, side)

    @staticmethod
    def generator(play, side, c):
        layers = {"dense": nn.Linear(128, 4 * 4 * c), "leaky": nn.LeakyReLU(0.2), "image": Reshape(play, 4, 4)}
        layers |= {"conv4": nn.Conv2d(c, c, 3, 1, 1), "leaky4": nn.LeakyReLU(0.2)}
        at = 8
        while at <= side:
            layers[f"up{at}"] = nn.Upsample(scale_factor=2)
            for half in "ab":
                layers |= {f"conv{at}{half}": nn.Conv2d(c, c, 3, 1, 1), f"leaky{at}{half}": nn.LeakyReLU(0.2)}
            at *= 2
        return chain(**layers, rgb=nn.Conv2d(c, 3, 1))

    @staticmethod
    def critic_net(play, side, c):
        layers, at = {"rgb": nn.Conv2d(3, c, 1), "leaky": Activation(0.2, play)}, side
        while at >= 8:
            for half in "ab":
                layers |= {f"conv{at}{half}": nn.Conv2d(c, c, 3, 1, 1), f"leaky{at}{half}": Activation(0.2, play)}
            layers[f"down{at}"] = Pool(play)
            at //= 2
        return chain(**layers, conv4=nn.Conv2d(c, c, 3, 1, 1), leaky4=Activation(0.2, play), rows=Rows(),
                     dense=nn.Linear(4 * 4 * c, 1))

    def draw(self):
        return {"real": self.real, "z": self.play.normal(self.batch, 128), "z_g": self.play.normal(self.batch, 128),
                "mix": self.play.uniform(self.batch, 1, 1, 1)}

    def penalty(self, mixed):
        _, slope = with_slope(self.networks["discriminator"], mixed, self.play)
        norm = slope.square().sum((1, 2, 3)).sqrt()
        return (norm - 1).square().mean()

    def step(self, real, z, z_g, mix):
        g, d = self.networks["generator"], self.networks["discriminator"]
        d.zero_grad()
        fake = self.play.cut(lambda: self.generate(z))
        gap = self.judge(fake).mean() - self.judge(real).mean()
        loss_d = gap + 10 * self.penalise(real + mix * (fake - real))
        back(loss_d, d)
        self.adam_d.step()
        g.zero_grad()
        with self.play.frozen(d):
            loss_g = -self.judge(self.generate(z_g)).mean()
            loss_g.backward()
        self.adam_g.step()
        return [loss_d.detach(), loss_g.detach()]


class Blocks:
    """3×3 layers alone: the gradient of E y² with respect to images and kernels."""

    def __init__(self, play, batch, side, channels, layers):
        self.play = play
        parts = {}
        for i in range(1, layers + 1):
            if i > 1:
                parts[f"leaky{i}"] = self.between()
            parts[f"conv{i}"] = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        net = play.place(drawn(chain(**parts), (2 / (9 * channels)) ** 0.5))
        self.networks = {"blocks": net}
        self.apply = play.compiled(net)
        self.x = play.image(play.normal(batch, channels, side, side))

    def between(self):
        return nn.LeakyReLU(0.2)

    def draw(self):
        return {"x": self.x}

    def step(self, x):
        self.networks["blocks"].zero_grad()
        loss = self.apply(x.detach().requires_grad_()).square().mean()
        loss.backward()
        return [loss.detach()]


class BlocksTwice(Blocks):
    """The gradient of E y² + E g² with respect to the kernels, g being the gradient of Σ y with respect to the images."""

    def __init__(self, play, *sizes):
        super().__init__(play, *sizes)
        self.loss = play.compiled(self.both)

    def between(self):
        return Activation(0.2, self.play)

    def both(self, x):
        y, slope = with_slope(self.networks["blocks"], x, self.play)
        return y.square().mean() + slope.square().mean()

    def step(self, x):
        self.networks["blocks"].zero_grad()
        loss = self.loss(x)
        back(loss, self.networks["blocks"])
        return [loss.detach()]


WORKS = {"dcgan": DCGAN, "anogan": AnoGAN, "search": Search, "toy": Toy, "wgan": WGAN, "blocks": Blocks, "blocks2": BlocksTwice}
