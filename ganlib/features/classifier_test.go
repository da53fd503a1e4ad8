package features

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

func TestArchitecture(t *testing.T) {
	for _, tc := range []struct {
		h, w, c, classes, parameters int
		dense                        []int
	}{
		// 16·(25+1) + 32·(16·9+1) + 32·(32·9+1) + 64·(512+1) + 10·(64+1)
		{28, 28, 1, 10, 416 + 4640 + 9248 + 32832 + 650, []int{512, 64}},
		// 32·(75+1) + 64·(32·9+1) + 64·(64·9+1) + 64·(1024+1) + 10·(64+1)
		{32, 32, 3, 10, 2432 + 18496 + 36928 + 65600 + 650, []int{1024, 64}},
		{9, 15, 1, 2, 416 + 4640 + 9248 + 64*(2*2*32+1) + 130, []int{128, 64}},
	} {
		a := DefaultArchitecture(tc.h, tc.w, tc.c, tc.classes)
		if err := a.validate(); err != nil || a.Parameters() != tc.parameters {
			t.Errorf("%v: %d weights, %v, want %d", a, a.Parameters(), err, tc.parameters)
		}
		list := a.weights()
		if i := slices.IndexFunc(list, func(w weight) bool { return w.name == "features/w" }); !slices.Equal(list[i].shape, tc.dense) {
			t.Errorf("%v: the dense layer is %v, want %v", a, list[i].shape, tc.dense)
		}
	}
}

// randomNet is a small net with weights at random, its numbers by name, and the compiled classifier.
func randomNet(t *testing.T) (*Classifier, map[string][]float64) {
	t.Helper()
	r := Record{Name: "random", File: "random.safetensors", Architecture: Architecture{Height: 9, Width: 8, Channels: 3, Classes: 2, Maps: []int{3, 4}, Features: 5}}
	rng := rand.New(rand.NewPCG(4, 2))
	numbers := map[string][]float64{}
	var list []runlog.Tensor
	for _, w := range r.Architecture.weights() {
		values := make([]float32, size(w.shape))
		for i := range values {
			values[i] = float32(rng.IntN(65)-32) / 64
			numbers[w.name] = append(numbers[w.name], float64(values[i]))
		}
		list = append(list, runlog.Float32s(w.name, w.shape, values))
	}
	file, err := runlog.EncodeTensors(list)
	if err != nil {
		t.Fatal(err)
	}
	r.SHA256 = hashOf(file)
	c, err := newClassifier(gantest.Backend(t), r, file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, numbers
}

// convReLU is max(0, conv + b) by the definition, stride 2, zeros outside; x is [h, w, c], the kernel [n, k, k, c].
func convReLU(x []float64, h, w, c int, kernel, bias []float64, k int) (y []float64, oh, ow int) {
	pad := k / 2
	oh, ow = (h+2*pad-k)/2+1, (w+2*pad-k)/2+1
	for i := range oh {
		for j := range ow {
			for n := range bias {
				sum := bias[n]
				for u := range k {
					for v := range k {
						if r, s := 2*i+u-pad, 2*j+v-pad; r >= 0 && r < h && s >= 0 && s < w {
							for q := range c {
								sum += x[(r*w+s)*c+q] * kernel[((n*k+u)*k+v)*c+q]
							}
						}
					}
				}
				y = append(y, max(0, sum))
			}
		}
	}
	return y, oh, ow
}

// The features are those of the definition, within 2e-5 of the largest; and to the bit the same alone, in company and in
// any order.
func TestFeatures(t *testing.T) {
	c, numbers := randomNet(t)
	const n = extractBatch + 7
	rng := rand.New(rand.NewPCG(9, 9))
	pixels := make([]byte, n*9*8*3)
	for i := range pixels {
		pixels[i] = byte(rng.IntN(256))
	}
	src, err := data.New("noise", pixels, 9, 8, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	points, err := c.Extract(t.Context(), src, func(images int) { told = images })
	if err != nil || points.Len() != n || points.Dim != 5 || told != n {
		t.Fatalf("%d points of %d, told of %d, %v", points.Len(), points.Dim, told, err)
	}
	for _, i := range []int{0, extractBatch - 1, extractBatch, n - 1} {
		x := make([]float64, 9*8*3)
		for k := range x {
			x[k] = float64(pixels[i*len(x)+k])/127.5 - 1
		}
		x, h, w := convReLU(x, 9, 8, 3, numbers["conv1/w"], numbers["conv1/b"], 5)
		x, h, w = convReLU(x, h, w, 3, numbers["conv2/w"], numbers["conv2/b"], 3)
		want := slices.Clone(numbers["features/b"])
		for k, v := range x[:h*w*4] {
			for f := range want {
				want[f] += v * numbers["features/w"][k*5+f]
			}
		}
		got := make([]float64, 5)
		for f := range got {
			got[f] = float64(points.Values[i*5+f])
		}
		gantest.Close(t, "features", got, want, gantest.Tolerance)

		alone, err := src.Subset([]int{i})
		if err != nil {
			t.Fatal(err)
		}
		one, err := c.Extract(t.Context(), alone, nil)
		if err != nil || !slices.Equal(one.Values, points.Values[i*5:i*5+5]) {
			t.Errorf("image %d alone: %v, in company %v, %v", i, one.Values, points.Values[i*5:i*5+5], err)
		}
	}
	order := rng.Perm(n)
	shuffled, err := src.Subset(order)
	if err != nil {
		t.Fatal(err)
	}
	other, err := c.Extract(t.Context(), shuffled, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, i := range order {
		if !slices.Equal(other.Values[k*5:k*5+5], points.Values[i*5:i*5+5]) {
			t.Fatalf("image %d has other features at place %d", i, k)
		}
	}
}

func TestClassifierRefusesOtherImages(t *testing.T) {
	c, _ := randomNet(t)
	if err := c.Accepts(9, 8, 3); err != nil {
		t.Error(err)
	}
	if _, err := c.Extract(t.Context(), bars(t, 2, 1), nil); err == nil || !strings.Contains(err.Error(), "9×8×3 and cannot look at images of 8×8×1") {
		t.Errorf("images of another shape: %v", err)
	}
}
