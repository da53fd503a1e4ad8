package train

import "time"

// Timing says where the time of a sitting went.
type Timing struct {
	Start     time.Duration // from Options.Began to the beginning of the first iteration
	FirstStep time.Duration // from Options.Began to the end of the first iteration, whose graph is built
	Training  time.Duration // from the beginning of the first iteration to the end of the last
	Waiting   time.Duration // of it, for batches that were not ready
	Pause     time.Duration // longest halt for a snapshot
	Peak      int64         // most memory the process has held until the end, in bytes; 0: unknown
}

// Timing returns the times of the last Run.
func (t *Trainer) Timing() Timing { return t.timing }

// Values are the times as a run's record keeps them, in seconds and as a share.
func (t Timing) Values() map[string]float64 {
	values := map[string]float64{
		"start, s":                        t.Start.Seconds(),
		"start to first step, s":          t.FirstStep.Seconds(),
		"training, s":                     t.Training.Seconds(),
		"longest pause for a snapshot, s": t.Pause.Seconds(),
	}
	if t.Peak > 0 {
		values["peak memory, MB"] = float64(t.Peak) / 1e6
	}
	if t.Training > 0 {
		values["waiting for data, share"] = t.Waiting.Seconds() / t.Training.Seconds()
	}
	return values
}
