package work

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/seed"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// peerNumbers are the weights a work begins with and the inputs of its first steps, as testdata/peers/serve.py reads
// them.
type peerNumbers struct {
	Weights map[string]peerTensor   `json:"weights"`
	Steps   []map[string]peerTensor `json:"steps"`
}

type peerTensor struct {
	Shape []int  `json:"shape"`
	Data  []byte `json:"data"` // float32, little endian; base64 in JSON
}

func newPeerTensor(values []float32, shape ...int) peerTensor {
	var b bytes.Buffer
	for _, v := range values {
		bits := math.Float32bits(v)
		b.Write([]byte{byte(bits), byte(bits >> 8), byte(bits >> 16), byte(bits >> 24)})
	}
	return peerTensor{shape, b.Bytes()}
}

func asPeerTensor(t *testing.T, v *tensors.Tensor) peerTensor {
	t.Helper()
	values, err := tensors.CopyFlatData[float32](v)
	if err != nil {
		t.Fatal(err)
	}
	return newPeerTensor(values, v.Shape().Dimensions...)
}

func (n *peerNumbers) addWeights(t *testing.T, store *model.Store) {
	n.Weights = map[string]peerTensor{}
	for v := range store.IterVariables() {
		if v.Trainable && !ganlib.IsOptimizer(v.Path()) {
			n.Weights[strings.TrimPrefix(v.Path(), "/")] = asPeerTensor(t, v.MustValue())
		}
	}
}

// gameNumbers draws again what the trainer of a game will draw.
func gameNumbers(t *testing.T, g *game, w Work, steps int) (n peerNumbers) {
	t.Helper()
	b := gantest.Backend(t)
	store := ganlib.NewStore(masterSeed)
	if err := ganlib.Build(b, store, g.gan); err != nil {
		t.Fatal(err)
	}
	n.addWeights(t, store)
	stream := g.source.Stream(masterSeed, data.Position{})
	defer stream.Close()
	for i := range int64(steps) {
		real, err := stream.Next(t.Context(), w.Batch(), 0)
		if err != nil {
			t.Fatal(err)
		}
		latents := func(place int64) peerTensor {
			return newPeerTensor(g.gan.Prior.Sample(seed.Rand(masterSeed, "z", i, place), w.Batch()), w.Batch(), g.gan.Prior.Size)
		}
		in := map[string]peerTensor{"z": latents(0), "real": newPeerTensor(real.Pixels, real.N, real.Height, real.Width, real.Channels)}
		switch w.Family() {
		case "toy":
			in["real"] = newPeerTensor(real.Pixels, real.N, 2)
		case "wgan":
			in["z_g"], in["mix"] = latents(1), mixingFactors(t, i, w.Batch())
		}
		n.Steps = append(n.Steps, in)
	}
	return n
}

// mixingFactors are the graph's own random numbers of an iteration's first call.
func mixingFactors(t *testing.T, iteration int64, batch int) peerTensor {
	t.Helper()
	state := make([]uint64, 3)
	for i := range state {
		state[i] = seed.Key(masterSeed, "graph", iteration, 0, int64(i))
	}
	out, err := graph.CallOnce(gantest.Backend(t), func(rng *graph.Node) *graph.Node {
		_, u := graph.RandomUniform(rng, shapes.Make(dtypes.Float32, batch, 1, 1, 1))
		return u
	}, tensors.FromFlatDataAndDimensions(state, 3))
	if err != nil {
		t.Fatal(err)
	}
	return asPeerTensor(t, out)
}

// searchNumbers draws again what the mapper will draw, after giving the networks numbers with which a search gets
// somewhere: larger kernels, biases that are not zero, and averages of batch norm that its inference mode shows.
func searchNumbers(t *testing.T, w *search, steps int) (n peerNumbers) {
	t.Helper()
	rng := seed.Rand(masterSeed, "averages")
	n.Weights = map[string]peerTensor{}
	for v := range w.store.IterVariables() {
		dims := v.Shape().Dimensions
		values, err := tensors.CopyFlatData[float32](v.MustValue())
		if err != nil {
			t.Fatal(err)
		}
		for i := range values {
			switch {
			case v.Name() == "moving_mean" || v.Name() == "moving_variance":
				values[i] = 0.5 + rng.Float32()
			case len(dims) > 1:
				values[i] *= 5
			default:
				values[i] += rng.Float32() - 0.5
			}
		}
		v.MustSetValue(tensors.FromFlatDataAndDimensions(values, dims...))
		n.Weights[strings.TrimPrefix(v.Path(), "/")] = newPeerTensor(values, dims...)
	}
	latent, q := anogan.Post().Latent, w.queries
	size := q.Height() * q.Width()
	var pixels, z []float32
	for i := range q.Len() {
		one := make([]float32, size)
		q.Fill(one, []int{i})
		key := fnv.New64a()
		key.Write(newPeerTensor(one).Data)
		z = append(z, ganlib.Uniform(latent).Sample(seed.Rand(masterSeed, "search", int64(key.Sum64()), 0), 1)...)
		pixels = append(pixels, one...)
	}
	n.Steps = []map[string]peerTensor{{"real": newPeerTensor(pixels, q.Len(), q.Height(), q.Width(), 1), "z": newPeerTensor(z, q.Len(), latent)}}
	for len(n.Steps) < steps {
		n.Steps = append(n.Steps, map[string]peerTensor{}) // goes on
	}
	return n
}

