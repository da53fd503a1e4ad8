// Package experiments holds one value per published result: data, game, length, and the number the document gives.
// It is where everything below ganlib comes together; commands and notebooks call it and little else.
package experiments

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Scale says how much of a document's experiment is run.
type Scale string

const (
	Full    Scale = "full"    // the document's numbers
	Lecture Scale = "lecture" // minutes on a laptop without a GPU
	Smoke   Scale = "smoke"   // seconds: it runs, nothing more
)

// Scales lists them, largest first.
func Scales() []Scale { return []Scale{Full, Lecture, Smoke} }

// ParseScale reads a scale by name.
func ParseScale(name string) (Scale, error) {
	for _, s := range Scales() {
		if string(s) == strings.ToLower(name) {
			return s, nil
		}
	}
	return "", fmt.Errorf("experiments: scale %q; there are full, lecture and smoke%s", name, didYouMean(name, []string{"full", "lecture", "smoke"}))
}

// Options are a user's wishes. The zero value of a field means the experiment's own choice at that scale.
type Options struct {
	Scale   Scale  // "": Lecture
	Data    string // path, or the name of a downloaded set; "": the experiment's own
	Out     string // folder of all runs; "": "runs"
	Backend string
	Seed    *int64 // nil: 999, as the practice

	Batch, Width, ImageSize, Epochs int
	Images                          int64             // images to show, instead of epochs
	Set                             map[string]string // any field of the configuration, by name or by the document's symbol
	Given                           *Settings         // all of them, as recorded; the wishes above are not looked at

	IgnoreMemory bool // train even if the machine has less memory than the estimate

	Command string // recorded in run.json
	Log     io.Writer
	Watch   func(run *runlog.Run, s Settings) []runlog.Sink // who wants to see the run; called once it exists

	Progress func(done, total int) // of preparing the data; nil: nobody watches

	// What a program need not link when it does not use it.
	Download func(ctx context.Context, set string) error                             // gets a named set; nil: nothing is downloaded
	Figures  func(run *runlog.Run, e Experiment, s Settings, src *data.Source) error // figures.Draw; nil: none are drawn
}

// Settings is everything that decides a run, as recorded in run.json; a run is rebuilt from it alone.
type Settings struct {
	Experiment  string          `json:"experiment"`
	Scale       Scale           `json:"scale"`
	Game        json.RawMessage `json:"game"` // the model's Config
	Data        DataSettings    `json:"data"`
	BatchSize   int             `json:"batch_size"`
	Epochs      int             `json:"epochs"`
	Images      int64           `json:"images"` // to show in all; 0 until the data is open: Epochs × its length
	Seed        int64           `json:"seed"`
	SampleEvery int64           `json:"sample_every"` // iterations
	SampleCount int             `json:"sample_count"`
	SaveSeconds float64         `json:"snapshot_seconds"`
	LogEvery    int             `json:"log_every"` // batches between log lines
}

// DataSettings says where the images come from and what they are made into.
type DataSettings struct {
	Set      string `json:"set"`            // "faces", "celeba", "mnist" …
	Path     string `json:"path,omitempty"` // "" for a set that is drawn
	Count    int    `json:"count"`          // of drawn images; 0: all there are
	Size     int    `json:"size"`
	Channels int    `json:"channels"`
	Split    string `json:"split,omitempty"`  // "test", "all", "all 80/20 seed 7 second": files, and a part drawn from them; "": train, or test where that is all there is
	Values   string `json:"values,omitempty"` // range of the files' values, as data.Options has it; "": 0-255, and 0-1 is refused
	Normal   string `json:"normal,omitempty"` // classes that are trained on, as normal=… has them, without their labels; "": no choice

	Part *EvaluationPart `json:"part,omitempty"` // of an evaluation, which decides what is trained on; Normal only says it again
}

// Experiment is one result to rerun.
type Experiment struct {
	ID       string // "dcgan", "dcgan/radford2015"
	Title    string
	Document string // the source, as cited
	Notebook string // file below notebooks, "" when there is none yet

	Settings   func(o Options) (Settings, error)
	Fit        func(s *Settings, images int) error // completes a configuration that depends on how many images there are; nil: none does
	Game       func(config json.RawMessage) (*ganlib.GAN, error)
	LogLine    func(p runlog.Point, epochs int) string // as the document prints it
	Losses     []string                                // series of the loss figure, in its order
	Published  []Number
	Score      func(values map[string]float64) float64 // of an iteration, higher is better: which snapshot is kept as the best; nil: none
	SampleMode func(ganlib.Inputs) ganlib.Inputs       // of batch norm in sample sheets; nil: the batch's statistics
	Paper      string                                  // file of testdata/papers with the tables as printed, "" when there is none
}

// Number is a published result beside which ours is put.
type Number struct {
	Name  string // "first log line, Loss_D"
	Value string // as published: "1.74 – 2.09"
	Where string // page, table, section
	Ours  string // as measured by us, with scale and data; "" when we have not measured it
}

// All lists the experiments by ID.
func All() []Experiment {
	return []Experiment{practice(), paper(), anoganPost(), anoganPaper(), anoganEncoded()}
}

// Find returns an experiment; an unknown ID is an error that names the nearest.
func Find(id string) (Experiment, error) {
	var ids []string
	for _, e := range All() {
		if strings.EqualFold(e.ID, id) {
			return e, nil
		}
		ids = append(ids, e.ID)
	}
	return Experiment{}, fmt.Errorf("experiments: no experiment %q; there are %s%s", id, strings.Join(ids, ", "), didYouMean(id, ids))
}

// plan finds an experiment and makes the user's wishes into its settings and its game. Nothing is opened.
func plan(id string, o Options) (Experiment, Settings, *ganlib.GAN, error) {
	if o.Scale == "" {
		o.Scale = Lecture
	}
	e, err := Find(id)
	if err != nil {
		return e, Settings{}, nil, err
	}
	var s Settings
	if o.Given != nil {
		s = *o.Given
	} else {
		s, err = e.Settings(o)
	}
	if err == nil {
		err = s.validate()
	}
	if err != nil {
		return e, s, nil, err
	}
	gan, err := e.Game(s.Game)
	return e, s, gan, err
}

// Check refuses wishes that cannot be met, as far as that can be told without opening anything.
func Check(id string, o Options) error {
	_, _, _, err := plan(id, o)
	return err
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

// snapshotEvery is the pause between snapshots.
func (s Settings) snapshotEvery() time.Duration {
	return time.Duration(s.SaveSeconds * float64(time.Second))
}

// info is what the run's record says of the data.
func info(src *data.Source) runlog.DataInfo {
	return runlog.DataInfo{
		Name: src.Name(), Hash: src.Hash(), Official: src.Official(), Note: src.Note(),
		Images: src.Len(), Height: src.Height(), Width: src.Width(), Channels: src.Channels(),
	}
}
