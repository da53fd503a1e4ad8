package labtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/kernelext/kerneltest"
)

// watched is a panel that is fed by no training: a hundred iterations in five seconds.
const watched = `panel := kernelext.Live("D/loss", "G/loss")
panel.Goal(6400)
for i := range int64(100) {
	panel.Point(runlog.Point{Iteration: i + 1, Images: 64 * (i + 1), Values: runlog.Values{"D/loss": 1 - float64(i)/50, "G/loss": float64(i) / 100}})
	if i%20 == 0 {
		sheet := image.NewGray(image.Rect(0, 0, 64, 64))
		for j := range sheet.Pix {
			sheet.Pix[j] = uint8(int64(j) * (i + 1) / 16)
		}
		panel.Image("", 64*i, sheet)
	}
	time.Sleep(50 * time.Millisecond)
}
if err := panel.Close(); err != nil {
	panic(err)
}`

// imports of the notebooks below. A cell is just code: nothing marks where a program begins.
const imports = `import (
	"context"
	"errors"
	"image"
	"time"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/kernelext"
)`

// endless is a training of small networks that nobody waits for.
const endless = `// Options of a training without an end.
func Options() experiments.Options {
	return experiments.Options{Scale: experiments.Smoke, ImageSize: 16, Width: 8, Images: 10_000_000}
}`

func TestRunAllInTheBrowser(t *testing.T) {
	lab := openLab(t)
	v := lab.browse(t, "all", imports, watched, `kernelext.Markdown("**bold**", nil)`, "6 * 7", `fmt.Println("the end")`)
	if n := moved(v.states[0]); n < 8 {
		t.Errorf("the panel showed %d states, want at least 8: %q", n, v.states[0])
	}
	cells := v.cells["end"]
	expectCounts(t, cells, 1, 2, 3, 4, 5)
	if panel := cells[1]; len(panel.Outputs) != 1 || panel.Pictures < 2 || !strings.Contains(panel.Shown, "iteration 100, 6,400 of 6,400 images") {
		t.Errorf("the panel ends with %d outputs, %d pictures and %q", len(panel.Outputs), panel.Pictures, panel.Shown)
	}
	for i, want := range map[int]string{2: "bold", 3: "42", 4: "the end"} {
		if !strings.Contains(cells[i].Shown, want) {
			t.Errorf("cell %d shows %q, want %q", i+1, cells[i].Shown, want)
		}
	}
}

func TestStopButtonInTheBrowser(t *testing.T) {
	lab := openLab(t)
	v := lab.browse(t, "stop", imports, endless, `ctx, stop := kernelext.Context()
defer stop()
panel := kernelext.Live("G/loss", "D/loss")
options := Options()
options.Watch = func(run *runlog.Run, s experiments.Settings) []runlog.Sink {
	panel.Goal(s.Images)
	return []runlog.Sink{panel}
}
if _, err := experiments.Train(ctx, "dcgan", options); err != nil && !errors.Is(err, context.Canceled) {
	panic(err)
}`, `fmt.Println("not to be run")`)
	cells := v.cells["end"]
	if last := cells[3]; last.Count != nil || len(last.Outputs) > 0 || strings.TrimSpace(last.Prompt) != "[ ]:" {
		t.Errorf("the cell behind the stopped one ran: prompt %q, shows %q", last.Prompt, last.Shown)
	}
	if stopped := cells[2]; stopped.Count == nil || *stopped.Count != 3 {
		t.Errorf("the stopped cell's prompt is %q, want [3]", stopped.Prompt)
	}
	if panel := cells[2].Shown; !strings.Contains(panel, "stopped after") {
		t.Errorf("the panel of the stopped training says %q", panel)
	}
	lab.expectSnapshot(t)
}

func TestDetachedTrainingInTheBrowser(t *testing.T) {
	lab := openLab(t)
	attach := `kernelext.Attach("night", "G/loss", "D/loss")`
	v := lab.browse(t, "detached", imports+"\n\n"+endless, `kernelext.Detach("night", func(ctx context.Context) error {
	_, err := experiments.Train(ctx, "dcgan", Options())
	return err
})`, attach, attach, attach, `kernelext.Stop("night")`)
	for i, when := range []string{"after the page was loaded again", "after the kernel was restarted"} {
		if n := moved(v.states[i]); n < 3 {
			t.Errorf("%s the panel showed %d states: %q", when, n, v.states[i])
		}
	}
	if a, b := iteration(t, v.cells["after reload"][3].Shown), iteration(t, v.cells["after restart"][4].Shown); b <= a {
		t.Errorf("the training stood at iteration %d after the page was loaded again and at %d after the kernel was restarted", a, b)
	}
	end := v.cells["end"]
	expectCounts(t, end[5:], 2) // the kernel's second cell: one attached, this one stopped
	// The watching ended as it was meant to. A kernel of another checkout may not know that.
	if watched := v.cells["after restart"][4].Shown; !strings.Contains(watched, "the training goes on") || strings.Contains(watched, "interrupted") {
		t.Errorf("after the stop button the cell that watched says %q", watched)
	}
	if !strings.Contains(end[5].Shown, "snapshot") {
		t.Errorf("the cell that stops says %q", end[5].Shown)
	}
	lab.expectSnapshot(t)
}

