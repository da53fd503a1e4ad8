package experiments

import (
	"strings"
	"testing"
)

// What is held out of a run is called what it is.
func TestHeldOutInWords(t *testing.T) {
	for want, d := range map[string]DataSettings{
		"the test images": {},
		"the test images of its normal classes, 0,2":          {Split: "train", Normal: "0,2"},
		"the training images of its normal classes, !4":       {Split: "test", Normal: "!4"},
		"the part all 80/20 seed 7 second of the images":      {Split: "all 80/20 seed 7 first", Normal: "all"},
		"the part 80/20 seed 1 first of the images":           {Split: "80/20 seed 1 second"},
		"that evaluation anogan/mine keeps for its threshold": {Normal: "1", Part: &EvaluationPart{Evaluation: "anogan/mine", Class: 1}},
		"none of its test images, whose labels are sealed":    {Split: "test", Part: &EvaluationPart{}},
	} {
		o := &Opened{Settings: Settings{Data: d}}
		if got := o.HeldOutWords(); got != want && (d.Part == nil || !strings.Contains(got, want)) {
			t.Errorf("%+v: %q, want %q", d, got, want)
		}
	}
}
