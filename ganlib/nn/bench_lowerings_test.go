package nn

import (
	"fmt"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// BenchmarkLowerings measures every lowering of every primitive on the shapes of the documents' layers: what the rule
// that chooses among them rests on.
//
//	go test ./ganlib/nn -run - -bench Lowerings/dcgan -benchtime 10x
func BenchmarkLowerings(b *testing.B) {
	for _, s := range []struct {
		name                 string
		batch, size, c, n, k int
		stride, before       int
	}{
		{"dcgan/b16", 16, 64, 3, 64, 4, 2, 1}, {"dcgan/b16", 16, 32, 64, 128, 4, 2, 1},
		{"dcgan/b16", 16, 16, 128, 256, 4, 2, 1}, {"dcgan/b16", 16, 8, 256, 512, 4, 2, 1},
		{"dcgan/b128", 128, 32, 64, 128, 4, 2, 1}, {"dcgan/b128", 128, 16, 128, 256, 4, 2, 1}, {"dcgan/b128", 128, 8, 256, 512, 4, 2, 1},
		{"dcgan/w16", 16, 64, 3, 16, 4, 2, 1}, {"dcgan/w16", 16, 32, 16, 32, 4, 2, 1},
		{"dcgan/w16", 16, 16, 32, 64, 4, 2, 1}, {"dcgan/w16", 16, 8, 64, 128, 4, 2, 1},
		{"anogan", 256, 28, 1, 16, 3, 2, 0}, {"anogan", 256, 14, 16, 32, 3, 2, 0}, {"anogan", 256, 28, 8, 16, 3, 2, 0}, {"anogan", 256, 28, 1, 8, 3, 1, 1},
		{"three", 8, 16, 128, 128, 3, 1, 1}, {"three", 8, 32, 64, 64, 3, 1, 1}, {"three", 16, 8, 256, 256, 3, 1, 1}, {"three", 16, 4, 512, 512, 3, 1, 1}, {"three", 16, 32, 32, 32, 3, 1, 1},
	} {
		after := s.before
		if s.k == 3 {
			after = 1
		}
		pad := Padding{{s.before, after}, {s.before, after}}
		p := newProblem("bench", SquareWindow(s.k, s.stride, pad), s.batch, s.size, s.size, s.c, s.n)
		for _, m := range members {
			for _, name := range m.names(b, p) {
				if name == nativeName {
					continue
				}
				b.Run(fmt.Sprintf("%s/%dx%d_%d_to_%d/%s/%s", s.name, s.size, s.size, s.c, s.n, m.primitive.name, name), func(b *testing.B) {
					benchmarkLowering(b, m, p, name)
				})
			}
		}
	}
}

func benchmarkLowering(b *testing.B, m member, p problem, name string) {
	exec, err := graph.NewExec(gantest.Backend(b), func(x, y *graph.Node) *graph.Node {
		force(x.Graph(), m.primitive.name, name)
		return m.apply(x, y, p)
	})
	if err != nil {
		b.Fatal(err)
	}
	defer exec.Finalize()
	dims := m.arguments(p)
	x := gantest.Tensor(dtypes.Float32, gantest.Flat(b, gantest.Random(1, 1, dims[0]...)), dims[0]...)
	y := gantest.Tensor(dtypes.Float32, gantest.Flat(b, gantest.Random(2, 1, dims[1]...)), dims[1]...)
	call := func() {
		out, err := exec.Call(x, y)
		if err != nil {
			b.Fatal(err)
		}
		for _, o := range out {
			o.FinalizeAll()
		}
	}
	call()
	before := cpuTime(b)
	for b.Loop() {
		call()
	}
	b.ReportMetric((cpuTime(b)-before).Seconds()*1000/float64(b.N), "cpu-ms/op")
}
