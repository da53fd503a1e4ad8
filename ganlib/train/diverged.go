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
		"The last snapshot is from before; resume it with a smaller learning rate, or start again with another seed",
		d.GAN, d.Step, d.Value, d.Number, d.Iteration)
}
