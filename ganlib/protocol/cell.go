package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Cell is what came out for one class and one seed.
type Cell struct {
	Format     int    `json:"format"`
	Evaluation string `json:"evaluation"`
	Scale      string `json:"scale"`
	Protocol   string `json:"protocol"` // [Evaluation].Hash under which it was made
	Experiment string `json:"experiment"`
	Class      int    `json:"class"`
	Seed       int64  `json:"seed"`

	Images     int64  `json:"images"` // shown in training
	Iterations int64  `json:"iterations"`
	Weights    string `json:"weights"`  // SHA-256 of the selected weights
	Data       string `json:"data"`     // hash of the training pictures
	Division   string `json:"division"` // [Division.Hash]

	Trained   int `json:"trained"` // pictures to train on
	Held      int `json:"held"`    // normal ones for the threshold
	Normal    int `json:"normal"`  // of the test
	Anomalous int `json:"anomalous"`

	Scores    map[string]Figures `json:"scores"` // by the names of [Evaluation].Scores
	Baselines []Baseline         `json:"baselines"`

	Seconds  Seconds    `json:"seconds"`
	Versions Versions   `json:"versions"`           // of the training's first sitting
	Changes  []string   `json:"changes,omitempty"`  // of these in later sittings, as [runlog.Info.Changes] has them
	Searched []Versions `json:"searched,omitempty"` // of all sittings of the search, as far as they are known; left out where they are the training's
	Commit   string     `json:"commit,omitempty"`   // [runlog.Commit] of what judged the scores and wrote the cell
	Finished string     `json:"finished"`           // day and time, UTC
}

// Seconds is what a cell took.
type Seconds struct {
	Training float64 `json:"training"` // all sittings
	Search   float64 `json:"search"`
}

// Versions is what computed, as far as it can change a number.
type Versions struct {
	Go       string            `json:"go"`
	CPU      string            `json:"cpu"`
	SIMD     bool              `json:"simd"`
	Backend  string            `json:"backend"`
	Lowering string            `json:"lowering"`
	Modules  map[string]string `json:"modules"`
	Engine   string            `json:"engine,omitempty"` // of a search, as [anogan.Mapper.Engine] has it; "" in older records, whose searches were graphs
	Commit   string            `json:"commit,omitempty"` // [runlog.Commit]; "" in older records, too
}

// Same says whether two are of the same machine and program.
func (v Versions) Same(w Versions) bool {
	modules := maps.Equal(v.Modules, w.Modules)
	v.Modules, w.Modules = nil, nil
	return modules && reflect.DeepEqual(v, w)
}

// VersionsOf picks them from a run's record.
func VersionsOf(i runlog.Info) Versions {
	v := Versions{Go: i.Host.Go, CPU: i.Host.CPU, SIMD: i.Host.SIMD, Backend: i.Backend, Lowering: i.Lowering, Modules: map[string]string{}, Commit: i.Commit}
	for path, version := range i.Modules {
		if strings.HasPrefix(path, "github.com/gomlx/") || strings.HasPrefix(path, "gonum.org/") {
			v.Modules[path] = version
		}
	}
	return v
}

const cellPattern = "class-*-seed-*.json"

func cellName(class int, seed int64) string { return fmt.Sprintf("class-%d-seed-%d.json", class, seed) }

// Write puts the cell into its file.
func (c *Cell) Write(dir string) error {
	c.Format, c.Finished = Format, time.Now().UTC().Format(time.DateTime)
	if err := c.check(); err != nil {
		return fmt.Errorf("protocol: cell of class %d, seed %d: %w", c.Class, c.Seed, err)
	}
	text, err := c.text()
	if err != nil {
		return err
	}
	return runlog.WriteFile(filepath.Join(dir, cellName(c.Class, c.Seed)), text)
}

// text is the file.
func (c *Cell) text() ([]byte, error) {
	text, err := json.MarshalIndent(c, "", "  ")
	return append(text, '\n'), err
}

func (c *Cell) check() error {
	if c.Format != Format {
		return fmt.Errorf("format %d is not %d, the one this program reads", c.Format, Format)
	}
	if c.Normal < 1 || c.Anomalous < 1 || len(c.Scores) == 0 {
		return fmt.Errorf("%d normal and %d anomalous pictures, %d scores: nothing was judged", c.Normal, c.Anomalous, len(c.Scores))
	}
	for name, f := range c.Scores {
		if a := f.AUROC.Value; math.IsNaN(a) || a < 0 || a > 1 {
			return fmt.Errorf("the AUROC of the %s score is %v", name, a)
		}
	}
	return nil
}

// readCell reads a cell strictly.
func readCell(path string) (*Cell, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	c := &Cell{}
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("protocol: %s is no cell: %w; restore it from a copy, or delete it to have it made anew", path, err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("protocol: %s: %w", path, err)
	}
	if want := cellName(c.Class, c.Seed); filepath.Base(path) != want {
		return nil, fmt.Errorf("protocol: %s holds the cell of %s", path, want)
	}
	return c, nil
}
