package features

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// The weights are counted as elsewhere: Inception v3 without its classes has 21,751,136 in kernels and 17,216 maps; with
// two trained numbers a map that is torchvision's count of 23,834,568 less 1000·2049 for the classes.
func TestInceptionWeights(t *testing.T) {
	kernels, maps, convolutions := 0, 0, 0
	byName := map[string][]int{}
	for _, w := range inceptionWeights() {
		byName[w.name] = w.shape
		if strings.HasSuffix(w.name, ".conv.weight") {
			convolutions++
			kernels += size(w.shape)
			maps += w.shape[0]
		}
	}
	if convolutions != 94 || len(byName) != 5*94 || kernels != 21_751_136 || maps != 17_216 || kernels+2*maps+1000*2049 != 23_834_568 {
		t.Errorf("%d convolutions of %d names with %d weights and %d maps", convolutions, len(byName), kernels, maps)
	}
	for name, shape := range map[string][]int{
		"Conv2d_1a_3x3.conv.weight":              {32, 3, 3, 3},
		"Conv2d_4a_3x3.bn.running_var":           {192},
		"Mixed_5b.branch5x5_2.conv.weight":       {64, 48, 5, 5},
		"Mixed_5c.branch_pool.conv.weight":       {64, 256, 1, 1},
		"Mixed_6a.branch3x3dbl_3.conv.weight":    {96, 96, 3, 3},
		"Mixed_6b.branch7x7_2.conv.weight":       {128, 128, 1, 7},
		"Mixed_6d.branch7x7dbl_4.conv.weight":    {160, 160, 7, 1},
		"Mixed_6e.branch7x7dbl_5.conv.weight":    {192, 192, 1, 7},
		"Mixed_7a.branch7x7x3_4.conv.weight":     {192, 192, 3, 3},
		"Mixed_7b.branch3x3_2a.conv.weight":      {384, 384, 1, 3},
		"Mixed_7c.branch3x3dbl_3b.conv.weight":   {384, 384, 3, 1},
		"Mixed_7c.branch_pool.conv.weight":       {192, 2048, 1, 1},
		"Mixed_7b.branch3x3dbl_1.bn.running_var": {448},
	} {
		if !slices.Equal(byName[name], shape) {
			t.Errorf("%s is %v, want %v", name, byName[name], shape)
		}
	}
}

// The maps shrink as in the table of Szegedy et al. 2016.
func TestInceptionShapes(t *testing.T) {
	want := [][]int{
		{149, 32}, {147, 32}, {147, 64}, {73, 64}, {73, 80}, {71, 192}, {35, 192},
		{35, 256}, {35, 288}, {35, 288}, {17, 768}, {17, 768}, {17, 768}, {17, 768}, {17, 768}, {8, 1280}, {8, 2048}, {8, 2048},
	}
	store := ganlib.NewStore(0)
	nn.LeaveBlank(store)
	g := graph.NewGraph(gantest.Backend(t), "shapes")
	defer g.Finalize()
	x := graph.Parameter(g, "x", shapes.Make(dtypes.Float32, 2, inceptionSize, inceptionSize, 3))
	for i, p := range inceptionTrunk() {
		x = p.build(store, x)
		if !slices.Equal(x.Shape().Dimensions, []int{2, want[i][0], want[i][0], want[i][1]}) {
			t.Errorf("after piece %d: %s, want %v", i, x.Shape(), want[i])
		}
	}
}

// tiny is a net of every kind of piece on few channels.
var tiny = chain{
	fork{
		chain{wide("a", 3, 7), tall("b", 2, 3)},
		chain{pool("mean"), one("c", 2)},
		pool("max"),
	},
	fork{square("d", 4, 3, 2, 0), pool("max, half")},
}

// Pieces compute what their definitions say, batch norm folded in: to 2e-5 of the largest value.
func TestPieces(t *testing.T) {
	const h, w, c = 9, 8, 2
	rng := rand.New(rand.NewPCG(7, 8))
	draw := func(n int, from float64) []float32 {
		list := make([]float32, n)
		for i := range list {
			list[i] = float32(from + rng.Float64())
		}
		return list
	}
	store, numbers := ganlib.NewStore(0), reference{}
	tiny.convolutions(c, func(conv convolution, in int) {
		kernel := draw(conv.out*in*conv.kh*conv.kw, -0.5)
		norm := [4][]float32{draw(conv.out, 0.5), draw(conv.out, -0.5), draw(conv.out, -0.5), draw(conv.out, 0.1)}
		numbers[conv.name] = layer{kernel, norm}
		folded, bias := fold(kernel, in, conv.kh, conv.kw, norm)
		for name, v := range map[string]weight{"w": {conv.name + "/w", []int{conv.out, conv.kh, conv.kw, in}}, "b": {conv.name + "/b", []int{conv.out}}} {
			if err := createVariable(store, v, map[string][]float32{"w": folded, "b": bias}[name]); err != nil {
				t.Fatal(err)
			}
		}
	})
	x := draw(h*w*c, -0.5) // negative values, too: nothing may be taken for a border
	exec, err := model.NewExec(gantest.Backend(t), store, func(s *model.Scope, x *graph.Node) *graph.Node { return tiny.build(s.Store(), x) })
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	in := make([]float64, len(x))
	for i, v := range x {
		in[i] = float64(v)
	}
	out, err := exec.Call1(gantest.Tensor(dtypes.Float32, in, 1, h, w, c))
	if err != nil {
		t.Fatal(err)
	}
	want := numbers.of(tiny, maps{h, w, c, in})
	if d := out.Shape().Dimensions; !slices.Equal(d, []int{1, want.h, want.w, want.c}) || want.h != 4 || want.w != 3 || want.c != 4+2+2+2 {
		t.Fatalf("%v, want %d×%d×%d", d, want.h, want.w, want.c)
	}
	gantest.Close(t, "pieces", gantest.Flat(t, out), want.v, gantest.Tolerance)
}

