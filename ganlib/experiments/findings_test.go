package experiments_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/health"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Every setting that a remedy names is one that dcgan has, with a value that it takes.
func TestRemediesNameSettingsThatExist(t *testing.T) {
	settings := regexp.MustCompile(`--set ([a-z_0-9]+)=([0-9.]*[0-9])`)
	checked := 0
	for _, remedy := range health.Remedies() {
		for _, m := range settings.FindAllStringSubmatch(remedy, -1) {
			checked++
			if err := experiments.Check("dcgan", experiments.Options{Set: map[string]string{m[1]: m[2]}}); err != nil {
				t.Errorf("%q: %v", remedy, err)
			}
		}
		if n := strings.Count(remedy, "--set "); n != len(settings.FindAllString(remedy, -1)) {
			t.Errorf("%q: a --set that is none", remedy)
		}
	}
	if checked < 5 {
		t.Errorf("only %d settings in all remedies", checked)
	}
}

// A notebook shows what went wrong as a table, and a run in which nothing did as a sentence.
func TestFindingsMarkdown(t *testing.T) {
	o := short(t.TempDir())
	run, err := experiments.Train(t.Context(), "dcgan", o)
	if err != nil {
		t.Fatal(err)
	}
	text, err := experiments.FindingsMarkdown(run)
	if err != nil || !strings.HasPrefix(text, "nothing found in 2 iterations: looked for saturated discriminator") {
		t.Errorf("%s %v", text, err)
	}
	o.Set["lr"] = "1e35"
	o.Images = 64
	run, err = experiments.Train(t.Context(), "dcgan", o)
	if err == nil {
		t.Fatal("a learning rate of 1e35 trains")
	}
	if text, err = experiments.FindingsMarkdown(run); err != nil || !strings.Contains(text, "| diverged: ") || !strings.Contains(text, "`--set lr=0.0001`") || strings.Contains(text, "Inf |") {
		t.Errorf("%s %v", text, err)
	}

	run, err = runlog.Create(t.TempDir(), runlog.Info{Experiment: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	for _, f := range []runlog.Finding{
		{Kind: health.Collapse, Title: "mode collapse", Iteration: 9, Since: 7, Measure: "distance", Value: 0.1, Limit: 0.3, Cause: "c.", Remedy: "Take a larger --batch."},
		{Kind: health.Imbalance, Title: "imbalance", Iteration: 10, Since: 8, Cause: "c.", Remedy: "r."},
		{Kind: health.Collapse, Title: "mode collapse", Iteration: 12, Since: 7, Resolved: true},
	} {
		if err := run.Finding(f); err != nil {
			t.Fatal(err)
		}
	}
	text, err = experiments.FindingsMarkdown(run)
	if err != nil || !strings.Contains(text, "| mode collapse | 7 to 12 | distance: 0.1, limit 0.3 | c. | Take a larger `--batch`. |\n| imbalance | 8 on |") {
		t.Errorf("%s %v", text, err)
	}
}
