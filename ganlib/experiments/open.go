package experiments

import (
	"context"
	"fmt"
	"image"
	"math"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/seed"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
)

// Opened is a finished or running run: its networks as of the newest whole snapshot, and its record.
type Opened struct {
	Run        *runlog.Run
	Experiment Experiment
	Settings   Settings
	GAN        *ganlib.GAN
	Store      *model.Store
	State      train.State
	backend    compute.Backend
}

// Open opens a run folder for looking at; the run may be training in another process. A snapshot that was opened before
// is mapped and not verified again, so that a cell can open its run anew each time: 0.05 s at full size.
func Open(dir string) (*Opened, error) { return OpenOn(dir, "") }

// OpenOn is Open on a backend of one's choice.
func OpenOn(dir, config string) (*Opened, error) { return open(dir, config, train.Load) }

// OpenBest is OpenOn with the snapshot of the best score; see [Experiment].Score for what that is worth.
func OpenBest(dir, config string) (*Opened, error) {
	return open(dir, config, func(run *runlog.Run, store *model.Store) (train.State, error) {
		images, err := train.Best(run)
		if err != nil {
			return train.State{}, err
		}
		return train.LoadAt(run, store, images)
	})
}

func open(dir, config string, load func(*runlog.Run, *model.Store) (train.State, error)) (*Opened, error) {
	run, err := runlog.Open(dir)
	if err != nil {
		return nil, err
	}
	e, s, gan, err := rebuild(run)
	if err != nil {
		return nil, err
	}
	b, err := newBackend(config)
	if err != nil {
		return nil, err
	}
	o := &Opened{Run: run, Experiment: e, Settings: s, GAN: gan, Store: ganlib.NewStore(s.Seed), backend: b}
	if o.State, err = load(run, o.Store); err != nil {
		b.Finalize()
		return nil, fmt.Errorf("experiments: %s: %w", dir, err)
	}
	return o, nil
}

// newBackend starts what computes, and refuses a lowering that does not exist before anything is computed.
func newBackend(config string) (compute.Backend, error) {
	if err := nn.CheckPolicy(); err != nil {
		return nil, fmt.Errorf("experiments: %w", err)
	}
	return backend.New(config)
}

// Close ends the backend. A cell, whose program ends with it, need not call it.
func (o *Opened) Close() {
	o.backend.Finalize()
}

// Data opens the images the run was trained on.
func (o *Opened) Data(ctx context.Context) (*data.Source, error) {
	return openData(ctx, o.Settings.Data, o.Settings.Seed, nil)
}

// Latents draws n latents from the prior; the same seed gives the same ones.
func (o *Opened) Latents(n int, master int64) []float32 {
	return o.GAN.Prior.Sample(seed.Rand(master, "generate"), n)
}

// Generate shows latents to the generator and returns images in [−1, 1] and their shape [n, h, w, c]. mode is
// [train.BatchStatistics], as the sheets of the training, or [train.RunningAverages], in which a picture does not
// depend on its neighbours.
func (o *Opened) Generate(z []float32, mode func(ganlib.Inputs) ganlib.Inputs) ([]float32, []int, error) {
	schedule := o.GAN.Schedule
	if schedule == nil {
		schedule = ganlib.Constant{}
	}
	return train.Generate(o.backend, o.Store, o.GAN, schedule.At(o.State.PhaseAt), mode, z)
}

// Sheet shows latents to the generator and lays the pictures out.
func (o *Opened) Sheet(z []float32, mode func(ganlib.Inputs) ganlib.Inputs) (image.Image, error) {
	pixels, d, err := o.Generate(z, mode)
	if err != nil {
		return nil, err
	}
	return drawSheet(pixels, d[0], d[1], d[2], d[3])
}

// Walk returns the latents of a walk from z0 to z1 in so many frames, both ends included. Linear walks cut through
// the thin middle of a Gaussian; spherical ones (slerp) keep the length of z, where the prior has its mass.
func Walk(z0, z1 []float32, frames int, spherical bool) []float32 {
	var path []float32
	angle := angleBetween(z0, z1)
	for i := range frames {
		t := float64(i) / float64(max(frames-1, 1))
		a, b := 1-t, t
		if spherical && math.Sin(angle) > 1e-6 {
			a, b = math.Sin((1-t)*angle)/math.Sin(angle), math.Sin(t*angle)/math.Sin(angle)
		}
		for k := range z0 {
			path = append(path, float32(a*float64(z0[k])+b*float64(z1[k])))
		}
	}
	return path
}

func angleBetween(a, b []float32) float64 {
	var dot, aa, bb float64
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return math.Acos(min(1, max(-1, dot/math.Sqrt(aa*bb))))
}
