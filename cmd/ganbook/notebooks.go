package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/kernelext/jupyter"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
)

// notebooks is what a checkout needs to show notebooks: the kernel, and JupyterLab unless kernelOnly.
type notebooks struct {
	cache, root string
	kernel      kernelspec.Options
	kernelOnly  bool
	log         *console
}

func openNotebooks(prefix string, kernelOnly bool, log io.Writer) (*notebooks, error) {
	n := &notebooks{kernelOnly: kernelOnly, log: newConsole(log)}
	if c, ok := log.(*console); ok {
		n.log = c
	}
	if prefix != "" {
		var err error
		if prefix, err = filepath.Abs(prefix); err != nil {
			return nil, err
		}
	}
	var err error
	if n.root, err = kernelspec.Root(kernelspec.Options{}); err != nil {
		return nil, err
	}
	if n.cache, err = kernelspec.CacheDir(kernelspec.Options{}); err != nil {
		return nil, err
	}
	n.kernel = kernelspec.Options{Root: n.root, Cache: n.cache, Prefix: prefix, Log: n.log}
	return n, nil
}

// missing lists what is missing or out of date; install mends it.
func (n *notebooks) missing(ctx context.Context) (found []error) {
	var also []string
	if !n.kernelOnly {
		e, err := jupyter.Open(n.cache)
		if err != nil {
			found = append(found, err)
		} else {
			also = append(also, e.DataDir())
		}
	}
	if err := kernelspec.Check(ctx, n.kernel, also...); err != nil {
		found = append(found, err)
	}
	if !n.kernelOnly {
		found = append(found, n.missingXLA(ctx)...)
	}
	return found
}

// labKernel is the kernel of the JupyterLab of this checkout, whichever checkout the user's own kernel is for.
func (n *notebooks) labKernel() kernelspec.Options {
	return kernelspec.Options{Root: n.root, Cache: n.cache, DataDir: jupyter.ServerDataDir(n.cache, n.root)}
}

// printCheck says what is there and what is not.
func (n *notebooks) printCheck(ctx context.Context) error {
	missing := n.missing(ctx)
	if len(missing) > 0 {
		return fmt.Errorf("setup: %w", errors.Join(missing...))
	}
	file, err := kernelspec.File(n.kernel)
	if err != nil {
		return err
	}
	n.log.Line("ok    kernel      %s", file)
	if e, err := jupyter.Open(n.cache); err == nil && !n.kernelOnly {
		n.log.Line("ok    jupyterlab  %s, %s", e.Version("jupyterlab"), e.Dir)
		return n.printXLA()
	}
	return nil
}

// install is setup: what notebooks need, and what an earlier setup installed for XLA, brought up to date.
func (n *notebooks) install(ctx context.Context) error {
	if err := n.installBase(ctx); err != nil || n.kernelOnly {
		return err
	}
	if list, record := n.recorded(); len(list) > 0 {
		return n.installXLA(ctx, list, record)
	}
	return nil
}

// installBase installs the kernel and JupyterLab side by side: one keeps the processor busy, the other the network. It ends with the proof.
func (n *notebooks) installBase(ctx context.Context) error {
	n.log.Line("setup: the kernel %q%s; 3 to 5 minutes the first time, seconds later; only the first time needs the network",
		kernelspec.DisplayName, map[bool]string{false: " and JupyterLab"}[n.kernelOnly])
	if _, err := jupyter.Open(n.cache); err != nil && !n.kernelOnly {
		if _, err := jupyter.FindPython(ctx); err != nil { // said now, not after minutes of compiling
			return err
		}
	}
	type lab struct {
		env *jupyter.Environment
		err error
	}
	labs := make(chan lab, 1)
	go func() {
		if n.kernelOnly {
			labs <- lab{}
			return
		}
		env, err := jupyter.Build(ctx, jupyter.Options{Cache: n.cache, Log: n.log})
		labs <- lab{env, err}
	}()
	spec, err := kernelspec.Install(ctx, n.kernel)
	made := <-labs
	if err != nil || made.err != nil {
		return errors.Join(err, made.err)
	}
	if made.env != nil {
		inEnvironment := kernelspec.Options{DataDir: made.env.DataDir(), Log: n.log}
		if err := errors.Join(kernelspec.Save(spec, inEnvironment), kernelspec.Save(spec, n.labKernel())); err != nil {
			return err
		}
	}
	return n.prove(ctx, n.kernel, proofCells)
}

// uninstall removes what install made, and says what stays.
func (n *notebooks) uninstall(ctx context.Context) error {
	if !n.kernelOnly { // first, because it refuses while JupyterLab runs, whose kernels would then be gone
		if err := jupyter.Remove(ctx, jupyter.Options{Cache: n.cache, Log: n.log}); err != nil {
			return err
		}
	}
	if err := kernelspec.Uninstall(ctx, n.kernel); err != nil {
		return err
	}
	if !n.kernelOnly { // the plug-ins went with JupyterLab
		if err := backend.Save(n.cache, backend.Installation{}); err != nil {
			return err
		}
	}
	n.log.Line("your runs and notebooks stay, and so does the rest of %s: images and the program ganbook", n.cache)
	return nil
}
