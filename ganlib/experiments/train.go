package experiments

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/gomlx/compute"
)

// DefaultOut is the folder of all runs.
const DefaultOut = "runs"

// Train runs an experiment from its beginning and leaves a run folder with its record, snapshots and, if o.Figures draws
// them, figures. When ctx ends, it stops with a snapshot; the run is returned all the same, and [Resume] goes on with it.
func Train(ctx context.Context, id string, o Options) (*runlog.Run, error) {
	t := &sitting{options: o, began: time.Now()}
	var err error
	if t.experiment, t.settings, t.gan, err = plan(id, o); err != nil {
		return nil, err
	}
	if err := t.open(ctx, o.Backend); err != nil {
		return nil, err
	}
	defer t.backend.Finalize()
	if err := t.fitMemory(); err != nil {
		return nil, err
	}
	if t.run, err = runlog.Create(orDefault(o.Out, DefaultOut), t.describe()); err != nil {
		return nil, err
	}
	return t.run, t.train(ctx)
}

// Resume goes on with a run that was stopped, from its newest whole snapshot. Without a wish it computes on the backend
// that the run began with.
func Resume(ctx context.Context, dir string, o Options) (*runlog.Run, error) {
	t := &sitting{options: o, began: time.Now()}
	var err error
	if t.run, err = runlog.Resume(dir); err != nil {
		return nil, err
	}
	if err := t.restore(ctx); err != nil {
		return nil, errors.Join(err, t.run.Close())
	}
	defer t.backend.Finalize()
	if err := t.fitMemory(); err != nil {
		return nil, errors.Join(err, t.run.Close())
	}
	return t.run, t.train(ctx)
}

// sitting is one training of a run, from its beginning or from a snapshot.
type sitting struct {
	experiment Experiment
	settings   Settings
	gan        *ganlib.GAN
	options    Options
	config     string // of the backend, resolved once: used, compared and recorded
	backend    compute.Backend
	source     *data.Source
	run        *runlog.Run
	memory     runlog.Memory // by fitMemory
	began      time.Time
}

// open starts the backend and opens the images.
func (t *sitting) open(ctx context.Context, config string) (err error) {
	t.config = backend.Config(config)
	if t.backend, err = newBackend(t.config); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			t.backend.Finalize()
		}
	}()
	if err := t.settings.Data.choose(t.options.Data); err != nil {
		return err
	}
	if t.run == nil {
		if err := t.settings.Data.download(ctx, t.options.Download); err != nil {
			return err
		}
	}
	if t.source, err = openData(ctx, t.settings.Data, t.settings.Seed, t.options.Progress); err != nil {
		return err
	}
	if err := t.fitGame(); err != nil {
		return err
	}
	return t.settings.fit(t.source)
}

// fitGame completes the game of a new run by the number of images. That of an old one is in its record.
func (t *sitting) fitGame() (err error) {
	if t.run != nil || t.experiment.Fit == nil {
		return nil
	}
	if err := t.experiment.Fit(&t.settings, t.source.Len()); err != nil {
		return err
	}
	t.gan, err = t.experiment.Game(t.settings.Game)
	return err
}

// restore opens what the run was made with and refuses other images.
func (t *sitting) restore(ctx context.Context) (err error) {
	if t.experiment, t.settings, t.gan, err = rebuild(t.run); err != nil {
		return err
	}
	if t.options.Images > 0 {
		t.settings.Images = t.options.Images
	}
	was := t.run.Info()
	if err := t.open(ctx, orDefault(t.options.Backend, was.Backend)); err != nil {
		return err
	}
	if t.source.Hash() != was.Data.Hash {
		t.backend.Finalize()
		return fmt.Errorf("experiments: %s was trained on other images (%s, hash %.12s) than %s (hash %.12s) gives now; "+
			"name the old ones with --data", t.run.Dir(), was.Data.Name, was.Data.Hash, t.source.Name(), t.source.Hash())
	}
	if changes := was.Changes(here(t.config)); len(changes) > 0 {
		logf(t.options.Log, "note: the run goes on, but not to the bit as it would have there: %s", strings.Join(changes, "; "))
	}
	return nil
}

