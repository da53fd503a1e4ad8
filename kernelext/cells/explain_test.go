package cells

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What GoNB 0.11.5 with -raw_error said of cells, escape sequences included.
const (
	folder = "/tmp/gonb_1/main.go"
	mark   = "\x1b[7m[[ Cell [8] Line "
)

var explainCases = []struct {
	name, cell, text string
	want             Failure
}{
	{
		"several mistakes", "x := 1\ny := 2 +\n\tz\nfmt.Println(\"a\")",
		"# gonb_1\n./main.go:20:1: declared and not used: x\n./main.go:21:1: declared and not used: y\n./main.go:22:2: undefined: z\n\n" +
			"# gonb_1\nCell[2]: Line 2\n\nfunc main() {\n\tflag.Parse()\nx := 1\n^\ny := 2 +\n\tz\n\ndeclared and not used: x\n" +
			"Cell[2]: Line 3\nfunc main() {\n\tflag.Parse()\nx := 1\ny := 2 +\n^\n\tz\nfmt.Println(\"a\")\n\ndeclared and not used: y\n" +
			"Cell[2]: Line 4\n\tflag.Parse()\nx := 1\ny := 2 +\n\tz\n ^\nfmt.Println(\"a\")\n\n\nundefined: z\n",
		Failure{"compile error", "line 1: declared and not used: x", []string{
			"line 1: declared and not used: x", "    x := 1", "    ^",
			"line 2: declared and not used: y", "    y := 2 +", "    ^",
			"line 3: undefined: z", "    \tz", "    \t^",
			"hint: Go wants every variable", "hint: cells share declarations, not values"}},
	},
	{
		"a value that is none", "f()",
		"./main.go:22:1: f() (no value) used as value\n\nCell[14]: Line 4\nfunc main() {\n\tflag.Parse()\nganbookResult.Show(\nf(),\n^\n)\n\n\nf() (no value) used as value\n",
		Failure{"compile error", "line 1: f() (no value) used as value", []string{
			"line 1: f() (no value) used as value", "    f()", "    ^", "hint: the function returns nothing"}},
	},
	{
		"a variable that GoNB writes anew", "type T int\nvar q string = 3",
		"./main.go:8:13: cannot use 3 (untyped int constant) as string value in variable declaration\n\n" +
			"Cell[4]: Line 2\n)\n\nvar (\n\tq string = 3\n            ^\n)\n\n\ncannot use 3 (untyped int constant) as string value in variable declaration\n",
		Failure{"compile error", "line 2: cannot use 3 (untyped int constant) as string value in variable declaration", []string{
			"line 2: cannot use 3", "    var q string = 3", "                   ^"}},
	},
	{
		"a message of several lines", "var i I = T{}\n_ = i",
		"./main.go:8:13: cannot use T{} as I value in variable declaration: T does not implement I (wrong type for method M)\n\t\thave M()\n\t\twant M(int)\n\n" +
			"Cell[4]: Line 1\n\nvar (\n\ti I = T{}\n\t      ^\n)\n\n\ncannot use T{} as I value in variable declaration: T does not implement I (wrong type for method M)\n\t\thave M()\n\t\twant M(int)\n",
		Failure{"compile error", "line 1: cannot use T{} as I value in variable declaration: T does not implement I (wrong type for method M)", []string{
			"line 1: cannot use T{}", "        have M()", "        want M(int)", "    var i I = T{}", "              ^"}},
	},
	{
		"another cell's line", "println(1)",
		"./main.go:9:2: undefined: T\n\nCell[1]: Line 3\n\nfunc f() {\n\tvar t T\n\t      ^\n}\n\n\nundefined: T\n",
		Failure{"compile error", "cell [1], line 3: undefined: T", []string{
			"cell [1], line 3: undefined: T", "    \tvar t T", "    \t      ^", "hint: cells share declarations"}},
	},
	{
		"goimports", "if q == 3 {\nfmt.Println(\"hi\"\n}",
		"/tmp/gonb_1/main.go:6:17: missing ',' before newline in argument list (and 2 more errors)\n" +
			"Cell[3]: Line 3\nfunc main() {\n\tflag.Parse()\nif q == 3 {\nfmt.Println(\"hi\"\n                ^\n}\n\n\nmissing ',' before newline in argument list (and 2 more errors)",
		Failure{"compile error", "line 2: missing ',' before newline in argument list (and 2 more errors)", []string{
			"line 2: missing ','", "    fmt.Println(\"hi\"", "                    ^", "hint: in a list over several lines"}},
	},
	{
		"the traceback alone", "x := 1",
		"# gonb_1\nCell[2]: Line 2\n\nfunc main() {\n\tflag.Parse()\nx := 1\n^\n}\n\ndeclared and not used: x\n",
		Failure{"compile error", "line 1: declared and not used: x", []string{"line 1: declared and not used: x", "    x := 1", "    ^", "hint: "}},
	},
	{
		"a missing package", "import \"nosuch/pkg\"\npkg.X()",
		"failed to run \"/go/bin/go get\": exit status 1\n\ngo: gonb_1 imports\n\tnosuch/pkg: package nosuch/pkg is not in std (/go/src/nosuch/pkg)\n\n" +
			"---------------\nNote: 'go get' doesn't know how to process go.work files. \nConsider adding the paths in 'use' clauses.\n",
		Failure{"compile error", "nosuch/pkg: package nosuch/pkg is not in std", []string{
			"nosuch/pkg: package nosuch/pkg is not in std", "hint: cells use the packages of this checkout"}},
	},
	{
		"a panic", "a := []int{1}\ni := 5\nprintln(a[i])",
		"step 1\npanic: runtime error: index out of range [5] with length 1\n\ngoroutine 1 [running]:\nmain.main()\n\t " + mark + "4 ]]\x1b[0m " + folder + ":21 +0x52\nexit status 2\nexit status 2\n",
		Failure{"panic", "runtime error: index out of range [5] with length 1", []string{
			"panic: runtime error: index out of range [5] with length 1", "line 3:", "    println(a[i])"}},
	},
	{
		"a panic of several lines in a function of another cell", "helper(3);",
		"panic: first\n\tsecond\n\n[signal SIGSEGV: segmentation violation]\n\ngoroutine 7 [running]:\nmain.helper(...)\n\t \x1b[7m[[ Cell [5] Line 3 ]]\x1b[0m " + folder + ":14\n" +
			"github.com/ganbook/ganbook/ganlib/train.(*Trainer).Run(0xc000, {0x1, 0x2})\n\t/home/me/ganbook/ganlib/train/train.go:44 +0x1\n" +
			"github.com/gomlx/gomlx/pkg/graph.(*Graph).Add(...)\n\t/mod/graph.go:3\n" +
			"main.main()\n\t " + mark + "2 ]]\x1b[0m " + folder + ":21 +0x53\ncreated by main.main in goroutine 1\n\t " + mark + "2 ]]\x1b[0m " + folder + ":21 +0x53\n\n" +
			"goroutine 1 [sleep]:\nmain.other()\n\t " + mark + "2 ]]\x1b[0m " + folder + ":9\nexit status 2",
		Failure{"panic", "first", []string{"panic: first", "second", "", "[signal SIGSEGV", "cell [5], line 3, in helper",
			"in ganlib/train.(*Trainer).Run (train.go:44)", "line 1:", "    helper(3);"}},
	},
	{
		"an error as the last value", "f(1)",
		"panic: no such run\n\ngoroutine 1 [running]:\n" + showPackage + ".Show({0x1, 0x2})\n\t/home/me/result.go:52 +0xf7\nmain.main()\n\t " + mark + "4 ]]\x1b[0m " + folder + ":21 +0xb1\nexit status 2",
		Failure{"error", "no such run", []string{"no such run", "line 1:", "    f(1)"}},
	},
	{
		"deadlock", "ch := make(chan int)\nch <- 1",
		"fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan send]:\nmain.main()\n\t " + mark + "3 ]]\x1b[0m " + folder + ":20 +0x67\nexit status 2",
		Failure{"fatal error", "all goroutines are asleep - deadlock!", []string{
			"fatal error: all goroutines are asleep - deadlock!", "line 2:", "    ch <- 1", "hint: everything waits"}},
	},
	{
		"endless recursion", "func rec() { rec() }\nrec()",
		"runtime: goroutine stack exceeds 1000000000-byte limit\nfatal error: stack overflow\n\nruntime stack:\nruntime.throw({0x4, 0x4})\n\t/go/panic.go:1 +0x1\n\ngoroutine 1 gp=0x3 m=0 [running]:\n" +
			strings.Repeat("main.rec(...)\n\t "+mark+"1 ]]\x1b[0m "+folder+":17\n", 30) + "...44739039 frames elided...\nmain.main()\n\t " + mark + "3 ]]\x1b[0m " + folder + ":18\nexit status 2",
		Failure{"fatal error", "stack overflow", []string{"fatal error: stack overflow", "line 1, in rec:", "    func rec() { rec() }",
			"    … and so on, 29 frames more", "line 2:", "    rec()", "hint: a function calls itself"}},
	},
	{"exit", "os.Exit(3)", "exit status 3\nexit status 3\nexit status 3", Failure{"exit status", "exit status 3", []string{"exit status 3", "hint: the cell ended itself"}}},
	{"a failed command before a mistake", "!false\nx := 1",
		"exit status 1\n./main.go:20:1: declared and not used: x\n\nCell[2]: Line 3\n\nfunc main() {\n\tflag.Parse()\nx := 1\n^\n}\n\ndeclared and not used: x\n",
		Failure{"compile error", "line 2: declared and not used: x", []string{"line 2: declared and not used: x", "    x := 1", "    ^", "hint: "}}},
	{"killed", "for {}", "signal: killed\n", Failure{"signal", "signal: killed", []string{"signal: killed", "hint: killed from outside"}}},
	{"a core file", "for {}", "signal: aborted (core dumped)\n", Failure{"signal", "signal: aborted", []string{"signal: aborted"}}},
	{"a command", "%cd /nosuch", "executing special commands in cell: chdir\nexecuting special commands in cell: chdir", Failure{"error", "executing special commands in cell: chdir", []string{"executing special commands in cell: chdir"}}},
	{"nothing said", "x", "", Failure{"error", "the cell failed and said nothing", []string{"the cell failed and said nothing"}}},
}