// peerPython is a Python that has a library, or the end of the test.
func peerPython(t *testing.T, variable, library string) string {
	t.Helper()
	python := os.Getenv(variable)
	if python == "" {
		python = "python3"
	}
	if text, err := exec.Command(python, "-c", "import "+library).CombinedOutput(); err != nil {
		t.Skipf("%s cannot import %s; name a Python that can in $%s: %v\n%s", python, library, variable, err, text)
	}
	return python
}

// comparePeer does the first steps of a work on both sides, from the same weights and inputs: the losses agree, so do
// the number of parameters and, where the peer counts them, the multiplications.
func comparePeer(t *testing.T, name, python, script, flags string) {
	t.Helper()
	w, err := Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	step, err := w.Start(gantest.Backend(t))
	if err != nil {
		t.Fatal(err)
	}
	defer step.Close()
	numbers, ours := firstSteps(t, w, step)
	theirs := askPeer(t, numbers, python, script, w.String(), flags)
	if theirs.Parameters != step.Parameters() {
		t.Errorf("%d parameters, the peer has %d", step.Parameters(), theirs.Parameters)
	}
	want := w.Multiplications()
	if w.Family() == "blocks2" { // PyTorch also differentiates with respect to the constant that the last layer's cotangent is
		want += int64(w.Batch()) * blockLayers(w.numbers).last()
	}
	if theirs.Multiplications != 0 && theirs.Multiplications != want {
		t.Errorf("%d multiplications, the peer counts %d", want, theirs.Multiplications)
	}
	compareLosses(t, ours, theirs.Losses)
}

// firstSteps does steps on our side and returns what they began with, for the peer, and their losses.
func firstSteps(t *testing.T, w Work, step Step) (numbers peerNumbers, losses [][]float64) {
	t.Helper()
	steps := 3
	switch s := step.(type) {
	case *game:
		numbers = gameNumbers(t, s, w, steps)
	case *search:
		steps = 5
		numbers = searchNumbers(t, s, steps)
	}
	for range steps {
		values, err := step.Do(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, values)
	}
	if b, ok := step.(*blocks); ok { // whose weights stay as they are
		numbers.addWeights(t, b.store)
		for range steps {
			numbers.Steps = append(numbers.Steps, map[string]peerTensor{"x": asPeerTensor(t, b.image)})
		}
	}
	if fall := losses[0][0] - losses[steps-1][0]; w.Family() == "search" && fall < 0.02 { // 50 tolerances
		t.Errorf("the losses %v fall too little to be compared", losses)
	}
	return numbers, losses
}

// compareLosses allows for float32 sums in another order, after Adam, whose first updates turn the noise of small gradients
// into steps.
func compareLosses(t *testing.T, ours, theirs [][]float64) {
	t.Helper()
	if len(theirs) != len(ours) {
		t.Fatalf("%d steps, want %d", len(theirs), len(ours))
	}
	for i := range ours {
		for k, v := range ours[i] {
			if d := math.Abs(v - theirs[i][k]); !(d <= 2e-4*(1+math.Abs(v))) {
				t.Errorf("step %d: losses %v, the peer's %v", i+1, ours[i], theirs[i])
				break
			}
		}
	}
}

type peerAnswer struct {
	Losses          [][]float64 `json:"losses"`
	Parameters      int         `json:"parameters"`
	Multiplications int64       `json:"multiplications"`
}

func askPeer(t *testing.T, numbers peerNumbers, python, script, work, flags string) (answer peerAnswer) {
	t.Helper()
	text, err := json.Marshal(numbers)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "numbers.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, filepath.Join("../../../../testdata/peers", script), work, flags, "--check", file)
	cmd.Env = append(os.Environ(), "OMP_WAIT_POLICY=PASSIVE", "GOMP_SPINCOUNT=0") // the machine may be busy
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", script, work, err, &complaints)
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatalf("%s %s said %q: %v", script, work, out, err)
	}
	return answer
}

// peerWorks are small ones of every family that both libraries have.
var peerWorks = []string{"dcgan:4:8", "anogan:4", "toy:16", "wgan:3:16:6", "blocks:2:8:4:3", "blocks2:2:8:4:3"}

// PyTorch's peer has our nets and updates, as a tutorial has them and at its best. The multiplications agree with those
// that PyTorch counts at its best, where it does none in vain.
func TestTorchPeer(t *testing.T) {
	python := peerPython(t, "GANBOOK_TORCH", "torch")
	for _, name := range append([]string{"search:1", "search:4"}, peerWorks...) {
		for _, flags := range []string{"plain", "channels_last+frozen+fused+masked"} {
			t.Run(name+"/"+flags, func(t *testing.T) { comparePeer(t, name, python, "torch_peer.py", flags) })
		}
	}
}

func TestJAXPeer(t *testing.T) {
	python := peerPython(t, "GANBOOK_JAX", "jax")
	for _, name := range peerWorks {
		t.Run(name, func(t *testing.T) { comparePeer(t, name, python, "jax_peer.py", "plain") })
	}
}
