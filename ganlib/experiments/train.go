package experiments

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

// Train runs an experiment from its beginning and leaves a run folder with its record, snapshots and figures. When ctx
// ends, it stops with a snapshot; the run is returned all the same, and [Resume] goes on with it.
func Train(ctx context.Context, id string, o Options) (*runlog.Run, error) {
	e, err := Find(id)
	if err != nil {
		return nil, err
	}
	if o.Scale == "" {
		o.Scale = Lecture
	}
	s, err := e.Settings(o)
	if err != nil {
		return nil, err
	}
	if err := s.validate(); err != nil {
		return nil, err
	}
	gan, err := e.Game(s.Game)
	if err != nil {
		return nil, err
	}
	b, err := backend.New(o.Backend)
	if err != nil {
		return nil, err
	}
	if err := s.Data.choose(o.Data); err != nil {
		return nil, err
	}
	if err := s.Data.download(ctx, o); err != nil {
		return nil, err
	}
	src, err := openData(ctx, s.Data, s.Seed, o.Progress)
	if err != nil {
		return nil, err
	}
	if err := s.fit(src); err != nil {
		return nil, err
	}
	run, err := runlog.Create(orDefault(o.Out, DefaultOut), describe(e, s, src, o))
	if err != nil {
		return nil, err
	}
	return run, play(ctx, e, s, gan, b, src, run, o)
}

// Resume goes on with a run that was stopped, from its newest whole snapshot.
func Resume(ctx context.Context, dir string, o Options) (*runlog.Run, error) {
	run, err := runlog.Resume(dir)
	if err != nil {
		return nil, err
	}
	e, s, gan, err := rebuild(run)
	if err != nil {
		return nil, errors.Join(err, run.Close())
	}
	if o.Images > 0 {
		s.Images = o.Images
	}
	b, err := backend.New(orDefault(o.Backend, run.Info().Backend))
	if err != nil {
		return nil, errors.Join(err, run.Close())
	}
	if err := s.Data.choose(o.Data); err != nil {
		return nil, errors.Join(err, run.Close())
	}
	src, err := openData(ctx, s.Data, s.Seed, o.Progress)
	if err != nil {
		return nil, errors.Join(err, run.Close())
	}
	if src.Hash() != run.Info().Data.Hash {
		return nil, errors.Join(fmt.Errorf("experiments: %s was trained on other images (%s, hash %.12s) than %s (hash %.12s) gives now; "+
			"name the old ones with --data", dir, run.Info().Data.Name, run.Info().Data.Hash, src.Name(), src.Hash()), run.Close())
	}
	if err := s.fit(src); err != nil {
		return nil, errors.Join(err, run.Close())
	}
	if changes := run.Info().Changes(here(o.Backend)); len(changes) > 0 {
		logf(o.Log, "note: the run goes on, but not to the bit as it would have there: %s", strings.Join(changes, "; "))
	}
	return run, play(ctx, e, s, gan, b, src, run, o)
}

// play trains a prepared run to its end, draws the figures and closes the record.
func play(ctx context.Context, e Experiment, s Settings, gan *ganlib.GAN, b compute.Backend, src *data.Source, run *runlog.Run, o Options) error {
	opt := train.Options{
		Images: s.Images, BatchSize: s.BatchSize, Seed: s.Seed,
		SampleEvery: s.SampleEvery, SampleCount: s.SampleCount, Sheet: sheet,
		SnapshotEvery: s.snapshotEvery(), Run: run, Log: o.Log,
	}
	if o.Watch != nil {
		opt.Watch = o.Watch(run, s)
	}
	var final map[string]float64
	trainer, err := train.New(b, gan, opt)
	if err == nil && trainer.State().Iteration > 0 {
		err = noteResumption(run, s, trainer.State().Images, o)
	}
	if err == nil {
		err = trainer.Run(ctx, src)
		final = trainer.Timing().Values()
	}
	for _, w := range opt.Watch {
		err = errors.Join(err, w.Close())
	}
	if err == nil || errors.Is(err, context.Canceled) {
		err = errors.Join(err, Figures(run, e, s, src))
	}
	return errors.Join(err, run.Finish(status(err), final), run.Close())
}