// An exported notebook is read with scripts off and without a network: everything is in the file.
func TestExportedNotebookInTheBrowser(t *testing.T) {
	lab := openLab(t)
	file := filepath.Join(lab.folder, "exported.ipynb")
	writeNotebook(t, file, imports, watched, `kernelext.Markdown("A formula: $\\sigma(x) = \\frac{1}{1 + e^{-x}}$, and **bold**.", nil)`, "6 * 7")
	if message, err := ganbook(t, "nb", "run", file); err != nil {
		t.Fatalf("nb run: %v\n%s", err, message)
	}
	page := export(t, file)
	for _, want := range []string{"kernelext.Live", "iteration 100, 6,400 of 6,400 images", "bold", "42"} {
		if !strings.Contains(page.Text, want) {
			t.Errorf("the page lacks %q:\n%.2000s", want, page.Text)
		}
	}
	if page.Charts < 1 || page.Formulas < 1 {
		t.Errorf("the page has %d charts and %d formulas", page.Charts, page.Formulas)
	}
}

// The same for the notebooks of the checkout, as they are saved.
func TestOurNotebooksAsPages(t *testing.T) {
	chromium(t)
	browserScripts(t)
	files, err := filepath.Glob(filepath.Join(kerneltest.ModuleRoot(t), "notebooks", "*.ipynb"))
	if err != nil || len(files) == 0 {
		t.Fatalf("notebooks %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			copied := filepath.Join(t.TempDir(), filepath.Base(file))
			if err := os.WriteFile(copied, text, 0o644); err != nil {
				t.Fatal(err)
			}
			if page := export(t, copied); len(page.Text) < 1000 {
				t.Errorf("the page says only %q", page.Text)
			}
		})
	}
}

// export turns a notebook into a page and opens that; it must have pictures and neither scripts nor requests.
func export(t *testing.T, file string) page {
	t.Helper()
	if message, err := ganbook(t, "nb", "html", file); err != nil {
		t.Fatalf("nb html: %v\n%s", err, message)
	}
	address := "file://" + strings.TrimSuffix(file, ".ipynb") + ".html"
	v := browse(t, "html", address)
	for _, request := range v.requests {
		if request != address && !strings.HasPrefix(request, "data:") {
			t.Errorf("the page asked for %s", request)
		}
	}
	if v.page.Images < 1 || v.page.Scripts > 0 {
		t.Errorf("the page has %d pictures and %d scripts", v.page.Images, v.page.Scripts)
	}
	return v.page
}

var iterationShown = regexp.MustCompile(`iteration ([\d,]+)`)

// iteration is how far a panel says a training is.
func iteration(t *testing.T, panel string) int {
	t.Helper()
	m := iterationShown.FindStringSubmatch(panel)
	if m == nil {
		t.Errorf("a panel shows no iteration: %q", panel)
		return 0
	}
	n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
	if err != nil {
		t.Error(err)
	}
	return n
}

// expectCounts wants the cells numbered so.
func expectCounts(t *testing.T, cells []cell, want ...int) {
	t.Helper()
	for i, n := range want {
		if cells[i].Count == nil || *cells[i].Count != n {
			t.Errorf("cell %d: prompt %q, want [%d]", i+1, cells[i].Prompt, n)
		}
		for _, o := range cells[i].Outputs {
			if o.Type == "error" {
				t.Errorf("cell %d: %s", i+1, o.Text)
			}
		}
	}
}

// expectSnapshot wants one run, stopped, with a snapshot that can be read.
func (l *lab) expectSnapshot(t *testing.T) {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(l.folder, "runs", "0*"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("runs %v, %v, want one", dirs, err)
	}
	run, err := runlog.Open(dirs[0])
	if err != nil {
		t.Fatal(err)
	}
	snapshot, damaged, err := run.Latest()
	if err != nil || len(damaged) > 0 || run.Status() != "stopped" {
		t.Fatalf("the run is %q; its snapshots: %v, %v", run.Status(), damaged, err)
	}
	if err := snapshot.Close(); err != nil {
		t.Error(err)
	}
}
