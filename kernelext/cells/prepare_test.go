package cells

import (
	"slices"
	"strings"
	"testing"
)

// In what is wanted of Prepare, IMPORT stands for the import line and «x» for x shown in lines of its own.
var notation = strings.NewReplacer(
	"IMPORT", "import "+showName+` "`+showPackage+`"`,
	"«", showName+".Show(\n", "»", ",\n)")

var prepareCases = []struct {
	name, cell, want string
	unsure           bool // Plain is set
}{
	// What needs no main.
	{"blank", "", "", false},
	{"white space", "  \n\n", "", false},
	{"only a comment", "// just a thought", "", false},
	{"comments are not compiled", "/* a\nb */\n!ls\n// c", "\n\n!ls\n", false},
	{"only a command", "!ls -l", "!ls -l", false},
	{"only magics", "%noautoget\n%env A b", "%noautoget\n%env A b", false},
	{"only declarations", "import \"fmt\"\n\nfunc f() { fmt.Println() }", "import \"fmt\"\n\nfunc f() { fmt.Println() }", false},
	{"a variable", "var x = 3", "var x = 3", false},
	{"constants", "const (\n\ta = iota\n\tb\n)", "const (\n\ta = iota\n\tb\n)", false},
	{"type and method", "type T struct{}\n\nfunc (t *T) M() int { return 1 }", "type T struct{}\n\nfunc (t *T) M() int { return 1 }", false},
	{"generic method", "type T[E any] struct{}\n\nfunc (T[E]) M[X any](x X) {}", "type T[E any] struct{}\n\nfunc (T[E]) M[X any](x X) {}", false},
	{"generic function", "func Map[T, U any](s []T, f func(T) U) (r []U) { return }", "func Map[T, U any](s []T, f func(T) U) (r []U) { return }", false},
	{"func main", "func main() {\n\tprintln(1)\n}", "func main() {\n\tprintln(1)\n}", false},
	{"exec", "func f() {}\n%exec f", "func f() {}\n%exec f", false},
	{"test", "%test\nfunc TestX(t *testing.T) {}", "%test\nfunc TestX(t *testing.T) {}", false},
	{"package clause", "package main\n\nfunc f() {}", "package main\n\nfunc f() {}", false},
	{"script", "%%script cat\nx := 1\nx", "%%script cat\nx := 1\nx", false},
	{"bash", "%%bash\n% echo `\n! x", "%%bash\n% echo `\n! x", false},
	{"writefile", "%%writefile a.go\npackage a\nfunc f() {}\nf()", "%%writefile a.go\npackage a\nfunc f() {}\nf()", false},
	{"writefile in a comment", "//gonb:%%writefile a\nx", "//gonb:%%writefile a\nx", false},

	// Where %% goes.
	{"one statement", "fmt.Println(1)", "%%\nfmt.Println(1)", false},
	{"x := 1 alone", "x := 1", "%%\nx := 1", false},
	{"imports and statements", "import \"fmt\"\n\nfmt.Println(1)", "import \"fmt\"\n\n%%\nfmt.Println(1)", false},
	{"everything in front", "import \"os\"\nconst c = 1\nvar v = 2\ntype T int\nfunc f() {}\nf()",
		"import \"os\"\nconst c = 1\nvar v = 2\ntype T int\nfunc f() {}\n%%\nf()", false},
	{"comment of the statement", "func f() {}\n\n// then\n// f\nf()", "func f() {}\n\n%%\n// then\n// f\nf()", false},
	{"comment behind the declaration", "func f() {} // a\nf() // b", "func f() {} // a\n%%\nf() // b", false},
	{"indented", "\tfmt.Println(1)", "%%\n\tfmt.Println(1)", false},
	{"same line", "func f() {}; f()", "func f() {}; \n%%\n             f()", false},
	{"magics stay", "%noautoget\n!ls\nfmt.Println(1)\n!pwd", "%noautoget\n!ls\n%%\nfmt.Println(1)\n!pwd", false},
	{"arguments are kept", "%args -n=3 a\nfmt.Println(1)", "%args -n=3 a\n%% -n=3 a\nfmt.Println(1)", false},
	{"continued command", "!echo a \\\n  b\nfmt.Println(1)", "!echo a \\\n  b\n%%\nfmt.Println(1)", false},
	{"magic in a comment", "//gonb:%env A b\nfmt.Println(1)", "//gonb:%env A b\n%%\nfmt.Println(1)", false},
	{"label", "outer:\n\tfor {\n\t\tbreak outer\n\t}", "%%\nouter:\n\tfor {\n\t\tbreak outer\n\t}", false},
	{"what is shown arrives", "gonbui.DisplayText(s)\nx = 1 // done", "%%\ngonbui.DisplayText(s)\nx = 1 // done\ngonbui.Sync();\n", false},
	{"what waits by itself", "gonbui.DisplayText(s)\ngonbui.Sync();", "%%\ngonbui.DisplayText(s)\ngonbui.Sync();", false},
	{"a field of that name", "x.gonbui.Show(1)\nx = 1", "%%\nx.gonbui.Show(1)\nx = 1", false},
	{"goroutine", "go func() { println(1) }()", "%%\ngo func() { println(1) }()", false},
	{"defer", "defer println(1)", "%%\ndefer println(1)", false},
	{"if else", "if true {\n} else {\n}", "%%\nif true {\n} else {\n}", false},
	{"switch", "switch x := 1; x {\ncase 1:\n}", "%%\nswitch x := 1; x {\ncase 1:\n}", false},
	{"assignment of a closure", "f := func(x int) int {\n\treturn x\n}\n_ = f", "%%\nf := func(x int) int {\n\treturn x\n}\n_ = f", false},
	{"function literal with a result type", "func() T { return T{} }()", "IMPORT\n%%\n«func() T { return T{} }()»", false},
	{"function literal without", "func() { println(1) }()", "%%\nfunc() { println(1) }()", false},
	{"var behind a statement", "println(1)\nvar x int\nconst c = 2\ntype T int\nprintln(x)",
		"%%\nprintln(1)\nvar x int\nconst c = 2\ntype T int\nprintln(x)", false},
	{"blank lines and Unicode", "größe := \"日本\"\n\nfmt.Println(größe) // ü", "%%\ngröße := \"日本\"\n\nfmt.Println(größe) // ü", false},
	{"windows", "import \"fmt\"\r\nfmt.Println(1)\r\n", "import \"fmt\"\n%%\nfmt.Println(1)\n", false},
	{"old mac", "a := 1\r_ = a", "%%\na := 1\n_ = a", false},
	{"byte order mark", "\ufefffmt.Println(1)", "%%\nfmt.Println(1)", false},
	{"does not parse", "x := := 1", "%%\nx := := 1", false},
	{"open bracket", "fmt.Println(", "%%\nfmt.Println(", false},
	{"stray bracket", "fmt.Println(1))", "%%\nfmt.Println(1))", false},

	// Declarations behind statements.
	{"function behind", "f()\nfunc f() {}", "func f() {}\n%%\nf()\n", false},
	{"function between, with its comment", "f()\n\n// f\n// does.\nfunc f() {\n}\n\nprintln(2)",
		"// f\n// does.\nfunc f() {\n}\n%%\nf()\n\n\n\n\n\n\nprintln(2)", false},
	{"import behind", "fmt.Println(1)\nimport \"fmt\"\nfunc f() {}", "import \"fmt\"\nfunc f() {}\n%%\nfmt.Println(1)\n\n", false},
	{"a method takes its type along", "t := T(1)\nt.M();\ntype T int\nfunc (T) M() {}", "type T int\nfunc (T) M() {}\n%%\nt := T(1)\nt.M();\n\n", false},
	{"functions take types and constants along", "println(f(1))\ntype A int\nconst b A = 2\nconst other = 3\nfunc f(a int) A { return b }",
		"type A int\nconst b A = 2\nfunc f(a int) A { return b }\n%%\nprintln(f(1))\n\n\nconst other = 3\n", false},
	{"in a marked cell", "%%\nf()\nfunc f() {}", "func f() {}\n%%\nf()\n", false},

	// Cells with %% of their own.
	{"marked", "import \"fmt\"\n\n%%\nfmt.Println(1)", "import \"fmt\"\n\n%%\nfmt.Println(1)", false},
	{"marked with arguments", "%% -n=3\nfmt.Println(1)", "%% -n=3\nfmt.Println(1)", false},
	{"marked by %main", "%main\n1 + 1", "IMPORT\n%main\n«1 + 1»", false},
	{"marked in a comment", "//gonb:%%\n1 + 1", "IMPORT\n//gonb:%%\n«1 + 1»", false},
	{"marked and empty", "func f() {}\n%%\n", "func f() {}\n%%\n", false},
	{"marked behind statements", "x := 1\n%%\nx", "x := 1\n%%\nx", false},
	{"marked twice", "%%\n1\n%%\n2", "%%\n1\n%%\n2", false},
	{"marked inside a string", "s := `\n%%\n`\nprintln(s)", "%%\ns := (`\n`+\"%\"+`%\n`)\nprintln(s)", false},

	// Values.
	{"a name", "x", "IMPORT\n%%\n«x»", false},
	{"an operation", "a := 1\na + 1 // sum", "IMPORT\n%%\na := 1\n«a + 1» // sum", false},
	{"a marked value", "%%\nx := 1\nx", "IMPORT\n%%\nx := 1\n«x»", false},
	{"suppressed", "x + 1;", "%%\nx + 1;", false},
	{"suppressed call", "f();  // quiet", "%%\nf();  // quiet", false},
	{"several", "a, b", "IMPORT\n%%\n«a, b»", false},
	{"several calls", "f(), g()", "IMPORT\n%%\n«f(), g()»", false},
	{"same line as a statement", "x := 1; x", "IMPORT\n%%\nx := 1; «        x»", false},
	{"over lines", "\tplots.\n\t\tLosses(\n\t\t\trun)", "IMPORT\n%%\n\t«\tplots.\n\t\tLosses(\n\t\t\trun)»", true},
	{"a call", "f(1)", "IMPORT\n%%\n«f(1)»", true},
	{"a method", "run.Sheet(z)", "IMPORT\n%%\n«run.Sheet(z)»", true},
	{"own function with results", "func f() (int, error) { return 1, nil }\nf()", "IMPORT\nfunc f() (int, error) { return 1, nil }\n%%\n«f()»", false},
	{"own function without", "func f() {}\nf()", "func f() {}\n%%\nf()", false},
	{"literal", "[]int{1, 2}", "IMPORT\n%%\n«[]int{1, 2}»", false},
	{"raw string", "`\n% a\n!b`", "IMPORT\n%%\n«(`\n`+\"%\"+` a\n`+\"!\"+`b`)»", false},
	{"address", "&x", "IMPORT\n%%\n«&x»", false},
	{"receive waits", "<-done", "%%\n<-done", false},
	{"receive is shown by return", "return <-done", "IMPORT\n%%\n{ «       <-done»; return }", false},
	{"return", "return x", "IMPORT\n%%\n{ «       x»; return }", false},
	{"return several", "return a, f(b)", "IMPORT\n%%\n{ «       a, f(b)»; return }", false},
	{"return a call", "return f()", "IMPORT\n%%\n{ «       f()»; return }", true},
	{"return nothing", "if x {\n\treturn\n}\nreturn", "%%\nif x {\n\treturn\n}\nreturn", false},
	{"early return", "if x { return 1 }\nprintln(2)", "IMPORT\n%%\nif x { { «              1»; return } }\nprintln(2)", false},
	{"return of a closure", "f := func() int { return 1 }\n_ = f", "%%\nf := func() int { return 1 }\n_ = f", false},
	{"closure called", "func() int {\n\treturn 1\n}()", "IMPORT\n%%\n«func() int {\n\treturn 1\n}()»", false},
	{"printing", "fmt.Printf(\"x\")", "%%\nfmt.Printf(\"x\")", false},
	{"printing to a file", "fmt.Fprintln(os.Stderr)", "%%\nfmt.Fprintln(os.Stderr)", false},
	{"formatting", "fmt.Sprint(1)", "IMPORT\n%%\n«fmt.Sprint(1)»", true},
	{"logging", "log.Println(1)", "%%\nlog.Println(1)", false},
	{"panic", "panic(1)", "%%\npanic(1)", false},
	{"copy", "copy(a, b)", "%%\ncopy(a, b)", false},
	{"len", "len(a)", "IMPORT\n%%\n«len(a)»", true},
	{"own print", "func print() int { return 1 }\nprint()", "IMPORT\nfunc print() int { return 1 }\n%%\n«print()»", false},
	{"generic call", "f[int](1)", "IMPORT\n%%\n«f[int](1)»", true},
	{"shadowing", "fmt := newPrinter()\nfmt.Println()", "IMPORT\n%%\nfmt := newPrinter()\n«fmt.Println()»", true},
	{"wasm shows nothing", "%wasm\n1 + 1", "%wasm\n%%\n1 + 1", false},
	{"last in an if", "if x {\n\ty\n}", "%%\nif x {\n\ty\n}", false},
	{"assignment", "x = 1", "%%\nx = 1", false},
	{"increment", "x++", "%%\nx++", false},

	// What GoNB would take for its own.
	{"packages", "packages := 3\nprintln(packages)", "%%\n packages := 3\nprintln(packages)", false},
	{"comment with magics", "/*\n%ls\n!rm\n*/\nprintln(1)", "%%\n/*\n %ls\n !rm\n*/\nprintln(1)", false},
	{"quotes", "a, b, c := '`', \"`\\\"\", '\\''\n_, _, _ = a, b, c\n!ls", "%%\na, b, c := '`', \"`\\\"\", '\\''\n_, _, _ = a, b, c\n!ls", false},
	{"comment with a backquote", "// it`s\n!ls\nprintln(1)", "%%\n// it`s\n!ls\nprintln(1)", false},
}