func TestExplain(t *testing.T) {
	for _, c := range explainCases {
		t.Run(c.name, func(t *testing.T) {
			got := Explain(c.text, Prepare(c.cell), nil)
			same := slices.EqualFunc(got.Traceback, c.want.Traceback, func(g, w string) bool { return g == w || len(w) > 5 && strings.HasPrefix(g, w) })
			if got.Name != c.want.Name || got.Value != c.want.Value || !same {
				t.Errorf("explained as %s: %q\n%s\nwant %s: %q\n%s", got.Name, got.Value, strings.Join(got.Traceback, "\n"),
					c.want.Name, c.want.Value, strings.Join(c.want.Traceback, "\n"))
			}
		})
	}
}

func TestDeclares(t *testing.T) {
	p := Prepare("type T struct{}\nfunc (t *T) M() {}\nfunc free[E any](e E) {}\nx := 1\nM, T := 1, 2")
	for function, want := range map[string]bool{"main.(*T).M": true, "main.T.M.func1": true, "main.free[...]": true, "main.free.func2.1": true,
		"main.fre": false, "main.x": false, "main.(*T).N": false, "main.other in goroutine 1": false, "main.func1": false} {
		if declares(p, function) != want {
			t.Errorf("declares %s: want %v", function, want)
		}
	}
}

