package train

import (
	"testing"
	"time"
)

// The first step is counted from when whoever trains began, so that opening the data and starting the backend are in it.
func TestTimingCountsFromTheBeginning(t *testing.T) {
	m := matches[0]
	opt := m.options()
	opt.Sheet, opt.Images, opt.Began = nil, 5, time.Now().Add(-time.Hour)
	trainer := begin(t, m.gan(), opt)
	defer trainer.Close()
	if err := trainer.Run(t.Context(), m.src(t)); err != nil {
		t.Fatal(err)
	}
	got := trainer.Timing()
	if got.Start < time.Hour || got.FirstStep < got.Start || got.Training > time.Hour || got.FirstStep-got.Start > got.Training {
		t.Errorf("%+v", got)
	}
	values := got.Values()
	if values["start, s"] != got.Start.Seconds() || values["start to first step, s"] != got.FirstStep.Seconds() {
		t.Errorf("%v", values)
	}
	if got.Peak < 1<<20 || values["peak memory, MB"] != float64(got.Peak)/1e6 {
		t.Errorf("a peak of %d bytes, %v", got.Peak, values)
	}
}
