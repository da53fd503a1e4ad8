package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/ganbook/ganbook"

// rule says what the packages matching a pattern may import besides the standard library. Patterns name
// a package or, with /..., a tree; those of ours are relative to the module.
type rule struct {
	packages string
	ours     []string
	outside  []string
}

const (
	gomlx   = "github.com/gomlx/gomlx/..."
	compute = "github.com/gomlx/compute/..."
	goxla   = "github.com/gomlx/go-xla/..."
	ximage  = "golang.org/x/image/..."
	xsys    = "golang.org/x/sys/..." // files mapped into memory, locks
	gonum   = "gonum.org/v1/gonum/..."
	gonb    = "github.com/janpfeifer/gonb/..."
	zmq     = "github.com/go-zeromq/zmq4/..."
	seeds   = "ganlib/seed"   // a leaf: how one master seed is split
	vectors = "ganlib/vector" // a leaf: registers
)

// rules is the table "who may import whom"; the first line that matches a package holds. Data flows one way:
// data, model, train, runlog, plots, notebook.
var rules = []rule{
	{"ganlib/seed", nil, nil},
	{"ganlib/vector", nil, nil},
	{"ganlib/frozen", nil, nil}, // a leaf: numbers in, numbers out
	// What batch norm does (nn.Mode) is part of the vocabulary, so nn lies below the root and below train.
	{"ganlib", []string{seeds, "ganlib/nn"}, []string{gomlx, compute}},
	{"ganlib/backend/...", []string{"ganlib/backend/..."}, []string{gomlx, compute, goxla}},
	{"ganlib/nn/...", []string{seeds, "ganlib/backend", "ganlib/nn/..."}, []string{gomlx, compute}},
	{"ganlib/loss/...", nil, []string{gomlx, compute}},
	{"ganlib/data/...", []string{seeds, vectors, "ganlib/data/..."}, []string{gomlx, compute, ximage, xsys}},
	{"ganlib/runlog/...", []string{vectors}, []string{xsys}},
	{"ganlib/health", []string{"ganlib/runlog"}, nil},
	{"ganlib/eval/...", []string{vectors, "ganlib/eval/..."}, []string{gonum}},
	{"ganlib/protocol", []string{seeds, "ganlib/data", "ganlib/eval", "ganlib/runlog"}, nil},
	{"ganlib/train/...", []string{seeds, "ganlib", "ganlib/nn", "ganlib/data", "ganlib/runlog", "ganlib/health", "ganlib/train/..."}, []string{gomlx, compute}},
	{"ganlib/features", []string{seeds, "ganlib", "ganlib/nn", "ganlib/data", "ganlib/runlog", "ganlib/eval"}, []string{gomlx, compute}},
	{"ganlib/gantest/...", []string{"ganlib/..."}, []string{gomlx, compute, goxla, ximage, gonum}},
	{"ganlib/experiments/figures", []string{"ganlib/...", "plots/..."}, []string{gomlx, compute, ximage}},
	{"ganlib/experiments", []string{"ganlib/...", "plots/sheet"}, []string{gomlx, compute, ximage}}, // cells link it, and draw no curves
	// Every other package of the library is one document's model; none imports another.
	{"ganlib/...", []string{seeds, "ganlib", "ganlib/nn", "ganlib/loss", "ganlib/frozen"}, []string{gomlx, compute}},
	{"plots/sheet", nil, nil},
	{"plots", []string{"ganlib/runlog", "ganlib/eval", "plots/sheet"}, []string{gonum, "gonum.org/v1/plot/...", ximage}},
	{"kernelext", []string{"ganlib/runlog", "plots", "kernelext/..."}, []string{"gonum.org/v1/plot/...", gonb}},
	{"kernelext/nbhtml", []string{"ganlib/runlog", "kernelext/internal/..."}, []string{"github.com/yuin/goldmark/...", "github.com/alecthomas/chroma/...", "golang.org/x/net/html/..."}},
	{"kernelext/result", nil, []string{gonb}}, // cells link it
	{"kernelext/zmtp", nil, []string{zmq}},    // its tests talk to the library's sockets
	{"kernelext/...", []string{"ganlib/runlog", "kernelext/..."}, []string{xsys}},
	{"notebooks/...", []string{"ganlib/...", "plots/...", "kernelext/...", "notebooks/...", "testdata/golden"}, []string{"..."}},
	{"cmd/...", []string{"ganlib/...", "plots/...", "kernelext/...", "cmd/...", "testdata/papers"}, []string{"..."}},
}

// topLevel is the layout of the project; nothing else is tracked at its top.
var topLevel = []string{".ci", ".gitattributes", ".github", ".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "cmd", "ganbook",
	"ganlib", "go.mod", "go.sum", "kernelext", "notebooks", "plots", "testdata"}

func matches(pattern, name string) bool {
	if tree, ok := strings.CutSuffix(pattern, "..."); ok {
		return pattern == "..." || name == strings.TrimSuffix(tree, "/") || strings.HasPrefix(name, tree)
	}
	return pattern == name
}

func anyMatches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}

// breach says why a package may not import another, or "".
func breach(pkg, imported string) string {
	i := slices.IndexFunc(rules, func(r rule) bool { return matches(r.packages, pkg) })
	if i < 0 {
		return "package " + pkg + " has no line in the table of imports: add it to the architecture first"
	}
	allowed := rules[i].outside
	name, isOurs := strings.CutPrefix(imported, module)
	if isOurs {
		allowed, name = rules[i].ours, strings.TrimPrefix(name, "/")
	}
	if anyMatches(allowed, name) {
		return ""
	}
	return "package " + pkg + " imports " + imported
}

type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
	Standard                           bool
}

