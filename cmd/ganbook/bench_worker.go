package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/ganbook/ganbook/cmd/ganbook/internal/work"
	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// warmUp is how many steps follow the first before anything counts.
const warmUp = 2

// serveBench is our contender: it starts a work, says that it is ready, and answers rounds. All rounds together are
// profiled where a file for that is named.
func serveBench(ctx context.Context, name, config, profile string, in io.Reader, out io.Writer) (err error) {
	w, err := work.Parse(name)
	if err != nil {
		return usage(err)
	}
	b, err := backend.New(config)
	if err != nil {
		return err
	}
	step, err := w.Start(b)
	if err != nil {
		return err
	}
	defer step.Close()
	first, err := warmedUp(ctx, step)
	if err != nil {
		return err
	}
	config = backend.Config(config)
	answer := json.NewEncoder(out)
	if err := answer.Encode(contenderAbout{
		Ready: true, First: first, Version: "Go " + strings.TrimPrefix(runlog.Host().Go, "go"), Threads: runtime.GOMAXPROCS(0),
		Backend: config, Lowering: nn.LoweringOf(config),
	}); err != nil {
		return err
	}
	if profile != "" {
		stop, err := startProfile(profile)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	return answerRounds(ctx, step, in, answer)
}

// warmedUp does the steps that do not count and returns the seconds of the first.
func warmedUp(ctx context.Context, step work.Step) (first float64, err error) {
	for i := range 1 + warmUp {
		began := time.Now()
		if _, err := step.Do(ctx); err != nil {
			return 0, err
		}
		if i == 0 {
			first = time.Since(began).Seconds()
		}
	}
	return first, nil
}

// answerRounds does a round of steps for every line with a number.
func answerRounds(ctx context.Context, step work.Step, in io.Reader, answer *json.Encoder) error {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		steps, err := strconv.Atoi(lines.Text())
		if err != nil || steps < 1 {
			return fmt.Errorf("bench: %q is no number of steps", lines.Text())
		}
		r, err := benchSteps(ctx, step, steps)
		if err != nil {
			return err
		}
		if err := answer.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func benchSteps(ctx context.Context, step work.Step, steps int) (benchRound, error) {
	r := benchRound{Steps: steps, Wall: make([]float64, steps)}
	cpu := processCPU()
	for i := range steps {
		began := time.Now()
		if _, err := step.Do(ctx); err != nil {
			return r, err
		}
		r.Wall[i] = time.Since(began).Seconds()
	}
	r.CPU = (processCPU() - cpu).Seconds() / float64(steps)
	r.PeakMB = processPeakMB()
	return r, nil
}
