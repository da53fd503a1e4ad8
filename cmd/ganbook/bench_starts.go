package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ganbook/ganbook/cmd/ganbook/internal/work"
	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/train"
)

// starts times our own program, from the start of its process to its first training step: of a new run, and of that
// run resumed.
func (p *pipeline) starts(ctx context.Context) ([]measurement, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	begin := []string{"run", "dcgan", "--scale=smoke", "--images=1000000", "--json",
		fmt.Sprintf("--batch=%d", p.batch), fmt.Sprintf("--width=%d", p.width)}
	if p.images != "" {
		begin = append(begin, "--data", p.images)
	}
	var fresh, resumed []float64
	for i := range p.rounds {
		out := filepath.Join(p.dir, fmt.Sprintf("round%d", i))
		s, err := firstStep(ctx, self, append(begin, "--out", out)...)
		if err != nil {
			return nil, err
		}
		fresh = append(fresh, s)
		if s, err = firstStep(ctx, self, "resume", "1", "--json", "--runs", out); err != nil {
			return nil, err
		}
		resumed = append(resumed, s)
		if err := os.RemoveAll(out); err != nil {
			return nil, err
		}
	}
	detail := fmt.Sprintf("batch %d, width %d, %s", p.batch, p.width, p.describe())
	return []measurement{
		newRow("start to first step", "s", detail, fresh...),
		newRow("resume to first step", "s", detail, resumed...),
	}, nil
}

func (p *pipeline) describe() string {
	if p.images == "" {
		return "synthetic faces"
	}
	return plural(p.source.Len(), "prepared image")
}

// firstStep runs our program until it reports its first step, and interrupts it; it ends with a snapshot.
func firstStep(ctx context.Context, program string, args ...string) (float64, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	took := 0.0
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() { // to its end, so that it never waits for us
		if took == 0 && strings.Contains(lines.Text(), `"event":"point"`) {
			took = time.Since(began).Seconds()
			err = cmd.Process.Signal(os.Interrupt)
		}
	}
	err = errors.Join(err, lines.Err())
	if ended := cmd.Wait(); took == 0 || err != nil || cmd.ProcessState.ExitCode() != statusSignal+2 {
		return 0, fmt.Errorf("ganbook %s: %v\n%s", strings.Join(args, " "), errors.Join(err, ended), &complaints)
	}
	return took, nil
}

// training trains for a while with snapshots on the way, in this process: how long it waits for data, and for them.
func (p *pipeline) training(ctx context.Context) ([]measurement, error) {
	b, err := backend.New("")
	if err != nil {
		return nil, err
	}
	defer b.Finalize()
	gan, err := work.DCGAN(p.batch, p.width)
	if err != nil {
		return nil, err
	}
	run, err := runlog.Create(p.dir, runlog.Info{Experiment: "bench"})
	if err != nil {
		return nil, err
	}
	defer run.Close()
	trainer, err := train.New(b, gan, train.Options{Images: 1 << 40, BatchSize: p.batch, Seed: 999, Run: run, SnapshotEvery: p.length / 3})
	if err != nil {
		return nil, err
	}
	defer trainer.Close()
	ctx, cancel := context.WithTimeout(ctx, p.length)
	defer cancel()
	if err := trainer.Run(ctx, p.source); !errors.Is(err, context.DeadlineExceeded) || !experiments.Stopped(err) {
		return nil, err
	}
	newest := fmt.Sprintf("%08d", run.Snapshots()[0])
	size, err := sizeOf(filepath.Join(run.Dir(), "snapshots", newest))
	if err != nil {
		return nil, err
	}
	t := trainer.Timing()
	detail := fmt.Sprintf("%s of training, first step included", roughly(t.Training))
	rows := []measurement{
		newRow("waiting for data", "%", detail, 100*t.Waiting.Seconds()/t.Training.Seconds()),
		newRow("size of a snapshot", "MB", "weights and both moments of Adam", size),
	}
	if t.Pause > 0 { // there was time for one
		rows = append(rows, newRow("longest pause for a snapshot", "s", detail, t.Pause.Seconds()))
	}
	return rows, nil
}
