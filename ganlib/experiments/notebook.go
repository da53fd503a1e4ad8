package experiments

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// ScaleVariable is the environment variable by which a notebook's scale is changed from outside, as tests do.
const ScaleVariable = "GANBOOK_SCALE"

// NotebookScale is the scale a notebook runs at: its own, unless $GANBOOK_SCALE says otherwise.
func NotebookScale(own Scale) (Scale, error) {
	if name := os.Getenv(ScaleVariable); name != "" {
		return ParseScale(name)
	}
	return own, nil
}

// Newest opens the newest run of an experiment below a folder: how a cell finds what an earlier one has trained.
func Newest(id, out string) (*Opened, error) {
	runs, damaged := runlog.List(orDefault(out, DefaultOut))
	for i := len(runs) - 1; i >= 0; i-- {
		if runs[i].Info().Experiment == id {
			return Open(runs[i].Dir())
		}
	}
	dir, _ := filepath.Abs(orDefault(out, DefaultOut))
	return nil, errors.Join(fmt.Errorf("experiments: there is no run of %s in %s; train one first", id, dir), damaged)
}

// SettingsMarkdown is the table of an experiment's settings, with the document's symbols.
func SettingsMarkdown(id string, o Options) (string, error) {
	_, s, gan, err := plan(id, o)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| setting | symbol | value |\n| --- | --- | --- |\n")
	config := reflect.ValueOf(gan.Config)
	for _, f := range reflect.VisibleFields(config.Type()) {
		if !f.Anonymous {
			fmt.Fprintf(&b, "| %s | `%s` | %v |\n", f.Name, f.Tag.Get("symbol"), config.FieldByIndex(f.Index).Interface())
		}
	}
	fmt.Fprintf(&b, "| Seed | | %d |\n| Data | | %s |\n", s.Seed, s.Data.describe())
	return b.String(), nil
}

func (d DataSettings) describe() string {
	if d.Normal != "" {
		set := d
		set.Normal = ""
		return set.describe() + ", normal: " + d.Normal
	}
	if d.Split != "" {
		set := d
		set.Split = ""
		return set.describe() + ", " + d.Split
	}
	if d.Path != "" {
		return d.Path
	}
	if d.Count > 0 {
		return fmt.Sprintf("%d synthetic %s", d.Count, d.Set)
	}
	return d.Set
}

// NetworksMarkdown is the tables of an experiment's networks, as built.
func NetworksMarkdown(id string, o Options) (string, error) {
	tables, err := Networks(id, o)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, t := range tables {
		b.WriteString(t.Markdown())
	}
	return b.String(), nil
}

// Markdown is the table of one network.
func (t NetworkTable) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**\n\n| block | op | k, s, p | output | parameters | batch norm | activation |\n| --- | --- | --- | --- | ---: | ---: | --- |\n", t.Name)
	for i, r := range t.Rows {
		padding := fmt.Sprint(r.Padding)
		if r.OutputPadding > 0 {
			padding += fmt.Sprintf(" (+%d out)", r.OutputPadding)
		}
		fmt.Fprintf(&b, "| %d | %s | %d, %d, %s | %s | %d | %s | %s |\n",
			i+1, r.Op, r.Kernel, r.Stride, padding, dims(r.Out), r.Conv, orNone(r.Norm), r.Activation)
	}
	fmt.Fprintf(&b, "| | | | | **%d in all** | | |\n\n", t.Total)
	return b.String()
}

// dims prints a shape channels first, as the documents do.
func dims(i ganlib.Image) string { return fmt.Sprintf("%d×%d×%d", i.Channels, i.Height, i.Width) }

func orNone(n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}

// Images opens the training images of an experiment.
func Images(ctx context.Context, id string, o Options) (*data.Source, error) {
	_, s, _, err := plan(id, o)
	if err != nil {
		return nil, err
	}
	if err := s.Data.choose(o.Data); err != nil {
		return nil, err
	}
	return openData(ctx, s.Data, s.Seed, o.Progress)
}