// noteResumption writes into the run's record from where it goes on, and the settings that hold from now on.
func noteResumption(run *runlog.Run, s Settings, images int64, o Options) error {
	now := here(o.Backend)
	return run.SetInfo(func(i *runlog.Info) {
		i.Resumed = append(i.Resumed, runlog.Resumption{Time: time.Now().UTC(), Images: images, Command: o.Command, Changes: i.Changes(now)})
		i.Config = s
	})
}

func status(err error) string {
	switch {
	case err == nil:
		return "done"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "stopped"
	}
	return "failed: " + err.Error()
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

// describe is the head of a run's record.
func describe(e Experiment, s Settings, src *data.Source, o Options) runlog.Info {
	i := here(o.Backend)
	i.Experiment, i.Scale, i.Command, i.Seed = e.ID, string(s.Scale), o.Command, s.Seed
	i.Config, i.Data = s, info(src)
	i.Started = time.Now()
	return i
}

// here describes what computes: a resume elsewhere is not to the bit.
func here(config string) runlog.Info {
	config = backend.Config(config)
	return runlog.Info{
		Host: runlog.Host(), Modules: runlog.Modules(),
		Backend: config, Lowering: nn.LoweringOf(config), Executors: backend.Executors(),
	}
}

// choose puts the user's data in place of the experiment's own: a built-in set by name, or a path.
func (d *DataSettings) choose(wish string) error {
	if wish == "" {
		return nil
	}
	if wish == "faces" {
		d.Set, d.Path = wish, ""
		return nil
	}
	d.Count = 0
	_, unknown := data.FindSet(wish)
	if _, absent := os.Stat(wish); absent != nil && unknown == nil {
		d.Set, d.Path = wish, ""
		return nil
	}
	path, err := filepath.Abs(wish)
	d.Set, d.Path = "", path
	return err
}

// download fetches a named set whose files are not there yet.
func (d DataSettings) download(ctx context.Context, o Options) error {
	if d.Set == "" || d.Set == "faces" || d.Path != "" || o.Accept == nil {
		return nil
	}
	dir, err := data.DownloadDir(d.Set)
	if err != nil {
		return err
	}
	return data.Download(ctx, d.Set, dir, nil, o.Accept)
}

// openData opens the images of the settings; progress may be nil.
func openData(ctx context.Context, d DataSettings, master int64, progress func(done, total int)) (*data.Source, error) {
	return data.Open(ctx, d.Set, d.Path, data.Options{
		Size: d.Size, Channels: d.Channels, Images: d.Count, Seed: master, Progress: progress,
	})
}

// fit completes and checks settings that depend on the data.
func (s *Settings) fit(src *data.Source) error {
	if s.BatchSize > src.Len() {
		return fmt.Errorf("experiments: batch %d is larger than the %d images of %s; use a smaller --batch or more images", s.BatchSize, src.Len(), src.Name())
	}
	if s.Images == 0 {
		s.Images = int64(s.Epochs) * int64(src.Len())
	}
	s.Epochs = int((s.Images + int64(src.Len()) - 1) / int64(src.Len()))
	return nil
}

// validate refuses numbers that no data can mend.
func (s Settings) validate() error {
	switch {
	case s.BatchSize < 1:
		return fmt.Errorf("experiments: batch %d; it must be at least 1", s.BatchSize)
	case s.Epochs < 1 && s.Images < 1:
		return fmt.Errorf("experiments: %d epochs and %d images; one of them must be at least 1", s.Epochs, s.Images)
	case s.Images < 0:
		return fmt.Errorf("experiments: %d images to show; it must be at least 1", s.Images)
	}
	return nil
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
