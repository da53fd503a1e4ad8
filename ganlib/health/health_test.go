package health

import (
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// stretch is n iterations with the same numbers.
type stretch struct {
	n      int
	values runlog.Values
}

// stretches are a training's points.
func stretches(parts ...stretch) []runlog.Point {
	var points []runlog.Point
	for _, s := range parts {
		for range s.n {
			at := int64(len(points) + 1)
			points = append(points, runlog.Point{Iteration: at, Images: 32 * at, Values: s.values})
		}
	}
	return points
}

// scores are the numbers that a DCGAN reports in every iteration.
func scores(lossG, real, fake, gradient float64) runlog.Values {
	return runlog.Values{GeneratorLoss: lossG, RealScore: real, FakeScore: fake, GeneratorGradient: gradient, "D/loss": -math.Log(real) - math.Log(1-fake)}
}

var (
	well      = scores(3, 0.8, 0.2, 50)
	saturated = scores(25, 0.9999, 1e-6, 80)
	flat      = scores(-0.001, 0.9, 0.001, 0.001) // the original loss of a G that is always found out
	winsD     = scores(5, 0.99, 0.01, 60)
	winsG     = scores(0.1, 0.4, 0.9, 5)
)

func sheet(distance float64) stretch {
	return stretch{1, runlog.Values{SheetDistance: distance}}
}

// Every check begins, ends and keeps still where it must.
func TestChecks(t *testing.T) {
	first := stretch{1, runlog.Values{SheetDistance: 0.1, RealDistance: 0.6}}
	for _, tc := range []struct {
		name   string
		points []runlog.Point
		want   []string // kind, iteration since, "over" for an end
	}{
		{"a healthy training", stretches(stretch{2000, well}), nil},
		{"equilibrium", stretches(stretch{2000, scores(math.Ln2, 0.5, 0.5, 10)}), nil},
		{"an empty point", stretches(stretch{100, nil}), nil},

		{"a spike of 30 batches near batch 50", stretches(stretch{50, well}, stretch{30, saturated}, stretch{400, well}), nil},
		{"saturated from 201 on, when the mean of D(G(z)) is down, 148 iterations later", stretches(stretch{200, well}, stretch{400, saturated}), []string{"saturated 349"}},
		{"saturated and back", stretches(stretch{200, well}, stretch{400, saturated}, stretch{300, well}), []string{"saturated 349", "saturated 349 over"}},
		{"saturated, with lucky batches in between", stretches(stretch{100, well}, stretch{300, saturated}, stretch{5, well}, stretch{300, saturated}), []string{"saturated 249"}},
		{"saturated with real label 0.9", stretches(stretch{300, scores(20, 0.9, 1e-5, 50)}), []string{"saturated 1"}},

		{"no gradient from the loss", stretches(stretch{100, scores(-0.5, 0.6, 0.4, 1)}, stretch{400, flat}), []string{"vanishing 334"}},
		{"no gradient at all, from the start", stretches(stretch{200, scores(-0.001, 0.9, 0.001, 0)}), []string{"vanishing 20"}},
		{"no gradient because D believes", stretches(stretch{100, well}, stretch{600, scores(0.02, 0.9, 0.85, 0.01)}), nil},
		{"a gradient that fell to a tenth", stretches(stretch{100, well}, stretch{600, scores(4, 0.8, 0.05, 5)}), nil},

		{"D wins for 200 iterations", stretches(stretch{100, well}, stretch{200, winsD}, stretch{600, well}), nil},
		{"D wins for long", stretches(stretch{100, well}, stretch{800, winsD}, stretch{300, well}), []string{"imbalance 353", "imbalance 353 over"}},
		{"D wins, and worse", stretches(stretch{800, saturated}), []string{"saturated 1"}},
		{"G wins for 80 iterations", stretches(stretch{100, well}, stretch{80, winsG}, stretch{300, well}), nil},
		{"G wins for long", stretches(stretch{100, well}, stretch{300, winsG}, stretch{300, well}), []string{"imbalance 151", "imbalance 151 over"}},

		{"sheets that come to life", stretches(first, stretch{199, well}, sheet(0.27), stretch{199, well}, sheet(0.38), stretch{199, well}, sheet(0.45), sheet(0.55), sheet(0.5)), nil},
		{"sheets that never do", stretches(first, stretch{400, well}, sheet(0.1), stretch{700, well}, sheet(0.1), stretch{200, well}, sheet(0.1)), []string{"collapse 1103"}},
		{"one odd sheet", stretches(first, stretch{100, well}, sheet(0.5), sheet(0.1), sheet(0.5)), nil},
		{"sheets that collapse and recover", stretches(first, stretch{100, well}, sheet(0.5), sheet(0.1), sheet(0.2), sheet(0.1), sheet(0.27), sheet(0.28), sheet(0.4), sheet(0.4)), []string{"collapse 103", "collapse 103 over"}},
		{"sheets without real images to compare", stretches(sheet(0.5), sheet(0.1), sheet(0.1)), []string{"collapse 2"}},

		{"a critic's losses", stretches(stretch{1000, runlog.Values{"D/loss": -40, GeneratorLoss: 900, "gp": 0.1, GeneratorGradient: 1e-9}}), nil},
		{"a gradient that is no number", stretches(stretch{10, well}, stretch{10, scores(3, 0.8, 0.2, math.NaN())}), []string{"diverged 11"}},
		{"a loss that is no number", stretches(stretch{300, well}, stretch{1, scores(math.NaN(), 0.8, math.Inf(1), 50)}, stretch{300, well}), nil}, // the trainer's to tell
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, f := range Examine(tc.points) {
				text := fmt.Sprint(f.Kind, " ", f.Since)
				if f.Resolved {
					text += " over"
				}
				got = append(got, text)
				at := tc.points[f.Iteration-1]
				if f.Images != at.Images || f.Title == "" || f.Measure == "" || f.Cause == "" || f.Remedy == "" || f.Severity == "" {
					t.Errorf("%+v", f)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("found %q, want %q", got, tc.want)
			}
		})
	}
}

