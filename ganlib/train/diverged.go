package train

import "fmt"

// Diverged says that a reported value stopped being a finite number.
type Diverged struct {
	GAN, Step, Value string
	Number           float64
	Iteration        int64 // counted from 1, as in the run's points
	Images           int64 // shown by then
	Kept             bool  // whether the run has a snapshot, which is then from before
}

func (d *Diverged) Error() string {
	left := "There is no snapshot from before"
	if d.Kept {
		left = "The last snapshot is from before, and going on from it would end here again"
	}
	return fmt.Sprintf("train: %s: step %s: %s is %v at iteration %d; its network has diverged. "+
		"%s; begin again with a smaller learning rate or another seed",
		d.GAN, d.Step, d.Value, d.Number, d.Iteration, left)
}
