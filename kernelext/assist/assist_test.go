package assist

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// The test program is also a language server that misbehaves.
func TestMain(m *testing.M) {
	switch os.Getenv("ASSIST_TEST_SERVER") {
	case "":
		os.Exit(m.Run())
	case "ends":
		os.Exit(3)
	case "hangs":
		misbehave()
	}
}

// misbehave answers until the first completion of a cell, and then nothing more.
func misbehave() {
	in := bufio.NewReader(os.Stdin)
	for answered := 0; ; {
		m, err := readMessage(in)
		if err != nil {
			return
		}
		if m.ID == nil || answered == 2 {
			continue
		}
		answered++
		result := json.RawMessage(`{"items":[]}`)
		text, err := json.Marshal(rpcMessage{Version: "2.0", ID: m.ID, Result: result})
		if err != nil {
			return
		}
		fmt.Printf("Content-Length: %d\r\n\r\n%s", len(text), text)
	}
}

// checkout writes a module with a package to complete.
func checkout(t *testing.T) (root string) {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"go.mod": "module example.org/lab\n\ngo 1.27.0\n",
		"nets/nets.go": `// Package nets has networks.
//
// It is small.
package nets

// Net is a network.
type Net struct{ Layers int }

// Depth counts the layers.
func (n *Net) Depth() int { return n.Layers }

// New makes a [Net] of some layers.
//
//	n := nets.New(3)
func New(layers int) (*Net, error) { return &Net{layers}, nil }

// Log writes.
func Log(text string) {}

const Größe, small = 3, 4

var Default Net

func hidden() {}
`,
		"nets/nets_test.go":     "package nets\n\nfunc OnlyInTests() {}\n",
		"nets/nets_plan9.go":    "package nets\n\nfunc OnlyOnPlan9() {}\n",
		"nets/internal/x/x.go":  "package x\n",
		"cmd/tool/main.go":      "package main\n\nfunc main() {}\n",
		"broken/broken.go":      "package broken\n\nfunc Works() {}\n\nfunc Fails( {\n",
		"kernelext/kernel.go":   "package kernelext\n\nfunc Show(x any) {}\n",
		"kernelext/proxy/px.go": "package proxy\n",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// environment is that of cells.
func environment(more ...string) []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "GANBOOK_GOPLS=") })
	return append(append(env, "GOPROXY=off", "GOFLAGS=-mod=readonly"), more...)
}

// syntactic is an assistant without gopls.
func syntactic(t *testing.T) *Assistant {
	t.Helper()
	a := Start(t.Context(), Options{Root: checkout(t), Env: environment(), Log: testLog{t}})
	t.Cleanup(a.Close)
	return a
}

type testLog struct{ testing.TB }

func (l testLog) Write(line []byte) (int, error) {
	l.Logf("%s", line)
	return len(line), nil
}

// at cuts the mark of the cursor out of a cell and returns its place in code points.
func at(marked string) (code string, cursor int) {
	before, after, _ := strings.Cut(marked, "‸")
	return before + after, utf8.RuneCountInString(before)
}

// completed is a cell with the only or first completion put in its place, and all completions.
func completed(a *Assistant, marked string) (first string, all []string) {
	code, cursor := at(marked)
	all, start, end, _ := a.Complete(context.Background(), code, cursor)
	if len(all) == 0 {
		return "", nil
	}
	r := []rune(code)
	return string(r[:start]) + all[0] + string(r[end:]), all
}

