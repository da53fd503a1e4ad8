"""Counts the multiplications that PyTorch does, for the check of the peer."""
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class Multiplications(TorchDispatchMode):
    """Counts those of convolutions and products. PyTorch's own counter also follows modules, and fails where a gradient
    is taken of a gradient."""

    def __init__(self):
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        if function.overloadpacket in flop_registry:
            self.total += flop_registry[function.overloadpacket](*args, **(kwargs or {}), out_val=out) // 2
        return out
