package health

import "slices"

// average is a mean that forgets: plain at first, then with a weight that fades over a number of values.
type average struct {
	mean   float64
	n      int
	memory int
}

// over sets how many values the mean reaches back.
func (a *average) over(memory int) *average { a.memory = memory; return a }

func (a *average) add(x float64) {
	a.n = min(a.n+1, a.memory)
	a.mean += (x - a.mean) / float64(a.n)
}

// early keeps the first values of a series.
type early struct{ first []float64 }

// earlyValues are enough for a median that one odd batch does not move.
const earlyValues = 20

func (e *early) add(x float64) {
	if len(e.first) < earlyValues {
		e.first = append(e.first, x)
	}
}

// median is known once there are enough values.
func (e *early) median() (float64, bool) {
	if len(e.first) < earlyValues {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(e.first))
	return sorted[earlyValues/2], true
}
