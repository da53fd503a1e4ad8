package main

import (
	"context"
	"os"
	"strings"

	"github.com/ganbook/ganbook/kernelext/jupyter"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
)

// checkPython looks for an interpreter that JupyterLab can be installed with; an installed one needs no other.
func checkPython(ctx context.Context) finding {
	p, err := jupyter.FindPython(ctx)
	if err == nil {
		return finding{Check: "python", State: stateOK, Detail: p.Path + ", Python " + p.Version + " with venv"}
	}
	text, remedy, found := strings.Cut(err.Error(), "\n")
	if !found {
		remedy = "unset GANBOOK_PYTHON, or let it name Python 3.10 or newer"
	}
	remedy = strings.Join(strings.Split(strings.ReplaceAll(remedy, "→ ", ""), "\n"), "; ")
	return finding{Check: "python", State: stateWarn, Detail: strings.TrimPrefix(text, "jupyter: "), Remedy: remedy}
}

// checkLab looks for the environment with JupyterLab.
func checkLab() finding {
	cache, err := kernelspec.CacheDir(kernelspec.Options{})
	if err != nil {
		return finding{Check: "jupyterlab", State: stateWarn, Detail: err.Error(), Remedy: "set GANBOOK_CACHE to a folder that you can write"}
	}
	e, err := jupyter.Open(cache)
	if err != nil {
		return finding{Check: "jupyterlab", State: stateWarn, Detail: "not installed in " + cache,
			Remedy: "for notebooks in a browser: " + program + " lab, which installs it, or " + program + " setup"}
	}
	return finding{Check: "jupyterlab", State: stateOK, Detail: e.Version("jupyterlab") + " in the environment " + e.Dir}
}

// checkKernel looks for the installed kernel and its parts.
func checkKernel(ctx context.Context) finding {
	if err := kernelspec.Check(ctx, kernelspec.Options{}); err != nil {
		detail, _, _ := strings.Cut(err.Error(), "\n")
		return finding{Check: "kernel", State: stateWarn, Detail: detail, Remedy: "for notebooks: " + program + " setup"}
	}
	file, err := kernelspec.File(kernelspec.Options{})
	if err != nil {
		return finding{Check: "kernel", State: stateWarn, Detail: err.Error(), Remedy: "set JUPYTER_DATA_DIR"}
	}
	f := finding{Check: "kernel", State: stateOK, Detail: kernelspec.DisplayName + " is up to date, " + file}
	spec, err := kernelspec.Read(file)
	if err != nil {
		return finding{Check: "kernel", State: stateWarn, Detail: err.Error(), Remedy: "for notebooks: " + program + " setup"}
	}
	if gopls := spec.Env["GANBOOK_GOPLS"]; gopls != "" {
		if _, err := os.Stat(gopls); err != nil {
			f.State, f.Detail = stateWarn, f.Detail+"; gopls is not built: completion knows names only, not types"
			f.Remedy = program + " setup, with a network"
		}
	}
	return f
}
