package anogan

import (
	"fmt"
	"math"
	"slices"
)

// Result is what the search of one query brought. Residual and discrimination are means over an image's elements, or
// sums where [Search].Sums says so.
type Result struct {
	Query          int
	Residual       float64   // R(x) = |x − G(z)| at the last z, squared where [Search].Squares says so
	Discrimination float64   // D(x) = |f(x) − f(G(z))| there, likewise
	Score          float64   // A(x) = (1−λ)·R + λ·D there
	Logit          float64   // of D for the query itself, high for what D takes for real
	Z              []float32 // the last z
	Mapped         []float32 // G(z) there, [H, W, C]
	Losses         []float32 // A before every step and after the last: Steps+1 numbers, fewer where the search stopped early
	Start          int       // which of the restarts this is
	Frames         []Frame   // G(z) on the way, where [MapperOptions].Every asks for it
}

// Frame is the mapped image before a step, with R and A there.
type Frame struct {
	Step            int
	Mapped          []float32
	Residual, Score float64
}

// ScoreNames names the four scores that are reported side by side, in the order of [Result.Scores].
var ScoreNames = []string{"residual", "discrimination", "weighted", "logit"}

// Scores are R, D, A and −D's logit of the query, all higher for what is more anomalous. The last needs no search: it is
// the paper's reference.
func (r Result) Scores() [4]float64 {
	return [4]float64{r.Residual, r.Discrimination, r.Score, -r.Logit}
}

// betterThan says whether one start of a query's search counts before another. A broken one counts last: nothing is below
// a score that is not a number.
func (r Result) betterThan(other Result) bool {
	return r.Score < other.Score || r.check() == nil && other.check() != nil
}

// NotFinite is the error of a query whose score or latent is no number: its picture, the networks or the search are broken.
type NotFinite struct {
	Query int
	Name  string // of [ScoreNames], or "z"
	Value float64
}

func (e *NotFinite) Error() string {
	return fmt.Sprintf("anogan: query %d: its %s is %v; look at the picture, and try a smaller search_lr or an earlier snapshot", e.Query, e.Name, e.Value)
}

// check refuses scores and latents that are not finite. G may make a finite picture of a z that is none.
func (r Result) check() error {
	if i := slices.IndexFunc(r.Z, func(z float32) bool { return !finite(z) }); i >= 0 {
		return &NotFinite{Query: r.Query, Name: "z", Value: float64(r.Z[i])}
	}
	for i, s := range r.Scores() {
		if math.IsNaN(s) || math.IsInf(s, 0) {
			return &NotFinite{Query: r.Query, Name: ScoreNames[i], Value: s}
		}
	}
	return nil
}
