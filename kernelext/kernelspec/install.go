package kernelspec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Prepare builds the kernel's programs unless they are in the cache already (about a minute) and returns the spec, without
// installing it: enough to run a notebook headless. It leaves gopls out, because nobody completes code there.
func Prepare(ctx context.Context, o Options) (Spec, error) {
	m, err := openModule(ctx, o)
	if err != nil {
		return Spec{}, err
	}
	return m.spec(), m.buildPrograms(ctx, o)
}

// buildPrograms builds what a kernel needs to run. The lock is taken only when there is something to do, or something old to remove.
func (m *checkout) buildPrograms(ctx context.Context, o Options) error {
	if err := m.fetchModules(ctx); err != nil {
		return err
	}
	if m.toolsBuilt() && (m.proxy == "" || isFile(m.proxy)) {
		return nil
	}
	return m.locked(ctx, o, func() error {
		if err := m.buildTools(ctx, o); err != nil {
			return err
		}
		return m.buildProxy(ctx, o)
	})
}

// Install prepares the kernel, compiles what cells import, so that the first cell need not wait for that, writes kernel.json
// and builds gopls. The first time this takes two to four minutes, later about a second, and changes only what is out of date. Without a
// network it goes on without gopls. A kernel of another checkout is replaced, since one kernel serves one checkout.
func Install(ctx context.Context, o Options) (Spec, error) {
	if _, err := File(o); err != nil {
		return Spec{}, err
	}
	m, err := openModule(ctx, o)
	if err != nil {
		return Spec{}, err
	}
	spec := m.interactive()
	return spec, m.locked(ctx, o, func() error {
		if err := m.buildTools(ctx, o); err != nil {
			return err
		}
		if err := m.buildProxy(ctx, o); err != nil {
			return err
		}
		if err := m.warm(ctx, o, spec); err != nil {
			return err
		}
		if err := Save(spec, o); err != nil {
			return err
		}
		return m.tryGopls(ctx, o) // last: the kernel works without
	})
}

// goplsTimeout is how long setup waits for gopls, mostly for its modules on a slow network.
const goplsTimeout = 5 * time.Minute

// tryGopls builds gopls, or says why not and goes on; only the end of ctx is an error.
func (m *checkout) tryGopls(ctx context.Context, o Options) error {
	limited, cancel := context.WithTimeoutCause(ctx, goplsTimeout, fmt.Errorf("not done after %v", goplsTimeout))
	defer cancel()
	err := m.buildGopls(limited, o)
	if err == nil || ctx.Err() != nil {
		return err
	}
	o.logf("kernel: %s\nkernel: going on without gopls: completion knows names only, not types; mend this and run setup again",
		strings.ReplaceAll(err.Error(), "\n", "\nkernel: "))
	return nil
}

// Save writes a kernel that Install returned into the folder of the options, for example that of a virtual environment.
func Save(spec Spec, o Options) error {
	file, err := File(o)
	if err != nil {
		return err
	}
	if old, err := Read(file); err == nil && old.Env["GANBOOK_ROOT"] != spec.Env["GANBOOK_ROOT"] {
		o.logf("kernel: %s was for the checkout %s", file, old.Env["GANBOOK_ROOT"])
	}
	text, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return fmt.Errorf("kernelspec: %w", err)
	}
	if err = os.MkdirAll(filepath.Dir(file), 0o755); err == nil {
		err = runlog.WriteFile(file, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("kernelspec: cannot write %s: %w; choose another folder with JUPYTER_DATA_DIR or --prefix", file, err)
	}
	o.logf("kernel: %q is installed in %s", spec.DisplayName, filepath.Dir(file))
	return nil
}

