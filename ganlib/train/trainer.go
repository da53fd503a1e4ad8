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
	"github.com/ganbook/ganbook/ganlib/health"
	"github.com/ganbook/ganbook/ganlib/nn"
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
	Sheet       func(pixels []float32, n, height, width, channels int) (image.Image, error)

	SnapshotEvery time.Duration // 0: only at the end
	// Score rates an iteration by what it reported, higher being better. The snapshot with the best mean since the one
	// before it is kept beside the newest; nil: none is.
	Score func(values map[string]float64) float64

	// ReadEvery is for how many iterations at most what the steps report may stay unread on the device. Nothing that is
	// reported, kept or drawn depends on it. 0: 1 on the Go backend, 50 on XLA.
	ReadEvery int

	Began time.Time     // when whoever trains began: data, backend and snapshot take their time too; zero: with New
	Run   *runlog.Run   // where the run is kept; nil: nowhere
	Watch []runlog.Sink // who else wants to see it
	Log   io.Writer     // warnings; nil: nowhere
}

// Stream is where real images come from, batch after batch; *data.Stream is one.
type Stream interface {
	// Next returns the next batch images at a resolution, 0 being their full size. A short batch ends an epoch.
	Next(ctx context.Context, batch, resolution int) (data.Batch, error)
	// Recycle gives a batch back that nobody looks at any more.
	Recycle(data.Batch)
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
	broken   bool          // the weights are lost or between two iterations; only the last snapshot counts
	counted  bool          // a snapshot holds state.Scores; the next iteration begins a new mean
	whole    bool          // restored in the midst of a phase: its graphs must find every variable in the snapshot
	sinks    []runlog.Sink // who is told, the run's own record first
	mute     []bool        // sinks whose failure was warned of
	doctor   health.Monitor
	real     float64 // health.Distance of real images, for the first point; 0: not measured

	garbage garbage

	early    bool          // batches are drawn ahead and carried to the device
	ahead    chan drawn    // the next one; nil: none was begun
	waited   time.Duration // for batches, since Run began
	unread   []reading
	lastRead time.Time

	started time.Time
	elapsed time.Duration // of earlier sittings
	timing  Timing
}

// New prepares a game. With a run that holds a snapshot, training goes on from there.
func New(b compute.Backend, gan *ganlib.GAN, opt Options) (*Trainer, error) {
	if err := validate(gan, opt); err != nil {
		return nil, err
	}
	if opt.Began.IsZero() {
		opt.Began = time.Now()
	}
	if opt.SampleCount == 0 {
		opt.SampleCount = 64
	}
	if opt.ReadEvery == 0 {
		if opt.ReadEvery = 1; nn.OnXLA(b) {
			opt.ReadEvery = readEvery
		}
	}
	t := &Trainer{
		backend: b, gan: gan, opt: opt,
		store:    ganlib.NewStore(opt.Seed),
		state:    State{Game: gan.Name, Updates: map[string]int64{}},
		compiled: map[string]*compiled{},
	}
	if opt.Run != nil {
		t.sinks = append(t.sinks, opt.Run)
		t.saver = newSaver(opt.Run)
		if err := t.restore(); err != nil {
			return nil, err
		}
	}
	t.sinks = append(t.sinks, opt.Watch...)
	t.mute = make([]bool, len(t.sinks))
	for _, s := range opt.Watch {
		if to, ok := s.(runlog.RunSink); ok && opt.Run != nil {
			to.Began(opt.Run)
		}
	}
	t.started = time.Now()
	return t, nil
}

// Close gives the memory of compiled graphs back. The store stays as it is.
func (t *Trainer) Close() { t.release() }

