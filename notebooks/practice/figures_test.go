package practice

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

func TestFigures(t *testing.T) {
	o := experiments.Options{Scale: experiments.Smoke}
	for name, draw := range map[string]func() (any, error){
		"networks":      func() (any, error) { return NetworksFigure("dcgan", o) },
		"order":         func() (any, error) { return OrderFigure() },
		"best D":        func() (any, error) { return BestDiscriminator(2) },
		"checkerboards": func() (any, error) { return Checkerboards(3, 4, 5) },
	} {
		if _, err := draw(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NetworksFigure("dcgans", o); err == nil {
		t.Error("an experiment that is not there was drawn")
	}
	img, err := OrderFigure()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil || b.Len() > 40_000 {
		t.Errorf("the figure of the order has %d bytes, %v", b.Len(), err)
	}
}

// Stages are what the layers say: G from the latent to the picture, D back to one number.
func TestStages(t *testing.T) {
	tables, err := experiments.Networks("dcgan", experiments.Options{Scale: experiments.Smoke})
	if err != nil {
		t.Fatal(err)
	}
	g, d := stagesOf(tables[0]), stagesOf(tables[1])
	if g[0].channels != 100 || g[0].size != 1 || g[5].channels != 3 || g[5].size != 64 || g[5].then != "tanh" || g[1].then != "BN, ReLU" {
		t.Errorf("G: %+v", g)
	}
	if d[0].channels != 3 || d[0].size != 64 || d[5].channels != 1 || d[5].size != 1 || d[1].op != "k4 s2 p1" || d[1].then != "LeakyReLU" {
		t.Errorf("D: %+v", d)
	}
	table, err := NetworkMarkdown("dcgan", "discriminator", experiments.Options{Scale: experiments.Full})
	if err != nil || !strings.Contains(table, "2765568 in all") || strings.Contains(table, "generator") {
		t.Errorf("%v\n%s", err, table)
	}
	if _, err := NetworkMarkdown("dcgan", "encoder", experiments.Options{}); err == nil {
		t.Error("a DCGAN has no encoder")
	}
}

// The best value is −log 4 where fakes are as the data, and rises to 0 as they part.
func TestBestValue(t *testing.T) {
	if v := BestValue(0); math.Abs(v+math.Log(4)) > 1e-6 {
		t.Errorf("V at equality: %v, want −log 4", v)
	}
	if a, b, c := BestValue(1), BestValue(2), BestValue(10); !(a < b && b < c && c < 0 && c > -1e-4) {
		t.Errorf("V at 1, 2, 10: %v %v %v", a, b, c)
	}
}

func TestBCEMarkdown(t *testing.T) {
	byHand := func(p, y float64) float64 { return -(y*math.Log(p) + (1-y)*math.Log(1-p)) }
	table, err := BCEMarkdown(byHand, 0.9, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| 0.90 | 2.1972 | 0.1054 | 0.1054 | 2.3026 | 2.3026 |", "| 0.50 | 0.0000 | 0.6931 | 0.6931 | 0.6931 | 0.6931 |"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
}

// A run that has only begun is no nil error.
func TestLogLinesBeforeTheFirst(t *testing.T) {
	r, err := runlog.Create(t.TempDir(), runlog.Info{Experiment: "dcgan"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := LogLines(&experiments.Opened{Run: r}, 1, 1); err == nil || !strings.HasSuffix(err.Error(), "has no iteration yet: wait for the first, or train again") {
		t.Errorf("error %v", err)
	}
}

// A run of a few iterations has log lines, a spread, and one latent that differs between batches only with batch
// statistics.
func TestResultsOfARun(t *testing.T) {
	out := t.TempDir()
	o := experiments.Options{Scale: experiments.Smoke, Out: out, Width: 4, Images: 48, Set: map[string]string{"batch_size": "8"}}
	if _, err := experiments.Train(t.Context(), "dcgan", o); err != nil {
		t.Fatal(err)
	}
	run, err := experiments.Newest("dcgan", out)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := LogLines(run, 1, 0)
	if err != nil || !strings.HasPrefix(lines, "[0/1][0/20]\tLoss_D: ") || !strings.HasSuffix(lines, "… 1 more …") {
		t.Errorf("%q, %v", lines, err)
	}
	var real, fake float64
	said, err := Spread(run, 8)
	if _, e := fmt.Sscanf(said, "mean distance of two pictures: real %g, fake %g", &real, &fake); e != nil || err != nil || !(real > fake && fake > 0) {
		t.Errorf("spread: %q, %v", said, err)
	}
	_, said, err = SameLatent(run)
	if err != nil || strings.Contains(said, "batch statistics: 0.0000") || !strings.Contains(said, "running averages: 0.0000 apart") {
		t.Errorf("%q, %v", said, err)
	}
}
