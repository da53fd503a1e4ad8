package experiments

import (
	"fmt"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/train"
)

// availableMemory is what this machine can give, in bytes, 0: unknown; tests have smaller machines.
var availableMemory = train.Available

// fitMemory estimates what the training needs and refuses what the machine has not got, unless it is to be tried anyway.
func (t *sitting) fitMemory() error {
	s := t.settings
	opt := train.Options{Images: s.Images, BatchSize: s.BatchSize, Seed: s.Seed}
	need, err := train.Memory(t.backend, t.gan, opt)
	if err != nil || need == 0 {
		return err
	}
	images := s.drawnBytes()
	t.memory = runlog.Memory{Needed: need + images, Available: availableMemory()}
	if t.memory.Available == 0 || t.memory.Needed <= t.memory.Available || t.options.IgnoreMemory {
		return nil
	}
	remedy, err := t.smallerBatch(opt, t.memory.Available-images)
	if err != nil {
		return err
	}
	return fmt.Errorf("experiments: %s with batches of %d needs about %s of memory, and %s are available; %s; --ignore-memory tries it as it is",
		s.Experiment, s.BatchSize, inBytes(t.memory.Needed), inBytes(t.memory.Available), remedy)
}

// smallerBatch says what to do when only so many bytes are there.
func (t *sitting) smallerBatch(opt train.Options, bytes int64) (remedy string, err error) {
	if t.run != nil {
		return "a run keeps its batch: resume it where there is more", nil
	}
	fits, err := train.LargestBatch(t.backend, t.gan, opt, bytes)
	if fits == 0 {
		return "not even a batch of 2 fits: use smaller images or narrower networks", err
	}
	return fmt.Sprintf("the largest batch that fits is %d: --batch %[1]d", fits), err
}

// drawnBytes is what images take that are drawn and kept; those of files stay in the cache's file.
func (s Settings) drawnBytes() int64 {
	if s.Data.Set != "faces" {
		return 0
	}
	return min(int64(s.Data.Count), s.Images) * int64(s.Data.Size*s.Data.Size*s.Data.Channels)
}

// sayMemory tells the user what was found.
func (t *sitting) sayMemory() {
	switch m := t.memory; {
	case m.Needed == 0:
	case m.Available == 0:
		logf(t.options.Log, "memory: about %s are needed", inBytes(m.Needed))
	default:
		logf(t.options.Log, "memory: about %s are needed, %s are available", inBytes(m.Needed), inBytes(m.Available))
	}
}

// inBytes writes a number of bytes with two digits or three.
func inBytes(n int64) string {
	if n < 1e9 {
		return fmt.Sprintf("%d MB", (n+5e5)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
