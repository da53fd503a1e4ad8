package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/features"
)

func TestFeaturesTrain(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	set, out := bars(t, 40), filepath.Join(t.TempDir(), "nets")
	status, said, complaints := call(t, "features", "train", set, "--out", out)
	if status != 0 {
		t.Fatalf("status %d\n%s", status, complaints)
	}
	// Both splits of the set hold the same images, so that it counts as one part.
	for _, w := range []string{"weights; names ", "of 8 images right that it was not trained on", "fid RUN --features " + out} {
		if !strings.Contains(said, w) {
			t.Errorf("it does not say %q:\n%s", w, said)
		}
	}
	for _, w := range []string{"tested on the others, drawn by seed 999", "training on 32 images of "} {
		if !strings.Contains(complaints, w) {
			t.Errorf("it does not say %q:\n%s", w, complaints)
		}
	}
	files, err := filepath.Glob(filepath.Join(out, "*-classifier.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("records %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var kept, printed features.Record
	_, said, _ = call(t, "features", "train", set, "--out", out, "--json")
	for _, r := range []struct {
		text []byte
		into *features.Record
	}{{text, &kept}, {[]byte(said), &printed}} {
		if err := json.Unmarshal(r.text, r.into); err != nil {
			t.Fatalf("%v\n%s", err, r.text)
		}
	}
	if kept.SHA256 != printed.SHA256 || kept.Training.Images != 32 || kept.Test.Images != 8 || kept.Architecture.Classes != 2 {
		t.Errorf("trained %+v, again %+v", kept, printed)
	}
	if status, _, complaints := call(t, "features", "train", "mnits"); status != statusUsage || !strings.Contains(complaints, "did you mean mnist?") {
		t.Errorf("a mistyped set: status %d\n%s", status, complaints)
	}
}