func TestPrepare(t *testing.T) {
	for _, c := range prepareCases {
		t.Run(c.name, func(t *testing.T) {
			want, p := notation.Replace(c.want), Prepare(c.cell)
			if p.Code != want {
				t.Errorf("prepared\n%s\nis\n%s\nwant\n%s", c.cell, p.Code, want)
			}
			if (p.Plain != "") != c.unsure {
				t.Errorf("plain is %q", p.Plain)
			}
			checkPrepared(t, p)
		})
	}
}

// checkPrepared holds for every cell.
func checkPrepared(t *testing.T, p Prepared) {
	t.Helper()
	lines := strings.Count(p.Code, "\n") + 1
	if len(p.Lines) != lines {
		t.Errorf("%d lines are mapped, there are %d:\n%q", len(p.Lines), lines, p.Code)
	}
	users := strings.Count(normal.Replace(p.User), "\n") + 1
	if slices.ContainsFunc(p.Lines, func(n int) bool { return n < 1 || n > users }) {
		t.Errorf("lines %v of a cell of %d lines:\n%q", p.Lines, users, p.User)
	}
	if p.Plain != "" && strings.Count(p.Plain, "\n")+1 != lines {
		t.Errorf("plain has other lines:\n%s\n%s", p.Plain, p.Code)
	}
	if again := Prepare(p.Code); again.Code != p.Code {
		t.Errorf("prepared again\n%s\nis\n%s", p.Code, again.Code)
	}
}

