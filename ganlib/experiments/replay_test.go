package experiments

import (
	"math"
	"slices"
	"testing"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Points are paired by their iteration, and what only one side has is named; nothing compared is nothing equal.
func TestComparePoints(t *testing.T) {
	of := func(iterations ...int64) map[int64]runlog.Values {
		points := map[int64]runlog.Values{}
		for _, i := range iterations {
			points[i] = runlog.Values{"D/loss": float64(i), "G/loss": math.NaN()}
		}
		return points
	}
	compare := func(was, is map[int64]runlog.Values) Replayed {
		r := Replayed{Tensors: 1}
		r.comparePoints(was, is)
		return r
	}
	if r := compare(of(1, 2), of(1, 2)); !r.Equal() || r.Points != 2 || r.Numbers != 4 {
		t.Errorf("the same: %+v", r)
	}
	if r := compare(of(1, 3, 4), of(1, 2, 4)); r.Equal() || r.Metrics != nil || r.Points != 2 || !slices.Equal(r.NotNow, []int64{3}) || !slices.Equal(r.NotThen, []int64{2}) {
		t.Errorf("of other iterations: %+v", r)
	}
	for name, pair := range map[string][2]map[int64]runlog.Values{"both": {nil, nil}, "the repetition": {of(1), nil}, "the run": {nil, of(1)}} {
		if r := compare(pair[0], pair[1]); r.Equal() || r.Compared() {
			t.Errorf("%s without points: %+v", name, r)
		}
	}
	if r := compare(of(1), of(1)); (Replayed{Numbers: r.Numbers}).Equal() {
		t.Error("without tensors: equal")
	}
	// A number that one side has not is a difference, be the other's NaN.
	for _, name := range []string{"D/loss", "G/loss"} {
		less := of(1, 2)
		delete(less[2], name)
		for where, pair := range map[string][2]map[int64]runlog.Values{"the repetition": {of(1, 2), less}, "the run": {less, of(1, 2)}} {
			want := name + " at iteration 2, which " + where + " has not"
			if r := compare(pair[0], pair[1]); r.Equal() || r.Metrics == nil || r.Metrics.Where != want || r.Metrics.Count != 1 || r.Metrics.Of != 4 {
				t.Errorf("want %q: %+v", want, r.Metrics)
			}
		}
	}
}