// Interpolation by hand, of ramps, and of an image that has the size already.
func TestResize(t *testing.T) {
	got := make([]float32, 4*4*3)
	newResizer(2, 2, 1, 4).resize(got, []float32{0, 1, 2, 3}) // rows +2, columns +1
	for y, row := range []float32{0, 0.25, 0.75, 1} {
		for x, col := range []float32{0, 0.25, 0.75, 1} {
			for ch := range 3 {
				if v := got[(y*4+x)*3+ch]; math.Abs(float64(v-(2*row+col))) > 1e-6 {
					t.Errorf("pixel %d, %d is %v, want %v", y, x, v, 2*row+col)
				}
			}
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	image := make([]float32, 5*5*3)
	for i := range image {
		image[i] = rng.Float32()
	}
	same := make([]float32, len(image))
	newResizer(5, 5, 3, 5).resize(same, image)
	if !slices.Equal(same, image) {
		t.Error("an image of the right size is changed")
	}
	// From 4 columns to 2 without antialiasing: half-way between the second and the first, and the third and the fourth.
	narrow := make([]float32, 2*2*3)
	newResizer(1, 4, 3, 2).resize(narrow, []float32{0, 0, 0, 1, 2, 3, 5, 6, 7, 9, 9, 9})
	if want := []float32{0.5, 1, 1.5, 7, 7.5, 8, 0.5, 1, 1.5, 7, 7.5, 8}; !slices.Equal(narrow, want) {
		t.Errorf("%v, want %v", narrow, want)
	}
}

// What is wrong with a file is said by the name of the tensor, and what to get instead.
func TestInceptionRefuses(t *testing.T) {
	whole := func() map[string]runlog.Tensor {
		byName := map[string]runlog.Tensor{"fc.weight": {Name: "fc.weight", DType: "F32", Shape: []int{1008, 2048}}}
		for _, w := range inceptionWeights() {
			byName[w.name] = runlog.Tensor{Name: w.name, DType: "F32", Shape: w.shape}
		}
		return byName
	}
	if err := checkInception("file", whole()); err != nil {
		t.Fatal(err)
	}
	const kernel = "Mixed_6c.branch7x7_2.conv.weight"
	for word, change := range map[string]func(map[string]runlog.Tensor){
		"lacks the tensor " + kernel + " [160 160 1 7]": func(m map[string]runlog.Tensor) { delete(m, kernel) },
		kernel + " is F32 [160 160 7 1]": func(m map[string]runlog.Tensor) {
			m[kernel] = runlog.Tensor{DType: "F32", Shape: []int{160, 160, 7, 1}}
		},
		kernel + " is F16": func(m map[string]runlog.Tensor) {
			m[kernel] = runlog.Tensor{DType: "F16", Shape: []int{160, 160, 1, 7}}
		},
		"has 1000 classes": func(m map[string]runlog.Tensor) {
			m["fc.weight"] = runlog.Tensor{DType: "F32", Shape: []int{1000, 2048}}
		},
	} {
		m := whole()
		change(m)
		if err := checkInception("file", m); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("want an error about %q, got %v", word, err)
		}
	}
	if err := finite("file", "Mixed_5b.branch1x1", []float32{1}, []float32{float32(math.NaN())}); err == nil || !strings.Contains(err.Error(), "Mixed_5b.branch1x1 hold NaN") {
		t.Errorf("weights that are no numbers: %v", err)
	}
}

func TestFind(t *testing.T) {
	b, dir := gantest.Backend(t), t.TempDir()
	write := func(name string, content []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	some, err := runlog.EncodeTensors([]runlog.Tensor{runlog.Float32s(inceptionMark, []int{1}, []float32{1})})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ wish, set, word string }{
		{"", "cifar10", `no net for images of "cifar10" comes with ganbook, only for mnist; train one`},
		{"kmnist", "mnist", "there is no file kmnist"},
		{"inception", "mnist", "github.com/mseitzer/pytorch-fid"},
		{write("weights.pth", []byte("PK\x03\x04...")), "mnist", "is a file of PyTorch"},
		{write("weights.bin", []byte("something else")), "mnist", "is no safetensors file"},
		{write("part.safetensors", some), "mnist", "tensor Conv2d_1a_3x3.conv.weight is F32 [1]"},
		{dir, "mnist", "is a directory"},
	} {
		if _, err := Find(b, tc.wish, tc.set); err == nil || !strings.Contains(err.Error(), tc.word) {
			t.Errorf("%q for %s: want an error about %q, got %v", tc.wish, tc.set, tc.word, err)
		}
	}
	for _, wish := range []string{"", "mnist"} {
		net, err := Find(b, wish, "mnist")
		if err != nil {
			t.Fatal(err)
		}
		if net.Name() != "mnist-classifier" {
			t.Errorf("%q: %s", wish, net.Name())
		}
		net.Close()
	}
}
