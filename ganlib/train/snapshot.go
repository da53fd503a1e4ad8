package train

import (
	"errors"
	"fmt"
	"maps"
	"math"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/gomlx/gomlx/ml/model"
)

// State is all that a resumed run needs besides the variables.
type State struct {
	Game       string           `json:"game"`      // GAN.Name
	Iteration  int64            `json:"iteration"` // done so far
	Images     int64            `json:"images"`    // real images shown so far
	Position   data.Position    `json:"position"`  // of the next image in the data
	Updates    map[string]int64 `json:"updates"`   // of Adam, by step
	PhaseAt    int64            `json:"phase_at"`  // images shown when the schedule was last asked
	Stage      string           `json:"stage"`
	Resolution int              `json:"resolution"` // of the last iteration
	Entered    bool             `json:"entered"`    // whether the first stage was entered
	Fresh      bool             `json:"fresh"`      // the stage was entered and has no iteration yet
	Fixed      []string         `json:"fixed"`      // variables of networks that no optimiser moves: running averages
	Seconds    float64          `json:"seconds"`    // of training, all sittings
	Scores     Mean             `json:"scores"`     // of the iterations since the snapshot before
}

func (s State) clone() State {
	s.Updates = maps.Clone(s.Updates)
	return s
}

// capture copies what a snapshot holds.
func (t *Trainer) capture() ([]runlog.Tensor, State, error) {
	entries, err := Pack(t.store)
	state := t.state.clone()
	state.Fixed = fixed(t.store)
	t.counted = true
	return entries, state, err
}

// restore loads the newest whole snapshot of the run, if it ever had one.
func (t *Trainer) restore() error {
	snap, damaged, err := t.opt.Run.Latest()
	if errors.Is(err, runlog.ErrNoSnapshot) && len(damaged) == 0 {
		return t.opt.Run.Rewind(0) // killed before its first snapshot
	}
	if err != nil {
		return fmt.Errorf("train: %s: cannot go on with %s: %w", t.gan.Name, t.opt.Run.Dir(), err)
	}
	defer snap.Close()
	for _, d := range damaged {
		t.warn("%v; the run goes on from %s", d, snap.Dir)
	}
	state, err := load(snap, t.store, snap.Tensors)
	if err != nil {
		return err
	}
	if state.Game != t.gan.Name {
		return fmt.Errorf("train: snapshot %s is of the game %q, not of %s; resume it with its own experiment", snap.Dir, state.Game, t.gan.Name)
	}
	t.state, t.whole, t.counted = state, state.Iteration > 0, true
	if err := t.opt.Run.Rewind(state.Iteration); err != nil {
		return err
	}
	return t.recall()
}

// Load fills a store with the networks of a run's newest whole snapshot, for looking at, and returns the state it was
// taken in. What the optimisers remember, two thirds of a snapshot, stays in the file.
func Load(run *runlog.Run, store *model.Store) (State, error) {
	snap, _, err := run.Latest()
	if err != nil {
		return State{}, fmt.Errorf("train: %s: %w", run.Dir(), err)
	}
	defer snap.Close()
	return load(snap, store, networks(snap))
}

// LoadAt is Load of the snapshot at a count of images.
func LoadAt(run *runlog.Run, store *model.Store, images int64) (State, error) {
	snap, err := run.Snapshot(images)
	if err != nil {
		return State{}, fmt.Errorf("train: %s: %w", run.Dir(), err)
	}
	defer snap.Close()
	return load(snap, store, networks(snap))
}

// Best returns the images shown at the whole snapshot of the highest score, the newer one of equals.
func Best(run *runlog.Run) (images int64, err error) {
	images, best := int64(-1), math.Inf(-1)
	for _, at := range run.Snapshots() { // newest first
		snap, err := run.Snapshot(at)
		if err != nil {
			continue // a damaged one is not the best
		}
		if snap.Score > best {
			images, best = at, snap.Score
		}
		snap.Close()
	}
	if images < 0 {
		return 0, fmt.Errorf("train: %s: no snapshot has a score; take the newest", run.Dir())
	}
	return images, nil
}

// networks are the tensors of a snapshot that are no optimiser's.
func networks(snap *runlog.Snapshot) (entries []runlog.Tensor) {
	for _, e := range snap.Tensors {
		if !ganlib.IsOptimizer("/" + e.Name) {
			entries = append(entries, e)
		}
	}
	return entries
}

func load(snap *runlog.Snapshot, store *model.Store, entries []runlog.Tensor) (State, error) {
	s := State{Updates: map[string]int64{}}
	if err := snap.DecodeState(&s); err != nil {
		return s, fmt.Errorf("train: %w", err)
	}
	if err := Unpack(store, entries); err != nil {
		return s, fmt.Errorf("train: snapshot %s: %w", snap.Dir, err)
	}
	for _, path := range s.Fixed {
		if v := store.GetVariable(path); v != nil {
			v.SetTrainable(false)
		}
	}
	return s, nil
}
