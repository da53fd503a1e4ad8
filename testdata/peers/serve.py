"""What all peers of `ganbook bench` have in common: how they are asked for rounds, and how they are checked.

A peer does its first steps, prints one line of JSON that says it is ready, and then answers every line with the number
of steps it reads with one line of JSON: the seconds of each step, the processor's seconds a step, the peak of memory.
So its rounds alternate with another program's. One that has no such work prints a line with ready false and lacks, the
reason, and ends; whatever else keeps it from being ready is an error. With --check FILE it takes weights and inputs from the file instead,
does one step with each of them, prints the losses, and ends.
"""
import base64
import json
import resource
import struct
import sys
import time

WARM_UP = 2  # steps after the first


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_mb():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


def say(**what):
    print(json.dumps(what), flush=True)


def serve(step, wait, whole, **about):
    """Answers rounds. step() does a step; wait() returns when all that was begun has ended; whole rounds are timed at
    once, not step by step, because waiting for a GPU after every step would be part of what is measured."""
    began = time.perf_counter()
    step()
    wait()
    first = time.perf_counter() - began
    for _ in range(WARM_UP):
        step()
    wait()
    say(ready=True, first_s=first, **about)
    for line in sys.stdin:
        steps, wall, cpu = int(line), [], cpu_seconds()
        round_began = time.perf_counter()
        for _ in range(steps):
            began = time.perf_counter()
            step()
            if not whole:
                wait()
                wall.append(time.perf_counter() - began)
        if whole:
            wait()
            wall = [(time.perf_counter() - round_began) / steps]
        say(wall=wall, cpu=(cpu_seconds() - cpu) / steps, peak_mb=peak_mb(), steps=steps)


def numbers(path):
    """Reads a file of weights {name: (shape, floats)} and of the inputs of each step, a list of the same."""
    def decode(tensor):
        raw = base64.b64decode(tensor["data"])
        return tensor["shape"], list(struct.unpack(f"<{len(raw) // 4}f", raw))
    with open(path) as f:
        file = json.load(f)
    return ({name: decode(t) for name, t in file["weights"].items()},
            [{name: decode(t) for name, t in step.items()} for step in file["steps"]])


def arguments():
    """Returns the work's family and numbers, the flags, and the file to be checked against or None."""
    args = sys.argv[1:]
    check = args[3] if len(args) == 4 and args[2] == "--check" else None
    if len(args) != 2 and not check:
        sys.exit(f"usage: {sys.argv[0]} WORK FLAGS [--check FILE]; WORK as in ganbook bench, FLAGS joined by +")
    family, *sizes = args[0].split(":")
    return family, [int(n) for n in sizes], set(args[1].split("+")), check
