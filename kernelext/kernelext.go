// Package kernelext is what a notebook cell uses beside the library: pictures in the notebook (Show), a live view
// of a training (Live), and the notebook's stop button (Context).
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
// a training can save; GoNB kills the program five seconds later. SIGPIPE is ignored from now on: a program whose
// kernel is gone must survive its next print to finish saving.
func Context() (context.Context, context.CancelFunc) {
	signal.Ignore(syscall.SIGPIPE)
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}