func TestCompleteSyntactic(t *testing.T) {
	a := syntactic(t)
	a.Executed("type Remembered int\nfunc (Remembered) Method() {}\nvar rest, other = 1, 2\nimport n2 \"example.org/lab/nets\"\nfunc remember() {}")
	for _, c := range []struct {
		cell string
		want []string
	}{
		{"import \"fmt\"\n%%\nfmt.Printl‸", []string{"Println"}},
		{"fmt.Printl‸", []string{"Println"}},
		{"fmt.printl‸", []string{"Println"}},
		{"fmt.rintl‸", []string{"Fprintln", "Println", "Sprintln"}},
		{"fmt.nosuch‸", nil},
		{"nets.‸", []string{"Default", "Größe", "Log", "Net", "New"}},
		{"nets.N‸", []string{"Net", "New"}},
		{"nets.Ne‸w(3)", []string{"Net", "New"}},
		{"nets.Grö‸", []string{"Größe"}},
		{"größe := \"日本\"; nets.Lo‸", []string{"Log"}},
		{"n2.Lo‸", []string{"Log"}},
		{"import third \"example.org/lab/nets\"\nthird.Lo‸", []string{"Log"}},
		{"broken.W‸", []string{"Works"}},
		{"nets := 3\nnets.N‸", nil},
		{"a.nets.N‸", nil},
		{"Rem‸", []string{"Remembered"}},
		{"rem‸", []string{"remember"}},
		{"remote := 1\nrem‸", []string{"remote", "remember"}},
		{"fallth‸", []string{"fallthrough"}},
		{"complex1‸", []string{"complex128"}},
		{"appe‸", []string{"append"}},
		{"ne‸", []string{"new", "net", "netip", "nets"}},
		{"kernele‸", []string{"kernelext"}},
		{"‸", nil},
		{"x := 1‸", nil},
		{"\"fmt.Pri‸", nil},
		{"\"fmt.Pri‸\"", nil},
		{"// fmt.Pri‸", nil},
		{"/* fmt.Pri‸ */", nil},
		{"`\nfmt.Pri‸`", nil},
		{"'f‸'", nil},
		{"\"a\" + fmt.Printl‸", []string{"Println"}},
		{"!echo \"\nfmt.Printl‸", []string{"Println"}},
		{"%%wr‸", []string{"%%writefile"}},
		{"x := 1\n%noa‸", []string{"%noautoget"}},
		{"%nosuch‸", nil},
		{"%cd /t‸", nil},
		{"!l‸", nil},
		{"x := a\n  %remem‸", []string{"remember"}}, // no command: it does not begin the line
		{"%%bash\nfmt.Pri‸", nil},
		{"import \"example.org/lab/ne‸", []string{"example.org/lab/nets"}},
		{"import (\n\t\"os\"\n\t\"example.org/lab/b‸\"\n)", []string{"example.org/lab/broken"}},
		{"import \"os\"\nx := \"example.org/lab/b‸\"", nil},
	} {
		first, all := completed(a, c.cell)
		if !slices.Equal(all, c.want) && !(len(c.want) > 2 && len(all) > len(c.want) && isSubset(c.want, all)) {
			t.Errorf("%q completes to %v, want %v", c.cell, all, c.want)
		}
		if strings.HasSuffix(first, "..") || strings.Contains(first, "PrintlPrintln") {
			t.Errorf("%q becomes %q", c.cell, first)
		}
	}
}

func isSubset(part, all []string) bool {
	return !slices.ContainsFunc(part, func(s string) bool { return !slices.Contains(all, s) })
}

// What is put in replaces the word that was typed, wherever the cursor is in text of many bytes.
func TestCompleteReplaces(t *testing.T) {
	a := syntactic(t)
	for cell, want := range map[string]string{
		"größe := \"日本\"\nfmt.Printl‸": "größe := \"日本\"\nfmt.Println",
		"nets.Lo‸(\"ä\")":              "nets.Log(\"ä\")",
		"日 := 1; nets.Grö‸":            "日 := 1; nets.Größe",
		"%%wr‸ a.txt":                  "%%writefile a.txt",
		"a\n%goworkf‸":                 "a\n%goworkfix",
		"import \"example.org/lab/ne‸": "import \"example.org/lab/nets",
	} {
		if got, _ := completed(a, cell); got != want {
			t.Errorf("%q becomes %q, want %q", cell, got, want)
		}
	}
	if _, start, end, _ := a.Complete(t.Context(), "ab", 99); start != 0 || end != 2 {
		t.Errorf("a cursor behind the end replaces %d to %d", start, end)
	}
}

func TestKinds(t *testing.T) {
	a := syntactic(t)
	code, cursor := at("nets.‸")
	matches, _, _, kinds := a.Complete(t.Context(), code, cursor)
	want := []string{kindVariable, kindConstant, kindFunction, kindType, kindFunction}
	if !slices.Equal(kinds, want) {
		t.Errorf("%v are %v, want %v", matches, kinds, want)
	}
}

