package main

import (
	"github.com/ganbook/ganbook/kernelext/kernelspec"
)

// setupCmd installs the kernel of this checkout.
type setupCmd struct {
	Prefix    string `help:"A virtual environment to install into, instead of the user's own folder." placeholder:"DIR"`
	Uninstall bool   `help:"Remove the kernel of this checkout and what was built for it."`
}

func (c *setupCmd) Run(a *app) error {
	o := kernelspec.Options{Prefix: c.Prefix, Log: a.out}
	if c.Uninstall {
		return kernelspec.Uninstall(a.ctx, o)
	}
	_, err := kernelspec.Install(a.ctx, o)
	return err
}
