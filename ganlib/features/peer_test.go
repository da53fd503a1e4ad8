package features

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// randomInception writes a file of Inception at full size whose activations stay of the order of 1.
func randomInception(t *testing.T) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(11, 12))
	var list []runlog.Tensor
	for _, w := range inceptionWeights() {
		values := make([]float32, size(w.shape))
		draw := func() float64 { return 0.2*rng.Float64() - 0.1 } // β and mean
		switch {
		case strings.HasSuffix(w.name, ".conv.weight"):
			std := math.Sqrt(2 / float64(size(w.shape[1:])))
			draw = func() float64 { return std * rng.NormFloat64() }
		case strings.HasSuffix(w.name, ".bn.weight"), strings.HasSuffix(w.name, ".bn.running_var"):
			draw = func() float64 { return 0.8 + 0.4*rng.Float64() }
		}
		for i := range values {
			values[i] = float32(draw())
		}
		list = append(list, runlog.Float32s(w.name, w.shape, values))
	}
	list = append(list, runlog.Tensor{Name: "Conv2d_1a_3x3.bn.num_batches_tracked", DType: "I64", Data: make([]byte, 8)})
	file, err := runlog.EncodeTensors(list)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "inception.safetensors")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// stageMeans are the means of the maps of every part of the net, [images·channels] each.
func stageMeans(t *testing.T, path string, src *data.Source) (list [][]float64) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := runlog.DecodeTensors(file)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]runlog.Tensor{}
	for _, e := range entries {
		byName[e.Name] = e
	}
	store := ganlib.NewStore(0)
	if err := fillInception(store, path, byName); err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(gantest.Backend(t), store, func(s *model.Scope, x *graph.Node) (means []*graph.Node) {
		for _, p := range inceptionTrunk() {
			x = p.build(s.Store(), x)
			means = append(means, graph.ReduceMean(x, 1, 2))
		}
		return means
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	r := newResizer(src.Height(), src.Width(), src.Channels(), inceptionSize)
	image, pixels := make([]float32, src.Height()*src.Width()*src.Channels()), make([]float32, src.Len()*inceptionSize*inceptionSize*3)
	for i := range src.Len() {
		src.Fill(image, []int{i})
		r.resize(pixels[i*len(pixels)/src.Len():], image)
	}
	out, err := exec.Call(tensors.FromFlatDataAndDimensions(pixels, src.Len(), inceptionSize, inceptionSize, 3))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range out {
		list = append(list, gantest.Flat(t, o))
	}
	return list
}

// With random weights of full size, every part of the net agrees with PyTorch, and so do the features of a file that is
// opened as a user's: to 1e-5 of the largest, for sums of thousands of float32 in another order, 48 layers deep.
func TestInceptionTorch(t *testing.T) {
	if os.Getenv("GANBOOK_LONG") == "" {
		t.Skip("takes 20 s: set GANBOOK_LONG=1")
	}
	python := cmp.Or(os.Getenv("GANBOOK_TORCH"), os.Getenv("GANBOOK_PEER"), "python3")
	if text, err := exec.Command(python, "-c", "import torch").CombinedOutput(); err != nil {
		t.Skipf("%s cannot import torch; name a Python that can in $GANBOOK_TORCH: %v\n%s", python, err, text)
	}
	path := randomInception(t)
	const tolerance = 1e-5
	for _, shape := range [][3]int{{28, 28, 1}, {40, 31, 3}} {
		rng := rand.New(rand.NewPCG(1, uint64(shape[0])))
		pixels := make([]byte, 2*shape[0]*shape[1]*shape[2])
		for i := range pixels {
			pixels[i] = byte(rng.IntN(256))
		}
		src, err := data.New("noise", pixels, shape[0], shape[1], shape[2], nil)
		if err != nil {
			t.Fatal(err)
		}
		theirs := torchStages(t, python, path, pixels, shape)
		ours := stageMeans(t, path, src)
		if len(ours) != len(theirs) {
			t.Fatalf("%d parts, PyTorch has %d", len(ours), len(theirs))
		}
		for i := range ours {
			gantest.Close(t, fmt.Sprintf("%v: part %d", shape, i), ours[i], theirs[i], tolerance)
		}
		net, err := Find(gantest.Backend(t), path, "")
		if err != nil {
			t.Fatal(err)
		}
		points, err := net.Extract(t.Context(), src, nil)
		net.Close()
		if err != nil || points.Dim != inceptionDim || points.Len() != 2 || net.Name() != inceptionName || len(net.Hash()) != 64 {
			t.Fatalf("%d points of %d, %v", points.Len(), points.Dim, err)
		}
		features := make([]float64, len(points.Values))
		for i, v := range points.Values {
			features[i] = float64(v)
		}
		gantest.Close(t, "features", features, theirs[len(theirs)-1], tolerance)
	}
}

func torchStages(t *testing.T, python, weights string, pixels []byte, shape [3]int) (list [][]float64) {
	t.Helper()
	pictures := filepath.Join(t.TempDir(), "pictures")
	if err := os.WriteFile(pictures, pixels, 0o600); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(gantest.Root(t), "testdata", "peers", "torch_inception.py")
	cmd := exec.CommandContext(t.Context(), python, script, weights, pictures, fmt.Sprint(shape[0]), fmt.Sprint(shape[1]), fmt.Sprint(shape[2]))
	cmd.Env = append(os.Environ(), "OMP_WAIT_POLICY=PASSIVE", "GOMP_SPINCOUNT=0") // the machine may be busy
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, &complaints)
	}
	var said struct{ Stages [][][]float64 } // part, image, map
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatalf("%s said %.200q: %v", script, out, err)
	}
	for _, stage := range said.Stages {
		var flat []float64
		for _, image := range stage {
			flat = append(flat, image...)
		}
		list = append(list, flat)
	}
	return list
}
