"""The peer of `ganbook bench` in JAX: see serve.py for how it is asked, jax_works.py for what it does.

usage: jax_peer.py WORK FLAGS [--check FILE]     FLAGS: "plain", or "cuda" on the first GPU

A step is one compiled call, which gives the memory of weights and moments back to the next. On a GPU products and
convolutions are in TF32, JAX's default there.
"""
import sys

try:
    import jax
except ImportError as e:
    sys.exit(f"jax_peer.py: {e}")
import jax.numpy as jnp

import serve
from jax_works import WORKS


def check(work, path):
    weights, steps = serve.numbers(path)
    state = work.start({name: jnp.array(values, jnp.float32).reshape(shape) for name, (shape, values) in weights.items()})
    losses = []
    for step in steps:
        inputs = {name: jnp.array(values, jnp.float32).reshape(shape) for name, (shape, values) in step.items()}
        state, loss = jax.jit(work.step)(state, inputs)
        losses.append([float(v) for v in loss])
    parameters = sum(w.size for network in work.weights.values() for w in jax.tree.leaves(network))
    serve.say(losses=losses, parameters=parameters)


class Player:
    """Steps of a work, one after another, each on latents of its own."""

    def __init__(self, work):
        self.work, self.key = work, jax.random.key(999)
        self.state = work.start(work.initial())
        self.call = jax.jit(self.one, donate_argnums=(0, 1))

    def one(self, state, key):
        key, use = jax.random.split(key)
        state, losses = self.work.step(state, self.work.draw(use))
        return state, key, losses

    def step(self):
        self.state, self.key, self.losses = self.call(self.state, self.key)

    def wait(self):
        jax.block_until_ready((self.state, self.losses))


def main():
    family, sizes, flags, path = serve.arguments()
    if family not in WORKS:
        return serve.say(ready=False, lacks=f"there is no work {family} in jax_peer.py, only {', '.join(WORKS)}")
    device = jax.devices("gpu" if "cuda" in flags else "cpu")[0]
    with jax.default_device(device):
        work = WORKS[family](*sizes)
        if path:
            return check(work, path)
        player = Player(work)
        about = {"version": f"jax {jax.__version__}"}
        if "cuda" in flags:
            about["device"] = device.device_kind
        serve.serve(player.step, player.wait, whole="cuda" in flags, **about)


if __name__ == "__main__":
    main()
