package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/cmd/ganbook/internal/work"
)

// peerVariant is one way to use a library.
type peerVariant struct {
	key, name, script, flags string
	env                      []string
	optional                 bool // needs a compiler, which is not on every machine: left out where it does not start
}

const bestFlags = "channels_last+frozen+fused+masked"

// torchVariants are PyTorch as a tutorial has it and at its best. How its threads wait for each other is decided by
// the environment; which is better depends on the work and the machine, so both are measured.
var torchVariants = map[string][]peerVariant{
	"cpu": {
		{key: "tutorial", name: "torch, tutorial", flags: "plain"},
		{key: "best", name: "torch, best flags", flags: bestFlags},
		{key: "passive", name: "torch, best flags, passive threads", flags: bestFlags, env: passiveThreads},
		{key: "compiled", name: "torch, compiled, passive threads", flags: bestFlags + "+compile", env: passiveThreads, optional: true},
	},
	"gpu": {
		{key: "best", name: "torch, best flags", flags: "cuda+tf32+" + bestFlags},
		{key: "compiled", name: "torch, compiled", flags: "cuda+tf32+" + bestFlags + "+compile", optional: true},
		{key: "graphs", name: "torch, compiled, CUDA graphs", flags: "cuda+tf32+" + bestFlags + "+compile+graphs", optional: true},
	},
}

var passiveThreads = []string{"OMP_WAIT_POLICY=PASSIVE", "GOMP_SPINCOUNT=0"}

// peer is a variant with the Python that has its library.
type peer struct {
	peerVariant
	python string
}

// peers are those asked for, each tried first: a Python without the library is found before anything is measured.
func (c *benchCmd) peers(ctx context.Context) (list []peer, err error) {
	if c.Peer != "" {
		if err := importable(ctx, "--peer", c.Peer, "torch", "torch==2.15.0"); err != nil {
			return nil, err
		}
		for _, v := range torchVariants[c.Suite] {
			if len(c.Variants) == 0 || slices.Contains(c.Variants, v.key) {
				v.script = "torch_peer.py"
				list = append(list, peer{v, c.Peer})
			}
		}
		if len(list) == 0 {
			return nil, usagef("--variants %s: the suite %s has none of them", strings.Join(c.Variants, ","), c.Suite)
		}
	}
	if c.Jax != "" {
		if err := importable(ctx, "--jax", c.Jax, "jax", "jax==0.10.2"); err != nil {
			return nil, err
		}
		flags := map[string]string{"cpu": "plain", "gpu": "cuda"}[c.Suite]
		list = append(list, peer{peerVariant{key: "jax", name: "JAX", script: "jax_peer.py", flags: flags}, c.Jax})
	}
	return list, nil
}

// importable refuses a Python that is not there or lacks a library, with what it says itself.
func importable(ctx context.Context, flag, python, library, version string) error {
	if _, err := exec.LookPath(python); err != nil {
		return usagef("%s %s: there is no such program: %v\n→ name the Python of an environment that has %s", flag, python, err, library)
	}
	said := &lastLine{}
	cmd := exec.CommandContext(ctx, python, "-c", "import "+library)
	cmd.Stderr = said
	if err := cmd.Run(); err != nil {
		return usagef("%s %s cannot import %s: %s\n→ python3 -m venv peer && peer/bin/pip install %s, then %s peer/bin/python", flag, python, library, said, version, flag)
	}
	return nil
}

// start starts the peer on a work.
func (p peer) start(ctx context.Context, root string, w work.Work) (*contender, error) {
	script := filepath.Join(root, "testdata", "peers", p.script)
	return startContender(ctx, p.name, p.env, p.python, script, w.String(), p.flags)
}