// train trains to the end, draws the figures and closes the record.
func (t *sitting) train(ctx context.Context) error {
	runlog.Observe(ctx, t.run.Dir())
	s := t.settings
	opt := train.Options{
		Images: s.Images, BatchSize: s.BatchSize, Seed: s.Seed,
		SampleEvery: s.SampleEvery, SampleCount: s.SampleCount, SampleMode: t.experiment.SampleMode, Sheet: drawSheet,
		SnapshotEvery: s.snapshotEvery(), Score: t.experiment.Score,
		Run: t.run, Log: t.options.Log, Began: t.began,
	}
	if t.options.Watch != nil {
		opt.Watch = t.options.Watch(t.run, s)
	}
	t.sayMemory()
	final, err := t.play(ctx, opt)
	for _, w := range opt.Watch {
		err = errors.Join(err, w.Close())
	}
	if draw := t.options.Figures; draw != nil && (err == nil || Stopped(err)) {
		err = errors.Join(err, draw(t.run, t.experiment, s, t.source))
	}
	if final == nil { // nothing was trained: what the record says of an earlier sitting stays
		return errors.Join(err, t.run.Close())
	}
	return errors.Join(err, t.run.Finish(status(err), final), t.run.Close())
}

// play does the iterations and returns where their time went.
func (t *sitting) play(ctx context.Context, opt train.Options) (map[string]float64, error) {
	trainer, err := train.New(t.backend, t.gan, opt)
	if err != nil {
		return nil, err
	}
	defer trainer.Close()
	if s := trainer.State(); s.Iteration > 0 {
		if err := t.noteResumption(s.Images); err != nil {
			return nil, err
		}
	}
	err = backend.Explain(trainer.Run(ctx, t.source))
	return trainer.Timing().Values(), err
}

// noteResumption writes into the run's record from where it goes on, and the settings that hold from now on.
func (t *sitting) noteResumption(images int64) error {
	now := here(t.config)
	return t.run.SetInfo(func(i *runlog.Info) {
		i.Resumed = append(i.Resumed, runlog.Resumption{Time: time.Now().UTC(), Images: images, Command: t.options.Command, Changes: i.Changes(now)})
		i.Config, i.Memory = t.settings, t.memory
	})
}

// status is how a run ended, as its record says it. What failed besides being told to stop counts as failed.
func status(err error) string {
	switch {
	case err == nil:
		return "done"
	case Stopped(err):
		return "stopped"
	}
	return "failed: " + err.Error()
}

// Stopped says whether a training did nothing but end when it was told to: everything is kept. A cancellation joined
// by a snapshot or a figure that could not be written is none.
func Stopped(err error) bool {
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			if !Stopped(part) {
				return false
			}
		}
		return true
	case interface{ Unwrap() error }:
		return Stopped(e.Unwrap())
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// rebuild restores the experiment, settings and game of a run from its record.
func rebuild(run *runlog.Run) (Experiment, Settings, *ganlib.GAN, error) {
	var s Settings
	if err := run.Info().DecodeConfig(&s); err != nil {
		return Experiment{}, s, nil, fmt.Errorf("experiments: %s: %w", run.Dir(), err)
	}
	e, err := Find(s.Experiment)
	if err != nil {
		return e, s, nil, fmt.Errorf("experiments: %s: %w", run.Dir(), err)
	}
	gan, err := e.Game(s.Game)
	return e, s, gan, err
}

// describe is the head of a new run's record.
func (t *sitting) describe() runlog.Info {
	i := here(t.config)
	i.Experiment, i.Scale, i.Command, i.Seed = t.experiment.ID, string(t.settings.Scale), t.options.Command, t.settings.Seed
	i.Config, i.Data = t.settings, info(t.source)
	i.Memory, i.Started = t.memory, time.Now()
	return i
}

// here describes what computes, of a resolved configuration: a resume elsewhere is not to the bit.
func here(config string) runlog.Info {
	return runlog.Info{
		Host: runlog.Host(), Modules: runlog.Modules(), Commit: runlog.Commit(),
		Backend: config, Lowering: nn.LoweringOf(config), Executors: backend.ExecutorsOf(config),
	}
}

func orDefault(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

func logf(w io.Writer, format string, args ...any) {
	if w != nil {
		fmt.Fprintf(w, format+"\n", args...)
	}
}
