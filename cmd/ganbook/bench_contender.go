package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// contender is a process that does rounds of steps when asked: a line with their number, a line of JSON back.
type contender struct {
	name    string
	cmd     *exec.Cmd
	ask     io.WriteCloser
	answers *bufio.Scanner
	said    *lastLine
	about   contenderAbout
	rounds  []benchRound
}

// contenderAbout is what a contender says of itself when it is ready.
type contenderAbout struct {
	Ready    bool    `json:"ready"`
	Lacks    string  `json:"lacks,omitempty"` // why it will never be ready for this work, which is no failure
	First    float64 `json:"first_s"`         // seconds of the first step, in which graphs are built
	Version  string  `json:"version"`
	Threads  int     `json:"threads,omitempty"`
	Device   string  `json:"device,omitempty"`
	Backend  string  `json:"backend,omitempty"`
	Lowering string  `json:"lowering,omitempty"`
}

// benchRound is a contender's answer. Steps that run on after they were begun, on a GPU, are timed together: then
// Wall is one number, the mean.
type benchRound struct {
	Wall   []float64 `json:"wall"` // seconds of each step
	CPU    float64   `json:"cpu"`  // of the processor, a step
	PeakMB float64   `json:"peak_mb"`
	Steps  int       `json:"steps"`

	busy busyness // of the machine meanwhile
}

// lacking says that a contender has no such work.
type lacking struct{ name, why string }

func (l *lacking) Error() string { return l.name + ": " + l.why }

// startContender starts a process and waits until it is ready. It ends with ctx.
func startContender(ctx context.Context, name string, env []string, program string, args ...string) (*contender, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), env...)
	k := &contender{name: name, cmd: cmd, said: &lastLine{}}
	cmd.Stderr = k.said
	cmd.WaitDelay = time.Second
	var err error
	if k.ask, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	k.answers = bufio.NewScanner(out)
	k.answers.Buffer(nil, 1<<22)
	if !k.answers.Scan() { // it has ended; waiting brings what it said last
		k.stop()
		return nil, errors.Join(context.Cause(ctx), fmt.Errorf("%s did not start: %s", name, k.said))
	}
	switch err := json.Unmarshal(k.answers.Bytes(), &k.about); {
	case err == nil && k.about.Lacks != "":
		k.kill()
		return nil, &lacking{name, k.about.Lacks}
	case err != nil || !k.about.Ready:
		k.kill()
		return nil, fmt.Errorf("%s did not start: it printed %q", name, k.answers.Text())
	}
	return k, nil
}

// round does one round and keeps it.
func (k *contender) round(steps int) error {
	watch := watchMachine()
	r, err := k.answer(steps)
	if err != nil {
		k.kill()
		return fmt.Errorf("%s: %w: %s", k.name, err, k.said)
	}
	r.busy = watch.since(r.CPU * float64(steps))
	k.rounds = append(k.rounds, r)
	return nil
}

// answer asks for a round and reads what it brought.
func (k *contender) answer(steps int) (r benchRound, err error) {
	if _, err := fmt.Fprintln(k.ask, steps); err != nil {
		return r, err
	}
	if !k.answers.Scan() {
		return r, errors.New("it ended early")
	}
	if err := json.Unmarshal(k.answers.Bytes(), &r); err != nil {
		return r, fmt.Errorf("it answered %q: %w", k.answers.Text(), err)
	}
	if len(r.Wall) == 0 || slices.Min(r.Wall) <= 0 {
		return r, errors.New("it did no step")
	}
	return r, nil
}

// stop ends a contender, which it does by itself once nobody can ask it any more.
func (k *contender) stop() {
	k.ask.Close()
	_ = k.cmd.Wait() // of a killed one it is known already
}

// kill ends a contender that does not do what it should.
func (k *contender) kill() {
	_ = k.cmd.Process.Kill()
	k.stop()
}

// lastLine keeps the last line written to it that is not empty: what a failing program says in the end.
type lastLine struct {
	line, begun string
}

func (l *lastLine) Write(text []byte) (int, error) {
	lines := strings.Split(l.begun+string(text), "\n")
	for _, line := range lines {
		if strings.TrimSpace(line) != "" {
			l.line = strings.TrimSpace(line)
		}
	}
	l.begun = lines[len(lines)-1]
	return len(text), nil
}

func (l *lastLine) String() string {
	if l.line == "" {
		return "it said nothing"
	}
	return l.line
}
