package train

import "math"

// Mean is the running mean of finite numbers, kept as their sum and count so that a resumed one continues to the bit.
type Mean struct {
	Sum   float64 `json:"sum"`
	Count int64   `json:"count"`
}

// Add counts a number; one that is not finite is left out.
func (m *Mean) Add(x float64) {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return
	}
	m.Sum += x
	m.Count++
}

// Value is the mean, NaN when nothing was counted.
func (m Mean) Value() float64 { return m.Sum / float64(m.Count) }

// score counts an iteration. A snapshot that follows another without an iteration between keeps the other's score.
func (t *Trainer) score(values map[string]float64) {
	if t.opt.Score == nil {
		return
	}
	if t.counted {
		t.state.Scores, t.counted = Mean{}, false
	}
	t.state.Scores.Add(t.opt.Score(values))
}
