package train

import "fmt"

// Diverged says that a reported value stopped being a finite number.
type Diverged struct {
	GAN, Step, Value string
	Number           float64
	Iteration        int64 // counted from 1, as in the run's points
}

func (d *Diverged) Error() string {
	return fmt.Sprintf("train: %s: step %s: %s is %v at iteration %d; its network has diverged. "+
		"Snapshots are from before; begin again with a smaller learning rate or another seed",
		d.GAN, d.Step, d.Value, d.Number, d.Iteration)
}