// A failure in a function of an earlier cell is shown in the lines that the user wrote there.
func TestFailureInAnEarlierCell(t *testing.T) {
	const earlier = "x := 1\nfunc boom() {\n\tpanic(\"oh\")\n}\nx"
	p := Prepare(earlier)
	line := 1 + slices.Index(strings.Split(p.Code, "\n"), "\tpanic(\"oh\")")
	text := func(function string) string {
		return fmt.Sprintf("panic: oh\n\ngoroutine 1 [running]:\n%s(...)\n\t[[ Cell [3] Line %d ]] /tmp/main.go:30\nmain.main()\n\t[[ Cell [5] Line 2 ]] /tmp/main.go:40 +0x1d\nexit status 2\n", function, line)
	}
	known := func(number int) (Prepared, bool) { return p, number == 3 }
	torn := strings.ReplaceAll(text("main.boom"), fmt.Sprintf("[[ Cell [3] Line %d ]] ", line), "")
	if got := strings.Join(Explain(torn, Prepare("boom();"), known).Traceback[1:], "|"); got != "in boom|line 1:|    boom();" {
		t.Errorf("without a place: %s", got)
	}
	torn = strings.ReplaceAll(text("main.boom"), "[[ Cell [5] Line 2 ]] ", "")
	if got := strings.Join(Explain(torn, Prepare("boom();\n\n\n\n\n"), nil).Traceback[1:], "|"); got != fmt.Sprintf("cell [3], line %d, in boom", line) {
		t.Errorf("without the place of main: %s", got)
	}
	for _, tc := range []struct {
		function string
		earlier  func(int) (Prepared, bool)
		want     string
	}{
		{"main.boom", known, "cell [3], line 3, in boom:|    \tpanic(\"oh\")|line 1:|    boom();"},
		{"main.boom", nil, fmt.Sprintf("cell [3], line %d, in boom|line 1:|    boom();", line)},
		{"main.other", known, fmt.Sprintf("cell [3], line %d, in other|line 1:|    boom();", line)}, // of a cell without a number
	} {
		if got := strings.Join(Explain(text(tc.function), Prepare("boom();"), tc.earlier).Traceback[1:], "|"); got != tc.want {
			t.Errorf("%s: %s\nwant %s", tc.function, got, tc.want)
		}
	}
}

func TestLongMessagesAreCut(t *testing.T) {
	text := "panic: a\n" + strings.Repeat("\tb\n", 100) + "\ngoroutine 1 [running]:\nmain.main()\n\t/x.go:1\nexit status 2"
	if got := Explain(text, Prepare("f();"), nil); len(got.Traceback) != maxMessage+1 || got.Traceback[maxMessage] != "… 61 more lines" {
		t.Errorf("%d lines: %q", len(got.Traceback), got.Traceback[len(got.Traceback)-1])
	}
}

func TestHasNoValue(t *testing.T) {
	for text, want := range map[string]bool{
		"./main.go:22:1: f() (no value) used as value\n":                   true,
		"\x1b[31mf() (no value) used as value\x1b[0m":                      true,
		"./main.go:22:1: time.Sleep(1) (no value) used as value or type\n": false,
		"./main.go:22:1: declared and not used: f\n":                       false,
	} {
		if HasNoValue(text) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}
