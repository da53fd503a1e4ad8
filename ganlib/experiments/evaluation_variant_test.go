package experiments

import (
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/protocol"
)

// A variant says each setting that differs from the original's, and nothing else.
func TestVariant(t *testing.T) {
	e, err := FindEvaluation("anogan/mnist-one-class")
	if err != nil {
		t.Fatal(err)
	}
	const head = "Variant of anogan/mnist-one-class at scale short, whose values are in parentheses: "
	const encoder = head + "trains anogan/encoder (anogan) in batches of 128 (256), 2000 iterations (2000 iterations); " +
		"search: none, z = E(x), λ = 0, of squares (150 steps at 0.1 from the prior, λ = 0.7)"
	for want, tc := range map[string]struct {
		options EvaluationOptions
		edit    func(*protocol.Evaluation)
	}{
		"":                        {options: EvaluationOptions{}},
		head + "nothing differs.": {options: EvaluationOptions{Name: "mine"}},
		head + "length: 9 iterations (2000 iterations).": {options: EvaluationOptions{Name: "mine", Iterations: 9}},
		head + "batch_size: 64 (256); g_maps: 64,32 (32,16,8); late_epoch: 3 (at three quarters); search_steps: 7 (150); restarts: 2 (1); range: unit (signed); searched at once: 5 (128).": {
			options: EvaluationOptions{Name: "mine", Batch: 5, Set: map[string]string{
				"batch_size": "64", "g_maps": "64,32", "late_epoch": "3", "search_steps": "7", "restarts": "2", "search_from": "prior", "range": "unit"}},
		},
		head + "length: 3 epochs (2000 iterations); split contamination: 0.1 (0); classes: 1,8 (0,1,2,3,4,5,6,7,8,9); deciding score: residual (weighted); neighbours: 1 (5).": {
			options: EvaluationOptions{Name: "mine"},
			edit: func(d *protocol.Evaluation) {
				d.Training.Iterations, d.Training.Epochs, d.Classes, d.Deciding = 0, 3, []int{1, 8}, "residual"
				d.Split.Contamination, d.Split.Words, d.Baselines.Neighbours = 0.1, "mixed", 1
			},
		},
		strings.Replace(head, "short", "full", 1) + "length: 2000 iterations (200 epochs).": {
			options: EvaluationOptions{Name: "mine"},
			edit:    func(d *protocol.Evaluation) { d.Scale = "two-thousand" },
		},
		encoder + ".": {options: EvaluationOptions{Name: "mine", Experiment: "anogan/encoder"}},
		encoder + "; beside what anogan/encoder has of its own, in parentheses: z_dim: 16 (32).": {
			options: EvaluationOptions{Name: "mine", Experiment: "anogan/encoder", Set: map[string]string{"z_dim": "16"}},
		},
	} {
		d, err := e.Draft(tc.options)
		if err != nil {
			t.Fatal(err)
		}
		if tc.edit != nil {
			tc.edit(d)
		}
		if got, err := Variant(d); err != nil || got != want {
			t.Errorf("%v\n got %s\nwant %s", err, got, want)
		}
	}
	strange := &protocol.Evaluation{Name: "mine", Published: "anogan/mnist-oneclass"}
	if text, err := Variant(strange); err == nil || !strings.Contains(err.Error(), "did you mean anogan/mnist-one-class") {
		t.Errorf("of an original that nobody knows: %q, %v", text, err)
	}
	if text, err := Variant(&protocol.Evaluation{Name: "mine"}); text != "" || err != nil {
		t.Errorf("of an evaluation that was made from none: %q, %v", text, err)
	}
}
