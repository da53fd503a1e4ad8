// Command ganbook trains and shows the experiments of the library from the command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/ganbook/ganbook/ganlib/train"
)

// Exit statuses. A run ended by a signal exits with 128 + its number, as shells report it.
const (
	statusOK      = 0
	statusFailure = 1
	statusUsage   = 2
	statusSignal  = 128
)

func main() {
	signal.Ignore(syscall.SIGPIPE) // a closed pager or pipe must not end a training
	ctx, stop := untilSignal(context.Background())
	status := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// app is what every command is given.
type app struct {
	ctx      context.Context
	args     []string
	out, err io.Writer
}

// execute runs one command line and returns the exit status.
func execute(ctx context.Context, args []string, out, errOut io.Writer) int {
	err := dispatch(&app{ctx: ctx, args: args, out: out, err: errOut})
	if err == nil {
		return statusOK
	}
	var silent *reported
	if !errors.As(err, &silent) && !errors.Is(err, syscall.EPIPE) { // whoever closed the pipe has seen enough
		fmt.Fprintf(errOut, "ganbook: %v\n", err)
	}
	var stopped interrupted
	var usage *usageError
	var parse *kong.ParseError
	switch {
	case errors.Is(err, train.ErrNotSaved): // nobody may take it for a stop that can be gone on from
		return statusFailure
	case errors.As(err, &stopped), errors.As(context.Cause(ctx), &stopped):
		return statusSignal + stopped.number()
	case errors.As(err, &usage), errors.As(err, &parse):
		return statusUsage
	}
	return statusFailure
}

// dispatch parses a command line and runs its command.
func dispatch(a *app) error {
	var c commands
	helped := false
	parser, err := kong.New(&c,
		kong.Name("ganbook"),
		kong.Description("Trains the generative adversarial networks of the book, and shows what they learned."),
		kong.Writers(a.out, a.err),
		kong.Exit(func(int) { helped = true }), // kong calls it after printing help and then goes on
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		return err
	}
	args := a.args
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if helped {
		return nil
	}
	if err != nil {
		return explainUsage(err)
	}
	return parsed.Run(a)
}

// interrupted is the cause of a context that a signal ended. It counts as a cancellation.
type interrupted struct{ signal os.Signal }

func (i interrupted) Error() string        { return "stopped by signal: " + i.signal.String() }
func (i interrupted) Is(target error) bool { return target == context.Canceled }

func (i interrupted) number() int {
	if s, ok := i.signal.(syscall.Signal); ok {
		return int(s)
	}
	return int(syscall.SIGINT)
}

// untilSignal ends the context at the first interrupt or termination, so that a training stops with a snapshot. The
// second one ends the program at once, as if nobody had listened.
func untilSignal(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Reset(os.Interrupt, syscall.SIGTERM)
			cancel(interrupted{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}