func TestInspectSyntactic(t *testing.T) {
	a := syntactic(t)
	a.Executed("func area(w, h int) int {\n\treturn w * h\n}\ntype Size struct{ W, H int }")
	for cell, want := range map[string]string{
		"fmt.Println‸":       "func Println(a ...any) (n int, err error)\n\nPrintln formats",
		"fmt.Pri‸ntln(1)":    "func Println(",
		"fmt.Println(1, ‸2)": "func Println(",
		"nets.New(‸":         "func New(layers int) (*Net, error)\n\nNew makes a Net of some layers.\n\n\tn := nets.New(3)",
		"‸nets.New":          "package nets // import \"example.org/lab/nets\"\n\nPackage nets has networks.\n\nIt is small.",
		"nets.Net‸":          "type Net struct{ Layers int }\n\nfunc (n *Net) Depth() int\n\nNet is a network.",
		"nets.Größe‸":        "const Größe, _ = 3, 4",
		"area(1, f(2), ‸":    "func area(w, h int) int",
		"Size‸{}":            "type Size struct{ W, H int }",
		"append‸":            "func append(",
		"%args‸ -n=3":        magics["%args"],
		"!ls ‸":              shellHelp,
	} {
		code, cursor := at(cell)
		data, found := a.Inspect(t.Context(), code, cursor, 0)
		if !found || !strings.HasPrefix(data["text/plain"], want) {
			t.Errorf("%q is described as %v %q, want %q", cell, found, data["text/plain"], want)
		}
		if data["text/markdown"] == "" {
			t.Errorf("%q has no Markdown", cell)
		}
	}
	for _, cell := range []string{"", "‸", "nosuch‸", "nets.nosuch‸", "\"nets.New‸\"", "// nets.New‸", "3‸", "%nosuch‸", "%%bash\nnets.New‸", "f := 1\nf‸", "(‸"} {
		code, cursor := at(cell)
		if data, found := a.Inspect(t.Context(), code, cursor, 1); found {
			t.Errorf("%q is described as %v", cell, data)
		}
	}
	data, _ := a.Inspect(t.Context(), "nets.New", 8, 1)
	if want := "```go\nfunc New(layers int) (*Net, error)\n```\n\nNew makes a Net of some layers.\n\n\tn := nets.New(3)"; data["text/markdown"] != want {
		t.Errorf("Markdown is %q, want %q", data["text/markdown"], want)
	}
}

// A package that changes is read again, and functions without results are known to Prepare.
func TestSourcesAreFollowed(t *testing.T) {
	a := syntactic(t)
	if p := a.Prepare("nets.Log(\"a\")"); strings.Contains(p.Code, "Show(") {
		t.Errorf("a function without results is shown:\n%s", p.Code)
	}
	if p := a.Prepare("nets.New(3)"); !strings.Contains(p.Code, "Show(") || p.Plain != "" {
		t.Errorf("a function with results is prepared as\n%s\nor\n%s", p.Code, p.Plain)
	}
	file := filepath.Join(a.index.o.Root, "nets", "more.go")
	if err := os.WriteFile(file, []byte("package nets\n\nfunc Newest() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(file, later, later); err != nil {
		t.Fatal(err)
	}
	if _, all := completed(a, "nets.Newe‸"); !slices.Equal(all, []string{"Newest"}) {
		t.Errorf("completes to %v", all)
	}
}

// A server that dies or hangs costs its answers, not those of the syntactic engine, and is started anew.
func TestMisbehavingServers(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"ends", "hangs"} {
		a := Start(t.Context(), Options{Gopls: program, Root: checkout(t), Env: environment("ASSIST_TEST_SERVER=" + kind), Log: testLog{t}})
		if kind == "hangs" {
			if a.server.get(t.Context()) == nil {
				t.Fatal("the server does not start")
			}
			first := a.server.current()
			for range maxSilence {
				if _, all := completed(a, "x := 1\nx.‸"); len(all) > 0 {
					t.Errorf("x has %v", all)
				}
			}
			<-first.conn.done // it was killed
		}
		if _, all := completed(a, "nets.Lo‸"); !slices.Equal(all, []string{"Log"}) {
			t.Errorf("with a server that %s: %v", kind, all)
		}
		dir := a.server.dir
		a.Close()
		if _, err := os.Stat(dir); dir != "" && err == nil {
			t.Errorf("%s is left", dir)
		}
	}
}

