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
)

// Prepare builds the kernel's programs unless they are in the cache already (about a minute) and returns the
// spec, without installing it: enough to run a notebook headless.
func Prepare(ctx context.Context, o Options) (Spec, error) {
	m, err := openModule(ctx, o)
	if err != nil {
		return Spec{}, err
	}
	return m.spec(), m.buildTools(ctx, o)
}

// Install prepares the kernel, compiles what cells import, so that the first cell need not wait for that, and
// writes kernel.json. The first time this takes one to two minutes, later about a second, and changes only what
// is out of date. A kernel of another checkout is replaced, since one kernel serves one checkout.
func Install(ctx context.Context, o Options) (Spec, error) {
	file, err := File(o)
	if err != nil {
		return Spec{}, err
	}
	m, err := openModule(ctx, o)
	if err != nil {
		return Spec{}, err
	}
	if err := m.buildTools(ctx, o); err != nil {
		return Spec{}, err
	}
	spec := m.spec()
	if err := m.warm(ctx, o, spec); err != nil {
		return Spec{}, err
	}
	if old, err := Read(file); err == nil && old.Env["GANBOOK_ROOT"] != spec.Env["GANBOOK_ROOT"] {
		o.logf("kernel: %s was for the checkout %s", file, old.Env["GANBOOK_ROOT"])
	}
	text, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return Spec{}, fmt.Errorf("kernelspec: %w", err)
	}
	if err := writeAtomically(file, append(text, '\n')); err != nil {
		return Spec{}, fmt.Errorf("kernelspec: cannot write %s: %w; choose another folder with JUPYTER_DATA_DIR or --prefix", file, err)
	}
	o.logf("kernel: %q is installed in %s", DisplayName, filepath.Dir(file))
	return spec, nil
}

// Check says what is missing or out of date in an installed kernel; nil when it is as Install would write it.
func Check(ctx context.Context, o Options) error {
	file, err := File(o)
	if err != nil {
		return err
	}
	have, err := Read(file)
	if err != nil {
		return err
	}
	m, err := openModule(ctx, o)
	if err != nil {
		return err
	}
	want := m.spec()
	var wrong []error
	for _, tool := range tools {
		path := filepath.Join(m.bin, tool.name)
		if info, err := os.Stat(path); err != nil || info.Mode()&0o111 == 0 {
			wrong = append(wrong, fmt.Errorf("%s is not built", path))
		}
	}
	if other := have.Env["GANBOOK_ROOT"]; other != m.root {
		wrong = append(wrong, fmt.Errorf("the kernel is for the checkout %s, not %s", other, m.root))
	} else if !slices.Equal(have.Argv, want.Argv) {
		wrong = append(wrong, fmt.Errorf("the kernel starts %q, want %q", have.Argv, want.Argv))
	} else if !maps.Equal(have.Env, want.Env) {
		wrong = append(wrong, fmt.Errorf("the kernel's environment is %v, want %v", have.Env, want.Env))
	}
	if len(wrong) > 0 {
		return fmt.Errorf("kernelspec: %s: %w; mend it with ./ganbook setup", file, errors.Join(wrong...))
	}
	return nil
}

// Uninstall removes the kernel of this checkout and the programs built for kernels. A kernel of another
// checkout is left alone and reported; nothing installed is no error.
func Uninstall(ctx context.Context, o Options) error {
	file, err := File(o)
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
	spec, err := Read(file)
	if errors.Is(err, os.ErrNotExist) {
		o.logf("kernel: nothing is installed at %s", file)
		return nil
	}
	if err == nil && spec.Env["GANBOOK_ROOT"] != root {
		return fmt.Errorf("kernelspec: %s is for the checkout %s: uninstall it from there", file, spec.Env["GANBOOK_ROOT"])
	}
	for _, dir := range []string{filepath.Dir(file), filepath.Join(cache, "kernel")} {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("kernelspec: %w", err)
		}
		o.logf("kernel: removed %s", dir)
	}
	return nil
}

// writeAtomically replaces a file so that a reader sees the old or the new text, never a part.
func writeAtomically(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails when the rename went well
	_, err = f.Write(text)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
