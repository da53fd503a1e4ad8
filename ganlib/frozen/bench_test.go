package frozen

import (
	"math/rand/v2"
	"testing"
)

// blog is AnoGAN's networks on MNIST: G, and D to the activations that a search compares.
func blog() []Layer {
	image := transposed(Shape{28, 28, 8}, Shape{28, 28, 1}, 3, 1, 1, 1)
	image.Activation = Tanh
	return []Layer{
		dense(Shape{1, 1, 50}, Shape{7, 7, 32}, 0.2),
		transposed(Shape{7, 7, 32}, Shape{14, 14, 16}, 3, 2, 0, 0.2),
		transposed(Shape{14, 14, 16}, Shape{28, 28, 8}, 3, 2, 0, 0.2),
		image,
		conv(Shape{28, 28, 1}, Shape{14, 14, 16}, 3, 2, 0, 0.2),
	}
}

// large is the same of DCGAN's size.
func large() []Layer {
	image := transposed(Shape{14, 14, 64}, Shape{28, 28, 1}, 5, 2, 1, 1)
	image.Activation = Tanh
	return []Layer{
		dense(Shape{1, 1, 256}, Shape{7, 7, 128}, 0),
		transposed(Shape{7, 7, 128}, Shape{14, 14, 64}, 5, 2, 1, 0),
		image,
		conv(Shape{28, 28, 1}, Shape{14, 14, 64}, 5, 2, 1, 0.2),
	}
}

// BenchmarkSearch measures what a step of a search computes, forward and back, layer by layer, in multiplications a second.
func BenchmarkSearch(b *testing.B) {
	for name, layers := range map[string][]Layer{"blog": blog(), "large": large()} {
		n, all := build(b, 1, layers)
		m := n.NewMemory()
		copy(m.Values(0), n.Pack(0, noise(rand.New(rand.NewPCG(1, 1)), n.Size(0)*Lanes())))
		measure := func(part string, from, to int, run func()) {
			b.Run(name+"/"+part, func(b *testing.B) {
				for b.Loop() {
					run()
				}
				products := 0
				for _, l := range all[from:to] {
					products += l.Products()
				}
				b.ReportMetric(float64(products*Lanes())*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
			})
		}
		for i := range all {
			measure("forward "+all[i].Out.String(), i, i+1, func() { m.Forward(i, i+1) })
			measure("back "+all[i].Out.String(), i, i+1, func() { m.Backward(i+1, i) })
		}
	}
}
