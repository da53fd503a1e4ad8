package cells

import (
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// at cuts the mark of the cursor out of a cell and returns its place in code points.
func at(t *testing.T, marked string) (code string, cursor int) {
	t.Helper()
	before, after, found := strings.Cut(marked, "‸")
	if !found {
		t.Fatalf("no cursor in %q", marked)
	}
	return before + after, utf8.RuneCountInString(before)
}

func TestDocument(t *testing.T) {
	for _, c := range []struct {
		name     string
		executed []string
		cell     string // ‸ is the cursor
		want     string // a part of the text, with the cursor
	}{
		{"a statement", nil, "fmt.Pr‸", "func main() {\nfmt.Pr‸\n}\n"},
		{"marked", nil, "import \"fmt\"\n%%\nfmt.Printl‸", "\nimport \"fmt\"\nfunc main() {\n\nfmt.Printl‸\n}\n"},
		{"Unicode", nil, "s := \"größe 日本\"; s‸", "s := \"größe 日本\"; s‸\n"},
		{"windows", nil, "a := 1\r\nb := 2\r\nb‸", "a := 1\nb := 2\nb‸\n"},
		{"in a function", nil, "func f() {\n\tos.‸\n}\nf()", "func f() {\n\tos.‸\n}\nfunc main() {\nf()\n}\n"},
		{"in an open function", nil, "func f() {\n\tfor {\n\t\tos.‸", "\t\tos.‸\n}}\nfunc main() {\n}\n"},
		{"in an open call", nil, "fmt.Println(os.‸", "fmt.Println(os.‸\n)\n}\n"},
		{"behind moved functions", nil, "f()\nfunc f() {}\nos.‸", "func f() {}\nfunc main() {\nf()\n           \nos.‸\n}\n"},
		{"blank", nil, "‸", "func main() {\n‸}\n"},
		{"own main", nil, "func main() {\n\tos.‸\n}", "package main\n\nfunc main() {\n\tos.‸\n}\n"},
		{"remembered", []string{"import \"os\"\ntype T struct{}\nfunc (T) M() {}\nvar a, b = f()\nconst (\n\tc = iota\n\td\n)"}, "T{}.‸",
			"import \"os\"\ntype T struct{}\nfunc (T) M() {}\nvar a, b = f()\nconst (\n\tc = iota\n\td\n)\nfunc main() {\nT{}.‸\n}\n"},
		{"replaced by a later cell", []string{"type T int\nvar a, b = f()", "type T string\nfunc (T) M() {}\nvar b = 1"}, "x‸",
			"\nvar a, _ = f()\ntype T string\nfunc (T) M() {}\nvar b = 1\nfunc main() {"},
		{"replaced by this cell", []string{"type T int\nfunc f() {}\nconst (\n\tlong = 1\n\td\n)"}, "const long = 1\nfunc f() int { return 1 }\nf‸",
			"\ntype T int\nconst (\n\t_    = 1\n\td\n)\nconst long = 1\nfunc f() int { return 1 }\nfunc main() {\nf‸\n}\n"},
		{"an import replaced", []string{"import \"math/rand\""}, "import rand \"math/rand/v2\"\nrand.‸", "package main\n\nimport rand \"math/rand/v2\"\nfunc main() {\nrand.‸"},
		{"removed", []string{"func f() {}\nfunc g() {}\ntype T int\nfunc (T) M() {}", "%rm f T~M"}, "x‸", "package main\n\nfunc g() {}\ntype T int\nfunc main() {"},
		{"reset", []string{"func f() {}", "%reset"}, "x‸", "package main\n\nfunc main() {"},
		{"reset of go.mod", []string{"func f() {}", "%reset go.mod"}, "x‸", "package main\n\nfunc f() {}\nfunc main() {"},
		{"a renamed import", []string{"import . \"math\"\nimport _ \"embed\"\nimport y \"go.yaml.in/yaml/v3\""}, "x‸",
			"package main\n\nimport . \"math\"\nimport _ \"embed\"\nimport y \"go.yaml.in/yaml/v3\"\n"},
		{"what runs leaves nothing", []string{"var a = 1\nb := 2\nvar c = 3\nfunc main2() {}", "func main() {}", "%%bash\nfunc no() {}"}, "x‸",
			"package main\n\nvar a = 1\nfunc main2() {}\nfunc main() {\nx‸"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m Memory
			for _, e := range c.executed {
				m.Executed(e)
			}
			text, offset := m.Document(at(t, c.cell))
			if offset < 0 {
				t.Fatalf("the cursor is lost in\n%s", text)
			}
			if got := text[:offset] + "‸" + text[offset:]; !strings.Contains(got, c.want) {
				t.Errorf("the document is\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// Commands are obeyed also in a cell that is not compiled, whose declarations are not kept.
func TestCommanded(t *testing.T) {
	for cell, want := range map[string][]string{
		"%rm f\nfunc h() int { return }":  {"g"},
		"%reset\nfunc h() int { return }": nil,
		"func h() {}":                     {"f", "g"},
		"%%bash\n%reset":                  {"f", "g"},
		"//gonb:%rm g\nfunc h() {}\nh(1)": {"f"},
	} {
		var m Memory
		m.Executed("func f() {}\nfunc g() {}")
		m.Commanded(cell)
		if got := slices.Sorted(maps.Keys(m.Names(""))); !slices.Equal(got, want) {
			t.Errorf("after %q there are %q, want %q", cell, got, want)
		}
		if resets := Prepare(cell).Resets; resets != (want == nil) {
			t.Errorf("%q resets: %v", cell, resets)
		}
	}
}

func TestDocumentWithoutGo(t *testing.T) {
	for _, cell := range []string{"%%bash\nec‸", "!l‸s", "%e‸", "%env ‸\nx := 1"} {
		if text, offset := new(Memory).Document(at(t, cell)); offset >= 0 {
			t.Errorf("%q has the cursor in\n%s", cell, text)
		}
	}
}

// Packages that a cell mentions and does not import are imported, as goimports does before the compiler runs.
func TestDocumentImports(t *testing.T) {
	m := &Memory{Packages: packages{"kernelext.Show": 0, "plots.Losses": 2}}
	text, _ := m.Document(at(t, "kernelext.Show(a.plots.x)‸"))
	if !strings.Contains(text, "import \"example.org/kernelext\"\n") || strings.Contains(text, "plots\"") {
		t.Errorf("the document is\n%s", text)
	}
	if _, err := parser.ParseFile(token.NewFileSet(), "", text, 0); err != nil {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	var m Memory
	m.Executed("type T int\nfunc (T) M() {}\nvar a, b = 1, 2\nconst c = 1\nx := 3")
	want := map[string]string{"T": "type", "a": "var", "b": "var", "c": "const", "f": "func"}
	if got := m.Names("func f() {}\ny := 2"); !maps.Equal(got, want) {
		t.Errorf("names are %v, want %v", got, want)
	}
}

func FuzzCells(f *testing.F) {
	for _, c := range prepareCases {
		f.Add(c.cell, 3)
	}
	f.Fuzz(func(t *testing.T, cell string, cursor int) {
		if !utf8.ValidString(cell) {
			return // Jupyter sends JSON
		}
		checkPrepared(t, Prepare(cell))
		switch status, _ := Complete(cell); status {
		case "complete", "incomplete", "invalid", "unknown":
		default:
			t.Errorf("%q is %q", cell, status)
		}
		var m Memory
		m.Executed(cell)
		if text, offset := m.Document(cell, cursor); offset > len(text) {
			t.Errorf("offset %d of %d", offset, len(text))
		}
		m.Names(cell)
		if e := Explain(cell, Prepare(cell), func(int) (Prepared, bool) { return Prepare(cell), true }); e.Name == "" || len(e.Traceback) == 0 {
			t.Errorf("%q is explained as %+v", cell, e)
		}
	})
}
