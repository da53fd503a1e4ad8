package practice

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// notebooks have exercises, at least so many.
var notebooks = map[string]int{"../01-dcgan.ipynb": 8, "../02-anogan.ipynb": 6}

// task is an exercise as the notebook has it.
type task struct {
	title    string
	stub     string // the declaration to fill in
	check    string // the expression that checks it
	solution string // declarations, folded away in the text
}

var (
	exerciseTitle = regexp.MustCompile(`(?m)^### (Exercise \d+: .*)$`)
	solutionText  = regexp.MustCompile("(?s)<details><summary>Solution</summary>\n\n```go\n(.*?)\n```")
	checkCall     = regexp.MustCompile(`(?m)^(practice\.Check\w+\(.*\))\.Show\(\)$`)
	packageUsed   = regexp.MustCompile(`\b(math|slices|fmt)\.`)
)

// readTasks returns the exercises of a notebook.
func readTasks(t *testing.T, file string) (tasks []task) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var nb struct {
		Cells []struct {
			Type   string   `json:"cell_type"`
			Source []string `json:"source"`
		}
	}
	if err := json.Unmarshal(text, &nb); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for i, c := range nb.Cells {
		title := exerciseTitle.FindStringSubmatch(strings.Join(c.Source, ""))
		if c.Type != "markdown" || title == nil {
			continue
		}
		solution := solutionText.FindStringSubmatch(strings.Join(c.Source, ""))
		if solution == nil || i+1 == len(nb.Cells) {
			t.Fatalf("%s has no folded solution or no cell behind it", title[1])
		}
		stub, run, both := strings.Cut(strings.Join(nb.Cells[i+1].Source, ""), "\n%%\n")
		check := checkCall.FindStringSubmatch(run)
		if !both || check == nil {
			t.Fatalf("%s: the cell behind it has no declaration, %%%% and practice.CheckX(…).Show()", title[1])
		}
		tasks = append(tasks, task{title[1], stub, check[1], solution[1]})
	}
	return tasks
}

// runChecks compiles declarations, one set for each task, and returns what each check says.
func runChecks(t *testing.T, tasks []task, declarations func(task) string) []string {
	t.Helper()
	var body, calls strings.Builder
	for _, task := range tasks {
		body.WriteString(declarations(task) + "\n\n")
		fmt.Fprintf(&calls, "\tfmt.Printf(\"%%q\\n\", %s.String())\n", task.check)
	}
	imports := map[string]bool{"fmt": true}
	for _, m := range packageUsed.FindAllStringSubmatch(body.String(), -1) {
		imports[m[1]] = true
	}
	var program strings.Builder
	program.WriteString("package main\n\nimport \"github.com/ganbook/ganbook/notebooks/practice\"\n")
	for name := range imports {
		fmt.Fprintf(&program, "import %q\n", name)
	}
	fmt.Fprintf(&program, "\n%sfunc main() {\n%s}\n", body.String(), calls.String())
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(program.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "run", file).Output()
	if err != nil {
		t.Fatalf("go run: %v\n%s", err, out)
	}
	var said []string
	for line := range strings.Lines(string(out)) {
		var text string
		if _, err := fmt.Sscanf(line, "%q", &text); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		said = append(said, text)
	}
	if len(said) != len(tasks) {
		t.Fatalf("%d verdicts on %d exercises", len(said), len(tasks))
	}
	return said
}

// Every folded solution of the notebooks is right, and every cell as it stands is open: nothing fails in a run of the
// whole notebook, and no solution rots.
func TestSolutionsOfTheNotebooks(t *testing.T) {
	var tasks []task
	for file, least := range notebooks {
		of := readTasks(t, file)
		if len(of) < least {
			t.Errorf("%s has %d exercises, want at least %d", file, len(of), least)
		}
		tasks = append(tasks, of...)
	}
	for i, said := range runChecks(t, tasks, func(t task) string { return t.solution }) {
		if !strings.HasPrefix(said, "**Right.**") {
			t.Errorf("%s: the solution: %s", tasks[i].title, said)
		}
	}
	for i, said := range runChecks(t, tasks, func(t task) string { return t.stub }) {
		if !strings.HasPrefix(said, "*Not solved yet:*") {
			t.Errorf("%s: the cell as it stands: %s", tasks[i].title, said)
		}
	}
}
