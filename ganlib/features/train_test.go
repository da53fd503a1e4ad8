package features

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/gomlx/gomlx/core/graph"
)

// −log softmax at the class, and its gradient, (softmax − class)/rows, at logits with a closed form.
func TestCrossEntropy(t *testing.T) {
	logits := [][]float64{{math.Log(2), math.Log(3), math.Log(5)}, {1000, 0, 0}}
	classes := [][]float64{{0, 1, 0}, {1, 0, 0}}
	out, err := graph.CallOnceN(gantest.Backend(t), func(x, c *graph.Node) []*graph.Node {
		loss := crossEntropy(x, c)
		return []*graph.Node{loss, graph.Gradient(loss, x)[0]}
	}, logits, classes)
	if err != nil {
		t.Fatal(err)
	}
	gantest.Close(t, "loss", gantest.Flat(t, out[0]), []float64{-math.Log(0.3) / 2}, 1e-12)
	gantest.Close(t, "gradient", gantest.Flat(t, out[1]), []float64{0.1, -0.35, 0.25, 0, 0, 0}, 1e-12)
}

// A tiny set is learned; the same seed gives the same file, another seed another, and the test images change nothing.
func TestTraining(t *testing.T) {
	b := gantest.Backend(t)
	set, test := bars(t, 400, 1), bars(t, 250, 2)
	train := func(test *data.Source, seed int64) (Record, []byte) {
		t.Helper()
		steps := 0
		r, file, err := Train(t.Context(), b, set, test, Options{Seed: seed, Progress: func(done, total int, _, rate float64) {
			steps++
			if want := trainRate * float64(total-done+1) / float64(total); done != steps || total != 20 || math.Abs(rate-want) > 1e-12 {
				t.Errorf("step %d of %d at rate %v, want %d of 20 at %v", done, total, rate, steps, want)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		return r, file
	}
	r, file := train(test, 5)
	if r.Test.Images != 250 || r.Test.Right < 245 || r.Test.Accuracy != float64(r.Test.Right)/250 {
		t.Errorf("%+v", r.Test)
	}
	if r.Name != "bars-classifier" || r.Training.Data != set.Hash() || r.Test.Data != test.Hash() || r.Training.Seed != 5 || r.Training.Images != 400 {
		t.Errorf("%+v", r)
	}
	again, same := train(bars(t, 20, 3), 5)
	if !bytes.Equal(file, same) || again.SHA256 != r.SHA256 {
		t.Errorf("trained again from seed 5: %s, then %s", r.SHA256, again.SHA256)
	}
	if other, _ := train(test, 6); other.SHA256 == r.SHA256 {
		t.Error("another seed gives the same net")
	}
}

func TestTrainingRefuses(t *testing.T) {
	b := gantest.Backend(t)
	set := bars(t, 20, 1)
	one, err := set.Of("class 0", func(class int) bool { return class == 0 })
	if err != nil {
		t.Fatal(err)
	}
	small, err := data.New("small", make([]byte, 2*49), 7, 7, 1, []uint8{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	for word, pair := range map[string][2]*data.Source{
		"has no labels":           {set.Unlabelled(), set},
		"of 1 classes":            {one, one},
		"with a class 1":          {one, set},
		"the test images are [7 ": {set, small},
		"sides from 8 to 128":     {small, small},
	} {
		if _, _, err := Train(t.Context(), b, pair[0], pair[1], Options{}); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("want an error about %q, got %v", word, err)
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, _, err := Train(stopped, b, set, set, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a training that was stopped: %v", err)
	}
}

// A net is saved and opened again; a changed file, a changed record and a net of another shape are refused by name.
func TestFiles(t *testing.T) {
	b := gantest.Backend(t)
	r, file, err := Train(t.Context(), b, bars(t, 20, 1), bars(t, 20, 2), Options{Epochs: 1})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "new")
	path, err := r.Save(dir, file)
	if err != nil {
		t.Fatal(err)
	}
	net, err := Open(b, path)
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	if net.Name() != "bars-classifier" || net.Hash() != r.SHA256 || net.Dim() != 64 {
		t.Errorf("opened %s %s of %d", net.Name(), net.Hash(), net.Dim())
	}
	record := recordBeside(path)
	text, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	write := func(path string, content []byte) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for word, change := range map[string]func(){
		"its record says":                        func() { write(path, append(bytes.Clone(file), 1)) },
		"tensor features/w is F32 [32 64]":       func() { write(record, bytes.Replace(text, []byte(`"features": 64`), []byte(`"features": 65`), 1)) },
		"lacks the tensor conv4/w [8 3 3 32]":    func() { write(record, bytes.Replace(text, []byte("32\n    ]"), []byte("32,8\n    ]"), 1)) },
		"it needs 1 to 5 numbers of maps":        func() { write(record, bytes.Replace(text, []byte(`"features": 64`), []byte(`"features": 0`), 1)) },
		"is no record of a classifier":           func() { write(record, []byte("[")) },
		"has no record " + record + " beside it": func() { os.Remove(record) },
		"no such file or directory":              func() { os.Remove(path) },
	} {
		write(path, file)
		write(record, text)
		change()
		if _, err := Open(b, path); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("want an error about %q, got %v", word, err)
		}
	}
	if err := (Record{File: "x", SHA256: "other"}).check(file); err == nil {
		t.Error("a record of another file is accepted")
	}
}
