package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/plots"
)

// compareLoweringsCmd trains two nets under each lowering from the same seed, and directly from another seed: how much
// two seeds differ says how much two lowerings may. Every training is a process of its own, because a process has one
// lowering; stopped or killed, the command goes on where it was.
type compareLoweringsCmd struct {
	Games    []string `help:"Which nets: dcgan (64×64), wgan-gp (32×32, 3×3 layers, differentiated twice)." default:"dcgan,wgan-gp" enum:"dcgan,wgan-gp"`
	Faces    string   `help:"Images of the DCGAN, such as CelebA; without it: synthetic faces." placeholder:"PATH"`
	Pictures string   `help:"Images of the WGAN-GP, such as CIFAR-10; without it: synthetic faces." placeholder:"PATH"`
	Steps    int      `help:"Iterations of each training." default:"2000" placeholder:"N"`
	Batch    int      `help:"Images in a batch of the DCGAN; the WGAN-GP, with several times the work for an image, has half as many." default:"16" placeholder:"N"`
	Width    int      `help:"Maps; fast lowerings need 64." default:"64" placeholder:"N"`
	Samples  int      `help:"Pictures of each run that are compared in the end." default:"1024" placeholder:"N"`
	Out      string   `help:"Folder of the trainings, the report and the pictures." default:".artefacts/lowerings" placeholder:"DIR"`
	Only     []string `help:"Only these trainings, such as direct,fast: ${enum}." enum:"direct,fast,other-seed,exact" default:"direct,fast,other-seed,exact"`
	Report   bool     `help:"Train nothing: report on what has been trained."`
	Leg      string   `hidden:"" help:"Train this one, under the lowering of the environment, and nothing else."`
}

// leg is one training of a game.
type leg struct {
	name     string
	lowering nn.Policy
	seed     int64
}

// legs are the trainings of each game; the first is what the others are compared with.
var legs = []leg{{"direct", nn.Direct, 1}, {"fast", nn.Fast, 1}, {"other-seed", nn.Direct, 2}, {"exact", nn.Exact, 1}}

// trial is one of the games: how it is trained, what is looked at.
type trial struct {
	name   string
	images int64 // to show in all
	series []string
	train  func(ctx context.Context, l leg, out string, begun *runlog.Run) error
	draw   pictures
}

func (c *compareLoweringsCmd) trials(a *app) []trial {
	return []trial{c.dcganTrial(a), c.criticTrial(a)}
}

func (c *compareLoweringsCmd) Run(a *app) error {
	if c.Steps < 1 || c.Batch < 2 || c.Width < 1 || c.Samples < 2 || c.Samples > mostPictures {
		return usagef("--steps %d, --batch %d, --width %d, --samples %d: at least 1, 2, 1 and 2, and at most %d samples",
			c.Steps, c.Batch, c.Width, c.Samples, mostPictures)
	}
	if c.Leg != "" {
		return c.trainLeg(a)
	}
	var report tables
	for _, t := range c.trials(a) {
		if !slices.Contains(c.Games, t.name) {
			continue
		}
		for _, l := range c.chosen() {
			if c.Report {
				break
			}
			if err := c.start(a, t, l); err != nil {
				return err
			}
		}
		more, err := c.compare(a, t)
		if err != nil {
			return err
		}
		report = append(report, more...)
	}
	return c.write(a, report)
}

// chosen are the trainings asked for, in the order of [legs].
func (c *compareLoweringsCmd) chosen() []leg {
	return slices.DeleteFunc(slices.Clone(legs), func(l leg) bool { return !slices.Contains(c.Only, l.name) })
}

// folder holds the one run of a training.
func (c *compareLoweringsCmd) folder(t trial, l leg) string {
	return filepath.Join(c.Out, t.name+"-"+l.name)
}

// begun is the run of a training, nil when there is none yet, and how many images it has been shown.
func (c *compareLoweringsCmd) begun(t trial, l leg) (*runlog.Run, int64, error) {
	runs, err := runlog.List(c.folder(t, l))
	if err != nil || len(runs) == 0 {
		return nil, 0, err
	}
	run := runs[len(runs)-1]
	if now := run.Info().Lowering; now != l.lowering.String() {
		return nil, 0, fmt.Errorf("%s was trained under the lowering %s and not %s; delete it, or choose another --out", run.Dir(), now, l.lowering)
	}
	points, err := run.Points()
	if err != nil || len(points) == 0 {
		return run, 0, err
	}
	return run, points[len(points)-1].Images, nil
}