// Every line of Code is one of the user's, or says so.
func TestLines(t *testing.T) {
	for _, c := range []struct {
		cell  string
		lines []int
	}{
		{"import \"fmt\"\n\nx := 1\nx", []int{1, 1, 2, 3, 3, 4, 4, 4}},
		{"f()\n// f\nfunc f() {\n}\nprintln(2)", []int{2, 3, 4, 1, 1, 2, 3, 4, 5}},
		{"x\n\n", []int{1, 1, 1, 1, 1, 2, 3}},
	} {
		if p := Prepare(c.cell); !slices.Equal(p.Lines, c.lines) {
			t.Errorf("lines of\n%s\nare %v, want %v", p.Code, p.Lines, c.lines)
		}
	}
}

func TestPlain(t *testing.T) {
	for cell, want := range map[string]string{
		"x := 1\nf(x) // why": "\n%%\nx := 1\n\nf(x)\n // why",
		"!ls \\\n -l\n%cd sub\n%capture out\nx := 1\n!echo a\nf(x)": "\n\n\n\n%capture out\n%%\nx := 1\n\n\nf(x)\n",
		"return f()":             "\n%%\n{\n       f()\nreturn }",
		"if a { return 1 }\nf()": notation.Replace("IMPORT\n%%\nif a { { «              1»; return } }\n\nf()\n"),
	} {
		if p := Prepare(cell); p.Plain != want {
			t.Errorf("plain is\n%s\nwant\n%s", p.Plain, want)
		}
	}
}

