package experiments_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/testdata/papers"
)

// The published ranges shown to users are those kept with the document's tables.
func TestPublishedNumbersAreTheDocuments(t *testing.T) {
	e, err := experiments.Find("dcgan")
	if err != nil {
		t.Fatal(err)
	}
	paper, err := papers.Load(e.Paper)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, n := range e.Published {
		name, isLine := strings.CutPrefix(n.Name, "first log line, ")
		if !isLine {
			continue
		}
		var parts []string
		for _, r := range paper.Expected[0].Ranges[name] {
			parts = append(parts, fmt.Sprintf("%s – %s", number(r[0]), number(r[1])))
		}
		if want := strings.Join(parts, " / "); n.Value != want {
			t.Errorf("%s: shown %q, the document has %q", n.Name, n.Value, want)
		}
		compared++
	}
	if compared != len(paper.Expected[0].Ranges) {
		t.Errorf("%d of %d ranges are shown", compared, len(paper.Expected[0].Ranges))
	}
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// What a wish does to the settings: a scale is bound by images unless epochs are asked for, and every setting can be
// given by its name or by the document's symbol.
func TestWishesBecomeSettings(t *testing.T) {
	e, err := experiments.Find("DCGAN")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name          string
		o             experiments.Options
		images        int64
		epochs, batch int
	}{
		{"full", experiments.Options{Scale: experiments.Full}, 0, 5, 128},
		{"lecture", experiments.Options{Scale: experiments.Lecture}, 60_000, 6, 32},
		{"smoke", experiments.Options{Scale: experiments.Smoke}, 160, 1, 8},
		{"epochs", experiments.Options{Scale: experiments.Lecture, Epochs: 3}, 0, 3, 32},
		{"epochs by symbol", experiments.Options{Scale: experiments.Smoke, Set: map[string]string{"num_epochs": "4"}}, 0, 4, 8},
		{"images", experiments.Options{Scale: experiments.Smoke, Images: 40}, 40, 1, 8},
		{"batch by name", experiments.Options{Scale: experiments.Full, Set: map[string]string{"batchsize": "64"}}, 0, 5, 64},
	} {
		s, err := e.Settings(tc.o)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		} else if s.Images != tc.images || s.Epochs != tc.epochs || s.BatchSize != tc.batch {
			t.Errorf("%s: %d images, %d epochs, batch %d; want %d, %d, %d", tc.name, s.Images, s.Epochs, s.BatchSize, tc.images, tc.epochs, tc.batch)
		}
	}
}
