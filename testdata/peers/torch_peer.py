"""The peer of `ganbook bench` in PyTorch: see serve.py for how it is asked, torch_works.py for what it does.

usage: torch_peer.py WORK FLAGS [--check FILE]

FLAGS joined by "+":
    plain          nothing special: the nets as a tutorial writes them
    channels_last  images in memory as ganbook has them, for which the convolutions of most processors are made
    frozen         spare gradients that a step leaves in a network it does not update, and a graph that nobody goes back
    fused          the fused Adam
    masked         activations under a gradient penalty as products with a constant mask, and a mean of pixels of
                   our own; PyTorch's send zeros back through the whole forward pass when differentiated twice
    compile        torch.compile of networks and losses
    cuda           on the first GPU
    tf32           matrix products and convolutions on the GPU in TF32
    graphs         the whole step as one CUDA graph
"""
import sys

try:
    import torch
except ImportError as e:
    sys.exit(f"torch_peer.py: {e}")

import serve
from torch_works import WORKS, Play


def load(network, scope, weights):
    """Puts weights in place; ours are W[n, kh, kw, c] for convolutions of both kinds and [in, out] for dense layers."""
    names = {"weight": {2: "w", 4: "w", 1: "gamma"}, "bias": {}}
    for path, parameter in network.named_parameters():
        layer, kind = path.rsplit(".", 1)
        if kind == "bias":
            ours = "beta" if f"{scope}/{layer}/beta" in weights else "b"
        else:
            ours = names[kind][parameter.dim()]
        shape, values = weights.pop(f"{scope}/{layer}/{ours}")
        value = torch.tensor(values).reshape(shape)
        if value.dim() == 4:
            value = value.permute(0, 3, 1, 2)
        elif value.dim() == 2:
            value = value.t()
        with torch.no_grad():
            parameter.copy_(value)
    averages = {"running_mean": "moving_mean", "running_var": "moving_variance"}
    for path, buffer in network.named_buffers():
        layer, kind = path.rsplit(".", 1)
        ours = f"{scope}/{layer}/{averages.get(kind)}"
        if ours in weights:  # only where a work uses them
            buffer.copy_(torch.tensor(weights.pop(ours)[1]))


def check(work, path):
    from torch_count import Multiplications  # a measurement must not load what it needs
    weights, steps = serve.numbers(path)
    for scope, network in work.networks.items():
        load(network, scope, weights)
    if weights:
        sys.exit(f"torch_peer.py: these weights have no place in the net: {', '.join(weights)}")
    losses = []
    for step in steps:
        inputs = {name: torch.tensor(values).reshape(shape) for name, (shape, values) in step.items()}
        for name in ("real", "x"):
            if name in inputs and inputs[name].dim() == 4:
                inputs[name] = work.play.image(inputs[name].permute(0, 3, 1, 2))
        with Multiplications() as counter:
            losses.append([float(loss) for loss in work.step(**inputs)])
    counted = "frozen" in work.play.flags and "masked" in work.play.flags  # else some of them are done in vain
    serve.say(losses=losses, multiplications=counter.total if counted else 0,
              parameters=sum(p.numel() for network in work.networks.values() for p in network.parameters()))


def on_graph(work):
    """Captures a step as a CUDA graph: no kernel is launched by Python any more."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):  # allocations and the optimisers' state must be there before the capture
            work.step(**work.draw())
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work.step(**work.draw())
    return graph.replay


def main():
    family, sizes, flags, path = serve.arguments()
    torch.manual_seed(999)
    play = Play(flags)
    work = WORKS[family](play, *sizes)
    if path:
        return check(work, path)
    step = on_graph(work) if "graphs" in flags else lambda: work.step(**work.draw())
    about = {"version": f"torch {torch.__version__}", "threads": torch.get_num_threads()}
    if play.gpu:
        about["device"] = torch.cuda.get_device_name()
    serve.serve(step, play.wait, whole=play.gpu, **about)


if __name__ == "__main__":
    main()
