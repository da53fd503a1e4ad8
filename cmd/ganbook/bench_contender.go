package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// contender is a process that does rounds of steps when asked, one line each way.
type contender struct {
	name    string
	cmd     *exec.Cmd
	ask     io.WriteCloser
	answers *bufio.Scanner
	rounds  []benchRound
}

func startContender(name string, env []string, program string, args ...string) (*contender, error) {
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	ask, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	k := &contender{name: name, cmd: cmd, ask: ask, answers: bufio.NewScanner(out)}
	k.answers.Buffer(nil, 1<<20)
	if !k.answers.Scan() || !strings.Contains(k.answers.Text(), "ready") {
		k.kill()
		return nil, fmt.Errorf("%s did not start; what it printed is above", name)
	}
	return k, nil
}

func (k *contender) round() error {
	r, err := k.answer()
	if err != nil {
		k.kill()
		return fmt.Errorf("%s: %w", k.name, err)
	}
	k.rounds = append(k.rounds, r)
	return nil
}

// answer asks for a round and reads what it brought.
func (k *contender) answer() (r benchRound, err error) {
	if _, err := io.WriteString(k.ask, "round\n"); err != nil {
		return r, err
	}
	if !k.answers.Scan() {
		return r, errors.New("it ended early")
	}
	if err := json.Unmarshal(k.answers.Bytes(), &r); err != nil {
		return r, err
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
