package plots

import (
	"math"
	"strings"
	"testing"
)

func ExampleSearches() {
	fall := func(from, to, rate float64) (losses []float64) {
		for k := range 101 {
			losses = append(losses, to+(from-to)*math.Exp(-rate*float64(k)))
		}
		return losses
	}
	img, err := rendered(Searches("One query, searched in two ways", Search{"right", fall(0.31, 0.02, 0.12)}, Search{"Adam kept", fall(0.31, 0.024, 0.05)}))
	golden("searches.png", img, err)
	// Output: searches.png: as expected
}

func TestSearches(t *testing.T) {
	p, err := Searches("one query", Search{"fresh", []float64{0.4, 0.2, 0.1}}, Search{"kept", []float64{0.4, 0.5, 0.3, 0.2}})
	if err != nil {
		t.Fatal(err)
	}
	if p.X.Min != 0 || p.X.Max != 3 || p.Y.Min > 0.1 || p.Y.Max < 0.5 {
		t.Errorf("the figure runs from %v to %v and from %v to %v", p.X.Min, p.X.Max, p.Y.Min, p.Y.Max)
	}
	if _, err := Searches("nothing"); err == nil {
		t.Error("a figure without a search passed")
	}
	if _, err := Searches("", Search{"broken", []float64{math.NaN()}}); err == nil || !strings.Contains(err.Error(), `search "broken"`) {
		t.Errorf("losses that are no numbers: %v", err)
	}
}
