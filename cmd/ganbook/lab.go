package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/kernelext/jupyter"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/nbrun"
)

// labCmd opens notebooks in the browser.
type labCmd struct {
	Notebook  string `arg:"" optional:"" help:"The notebook to open; default: notebooks/01-dcgan.ipynb." placeholder:"FILE"`
	Port      int    `help:"The first port to try; when it is taken, the next." default:"8888" placeholder:"N"`
	NoBrowser bool   `help:"Print the address only."`
}

// firstNotebook is what lab opens unless told otherwise, in the checkout.
const firstNotebook = "notebooks/01-dcgan.ipynb"

func (c *labCmd) Run(a *app) error {
	if c.Port < 1 || c.Port > 65535 {
		return usagef("--port %d: a port is a number from 1 to 65535", c.Port)
	}
	n, err := openNotebooks("", false, a.out)
	if err != nil {
		return err
	}
	folder, notebook, err := c.place(n.root)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(a.ctx, syscall.SIGHUP) // a closed terminal ends the server, too
	defer stop()
	env, err := n.ready(ctx)
	if err != nil {
		return err
	}
	o := jupyter.ServerOptions{Cache: n.cache, DataDir: n.labKernel().DataDir, Root: folder, Notebook: notebook,
		Port: c.Port, NoBrowser: c.NoBrowser, Log: a.err}
	if file := filepath.Join(folder, notebook); folder == n.root && notebook != "" && nbrun.Check(file) == nil {
		// It comes with the checkout, and its outputs run no script and load nothing: they are shown whole.
		if err := env.Trust(ctx, o, file); err != nil {
			n.log.Line("lab: %v", err)
		}
	}
	server, err := env.Serve(ctx, o)
	if err != nil {
		return err
	}
	if server.Port != c.Port {
		n.log.Line("lab: port %d is taken, so it is port %d", c.Port, server.Port)
	}
	n.log.Line("JupyterLab shows %s; Ctrl-C ends it and its kernels, but no training that was detached. Open in a browser on this machine:\n\n    %s\n", folder, server.URL)
	select {
	case <-server.Done():
		return server.Err()
	case <-ctx.Done():
	}
	n.log.Line("lab: ending JupyterLab and its kernels")
	return server.Close() // being told to end is how this ends
}

// place returns the folder that JupyterLab shows and the notebook in it: the checkout, or the folder of a notebook elsewhere.
func (c *labCmd) place(root string) (folder, notebook string, err error) {
	file := filepath.Join(root, filepath.FromSlash(firstNotebook))
	if c.Notebook != "" {
		if file, err = filepath.Abs(c.Notebook); err != nil {
			return "", "", err
		}
		if file, err = filepath.EvalSymlinks(file); err != nil {
			return "", "", usagef("lab: %v", err)
		}
	}
	info, err := os.Stat(file)
	switch {
	case err != nil && c.Notebook == "": // a checkout without it
		return root, "", nil
	case err != nil:
		return "", "", usagef("lab: %v", err)
	case info.IsDir():
		return file, "", nil
	}
	if inside, err := filepath.Rel(root, file); err == nil && filepath.IsLocal(inside) {
		return root, inside, nil
	}
	return filepath.Dir(file), filepath.Base(file), nil
}

// ready makes sure that JupyterLab and the kernel of this checkout are there and up to date, and returns the environment.
func (n *notebooks) ready(ctx context.Context) (*jupyter.Environment, error) {
	env, err := jupyter.Open(n.cache)
	if err == nil {
		err = kernelspec.Check(ctx, n.labKernel())
	}
	if record := backend.Recorded(n.cache); err == nil && record.Environment != "" {
		kernel := n.labKernel()
		kernel.XLA = env.Dir
		err = kernelspec.Check(ctx, kernel)
	}
	if err == nil {
		return env, nil
	}
	why, _, _ := strings.Cut(err.Error(), "\n")
	n.log.Line("lab: %s", why)
	if err := n.install(ctx); err != nil {
		return nil, err
	}
	return jupyter.Open(n.cache)
}
