package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/plots"
	"github.com/ganbook/ganbook/plots/sheet"
)

// scoreRow is what is said of one picture. Every score is higher for what is more anomalous; logit is −D's logit.
type scoreRow struct {
	Picture        string  `json:"picture"`
	Score          float64 `json:"score"` // the one that decides
	Verdict        string  `json:"verdict"`
	NormalsAsHigh  float64 `json:"normals_as_high"` // share of the normal pictures that score at least so high
	Residual       float64 `json:"residual"`
	Discrimination float64 `json:"discrimination"`
	Weighted       float64 `json:"weighted"`
	Logit          float64 `json:"logit"`
}

var scoreColumns = []string{"picture", "score", "verdict", "normals_as_high", "residual", "discrimination", "weighted", "logit"}

// scoreWriter writes rows as CSV or as JSON, one object a line.
type scoreWriter struct {
	csv  *csv.Writer
	json *json.Encoder
}

func newScoreWriter(w io.Writer, format string) *scoreWriter {
	if format == "jsonl" {
		return &scoreWriter{json: json.NewEncoder(w)}
	}
	return &scoreWriter{csv: csv.NewWriter(w)}
}

func (s *scoreWriter) begin() error {
	if s.json != nil {
		return nil
	}
	return s.csv.Write(scoreColumns)
}

func (s *scoreWriter) row(r scoreRow) error {
	if s.json != nil {
		return s.json.Encode(r)
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 9, 64) }
	return s.csv.Write([]string{
		r.Picture, number(r.Score), r.Verdict, number(r.NormalsAsHigh),
		number(r.Residual), number(r.Discrimination), number(r.Weighted), number(r.Logit),
	})
}

func (s *scoreWriter) end() error {
	if s.json != nil {
		return nil
	}
	s.csv.Flush()
	return s.csv.Error()
}

// writeTo writes to a file that appears when it is whole, or to the standard output.
func writeTo(path string, standard io.Writer, write func(io.Writer) error) error {
	if path == "" {
		return write(standard)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".scores-*")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // after the renaming there is nothing of that name
	err = write(f)
	for _, last := range []func() error{func() error { return f.Chmod(0o644) }, f.Sync, f.Close} {
		if e := last(); err == nil {
			err = e
		}
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// mapFull is the residual of a pixel at which its colour is full: half of what there can be.
const mapFull = 1

// mapSide is about the side of a residual map's file in pixels.
const mapSide = 280

// drawMaps writes the figure of a query's mapping and its residual map.
func drawMaps(dir string, number int, name string, set named, r anogan.Result) error {
	h, w, c := set.Height(), set.Width(), set.Channels()
	pixels := make([]float32, h*w*c)
	set.Fill(pixels, []int{r.Query})
	query, err := sheet.Picture(pixels, h, w, c)
	if err != nil {
		return err
	}
	mapped, err := sheet.Picture(r.Mapped, h, w, c)
	if err != nil {
		return err
	}
	losses := make([]float64, len(r.Losses))
	for i, l := range r.Losses {
		losses[i] = float64(l)
	}
	figure, err := plots.Mapping(mapped, query, losses)
	if err != nil {
		return err
	}
	residual, err := plots.ResidualMap(pixels, r.Mapped, h, w, c, mapFull)
	if err != nil {
		return err
	}
	base := filepath.Base(name)
	stem := filepath.Join(dir, fmt.Sprintf("%05d-%s", number, strings.TrimSuffix(base, filepath.Ext(base))))
	if err := plots.WritePNG(stem+"-mapping.png", figure); err != nil {
		return err
	}
	return plots.WritePNG(stem+"-residual.png", plots.Enlarge(residual, max(1, mapSide/h)))
}
