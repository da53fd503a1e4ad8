// Package train plays the games of package ganlib: it alternates the steps, keeps the schedule, draws samples,
// snapshots and resumes. It knows no model.
package train

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"time"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
)

// Options are the settings of a run that are not the game's.
type Options struct {
	Images    int64 // stop after so many real images shown
	BatchSize int   // unless the schedule says otherwise
	Seed      int64

	SampleEvery int64 // iterations between sample sheets, the first and the last included; 0: none
	SampleCount int   // images on a sheet, from latents drawn once; 0: 64
	SampleMode  func(in ganlib.Inputs) ganlib.Inputs
	Sheet       func(pixels []float32, n, height, width, channels int) image.Image

	SnapshotEvery time.Duration // 0: only at the end

	Run   *runlog.Run   // where the run is kept; nil: nowhere
	Watch []runlog.Sink // who else wants to see it
	Log   io.Writer     // warnings; nil: nowhere
}

// Trainer is a game in play.
type Trainer struct {
	backend compute.Backend
	gan     *ganlib.GAN
	store   *model.Store
	opt     Options

	state    State
	phase    ganlib.Phase
	plan     []callPlan
	compiled map[string]*compiled // of the present stage and resolution
	sampler  *sampler
	saver    *saver
	broken   bool // the weights are lost; only the last snapshot counts

	started time.Time
	elapsed time.Duration // of earlier sittings
}

// State is all that a resumed run needs besides the variables.
type State struct {
	Iteration int64            `json:"iteration"` // done so far
	Images    int64            `json:"images"`    // real images shown so far
	Position  data.Position    `json:"position"`  // of the next image in the data
	Updates   map[string]int64 `json:"updates"`   // of Adam, by step
	PhaseAt   int64            `json:"phase_at"`  // images shown when the schedule was last asked
	Stage     string           `json:"stage"`
	Entered   bool             `json:"entered"` // whether the first stage was entered
	Seconds   float64          `json:"seconds"` // of training, all sittings
}

// New prepares a game. With a run that holds a snapshot, training goes on from there.
func New(b compute.Backend, gan *ganlib.GAN, opt Options) (*Trainer, error) {
	t, err := newTrainer(b, gan, opt)
	if err != nil {
		return nil, err
	}
	if opt.Run != nil {
		t.saver = newSaver(opt.Run)
		if err := t.restore(); err != nil {
			return nil, err
		}
	}
	t.elapsed = time.Duration(t.state.Seconds * float64(time.Second))
	t.started = time.Now()
	return t, nil
}

func newTrainer(b compute.Backend, gan *ganlib.GAN, opt Options) (*Trainer, error) {
	if opt.BatchSize < 1 {
		return nil, fmt.Errorf("train: %s: batch size %d; it must be at least 1", gan.Name, opt.BatchSize)
	}
	if opt.SampleCount == 0 {
		opt.SampleCount = 64
	}
	if gan.Schedule == nil {
		gan.Schedule = ganlib.Constant{}
	}
	for _, s := range gan.Steps {
		if s.Adam.LearningRate <= 0 {
			return nil, fmt.Errorf("train: %s: step %s: learning rate %v; it must be positive", gan.Name, s.Name, s.Adam.LearningRate)
		}
	}
	return &Trainer{
		backend: b, gan: gan, opt: opt,
		store:    ganlib.NewStore(opt.Seed),
		state:    State{Updates: map[string]int64{}},
		compiled: map[string]*compiled{},
	}, nil
}

// Store gives access to the variables, for tables and tests.
func (t *Trainer) Store() *model.Store { return t.store }

// State returns how far the training is.
func (t *Trainer) State() State { return t.state }

// Run trains until the images asked for were shown or ctx ends; in both cases a snapshot is the last thing it does.
// When ctx ended, the error wraps its cause.
func (t *Trainer) Run(ctx context.Context, src *data.Source) error {
	if err := t.check(src); err != nil {
		return err
	}
	stream := src.Stream(t.opt.Seed, t.state.Position)
	defer stream.Close()
	err := t.loop(ctx, stream)
	if t.broken {
		return errors.Join(err, t.saver.wait())
	}
	return errors.Join(err, t.saveNow())
}

func (t *Trainer) loop(ctx context.Context, stream *data.Stream) error {
	last := time.Now()
	for t.state.Images < t.opt.Images {
		if ctx.Err() != nil {
			return fmt.Errorf("train: %s: stopped at iteration %d: %w", t.gan.Name, t.state.Iteration, context.Cause(ctx))
		}
		if err := t.iterateAndShow(ctx, stream); err != nil {
			return err
		}
		if every := t.opt.SnapshotEvery; every > 0 && time.Since(last) >= every {
			if err := t.saveSoon(); err != nil {
				return err
			}
			last = time.Now()
		}
	}
	return nil
}

// iterateAndShow does one iteration and hands what it brought to everyone who watches.
func (t *Trainer) iterateAndShow(ctx context.Context, stream *data.Stream) error {
	point, err := t.Iterate(ctx, stream)
	if err != nil {
		return err
	}
	if err := t.each(func(s runlog.Sink) error { return s.Point(point) }); err != nil {
		return err
	}
	due := t.opt.SampleEvery > 0 && (point.Iteration%t.opt.SampleEvery == 0 || t.state.Images >= t.opt.Images)
	if !due || t.opt.Sheet == nil {
		return nil
	}
	sheet, err := t.sheet()
	if err != nil {
		return err
	}
	return t.each(func(s runlog.Sink) error { return s.Image("", t.state.Images, sheet) })
}

// each calls every sink; the run's own record comes first. Only its errors end the training.
func (t *Trainer) each(do func(runlog.Sink) error) error {
	if t.opt.Run != nil {
		if err := do(t.opt.Run); err != nil {
			t.warn("the run's record could not be written, training goes on: %v", err)
		}
	}
	for _, s := range t.opt.Watch {
		if err := do(s); err != nil {
			t.warn("a view of the run failed, training goes on: %v", err)
		}
	}
	return nil
}

func (t *Trainer) warn(format string, args ...any) {
	if t.opt.Log != nil {
		fmt.Fprintf(t.opt.Log, "warning: "+format+"\n", args...)
	}
}

// check refuses data that the game cannot use.
func (t *Trainer) check(src *data.Source) error {
	im := t.gan.Image
	if src.Height() != im.Height || src.Width() != im.Width || src.Channels() != im.Channels {
		return fmt.Errorf("train: %s works on %d×%d×%d images and %s has %d×%d×%d; prepare the data at that size",
			t.gan.Name, im.Height, im.Width, im.Channels, src.Name(), src.Height(), src.Width(), src.Channels())
	}
	if t.opt.BatchSize > src.Len() {
		return fmt.Errorf("train: %s: batch %d is larger than the %d images of %s; use a smaller --batch",
			t.gan.Name, t.opt.BatchSize, src.Len(), src.Name())
	}
	return nil
}
