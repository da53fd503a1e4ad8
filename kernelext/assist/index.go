package assist

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// index knows the packages that cells can import: those of the checkout and of Go at once, those of other modules when
// the go command has listed them. It implements cells.Packages.
type index struct {
	o       Options
	scanned chan struct{} // closed when the folders are known

	mu      sync.Mutex
	dirs    map[string]string   // folder by import path
	names   map[string][]string // import paths by package name, the likeliest first
	goroot  string
	module  string             // of the checkout
	sources map[string]*source // by import path
}

func newIndex(ctx context.Context, o Options, tasks *sync.WaitGroup) *index {
	x := &index{o: o, scanned: make(chan struct{}), dirs: map[string]string{}, names: map[string][]string{}, sources: map[string]*source{}}
	tasks.Go(func() {
		x.scan()
		close(x.scanned)
		x.list(ctx)
	})
	return x
}

// wait returns when the folders are known, which takes some hundredths of a second.
func (x *index) wait() { <-x.scanned }

// scan walks the checkout and Go's own packages.
func (x *index) scan() {
	var err error
	if x.module, err = modulePath(x.o.Root); err == nil {
		x.walk(x.o.Root, x.module)
	} else {
		x.o.logf("assist: %v", err)
	}
	if command, err := lookPath("go", x.o.Env); err == nil {
		if real, err := filepath.EvalSymlinks(command); err == nil {
			command = real
		}
		x.goroot = filepath.Dir(filepath.Dir(command))
		x.walk(filepath.Join(x.goroot, "src"), "")
	} else {
		x.o.logf("assist: %v", err)
	}
}

func modulePath(root string) (string, error) {
	file := filepath.Join(root, "go.mod")
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if module, ok := strings.CutPrefix(line, "module "); ok {
			return strings.Trim(strings.TrimSpace(module), `"`), nil
		}
	}
	return "", errors.New(file + " names no module")
}

// walk adds the folders with Go files below a folder.
func (x *index) walk(root, prefix string) {
	filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be read is not offered
		}
		name := d.Name()
		if d.IsDir() {
			hidden := file != root && (name[0] == '.' || name[0] == '_')
			if hidden || name == "testdata" || name == "node_modules" || unimportable[name] {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			if rel, err := filepath.Rel(root, filepath.Dir(file)); err == nil {
				x.add(path.Join(prefix, filepath.ToSlash(rel)), filepath.Dir(file), "")
			}
		}
		return nil
	})
}

// Folders whose packages a cell cannot import.
var unimportable = map[string]bool{"internal": true, "vendor": true, "cmd": true}

// forCells reports whether a package may be offered: what lies below kernelext are the kernel's own parts.
func (x *index) forCells(importPath string) bool {
	parts := strings.Split(importPath, "/")
	return !slices.ContainsFunc(parts, func(p string) bool { return unimportable[p] }) && !strings.HasPrefix(importPath, x.module+"/kernelext/")
}

var version = regexp.MustCompile(`^v[0-9]+$`)

// add adds a package. Of several with one name the nearest tree is likeliest, in it the shortest path.
func (x *index) add(importPath, dir, name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, known := x.dirs[importPath]; known || importPath == "." || !x.forCells(importPath) {
		return
	}
	x.dirs[importPath] = dir
	if name == "" {
		if name = path.Base(importPath); version.MatchString(name) {
			name = path.Base(path.Dir(importPath))
		}
	}
	paths := append(x.names[name], importPath)
	slices.SortStableFunc(paths, func(a, b string) int {
		if d := x.distance(a) - x.distance(b); d != 0 {
			return d
		}
		return len(a) - len(b)
	})
	x.names[name] = paths
}

// distance orders trees: the checkout, Go, other modules.
func (x *index) distance(importPath string) int {
	switch dir := x.dirs[importPath]; {
	case strings.HasPrefix(dir, x.o.Root+string(filepath.Separator)):
		return 0
	case x.goroot != "" && strings.HasPrefix(dir, x.goroot):
		return 1
	}
	return 2
}

// list adds the packages of other modules that the checkout uses.
func (x *index) list(ctx context.Context) {
	command, err := lookPath("go", x.o.Env)
	if err != nil {
		return
	}
	cmd := exec.CommandContext(ctx, command, "list", "-e", "-deps", "-f", "{{.ImportPath}}\t{{.Dir}}\t{{.Name}}", "./...")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // by this the kernel knows it from what a cell left behind
	cmd.Dir, cmd.Env, cmd.WaitDelay = x.o.Root, append(slices.Clone(x.o.Env), "GOWORK=off"), time.Second
	out, err := cmd.Output()
	if err != nil {
		if ctx.Err() == nil {
			x.o.logf("assist: go list in %s: %v", x.o.Root, err)
		}
		return
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) != 3 || f[1] == "" || f[2] == "main" {
			continue
		}
		x.add(f[0], f[1], f[2])
	}
}

// ready says whether the folders are known.
func (x *index) ready() bool {
	select {
	case <-x.scanned:
		return true
	default:
		return false
	}
}

// Import returns the import path that a package name most likely means, "" as long as the folders are not known.
func (x *index) Import(name string) string {
	if !x.ready() {
		return ""
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if paths := x.names[name]; len(paths) > 0 {
		return paths[0]
	}
	return ""
}

// Results counts the results of a function, if they are known.
func (x *index) Results(importPath, function string) (count int, known bool) {
	if !x.ready() {
		return 0, false
	}
	for _, s := range x.source(importPath).symbols {
		if s.name == function && s.kind == kindFunction {
			return s.results, true
		}
	}
	return 0, false
}

// packages are all names and paths of packages.
func (x *index) packages() (names, paths []string) {
	x.wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	for n := range x.names {
		names = append(names, n)
	}
	for p := range x.dirs {
		paths = append(paths, p)
	}
	slices.Sort(names)
	slices.Sort(paths)
	return names, paths
}

// lookPath finds a program in the PATH of an environment.
func lookPath(program string, env []string) (string, error) {
	if env == nil {
		return exec.LookPath(program)
	}
	for _, kv := range slices.Backward(env) {
		dirs, ok := strings.CutPrefix(kv, "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(dirs) {
			if file, err := exec.LookPath(filepath.Join(dir, program)); err == nil && filepath.IsAbs(file) {
				return file, nil
			}
		}
		break
	}
	return "", errors.New("there is no " + program + " in the kernel's PATH")
}