func goList(t *testing.T, args ...string) (out []listed) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports,Standard"}, args...)...)
	cmd.Dir = "../.."
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for dec := json.NewDecoder(strings.NewReader(string(text))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
}

func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// Imports stay one-way, in every build: the plain one, with XLA, and that of the notebooks.
func TestImportDirections(t *testing.T) {
	for _, tags := range []string{"", "xla", "notebooks"} {
		for _, p := range goList(t, "-tags="+tags, "./...") {
			pkg := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
			for _, imported := range p.Imports {
				if standard(imported) || imported == "C" {
					continue
				}
				if why := breach(pkg, imported); why != "" {
					t.Errorf("tags %q: %s", tags, why)
				}
			}
		}
	}
}

// Tests may use gantest and what they check with, but no test makes plots or runlog need a backend.
func TestTestsOfRecordsAndPlotsNeedNoBackend(t *testing.T) {
	for _, p := range goList(t, "./...") {
		pkg := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if pkg != "plots" && pkg != "ganlib/runlog" {
			continue
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if anyMatches([]string{gomlx, compute, goxla, gonb, module + "/ganlib/gantest"}, imported) {
				t.Errorf("a test of %s imports %s", pkg, imported)
			}
		}
	}
}

// The table itself: what it must allow and forbid, also for packages that come later.
func TestImportTable(t *testing.T) {
	ours := func(p string) string { return path.Join(module, p) }
	for _, tc := range []struct {
		pkg, imported string
		allowed       bool
	}{
		{"ganlib", ours("ganlib/seed"), true},
		{"ganlib", ours("ganlib/nn"), true},
		{"ganlib", ours("ganlib/train"), false},
		{"ganlib/seed", ours("ganlib"), false},
		{"ganlib/nn", ours("ganlib/backend"), true},
		{"ganlib/nn", ours("ganlib"), false},
		{"ganlib/backend", ours("ganlib/nn"), false},
		{"ganlib/backend", "github.com/gomlx/go-xla/pkg/xla", true},
		{"ganlib/nn", "github.com/gomlx/go-xla/pkg/xla", false},
		{"ganlib/dcgan", ours("ganlib/nn"), true},
		{"ganlib/dcgan", ours("ganlib/loss"), true},
		{"ganlib/dcgan", ours("ganlib/anogan"), false},
		{"ganlib/omasgan", ours("ganlib/dcgan"), false},
		{"ganlib/progan", ours("ganlib/train"), false},
		{"ganlib/later", ours("ganlib/data"), false},
		{"ganlib/train", ours("ganlib/dcgan"), false},
		{"ganlib/train", ours("ganlib/data"), true},
		{"ganlib/train", ours("ganlib/loss"), false},
		{"ganlib/health", ours("ganlib/runlog"), true},
		{"ganlib/health", "github.com/gomlx/gomlx/core/graph", false},
		{"ganlib/data", ours("ganlib/runlog"), false},
		{"ganlib/data", "golang.org/x/image/draw", true},
		{"ganlib/runlog", "github.com/gomlx/gomlx/core/graph", false},
		{"ganlib/eval", "gonum.org/v1/gonum/mat", true},
		{"ganlib/eval", ours("ganlib"), false},
		{"ganlib/features", ours("ganlib/eval"), true},
		{"ganlib/features", ours("ganlib/train"), false},
		{"ganlib/protocol", ours("ganlib/eval"), true},
		{"ganlib/protocol", ours("ganlib/anogan"), false},
		{"ganlib/experiments", ours("ganlib/progan"), true},
		{"ganlib/experiments", ours("kernelext"), false},
		{"ganlib/experiments", ours("plots/sheet"), true},
		{"ganlib/experiments", ours("plots"), false},
		{"ganlib/experiments/figures", ours("plots"), true},
		{"plots/sheet", "gonum.org/v1/plot", false},
		{"ganlib/experiments", ours("cmd/ganbook"), false},
		{"plots", ours("ganlib/runlog"), true},
		{"plots", ours("ganlib/train"), false},
		{"plots", "github.com/gomlx/gomlx/core/graph", false},
		{"plots", "github.com/janpfeifer/gonb/gonbui", false},
		{"kernelext", "github.com/janpfeifer/gonb/gonbui", true},
		{"kernelext", ours("ganlib/experiments"), false},
		{"kernelext/nbrun", "github.com/go-zeromq/zmq4", false},
		{"kernelext/nbrun", "github.com/janpfeifer/gonb/gonbui", false},
		{"kernelext/proxy", ours("kernelext/kernelspec"), true},
		{"cmd/ganbook", ours("kernelext/nbrun"), true},
		{"cmd/ganbook", ours("notebooks"), false},
		{"cmd/ganbook", "github.com/alecthomas/kong", true},
		{"other", "example.org/x", false},
	} {
		if why := breach(tc.pkg, tc.imported); (why == "") != tc.allowed {
			t.Errorf("%s importing %s: allowed %v, want %v", tc.pkg, tc.imported, why == "", tc.allowed)
		}
	}
}

// The top level of the project is fixed.
func TestTopLevelLayout(t *testing.T) {
	cmd := exec.Command("git", "ls-files")
	cmd.Dir = "../.."
	text, err := cmd.Output()
	if err != nil {
		t.Skipf("not a git checkout: %v", err)
	}
	seen := map[string]bool{}
	for _, file := range strings.Fields(string(text)) {
		first, _, _ := strings.Cut(file, "/")
		if !seen[first] && !slices.Contains(topLevel, first) {
			t.Errorf("%s is not part of the layout", first)
		}
		seen[first] = true
	}
	if !seen["go.mod"] {
		t.Error("git lists no go.mod: is this the project's checkout?")
	}
}
