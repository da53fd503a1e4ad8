package kernelext

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"unicode"
)

// Source shows the source of a function of a library, with its comment: the code that is taught is then the code that runs.
//
//	kernelext.Source(loss.NonSaturating)
//	kernelext.Source((*train.Trainer).Run)
//
// It panics, so that the cell fails, when fn is no function or its source is not on this machine. A closure is shown as
// the function that it was made in.
func Source(fn any) {
	text, err := source(fn)
	Markdown("```go\n"+text+"\n```", err)
}

func source(fn any) (string, error) {
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Func || v.IsNil() {
		return "", fmt.Errorf("source: a %T is no function", fn)
	}
	f := runtime.FuncForPC(v.Pointer())
	if f == nil {
		return "", errors.New("source: the program does not know this function")
	}
	file, line := f.FileLine(f.Entry())
	path, err := onDisk(file)
	if err != nil {
		return "", fmt.Errorf("source of %s: %w", f.Name(), err)
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", fmt.Errorf("source of %s: %w", f.Name(), err)
	}
	for _, d := range parsed.Decls {
		declared, ok := d.(*ast.FuncDecl)
		if ok && files.Position(declared.Pos()).Line <= line && line <= files.Position(declared.End()).Line {
			return written(files, path, declared)
		}
	}
	return "", fmt.Errorf("source of %s: there is no function at %s:%d; build the program anew", f.Name(), path, line)
}

// written is a declaration as its file has it, comment included.
func written(files *token.FileSet, path string, d *ast.FuncDecl) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	start := d.Pos()
	if d.Doc != nil {
		start = d.Doc.Pos()
	}
	from, to := files.Position(start).Offset, files.Position(d.End()).Offset
	if to > len(content) {
		return "", fmt.Errorf("%s has changed while it was read", path)
	}
	return string(content[from:to]), nil
}

// onDisk finds a file by the name that the compiler recorded. A program built with -trimpath has "module@version/file.go"
// instead of a path, "module/file.go" for the module being worked on, and "fmt/print.go" for the standard library.
func onDisk(recorded string) (string, error) {
	if filepath.IsAbs(recorded) {
		return recorded, nil
	}
	candidates := []string{filepath.Join(build.Default.GOROOT, "src", recorded)}
	if root := os.Getenv("GANBOOK_ROOT"); root != "" {
		if below, ok := strings.CutPrefix(recorded, module()+"/"); ok {
			candidates = append(candidates, filepath.Join(root, below))
		}
	}
	cache := cmp.Or(os.Getenv("GOMODCACHE"), filepath.Join(build.Default.GOPATH, "pkg", "mod"))
	candidates = append(candidates, filepath.Join(cache, escaped(recorded)))
	for _, c := range candidates {
		if _, err := os.Stat(c); err == nil {
			return c, nil
		}
	}
	return "", fmt.Errorf("%s is in none of %s", recorded, strings.Join(candidates, ", "))
}

// module is the module that this package belongs to.
func module() string { return strings.TrimSuffix(reflect.TypeFor[Panel]().PkgPath(), "/kernelext") }

// escaped writes capitals as the module cache does: "!a" for "A", up to the version.
func escaped(file string) string {
	name, rest, versioned := strings.Cut(file, "@")
	if !versioned {
		return file
	}
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String() + "@" + rest
}