// start trains a leg in a process of its own, unless it is done. When the context ends, the process is told to stop with
// a snapshot.
func (c *compareLoweringsCmd) start(a *app, t trial, l leg) error {
	run, shown, err := c.begun(t, l)
	if err != nil || run != nil && run.Status() == "done" && shown >= t.images {
		return err
	}
	fmt.Fprintf(a.err, "%s, %s: %s of %s images shown\n", t.name, l.name, grouped(shown), grouped(t.images))
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.CommandContext(a.ctx, self, append(slices.Clone(a.args), "--leg="+t.name+"-"+l.name)...)
	child.Env = append(os.Environ(), nn.PolicyVariable+"="+l.lowering.String())
	child.Stdout, child.Stderr = a.err, a.err
	child.Cancel = func() error { return child.Process.Signal(syscall.SIGTERM) }
	child.WaitDelay = time.Minute
	if err := child.Run(); err != nil {
		return errors.Join(fmt.Errorf("%s, %s: %w; the same command goes on", t.name, l.name, err), context.Cause(a.ctx))
	}
	return nil
}

// trainLeg is what such a process does.
func (c *compareLoweringsCmd) trainLeg(a *app) error {
	for _, t := range c.trials(a) {
		for _, l := range legs {
			if t.name+"-"+l.name != c.Leg {
				continue
			}
			if now := nn.CurrentPolicy(); now != l.lowering {
				return usagef("--leg=%s computes with %s=%s, and that is %s", c.Leg, nn.PolicyVariable, l.lowering, now)
			}
			run, _, err := c.begun(t, l)
			if err != nil {
				return err
			}
			return t.train(a.ctx, l, c.folder(t, l), run)
		}
	}
	return usagef("--leg=%s: there is no such training", c.Leg)
}

// compare describes the trainings of a game and draws the sheets of those that came furthest side by side.
func (c *compareLoweringsCmd) compare(a *app, t trial) (tables, error) {
	members, err := c.members(t)
	if err != nil {
		return nil, err
	}
	report := tables{statisticsTable(members, t.series, 3), firstStepsTable(members, t.series, 50)}
	members = furthest(members)
	distances, err := distanceTable(a.ctx, members, c.Samples, t.draw)
	if err != nil {
		return nil, err
	}
	sheet, err := joinSheets(members)
	if err != nil {
		return nil, err
	}
	report = append(report, distances)
	for i := range report {
		report[i].title = t.name + ": " + strings.ToLower(report[i].title[:1]) + report[i].title[1:]
	}
	return report, plots.WritePNG(filepath.Join(c.Out, t.name+".png"), sheet)
}

// members are the trainings of a game that have begun.
func (c *compareLoweringsCmd) members(t trial) ([]member, error) {
	var members []member
	for _, l := range c.chosen() {
		run, shown, err := c.begun(t, l)
		if err != nil {
			return nil, err
		}
		if shown == 0 {
			continue
		}
		m, err := openMember(l.name, run.Dir())
		if err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	if len(members) == 0 {
		return nil, fmt.Errorf("%s: nothing has been trained in %s; leave --report out", t.name, c.Out)
	}
	return members, sameSettings(members)
}

// furthest are the members that were trained as long as the longest: pictures of the others show less training.
func furthest(members []member) []member {
	longest := slices.MaxFunc(members, func(a, b member) int { return int(a.last() - b.last()) }).last()
	return slices.DeleteFunc(slices.Clone(members), func(m member) bool { return m.last() < longest })
}

// sameSettings refuses to compare trainings that differ in more than seed, length and lowering, such as those of another
// width that an earlier command left in the folder.
func sameSettings(members []member) error {
	var first map[string]any
	for _, m := range members {
		var settings map[string]any
		if err := m.run.Info().DecodeConfig(&settings); err != nil {
			return err
		}
		for _, free := range []string{"seed", "images", "epochs"} {
			delete(settings, free)
		}
		if first == nil {
			first = settings
		}
		if !reflect.DeepEqual(settings, first) {
			return fmt.Errorf("%s and %s were trained with different settings; delete one of them, or choose another --out",
				members[0].run.Dir(), m.run.Dir())
		}
	}
	return nil
}

// write prints the report and keeps it.
func (c *compareLoweringsCmd) write(a *app, report tables) error {
	var text strings.Builder
	if err := report.print(&text); err != nil {
		return err
	}
	if _, err := fmt.Fprint(a.out, text.String()); err != nil {
		return err
	}
	return runlog.WriteFile(filepath.Join(c.Out, "report.md"), []byte(text.String()))
}

// lines is a sink that prints a line now and then.
type lines struct {
	a    *app
	last time.Time
}

// linesEvery is the pause between two lines of a training that runs for an hour.
const linesEvery = 30 * time.Second

func (l *lines) Point(p runlog.Point) error {
	if time.Since(l.last) >= linesEvery {
		l.last = time.Now()
		fmt.Fprintf(l.a.err, "  iteration %d: D/loss %.4f, G/loss %.4f, %s\n", p.Iteration, p.Values["D/loss"], p.Values["G/loss"], roughly(seconds(p.Seconds)))
	}
	return nil
}
func (*lines) Image(string, int64, image.Image) error { return nil }
func (*lines) Close() error                           { return nil }