func TestStartWithoutAnything(t *testing.T) {
	a := Start(t.Context(), Options{Root: filepath.Join(t.TempDir(), "no", "such"), Gopls: "/no/such/gopls", Env: []string{}, Log: testLog{t}})
	defer a.Close()
	if _, all := completed(a, "fallth‸"); !slices.Equal(all, []string{"fallthrough"}) {
		t.Errorf("completes to %v", all)
	}
	if _, found := a.Inspect(t.Context(), "fmt.Println", 5, 0); found {
		t.Error("packages are known without Go")
	}
}

// With the real gopls: what values have, and what is in scope.
func TestGopls(t *testing.T) {
	program := os.Getenv("GANBOOK_GOPLS")
	if program == "" {
		t.Skip("GANBOOK_GOPLS names no gopls; ./ganbook setup builds one")
	}
	a := Start(t.Context(), Options{Gopls: program, Root: checkout(t), Env: environment(), Log: testLog{t}})
	defer a.Close()
	ctx, cancel := context.WithTimeout(t.Context(), loadLimit)
	defer cancel()
	if a.server.get(ctx) == nil {
		t.Fatal("gopls does not answer")
	}
	a.Executed("type Shape struct{ Width, Height int }\nfunc (s Shape) Area() int { return s.Width * s.Height }\nfunc square() Shape { return Shape{2, 2} }")
	for cell, want := range map[string][]string{
		"s := square()\ns.‸":                           {"Height", "Width", "Area"},
		"s := square()\ns.Ar‸\nfmt.Println(s)":         {"Area"},
		"größe := \"日本\"; s := square(); s.Wi‸":        {"Width"},
		"n, err := nets.New(3)\nn.‸":                   {"Layers", "Depth"},
		"%%\nn, err := nets.New(3)\nn.Dep‸":            {"Depth"},
		"Shape{Wi‸":                                    {"Width"},
		"func f(s Shape) int {\n\treturn s.Hei‸\n}":    {"Height"},
		"import \"fmt\"\n%%\nfmt.Printl‸":              {"Println"},
		"for i, longName := range []int{} {\n\tlongN‸": {"longName"},
	} {
		var all []string
		for range 5 { // a busy machine may need longer than a request waits
			if _, all = completed(a, cell); len(all) > 0 {
				break
			}
		}
		if slices.Sort(all); !isSubset(want, all) || len(all) > len(want)+2 {
			t.Errorf("%q completes to %v, want %v", cell, all, want)
		}
	}
	for cell, want := range map[string]string{
		"s := square()\ns.Area‸()":      "func (s Shape) Area() int",
		"s := square()\n‸s":             "var s Shape",
		"n, _ := nets.New(3)\nn.Depth‸": "func (n *nets.Net) Depth() int\n\nDepth counts the layers.",
	} {
		code, cursor := at(cell)
		var data map[string]string
		for range 5 {
			if data, _ = a.Inspect(t.Context(), code, cursor, 0); data != nil {
				break
			}
		}
		if !strings.HasPrefix(data["text/plain"], want) {
			t.Errorf("%q is described as %q, want %q", cell, data["text/plain"], want)
		}
	}
}

func FuzzPlaces(f *testing.F) {
	f.Add("import \"fmt\"\n%%\nfmt.Printl", 5)
	f.Add("a := `\n%x ` + \"", 7)
	f.Add("(((\xff", 3)
	f.Fuzz(func(t *testing.T, code string, cursor int) {
		r := []rune(code)
		if p := completionPlace(r, cursor); p.start < 0 || p.end < p.start || p.end > len(r) {
			t.Errorf("%q at %d: %+v", code, cursor, p)
		}
		if p := inspectionPlace(r, cursor); p.start < 0 || p.start > len(r) {
			t.Errorf("%q at %d: %+v", code, cursor, p)
		}
		locals(code)
	})
}