// Check says what is missing or out of date in an installed kernel; nil when it is as Install would write it, there and in the data
// folders also named. A missing gopls is no error: the kernel does without.
func Check(ctx context.Context, o Options, also ...string) error {
	file, err := File(o)
	if err != nil {
		return err
	}
	if _, err := Read(file); err != nil {
		return err
	}
	m, err := openModule(ctx, o)
	if err != nil {
		return err
	}
	var wrong []error
	programs := []string{m.gonb(), filepath.Join(m.bin, "goimports")}
	if m.proxy != "" {
		programs = append(programs, m.proxy)
	}
	for _, program := range programs {
		if info, err := os.Stat(program); err != nil || info.Mode()&0o111 == 0 {
			wrong = append(wrong, fmt.Errorf("%s is not built", program))
		}
	}
	files := []string{file}
	for _, dir := range also {
		files = append(files, inData(dir, o.name()))
	}
	for _, f := range files {
		wrong = append(wrong, m.compare(f)...)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("kernelspec: %w; mend it with ./ganbook setup", errors.Join(wrong...))
	}
	return nil
}

// compare says how a kernel.json differs from what Install would write.
func (m *checkout) compare(file string) []error {
	have, err := Read(file)
	if err != nil {
		return []error{err}
	}
	want := m.interactive()
	switch other := have.Env["GANBOOK_ROOT"]; {
	case other != m.root:
		return []error{fmt.Errorf("%s: the kernel is for the checkout %s, not %s", file, other, m.root)}
	case !slices.Equal(have.Argv, want.Argv):
		return []error{fmt.Errorf("%s: the kernel starts %q, want %q", file, have.Argv, want.Argv)}
	case !maps.Equal(have.Env, want.Env):
		var names []error
		for _, name := range slices.Sorted(maps.Keys(want.Env)) {
			if have.Env[name] != want.Env[name] {
				names = append(names, fmt.Errorf("%s: the kernel's %s is %q, want %q", file, name, have.Env[name], want.Env[name]))
			}
		}
		for _, name := range slices.Sorted(maps.Keys(have.Env)) {
			if _, ok := want.Env[name]; !ok {
				names = append(names, fmt.Errorf("%s: the kernel's environment sets %s", file, name))
			}
		}
		return names
	}
	return nil
}

// Uninstall removes the kernels of this checkout, the one with XLA, too, and the programs built for kernels. A kernel of another
// checkout is left alone and reported; nothing installed is no error.
func Uninstall(ctx context.Context, o Options) error {
	dir, err := dataDir(o)
	if err != nil {
		return err
	}
	root, err := findRoot(o)
	if err != nil {
		return err
	}
	cache, err := CacheDir(o)
	if err != nil {
		return err
	}
	files := []string{inData(dir, Name), inData(dir, XLAName)}
	for _, file := range files {
		spec, err := Read(file)
		if err == nil && spec.Env["GANBOOK_ROOT"] != root {
			return fmt.Errorf("kernelspec: %s is for the checkout %s: uninstall it from there", file, spec.Env["GANBOOK_ROOT"])
		}
	}
	for i, file := range files {
		if _, err := os.Lstat(filepath.Dir(file)); err != nil && i > 0 { // few have the second one
			continue
		}
		if err := remove(filepath.Dir(file), o); err != nil {
			return err
		}
	}
	return removePrograms(ctx, filepath.Join(cache, "kernel"), o)
}

// removePrograms removes what setups built, when none of them builds. The lock stays: another setup may wait for it.
func removePrograms(ctx context.Context, dir string, o Options) error {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 || len(entries) == 1 && entries[0].Name() == lockName {
		o.logf("kernel: nothing is installed at %s", dir)
		return nil
	}
	held, err := lock(ctx, dir, o)
	if err != nil {
		return err
	}
	defer held.Release()
	for _, e := range entries {
		if e.Name() == lockName {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return explain(fmt.Errorf("kernelspec: %w", err))
		}
	}
	o.logf("kernel: removed the programs in %s", dir)
	return nil
}

func remove(dir string, o Options) error {
	if _, err := os.Lstat(dir); errors.Is(err, os.ErrNotExist) {
		o.logf("kernel: nothing is installed at %s", dir)
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return explain(fmt.Errorf("kernelspec: %w", err))
	}
	o.logf("kernel: removed %s", dir)
	return nil
}