// validate refuses games and settings that cannot be played.
func validate(gan *ganlib.GAN, opt Options) error {
	if opt.BatchSize < 1 {
		return fmt.Errorf("train: %s: batch size %d; it must be at least 1", gan.Name, opt.BatchSize)
	}
	if opt.ReadEvery < 0 {
		return fmt.Errorf("train: %s: reading every %d iterations; it must be at least 1, or 0 for a choice by the device", gan.Name, opt.ReadEvery)
	}
	if len(gan.Steps) == 0 {
		return fmt.Errorf("train: %s: the game has no step", gan.Name)
	}
	averaged := gan.EMA.After == ""
	for i, s := range gan.Steps {
		averaged = averaged || s.Name == gan.EMA.After
		switch {
		case s.Name == "" || s.Scope == "" || s.Loss == nil:
			return fmt.Errorf("train: %s: step %d (%q): it needs a name, a scope and a loss", gan.Name, i+1, s.Name)
		case s.Adam.LearningRate <= 0:
			return fmt.Errorf("train: %s: step %s: learning rate %v; it must be positive", gan.Name, s.Name, s.Adam.LearningRate)
		case s.Repeats < 0:
			return fmt.Errorf("train: %s: step %s: %d repeats; it must be at least 1, or 0 for one", gan.Name, s.Name, s.Repeats)
		}
		for _, other := range gan.Steps[:i] {
			if other.Name == s.Name && (other.Stage == s.Stage || other.Stage == "" || s.Stage == "") {
				return fmt.Errorf("train: %s: two steps of one stage are named %s; their optimisers would be one", gan.Name, s.Name)
			}
		}
	}
	if gan.EMA.Decay != 0 && !averaged {
		return fmt.Errorf("train: %s: the generator is averaged after step %s, which there is not", gan.Name, gan.EMA.After)
	}
	return nil
}

// Store gives access to the variables, for tables and tests.
func (t *Trainer) Store() *model.Store { return t.store }

// State returns how far the training is.
func (t *Trainer) State() State { return t.state.clone() }

// Run trains until the images asked for were shown or ctx ends; in both cases a snapshot is the last thing it does.
// When ctx ended, the error wraps its cause; when that snapshot failed, it wraps [ErrNotSaved] as well.
func (t *Trainer) Run(ctx context.Context, src *data.Source) error {
	if err := t.check(src); err != nil {
		return err
	}
	stream := src.Stream(t.opt.Seed, t.state.Position)
	defer stream.Close()
	t.early = t.early || nn.OnXLA(t.backend)
	defer t.forgetAhead()
	defer t.garbage.lift()
	t.measure(src)
	t.elapsed, t.started = time.Duration(t.state.Seconds*float64(time.Second)), time.Now()
	t.timing, t.waited = Timing{Start: t.started.Sub(t.opt.Began)}, 0
	err := t.loop(ctx, stream)
	if !t.broken {
		err = errors.Join(err, t.show())
	}
	t.timing.Training = time.Since(t.started)
	t.timing.Waiting = t.waitedFor(stream)
	t.timing.Peak = peakMemory()
	if t.broken {
		return errors.Join(err, t.saver.wait())
	}
	return errors.Join(err, t.saveNow())
}

func (t *Trainer) loop(ctx context.Context, stream Stream) error {
	last := time.Now()
	for t.state.Images < t.opt.Images {
		if ctx.Err() != nil {
			return fmt.Errorf("train: %s: stopped after iteration %d: %w", t.gan.Name, t.state.Iteration, context.Cause(ctx))
		}
		if err := t.iterateAndShow(ctx, stream); err != nil {
			return err
		}
		if every := t.opt.SnapshotEvery; every > 0 && time.Since(last) >= every {
			last = time.Now()
			if err := t.show(); err != nil { // no snapshot of weights that a report says are broken
				return err
			}
			if err := t.saveSoon(); err != nil {
				return err
			}
			t.timing.Pause = max(t.timing.Pause, time.Since(last))
		}
	}
	return nil
}

// iterateAndShow does one iteration and, where it is time to, hands what was reported to everyone who watches.
func (t *Trainer) iterateAndShow(ctx context.Context, stream Stream) error {
	if err := t.advance(ctx, stream); err != nil {
		return errors.Join(t.show(), err)
	}
	if t.timing.FirstStep == 0 {
		t.timing.FirstStep = time.Since(t.opt.Began)
	}
	if !t.readDue() {
		return nil
	}
	return t.show()
}

// each calls every sink. None of them can end the training: a record that cannot be
// written is warned of, once until it can again, and the snapshots decide.
func (t *Trainer) each(do func(runlog.Sink) error) {
	for i, s := range t.sinks {
		err := do(s)
		if err != nil && !t.mute[i] {
			t.warn("what the training reports could not be kept, training goes on: %v", err)
		}
		t.mute[i] = err != nil
	}
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
