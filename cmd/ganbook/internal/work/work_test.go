package work

import (
	"math"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

func TestParse(t *testing.T) {
	for _, name := range append(append([]string{}, cpuWorks...), gpuWorks...) {
		w, err := Parse(name)
		if err != nil || w.String() != name || w.Multiplications() <= 0 || strings.Contains(w.About(), "%!") || w.Batch() < 1 {
			t.Errorf("%s: %v, %q, %d, %v", name, w, w.About(), w.Multiplications(), err)
		}
	}
	for name, want := range map[string]string{
		"":                 "no such family",
		"dcgam:16:64":      "dcgan:batch:width",
		"dcgan":            "0 numbers",
		"dcgan:16":         "1 numbers",
		"dcgan:16:64:3":    "3 numbers",
		"dcgan:1:64":       `batch "1"`,
		"dcgan:many:64":    `batch "many"`,
		"wgan:16:4:128":    `side "4"`,
		"wgan:16:24:128":   "power of two",
		"blocks:1:8:4:0":   `layers "0"`,
		"toy:-5":           `batch "-5"`,
		"anogan: 256":      `batch " 256"`,
		"toy:999999999999": "",
	} {
		_, err := Parse(name)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
}

func TestSelect(t *testing.T) {
	for _, tc := range []struct {
		asked []string
		want  string
	}{
		{nil, strings.Join(cpuWorks, " ")},
		{[]string{"toy"}, "toy:64 toy:512"},
		{[]string{"toy:9", "toy:64", "toy", "anogan"}, "toy:9 toy:64 toy:512 anogan:256"},
	} {
		list, err := Select(tc.asked, CPU())
		var names []string
		for _, w := range list {
			names = append(names, w.String())
		}
		if got := strings.Join(names, " "); err != nil || got != tc.want {
			t.Errorf("%v: %s, %v; want %s", tc.asked, got, err, tc.want)
		}
	}
	for _, bad := range []string{"tyo", "toy:x", ""} {
		if _, err := Select([]string{"toy", bad}, CPU()); err == nil || !strings.Contains(err.Error(), `"`+bad+`"`) && bad != "toy:x" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestGrowth(t *testing.T) {
	for _, tc := range []struct {
		from, to, want string
	}{
		{"dcgan:16:64", "dcgan:128:64", "batch 16 → 128"}, {"dcgan:16:16", "dcgan:16:64", "width 16 → 64"},
		{"dcgan:16:16", "dcgan:128:64", ""}, {"dcgan:128:64", "dcgan:16:64", ""}, {"toy:4", "anogan:8", ""}, {"toy:4", "toy:4", ""},
		{"wgan:16:16:128", "wgan:16:32:64", ""}, {"wgan:16:32:64", "wgan:32:16:64", ""},
	} {
		got, ok := mustParse([]string{tc.to})[0].Growth(mustParse([]string{tc.from})[0])
		if ok != (tc.want != "") || ok && got != tc.want {
			t.Errorf("%s → %s: %q, %v; want %q", tc.from, tc.to, got, ok, tc.want)
		}
	}
}

// Against counts by hand.
func TestMultiplications(t *testing.T) {
	for name, want := range map[string]float64{
		// 2.27 GFLOP an image: forward and backward through both networks, D's on two batches and again for G.
		"dcgan:16:64": 16 * 2.27e9 / 2,
		// Three of one layer, 8·8 pixels with 3·3 taps from 4 to 4 channels.
		"blocks:2:8:4:1": 3 * 2 * 64 * 9 * 16,
		// G's layers (0.59 M in the document), and 14·14 pixels with 3·3 taps to 16 channels: forward and back to z.
		"search:4": 4 * 2 * (78_400 + 225_792 + 225_792 + 56_448 + 196*9*16),
		// Two layers: forward 2; gradient 2; back through it 2 + 1; back through the forward pass 2 + 1.
		"blocks2:1:8:4:2": 10 * 64 * 9 * 16,
	} {
		if got := float64(mustParse([]string{name})[0].Multiplications()); math.Abs(got/want-1) > 0.005 {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// Every family does its steps: the weights move, the losses are numbers, and another start repeats them to the bit.
func TestSteps(t *testing.T) {
	for name, parameters := range map[string]int{
		"dcgan:2:4": 0, "anogan:3": 85_937 + 6_369, "search:3": 85_937 + 6_369, "toy:5": 8_642 + 8_577, "wgan:2:8:3": 0, "blocks:1:6:4:2": 2 * 144, "blocks2:1:6:4:2": 2 * 144,
	} {
		w, err := Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		var runs [2][][]float64
		for i := range runs {
			step, err := w.Start(gantest.Backend(t))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				losses, err := step.Do(t.Context())
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				runs[i] = append(runs[i], losses)
			}
			if n := step.Parameters(); n == 0 || parameters != 0 && n != parameters {
				t.Errorf("%s: %d parameters, want %d", name, n, parameters)
			}
			step.Close()
		}
		for k, first := range runs[0][0] {
			if math.IsNaN(first) || first != runs[1][0][k] || runs[0][1][k] != runs[1][1][k] {
				t.Errorf("%s: losses %v", name, runs)
			}
			if moved := first != runs[0][1][k]; moved == strings.HasPrefix(name, "blocks") {
				t.Errorf("%s: losses %v", name, runs)
			}
		}
	}
}

func TestConvolutions(t *testing.T) {
	w := mustParse([]string{"dcgan:2:4"})[0]
	list := w.Convolutions()
	if len(list) != 4 || list[3] != (Convolution{2, 8, 16, 32, 4, 2, 1, 1}) {
		t.Errorf("%v", list)
	}
	if _, _, err := list[0].Start(gantest.Backend(t), "pooling"); err == nil || !strings.Contains(err.Error(), "pooling") {
		t.Errorf("%v", err)
	}
	for _, primitive := range Primitives {
		do, end, err := list[3].Start(gantest.Backend(t), primitive)
		if err != nil {
			t.Fatal(err)
		}
		if err := do(); err != nil {
			t.Errorf("%s: %v", primitive, err)
		}
		end()
	}
}