// packages of a test know a few functions.
type packages map[string]int

func (p packages) Import(name string) string {
	for f := range p {
		if pkg, _, _ := strings.Cut(f, "."); pkg == name {
			return "example.org/" + name
		}
	}
	return ""
}

func (p packages) Results(path, function string) (int, bool) {
	n, known := p[strings.TrimPrefix(path, "example.org/")+"."+function]
	return n, known
}

// Functions of earlier cells and of packages are known: a call without results costs no second compilation.
func TestPrepareKnowsFunctions(t *testing.T) {
	m := &Memory{Packages: packages{"kernelext.Show": 0, "plots.Losses": 2}}
	m.Executed("import k \"example.org/kernelext\"\nfunc quiet() {}\nfunc loud() int { return 1 }\nvar f = loud")
	for cell, want := range map[string]struct{ shown, unsure bool }{
		"kernelext.Show(1)":                      {false, false},
		"k.Show(1)":                              {false, false},
		"plots.Losses(1)":                        {true, false},
		"plots.Other(1)":                         {true, true},
		"kernelext := 1\nkernelext.Show(1)":      {true, true},
		"quiet()":                                {false, false},
		"loud()":                                 {true, false},
		"f()":                                    {true, true},
		"func quiet() int { return 1 }\nquiet()": {true, false},
		"loud := func() {}\nloud()":              {true, true},
		"for loud := range fs {\n\tloud()\n}\n_ = 1": {false, false},
	} {
		p := m.Prepare(cell)
		if shown := strings.Contains(p.Code, showName+".Show("); shown != want.shown || (p.Plain != "") != want.unsure {
			t.Errorf("%q: shown %v, unsure %v; want %v", cell, shown, p.Plain != "", want)
		}
	}
}