// The first 700 iterations of a real training, DCGAN of width 16 on synthetic faces in batches of 16: D is far ahead
// around iteration 340, one swing later G is, and it comes right. It is the nearest that a healthy run came to alarm.
func TestNoAlarmOnAHealthyRun(t *testing.T) {
	text, err := os.ReadFile("testdata/width16.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	names := strings.Split(lines[0], "\t")
	var points []runlog.Point
	lowest := math.Inf(1)
	for i, line := range lines[1:] {
		values := runlog.Values{}
		for k, field := range strings.Split(line, "\t") {
			if values[names[k]], err = strconv.ParseFloat(field, 64); err != nil {
				t.Fatal(err)
			}
		}
		lowest = min(lowest, values[FakeScore])
		points = append(points, runlog.Point{Iteration: int64(i + 1), Values: values})
	}
	if len(points) != 700 || lowest > 1e-5 {
		t.Fatalf("%d points, D(G(z)) never below %v: not the series that this test is about", len(points), lowest)
	}
	if found := Examine(points); len(found) > 0 {
		t.Errorf("found %+v", found)
	}
}

// A loss that ends a training is told once, also when a gradient told it before.
func TestEnded(t *testing.T) {
	var m Monitor
	at := runlog.Point{Iteration: 7, Images: 70}
	found := m.Ended(at, "D/loss", math.NaN())
	if len(found) != 1 || found[0].Title != "diverged: D/loss is NaN" || found[0].Iteration != 7 || found[0].Since != 7 || !math.IsNaN(found[0].Value) {
		t.Errorf("%+v", found)
	}
	if again := m.Ended(at, "G/loss", math.Inf(1)); len(again) > 0 {
		t.Errorf("told again: %+v", again)
	}
}

func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		name   string
		pixels []float32
		n      int
		want   float64
	}{
		{"none", nil, 0, 0},
		{"one", []float32{1, 2}, 1, 0},
		{"equal", []float32{0.5, -1, 0.5, -1}, 2, 0},
		{"black and white", []float32{-1, -1, -1, 1, 1, 1}, 2, 2},
		{"half of the pixels", []float32{-1, -1, 1, -1}, 2, math.Sqrt2},
		{"three on a line", []float32{0, 1, 3}, 3, 2}, // 1, 2 and 3 apart
	} {
		if got := Distance(tc.pixels, tc.n); math.Abs(got-tc.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestWords(t *testing.T) {
	found := Examine(stretches(stretch{400, winsG}, stretch{300, well}))
	want := []string{
		"imbalance: the generator wins since iteration 1: D(x) − D(G(z)), mean of 50 iterations is -0.5, limit -0.1",
		"imbalance: the generator wins is over at iteration 480: D(x) − D(G(z)), mean of 50 iterations is 0.381, limit -0.1",
	}
	var got []string
	for _, f := range found {
		got = append(got, Line(f))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	done, not := Checked([]string{"D/loss", GeneratorLoss, GeneratorGradient, SheetDistance})
	if !reflect.DeepEqual(done, []string{"mode collapse", "divergence"}) || len(not) != 4 {
		t.Errorf("of a critic's game: done %q, not %q", done, not)
	}
	for iterations, want := range map[int]string{
		20:  "nothing found in 20 iterations: looked for saturated discriminator, vanishing generator gradient, imbalance: the discriminator wins, imbalance: the generator wins, divergence; below 500 iterations most of it cannot be told yet; the game does not report what is needed for mode collapse",
		600: "nothing found in 600 iterations: looked for saturated discriminator, vanishing generator gradient, imbalance: the discriminator wins, imbalance: the generator wins, divergence; the game does not report what is needed for mode collapse",
	} {
		run, err := runlog.Create(t.TempDir(), runlog.Info{Experiment: "test"})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range stretches(stretch{iterations, well}) {
			if err := run.Point(p); err != nil {
				t.Fatal(err)
			}
		}
		if got := Healthy(run); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if err := run.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
