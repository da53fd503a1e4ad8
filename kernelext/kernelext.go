// Package kernelext is what a notebook cell uses beside the library: pictures in the notebook (Show, NewScreen), a live view
// of a training (Live), the notebook's stop button (Context), trainings that outlive their cell (Detach, Attach, Stop),
// values that later cells read (Config, Knobs), and the source of what is taught (Source).
//
// Every cell is a program of its own: declarations carry over to later cells, values do not. Three things are kept.
// What was trained lies in a run folder, and any cell opens it in a moment: run, err := experiments.Newest("dcgan", "").
// What was chosen is kept by type: kernelext.Config(Options{…}) in one cell, kernelext.Config[Options]() in later ones,
// kernelext.Knobs[Options]() for a table of it; both outlive a restart of the kernel.
// What takes long runs on its own: kernelext.Detach("dcgan", train), and kernelext.Attach("dcgan") in any notebook.
//
// Everything shown is part of the saved notebook and needs neither scripts nor the network. Outside a notebook the
// same code runs and shows nothing.
package kernelext

import (
	"context"
	"encoding/gob"
	"os"
	"os/signal"
	"syscall"
)

func init() {
	// Metadata of a display (the width of a picture) are nested maps; unregistered they break GoNB's pipe.
	gob.Register(map[string]any{})
}

// Context returns a context that ends when the notebook's stop button is pressed or the kernel shuts down, so that
// a training can save. It has a minute for that, unless the button is pressed again, and under a stock GoNB, or when the
// kernel shuts down, a few seconds. SIGPIPE is ignored from now on: a program whose
// kernel is gone must survive its next print to finish saving.
func Context() (context.Context, context.CancelFunc) {
	signal.Ignore(syscall.SIGPIPE)
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}
