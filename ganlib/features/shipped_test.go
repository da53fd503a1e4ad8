package features

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// The net for MNIST is the file of its record, is small, and was trained on the official training images.
func TestShippedNets(t *testing.T) {
	b := gantest.Backend(t)
	if got := ShippedSets(); !slices.Equal(got, []string{"mnist"}) {
		t.Errorf("nets for %v", got)
	}
	net, err := Shipped(b, "mnist") // compares the hash
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	r := net.Record
	if r.Training.Set != "mnist" || r.Training.Images != 60_000 || r.Test.Images != 10_000 || r.Training.Note != "" || r.Test.Accuracy < 0.98 {
		t.Errorf("%+v", r)
	}
	if info, err := os.Stat(filepath.Join("weights", r.File)); err != nil || info.Size() > 300_000 {
		t.Errorf("%v, %v: want at most 300 kB", info, err)
	}
	if _, err := Shipped(b, "cifar10"); err == nil || !strings.Contains(err.Error(), "only for mnist; train one") {
		t.Errorf("a net that does not come with the package: %v", err)
	}
}

// It names real digits: the share of its record, within three standard deviations of a thousand.
func TestShippedNetKnowsDigits(t *testing.T) {
	dir := os.Getenv("GANBOOK_DATA")
	if dir == "" {
		dir = filepath.Join(gantest.Root(t), "..", "shared", "data")
	}
	if dir = filepath.Join(dir, "mnist"); !isDir(dir) {
		t.Skipf("no MNIST at %s: set GANBOOK_DATA", dir)
	}
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	test, err := data.Open(t.Context(), "mnist", dir, data.Options{Split: "test"})
	if err != nil {
		t.Fatal(err)
	}
	some, err := test.Subset(span(0, 1000))
	if err != nil {
		t.Fatal(err)
	}
	net, err := Shipped(gantest.Backend(t), "mnist")
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	file, err := shipped.ReadFile("weights/" + net.Record.File)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := runlog.DecodeTensors(file)
	if err != nil {
		t.Fatal(err)
	}
	store := ganlib.NewStore(0)
	if err := fillStore(store, net.Record.File, net.Record.Architecture.weights(), entries); err != nil {
		t.Fatal(err)
	}
	got, err := assess(t.Context(), gantest.Backend(t), store, net.Record.Architecture, some)
	if err != nil || got.Images != 1000 || got.Accuracy < net.Record.Test.Accuracy-0.011 {
		t.Errorf("%+v, %v; the record says %v", got, err, net.Record.Test.Accuracy)
	}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
