package train

import "time"

// Timing says where the time of a sitting went.
type Timing struct {
	FirstStep time.Duration // from the trainer's start to the end of its first iteration
	Training  time.Duration // from the trainer's start to the end of the last iteration
	Waiting   time.Duration // of it, for batches that were not ready
	Pause     time.Duration // longest halt for a snapshot
}

// Timing returns the times of the last Run.
func (t *Trainer) Timing() Timing { return t.timing }

// Values are the times as a run's record keeps them, in seconds and as a share.
func (t Timing) Values() map[string]float64 {
	values := map[string]float64{
		"first step, s":                   t.FirstStep.Seconds(),
		"training, s":                     t.Training.Seconds(),
		"longest pause for a snapshot, s": t.Pause.Seconds(),
	}
	if t.Training > 0 {
		values["waiting for data, share"] = t.Waiting.Seconds() / t.Training.Seconds()
	}
	return values
}
