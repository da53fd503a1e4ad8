package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/ganbook/ganbook/cmd/ganbook/internal/work"
)

// steps measures works one after another, all contenders of a work in turn.
func (c *benchCmd) steps(a *app, works []work.Work) error {
	root, err := moduleRoot()
	if err != nil && (c.Peer != "" || c.Jax != "" || c.Readme) {
		return err
	}
	if c.Readme {
		if err := checkReadme(root, c.Suite); err != nil {
			return err
		}
	}
	if c.Profile != "" {
		if err := os.MkdirAll(c.Profile, 0o777); err != nil {
			return err
		}
	}
	peers, err := c.peers(a.ctx)
	if err != nil {
		return err
	}
	if c.Layers {
		return c.layers(a, works)
	}
	var all []benchResult
	for i, w := range works {
		results, err := c.measure(a, root, w, peers)
		if err != nil {
			return fmt.Errorf("bench %s: %w", w, err)
		}
		if err := c.print(a.out, results, i == 0); err != nil {
			return err
		}
		if c.Profile != "" {
			if err := c.printProfile(a, w); err != nil {
				return err
			}
		}
		all = append(all, results...)
	}
	derived := derive(all)
	if err := c.printDerived(a.out, derived); err != nil {
		return err
	}
	if !c.Readme {
		return nil
	}
	return writeReadme(root, c.Suite, all, derived)
}

// measure alternates all contenders on one work, A/B/A/B, so that a machine whose speed drifts favours nobody.
func (c *benchCmd) measure(a *app, root string, w work.Work, peers []peer) ([]benchResult, error) {
	contenders, failed, err := c.start(a, root, w, peers)
	defer func() {
		for _, k := range contenders {
			k.stop()
		}
	}()
	if err != nil {
		return nil, err
	}
	probe, err := contenders[0].answer(probeSteps)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", contenders[0].name, err, contenders[0].said)
	}
	steps := stepsIn(c.Seconds, median(probe.Wall))
	for range c.Rounds {
		for _, k := range contenders {
			if err := k.round(steps); err != nil {
				return nil, err
			}
		}
	}
	var results []benchResult
	for _, k := range contenders {
		results = append(results, k.result(c.Suite, w, contenders[0]))
	}
	return append(results, failed...), nil
}

// start launches ours first, then the peers, and returns those that run also beside an error. A peer that has no such
// work, or needs what not every machine has, leaves a row that says why; any other that fails is an error.
func (c *benchCmd) start(a *app, root string, w work.Work, peers []peer) (list []*contender, failed []benchResult, err error) {
	ours, err := c.startOurs(a.ctx, w)
	if err != nil {
		return nil, nil, err
	}
	list = append(list, ours)
	for _, p := range peers {
		k, err := p.start(a.ctx, root, w)
		switch {
		case err == nil:
			list = append(list, k)
		case a.ctx.Err() == nil && (p.optional || errors.As(err, new(*lacking))):
			failed = append(failed, benchResult{Suite: c.Suite, Work: w.String(), About: w.About(), Contender: p.name, Failed: err.Error()})
		default:
			return list, nil, err
		}
	}
	return list, failed, nil
}

func (c *benchCmd) startOurs(ctx context.Context, w work.Work) (*contender, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"bench", "--worker", w.String(), "--backend", c.Backend}
	if c.Profile != "" {
		args = append(args, "--profile", c.profileFile(w))
	}
	return startContender(ctx, "ganbook", nil, self, args...)
}

// Steps of a round: enough for a median, not more than a round is worth.
const (
	fewestSteps = 3
	mostSteps   = 5000
	probeSteps  = 2
)

// stepsIn is how many steps of a length fit in a round.
func stepsIn(round, step float64) int {
	return int(min(max(round/step, fewestSteps), mostSteps))
}
